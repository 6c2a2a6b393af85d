"""What the message classes say about themselves: their fields, facets and element names.

The views read a message through this module, so that they hold no field list of their own. Everything is read once a
class and kept.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.messages.schema import TEXT, Attribute, Length, Lexical, Occurs, Range, Ref, Text, Type


@dataclass(frozen=True, slots=True)
class Element:
    """The name of an element: its local name and its namespace's URI ("" where the schema leaves it unqualified)."""

    name: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute, element or text of a class.

    `type` is what a single value is: bool, int, str, bytes, a StrEnum or a message class. `key` is its name in JSON,
    `element` its name in XML (an attribute's too). `global_` marks a reference to a global element, which a member of
    its substitution group may stand for.
    """

    name: str
    key: str
    element: Element
    type: type
    attribute: bool
    text: bool
    global_: bool
    required: bool
    occurs: Occurs | None
    range: Range | None
    length: Length | None
    lexical: Lexical | None


@cache
def fields(cls: type[Type]) -> tuple[Field, ...]:
    """Describe the fields of a class in the schema's order, attributes first."""
    hints = get_type_hints(cls, include_extras=True)
    described = [_field(cls, name, hints[name]) for name in cls.__struct_fields__]
    return tuple(sorted(described, key=lambda field: not field.attribute))


@cache
def global_element(cls: type[Type]) -> Element | None:
    """Find the global element that a class is the type of."""
    module = sys.modules[cls.__module__]
    name = next((name for name, type_ in module.ELEMENTS.items() if type_ is cls), None)
    return Element(name, module.NAMESPACE) if name else None


@cache
def substitutes(head: type[Type]) -> dict[str, type[Type]]:
    """Collect the members of a head's substitution group by element name.

    The head is among them even when abstract: chargers have been seen to send an empty SASchedules.
    """
    return {element.name: cls for cls in _descendants(head) if (element := global_element(cls))}


def element_of(field: Field, value: object) -> Element:
    """Name the element that holds a field's value: the field's own, or that of a substitution group's member."""
    if field.global_ and isinstance(value, Type) and type(value) is not field.type:
        return global_element(type(value)) or field.element
    return field.element


@cache
def roots(namespace: str) -> dict[str, tuple[type[Type], ...]]:
    """Collect the classes that an element name may stand for as the root of a document or fragment of `namespace`."""
    found: dict[str, dict[type[Type], None]] = {}
    for module in NAMESPACES[namespace].modules():
        for name, cls in module.ELEMENTS.items():
            if _is_message(cls):
                found.setdefault(name, {})[cls] = None
    for cls in _classes(namespace):
        for field in fields(cls):
            if not field.attribute and _is_message(field.type):
                found.setdefault(field.name, {})[field.type] = None
    return {name: tuple(classes) for name, classes in found.items()}


@cache
def root_elements(cls: type[Type], namespace: str) -> tuple[Element, ...]:
    """Name the elements that an instance may be the root of: its global one, or else every local one of its class."""
    if element := global_element(cls):
        return (element,)
    uses = (field for owner in _classes(namespace) for field in fields(owner) if field.type is cls)
    return tuple(dict.fromkeys(field.element for field in uses))


@cache
def namespace_of(cls: type[Type]) -> str:
    """Name the EXI namespace whose own modules define a class, the first one if it is common to several."""
    module = cls.__module__.removeprefix("fastsecc.messages.")
    return next(namespace.name for namespace in NAMESPACES.values() if module in namespace.own_module_names)


def _classes(namespace: str) -> Iterator[type[Type]]:
    for module in NAMESPACES[namespace].modules():
        for cls in vars(module).values():
            if _is_message(cls) and cls.__module__ == module.__name__:
                yield cls


def _is_message(cls: object) -> bool:
    return isinstance(cls, type) and issubclass(cls, Type)


def _descendants(cls: type[Type]) -> Iterator[type[Type]]:
    yield cls
    for child in cls.__subclasses__():
        yield from _descendants(child)


def _field(cls: type[Type], name: str, hint: Any) -> Field:
    type_, facets, optional = _unwrap(hint)
    attribute, ref = facets.get(Attribute), facets.get(Ref)
    owner = next(base for base in reversed(cls.__mro__) if issubclass(base, Type) and name in base.__struct_fields__)
    module = sys.modules[owner.__module__]
    local = getattr(module, "LOCAL_NAMESPACE", module.NAMESPACE)
    namespace = (attribute.namespace or "") if attribute else ref.namespace if ref else local
    return Field(
        name=name,
        key=f"@{name}" if attribute else "$" if Text in facets else name,
        element=Element(name, namespace),
        type=type_,
        attribute=attribute is not None,
        text=facets.get(Text) is TEXT,
        global_=ref is not None,
        required=not optional and Occurs not in facets,
        occurs=facets.get(Occurs),
        range=facets.get(Range),
        length=facets.get(Length),
        lexical=facets.get(Lexical),
    )


def _unwrap(hint: Any) -> tuple[type, dict[type, Any], bool]:
    """Peel `Annotated`, `| None` and `list` off a hint; an outer facet overrides an inner one."""
    if metadata := getattr(hint, "__metadata__", ()):
        type_, facets, optional = _unwrap(hint.__origin__)
        return type_, facets | {type(facet): facet for facet in metadata}, optional
    if get_origin(hint) in (Union, UnionType):
        (inner,) = (part for part in get_args(hint) if part is not NoneType)
        type_, facets, _ = _unwrap(inner)
        return type_, facets, True
    if get_origin(hint) is list:
        return _unwrap(get_args(hint)[0])
    return hint, {}, False
