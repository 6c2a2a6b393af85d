"""What was measured, as lines on a terminal and as tables for people to read."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from benchmarks.secc_process import Kind
from benchmarks.side_by_side import Side

LATE_ms = 25.0
ROW = "{:<24} {:<9} {:<5} {:>7} {:>7} {:>7} {:>8} {:>5} {:>6} {:>7} {:>7} {:>6} {:>7} {:>6} {:>6} {:>5}"
MAX_RATIO = 1.5
MAX_P999_us = 2000.0


def _has_late(side: Side) -> bool:
    return side.late(LATE_ms) > 0


def _has_tail(side: Side) -> bool:
    return side.at(0.999) >= MAX_P999_us


@dataclass(frozen=True, slots=True)
class Cell:
    """One session under one load, and its floor."""

    HEADINGS: ClassVar[str] = ROW.format(
        *("session", "load", "FIFO", "median", "p99", "p99.9", "max", "late", "cpu"),
        *("echo", "p99.9", "cpu", "median", "cpu", "stolen", "tries"),
    )

    kind: Kind
    load: str
    fifo: bool
    secc: Side
    echo: Side
    stolen_ms: int
    """Time that the machine's host gave to others meanwhile."""
    tries: int
    """How often it was measured until the echo itself kept the bounds; the last one counts."""

    @property
    def floor_holds(self) -> bool:
        """Tell whether the machine let the echo keep the bounds; asked only where something is promised."""
        return not self.promised or not (_has_late(self.echo) or _has_tail(self.echo))

    @property
    def median_ratio(self) -> float:
        """How many times the echo's median."""
        return self.secc.at(0.5) / self.echo.at(0.5)

    @property
    def cpu_ratio(self) -> float:
        """How many times the echo's processor time."""
        return self.secc.cpu_us / self.echo.cpu_us if self.echo.cpu_us else 0.0

    @property
    def promised(self) -> bool:
        """Tell whether anything is promised here: without FIFO nothing beside hogs is."""
        return self.fifo or self.load != "hogs"

    @property
    def broken(self) -> list[str]:
        """Name what is promised and was not kept."""
        if not self.promised:
            return []
        broken = [
            name + " (the echo's too)" * failed(self.echo)
            for name, failed in (("late", _has_late), ("p99.9", _has_tail))
            if failed(self.secc)
        ]
        ratios = {"median": self.median_ratio, "cpu": self.cpu_ratio}
        return broken + [name for name, ratio in ratios.items() if ratio > MAX_RATIO]

    def fields(self) -> list[str]:
        """Give the row's texts."""
        own = [f"{self.secc.at(q):.0f}" for q in (0.5, 0.99, 0.999, 1.0)]
        floor = [f"{self.echo.at(q):.0f}" for q in (0.5, 0.999)]
        return [
            *(str(self.kind), self.load, "yes" if self.fifo else "no"),
            *own,
            str(self.secc.late(LATE_ms)),
            f"{self.secc.cpu_us:.1f}",
            *floor,
            f"{self.echo.cpu_us:.1f}",
            f"{self.median_ratio:.2f}",
            f"{self.cpu_ratio:.2f}",
            str(self.stolen_ms),
            str(self.tries),
        ]

    def line(self) -> str:
        """Write a line."""
        broken = f"  not kept: {', '.join(self.broken)}" if self.broken else ""
        return ROW.format(*self.fields()) + broken


@dataclass(frozen=True, slots=True)
class Facts:
    """What a process takes."""

    transport: str
    start_s: float
    idle_kib: int
    session_kib: int
    cycles: int
    after_kib: int

    def fields(self) -> list[str]:
        """Give the row's texts."""
        mib = [f"{kib / 1024:.1f}" for kib in (self.idle_kib, self.session_kib, self.after_kib)]
        growth = f"{self.after_kib - self.session_kib:+d} KiB"
        return [self.transport, f"{self.start_s * 1000:.0f} ms", *(f"{m} MiB" for m in mib), growth]

    def line(self) -> str:
        """Write a line."""
        start, idle, session, after, growth = self.fields()[1:]
        return (
            f"{self.transport}: ready after {start}, resident {idle} idle, {session} after 1000 cycles, "
            f"{after} after {self.cycles} more ({growth})"
        )


@dataclass(frozen=True, slots=True)
class Crowd:
    """Many EVs at once."""

    evs: int
    seconds: int
    side: Side
    memory_kib: int

    def line(self) -> str:
        """Write a line."""
        quantiles = ", ".join(f"{name} {self.side.at(q):.0f}" for name, q in (("median", 0.5), ("p99", 0.99)))
        return (
            f"{self.evs} EVs at 10 Hz for {self.seconds} s: {quantiles}, p99.9 {self.side.at(0.999):.0f}, "
            f"max {self.side.at(1.0):.0f} us; {self.side.late(LATE_ms)} later than {LATE_ms:g} ms; "
            f"{self.side.cpu_us:.1f} us of processor time a cycle; {self.memory_kib / 1024:.0f} MiB resident"
        )


def machine() -> str:
    """Name the machine by what matters."""
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    model = found[1].strip() if found else platform.machine()
    linux = platform.release().split("-")[0]
    return f"{model}, {os.cpu_count()} processors, Linux {linux}, CPython {platform.python_version()}"


def document(cells: Sequence[Cell], facts: Sequence[Facts], crowd: Crowd | None, count: int, interval_us: int) -> str:
    """Write the tables."""
    kept = sum(cell.promised and not cell.broken for cell in cells)
    promised = sum(cell.promised for cell in cells)
    parts = [
        "# Measured",
        f"Written by `python -m benchmarks.bench_charge_loop`. {machine()}.",
        f"Each cell: {count} requests of the charge loop, one each {interval_us / 1000:g} ms, over loopback, in "
        "microseconds from the *intended* send time to the answer. Beside it, asked in turn within the same "
        "milliseconds: a C program that blocks on its socket and sends the same answer, over the same transport (TLS: "
        "OpenSSL). The client has one processor, session and echo have another. With FIFO, Python runs where it likes; "
        "without it, beside the client, so that it stalls nobody but itself. `cpu`: processor time of the answering "
        "thread a cycle. `late`: answers after more than 25 ms. `x`: times the echo. "
        "`stolen`: milliseconds in which the machine's host let it wait. `tries`: a cell whose echo is itself late or "
        "misses p99.9 says nothing of the session beside it and is measured again, at most five times; the last one "
        "stands here.",
        "Loads: block200: the interpreter is held 200 ms in every second; json: 5 MB are written as JSON back to back; "
        "gc: a big heap is collected every 0.3 s; hogs: an endless loop on each processor.",
        "Promised, with FIFO and, but for hogs, without: none late, p99.9 below 2 ms, median and cpu at most 1.5 times "
        f"the echo's. Kept in {kept} of {promised} cells; where not, the last column names what was missed.",
        *_cells(cells),
    ]
    if facts:
        head = [
            "transport",
            "start to ready",
            "idle",
            "after 1 000 cycles",
            f"after {facts[0].cycles:,} more",
            "growth",
        ]
        parts += ["## Memory and start", _table(head, (fact.fields() for fact in facts))]
    if crowd is not None:
        parts += ["## Many EVs in one process", crowd.line() + "."]
    return "\n\n".join(parts) + "\n"


def _cells(cells: Sequence[Cell]) -> list[str]:
    head = ["session", "load", "median", "p99", "p99.9", "max", "late", "cpu", "echo median", "p99.9", "cpu"]
    head += ["median x", "cpu x", "stolen ms", "tries", "missed"]
    parts = []
    for fifo, title in ((True, "## With FIFO"), (False, "## At normal priority")):
        chosen = [cell for cell in cells if cell.fifo is fifo]
        rows = [[*cell.fields()[:2], *cell.fields()[3:], ", ".join(cell.broken)] for cell in chosen]
        parts += [title, _table(head, rows)] if rows else []
    return parts


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
