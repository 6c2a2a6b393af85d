"""The charge-loop messages as plain C structs, and where the codec finds each field in them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from exi_grammar.fields import Field, Kind, Value, fields_of
from fastsecc.messages import din70121, iso2, iso20
from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.messages.schema import Type

LOOP_MESSAGES: tuple[type[Type], ...] = (
    din70121.CurrentDemandReq,
    din70121.CurrentDemandRes,
    iso2.CurrentDemandReq,
    iso2.CurrentDemandRes,
    iso2.ChargingStatusReq,
    iso2.ChargingStatusRes,
    iso20.dc.DC_ChargeLoopReq,
    iso20.dc.DC_ChargeLoopRes,
    iso20.ac.AC_ChargeLoopReq,
    iso20.ac.AC_ChargeLoopRes,
)
MESSAGE = "exi_loop_message"
HEADERS = (din70121.MessageHeaderType, iso2.MessageHeaderType, iso20.MessageHeaderType)
HEADER_PLACES = {"SessionID": "session_id_n", "TimeStamp": "timestamp"}
"""Where the message's struct has what is stored of the header."""
ENVELOPES = (din70121.V2G_Message, iso2.V2G_Message)
BODIES = (din70121.BodyType, iso2.BodyType)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands in its struct, as C expressions.

    `presence` is the octet that tells whether it is there, which then has the value `present`.
    """

    offset: str
    presence: str | None = None
    present: str = "1"
    wide: bool = False
    """64 instead of 32 bits."""


def prefix_of(cls: type) -> str:
    """Return what the C names of a class's protocol start with."""
    package = cls.__module__.removeprefix("fastsecc.messages.").partition(".")[0]
    return "din" if package == "din70121" else package


def c_name(cls: type) -> str:
    """Return the name of a class's struct, or the first part of an enumeration's constants."""
    return f"{prefix_of(cls)}_{cls.__name__}"


@cache
def group_of(field: Field) -> tuple[type[Type], ...]:
    """List the members of the substitution group whose head a field refers to; nothing if there are none."""
    module = sys.modules[field.owner.__module__]
    if not field.referred or not isinstance(field.content, type):
        return ()
    return tuple(
        cls
        for _, cls in sorted(module.ELEMENTS.items())
        if isinstance(cls, type) and issubclass(cls, field.content) and cls is not field.content
    )


def stored_fields(cls: type[Type]) -> list[Field]:
    """List the fields that a class's struct has: lists have no place, and the header is stored once for all."""
    return [field for field in fields_of(cls) if field.occurs is None and field.content not in HEADERS]


@cache
def struct_classes() -> list[type[Type]]:
    """List the classes that have a struct, each after those that it holds."""
    ordered: dict[type[Type], None] = {}

    def add(cls: type[Type]) -> None:
        for field in stored_fields(cls):
            for content in group_of(field) or (field.content,):
                if isinstance(content, type):
                    add(content)
        ordered[cls] = None

    for message in LOOP_MESSAGES:
        add(message)
    return list(ordered)


@cache
def octets_of_presence(cls: type[Type]) -> int:
    """Count the octets at the start of a class's struct that say what is there."""
    if cls in ENVELOPES:
        return 1
    return len(list(_presences(cls))) if cls in struct_classes() else 0


def _presences(cls: type[Type]) -> Iterator[str]:
    """Name these octets: one for every optional element, and one that tells which of a group it is."""
    for field in stored_fields(cls):
        if group_of(field):
            yield f"{field.name}_kind"
        elif field.optional:
            yield f"has_{field.name}"


def is_placed(cls: type[Type]) -> bool:
    """Tell whether fields of a class are stored anywhere."""
    return cls in (*ENVELOPES, *HEADERS, *BODIES, *struct_classes())


def place_of_document(cls: type[Type]) -> Place | None:
    """Tell where a root element is stored: an envelope, or a message that has a header itself."""
    if cls in ENVELOPES:
        return Place("0")
    return _place_of_message(cls) if any(field.content in HEADERS for field in fields_of(cls)) else None


def _place_of_message(cls: object) -> Place | None:
    if cls not in LOOP_MESSAGES or not isinstance(cls, type):
        return None
    name = c_name(cls)
    return Place(f"offsetof({MESSAGE}, {name})", f"offsetof({MESSAGE}, kind)", f"EXI_{name}")


def place_of(field: Field) -> Place | None:
    """Tell where a field of any class is stored; None if the charge loop has no place for it."""
    if not is_placed(field.owner):
        return None
    if field.owner in ENVELOPES:
        return Place("0")
    if field.owner in HEADERS:
        member = HEADER_PLACES.get(field.name)
        return Place(f"offsetof({MESSAGE}, {member})", wide=member == "timestamp") if member else None
    if field.owner in BODIES:
        return _place_of_message(field.content)
    if field.content in HEADERS:
        return Place(f"-(int)offsetof({MESSAGE}, {c_name(field.owner)})")
    return _place_in_struct(field)


def _place_in_struct(field: Field) -> Place | None:
    struct = c_name(field.owner)
    stored = next((each for each in stored_fields(field.owner) if each.slot == field.slot), None)
    if stored is None:
        return None
    if members := group_of(stored):
        if field.content not in members:
            return None
        kind = f"offsetof({struct}, {stored.name}_kind)"
        return Place(f"offsetof({struct}, {field.name})", kind, _kind(struct, field.name))
    presence = f"offsetof({struct}, has_{field.name})" if field.optional else None
    return Place(f"offsetof({struct}, {field.name})", presence, wide=_c_type(field) in ("int64_t", "uint64_t"))


def _kind(struct: str, member: str) -> str:
    return f"{struct}_{member}"


def enum_classes() -> list[type[StrEnum]]:
    """List the enumerations that occur in the structs."""
    found: dict[type[StrEnum], None] = {}
    for cls in struct_classes():
        for field in stored_fields(cls):
            if isinstance(field.content, Value) and issubclass(field.content.python, StrEnum):
                found[field.content.python] = None
    return list(found)


def _c_type(field: Field) -> str:
    value = field.content
    if not isinstance(value, Value):
        return c_name(value)
    high = value.low + value.span
    if value.low >= -(2**31) and high < 2**31:
        return "int32_t"
    return "int64_t" if high < 2**63 else "uint64_t"


def _member(field: Field) -> str:
    value = field.content
    if isinstance(value, Value) and value.kind in (Kind.STRING, Kind.BINARY):
        return f"struct {{ uint16_t n; uint8_t data[{value.low + value.span}]; }} {field.name};"
    return f"{_c_type(field)} {field.name};"


def _union(members: tuple[type[Type], ...]) -> list[str]:
    return ["union {", *(f"    {c_name(cls)} {_element(cls)};" for cls in members), "};"]


def _element(cls: type[Type]) -> str:
    elements = sys.modules[cls.__module__].ELEMENTS.items()
    return next(name for name, content in elements if content is cls)


def _struct(cls: type[Type]) -> list[str]:
    name = c_name(cls)
    members = [f"uint8_t {presence};" for presence in _presences(cls)]
    kinds: list[str] = []
    cleared = -(-len(members) // 8) * 8  # the decoder clears what says what is there in whole words
    for field in stored_fields(cls):
        group = group_of(field)
        members += _union(group) if group else [_member(field)]
        if group:
            constants = [_kind(name, _element(member)) for member in group]
            kinds = [f"enum {name}_{field.name}_kind {{ {constants[0]} = 1, {', '.join(constants[1:])} }};", ""]
    return [
        *kinds,
        f"typedef struct {name} {{",
        *[f"    {member}" for member in members or ["uint8_t nothing;"]],
        f"}} {name};",
        *([f'_Static_assert(sizeof({name}) >= {cleared}, "{name}");'] if cleared else []),
        "",
    ]


def _enum(cls: type[StrEnum]) -> list[str]:
    members = ", ".join(f"{c_name(cls)}_{member.name} = {index}" for index, member in enumerate(cls))
    return [f"enum {{ {members} }};", ""]


def _protocol(namespace: str) -> str:
    return f"EXI_{namespace.upper().replace('-', '_')}"


def structs_header() -> str:
    """Write the header that the link's C core includes."""
    kinds = ["EXI_LOOP_NONE", *(f"EXI_{c_name(cls)}" for cls in LOOP_MESSAGES)]
    lines = [
        "/* Generated from the message classes: the charge-loop messages as C structs.",
        " *",
        " * Integers, booleans and enumerations are int32_t unless their range needs 64 bits; strings are UTF-8. Where",
        " * one of a group of elements comes, a `_kind` tells which; 0: none. */",
        "#ifndef FASTSECC_EXI_STRUCTS_H",
        "#define FASTSECC_EXI_STRUCTS_H",
        "",
        "#include <stdint.h>",
        "",
        f"enum exi_protocol {{ {', '.join(map(_protocol, NAMESPACES))} }};",
        f"enum exi_loop_kind {{ {', '.join(kinds)} }};",
        "",
    ]
    for enum in enum_classes():
        lines += _enum(enum)
    for cls in struct_classes():
        lines += _struct(cls)
    lines += [
        f"typedef struct {MESSAGE} {{",
        "    uint8_t kind; /* enum exi_loop_kind */",
        "    uint16_t session_id_n;",
        "    uint8_t session_id[8];",
        "    uint64_t timestamp; /* of ISO 15118-20 alone */",
        "    union {",
        *(f"        {c_name(cls)} {c_name(cls)};" for cls in LOOP_MESSAGES),
        "    };",
        f"}} {MESSAGE};",
        "",
        f"typedef {MESSAGE} exi_loop_request;",
        f"typedef {MESSAGE} exi_loop_response;",
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"
