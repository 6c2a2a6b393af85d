"""The interface in words: the members of arguments and payloads, by dotted path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import inspect


def members(kind: Any) -> list[tuple[str, str]]:
    """List a type's members as (dotted path, what it holds), `?` after what is optional; a plain value has path ""."""
    return list(_members(inspect.type_info(kind), ""))


def _members(kind: inspect.Type, path: str) -> Iterator[tuple[str, str]]:
    kind, note = _bare(kind)
    if isinstance(kind, inspect.StructType):
        for field in kind.fields:
            name = f"{path}.{field.encode_name}".lstrip(".")
            yield from _members(field.type, name if field.required else f"{name}?")
    elif isinstance(kind, inspect.ListType) and isinstance(_bare(kind.item_type)[0], inspect.StructType):
        yield from _members(kind.item_type, f"{path}[]")
    else:
        yield path, f"{_word(kind)} {note}".strip()


def _bare(kind: inspect.Type) -> tuple[inspect.Type, str]:
    """Take off what surrounds a type: its description and that it may be left out."""
    if isinstance(kind, inspect.Metadata):
        bare, note = _bare(kind.type)
        return bare, (kind.extra_json_schema or {}).get("description", note)
    if isinstance(kind, inspect.UnionType):
        return _bare(next(member for member in kind.types if not isinstance(member, inspect.NoneType)))
    return kind, ""


def _word(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.EnumType):
        return " | ".join(member.value for member in kind.cls)
    if isinstance(kind, inspect.ListType):
        return f"list of {_word(_bare(kind.item_type)[0])}"
    words: dict[type[inspect.Type], str] = {
        inspect.BoolType: "true | false",
        inspect.FloatType: "number",
        inspect.IntType: "integer",
        inspect.NoneType: "null",
        inspect.StrType: "string",
    }
    return words.get(type(kind), "object")
