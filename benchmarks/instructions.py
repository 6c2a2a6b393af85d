"""Count the instructions of codec operations with callgrind: the same on every run, however busy the machine.

    python -m benchmarks.instructions [NAME ...]

One process starts under valgrind and forks a child for each operation and each of two loop counts; what the longer loop
needs more than the shorter one is the operation's cost.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

LOOPS = (100, 1100)
ROOT = Path(__file__).resolve().parents[1]


def count(names: list[str]) -> dict[str, dict[str, float]]:
    """Count instructions of decoding and encoding each message: {name: {"decode": n, "encode": n}}."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={folder}/%p",
            sys.executable,
            "-m",
            "benchmarks.instructions",
            *names,
        ]
        environment = os.environ | {"FASTSECC_CALLGRIND": "1"}
        result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        children = json.loads(result.stdout)
        totals = {pid: total(Path(folder, pid)) for pids in children.values() for pid in pids}
    costs: dict[str, dict[str, float]] = {}
    for key, (short, long) in children.items():
        name, operation = key.split()
        costs.setdefault(name, {})[operation] = (totals[long] - totals[short]) / (LOOPS[1] - LOOPS[0])
    return costs


def available() -> bool:
    """Tell whether valgrind is installed."""
    return shutil.which("valgrind") is not None


def total(file: Path) -> int:
    """Read the instructions of a whole process."""
    match = re.search(r"^(?:summary|totals): (\d+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert match is not None, file
    return int(match[1])


def fork(operation: Callable[[int], object], loops: int) -> str:
    """Run an operation in a child; its process id names what callgrind writes about it."""
    pid = os.fork()
    if pid == 0:
        operation(loops)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    return str(pid)


def run_children(names: list[str]) -> None:
    """Run under valgrind: fork a child for each operation and loop count, and print which is which."""
    from benchmarks.bench_codec import operations

    children = {}
    for name, by_kind in operations(names).items():
        for kind, operation in by_kind.items():
            operation(1)
            children[f"{name} {kind}"] = [fork(operation, loops) for loops in LOOPS]
    print(json.dumps(children))


if __name__ == "__main__":
    if os.environ.get("FASTSECC_CALLGRIND"):
        run_children(sys.argv[1:])
    else:
        print(json.dumps(count(sys.argv[1:]), indent=2))
