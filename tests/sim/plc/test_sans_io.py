"""The simulated power line and its cars stay away from clocks and sockets, but for what runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

import fastsecc.sim.plc.medium as core
from tests.session.test_sans_io import FORBIDDEN, imports

RUNNERS = {"network", "plug", "powerline", "wire"}
MODULES = [path for path in sorted(Path(core.__file__).parent.glob("*.py")) if path.stem not in RUNNERS]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_no_module_reads_a_clock_or_touches_a_socket(module: Path) -> None:
    assert not imports(module.read_text()) & FORBIDDEN
