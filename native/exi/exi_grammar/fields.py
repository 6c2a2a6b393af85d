"""What the message classes say, field by field."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cache
from inspect import get_annotations
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from fastsecc.messages.schema import Attribute, Length, Occurs, Range, Ref, Text, Type

MAX_SMALL_RANGE = 4096
"""Integers with at most this many values are sent as an offset in a fixed number of bits."""


class Kind(IntEnum):
    """How a value is coded; the engine switches on these."""

    SMALL = 0
    """A fixed number of bits: offset from the smallest value."""
    UNSIGNED = 1
    INTEGER = 2
    BINARY = 3
    STRING = 4
    BIG = 5
    """An integer without limits."""
    COMPLEX = 6
    END = 7
    REFUSED = 8


@dataclass(frozen=True, slots=True)
class Value:
    """A simple type: how it is coded and what it allows.

    `low` and `span` are the smallest value and the number of further ones; for strings and binaries the shortest length
    and what it may grow by. `bits` is the width of a SMALL one.
    """

    kind: Kind
    low: int = 0
    span: int = 0
    bits: int = 0
    python: type = int
    """int, bool, str, bytes or the enumeration."""


UNLIMITED = 2**32 - 1
"""Span of the lengths of strings and binaries without a facet."""


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute, element or text of a class."""

    owner: type[Type]
    name: str
    namespace: str
    slot: int
    content: Value | type[Type]
    optional: bool
    occurs: Occurs | None
    attribute: bool
    text: bool
    referred: bool
    """Declared globally: members of its substitution group may take its place."""

    @property
    def bounds(self) -> tuple[int, int | None]:
        """Tell how often it comes, at least and at most."""
        if self.occurs is not None:
            return self.occurs.min, self.occurs.max
        return (0 if self.optional else 1), 1


@cache
def fields_of(cls: type[Type]) -> tuple[Field, ...]:
    """List the fields of a class and its bases: attributes first, sorted, then the content in the standard's order."""
    hints = get_type_hints(cls, include_extras=True)
    fields = [_field(cls, name, slot, hints[name]) for slot, name in enumerate(cls.__struct_fields__)]
    attributes = sorted((f for f in fields if f.attribute), key=lambda f: (f.name, f.namespace))
    return (*attributes, *(f for f in fields if not f.attribute))


def _field(owner: type[Type], name: str, slot: int, hint: Any) -> Field:
    base, facets, optional = _unwrap(hint)
    occurs = facets.get(Occurs)
    if get_origin(base) is list:
        base, inner, _ = _unwrap(get_args(base)[0])
        facets = inner | facets
    attribute, reference = facets.get(Attribute), facets.get(Ref)
    if attribute is not None:
        namespace = attribute.namespace or ""
    else:
        namespace = reference.namespace if reference is not None else _namespace_of(owner, name)
    return Field(
        owner=owner,
        name=name,
        namespace=namespace,
        slot=slot,
        content=_content(base, facets),
        optional=optional,
        occurs=occurs,
        attribute=attribute is not None,
        text=Text in facets,
        referred=reference is not None,
    )


def _unwrap(hint: Any) -> tuple[Any, dict[type, Any], bool]:
    """Take `Annotated` and `| None` off; outer facets win."""
    facets: dict[type, Any] = {}
    optional = False
    while True:
        if get_origin(hint) is Annotated:
            hint, *found = get_args(hint)
            facets = {type(facet): facet for facet in found} | facets
        elif get_origin(hint) in (Union, UnionType):
            (hint,) = (part for part in get_args(hint) if part is not NoneType)
            optional = True
        else:
            return hint, facets, optional


def _namespace_of(owner: type[Type], name: str) -> str:
    """Return the namespace of the module whose class declares an element."""
    declaring = next(cls for cls in reversed(owner.__mro__) if name in get_annotations(cls))
    return str(sys.modules[declaring.__module__].__dict__["NAMESPACE"])


def element_content(annotation: Any) -> Value | type[Type]:
    """Return the content of a global element."""
    base, facets, _ = _unwrap(annotation)
    return _content(base, facets)


def _content(base: type, facets: dict[type, Any]) -> Value | type[Type]:
    if issubclass(base, Type):
        return base
    if base is bool:
        return Value(Kind.SMALL, span=1, bits=1, python=bool)
    if issubclass(base, StrEnum):
        return Value(Kind.SMALL, span=len(base) - 1, bits=(len(base) - 1).bit_length(), python=base)
    if base is int:
        return _integer(facets.get(Range))
    length = facets.get(Length, Length())
    span = UNLIMITED if length.max is None else length.max - length.min
    return Value(Kind.STRING if base is str else Kind.BINARY, low=length.min, span=span, python=base)


def _integer(limits: Range | None) -> Value:
    if limits is None:
        return Value(Kind.BIG)
    span = limits.high - limits.low
    if span < MAX_SMALL_RANGE:
        return Value(Kind.SMALL, limits.low, span, span.bit_length())
    return Value(Kind.UNSIGNED if limits.low >= 0 else Kind.INTEGER, limits.low, span)
