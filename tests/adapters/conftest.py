"""What tests of adapters share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a Unix socket's has 107 octets at most."""
    path = Path(tempfile.mkdtemp(prefix="fsc"))
    yield path
    shutil.rmtree(path)
