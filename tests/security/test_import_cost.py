"""What a charger without Plug & Charge and TLS does not pay for."""

from __future__ import annotations

import subprocess
import sys

import pytest

MODULES = (
    "fastsecc.cli.main",
    "fastsecc.cli.run",
    "fastsecc.cli.certs",
    "fastsecc.net.connector",
    "fastsecc.adapters.simulator",
    "fastsecc.charger.extensions",
    "fastsecc.security.chain",
    "fastsecc.security.emaid",
    "fastsecc.security.evse_security",
    "fastsecc.security.signature",
    "fastsecc.session.session",
)


@pytest.mark.parametrize("module", MODULES)
def test_the_large_library_is_imported_with_the_first_certificate(module: str) -> None:
    check = f"import sys, {module}; sys.exit(any(name.split('.')[0] == 'cryptography' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
