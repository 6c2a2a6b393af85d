"""What an installation weighs and how fast it starts, beside the budgets: files, import, `run` to `ready`, memory.

Measured is the wheel for this machine in dist/ (`ci/wheels`), installed into an environment that is removed afterwards;
without one, the package that is running, and that is said.
"""

from __future__ import annotations

import argparse
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results import machine
from fastsecc.sim import test_pki

RESULTS = Path(__file__).with_name("RESULTS-SIZE.md")
DIST = Path(__file__).parents[1] / "dist"
MEGABYTE = 1_000_000

WHEEL_BUDGET_octets = 3 * MEGABYTE
INSTALLED_BUDGET_octets = 8 * MEGABYTE
IMPORT_BUDGET_s = 0.050
READY_BUDGET_s = 0.500
IDLE_BUDGET_kib = 45 * MEGABYTE // 1024
"""The budgets of the project; those without one are only told."""

SESSION_CYCLES = 200
SETTLE_s = 1.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, for people to read."""

    what: str
    value: str
    budget: str = ""
    kept: bool | None = None

    def row(self) -> str:
        """Give the row of the table."""
        verdict = {None: "", True: "kept", False: "**missed**"}[self.kept]
        return f"| {self.what} | {self.value} | {self.budget} | {verdict} |"


def _size(what: str, octets: int, budget: int) -> Figure:
    return Figure(what, f"{octets / MEGABYTE:.2f} MB", f"{budget / MEGABYTE:g} MB", octets <= budget)


def _time(what: str, seconds: float, budget_s: float | None = None) -> Figure:
    kept = None if budget_s is None else seconds <= budget_s
    return Figure(what, f"{seconds * 1000:.0f} ms", "" if budget_s is None else f"{budget_s * 1000:g} ms", kept)


def _memory(what: str, kib: int, budget_kib: int | None = None) -> Figure:
    kept = None if budget_kib is None else kib <= budget_kib
    budget = "" if budget_kib is None else f"{budget_kib * 1024 / MEGABYTE:.0f} MB"
    return Figure(what, f"{kib * 1024 / MEGABYTE:.1f} MB", budget, kept)


def wheels() -> dict[str, Path]:
    """Find the wheels by architecture."""
    return {path.stem.partition("manylinux_")[2].split("_", 2)[2]: path for path in sorted(DIST.glob("fastsecc-*.whl"))}


@contextmanager
def installed(wheel: Path | None) -> Iterator[str]:
    """Install a wheel into an environment of its own; give its Python. None: the one that is running."""
    if wheel is None:
        yield sys.executable
        return
    with tempfile.TemporaryDirectory(prefix="fastsecc-size-") as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = f"{folder}/bin/python"
        subprocess.run(
            [python, "-m", "pip", "-q", "install", "--prefer-binary", str(wheel)], check=True, stderr=subprocess.DEVNULL
        )
        yield python


def sizes(python: str) -> Iterator[Figure]:
    """Weigh the wheels, and what lies in the package's folder once it has run."""
    for architecture, wheel in wheels().items():
        with zipfile.ZipFile(wheel) as archive:
            files = sum(entry.file_size for entry in archive.infolist())
        yield _size(f"wheel for {architecture}", wheel.stat().st_size, WHEEL_BUDGET_octets)
        yield _size(f"its files, unpacked ({architecture})", files, INSTALLED_BUDGET_octets)
    where = subprocess.check_output([python, "-c", "import fastsecc; print(fastsecc.__path__[0])"], text=True)
    octets = sum(path.stat().st_size for path in Path(where.strip()).rglob("*") if path.is_file())
    yield _size("installed files of ours, compiled by pip", octets, INSTALLED_BUDGET_octets)


def run_s(*command: str) -> float:
    """Run something to its end; give the seconds."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def times(python: str, pki: Path, rounds: int) -> Iterator[Figure]:
    """Measure import and start; each thing in turn, so that what else the machine does meets all alike."""
    things: dict[str, Callable[[], float]] = {
        "interpreter": lambda: run_s(python, "-c", "pass"),
        "import": lambda: run_s(python, "-c", "import fastsecc"),
        "codec": lambda: run_s(python, "-c", "import fastsecc.exi"),
        "plain": lambda: ready_s(python, "--no-slac"),
        "tls": lambda: ready_s(python, "--no-slac", "--tls", "allow", "--pki", str(pki)),
    }
    measured: dict[str, list[float]] = {name: [] for name in things}
    for _ in range(rounds):
        for name, thing in things.items():
            measured[name].append(thing())
    median = {name: statistics.median(values) for name, values in measured.items()}
    base = median["interpreter"]
    yield _time("the interpreter's own start", base)
    yield _time("`import fastsecc` beyond that", median["import"] - base, IMPORT_BUDGET_s)
    yield _time("`import fastsecc.exi` (codec) beyond that", median["codec"] - base)
    yield _time("`fastsecc run` to `ready` beyond that", median["plain"] - base, READY_BUDGET_s)
    yield _time("the same with TLS", median["tls"] - base)


@contextmanager
def running(python: str, port: int, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run a SECC on loopback; it is ready."""
    command = [python, "-m", "fastsecc", "run", "--iface", "lo", "--set", f"connectors.0.sdp_port={port}", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            if not process.stdout.readline().startswith("ready "):
                raise RuntimeError("the SECC did not become ready")
            yield process
        finally:
            process.kill()


def ready_s(python: str, *options: str) -> float:
    """Give the seconds from the start of a process to its line `ready`."""
    port = _free_port()
    began = time.perf_counter()
    with running(python, port, *options):
        return time.perf_counter() - began


def memory(python: str, pki: Path) -> Iterator[Figure]:
    """Look at the resident memory, idle and in a session."""
    tls = ("--tls", "force", "--pki", str(pki))
    for name, options, ev in (("plain", (), ()), ("TLS", tls, ("--tls", "--pki", str(pki)))):
        port = _free_port()
        with running(python, port, "--no-slac", *options) as process:
            time.sleep(SETTLE_s)
            idle = _resident_kib(process.pid)
            charge = [python, "-m", "fastsecc", "ev", "--iface", "lo", "--sdp-port", str(port), "--think-ms", "20", *ev]
            charge += ["--protocol", "iso2", "--energy", "dc", "--cycles", str(SESSION_CYCLES)]
            with subprocess.Popen(charge, stdout=subprocess.DEVNULL) as car:
                most = idle
                while car.poll() is None:
                    most = max(most, _resident_kib(process.pid))
                    time.sleep(0.05)
            if car.returncode:
                raise RuntimeError("the EV did not charge")
        budget = IDLE_BUDGET_kib if name == "plain" else None
        yield _memory(f"resident memory, idle ({name})", idle, budget)
        yield _memory(f"resident memory in a session, at most ({name})", most)


def _resident_kib(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) if found else 0


def _free_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        port: int = probe.getsockname()[1]
        return port


def main(rounds: int = 15) -> None:
    """Measure, print and write RESULTS-SIZE.md."""
    wheel = wheels().get(platform.machine())
    with installed(wheel) as python, tempfile.TemporaryDirectory() as folder:
        test_pki.make(Path(folder))
        figures = [*sizes(python), *times(python, Path(folder), rounds), *memory(python, Path(folder))]
    what = wheel.name if wheel else "the package in this tree (dist/ has no wheel for this machine)"
    text = (
        f"# Size and start\n\nWritten by `python -m benchmarks.bench_size`. {machine()}.\n\n"
        f"Measured: {what}. Times are medians of {rounds} starts.\n\n"
        "| what | figure | budget | |\n| --- | --- | --- | --- |\n"
        + "\n".join(figure.row() for figure in figures)
        + "\n"
    )
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="starts of each kind")
    main(parser.parse_args().rounds)
