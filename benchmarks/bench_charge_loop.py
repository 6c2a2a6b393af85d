"""Time answers of the charge loop at the socket, beside a plain C echo of the same frames in the same milliseconds.

Each cell is a session over loopback: transport, protocol, load, priority. The client sends at a fixed pace, from a
processor of its own and at SCHED_FIFO where that is permitted, and counts from the intended send time. Session and echo
are asked in turn, half an interval apart. The default run takes about a quarter of an hour, --quick three minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.loaded_secc import LOADS
from benchmarks.many_evs import measure_many
from benchmarks.memory import measure_memory
from benchmarks.results import Cell, Facts, document
from benchmarks.secc_process import PROTOCOLS, Kind, SeccProcess, Transport
from benchmarks.side_by_side import CLIENT_CPU, SERVER_CPU, Pair, build_client, hogs
from fastsecc._link import fifo_refused
from fastsecc.sim import test_pki

TRANSPORTS: tuple[Transport, ...] = ("plain", "tls12", "tls13")
HOGS = "hogs"
ALL_LOADS = (*LOADS, HOGS)
QUICK_LOADS = ("idle", "json", HOGS)
INTERVAL_us = 2000
QUICK_COUNT = 1000
SETTLE_s = 1.0
MAX_TRIES = 5
OUTPUT = Path(__file__).with_name("RESULTS.md")


def kinds(transport: Transport) -> list[Kind]:
    """Give the sessions that are measured over a transport; ISO 15118-20 knows no TLS 1.2."""
    sessions = [Kind(transport, "din", "dc"), Kind(transport, "iso2", "dc"), Kind(transport, "iso2", "ac")]
    if transport != "tls12":
        sessions += [Kind(transport, "iso20", "dc"), Kind(transport, "iso20", "dc", "dynamic")]
        sessions += [Kind(transport, "iso20", "ac")]
    return sessions


def measure_cells(folder: Path, sessions: Sequence[Kind], load: str, fifo: bool, count: int) -> Iterator[Cell]:
    """Measure every kind of session in one process under one load; each has its connector."""
    secc = SeccProcess(folder, sessions, load="idle" if load == HOGS else load, fifo=fifo)
    pairs: list[Pair] = []
    busy = []
    try:
        with ThreadPoolExecutor(len(sessions)) as pool:
            made = [pool.submit(Pair, folder, secc, i, kind, fifo=fifo) for i, kind in enumerate(sessions)]
            pairs = [future.result() for future in made]
        secc.pin(SERVER_CPU, None if fifo else CLIENT_CPU)
        secc.begin_load()
        busy = hogs() if load == HOGS else []
        time.sleep(SETTLE_s)
        for pair in pairs:
            yield undisturbed(pair, load, fifo, count)
    finally:
        for hog in busy:
            hog.kill()
            hog.wait()
        secc.process.kill()
        for pair in pairs:
            pair.close()
        secc.stop()


def undisturbed(pair: Pair, load: str, fifo: bool, count: int) -> Cell:
    """Measure a cell, again while its floor is itself too slow: then the host had taken the machine from both."""
    for attempt in range(1, MAX_TRIES + 1):
        cell = Cell(pair.kind, load, fifo, *pair.measure(count, INTERVAL_us), attempt)
        if cell.floor_holds:
            break
    return cell


def priorities() -> tuple[bool, ...]:
    """Give the priorities that can be had, FIFO first; says it when there is only one."""
    refused = fifo_refused(1)
    if refused:
        print(f"SCHED_FIFO: {refused}: those cells are left out", flush=True)
    return (False,) if refused else (True, False)


def transports(folder: Path) -> tuple[Transport, ...]:
    """Give the transports that can be measured; says it when TLS cannot."""
    if not build_client(folder):
        print("the client was built without OpenSSL's headers: TLS cells are left out", flush=True)
        return ("plain",)
    test_pki.make(folder / "pki")
    return TRANSPORTS


def main(argv: list[str] | None = None) -> int:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_charge_loop", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"fewer loads ({', '.join(QUICK_LOADS)}), less of each")
    parser.add_argument("--count", type=int, help="requests a cell (default 3000)")
    parser.add_argument("--load", choices=ALL_LOADS, action="append", help="default: all")
    parser.add_argument("--transport", choices=TRANSPORTS, action="append", help="default: all")
    parser.add_argument("--protocol", choices=PROTOCOLS, action="append", help="default: all")
    parser.add_argument("--cells-only", action="store_true", help="no memory, no crowd of EVs")
    parser.add_argument("--output", type=Path, help=f"file for the tables (default, unless --quick: {OUTPUT.name})")
    options = parser.parse_args(argv if argv is not None else [])
    count = options.count or (QUICK_COUNT if options.quick else 3000)
    loads = options.load or (QUICK_LOADS if options.quick else ALL_LOADS)
    cells: list[Cell] = []
    facts: list[Facts] = []
    crowd = None
    print(Cell.HEADINGS, flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        possible = [t for t in transports(folder) if options.transport is None or t in options.transport]
        sessions = [kind for transport in possible for kind in kinds(transport)]
        sessions = [kind for kind in sessions if options.protocol is None or kind.protocol in options.protocol]
        for fifo in priorities():
            for load in loads:
                for cell in measure_cells(folder, sessions, load, fifo, count):
                    print(cell.line(), flush=True)
                    cells.append(cell)
        if not options.cells_only:
            for transport in possible:
                facts.append(measure_memory(folder, transport, cycles=10_000 if options.quick else 100_000))
                print(facts[-1].line(), flush=True)
            crowd = measure_many(folder, 50, seconds=5 if options.quick else 20)
            print(crowd.line(), flush=True)
    output = options.output or (None if options.quick else OUTPUT)
    if output is not None:
        output.write_text(document(cells, facts, crowd, count, INTERVAL_us), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
