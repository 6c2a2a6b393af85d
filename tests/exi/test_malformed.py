"""Broken messages: rejected with the place, or understood; never a crash, never another content."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from fastsecc.errors import DecodeError, EncodeError
from fastsecc.exi import Decoded, decode_flagged, encode
from fastsecc.exi.json_view import to_tree
from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.messages.schema import Type
from tests.conftest import DATA
from tests.exi.vectors import Vector, read

AFTER_ROOT = 18
"""Bits of the header and the code of the root element, at most."""
SOUND = ("agreed", "fragment_ambiguous_element", "cbv2g_fragment_unsupported", "cbv2g_bug_acdp_event_codes")
"""Status of the messages that are broken: whatever other codecs make of them, their octets are not in doubt."""
LONGEST = 260
"""Octets of the messages that are broken bit by bit."""


def attempt(octets: bytes, vector: Vector) -> Decoded | None:
    """Decode octets that may be broken; a rejection must say where."""
    try:
        return decode_flagged(octets, vector.namespace, fragment=vector.fragment)
    except DecodeError as error:
        check_rejection(error, octets)
        return None


def check_rejection(error: DecodeError, octets: bytes) -> None:
    """A rejection names an element, once there is one, and a bit of the stream."""
    assert error.path or error.bit < AFTER_ROOT
    assert 0 <= error.bit <= 8 * len(octets)
    assert error.reason


def check_stable(decoded: Decoded, vector: Vector) -> None:
    """What was understood can be written and read again, unless it was flagged or is a bare value."""
    try:
        again = encode(decoded.message, fragment=vector.fragment, namespace=vector.namespace, element=decoded.element)
    except EncodeError:
        assert decoded.deviations or not isinstance(decoded.message, Type), decoded
    else:
        assert decode_flagged(again, vector.namespace, fragment=vector.fragment).message == decoded.message


def verdict(vector: Vector) -> str:
    """Decode a malformed record; say what became of it."""
    decoded = attempt(vector.octets, vector)
    if decoded is None:
        return "rejected"
    check_stable(decoded, vector)
    if vector.json is None:
        return "accepted, content unknown"
    same = to_tree(decoded.message, element=decoded.element) == vector.json
    return ("flagged" if decoded.deviations else "accepted") if same else "other content"


EXPECTED = {
    ("must_accept", "accepted"): 1681,
    ("must_accept", "flagged"): 91,
    ("should_accept", "accepted"): 1,
    ("should_accept", "flagged"): 55,
    ("must_reject", "rejected"): 1736,
    ("should_reject", "rejected"): 73,
    ("should_reject", "flagged"): 24,
    ("may_accept_or_reject", "accepted"): 1,
    ("may_accept_or_reject", "flagged"): 15,
    ("may_accept_or_reject", "rejected"): 204,
    ("no_crash_only", "accepted, content unknown"): 69,
    ("no_crash_only", "flagged"): 3,
    ("no_crash_only", "rejected"): 27,
}
"""Verdicts by what the records recommend; what is accepted has the content that the reference decoder saw."""


def test_every_malformed_record(shared: Path) -> None:
    counts = Counter(
        (vector.record["recommended"], verdict(vector)) for vector in read(shared / "vectors" / "malformed.jsonl")
    )
    assert dict(counts) == EXPECTED


@cache
def samples() -> list[Vector]:
    """Choose the longest handy vector of each message and fragment root."""
    found: dict[tuple[str, bool, str], Vector] = {}
    for vector in read(DATA / "vectors" / "synthetic.jsonl"):
        key = (vector.namespace, vector.fragment, vector.record["msg"])
        if vector.status in SOUND and len(vector.octets) <= LONGEST:
            found[key] = max(found.get(key, vector), vector, key=lambda v: len(v.octets))
    return list(found.values())


def label(vector: Vector) -> str:
    """Give a sample its message's name."""
    return f"{vector.namespace}-{vector.record['msg']}{'-fragment' * vector.fragment}"


each_sample = pytest.mark.parametrize("vector", samples(), ids=label)


def test_samples_cover_every_message() -> None:
    counts = Counter((vector.namespace, vector.fragment) for vector in samples())
    assert counts == {
        ("sap", False): 2,
        ("din", False): 34,
        ("iso2", False): 34,
        ("iso2", True): 10,
        ("iso20", False): 26,
        ("iso20", True): 8,
        ("iso20-ac", False): 4,
        ("iso20-ac", True): 2,
        ("iso20-dc", False): 10,
        ("iso20-dc", True): 2,
        ("iso20-acdp", False): 8,
        ("iso20-wpt", False): 12,
        ("xmldsig", True): 1,
    }


@each_sample
def test_every_truncation_is_rejected(vector: Vector) -> None:
    for length in range(len(vector.octets)):
        assert attempt(vector.octets[:length], vector) is None, length


@each_sample
def test_every_flipped_bit_is_rejected_or_understood(vector: Vector) -> None:
    understood = 0
    number = int.from_bytes(vector.octets, "big")
    for bit in range(8 * len(vector.octets)):
        octets = (number ^ 1 << bit).to_bytes(len(vector.octets), "big")
        if decoded := attempt(octets, vector):
            check_stable(decoded, vector)
            understood += 1
    assert understood < 8 * len(vector.octets)


@pytest.mark.parametrize("namespace", NAMESPACES)
@pytest.mark.parametrize("fragment", [False, True])
@pytest.mark.parametrize("octets", [b"", b"\x80", b"\x00", b"\xff" * 64, b"\x80" + b"\xff" * 64, b"$EXI\x80"])
def test_nonsense_is_rejected(namespace: str, fragment: bool, octets: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_flagged(octets, namespace, fragment=fragment)
    check_rejection(caught.value, octets)
