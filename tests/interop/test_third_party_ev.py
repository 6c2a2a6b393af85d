"""An EV that others wrote (the PyPI package iso15118, with its Java codec) charges at `fastsecc run` over a veth pair.

Optional: needs root, Java, and FASTSECC_THIRD_PARTY_EV naming the folder that the reference material's
tools/ecog_ev/setup.sh made.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.namespaces import VethPair, veth_pair

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


@contextmanager
def secc(pair: VethPair, *options: str, connectors: int = 1) -> Iterator[None]:
    """Run `fastsecc run` until it is no longer needed."""
    fastsecc = [sys.executable, "-m", "fastsecc", "run", "--no-slac", *options]
    process = subprocess.Popen([*pair.inside(pair.secc_namespace), *fastsecc], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for _ in range(connectors):
            assert process.stdout.readline().startswith("ready iface=")
        yield
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.stdout.close()


def let_charge(shared: Path, ev_python: Path, pair: VethPair, *wishes: str, auth: str = "eim") -> None:
    """Let the EV charge once."""
    strict = ["--cycles", str(CYCLES), "--strict-precharge", "--strict-framing", "--compact", "--auth", auth]
    ev = [str(ev_python), str(shared / "tools/ecog_ev/evcc_run.py"), "--iface", pair.ev_interface]
    done = subprocess.run(
        [*pair.inside(pair.ev_namespace), *ev, *wishes, *strict], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["ok"]


def check_charge(shared: Path, ev_python: Path, sides: Sides) -> None:
    """Let the EV charge once, and stop the SECC."""
    with veth_pair() as pair, secc(pair, "--iface", pair.secc_interface, *sides.secc):
        let_charge(shared, ev_python, pair, *sides.ev)


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


@pytest.fixture(scope="module")
def outlets(ev_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, VethPair]]:
    """One SECC with a DC and an AC outlet, both bidirectional, for every EV of ISO 15118-20 that comes."""
    with veth_pair() as dc, veth_pair(beside=dc) as ac:
        common = {"tls": "allow", "pki": str(ev_python.parents[2] / "pki")}
        connectors = [
            {
                "name": energy,
                "interface": pair.secc_interface,
                "simulator": {"energy": f"{energy}-bpt", "auth": "both"},
                **common,
            }
            for energy, pair in (("dc", dc), ("ac", ac))
        ]
        config = tmp_path_factory.mktemp("iso20") / "fastsecc.yaml"
        # The EV's Java codec takes 50 ms a message, and on a busy machine more than the 0.5 s that an EV has.
        patient = {"loop_sequence_timeout_s": 5.0}
        config.write_text(yaml.safe_dump({"connectors": connectors, "iso20": patient}))
        with secc(dc, "--config", str(config), "--allow-plain-iso20", connectors=2):
            yield {"dc": dc, "ac": ac}


@pytest.mark.parametrize("tls", ["none", "1.3"])
@pytest.mark.parametrize("control", ["scheduled", "dynamic"])
@pytest.mark.parametrize("energy", ["dc", "dc_bpt", "ac", "ac_bpt"])
def test_third_party_evs_charge_by_iso20_one_after_the_other(
    shared: Path, ev_python: Path, outlets: Mapping[str, VethPair], energy: str, control: str, tls: str
) -> None:
    """EV20-*; over TLS 1.3 both ends show a certificate."""
    wishes = ["--protocol", "iso20", "--energy", energy, "--control", control, "--tls", tls]
    if tls != "none":
        wishes += ["--pki", str(ev_python.parents[2] / "pki")]
    let_charge(shared, ev_python, outlets[energy[:2]], *wishes)


@pytest.mark.parametrize("control", ["scheduled", "dynamic"])
@pytest.mark.parametrize("energy", ["dc", "dc_bpt", "ac", "ac_bpt"])
def test_third_party_evs_charge_by_contract_with_iso20(
    shared: Path, ev_python: Path, outlets: Mapping[str, VethPair], energy: str, control: str
) -> None:
    """OC-024: it signs with P-256 keys (quirk `iso2-keys-in-iso20`)."""
    pki = str(ev_python.parents[2] / "pki")
    wishes = ("--protocol", "iso20", "--energy", energy, "--control", control, "--tls", "1.3", "--pki", pki)
    let_charge(shared, ev_python, outlets[energy[:2]], *wishes, auth="pnc")
