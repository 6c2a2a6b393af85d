"""Messages as JSON, for logs, tests and the command line.

The root is one key, the element's name. Attributes are `@Name`, the text of an element with attributes is `$`, what may
be repeated is always a list, binaries are lower-case hex, enumerations their strings; a member of a substitution group
stands under its own element's name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from fastsecc.errors import EncodeError
from fastsecc.exi.origin import recall, remember
from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.messages.reflection import (
    Element,
    Field,
    element_of,
    fields,
    namespace_of,
    root_elements,
    roots,
    substitutes,
)
from fastsecc.messages.schema import Type

Simple = bool | int | str | bytes
"""Value of an element without attributes or elements in it, which the decoder gives bare."""
JSON_TYPES = {bool: "true or false", int: "an integer", str: "a string"}


def to_json(message: Type | Simple, *, element: str | None = None, pretty: bool = False) -> str:
    """Write a message as JSON.

    `element` names the root where the class is the type of more than one, or the message a bare value; `pretty`
    indents. Raises EncodeError when the root's name is not known.
    """
    return json.dumps(to_tree(message, element=element), indent=2 if pretty else None)


def from_json(text: str | bytes, namespace: str | None = None) -> Type:
    """Read a message from JSON.

    `namespace` is needed for names that several namespaces have (V2G_Message). Values that break a limit of the schema
    are left to the encoder. Raises EncodeError with the path of what does not fit.
    """
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EncodeError("/", f"not JSON: {error}") from None
    return from_tree(tree, namespace)


def to_tree(message: Type | Simple, *, element: str | None = None) -> dict[str, Any]:
    """Turn a message into the plain dicts and lists that its JSON consists of."""
    return {root_element(message, element).name: _plain(message)}


def from_tree(tree: object, namespace: str | None = None) -> Type:
    """Build a message from the plain dicts and lists that its JSON consists of."""
    if not isinstance(tree, dict) or len(tree) != 1:
        raise EncodeError("/", "expected an object with one key, the name of the root element")
    ((name, content),) = tree.items()
    cls = _root_class(name, namespace)
    message = _build(cls, content, name)
    remember(message, namespace_of(cls) if namespace is None else namespace, name)
    return message


def root_element(message: Type | Simple, element: str | None) -> Element:
    """Name the element that a message, or a bare value, is the content of."""
    if not isinstance(message, Type):
        return _bare_element(message, element)
    cls = type(message)
    origin = recall(message)
    if element is None and origin is not None:
        element = origin.element
    candidates = root_elements(cls, namespace_of(cls) if origin is None else origin.namespace)
    fitting = [candidate for candidate in candidates if element in (None, candidate.name)]
    names = {candidate.name for candidate in fitting}
    if len(names) == 1:
        return fitting[0]
    known = ", ".join(sorted({candidate.name for candidate in candidates})) or "no element"
    raise EncodeError(element or "/", f"{cls.__name__} is the type of {known}: say which")


def _bare_element(value: Simple, name: str | None) -> Element:
    if name is None:
        raise EncodeError("/", f"{_describe(_plain(value))} may be the value of many elements: say which")
    return Element(name, "")


def _object(message: Type) -> dict[str, Any]:
    tree = {}
    for field in fields(type(message)):
        value = getattr(message, field.name)
        if isinstance(value, list):
            if value:
                tree.update(_lists(field, value))
        elif value is not None:
            tree[_key(field, value)] = _plain(value)
    return tree


def _key(field: Field, value: object) -> str:
    return field.key if field.attribute or field.text else element_of(field, value).name


def _lists(field: Field, values: list[Any]) -> dict[str, list[Any]]:
    lists: dict[str, list[Any]] = {}
    for value in values:
        lists.setdefault(_key(field, value), []).append(_plain(value))
    return lists


def _plain(value: Any) -> Any:
    if isinstance(value, Type):
        return _object(value)
    if isinstance(value, bytes):
        return value.hex()
    return value


def _root_class(name: str, namespace: str | None) -> type[Type]:
    if namespace is not None and namespace not in NAMESPACES:
        raise EncodeError("/", f"unknown namespace {namespace}; there are {', '.join(NAMESPACES)}")
    found = {key: roots(key)[name] for key in ([namespace] if namespace else NAMESPACES) if name in roots(key)}
    classes = list(dict.fromkeys(cls for candidates in found.values() for cls in candidates))
    if not classes:
        raise EncodeError(name, f"no element of {namespace or 'any namespace'}")
    if len(classes) > 1:
        raise EncodeError(name, f"is an element of {', '.join(found)}: say which namespace")
    return classes[0]


def _build(cls: type[Type], content: object, path: str) -> Type:
    if not isinstance(content, dict):
        raise EncodeError(path, f"expected an object, not {_describe(content)}")
    rest = dict(content)
    values: dict[str, Any] = {}
    for field in fields(cls):
        present = [key for key in _keys(field) if key in rest]
        if not present and (field.required or (field.occurs and field.occurs.min)):
            raise EncodeError(f"{path}/{field.key}", "is missing")
        if len(present) > 1 and not field.occurs:
            raise EncodeError(f"{path}/{present[1]}", f"excludes {present[0]}")
        for key in present:
            value = _value(field, _keys(field)[key], rest.pop(key), f"{path}/{key}")
            values[field.name] = [*values.get(field.name, []), *value] if field.occurs else value
    if rest:
        raise EncodeError(f"{path}/{next(iter(rest))}", f"is not a part of {cls.__name__}")
    return cls(**values)


def _keys(field: Field) -> Mapping[str, type]:
    """Map the JSON keys that may stand for a field to the type that each has."""
    if field.global_ and issubclass(field.type, Type):
        return substitutes(field.type)
    return {field.key: field.type}


def _value(field: Field, type_: type, content: object, path: str) -> Any:
    if not field.occurs:
        return _single(type_, content, path)
    if not isinstance(content, list):
        raise EncodeError(path, f"expected a list, not {_describe(content)}")
    return [_single(type_, item, f"{path}[{index}]") for index, item in enumerate(content)]


def _single(type_: type, content: Any, path: str) -> Any:
    if issubclass(type_, Type):
        return _build(type_, content, path)
    if issubclass(type_, StrEnum):
        return _enumerated(type_, content, path)
    if issubclass(type_, bytes):
        return _octets(content, path)
    if type(content) is not type_:
        raise EncodeError(path, f"expected {JSON_TYPES[type_]}, not {_describe(content)}")
    return content


def _octets(content: Any, path: str) -> bytes:
    try:
        return bytes.fromhex(content)
    except (TypeError, ValueError):
        raise EncodeError(path, f"expected a string of hex digits, not {_describe(content)}") from None


def _enumerated(type_: type[StrEnum], content: Any, path: str) -> StrEnum:
    try:
        return type_(content)
    except ValueError:
        raise EncodeError(path, f"expected one of {', '.join(type_)}, not {_describe(content)}") from None


def _describe(content: object) -> str:
    text = json.dumps(content)
    return text if len(text) <= 40 else f"{text[:37]}..."
