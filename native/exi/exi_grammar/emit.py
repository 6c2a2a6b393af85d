"""The grammar as C text: constant tables that the engine is compiled with."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from enum import StrEnum

from exi_grammar.fields import Kind, Value
from exi_grammar.flat import Item, flat_items
from exi_grammar.grammar import END, REFUSED, Entry, Grammar, State
from exi_grammar.structs import BODIES, ENVELOPES, LOOP_MESSAGES, Place, octets_of_presence, prefix_of
from fastsecc.messages.schema import Type

NOWHERE = "EXI_NOWHERE"
"""Offset of what has no place in a struct."""
ALWAYS, NEVER = 0xFF, 0xFF
"""Presence of what is always there; what the octet that tells of its presence is never, for what has no place."""
BARE, REPEATED, WIDE, ABSTRACT, CLEAR = 1, 2, 4, 8, 16
CLEAR_SHIFT = 5
"""Above the flags stands how many words more than one a struct has to have cleared."""
SPARSE = 31
"""Stands where other states say how often their first production repeats."""
REPEAT_SHIFT = 3
STOP = 0xFFFF
NO_WIDTH = 0xFF
"""Width of the event code in the state where there is none."""


class Names:
    """One string that holds every name, each ended by a null octet; compressed, for it is rarely read."""

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
        packed = zlib.compress("".join(f"{name}\0" for name in self._offsets).encode(), 9)
        rows = [", ".join(map(str, packed[at : at + 20])) for at in range(0, len(packed), 20)]
        return _array("uint8_t", "exi_names", rows).replace("EXI_NAMES_N", "EXI_NAMES_ROWS")


class Tables:
    """The tables of a grammar, in C."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._names = Names()
        self._modules: dict[str, int] = {}
        self._values: dict[Value, int] = {}
        self._repeats = [0, *sorted({state.repeat for state in grammar.states} - {0})]
        self._flats: list[Item | None] = [None]
        self._flat_numbers = [self._add_flat(flat_items(grammar, entry)) for entry in grammar.types]

    def header(self) -> str:
        """Write the header that the engine includes."""
        parts = [
            "/* Generated from the message classes: the grammars of all namespaces. */",
            '#include "exi_tables_layout.h"\n',
            f"#define EXI_MAX_DEPTH {self._grammar.depth + 1}\n",
            self._states_and_productions(),
            _array("uint16_t", "exi_repeats", [str(repeat) for repeat in self._repeats]),
            self._fields(),
            self._places(),
            self._values_tables(),
            self._types(),
            self._flat_table(),
            self._roots(),
            _array("exi_loop", "exi_loops", map(self._loop, LOOP_MESSAGES)),
            _array("uint16_t", "exi_modules", [str(self._names.offset(name)) for name in self._modules]),
            self._names.text(),
        ]
        return "\n".join(parts)

    def _states_and_productions(self) -> str:
        states: list[str] = []
        productions: list[str] = []
        for state in self._grammar.states:
            first, n = len(productions), len(state.productions)
            if n == 0:
                states.append(f"{{0, 0, {NO_WIDTH}}}")
            elif state.sparse:
                states.append(f"{{{first}, 0, {SPARSE << REPEAT_SHIFT}}}")
            else:
                states.append(f"{{{first}, {n}, {state.width | self._repeats.index(state.repeat) << REPEAT_SHIFT}}}")
            productions += _sparse(state) if state.sparse else [f"{{{p.field}, {p.next}}}" for p in state.productions]
        return _array("exi_state", "exi_states", states) + _array("exi_production", "exi_productions", productions)

    def _fields(self) -> str:
        return _array("exi_field", "exi_fields", [self._field(entry) for entry in self._grammar.entries])

    def _field(self, entry: Entry) -> str:
        wide = entry.place is not None and entry.place.wide
        flags = BARE * entry.bare | REPEATED * entry.repeated | WIDE * wide | ABSTRACT * entry.abstract
        bits = content = 0
        if entry.value is not None:
            bits, content = entry.value.bits, self._value(entry.value)
        elif entry.kind is Kind.COMPLEX:
            child = self._grammar.types[entry.child]
            bits, content = self._flat_numbers[entry.child], child.start
            if entry.place is not None and (n := octets_of_presence(child.cls)):
                flags |= CLEAR | (n - 1) // 8 << CLEAR_SHIFT
        name = self._names.offset(entry.name)
        return f"{{{entry.kind.value}, {bits}, {flags}, {entry.slot}, {content}, {name}}}"

    def _places(self) -> str:
        placed = self._grammar.entries[END + 1 : self._grammar.placed]
        return _array("exi_place", "exi_places", [f"{{0, {ALWAYS}, 0}}", *(_place(entry.place) for entry in placed)])

    def _value(self, value: Value) -> int:
        return self._values.setdefault(value, len(self._values))

    def _values_tables(self) -> str:
        pythons = [self._python_row(value) for value in self._values]
        values = [_limits_row(value) for value in self._values]
        return _array("exi_value", "exi_values", values) + _array("exi_python", "exi_pythons", pythons)

    def _python_row(self, value: Value) -> str:
        if issubclass(value.python, StrEnum):
            return f"{{{self._class(value.python)}, EXI_ENUM}}"
        return f"{{0, 0, {'EXI_BOOL' if value.python is bool else 'EXI_PLAIN'}}}"

    def _class(self, cls: type) -> str:
        return f"{self._names.offset(cls.__name__)}, {self._modules.setdefault(cls.__module__, len(self._modules))}"

    def _types(self) -> str:
        rows = [
            f"{{{entry.start}, {entry.fields.start}, {self._class(entry.cls)}, {len(entry.fields)}}}"
            for entry in self._grammar.types
        ]
        assert [entry.start for entry in self._grammar.types] == sorted(entry.start for entry in self._grammar.types)
        return _array("exi_type", "exi_types", rows)

    def _add_flat(self, items: list[Item]) -> int:
        """Return the number of the first item, 0 if there is none."""
        self._flats += items
        return len(self._flats) - len(items) if items else 0

    def _flat_table(self) -> str:
        return _array("exi_flat", "exi_flats", [self._flat(item) for item in self._flats])

    def _flat(self, item: Item | None) -> str:
        if item is None:
            return "{0}"
        entry = self._grammar.entries[item.field]
        # Whatever is taken in one go is far from the limits of wider types than these.
        low = max(entry.value.low, -(2**31)) if entry.value else 0
        span = min(entry.value.span, 2**32 - 1) if entry.value else 0
        limits = f"EXI_FIRST_OCTETS({item.optional})" if item.optional else f"{span}u"
        kind = f"{entry.kind.value}{' | EXI_FLAT_WIDE' if entry.place and entry.place.wide else ''}"
        offset = entry.place.offset if entry.place else "0"
        return f"{{{kind}, {item.bits}, {item.field}, {limits}, {low}, {offset}, {(1 << item.bits) - 1:#x}}}"

    def _roots(self) -> str:
        fields: list[int] = []
        rows = []
        for root in self._grammar.roots:
            document, fragment = len(fields), len(fields) + len(root.document)
            fields += [*root.document, *root.fragment]
            starts = f"{{{{{document}, {len(root.document)}}}, {{{fragment}, {len(root.fragment)}}}}}"
            rows.append(f"{{{starts}}}")
        return _array("uint16_t", "exi_root_fields", map(str, fields)) + _array("exi_root", "exi_roots", rows)

    def _loop(self, message: type[Type]) -> str:
        """Write the namespace of a charge-loop message, and the event codes of its document and in its Body."""
        bodies = {prefix_of(cls): cls for cls in BODIES}
        envelopes = {prefix_of(cls): cls for cls in ENVELOPES}
        prefix = prefix_of(message)
        namespace, field = self._grammar.documents[envelopes.get(prefix, message)]
        document = self._grammar.roots[namespace].document.index(field)
        return f"{{{namespace}, {document}, {self._body_code(message, bodies[prefix]) if prefix in bodies else 0}}}"

    def _body_code(self, message: type[Type], body: type[Type]) -> int:
        (start,) = (entry.start for entry in self._grammar.types if entry.cls is body)
        fields = [production.field for production in self._grammar.states[start].productions]
        contents = [self._grammar.types[self._grammar.entries[field].child].cls for field in fields]
        return contents.index(message)


def tables_header(grammar: Grammar) -> str:
    """Write the header with the tables of a grammar."""
    return Tables(grammar).header()


def _sparse(state: State) -> list[str]:
    """Write how many productions there are, then those that are taken, each after a row that has its event code."""
    taken = [(code, p) for code, p in enumerate(state.productions) if p.field != REFUSED]
    rows = [row for code, p in taken for row in (f"{{{code}, 0}}", f"{{{p.field}, {p.next}}}")]
    return [f"{{{len(state.productions)}, 0}}", *rows, f"{{{STOP}, 0}}"]


def _limits_row(value: Value) -> str:
    low = "INT64_MIN" if value.low == -(2**63) else f"INT64_C({value.low})"
    return f"{{{low}, UINT64_C({value.span})}}"


def _place(place: Place | None) -> str:
    if place is None:
        return f"{{{NOWHERE}, 0, {NEVER}}}"
    return f"{{{place.offset}, {place.presence or ALWAYS}, {place.present}}}"


def _array(kind: str, name: str, rows: Iterable[str]) -> str:
    lines = [f"    {row}," for row in rows]
    return "\n".join(
        [f"static const {kind} {name}[] = {{", *lines, "};", f"#define {name.upper()}_N {len(lines)}", "", ""]
    )
