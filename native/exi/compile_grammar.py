"""Turn the message classes into what the codec is compiled with; run by setup.py."""

from __future__ import annotations

from pathlib import Path

from exi_grammar.emit import tables_header
from exi_grammar.grammar import Grammar
from exi_grammar.structs import structs_header


def write_tables(folder: Path) -> None:
    """Write the generated headers into a folder, each only if it has changed, so that builds stay incremental."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"exi_structs.h": structs_header(), "exi_tables.h": tables_header(Grammar())}.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
