"""The EXI codec beside libcbv2g: nanoseconds and instructions of a message, natively and through Python, and size.

    python -m benchmarks.bench_codec [--json] [--no-callgrind]

Native figures come from loops inside the engine. Messages of the charge loop go to and from their C structs, as on the
link thread; others are decoded to the tape that Python objects are built from.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
from collections.abc import Callable, Mapping
from time import perf_counter_ns
from typing import Any

from benchmarks import instructions, libcbv2g
from benchmarks.messages import SAMPLES, Sample
from fastsecc import _exi
from fastsecc.exi import decode, encode
from fastsecc.messages.namespaces import NAMESPACES

SAMPLE_LOOPS = 2000
SAMPLES_TAKEN = 41
RUNS = 3

Operation = Callable[[int], object]


def operations(names: list[str]) -> dict[str, dict[str, Operation]]:
    """Give the native loops of the named messages, or of all."""
    return {sample.name: native(sample) for sample in SAMPLES if not names or sample.name in names}


def native(sample: Sample) -> dict[str, Operation]:
    """Give the loops that decode and encode one message inside the engine."""
    message = sample.message()
    octets = encode(message)
    assert len(octets) == sample.octets
    root = list(NAMESPACES).index(sample.namespace)
    return {
        "decode": lambda times: _exi.repeat_decode(octets, root, times, sample.in_loop),
        "encode": lambda times: _exi.repeat_encode(message, times),
    }


def through_python(sample: Sample) -> dict[str, Operation]:
    """Give loops over the Python API."""
    message = sample.message()
    octets = encode(message)

    def decode_loop(times: int) -> None:
        for _ in range(times):
            decode(octets, sample.namespace)

    def encode_loop(times: int) -> None:
        for _ in range(times):
            encode(message)

    return {"decode": decode_loop, "encode": encode_loop}


def nanoseconds(operation: Operation, loops: int = SAMPLE_LOOPS) -> float:
    """Time an operation: the best of a few runs, each the median of its samples."""
    operation(loops)
    return min(statistics.median(_time(operation, loops) for _ in range(SAMPLES_TAKEN)) for _ in range(RUNS))


def _time(operation: Operation, loops: int) -> float:
    start = perf_counter_ns()
    operation(loops)
    return (perf_counter_ns() - start) / loops


def sizes() -> dict[str, int]:
    """Read the size of the module: what `size` counts as text (code and constants), and the code alone."""
    totals, sections = (
        subprocess.run(["size", option, _exi.__file__], capture_output=True, text=True, check=True).stdout
        for option in ("-B", "-A")
    )
    code = next(line.split()[1] for line in sections.splitlines() if line.startswith(".text "))
    return {"text_bytes": int(totals.splitlines()[1].split()[0]), "code_bytes": int(code)}


def measure(count_instructions: bool) -> dict[str, Any]:
    """Measure everything."""
    counted = instructions.count([]) if count_instructions else {}
    messages: dict[str, Any] = {}
    for sample in SAMPLES:
        ours = {f"{kind}_ns": nanoseconds(operation) for kind, operation in native(sample).items()}
        ours |= {
            f"python_{kind}_ns": nanoseconds(operation, SAMPLE_LOOPS // 20)
            for kind, operation in through_python(sample).items()
        }
        ours |= {f"{kind}_instructions": value for kind, value in counted.get(sample.name, {}).items()}
        messages[sample.name] = {"octets": sample.octets, **ours}
    return {"messages": messages, **sizes()}


ROW = "{:<30} {:>6}  {:>7} {:>7} {:>6}  {:>7} {:>7} {:>6}  {:>7} {:>7}"


def table(messages: Mapping[str, Mapping[str, float]], unit: str) -> str:
    """Write one table: ours beside libcbv2g's, and how many times as much that is."""
    lines = [ROW.format("", "octets", "decode", "cbv2g", "ratio", "encode", "cbv2g", "ratio", "py dec", "py enc")]
    for name, ours in messages.items():
        if f"decode_{unit}" not in ours:
            continue
        cells: list[str] = []
        for kind in ("decode", "encode"):
            mine, theirs = ours[f"{kind}_{unit}"], getattr(libcbv2g.COSTS[name], f"{kind}_{unit}")
            cells += [f"{mine:.0f}", f"{theirs:.0f}", f"{theirs / mine:.1f}x"]
        python = [f"{ours[f'python_{kind}_ns']:.0f}" if unit == "ns" else "" for kind in ("decode", "encode")]
        lines.append(ROW.format(name, f"{ours['octets']:.0f}", *cells, *python))
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print figures for machines")
    parser.add_argument("--no-callgrind", action="store_true", help="do not count instructions")
    args, _ = parser.parse_known_args()
    results = measure(not args.no_callgrind and instructions.available())
    if args.json:
        print(json.dumps(results, indent=2))
        return
    print("nanoseconds an operation\n" + table(results["messages"], "ns"))
    if not args.no_callgrind:
        counted = instructions.available()
        print("\n" + ("instructions an operation\n" if counted else "instructions: valgrind is not installed"))
        print(table(results["messages"], "instructions") if counted else "")
    share = results["text_bytes"] / libcbv2g.TEXT_BYTES
    print(f"\ntext: {results['text_bytes']} bytes (code alone {results['code_bytes']}), ", end="")
    print(f"{share:.1%} of libcbv2g's {libcbv2g.TEXT_BYTES}")


if __name__ == "__main__":
    main()
