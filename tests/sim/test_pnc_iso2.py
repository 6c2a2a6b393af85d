"""ISO 15118-2 sessions by contract pass in memory: EV, session core, simulated charger and back end on one clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fastsecc.errors import ConfigError, EvError
from fastsecc.messages import iso2
from fastsecc.security import trust
from fastsecc.session.api import SessionSettings
from fastsecc.sim import test_pki
from fastsecc.sim.backend import Authorities, IssuingBackEnd
from fastsecc.sim.charger import SimulatedCharger
from fastsecc.sim.ev import Ev, EvSettings, pnc_wallet
from fastsecc.sim.settings import SimulatorSettings
from fastsecc.sim.test_pki import EMAID
from tests.sim.bench import Bench

ENERGIES = ("dc", "ac")
BY_CONTRACT = EvSettings(protocol="iso2", cycles=30, auth="pnc")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of everybody."""
    place: Path = tmp_path_factory.mktemp("pki")
    test_pki.make(place)
    return place


class ContractBench(Bench):
    """A charger that takes contracts, with a back end that issues them if there is a folder for it."""

    def __init__(self, folder: Path, energy: str = "dc", *, back_end: bool = True, **values: Any) -> None:
        self._begin_s = time.time() - 5000.0
        settings = SimulatorSettings(**{"energy": energy, "auth": "both", **values})
        super().__init__(settings, SessionSettings(wall_clock_s=self._unix_s, security=trust.load(folder)))
        if back_end:
            answering = IssuingBackEnd(Authorities.read(folder), clock=self._unix_s)
            answering.attach(self.charger, lambda: self.now)
            self.simulated = SimulatedCharger(settings, self._unix_s, issues_contracts=True)
            self.issue(self.simulated.boot(self.now))

    def _unix_s(self) -> float:
        return self._begin_s + self.now

    def ev(self, wallet: pnc_wallet.Wallet | None, **wishes: Any) -> Ev:
        """Make an EV that knows what time it is."""
        return Ev(replace(BY_CONTRACT, **wishes), unix_s=self._unix_s, wallet=wallet)

    def asked(self, name: str) -> list[Any]:
        return [response for asked, response in self.exchanged if asked == name]


def body(answer: Any) -> Any:
    return answer.Body.BodyElement


@pytest.mark.parametrize("energy", ENERGIES)
def test_a_session_by_contract(folder: Path, energy: str) -> None:
    bench = ContractBench(folder, energy)
    result = bench.charge(bench.ev(pnc_wallet.read(folder), energy=energy))
    assert (result.ok, result.cycles) == (True, 30)
    names = bench.names()
    assert ("require_auth_pnc" in names, "require_auth_eim" in names) == (True, False)
    (token,) = [value for name, value in bench.variables if name == "require_auth_pnc"]
    assert token["id_token"]["value"] == EMAID  # type: ignore[index]


@pytest.mark.parametrize("energy", ENERGIES)
def test_receipts(folder: Path, energy: str) -> None:
    bench = ContractBench(folder, energy, receipt_required=True)
    ev = bench.ev(pnc_wallet.read(folder), energy=energy, cycles=50)
    assert bench.charge(ev).ok
    assert ev.receipts == len(bench.asked("MeteringReceiptReq")) > 2


@pytest.mark.parametrize("energy", ENERGIES)
@pytest.mark.parametrize("certificate", ["install", "update"])
def test_a_certificate_is_issued(folder: Path, energy: str, certificate: str) -> None:
    bench, wallet = ContractBench(folder, energy), pnc_wallet.read(folder)
    before = wallet.contract
    if certificate == "install":
        wallet.contract = None
    assert bench.charge(bench.ev(wallet, energy=energy, certificate=certificate)).ok
    assert wallet.contract is not None
    assert before is not None
    assert wallet.contract.leaf != before.leaf
    kind = {"install": "CertificateInstallationReq", "update": "CertificateUpdateReq"}[certificate]
    assert len(bench.asked(kind)) == 1
    assert bench.charge(bench.ev(wallet, energy=energy)).ok  # it is good for the next session, too


def test_a_charger_that_is_slow_to_decide(folder: Path) -> None:
    bench = ContractBench(folder, authorization="delayed", authorization_delay_s=3.0)
    assert bench.charge(bench.ev(pnc_wallet.read(folder))).ok
    assert len(bench.asked("AuthorizationReq")) > 2


def test_a_charger_that_refuses(folder: Path) -> None:
    bench = ContractBench(folder, authorization="refused")
    with pytest.raises(EvError, match="AuthorizationReq: ResponseCode FAILED"):
        bench.charge(bench.ev(pnc_wallet.read(folder)))


def test_a_pause(folder: Path) -> None:
    bench, wallet = ContractBench(folder), pnc_wallet.read(folder)
    paused = bench.charge(bench.ev(wallet, pause=True))
    assert paused.ok
    resumed = bench.charge(bench.ev(wallet, resume_session_id=paused.session_id))
    assert (resumed.ok, resumed.session_id) == (True, paused.session_id)


def test_a_charger_that_takes_no_contracts(folder: Path) -> None:
    bench = ContractBench(folder, auth="eim")
    result = bench.charge(bench.ev(pnc_wallet.read(folder)))
    assert (result.ok, result.reason) == (False, "the EVSE offers ExternalPayment, not Contract")


def test_a_charger_that_takes_nothing_else(folder: Path) -> None:
    bench = ContractBench(folder, auth="pnc")
    ev = bench.ev(pnc_wallet.read(folder))
    assert bench.charge(ev).ok
    assert list(body(bench.asked("ServiceDiscoveryReq")[0]).PaymentOptionList.PaymentOption) == ["Contract"]


def test_a_charger_without_certificate_service(folder: Path) -> None:
    bench = ContractBench(folder, back_end=False)
    result = bench.charge(bench.ev(pnc_wallet.read(folder), certificate="install"))
    assert (result.ok, result.reason) == (False, "the EVSE has no certificate service")


def spoil_key(response: iso2.V2G_Message) -> None:
    key = body(response).ContractSignatureEncryptedPrivateKey
    key.value = bytes([key.value[0] ^ 1]) + key.value[1:]


def unsign(response: iso2.V2G_Message) -> None:
    response.Header.Signature = None


@pytest.mark.parametrize("spoil", [spoil_key, unsign])
def test_an_ev_takes_no_certificate_that_nobody_vouches_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Any], None]
) -> None:
    bench, wallet = ContractBench(folder), pnc_wallet.read(folder)
    before = wallet.contract
    ev = bench.ev(wallet, certificate="install")
    receive = ev.receive

    def spoiled(response: Any, now: float) -> Any:
        if hasattr(response, "Body") and isinstance(body(response), iso2.CertificateInstallationRes):
            spoil(response)
        return receive(response, now)

    monkeypatch.setattr(ev, "receive", spoiled)
    with pytest.raises(EvError, match="CertificateInstallationRes: "):
        bench.charge(ev)
    assert wallet.contract is before


def test_an_ev_takes_no_certificate_of_a_root_that_it_does_not_know(folder: Path) -> None:
    bench, wallet = ContractBench(folder), pnc_wallet.read(folder)
    wallet.v2g_roots = (test_pki.build().charger[-1].certificate,)
    with pytest.raises(EvError, match="leads to no root that is trusted here"):
        bench.charge(bench.ev(wallet, certificate="install"))


@pytest.mark.parametrize("certificate", [None, "install", "update"])
def test_an_empty_wallet(folder: Path, certificate: str | None) -> None:
    bench = ContractBench(folder)
    wallet = replace(pnc_wallet.read(folder), contract=None, vehicle=None)
    with pytest.raises(EvError, match=r"there is no (contract|vehicle)"):
        bench.charge(bench.ev(wallet, certificate=certificate))


def test_a_folder_without_keys_is_no_wallet(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds neither a contract nor a vehicle's key of P-256"):
        pnc_wallet.read(tmp_path)


def test_contracts_are_not_for_everybody() -> None:
    with pytest.raises(ConfigError, match="DIN SPEC 70121 knows no contracts"):
        Ev(EvSettings(protocol="din", auth="pnc"))
    with pytest.raises(ConfigError, match="is for those who pay by contract"):
        Ev(EvSettings(protocol="iso2", certificate="install"))
