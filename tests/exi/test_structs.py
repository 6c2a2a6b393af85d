"""The C structs of the charge loop against Python objects: the same messages are taken, the same octets written."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsecc import _exi
from fastsecc.errors import EncodeError
from fastsecc.exi import Decoded, decode_flagged, encode
from fastsecc.messages import iso20
from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.messages.reflection import fields, substitutes
from fastsecc.messages.schema import Type
from tests.exi.vectors import Vector, read
from tests.strategies import messages

IN_BODY = {
    "din": {"CurrentDemandReq", "CurrentDemandRes"},
    "iso2": {"CurrentDemandReq", "CurrentDemandRes", "ChargingStatusReq", "ChargingStatusRes"},
}
LOOP_DOCUMENTS = [
    iso20.dc.DC_ChargeLoopReq,
    iso20.dc.DC_ChargeLoopRes,
    iso20.ac.AC_ChargeLoopReq,
    iso20.ac.AC_ChargeLoopRes,
]
NAMESPACE_OF = {cls: "iso20-dc" if "DC" in cls.__name__ else "iso20-ac" for cls in LOOP_DOCUMENTS}

TAKEN, LEFT, OTHER = "taken", "left to Python", "no message of the loop"


def is_in_loop(namespace: str, message: object) -> bool:
    """Tell whether a message belongs to the charge loop."""
    body = getattr(message, "Body", None)
    if body is not None:
        return type(body.BodyElement).__name__ in IN_BODY[namespace]
    return type(message) in LOOP_DOCUMENTS


def is_for_python(decoded: Decoded) -> bool:
    """Tell whether a message of the loop has what its struct has no place for."""
    header, receipt = decoded.message.Header, getattr(decoded.message, "Receipt", None)
    meter = getattr(decoded.message, "MeterInfo", None)
    return bool(
        decoded.deviations
        or header.Signature
        or getattr(header, "Notification", None)
        or (receipt and receipt.TaxCosts)
        or (meter and not meter.MeterID.isascii())
    )


def taken(octets: bytes, namespace: str) -> bool:
    """Tell whether a struct takes a document."""
    return _exi.repeat_decode(octets, list(NAMESPACES).index(namespace), 1, True) == 0


def compare(vector: Vector) -> str:
    """Take a message both ways; say what became of it."""
    decoded = decode_flagged(vector.octets, vector.namespace)
    if not taken(vector.octets, vector.namespace):
        if not is_in_loop(vector.namespace, decoded.message):
            return OTHER
        assert is_for_python(decoded), vector.id
        return LEFT
    assert is_in_loop(vector.namespace, decoded.message), vector.id
    assert not is_for_python(decoded), vector.id
    assert _exi.repeat_encode(decoded.message, 1) == encode(decoded.message) == vector.octets, vector.id
    return TAKEN


def outcomes(path: Path) -> Counter[tuple[str, str]]:
    """Compare all documents that have structs in their namespace."""
    counts: Counter[tuple[str, str]] = Counter()
    for vector in read(path):
        if (
            vector.namespace in {*IN_BODY, *NAMESPACE_OF.values()}
            and not vector.fragment
            and vector.status not in ("wildcard", "empty_value")
        ):
            counts[vector.namespace, compare(vector)] += 1
    return counts


def test_own_vectors(data: Path) -> None:
    counts = outcomes(data / "vectors" / "synthetic.jsonl")
    assert {namespace for namespace, result in counts if result == TAKEN} == {"din", "iso2", "iso20-ac", "iso20-dc"}


EXPECTED = {
    "synth_ac": {("iso20-ac", TAKEN): 331, ("iso20-ac", LEFT): 74, ("iso20-ac", OTHER): 117},
    "synth_dc": {("iso20-dc", TAKEN): 228, ("iso20-dc", LEFT): 55, ("iso20-dc", OTHER): 177},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_all_vectors(shared: Path, name: str) -> None:
    assert outcomes(shared / "vectors" / f"{name}.jsonl") == EXPECTED[name]


def test_real_charge_loops(shared: Path) -> None:
    counts = outcomes(shared / "vectors" / "real.jsonl")
    assert counts["iso20-dc", TAKEN] == counts["iso20-ac", TAKEN] == 21
    assert counts["iso20-dc", LEFT] == counts["iso20-ac", LEFT] == 0


@pytest.mark.parametrize("cls", LOOP_DOCUMENTS)
@settings(max_examples=50)
@given(data=st.data())
def test_any_message_of_the_loop(cls: type[Type], data: st.DataObject) -> None:
    message = data.draw(messages(cls))
    message.Header.Signature = None
    if getattr(message, "Receipt", None):
        message.Receipt.TaxCosts = []
    octets = encode(message)
    decoded = decode_flagged(octets, NAMESPACE_OF[cls])
    assert taken(octets, NAMESPACE_OF[cls]) != is_for_python(decoded)
    assert _exi.repeat_encode(message, 1) == octets


@pytest.mark.parametrize("cls", LOOP_DOCUMENTS)
@settings(max_examples=10)
@given(data=st.data())
def test_other_namespace_takes_none(cls: type[Type], data: st.DataObject) -> None:
    octets = encode(data.draw(messages(cls)))
    for namespace in NAMESPACES:
        assert namespace == NAMESPACE_OF[cls] or not taken(octets, namespace)


def largest(cls: type[Type]) -> Any:
    """Make an instance with everything that a struct has a place for, each as large as may be."""
    values: dict[str, Any] = {}
    for field in fields(cls):
        if field.occurs or field.name == "Signature":
            continue
        if field.global_:
            members = [largest(member) for member in substitutes(field.type).values() if of_schema(member, cls)]
            values[field.name] = max(members, key=lambda member: len(repr(member)))
        elif issubclass(field.type, Type):
            values[field.name] = largest(field.type)
        elif issubclass(field.type, StrEnum):
            values[field.name] = list(field.type)[-1]
        elif field.type in (str, bytes):
            assert field.length is not None
            values[field.name] = "M" * (field.length.max or 0) if field.type is str else bytes(field.length.max or 0)
        else:
            values[field.name] = True if field.range is None else field.range.high
    return cls(**values)


def of_schema(member: type[Type], cls: type[Type]) -> bool:
    """Tell whether a member of a group is of the same schema as what refers to its head."""
    return member.__module__ == cls.__module__


@pytest.mark.parametrize("cls", LOOP_DOCUMENTS)
def test_the_longest_message_fits_where_the_loop_encodes(cls: type[Type]) -> None:
    message = largest(cls)
    octets = encode(message)
    assert taken(octets, NAMESPACE_OF[cls])
    assert _exi.repeat_encode(message, 1) == octets


def test_a_document_that_has_no_struct() -> None:
    header = iso20.MessageHeaderType(SessionID=bytes(8), TimeStamp=0)
    with pytest.raises(EncodeError, match="no document of the charge loop"):
        _exi.repeat_encode(iso20.dc.DC_CableCheckReq(Header=header), 1)
