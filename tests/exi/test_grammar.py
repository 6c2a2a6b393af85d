"""The grammar compiler against state tables that were dumped from another implementation."""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fastsecc.messages.namespaces import NAMESPACES
from tests.conftest import ROOT
from tests.exi.vectors import NAMESPACES as SCHEMAS

PREFIXES = {
    "t": "MsgDataTypes",
    "b": "MsgBody",
    "d": "MsgDef",
    "h": "MsgHeader",
    "ds": "xmldsig#",
    "sap": "AppProtocol",
    "ct": "CommonTypes",
    "cm": "CommonMessages",
    "ac": "AC",
    "dc": "DC",
    "acdp": "ACDP",
    "wpt": "WPT",
}
REFUSED_EVENTS = ("START_ELEMENT_GENERIC", "CHARACTERS_GENERIC", "ATTRIBUTE_GENERIC")
KINDS = {
    "UNSIGNED_INTEGER": ("UNSIGNED",),
    "INTEGER": ("INTEGER", "BIG"),
    "STRING": ("STRING",),
    "BINARY_HEX": ("BINARY",),
    "BINARY_BASE64": ("BINARY",),
}


@pytest.fixture(scope="module")
def compiler() -> ModuleType:
    """The compiler's main module; it is part of the build, not of the package."""
    sys.path.insert(0, str(ROOT / "native" / "exi"))
    return importlib.import_module("exi_grammar.grammar")


@pytest.fixture(scope="module")
def grammar(compiler: ModuleType) -> Any:
    return compiler.Grammar()


class Comparison:
    """Walks the compiled and the dumped grammar side by side, from their start states on."""

    def __init__(self, grammar: Any, dump: dict[str, Any]) -> None:
        self.grammar = grammar
        self.dumped = {state["id"]: state for state in dump["states"]}
        self.seen: set[tuple[int, int, int]] = set()

    def root(self, fields: list[int], start: int) -> None:
        """Compare the table of root elements with the state that follows the start of the document or fragment."""
        state = self.dumped[self.dumped[start]["p"][0][3]]
        assert len(state["p"]) == len(fields)
        assert len(fields).bit_length() == state["w"]
        for number, (code, event, content, *_) in zip(fields, state["p"], strict=True):
            if content is None:
                assert number == 1, (code, event)
            else:
                assert self.grammar.entries[number].name == local_name(event)
                self.element(self.grammar.entries[number], content)

    def element(self, entry: Any, content: int) -> None:
        """Compare the content of an element, which begins at a dumped state."""
        if entry.value is None:
            self.state(self.grammar.types[entry.child].start, content)
            return
        (characters,) = self.dumped[content]["p"]
        assert self.dumped[content]["w"] == 1
        same_value(entry.value, characters[1])
        (end,) = self.dumped[characters[3]]["p"]
        assert end[1] == "END_ELEMENT"
        assert self.dumped[characters[3]]["w"] == 1

    def state(self, ours: int, theirs: int, taken: int = 0) -> None:
        """Compare two states, and those that follow them.

        A limited list is one state with a count; the dump has a few that are a state an item, and collapses the items
        that must come, which are states of ours. `taken` counts there.
        """
        if (ours, theirs, taken) in self.seen:
            return
        self.seen.add((ours, theirs, taken))
        state, dumped = self.grammar.states[ours], self.dumped[theirs]
        assert state.width == dumped["w"], dumped
        assert len(state.productions) == len(dumped["p"]), dumped
        for index, (production, row) in enumerate(zip(state.productions, dumped["p"], strict=True)):
            assert row[0] == index
            repeat = row[4]["repeat"] if len(row) > 4 else 0
            self.production(production, row, state.sparse)
            if index == 0 and state.repeat and not repeat and taken + 1 < state.repeat:
                self.state(ours, row[3], taken + 1)
            elif repeat and not state.repeat and taken + 1 < repeat:
                assert len(state.productions) == 1
                self.state(production.next, theirs, taken + 1)
            else:
                assert repeat in (0, state.repeat) or taken + 1 == repeat
                assert index == 0 or not repeat
                self.after(production, row)

    def after(self, production: Any, row: list[Any]) -> None:
        if production.field > 1:
            self.state(production.next, row[3])

    def production(self, production: Any, row: list[Any], sparse: bool) -> None:
        """Compare what two productions stand for; a sparse state refuses almost everything that it could take."""
        _, event, content = row[:3]
        entry = self.grammar.entries[production.field]
        if production.field == 1:
            assert sparse or event in REFUSED_EVENTS
            return
        if production.field == 0:
            assert event == "END_ELEMENT"
            return
        if entry.bare and event != "CHARACTERS_GENERIC":
            same_value(entry.value, event)
        elif entry.bare:
            assert entry.value.kind.name == "STRING", "untyped text is a string"
        else:
            self.element(entry, content)
        if not event.startswith("CH"):
            assert entry.name == local_name(event)
            assert entry.field.namespace.endswith(namespace(event)), event


def local_name(event: str) -> str:
    found = re.match(r"(?:SE|AT)\((?:\w+:)?([\w.-]+)\)", event)
    assert found is not None, event
    return found[1]


def namespace(event: str) -> str:
    found = re.match(r"(?:SE|AT)\((\w+):", event)
    return PREFIXES[found[1]] if found is not None else ""


def same_value(value: Any, event: str) -> None:
    """Compare how a value is coded: `CH exi_integer/NBIT_UNSIGNED_INTEGER bits=7 lo=0 hi=100 type=...`."""
    found = re.search(r"exi_\w+/(\w+)((?: \w+=-?\w+)*)", event)
    assert found is not None, event
    facets = dict(part.split("=") for part in found[2].split())
    if found[1] == "NBIT_UNSIGNED_INTEGER":
        assert (value.bits, value.low, value.low + value.span) == tuple(
            int(facets[key]) for key in ("bits", "lo", "hi")
        )
    elif found[1] == "ENUMERATION":
        assert (value.bits, value.span + 1) == (int(facets["bits"]), int(facets["n"]))
    elif found[1] == "BOOLEAN":
        assert (value.bits, value.python) == (1, bool)
    else:
        assert value.kind.name in KINDS[found[1]], event


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("start", ["document", "fragment"])
def test_every_state_is_as_dumped(grammar: Any, shared: Path, schema: str, start: str) -> None:
    dump = json.loads((shared / "vectors" / "grammar" / f"{schema}.grammar.json").read_text())
    root = grammar.roots[list(NAMESPACES).index(SCHEMAS[schema])]
    comparison = Comparison(grammar, dump)
    comparison.root(getattr(root, start), dump[start])
    assert comparison.seen


@pytest.mark.parametrize(
    ("schema", "document_width", "fragment_width", "in_loop"),
    [
        ("app", 2, 4, {}),
        ("din", 7, 8, {"V2G_Message": 77}),
        ("iso2", 7, 8, {"V2G_Message": 76}),
        ("cm", 6, 9, {}),
        ("ac", 6, 8, {"AC_ChargeLoopReq": 2, "AC_ChargeLoopRes": 3}),
        ("dc", 6, 8, {"DC_ChargeLoopReq": 13, "DC_ChargeLoopRes": 14}),
        ("acdp", 6, 8, {}),
        ("wpt", 6, 8, {}),
        ("xmldsig", 5, 6, {}),
    ],
)
def test_event_codes_of_roots(
    grammar: Any, schema: str, document_width: int, fragment_width: int, in_loop: dict[str, int]
) -> None:
    number = list(NAMESPACES).index(SCHEMAS[schema])
    root = grammar.roots[number]
    assert len(root.document).bit_length() == document_width
    assert len(root.fragment).bit_length() == fragment_width
    placed = [field for namespace, field in grammar.documents.values() if namespace == number]
    assert {grammar.entries[field].name: root.document.index(field) for field in placed} == in_loop


MAX_SCANNED = 16
"""Productions that the encoder looks through for one whose element a struct has."""


def test_structs_are_what_the_engine_expects(grammar: Any) -> None:
    structs = importlib.import_module("exi_grammar.structs")
    by_start = {entry.start: entry.cls for entry in grammar.types}
    cls = None
    for number, state in enumerate(grammar.states):
        cls = by_start.get(number, cls)
        if structs.is_placed(cls) and cls not in structs.BODIES:
            assert len(state.productions) <= MAX_SCANNED
    for entry in grammar.types:
        unplaced = [number for number in entry.fields if grammar.entries[number].place is None]
        if entry.cls in structs.struct_classes() and unplaced:
            assert structs.octets_of_presence(entry.cls), "the first octet is compared with what an absent field has"


def test_states_are_shared_between_namespaces(grammar: Any) -> None:
    classes = [entry.cls for entry in grammar.types]
    twice = [cls.__name__ for cls in set(classes) if classes.count(cls) > 1]
    assert twice == ["EMAIDType"], "only an element with two types has a second grammar"


def test_types_nest_to_a_limited_depth(grammar: Any) -> None:
    assert grammar.depth < 16


def test_a_content_model_that_is_not_deterministic_is_refused(compiler: ModuleType) -> None:
    content = importlib.import_module("exi_grammar.content")
    fields = importlib.import_module("exi_grammar.fields")
    din = importlib.import_module("fastsecc.messages.din70121")
    field = fields.fields_of(din.CostType)[0]
    with pytest.raises(ValueError, match="deterministic"):
        content.steps((content.Term(field, 0, 1), content.Term(field, 1, 1)))


def test_tables_are_written_only_when_they_change(compiler: ModuleType, tmp_path: Path) -> None:
    main = importlib.import_module("compile_grammar")
    main.write_tables(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    main.write_tables(tmp_path)
    assert before == {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert set(before) == {"exi_structs.h", "exi_tables.h"}
