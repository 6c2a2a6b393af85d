"""An EV that others wrote charges with the certificates that `fastsecc certs new` makes; see `test_third_party_ev`."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastsecc.cli.main import main
from tests.interop import test_third_party_ev as third_party
from tests.namespaces import veth_pair

pytestmark = pytest.mark.interop

ev_python = third_party.ev_python


def test_a_third_party_ev_has_a_contract_installed_from_our_certificates(
    shared: Path, ev_python: Path, tmp_path: Path
) -> None:
    pki = str(tmp_path / "pki")
    assert main(["certs", "new", pki, "--kind", "P-256", "--layout", "test"]) == 0
    secc = ["--energy", "dc", "--tls", "force", "--auth", "pnc", "--pki", pki]
    ev = ["--protocol", "iso2", "--energy", "dc", "--tls", "1.2", "--pki", pki, "--cert-install"]
    with veth_pair() as pair, third_party.secc(pair, "--iface", pair.secc_interface, *secc):
        third_party.let_charge(shared, ev_python, pair, *ev, auth="pnc")
