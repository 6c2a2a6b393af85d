"""Content models as automata: which terms may come next, and what is left after each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exi_grammar.fields import Field, fields_of
from fastsecc.messages.schema import Particle, Type, Wildcard


@dataclass(frozen=True, slots=True)
class Term:
    """A field, or None for a wildcard, with how often it comes."""

    field: Field | None
    min: int
    max: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """Parts in sequence or as a choice, with how often they come."""

    parts: tuple[Part, ...]
    choice: bool
    min: int
    max: int | None


Part = Term | Group
Rest = tuple[Part, ...]
"""What is left to come, in order."""


@dataclass(frozen=True, slots=True)
class Step:
    """A term that may come now, and what is left after it."""

    field: Field | None
    rest: Rest


def content_of(cls: type[Type]) -> Rest:
    """Return the whole content of a class: attributes, then text or elements."""
    fields = fields_of(cls)
    attributes = tuple(_term(field) for field in fields if field.attribute)
    others = {field.name: field for field in fields if not field.attribute}
    if cls.CONTENT is None:
        return attributes + tuple(_term(field) for field in others.values())
    return (*attributes, _group(cls.CONTENT, others))


def _term(field: Field) -> Term:
    return Term(field, *field.bounds)


def _group(particle: Particle, fields: dict[str, Field]) -> Part:
    if isinstance(particle, Wildcard):
        return Term(None, particle.min, particle.max)
    parts = tuple(
        Term(fields[part], 1, 1) if isinstance(part, str) else _group(part, fields) for part in particle.parts
    )
    return Group(parts, particle.choice, particle.min, particle.max)


def steps(rest: Rest) -> tuple[list[Step], bool]:
    """List what may come now, in the schema's order, and tell whether the content may also end."""
    found: dict[Field | None, Step] = {}
    for index, part in enumerate(rest):
        for step in _starts(part):
            whole = Step(step.field, step.rest + rest[index + 1 :])
            if found.setdefault(step.field, whole) != whole:
                raise ValueError(f"{step.field}: the content model is not deterministic")
        if not _may_be_absent(part):
            return list(found.values()), False
    return list(found.values()), True


def _starts(part: Part) -> Iterator[Step]:
    again = _again(part)
    if isinstance(part, Term):
        yield Step(part.field, again)
    elif part.choice:
        for branch in part.parts:
            yield from (Step(step.field, step.rest + again) for step in _starts(branch))
    else:
        yield from (Step(step.field, step.rest + again) for step in steps(part.parts)[0])


def _again(part: Part) -> Rest:
    """Return what is left of a repeated part after it has come once."""
    if part.max == 1:
        return ()
    most = None if part.max is None else part.max - 1
    least = max(part.min - 1, 0)
    if isinstance(part, Term):
        return (Term(part.field, least, most),)
    return (Group(part.parts, part.choice, least, most),)


def _may_be_absent(part: Part) -> bool:
    if part.min == 0:
        return True
    if isinstance(part, Term):
        return False
    return (any if part.choice else all)(_may_be_absent(inner) for inner in part.parts)
