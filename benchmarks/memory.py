"""What a process of fastsecc weighs: idle, in a session, and after very many cycles of the charge loop."""

from __future__ import annotations

from pathlib import Path

from benchmarks.results import Facts
from benchmarks.secc_process import Kind, SeccProcess, Transport
from benchmarks.side_by_side import Pair

WARM_UP_CYCLES = 1000


def measure_memory(folder: Path, transport: Transport, cycles: int) -> Facts:
    """Run a session's loop back to back and look at the resident memory before, at the start and at the end."""
    secc = SeccProcess(folder, [Kind(transport, "iso2", "dc")])
    try:
        idle_kib = secc.memory_kib()
        pair = Pair(folder, secc, 0, Kind(transport, "iso2", "dc"), fifo=True)
        pair.measure(WARM_UP_CYCLES, 0)
        session_kib = secc.memory_kib()
        pair.measure(cycles, 0)
        facts = Facts(transport, secc.start_s, idle_kib, session_kib, cycles, secc.memory_kib())
        secc.process.kill()
        pair.close()
    finally:
        secc.stop()
    return facts
