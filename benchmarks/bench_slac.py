"""Our share of a match: how long SLAC's answers take over a veth pair, beside pyslac and a bare C echo.

Needs root, for a network namespace of its own. pyslac comes from PyPI into an environment that is removed afterwards;
it is left out, and that is said, where it cannot be had.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.results import machine
from benchmarks.slac_evses import INTERFACE, Echo, Evse, Fastsecc, Pyslac, build_client, cpu_s, pyslac_python, wakeups
from fastsecc.errors import InterfaceError
from fastsecc.sim.plc import network

CAR = "car"
SHARES = ("CM_SLAC_PARM.REQ → CNF", "tenth profile → CM_ATTEN_CHAR.IND", "CM_SLAC_MATCH.REQ → CNF")
RESULTS = Path(__file__).with_name("RESULTS-SLAC.md")
GAP_us = 30_000
"""pyslac opens its socket anew before each match, and hears nothing meanwhile."""
QUICK_INTERVAL_us = 1000


@dataclass
class Measured:
    """What was measured of one EVSE."""

    times_us: list[list[float]] = field(default_factory=lambda: [[], [], []])
    lost: list[str] = field(default_factory=list)

    def row(self, share: int) -> list[str]:
        """Give the figures of one share."""
        times = sorted(self.times_us[share])
        if not times:
            return ["0", "-", "-", "-"]
        p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
        return [str(len(times)), *(f"{value:.0f}" for value in (statistics.median(times), p99, times[-1]))]


@dataclass
class Idle:
    """What an EVSE does while nothing happens."""

    name: str
    seconds: float
    wakeups: int
    cpu_s: float

    def row(self) -> list[str]:
        """Give the figures."""
        return [self.name, f"{self.wakeups / self.seconds:.2f}", f"{self.cpu_s / self.seconds * 1000:.2f}"]


def measure(client: Path, evse: Evse, count: int, interval_us: int, into: Measured) -> None:
    """Let one EVSE match some cars."""
    command = [str(client), "client", CAR, str(count), str(interval_us), str(GAP_us), str(evse.KEYS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as car:
        evse.start()
        try:
            assert car.stdout is not None
            for line in car.stdout:
                first, *rest = line.split()
                if first == "lost":
                    into.lost.extend(rest)
                else:
                    for times, value in zip(into.times_us, (first, *rest), strict=True):
                        times.append(int(value) / 1000)
                evse.matched()
        finally:
            evse.stop()
            car.kill()


def idle(client: Path, evse: Evse, seconds: float) -> Idle:
    """Watch an EVSE that waits for a car."""
    keys = [str(client), "client", CAR, "1", "0", str(int((seconds + 10) * 1e6)), str(min(evse.KEYS, 1))]
    with subprocess.Popen(keys, stdout=subprocess.DEVNULL) as modem:
        evse.start()
        try:
            time.sleep(2.0)  # what belongs to the start is over
            before = wakeups(evse.process.pid), cpu_s(evse.process.pid)
            time.sleep(seconds)
            after = wakeups(evse.process.pid), cpu_s(evse.process.pid)
        finally:
            modem.kill()
            evse.stop()
    return Idle(evse.NAME, seconds, after[0] - before[0], after[1] - before[1])


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--matches", type=int, default=200, help="matches of each EVSE at the pace of cars")
    parser.add_argument("--interval-ms", type=float, default=20.0, help="TP_EV_batch_msg_interval of the car")
    parser.add_argument("--rounds", type=int, default=5, help="in how many turns they are measured")
    parser.add_argument("--all", type=int, default=1000, help="matches that must all succeed, at a quicker pace")
    parser.add_argument("--idle-s", type=float, default=10.0)
    parser.add_argument("--no-pyslac", action="store_true")
    parser.add_argument("--dry", action="store_true", help="write nothing")
    args, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="fastsecc-bench-") as folder:
        pyslac = "not asked for" if args.no_pyslac else pyslac_python(Path(folder))
        if isinstance(pyslac, str):
            print(f"pyslac is left out: {pyslac}")
        try:
            with network.own_network():
                network.veth(INTERFACE, CAR, "fe80::1")
                text = _measure_all(args, pyslac)
        except InterfaceError as refusal:
            print(f"SLAC is not measured: {refusal.reason}")
            return
    print(text)
    if not args.dry:
        RESULTS.write_text(text)


def _measure_all(args: argparse.Namespace, pyslac: Path | str) -> str:
    client = build_client()
    evses: list[Evse] = [Echo(client), Fastsecc(), *([Pyslac(pyslac)] if isinstance(pyslac, Path) else [])]
    measured = {evse.NAME: Measured() for evse in evses}
    try:
        for _ in range(args.rounds):
            for evse in evses:
                count = max(1, args.matches // args.rounds)
                measure(client, evse, count, int(args.interval_ms * 1000), measured[evse.NAME])
        every = Measured()
        measure(client, Fastsecc(), args.all, QUICK_INTERVAL_us, every)
        idles = [idle(client, evse, args.idle_s) for evse in evses if not isinstance(evse, Echo)]
    finally:
        shutil.rmtree(client.parent)
    return document(args.interval_ms, measured, every, idles, pyslac if isinstance(pyslac, str) else "")


def document(
    interval_ms: float, measured: dict[str, Measured], every: Measured, idles: Sequence[Idle], left_out: str
) -> str:
    """Write the tables."""
    shares = [
        [share, name, *of_one.row(index), str(len(of_one.lost))]
        for index, share in enumerate(SHARES)
        for name, of_one in measured.items()
    ]
    tried = len(every.times_us[0]) + len(every.lost)
    lost = f" (not answered: {', '.join(sorted(set(every.lost)))})" if every.lost else ""
    parts = [
        "# SLAC, measured",
        f"Written by `python -m benchmarks.bench_slac`. {machine()}.",
        "A C program is the car and its charger's modem at one end of a veth pair, and the EVSE is at the other, one "
        f"process each. Batches at {interval_ms:g} ms, each profile half a millisecond after its sound. Microseconds "
        "from before a frame is sent until its answer is read. The C echo is the floor: it blocks on its socket and "
        "looks at nothing but the MMTYPE. The EVSEs took turns. `lost`: matches in which something was not answered in "
        "time; this car repeats nothing, as real ones do.",
        _table(["our share", "EVSE", "matches", "median", "p99", "max", "lost"], shares),
        f"{len(every.times_us[0])} of {tried} matches succeeded with fastsecc at {QUICK_INTERVAL_us / 1000:g} ms, each "
        f"with another key{lost}.",
        "Waiting for a car:",
        _table(["EVSE", "wake-ups a second", "processor ms a second"], [one.row() for one in idles]),
    ]
    if left_out:
        parts.append(f"pyslac was left out: {left_out}.")
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
