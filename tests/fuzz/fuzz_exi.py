"""Throw mutated and random octets at the EXI decoder.

    python -m tests.fuzz.fuzz_exi NAMESPACE COUNT [--seed N] [--batch N] [--trace] [--vectors FILE ...]

The only failure a decoder may show is DecodeError. What it accepts must survive encoding: the message comes back equal,
or an EncodeError names the limit that it breaks. Inputs come in batches, each with its own seed; where the process
itself dies, --batch and --trace find the input that did it.
"""

from __future__ import annotations

import argparse
import faulthandler
import resource
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from fastsecc import _exi
from fastsecc.errors import DecodeError, EncodeError
from fastsecc.exi import Decoded, decode_flagged, encode, to_json, to_xml
from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.messages.schema import Type
from tests.exi.vectors import Vector, read

VECTORS = Path(__file__).resolve().parents[1] / "data" / "vectors" / "synthetic.jsonl"

BATCH = 1000
BATCH_TIMEOUT_s = 60
"""A thousand inputs take milliseconds; the rest is for slow machines and sanitizers."""
MEMORY_BYTES = 256 * 2**20
"""What the process may take on top of what it has when it starts."""
MAX_RANDOM = 120
AFTER_ROOT = 18
"""Bits of the header and the code of the root element, at most; before them there is no element to name."""

Mutation = Callable[[Random, bytes, bytes], bytes]


def flip_bits(random: Random, octets: bytes, other: bytes) -> bytes:
    """Flip one to four bits."""
    changed = bytearray(octets)
    for _ in range(random.randint(1, 4)):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def replace_octets(random: Random, octets: bytes, other: bytes) -> bytes:
    """Overwrite a few octets with random or extreme ones."""
    start = random.randrange(len(octets))
    count = random.randint(1, 6)
    filling = random.choice([random.randbytes(count), b"\xff" * count, b"\x00" * count])
    return octets[:start] + filling + octets[start + count :]


def insert_octets(random: Random, octets: bytes, other: bytes) -> bytes:
    """Insert a few octets, now and then the long run of ones that an overlong integer is made of."""
    start = random.randrange(len(octets) + 1)
    filling = random.choice([random.randbytes(random.randint(1, 6)), b"\xff" * random.randint(1, 40)])
    return octets[:start] + filling + octets[start:]


def delete_octets(random: Random, octets: bytes, other: bytes) -> bytes:
    """Leave a few octets out."""
    start = random.randrange(len(octets))
    return octets[:start] + octets[start + random.randint(1, 6) :]


def truncate(random: Random, octets: bytes, other: bytes) -> bytes:
    """Cut the end off."""
    return octets[: random.randrange(len(octets))]


def splice(random: Random, octets: bytes, other: bytes) -> bytes:
    """Go on with the end of another message."""
    return octets[: random.randrange(1, len(octets) + 1)] + other[random.randrange(len(other)) :]


def shift_bits(random: Random, octets: bytes, other: bytes) -> bytes:
    """Push a bit in somewhere, so that all event codes after it move."""
    bits = f"{int.from_bytes(octets, 'big'):0{len(octets) * 8}b}"
    place = random.randrange(8, len(bits) + 1)
    bits = (bits[:place] + random.choice("01") + bits[place:]).ljust(len(bits) + 8, "0")
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def random_tail(random: Random, octets: bytes, other: bytes) -> bytes:
    """Keep the beginning and go on at random."""
    return octets[: random.randint(1, min(len(octets), 16))] + random.randbytes(random.randint(0, MAX_RANDOM))


def random_octets(random: Random, octets: bytes, other: bytes) -> bytes:
    """Make octets up, mostly after a right header."""
    header = b"\x80" if random.random() < 0.9 else b""
    return header + random.randbytes(random.randint(0, MAX_RANDOM))


MUTATIONS: dict[Mutation, int] = {
    flip_bits: 6,
    replace_octets: 3,
    insert_octets: 1,
    delete_octets: 1,
    truncate: 1,
    splice: 1,
    shift_bits: 1,
    random_tail: 2,
    random_octets: 1,
}
"""How messages are broken, and how often each way: small changes get furthest."""


def inputs(vectors: list[Vector], random: Random, count: int) -> Iterator[tuple[bytes, bool]]:
    """Make inputs, each with whether to read it as a fragment."""
    for _ in range(count):
        vector, other = random.choice(vectors), random.choice(vectors)
        octets = vector.octets
        for mutation in random.choices(list(MUTATIONS), MUTATIONS.values(), k=random.choice((1, 1, 1, 2, 3))):
            octets = mutation(random, octets or b"\x80", other.octets)
        yield octets, vector.fragment if random.random() < 0.95 else not vector.fragment


def check(octets: bytes, namespace: str, fragment: bool) -> str:
    """Decode one input and say what became of it; raise whatever no caller has to expect."""
    in_struct = not fragment and _exi.repeat_decode(octets, list(NAMESPACES).index(namespace), 1, True) == 0
    try:
        decoded = decode_flagged(octets, namespace, fragment=fragment)
    except DecodeError as error:
        check_error(error, octets)
        assert not in_struct
        return "rejected"
    if in_struct:
        check_struct(decoded)
    to_json(decoded.message, element=decoded.element)
    to_xml(decoded.message, element=decoded.element)
    return check_encoding(decoded, namespace, fragment)


def check_struct(decoded: Decoded) -> None:
    """What a struct takes is without fault, and written from there as from Python."""
    assert not decoded.deviations
    assert _exi.repeat_encode(decoded.message, 1) == encode(decoded.message)


def check_error(error: DecodeError, octets: bytes) -> None:
    """A rejection says where."""
    assert error.path or error.bit < AFTER_ROOT
    assert 0 <= error.bit <= 8 * len(octets)


def check_encoding(decoded: Decoded, namespace: str, fragment: bool) -> str:
    """Encode what was accepted: only what was flagged may break a limit, and no bare value is."""
    try:
        again = encode(decoded.message, fragment=fragment, namespace=namespace, element=decoded.element)
    except EncodeError:
        assert decoded.deviations or not isinstance(decoded.message, Type), decoded
        return "flagged"
    second = decode_flagged(again, namespace, fragment=fragment)
    assert second.message == decoded.message
    return "accepted"


def run(args: argparse.Namespace) -> Counter[str]:
    """Run batches until `count` inputs are through."""
    namespace, count = args.namespace, args.count
    vectors = [vector for file in args.vectors for vector in read(file) if vector.namespace == namespace]
    outcomes: Counter[str] = Counter()
    for batch in range(args.batch, args.batch + -(-count // BATCH)):
        faulthandler.dump_traceback_later(BATCH_TIMEOUT_s, exit=True)
        for octets, fragment in inputs(vectors, Random(f"{args.seed} {namespace} {batch}"), min(BATCH, count)):
            if args.trace:
                print(f"batch {batch} fragment={fragment}: {octets.hex()}", file=sys.stderr)
            try:
                outcomes[check(octets, namespace, fragment)] += 1
            except BaseException:
                print(f"{namespace} batch {batch} fragment={fragment}: {octets.hex()}", file=sys.stderr)
                raise
        count -= BATCH
    faulthandler.cancel_dump_traceback_later()
    return outcomes


def limit_memory() -> None:
    """Let the process grow by no more than MEMORY_BYTES."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("namespace")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=15118)
    parser.add_argument("--batch", type=int, default=0, help="the batch to begin with")
    parser.add_argument("--trace", action="store_true", help="print each input before it is tried")
    parser.add_argument("--vectors", type=Path, nargs="+", default=[VECTORS], help="what to mutate")
    parser.add_argument("--no-memory-limit", action="store_true", help="for sanitizers, which map terabytes")
    args = parser.parse_args()
    faulthandler.enable()
    if not args.no_memory_limit:
        limit_memory()
    outcomes = run(args)
    print(f"{args.namespace}: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))


if __name__ == "__main__":
    main()
