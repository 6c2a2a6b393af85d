"""A folder of certificates of every kind of key, made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fastsecc.sim import test_pki


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that no test may change."""
    folder = tmp_path_factory.mktemp("pki")
    test_pki.make(folder)
    return folder


@pytest.fixture
def folder(pristine: Path, tmp_path: Path) -> Path:
    """A folder to be spoilt."""
    return shutil.copytree(pristine, tmp_path / "pki")
