"""An EV that others wrote charges by contract with ISO 15118-2, and has one installed; see `test_third_party_ev`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interop import test_third_party_ev as third_party
from tests.namespaces import veth_pair

pytestmark = pytest.mark.interop

ev_python = third_party.ev_python


@pytest.mark.parametrize("installation", [False, True], ids=["", "installation"])
@pytest.mark.parametrize("energy", ["dc", "ac"])
def test_a_third_party_ev_charges_by_contract(shared: Path, ev_python: Path, energy: str, installation: bool) -> None:
    pki = str(ev_python.parents[2] / "pki")
    secc = ["--energy", energy, "--tls", "force", "--auth", "pnc", "--pki", pki]
    ev = ["--protocol", "iso2", "--energy", energy, "--tls", "1.2", "--pki", pki]
    ev += ["--cert-install"] if installation else []
    with veth_pair() as pair, third_party.secc(pair, "--iface", pair.secc_interface, *secc):
        third_party.let_charge(shared, ev_python, pair, *ev, auth="pnc")
