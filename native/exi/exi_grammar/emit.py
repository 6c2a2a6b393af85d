"""The grammar as C text: constant tables that the engine is compiled with."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from exi_grammar.fields import Value
from exi_grammar.grammar import Entry, Grammar

NOWHERE = 0xFFFF
"""Offset of what has no place in a struct."""
BARE, REPEATED, WIDE, ABSTRACT = 1, 2, 4, 8


class Names:
    """One string that holds every name, each ended by a null octet."""

    def __init__(self) -> None:
        self._offsets: dict[str, int] = {}
        self._length = 0

    def offset(self, name: str) -> int:
        """Return where a name starts."""
        if name not in self._offsets:
            self._offsets[name] = self._length
            self._length += len(name) + 1
        return self._offsets[name]

    def text(self) -> str:
        """Write the string."""
        return "static const char exi_names[] =\n" + "\n".join(f'    "{name}\\0"' for name in self._offsets) + ";\n"


class Tables:
    """The tables of a grammar, in C."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._names = Names()
        self._modules: dict[str, int] = {}
        self._values: dict[Value, int] = {}

    def header(self) -> str:
        """Write the header that the engine includes."""
        parts = [
            "/* Generated from the message classes: the grammars of all namespaces. */",
            '#include "exi_tables_layout.h"\n',
            f"#define EXI_MAX_DEPTH {self._grammar.depth + 1}\n",
            self._states(),
            self._productions(),
            self._fields(),
            self._values_table(),
            self._types(),
            self._roots(),
            self._modules_table(),
            self._names.text(),
        ]
        return "\n".join(parts)

    def _states(self) -> str:
        rows, first = [], 0
        for state in self._grammar.states:
            rows.append(f"{first}, {len(state.productions)}, {state.repeat}, {state.width}")
            first += len(state.productions)
        return _array("exi_state", "exi_states", rows)

    def _productions(self) -> str:
        rows = [f"{p.field}, {p.next}" for state in self._grammar.states for p in state.productions]
        return _array("exi_production", "exi_productions", rows)

    def _fields(self) -> str:
        return _array("exi_field", "exi_fields", [self._field(entry) for entry in self._grammar.entries])

    def _field(self, entry: Entry) -> str:
        place = entry.place
        wide = place is not None and place.wide
        flags = BARE * entry.bare | REPEATED * entry.repeated | WIDE * wide | ABSTRACT * entry.abstract
        bits = entry.value.bits if entry.value else 0
        content = self._value(entry.value) if entry.value else entry.child
        where = f"{place.offset}, {place.presence or NOWHERE}, {place.present}" if place else f"{NOWHERE}, {NOWHERE}, 0"
        return f"{entry.kind.value}, {bits}, {flags}, {entry.slot}, {content}, {self._names.offset(entry.name)}, {where}"

    def _value(self, value: Value) -> int:
        return self._values.setdefault(value, len(self._values))

    def _values_table(self) -> str:
        return _array("exi_value", "exi_values", [self._value_row(value) for value in self._values])

    def _value_row(self, value: Value) -> str:
        python = value.python
        if issubclass(python, StrEnum):
            return f"{value.low}, {value.span}, {self._class(python)}, EXI_ENUM"
        span = f"UINT64_C({value.span})"
        return f"{_signed(value.low)}, {span}, 0, 0, {'EXI_BOOL' if python is bool else 'EXI_PLAIN'}"

    def _class(self, cls: type) -> str:
        return f"{self._names.offset(cls.__name__)}, {self._modules.setdefault(cls.__module__, len(self._modules))}"

    def _types(self) -> str:
        rows = [
            f"{entry.start}, {entry.fields.start}, {len(entry.fields)}, {self._class(entry.cls)}"
            for entry in self._grammar.types
        ]
        return _array("exi_type", "exi_types", rows)

    def _roots(self) -> str:
        rows = [
            f"{self._names.offset(root.name)}, {root.document}, {root.fragment}, {root.envelope}"
            for root in self._grammar.roots
        ]
        return _array("exi_root", "exi_roots", rows)

    def _modules_table(self) -> str:
        return _array("uint16_t", "exi_modules", [str(self._names.offset(name)) for name in self._modules], braces=False)


def tables_header(grammar: Grammar) -> str:
    """Write the header with the tables of a grammar."""
    return Tables(grammar).header()


def _signed(value: int) -> str:
    return "INT64_MIN" if value == -(2**63) else f"INT64_C({value})"


def _array(kind: str, name: str, rows: Iterable[str], *, braces: bool = True) -> str:
    lines = [f"    {{{row}}}," if braces else f"    {row}," for row in rows]
    return "\n".join([f"static const {kind} {name}[] = {{", *lines, "};", f"#define {name.upper()}_N {len(lines)}", ""])
