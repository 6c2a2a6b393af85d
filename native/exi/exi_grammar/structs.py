"""The charge-loop messages as plain C structs, and where the codec finds each field in them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from exi_grammar.elements import classes_of
from exi_grammar.fields import Field, Kind, Value, fields_of
from fastsecc.messages import din70121, iso2
from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.messages.schema import Type

LOOP_MESSAGES: tuple[tuple[str, type[Type]], ...] = (
    ("din", din70121.CurrentDemandReq),
    ("din", din70121.CurrentDemandRes),
    ("iso2", iso2.CurrentDemandReq),
    ("iso2", iso2.CurrentDemandRes),
    ("iso2", iso2.ChargingStatusReq),
    ("iso2", iso2.ChargingStatusRes),
)
MESSAGE = "exi_loop_message"
HEADERS = (din70121.MessageHeaderType, iso2.MessageHeaderType)
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
    return "din" if ".din70121" in cls.__module__ else "iso2"


def c_name(cls: type) -> str:
    """Return the name of a class's struct, or the first part of an enumeration's constants."""
    return f"{prefix_of(cls)}_{cls.__name__}"


@cache
def struct_classes() -> list[type[Type]]:
    """List the classes that have a struct, each after those that it holds."""
    ordered: list[type[Type]] = []
    for _, message in LOOP_MESSAGES:
        ordered += [cls for cls in reversed(classes_of([message])) if cls not in ordered]
    return ordered


def enum_classes() -> list[type[StrEnum]]:
    """List the enumerations that occur in the structs."""
    found: dict[type[StrEnum], None] = {}
    for cls in struct_classes():
        for field in fields_of(cls):
            if isinstance(field.content, Value) and issubclass(field.content.python, StrEnum):
                found[field.content.python] = None
    return list(found)


def is_placed(cls: type[Type]) -> bool:
    """Tell whether fields of a class are stored anywhere."""
    return cls in (*ENVELOPES, *HEADERS, *BODIES, *struct_classes())


def has_presence(cls: type[Type]) -> bool:
    """Tell whether a class's struct begins with octets that say what is there, so that these must be cleared first."""
    return cls in ENVELOPES or (cls in struct_classes() and any(field.optional for field in fields_of(cls)))


def place_of(field: Field) -> Place | None:
    """Tell where a field of any class is stored; None if the charge loop has no place for it."""
    if not is_placed(field.owner):
        return None
    if field.owner in ENVELOPES:
        return Place("0")
    if field.owner in HEADERS:
        return Place(f"offsetof({MESSAGE}, session_id_n)") if field.name == "SessionID" else None
    if field.owner in BODIES:
        if field.content not in [message for _, message in LOOP_MESSAGES]:
            return None
        name = c_name(field.content)
        return Place(f"offsetof({MESSAGE}, {name})", f"offsetof({MESSAGE}, kind)", f"EXI_{name}")
    struct = c_name(field.owner)
    presence = f"offsetof({struct}, has_{field.name})" if field.optional else None
    return Place(f"offsetof({struct}, {field.name})", presence, wide=_c_type(field) in ("int64_t", "uint64_t"))


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


def _struct(cls: type[Type]) -> list[str]:
    fields = fields_of(cls)
    members = [f"uint8_t has_{field.name};" for field in fields if field.optional] + [_member(f) for f in fields]
    name = c_name(cls)
    return [f"typedef struct {name} {{", *[f"    {m}" for m in members or ["uint8_t nothing;"]], f"}} {name};", ""]


def _enum(cls: type[StrEnum]) -> list[str]:
    members = ", ".join(f"{c_name(cls)}_{member.name} = {index}" for index, member in enumerate(cls))
    return [f"enum {{ {members} }};", ""]


def _protocol(namespace: str) -> str:
    return f"EXI_{namespace.upper().replace('-', '_')}"


def structs_header() -> str:
    """Write the header that the link's C core includes."""
    kinds = ["EXI_LOOP_NONE", *(f"EXI_{c_name(cls)}" for _, cls in LOOP_MESSAGES)]
    lines = [
        "/* Generated from the message classes: the charge-loop messages as C structs.",
        " *",
        " * Integers, booleans and enumerations are int32_t unless their range needs 64 bits; strings are UTF-8. */",
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
        "    union {",
        *(f"        {c_name(cls)} {c_name(cls)};" for _, cls in LOOP_MESSAGES),
        "    };",
        f"}} {MESSAGE};",
        "",
        f"typedef {MESSAGE} exi_loop_request;",
        f"typedef {MESSAGE} exi_loop_response;",
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"
