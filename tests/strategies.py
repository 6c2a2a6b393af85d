"""Hypothesis strategies for messages, made from the facets of their classes."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Any

from hypothesis import strategies as st

from fastsecc.messages import din70121, iso2
from fastsecc.messages.reflection import Field, fields, roots, substitutes
from fastsecc.messages.schema import Particle, Type, Wildcard

LONGEST = 40
"""Characters or octets of a value, where its schema would allow more."""
MOST = 3
"""Items of a list, where its schema would allow more."""
WIDEST = 2**160
"""An integer without a range: X.509 serial numbers have up to 20 octets."""

CHARACTERS = st.characters(
    exclude_categories=["Cc", "Cs"], include_characters="\t\n\r", exclude_characters="\ufffe\uffff"
)
"""What XML, and so every schema, allows in a string."""

BODIES = {
    "din": (din70121.V2G_Message, din70121.MessageHeaderType, din70121.BodyType, din70121.BodyBaseType),
    "iso2": (iso2.V2G_Message, iso2.MessageHeaderType, iso2.BodyType, iso2.BodyBaseType),
}


def bodies(namespace: str) -> list[type[Type]]:
    """List the messages that the Body of a namespace may hold."""
    head = BODIES[namespace][3]
    return [cls for cls in substitutes(head).values() if cls is not head]


def documents(namespace: str) -> st.SearchStrategy[Type]:
    """Draw a whole message of a namespace."""
    if namespace not in BODIES:
        return st.sampled_from(unwrapped(namespace)).flatmap(messages)
    return st.sampled_from(bodies(namespace)).flatmap(lambda cls: document(namespace, cls))


def unwrapped(namespace: str) -> list[type[Type]]:
    """List the messages of a namespace that has no envelope for them."""
    return [cls for name, (cls, *_) in roots(namespace).items() if name.endswith(("Req", "Res"))]


def document(namespace: str, body: type[Type]) -> st.SearchStrategy[Type]:
    """Draw a message of a namespace with a body of one class."""
    envelope, header, body_type, _ = BODIES[namespace]
    return st.builds(envelope, Header=messages(header), Body=st.builds(body_type, BodyElement=messages(body)))


@st.composite
def messages(draw: st.DrawFn, cls: type[Type]) -> Type:
    """Draw an instance of a class, or of a member of its substitution group, that its schema allows."""
    described = fields(cls)
    spelt_out = draw(occurrences(cls.CONTENT)) if cls.CONTENT else None
    names = {field.name for field in described if not (field.attribute or field.text)}
    values: dict[str, Any] = {}
    for field in described:
        if spelt_out is not None and field.name in names:
            count = spelt_out[field.name]
        else:
            count = draw(how_many(field))
        items = [draw(single(field, cls)) for _ in range(count)]
        if field.occurs:
            values[field.name] = items
        elif items:
            values[field.name] = items[0]
    return cls(**values)


def how_many(field: Field) -> st.SearchStrategy[int]:
    """Draw how often a field occurs."""
    if field.occurs is None:
        return st.just(1) if field.required else st.integers(0, 1)
    low, high = field.occurs.min, field.occurs.max
    return st.integers(low, MOST if high is None else min(high, MOST))


@st.composite
def occurrences(draw: st.DrawFn, particle: Particle) -> Counter[str]:
    """Draw how often each element of a spelt-out content model occurs."""
    found: Counter[str] = Counter()
    most = MOST if particle.max is None else min(particle.max, MOST)
    parts = [part for part in particle.parts if not isinstance(part, Wildcard)]
    for _ in range(draw(st.integers(particle.min, most)) if parts else 0):
        for part in [draw(st.sampled_from(parts))] if particle.choice else parts:
            found.update([part] if isinstance(part, str) else draw(occurrences(part)))
    return found


def single(field: Field, owner: type[Type]) -> st.SearchStrategy[Any]:
    """Draw one value of a field of a class."""
    type_ = field.type
    if issubclass(type_, Type):
        members = [cls for cls in substitutes(type_).values() if not is_abstract(cls)] if field.global_ else []
        # Of the groups that several schemas of ISO 15118-20 add to, each takes its own members alone.
        members = [cls for cls in members if cls.__module__ == owner.__module__] or members
        return st.one_of([st.deferred(lambda cls=cls: messages(cls)) for cls in members or [type_]])
    if issubclass(type_, StrEnum):
        return st.sampled_from(list(type_))
    if type_ is bool:
        return st.booleans()
    if type_ is int:
        return st.integers(field.range.low, field.range.high) if field.range else st.integers(-WIDEST, WIDEST)
    low, high = (field.length.min, field.length.max) if field.length else (0, None)
    longest = LONGEST if high is None else min(high, LONGEST)
    if type_ is bytes:
        return st.binary(min_size=low, max_size=max(low, longest))
    return st.text(CHARACTERS, min_size=low, max_size=max(low, longest))


def is_abstract(cls: type[Type]) -> bool:
    """Tell whether a class is a head that is never sent itself."""
    return bool(cls.__dict__.get("ABSTRACT", False))
