"""The words that messages are described in.

A message class is its own schema: fields in the standard's order, under the standard's names, with their facets in
`Annotated`. The grammar compiler, the JSON and XML views and the C structs of the charge loop all read these classes;
nothing about a message is written anywhere else.

    class PhysicalValueType(Type):
        Multiplier: Annotated[Byte, Range(-3, 3)]
        Unit: UnitSymbolType
        Value: Short

`T | None = None` is an optional element, `Annotated[list[T], Occurs(1, 3)]` a repeated one; a field that refers to the
head of a substitution group holds any of its members. Where a content model is no plain sequence of its fields,
`CONTENT` spells it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, dataclass_transform

import msgspec


@dataclass(frozen=True, slots=True)
class Range:
    """Smallest and largest value of an integer; its EXI coding follows from them."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Length:
    """Fewest and most characters of a string, or octets of a binary; no `max`: unlimited."""

    max: int | None = None
    min: int = 0


@dataclass(frozen=True, slots=True)
class Occurs:
    """Fewest and most items of a repeated element; no `max`: unbounded."""

    min: int
    max: int | None


@dataclass(frozen=True, slots=True)
class Attribute:
    """Marks a field as an XML attribute; `namespace` is set where the schema qualifies attributes."""

    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Ref:
    """Marks an element declared globally in `namespace`, not by the type that holds it."""

    namespace: str


@dataclass(frozen=True, slots=True)
class Lexical:
    """How a binary is written in XML: `hex` or `base64`."""

    form: str


@dataclass(frozen=True, slots=True)
class Text:
    """Marks the field that holds the text of an element with attributes."""


@dataclass(frozen=True, slots=True)
class Particle:
    """A part of a content model: element names and particles, in sequence or as a choice."""

    parts: tuple[str | Particle, ...]
    choice: bool = False
    min: int = 1
    max: int | None = 1


@dataclass(frozen=True, slots=True)
class Wildcard(Particle):
    """`xs:any`: it has event codes, but its content is refused."""


def sequence(*parts: str | Particle, min: int = 1, max: int | None = 1) -> Particle:
    """Describe parts that come one after the other."""
    return Particle(parts, choice=False, min=min, max=max)


def choice(*parts: str | Particle, min: int = 1, max: int | None = 1) -> Particle:
    """Describe parts of which one comes."""
    return Particle(parts, choice=True, min=min, max=max)


def optional(element: str) -> Particle:
    """Describe an element that may be left out of a spelt-out content model."""
    return Particle((element,), min=0)


def wildcard(*, min: int = 1, max: int | None = 1) -> Particle:
    """Describe `xs:any`."""
    return Wildcard((), min=min, max=max)


TEXT = Text()
HEX = Lexical("hex")
BASE64 = Lexical("base64")

Byte = Annotated[int, Range(-(2**7), 2**7 - 1)]
Short = Annotated[int, Range(-(2**15), 2**15 - 1)]
Int = Annotated[int, Range(-(2**31), 2**31 - 1)]
Long = Annotated[int, Range(-(2**63), 2**63 - 1)]
UnsignedByte = Annotated[int, Range(0, 2**8 - 1)]
UnsignedShort = Annotated[int, Range(0, 2**16 - 1)]
UnsignedInt = Annotated[int, Range(0, 2**32 - 1)]
UnsignedLong = Annotated[int, Range(0, 2**64 - 1)]
HexBinary = Annotated[bytes, HEX]
Base64Binary = Annotated[bytes, BASE64]


class _KeywordOnly(msgspec.StructMeta):
    """Makes every message keyword-only, so that a mandatory element may follow an optional one."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any], **options: Any) -> _KeywordOnly:
        return super().__new__(cls, name, bases, body, kw_only=True, weakref=True, **options)


@dataclass_transform(kw_only_default=True, field_specifiers=(msgspec.field,))
class Type(msgspec.Struct, metaclass=_KeywordOnly):
    """Base of every message and complex type.

    `CONTENT` spells out a content model that is no plain sequence of the fields; `MIXED` marks types whose schema
    allows text between elements (it has event codes, but is refused); `ABSTRACT` marks heads that are never sent.
    """

    CONTENT: ClassVar[Particle | None] = None
    MIXED: ClassVar[bool] = False
    ABSTRACT: ClassVar[bool] = False


ElementTable = Mapping[str, Any]
"""Global elements of one schema file: name -> class, or annotated simple type."""
