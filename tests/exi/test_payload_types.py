"""The payload types of V2GTP: what a frame holds, and what a message is sent as."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastsecc.exi import decode
from fastsecc.messages import payload_types
from fastsecc.messages.namespaces import NAMESPACES
from tests.exi.vectors import read

MAINSTREAM = {
    "sap": 0x8001,
    "din": 0x8001,
    "iso2": 0x8001,
    "iso20": 0x8002,
    "iso20-ac": 0x8003,
    "iso20-dc": 0x8004,
    "iso20-acdp": 0x8005,
    "iso20-wpt": 0x8006,
}


def test_every_message_has_the_payload_type_of_its_namespace(data: Path) -> None:
    seen = set()
    for vector in read(data / "vectors" / "synthetic.jsonl"):
        if not vector.fragment and vector.status == "agreed":
            message = decode(vector.octets, vector.namespace)
            assert payload_types.payload_type_of(message) == MAINSTREAM[vector.namespace]
            seen.add(vector.namespace)
    assert seen == set(MAINSTREAM)


@pytest.mark.parametrize(
    ("payload_type", "namespace"),
    [
        *((payload_type, name) for name, payload_type in MAINSTREAM.items() if payload_type != 0x8001),
        (0x8101, "iso20"),
        (0x8102, "iso20"),
        (0x8103, "iso20-acdp"),
        (0x8104, "iso20"),
    ],
)
def test_a_payload_type_tells_the_namespace(payload_type: int, namespace: str) -> None:
    assert payload_types.is_exi(payload_type)
    assert payload_types.namespace_of(payload_type) == namespace
    assert namespace in NAMESPACES


@pytest.mark.parametrize(("payload_type", "exi"), [(0x8001, True), (0x8000, False), (0x9000, False), (0x8105, False)])
def test_other_payload_types_tell_none(payload_type: int, exi: bool) -> None:
    assert payload_types.is_exi(payload_type) == exi
    assert payload_types.namespace_of(payload_type) is None
