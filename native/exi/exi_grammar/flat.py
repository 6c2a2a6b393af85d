"""Types that the engine takes in one go.

A type of a few numbers, such as PhysicalValueType, is decoded from one 64-bit word if every element is there, which is
what event code 0 stands for in each of its states. All bits but those of the values are then zero. Anything else goes
the long way, state by state.
"""

from __future__ import annotations

from dataclasses import dataclass

from exi_grammar.fields import Kind, fields_of
from exi_grammar.grammar import END, Entry, Grammar, TypeEntry

MAX_MASK_BITS = 16
MAX_OPTIONAL = 4
"""How many octets at the start of a struct, each telling of an element whether it is there, are looked at in one go."""
MAX_BITS = 47
"""A word holds at least 57 bits, of which up to 9 are the event code that leads to the element."""
VARIABLE_BITS = 24
"""What an integer of variable length may take: three groups, enough for everything below two million."""


@dataclass(frozen=True, slots=True)
class Item:
    """A field with the zero bits before it (and its own, if they are always as many); END for those at the end."""

    field: int
    bits: int
    optional: int = 0
    """In the END item: how many elements are optional."""


def flat_items(grammar: Grammar, entry: TypeEntry) -> list[Item]:
    """List the fields of a type and its end; nothing if it cannot be taken in one go."""
    items: list[Item] = []
    pending, most, number = 0, 0, entry.start
    while True:
        state = grammar.states[number]
        first = state.productions[0]
        content = grammar.entries[first.field]
        if first.field == END:
            items.append(Item(END, pending + state.width, sum(field.optional for field in fields_of(entry.cls))))
            return items if len(items) > 1 and most + items[-1].bits <= MAX_BITS and _fits(items) else []
        if not _may_be_item(content) or state.repeat or state.sparse:
            return []
        items.append(Item(first.field, pending + state.width + 1 + _own_bits(content)))
        most += items[-1].bits + (0 if content.kind is Kind.SMALL else VARIABLE_BITS)
        pending, number = 1, first.next


def _fits(items: list[Item]) -> bool:
    return all(item.bits <= MAX_MASK_BITS and item.optional <= MAX_OPTIONAL for item in items)


def _may_be_item(entry: Entry) -> bool:
    return entry.kind in (Kind.SMALL, Kind.UNSIGNED, Kind.INTEGER) and not entry.bare and not entry.repeated


def _own_bits(entry: Entry) -> int:
    """Count the bits of a number that are always there."""
    if entry.kind is Kind.SMALL and entry.value is not None:
        return entry.value.bits
    return 1 if entry.kind is Kind.INTEGER else 0
