"""Refusals: the smallest valid response of any class, built from the class itself.

Mandatory elements get the values that the caller knows or else neutral ones, a choice gets its first alternative; what
is optional is left out, as ISO 15118-2 wants it for FAILED codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

import msgspec

from fastsecc.messages import reflection
from fastsecc.messages.schema import Particle, Type

R = TypeVar("R", bound=Type)

RESPONSE_CODE = "ResponseCode"


def refuse(cls: type[R], code: str, known: Mapping[str, Any]) -> R:
    """Build a response that says no.

    Args:
        cls: class of the response.
        code: name of the response code.
        known: values of mandatory elements by name, for those that have a better one than the neutral.
    """
    response: R = msgspec.structs.replace(_neutral(cls, cls.__module__))
    for field in reflection.fields(cls):
        if field.name == RESPONSE_CODE:
            setattr(response, field.name, field.type(code))
        elif field.required and field.name in known:
            setattr(response, field.name, known[field.name])
    return response


@cache
def _neutral(cls: type[R], home: str) -> R:
    """Build the smallest instance of a class; it is shared, so the caller copies it before changing it.

    Args:
        cls: of a response, or of an element in it.
        home: module of the response; a head is stood for by a member from there if there is one.
    """
    chosen = set() if cls.CONTENT is None else set(_chosen(cls.CONTENT))
    values = {
        field.name: _neutral_value(field, home)
        for field in reflection.fields(cls)
        if _mandatory(field) or field.name in chosen
    }
    return cls(**values)


def _mandatory(field: reflection.Field) -> bool:
    return field.required or (field.occurs is not None and field.occurs.min > 0)


def _chosen(particle: Particle) -> Iterator[str]:
    """Name the first alternative of each choice that has to be made."""
    if particle.min == 0:
        return
    for part in particle.parts[:1] if particle.choice else particle.parts:
        if isinstance(part, Particle):
            yield from _chosen(part)
        elif particle.choice:
            yield part


def _neutral_value(field: reflection.Field, home: str) -> Any:
    value = _neutral_single(field, home)
    return value if field.occurs is None else [value] * field.occurs.min


def _neutral_single(field: reflection.Field, home: str) -> Any:
    shortest = field.length.min if field.length else 0
    if issubclass(field.type, Type):
        return _neutral(_concrete(field.type, home), home)
    if issubclass(field.type, StrEnum):
        return next(iter(field.type))
    if field.type is bytes:
        return bytes(shortest)
    if field.type is str:
        return "id" if field.attribute else "0" * shortest  # attributes are xs:ID, which cannot be empty
    if field.type is int and field.range is not None:
        return max(field.range.low, min(0, field.range.high))
    return field.type()


def _concrete(cls: type[Type], home: str) -> type[Type]:
    """Take the first member for a head; its members inherit ABSTRACT, so only the class's own word counts."""
    if not vars(cls).get("ABSTRACT"):
        return cls
    members = [member for member in _family(cls) if not vars(member).get("ABSTRACT")]
    return next((member for member in members if member.__module__ == home), members[0])


def _family(cls: type[Type]) -> Iterator[type[Type]]:
    yield cls
    for child in cls.__subclasses__():
        yield from _family(child)
