"""Refusals: the smallest valid response of any class, built from the class itself.

Mandatory elements get the values that the caller knows or else neutral ones; what is optional is left out, as
ISO 15118-2 wants it for FAILED codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

import msgspec

from fastsecc.messages import reflection
from fastsecc.messages.schema import Type

R = TypeVar("R", bound=Type)

RESPONSE_CODE = "ResponseCode"


def refuse(cls: type[R], code: str, known: Mapping[str, Any]) -> R:
    """Build a response that says no.

    Args:
        cls: class of the response.
        code: name of the response code.
        known: values of mandatory elements by name, for those that have a better one than the neutral.
    """
    response: R = msgspec.structs.replace(_neutral(cls))
    for field in reflection.fields(cls):
        if field.name == RESPONSE_CODE:
            setattr(response, field.name, field.type(code))
        elif field.required and field.name in known:
            setattr(response, field.name, known[field.name])
    return response


@cache
def _neutral(cls: type[R]) -> R:
    """Build the smallest instance of a class; it is shared, so the caller copies it before changing it."""
    values = {field.name: _neutral_value(field) for field in reflection.fields(cls) if _mandatory(field)}
    return cls(**values)


def _mandatory(field: reflection.Field) -> bool:
    return field.required or (field.occurs is not None and field.occurs.min > 0)


def _neutral_value(field: reflection.Field) -> Any:
    value = _neutral_single(field)
    return value if field.occurs is None else [value] * field.occurs.min


def _neutral_single(field: reflection.Field) -> Any:
    shortest = field.length.min if field.length else 0
    if issubclass(field.type, Type):
        return _neutral(_concrete(field.type))
    if issubclass(field.type, StrEnum):
        return next(iter(field.type))
    if field.type is bytes:
        return bytes(shortest)
    if field.type is str:
        return "id" if field.attribute else "0" * shortest  # attributes are xs:ID, which cannot be empty
    if field.type is int and field.range is not None:
        return max(field.range.low, min(0, field.range.high))
    return field.type()


def _concrete(cls: type[Type]) -> type[Type]:
    """Take the first member for a head; its members inherit ABSTRACT, so only the class's own word counts."""
    return _concrete(cls.__subclasses__()[0]) if vars(cls).get("ABSTRACT") else cls
