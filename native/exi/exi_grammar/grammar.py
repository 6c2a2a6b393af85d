"""Every namespace's grammar as numbered states, productions, fields and roots; types are shared between namespaces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from exi_grammar.content import Rest, Term, content_of, steps
from exi_grammar.elements import Content, Elements, QName, classes_of, elements_of
from exi_grammar.fields import Field, Kind, Value, fields_of
from exi_grammar.structs import Place, is_placed, place_of, place_of_document
from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.messages.schema import Type

END, REFUSED = 0, 1
"""Fields that are none: the end of an element, and what has an event code but is not taken."""
NO_STATE = 0
"""After the end of an element."""


@dataclass(frozen=True, slots=True)
class Production:
    """A field that may come, and the state after it."""

    field: int
    next: int


@dataclass(slots=True)
class State:
    """Productions in the order of their event codes; the first may be taken `repeat` times before its next state.

    A `sparse` one has hundreds, almost all REFUSED.
    """

    productions: list[Production] = field(default_factory=list)
    repeat: int = 0
    sparse: bool = False

    @property
    def width(self) -> int:
        """Bits of the event code; one code more than there are productions escapes to the second level."""
        return len(self.productions).bit_length()


@dataclass(slots=True)
class Entry:
    """A field as the engine sees it."""

    name: str
    kind: Kind
    value: Value | None = None
    child: int = 0
    """Type number of a COMPLEX one."""
    slot: int = 0
    bare: bool = False
    """An attribute or text: the value alone, without the events around the content of an element."""
    repeated: bool = False
    abstract: bool = False
    """The head of a substitution group, which a schema forbids but some chargers send."""
    field: Field | None = None
    place: Place | None = None
    """In the C struct of a charge-loop message."""


@dataclass(slots=True)
class TypeEntry:
    """A complex type: its class, its fields (numbered in a row, in the order of the content) and its start state."""

    cls: type[Type]
    fields: range = range(0)
    start: int = NO_STATE


@dataclass(slots=True)
class Root:
    """The fields that the documents and fragments of a namespace may start with, in the order of their event codes."""

    document: list[int]
    fragment: list[int]


class Grammar:
    """The tables of all namespaces."""

    def __init__(self) -> None:
        self.states: list[State] = [State()]
        self.entries: list[Entry] = [Entry("", Kind.END), Entry("", Kind.REFUSED)]
        self.types: list[TypeEntry] = []
        self.roots: list[Root] = []
        self._type_ids: dict[type[Type], int] = {}
        self._members: dict[type[Type], dict[type[Type], list[tuple[QName, type[Type]]]]] = {}
        """Of substitution groups, by their heads, as each class sees them: in the namespace that it is from."""
        self._field_ids: dict[Field, int] = {}
        self._root_ids: dict[tuple[str, Content], int] = {}
        self.documents: dict[type[Type], tuple[int, int]] = {}
        """Root elements that have a place in a C struct: the number of their namespace, and of the field."""
        every = {name: elements_of(namespace) for name, namespace in NAMESPACES.items()}
        for elements in every.values():
            self._add_types(elements)
        # Fields with a place in a C struct get the lowest numbers, so that only these need to have places.
        for number, elements in enumerate(every.values()):
            self._add_placed_documents(number, elements)
        for entry in sorted(self.types, key=lambda entry: not is_placed(entry.cls)):
            entry.fields = self._add_fields(self._fields_with_members(entry.cls))
        self.placed = max(entry.fields.stop for entry in self.types if is_placed(entry.cls))
        self._find_root_ids()
        for entry in self.types:
            entry.start = self._add_states(entry.cls)
        for elements in every.values():
            self.roots.append(Root(self._document(elements), self._fragment(elements)))

    @property
    def depth(self) -> int:
        """How deep elements nest at most; no type contains itself."""

        def depth(number: int) -> int:
            children = [
                self.entries[n].child for n in self.types[number].fields if self.entries[n].kind is Kind.COMPLEX
            ]
            return 1 + max(map(depth, children), default=0)

        return max(map(depth, range(len(self.types))))

    def _add_types(self, elements: Elements) -> None:
        declared = {qname: cls for qname, cls in elements.declared.items() if isinstance(cls, type)}
        members = {
            head: [(qname, cls) for qname, cls in declared.items() if issubclass(cls, head)]
            for head in declared.values()
        }
        for cls in classes_of(content for contents in elements.named.values() for content in contents):
            if cls not in self._type_ids:
                self._type_ids[cls] = len(self.types)
                self._members[cls] = members
                self.types.append(TypeEntry(cls))

    def _fields_with_members(self, cls: type[Type]) -> list[Field]:
        return [member for field in fields_of(cls) for member in self._alternatives(field)]

    def _alternatives(self, field: Field) -> list[Field]:
        """List what may stand for a field: itself, or the members of its substitution group."""
        heads = self._members[field.owner] if field.referred else {}
        members = heads.get(field.content, []) if isinstance(field.content, type) else []
        if len(members) < 2:
            return [field]
        return [replace(field, name=name, namespace=uri, content=cls) for (name, uri), cls in members]

    def _add_fields(self, fields: Iterable[Field]) -> range:
        first = len(self.entries)
        for each in fields:
            self._field_ids[each] = len(self.entries)
            self.entries.append(self._entry(each.name, each.content))
            self.entries[-1].slot = each.slot
            self.entries[-1].bare = each.attribute or each.text
            self.entries[-1].repeated = each.occurs is not None
            self.entries[-1].field = each
            self.entries[-1].place = place_of(each)
        return range(first, len(self.entries))

    def _entry(self, name: str, content: Content) -> Entry:
        if isinstance(content, Value):
            return Entry(name, content.kind, content)
        # The members of a group inherit the mark of its head, so it counts only where it is set.
        return Entry(name, Kind.COMPLEX, child=self._type_ids[content], abstract="ABSTRACT" in vars(content))

    def _field_id(self, field: Field) -> int:
        return self._field_ids[field]

    def _add_states(self, cls: type[Type]) -> int:
        """Add a state for everything that may be left of a type's content; return the one for all of it."""
        numbers: dict[Rest, int] = {}
        waiting: list[Rest] = []

        def number(rest: Rest) -> int:
            if rest not in numbers:
                numbers[rest] = len(self.states)
                self.states.append(State())
                waiting.append(rest)
            return numbers[rest]

        start = number(content_of(cls))
        while waiting:
            rest = waiting.pop(0)
            state = self.states[numbers[rest]]
            state.repeat = _limited_repeat(rest)
            found, may_end = steps(rest)
            for step in found:
                after = number(rest[1:] if state.repeat and step is found[0] else step.rest)
                if step.field is not None:
                    fields = self._alternatives(step.field)
                    state.productions += [Production(self._field_id(each), after) for each in fields]
            state.productions += self._rest_of(cls, [step.field for step in found], may_end)
        return start

    def _rest_of(self, cls: type[Type], found: list[Field | None], may_end: bool) -> list[Production]:
        """Return what comes after the named elements in the order of event codes: any element, the end, text."""
        more = [Production(REFUSED, NO_STATE)] if None in found else []
        if may_end:
            more.append(Production(END, NO_STATE))
        in_content = may_end or any(field is None or not field.attribute for field in found)
        if cls.MIXED and in_content:
            more.append(Production(REFUSED, NO_STATE))
        return more

    def _add_placed_documents(self, namespace: int, elements: Elements) -> None:
        """Add the root elements that the charge loop takes: they are apart from others of their name."""
        for (name, _), content in elements.declared.items():
            place = place_of_document(content) if isinstance(content, type) else None
            if isinstance(content, type) and place is not None:
                self.documents[content] = namespace, len(self.entries)
                self._root_ids[name, content] = len(self.entries)
                self.entries.append(self._entry(name, content))
                self.entries[-1].place = place

    def _find_root_ids(self) -> None:
        """Let roots share the fields that belong to types, but for those with a place in a C struct."""
        for each, number in self._field_ids.items():
            if not self.entries[number].bare and self.entries[number].place is None:
                self._root_ids.setdefault((each.name, each.content), number)

    def _document(self, elements: Elements) -> list[int]:
        return [*(self._root_id(name, content) for (name, _), content in elements.declared.items()), REFUSED]

    def _fragment(self, elements: Elements) -> list[int]:
        ids = [
            self._root_id(name, contents[0]) if len(contents) == 1 else self._relaxed(name, contents, elements)
            for (name, _), contents in elements.named.items()
        ]
        return [*ids, REFUSED, REFUSED]

    def _root_id(self, name: str, content: Content) -> int:
        """Find an element with this name and content, or add one that belongs to no type."""
        if (name, content) not in self._root_ids:
            self._root_ids[name, content] = len(self.entries)
            self.entries.append(self._entry(name, content))
        return self._root_ids[name, content]

    def _relaxed(self, name: str, contents: list[Content], elements: Elements) -> int:
        """Add an element whose name has several types: as a fragment it follows a grammar that allows anything.

        Taken is the type with attributes and text; whatever else the grammar allows is refused.
        """
        (cls,) = (content for content in contents if isinstance(content, type))
        fields = self._add_fields(replace(each, owner=Type) for each in fields_of(cls))
        ids = {(self.entries[n].field.name, self.entries[n].field.namespace): n for n in fields}
        (text,) = (n for n in fields if self.entries[n].field.text)
        any_element = [REFUSED] * (len(elements.named) + 1)
        start, after = len(self.states), len(self.states) + 1
        attributes = [Production(ids.get(qname, REFUSED), start) for qname in elements.attributes]
        refused = [Production(number, NO_STATE) for number in (REFUSED, *any_element, REFUSED)]
        self.states.append(State([*attributes, *refused, Production(text, after)], sparse=True))
        self.states.append(State([Production(n, NO_STATE) for n in (*any_element, END, REFUSED)], sparse=True))
        self.types.append(TypeEntry(cls, fields, start))
        self.entries.append(Entry(name, Kind.COMPLEX, child=len(self.types) - 1))
        return len(self.entries) - 1


def _limited_repeat(rest: Rest) -> int:
    """Tell how often the first part may be taken in a row, 0 if that needs no counting."""
    head = rest[0] if rest else None
    if isinstance(head, Term) and head.min == 0 and head.max is not None and head.max > 1:
        return head.max
    return 0
