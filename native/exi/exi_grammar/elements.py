"""All classes, elements and attributes of a namespace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import TypeGuard

from exi_grammar.fields import Value, element_content, fields_of
from fastsecc.messages.namespaces import Namespace
from fastsecc.messages.schema import Type

QName = tuple[str, str]
"""Local name and URI, which is the order of event codes."""
Content = Value | type[Type]


@dataclass(frozen=True, slots=True)
class Elements:
    """What gets event codes in a namespace; each mapping is sorted."""

    declared: dict[QName, Content]
    """The global elements."""
    named: dict[QName, list[Content]]
    """Global and local elements with each different content that they have."""
    attributes: list[QName]


def elements_of(namespace: Namespace) -> Elements:
    """Collect the elements of a namespace from its modules and every class reachable from them."""
    declared = {
        (name, module.NAMESPACE): element_content(annotation)
        for module in namespace.modules()
        for name, annotation in module.ELEMENTS.items()
    }
    named = {qname: [content] for qname, content in declared.items()}
    attributes = set()
    # Types that no element uses, such as the abstract ones of other messages, still have a say in the names.
    defined = [cls for module in namespace.modules() for cls in vars(module).values() if _is_type_of(cls, module)]
    for field in (field for cls in classes_of([*declared.values(), *defined]) for field in fields_of(cls)):
        qname = field.name, field.namespace
        if field.attribute:
            attributes.add(qname)
        elif not field.text and field.content not in named.setdefault(qname, []):
            named[qname].append(field.content)
    return Elements(dict(sorted(declared.items())), dict(sorted(named.items())), sorted(attributes))


def _is_type_of(cls: object, module: ModuleType) -> TypeGuard[type[Type]]:
    return isinstance(cls, type) and issubclass(cls, Type) and cls.__module__ == module.__name__


def classes_of(contents: Iterable[Content]) -> list[type[Type]]:
    """List the complex types among contents and in their fields, at any depth, each once."""
    found: dict[type[Type], None] = {}
    waiting = list(contents)
    while waiting:
        content = waiting.pop(0)
        if isinstance(content, type) and content not in found:
            found[content] = None
            waiting += [field.content for field in fields_of(content)]
    return list(found)
