"""Many EVs charging at once in one process: 10 requests a second each."""

from __future__ import annotations

from array import array
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.results import Crowd
from benchmarks.secc_process import Kind, SeccProcess, to_charge_loop
from benchmarks.side_by_side import Client, Side

KIND = Kind("plain", "iso2", "dc")
INTERVAL_us = 100_000


def measure_many(folder: Path, evs: int, seconds: int) -> Crowd:
    """Measure all answers of all EVs together."""
    secc = SeccProcess(folder, [KIND] * evs)
    connections = [secc.connect(index) for index in range(evs)]
    try:
        with ThreadPoolExecutor(evs) as pool:
            requests = [request for request, _ in pool.map(lambda c: to_charge_loop(c, KIND), connections)]
        fds = [connection.fileno() for connection in connections]
        client = Client(folder, [], [str(fd) for fd in fds], fds)
        client.give_requests(requests)
        before = sum(secc.link_threads_ns().values())
        count = seconds * 1_000_000 // INTERVAL_us
        times = array("q")
        for answers in client.run(count, INTERVAL_us):
            times.extend(answers)
        link_us = (sum(secc.link_threads_ns().values()) - before) / len(times) / 1000
        crowd = Crowd(evs, seconds, Side(times, link_us), secc.memory_kib())
        secc.process.kill()
        client.close()
    finally:
        for connection in connections:
            connection.close()
        secc.stop()
    return crowd
