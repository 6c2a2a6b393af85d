"""Every vector: the same content when decoded, the same octets when encoded again.

What is not so is counted by its reason, and the counts are asserted, so that nothing slips away.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from fastsecc.errors import DecodeError, EncodeError
from fastsecc.exi import decode, decode_flagged, encode
from fastsecc.exi.json_view import to_tree
from tests.exi.vectors import Vector, read

SAME = "same octets"
EMPTY = "same content, but its empty value was written as an undeclared end: encoded as characters of length 0"
TRAILING = "same content and octets, but for octets after the end: flagged"
REFUSED = "xs:any content, which is refused"


def outcome(vector: Vector) -> str:
    """Decode a vector and encode it again; say how that went."""
    try:
        decoded = decode_flagged(vector.octets, vector.namespace, fragment=vector.fragment)
    except DecodeError as error:
        return REFUSED if vector.status == "wildcard" else f"not decoded: {error}"
    if to_tree(decoded.message, element=vector.element) != vector.json:
        return "other content"
    try:
        again = encode(decoded.message, fragment=vector.fragment, namespace=vector.namespace, element=vector.element)
    except EncodeError as error:
        return f"not encoded: {error}"
    if again == vector.octets:
        return SAME
    if decode(again, vector.namespace, fragment=vector.fragment) != decoded.message:
        return "other octets"
    if vector.status == "empty_value":
        return EMPTY
    return TRAILING if decoded.deviations and vector.octets.startswith(again) else "other octets"


def outcomes(path: Path) -> tuple[dict[tuple[str, str], int], list[str]]:
    """Count outcomes by status, and list what is in none of the classes that are allowed."""
    counts: Counter[tuple[str, str]] = Counter()
    wrong = []
    for vector in read(path):
        result = outcome(vector)
        counts[vector.status, result] += 1
        if result not in (SAME, EMPTY, TRAILING, REFUSED):
            wrong.append(f"{vector.id} {vector.status}: {result}")
    return dict(counts), wrong


EXPECTED = {
    "synth_app": {
        ("agreed", SAME): 60,
        ("cbv2g_capacity", SAME): 7,
        ("list_at_max", SAME): 1,
        ("non_ascii", SAME): 2,
        ("empty_value_ch", SAME): 1,
        ("empty_value", EMPTY): 1,
    },
    "synth_din": {
        ("agreed", SAME): 1116,
        ("cbv2g_capacity", SAME): 133,
        ("xmldsig_rare", SAME): 4,
        ("empty_body", SAME): 1,
        ("empty_value_ch", SAME): 1,
        ("empty_value", EMPTY): 2,
        ("wildcard", REFUSED): 22,
    },
    "synth_iso2": {
        ("agreed", SAME): 1365,
        ("cbv2g_capacity", SAME): 27,
        ("list_at_max", SAME): 20,
        ("fragment_ambiguous_element", SAME): 10,
        ("xmldsig_rare", SAME): 43,
        ("non_ascii", SAME): 9,
        ("empty_value_ch", SAME): 5,
        ("empty_value", EMPTY): 3,
        ("wildcard", REFUSED): 19,
    },
    "synth_cm": {
        ("agreed", SAME): 1264,
        ("cbv2g_capacity", SAME): 22,
        ("cbv2g_fragment_unsupported", SAME): 54,
        ("list_at_max", SAME): 36,
        ("xmldsig_rare", SAME): 41,
        ("non_ascii", SAME): 2,
        ("empty_value_ch", SAME): 1,
        ("empty_value", EMPTY): 1,
        ("wildcard", REFUSED): 20,
    },
    "synth_ac": {
        ("agreed", SAME): 604,
        ("list_at_max", SAME): 1,
        ("xmldsig_rare", SAME): 35,
    },
    "synth_dc": {
        ("agreed", SAME): 508,
        ("list_at_max", SAME): 1,
        ("xmldsig_rare", SAME): 43,
        ("non_ascii", SAME): 2,
        ("empty_value", EMPTY): 1,
        ("wildcard", REFUSED): 1,
    },
    "synth_acdp": {
        ("agreed", SAME): 179,
        ("cbv2g_bug_acdp_event_codes", SAME): 81,
    },
    "synth_wpt": {
        ("agreed", SAME): 448,
        ("cbv2g_bug_list_then_optional", SAME): 200,
        ("list_at_max", SAME): 7,
    },
    "synth_xmldsig": {
        ("agreed", SAME): 48,
        ("xmldsig_rare", SAME): 37,
        ("wildcard", REFUSED): 2,
    },
    "real": {
        ("real", SAME): 3098,
        ("real", TRAILING): 1,
    },
}


def test_own_vectors(data: Path) -> None:
    counts, wrong = outcomes(data / "vectors" / "synthetic.jsonl")
    assert not wrong
    assert counts["agreed", SAME] == 438
    assert sum(count for (_, result), count in counts.items() if result == REFUSED) == 12


@pytest.mark.parametrize("name", EXPECTED)
def test_all_vectors(shared: Path, name: str) -> None:
    counts, wrong = outcomes(shared / "vectors" / f"{name}.jsonl")
    assert not wrong[:20]
    assert counts == EXPECTED[name]


def test_fragments_of_real_signatures(shared: Path) -> None:
    """What real cars and chargers have hashed is what we would hash: fragments of signed messages, and SignedInfo."""
    count = 0
    for line in (shared / "vectors" / "signature.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        for fragment in [*record["fragments"], {"element": "SignedInfo", "exi": record["signedinfo_exi"]}]:
            namespace = "xmldsig" if fragment["element"] == "SignedInfo" else "iso2"
            octets = bytes.fromhex(fragment["exi"])
            decoded = decode_flagged(octets, namespace, fragment=True)
            assert decoded.element == fragment["element"]
            assert encode(decoded.message, fragment=True, element=decoded.element) == octets
            count += 1
    assert count == 23
