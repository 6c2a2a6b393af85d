"""A short run of the fuzz target; `make fuzz` runs the long one, with sanitizers."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from fastsecc.messages.namespaces import NAMESPACES
from tests.conftest import ROOT

COUNT = 3000


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_mutated_messages_are_rejected_or_understood(namespace: str) -> None:
    command = [sys.executable, "-m", "tests.fuzz.fuzz_exi", namespace, str(COUNT)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    outcomes = dict(re.findall(r"(\d+) (\w+)", result.stdout))
    assert sum(map(int, outcomes)) == COUNT
    assert {"accepted", "rejected"} <= set(outcomes.values())
