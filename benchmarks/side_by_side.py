"""The C client and the C echo: a session of an SECC measured beside its floor, in the same milliseconds."""

from __future__ import annotations

import math
import os
import shutil
import socket
import subprocess
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.secc_process import FIFO_PRIORITY, Kind, SeccProcess, task_ns, to_charge_loop

CLIENT_PRIORITY = 60
SERVER_CPU = 0
CLIENT_CPU = (os.cpu_count() or 1) - 1
CHAIN = Path("pki/client/cso/SECC_P256_CERT_CHAIN.pem")
KEY = Path("pki/client/cso/SECC_P256_LEAF.key")


def build_client(folder: Path) -> bool:
    """Compile the client, which is C so that it measures the SECC and not itself; tells whether it has TLS."""
    source = str(Path(__file__).with_name("paced_client.c"))
    command = ["cc", "-O2", "-pthread", "-o", str(folder / "paced_client"), source]
    with_tls = [*command, "-DWITH_TLS", "-lssl", "-lcrypto"]
    if subprocess.run(with_tls, stderr=subprocess.DEVNULL, check=False).returncode == 0:
        return True
    subprocess.run(command, check=True)
    return False


class Client:
    """A running `paced_client measure`."""

    def __init__(self, folder: Path, options: Sequence[str], connections: Sequence[str], fds: Sequence[int]) -> None:
        """Start it with the fds it is to own."""
        self._count = len(connections)
        priority = ["--fifo", str(CLIENT_PRIORITY), "--cpu", str(CLIENT_CPU)]
        command = [str(folder / "paced_client"), *priority, *options, "measure", *connections]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=fds)

    def give_requests(self, requests: Sequence[bytes]) -> None:
        """Say what each connection asks."""
        self._write(b"".join(requests))

    def run(self, count: int, interval_us: int) -> list[array[int]]:
        """Ask `count` times on each connection; nanoseconds from the intended send times, by connection."""
        self._write(f"{count} {interval_us}\n".encode())
        assert self._process.stdout is not None
        size = count * 8
        octets = [self._process.stdout.read(size) for _ in range(self._count)]
        if len(octets[-1]) < size:
            raise RuntimeError("the client has ended")
        return [array("q", part) for part in octets]

    def close(self) -> None:
        """End it, and with it its connections."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()

    def _write(self, octets: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(octets)
        self._process.stdin.flush()


@dataclass(frozen=True, slots=True)
class Side:
    """Answer times and processor time of one end."""

    times_ns: array[int]
    cpu_us: float
    """Of the thread that answers, for each cycle."""

    def at(self, quantile: float) -> float:
        """Give a quantile, microseconds."""
        return sorted(self.times_ns)[max(0, math.ceil(quantile * len(self.times_ns)) - 1)] / 1000

    def late(self, limit_ms: float) -> int:
        """Count answers later than a limit."""
        return sum(ns > limit_ms * 1e6 for ns in self.times_ns)


class Pair:
    """A session in its charge loop, and an echo that does nothing but send its answer."""

    def __init__(self, folder: Path, secc: SeccProcess, index: int, kind: Kind, *, fifo: bool) -> None:
        """Set both up: takes seconds, most of it the cable check."""
        self.kind = kind
        self._secc = secc
        options = [] if kind.transport == "plain" else ["--tls", kind.transport.removeprefix("tls")]
        near, far = _tcp_pair()
        with secc.connect(index) as connection, near, far:
            mine, relay = socket.socketpair()
            with mine:
                fds = (connection.fileno(), relay.fileno(), near.fileno())
                self.client = Client(folder, options, [f"{fds[0]}:{fds[1]}", str(fds[2])], fds)
                relay.close()
                request, answer = to_charge_loop(mine, kind)
            self._echo = _start_echo(folder, options, far, answer, fifo)
        self.client.give_requests([request, request])

    def measure(self, count: int, interval_us: int) -> tuple[Side, Side, int]:
        """Ask both in turn; gives the session's side, the echo's, and the milliseconds that a host took meanwhile."""
        stolen_ms = stolen_so_far_ms()
        echo = Path(f"/proc/{self._echo.pid}/task/{self._echo.pid}")
        before, echo_before = self._secc.link_threads_ns(), task_ns(echo)
        times = self.client.run(count, interval_us)
        link_ns = max(ns - before.get(task, ns) for task, ns in self._secc.link_threads_ns().items())
        echo_ns = task_ns(echo) - echo_before
        sides = Side(times[0], link_ns / count / 1000), Side(times[1], echo_ns / count / 1000)
        return *sides, stolen_so_far_ms() - stolen_ms

    def close(self) -> None:
        """End the session and the echo."""
        self.client.close()
        self._echo.wait()


def _start_echo(
    folder: Path, options: Sequence[str], far: socket.socket, answer: bytes, fifo: bool
) -> subprocess.Popen[bytes]:
    command = [str(folder / "paced_client"), "--cpu", str(SERVER_CPU), *options]
    command += ["--fifo", str(FIFO_PRIORITY)] if fifo else []
    command += ["--chain", str(folder / CHAIN), "--key", str(folder / KEY), "echo", str(far.fileno())]
    echo = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[far.fileno()])
    assert echo.stdin is not None
    echo.stdin.write(answer)
    echo.stdin.close()
    return echo


def _tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        near = socket.create_connection(server.getsockname()[:2])
        far, _ = server.accept()
    for end in (near, far):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return near, far


def stolen_so_far_ms() -> int:
    """Give the time that virtual processors were ready to run and the host did not let them."""
    ticks = int(Path("/proc/stat").read_text().split()[8])
    return ticks * 1000 // os.sysconf("SC_CLK_TCK")


def hogs() -> list[subprocess.Popen[bytes]]:
    """Keep every processor busy with a process that does nothing else."""
    taskset = shutil.which("taskset")
    prefix = [[taskset, "-c", str(cpu)] if taskset else [] for cpu in range(os.cpu_count() or 1)]
    return [subprocess.Popen([*command, "sh", "-c", "while :; do :; done"]) for command in prefix]
