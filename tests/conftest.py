"""What the tests of every room share: where the reference material lies."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Tests assert no times, and what failed once must fail again.
settings.register_profile("fastsecc", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fastsecc")

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"
SHARED = Path(os.environ.get("FASTSECC_SHARED", ROOT.parent / "shared"))


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """Undo what a command did to the log: it sets it up for its whole process, which here is the tests'."""
    package, root = logging.getLogger("fastsecc"), logging.getLogger()
    levels, handlers = (package.level, root.level), root.handlers[:]
    yield
    package.setLevel(levels[0])
    root.setLevel(levels[1])
    root.handlers[:] = handlers


@pytest.fixture(scope="session")
def data() -> Path:
    """The test data that comes with the repository."""
    return DATA


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference material beside the repository, or where FASTSECC_SHARED says."""
    if not (SHARED / "vectors").is_dir():
        pytest.skip(f"no reference material in {SHARED} (set FASTSECC_SHARED)")
    return SHARED
