"""Run the fastsecc command while something keeps the interpreter from it.

python -m benchmarks.loaded_secc LOAD ARGS...      LOAD is one of those in LOADS, ARGS are those of `fastsecc`

The load begins when a line comes on stdin, so that sessions can be got into their charge loops before.
"""

from __future__ import annotations

import ctypes
import gc
import json
import sys
import threading
import time
from collections.abc import Callable

from fastsecc.cli.main import main

PERIOD_s = 1.0
STALL_s = 0.2


def block200() -> None:
    """Hold the interpreter for 200 ms every second: PyDLL keeps the GIL while usleep waits."""
    usleep = ctypes.PyDLL(None).usleep
    while True:
        time.sleep(PERIOD_s - STALL_s)
        usleep(int(STALL_s * 1e6))


def dumps() -> None:
    """Write 5 MB of JSON back to back; each call holds the interpreter to its end."""
    document = [{"number": i, "text": f"entry {i}"} for i in range(120_000)]
    while True:
        json.dumps(document)


def collect() -> None:
    """Collect garbage on a big heap again and again."""
    heap = [[i] for i in range(2_000_000)]
    while heap:
        gc.collect()
        time.sleep(0.3)


def nothing() -> None:
    """Leave it alone."""


LOADS: dict[str, Callable[[], None]] = {"idle": nothing, "block200": block200, "json": dumps, "gc": collect}


def when_told(load: Callable[[], None]) -> None:
    """Wait for a line, then begin."""
    if sys.stdin.readline():
        load()


if __name__ == "__main__":
    threading.Thread(target=when_told, args=(LOADS[sys.argv[1]],), daemon=True).start()
    sys.exit(main(sys.argv[2:]))
