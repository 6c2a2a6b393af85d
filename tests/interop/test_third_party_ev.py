"""An EV that others wrote (the PyPI package iso15118, with its Java codec) charges at `fastsecc run` over a veth pair.

Optional: needs root, Java, and FASTSECC_THIRD_PARTY_EV naming the folder that the reference material's
tools/ecog_ev/setup.sh made.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.namespaces import veth_pair

pytestmark = pytest.mark.interop
CYCLES = 50


@pytest.fixture(scope="module")
def ev_python() -> Path:
    """The interpreter of the third-party EV's environment."""
    folder = os.environ.get("FASTSECC_THIRD_PARTY_EV")
    if folder is None or not (Path(folder) / "venv/bin/python").exists():
        pytest.skip("no third-party EV (set FASTSECC_THIRD_PARTY_EV to the folder that setup.sh made)")
    return Path(folder) / "venv/bin/python"


@dataclass(frozen=True)
class Sides:
    """What both are told beside the interface."""

    secc: tuple[str, ...]
    ev: tuple[str, ...]


def check_charge(shared: Path, ev_python: Path, sides: Sides) -> None:
    """Let the EV charge once, and stop the SECC."""
    with veth_pair() as pair:
        fastsecc = [sys.executable, "-m", "fastsecc", "run", "--iface", pair.secc_interface, "--no-slac", *sides.secc]
        secc = subprocess.Popen([*pair.inside(pair.secc_namespace), *fastsecc], stdout=subprocess.PIPE, text=True)
        try:
            assert secc.stdout is not None
            assert secc.stdout.readline().startswith("ready iface=")
            strict = ["--cycles", str(CYCLES), "--strict-precharge", "--strict-framing", "--compact", "--auth", "eim"]
            ev = [str(ev_python), str(shared / "tools/ecog_ev/evcc_run.py"), "--iface", pair.ev_interface]
            done = subprocess.run(
                [*pair.inside(pair.ev_namespace), *ev, *sides.ev, *strict], capture_output=True, text=True, timeout=120
            )
            assert done.returncode == 0, done.stdout + done.stderr
            assert json.loads(done.stdout)["ok"]
        finally:
            secc.terminate()
            assert secc.wait(20) == 0
            secc.stdout.close()


@pytest.mark.parametrize(("protocol", "energy"), [("din", "dc"), ("iso2", "dc"), ("iso2", "ac")])
def test_a_third_party_ev_charges(shared: Path, ev_python: Path, protocol: str, energy: str) -> None:
    wishes = ("--protocol", protocol, "--energy", energy, "--tls", "none")
    check_charge(shared, ev_python, Sides(("--energy", energy), wishes))


@pytest.mark.parametrize("policy", ["allow", "force"])
@pytest.mark.parametrize("energy", ["dc", "ac"])
def test_a_third_party_ev_charges_over_tls(shared: Path, ev_python: Path, energy: str, policy: str) -> None:
    """CMN_SDP_002, CMN_SupportedAppProtocol_001; the EV checks the charger's chain against its V2G root."""
    pki = str(ev_python.parents[2] / "pki")
    wishes = ("--protocol", "iso2", "--energy", energy, "--tls", "1.2", "--pki", pki)
    check_charge(shared, ev_python, Sides(("--energy", energy, "--tls", policy, "--pki", pki), wishes))
