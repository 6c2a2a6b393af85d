"""The session cores stay away from clocks, sockets and threads."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import fastsecc.session.session as core

FORBIDDEN = {"asyncio", "socket", "select", "selectors", "ssl", "threading", "time", "uvloop", "fastsecc.net"}
MODULES = sorted(Path(core.__file__).parent.rglob("*.py"))


def imports(source: str) -> set[str]:
    """Name every module that a source text imports."""
    nodes = list(ast.walk(ast.parse(source)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_no_module_reads_a_clock_or_touches_a_socket(module: Path) -> None:
    assert not imports(module.read_text()) & FORBIDDEN


def test_the_check_sees_imports() -> None:
    assert imports("import time\nfrom socket import socket") == {"time", "socket"}
