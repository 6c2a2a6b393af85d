"""Time answers of the charge loop at the socket, beside a plain C echo of the same frames in the same run.

Each SECC runs as a process on loopback. The client sends at a fixed pace and counts from the intended send time.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import subprocess
import sys
import tempfile
from array import array
from dataclasses import dataclass
from pathlib import Path

from benchmarks.loaded_secc import LOADS
from benchmarks.secc_process import SeccProcess, charging_connection

CELLS = (("din", "dc"), ("iso2", "dc"), ("iso2", "ac"))
INTERVAL_us = 5000
LATE_ms = 25.0
ROW = "{:<22} {:>8} {:>9} {:>9} {:>9} {:>9} {:>7}"


@dataclass(slots=True)
class Times:
    """Answer times of one cell, microseconds from the intended send time."""

    name: str
    us: list[float]

    def at(self, quantile: float) -> float:
        """Give a quantile."""
        return sorted(self.us)[min(len(self.us) - 1, int(quantile * len(self.us)))]

    @property
    def median(self) -> float:
        """Give the median."""
        return statistics.median(self.us)

    def row(self) -> str:
        """Write a line of the table."""
        late = sum(us > LATE_ms * 1000 for us in self.us)
        cells = (self.median, self.at(0.99), self.at(0.999), max(self.us))
        return ROW.format(self.name, len(self.us), *(f"{us:.0f}" for us in cells), late)


def build_client(folder: Path) -> Path:
    """Compile the client, which is C so that it measures the SECC and not itself."""
    client = folder / "paced_client"
    source = Path(__file__).with_name("paced_client.c")
    subprocess.run(["cc", "-O2", "-o", str(client), str(source)], check=True)
    return client


def measure(client: Path, connection: socket.socket, request: bytes, count: int, interval_us: int) -> list[float]:
    """Send `count` requests; microseconds from when each was meant to leave to when its answer was read."""
    connection.settimeout(None)
    command = [str(client), str(connection.fileno()), str(count), str(interval_us)]
    done = subprocess.run(command, input=request, stdout=subprocess.PIPE, pass_fds=[connection.fileno()], check=True)
    return [ns / 1000 for ns in array("q", done.stdout)[::2]]


def echo_floor(client: Path, request: bytes, answer: bytes, count: int, interval_us: int) -> list[float]:
    """Measure the same frames against a C program that does nothing but send the answer."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        near = socket.create_connection(server.getsockname()[:2])
        far, _ = server.accept()
    for end in (near, far):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    command = [str(client), "--echo", str(far.fileno())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[far.fileno()]) as echo:
        assert echo.stdin is not None
        echo.stdin.write(answer)
        echo.stdin.close()
        far.close()
        times = measure(client, near, request, count, interval_us)
        near.close()
    return times


def run_cell(client: Path, protocol: str, energy: str, load: str, count: int) -> tuple[Times, Times, str]:
    """Measure one SECC and its floor."""
    secc = SeccProcess(load, energy)
    try:
        idle_kib = secc.memory_kib()
        connection, request, answer = charging_connection(secc.port, protocol, energy)
        cpu_s = secc.cpu_s()
        times = measure(client, connection, request, count, INTERVAL_us)
        per_cycle_us = (secc.cpu_s() - cpu_s) / count * 1e6
        facts = (
            f"start to ready {secc.start_s * 1000:.0f} ms, resident {idle_kib / 1024:.1f} MiB idle, "
            f"{secc.memory_kib() / 1024:.1f} MiB in the session, {per_cycle_us:.0f} us of processor time a cycle"
        )
        floor = echo_floor(client, request, answer, count, INTERVAL_us)
        connection.close()
    finally:
        secc.stop()
    name = f"{protocol} {energy} {load}"
    return Times(name, times), Times("  echo in C", floor), facts


def main(argv: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_charge_loop", description=__doc__)
    parser.add_argument("--count", type=int, default=3000, help="requests a cell (default %(default)s)")
    parser.add_argument("--load", choices=LOADS, action="append", help="default: idle and block200")
    options = parser.parse_args(argv)
    print(f"answers in microseconds, a request every {INTERVAL_us} us; late: more than {LATE_ms:g} ms")
    print(ROW.format("", "answers", "median", "p99", "p99.9", "max", "late"))
    with tempfile.TemporaryDirectory() as folder:
        client = build_client(Path(folder))
        for load in options.load or ["idle", "block200"]:
            for protocol, energy in CELLS:
                times, floor, facts = run_cell(client, protocol, energy, load, options.count)
                print(times.row(), floor.row(), sep="\n")
                print(f"  median {times.median / floor.median:.2f} times the echo's; {facts}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
