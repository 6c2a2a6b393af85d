"""ISO 15118-20 sessions by contract pass in memory: EV, session core, simulated charger and back end on one clock."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fastsecc import exi
from fastsecc.errors import EvError
from fastsecc.messages import iso20
from fastsecc.security import trust
from fastsecc.session.api import SessionSettings
from fastsecc.session.iso20.settings import Iso20Settings, PriceStep, Tariff
from fastsecc.sim import test_pki
from fastsecc.sim.backend import Authorities, IssuingBackEnd
from fastsecc.sim.ev import Ev, EvSettings, pnc_wallet
from fastsecc.sim.issuing import KeyKind
from fastsecc.sim.settings import SimulatorSettings
from fastsecc.sim.test_pki import EMAID
from tests.sim.bench import Bench

KINDS: tuple[KeyKind, ...] = ("P-521", "Ed448", "P-256")
ENERGIES = ("dc", "ac", "dc-bpt", "ac-bpt", "mcs")
TARIFF = Tariff("EUR", (PriceStep(3600, 0.31), PriceStep(3600, 0.62)))
BY_CONTRACT = EvSettings(protocol="iso20", energy="dc", cycles=40, auth="pnc")
OTHERS = ("DEFSCC000000001", "DEFSCC000000002")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[KeyKind], Path]:
    """Make a folder of certificates for each kind of key."""

    @cache
    def made(kind: KeyKind) -> Path:
        place: Path = tmp_path_factory.mktemp(f"pki-{kind}")
        test_pki.make(place, [kind])
        return place

    return made


class ContractBench(Bench):
    """A charger that takes contracts, with a back end that issues them."""

    def __init__(self, folder: Path, wishes: EvSettings, *, emaids: tuple[str, ...] = (EMAID,), **values: Any) -> None:
        begin = time.time()
        session = values.pop("session", {})
        simulator = SimulatorSettings(energy=wishes.energy, auth=values.pop("auth", "both"), **values)
        settings = SessionSettings(wall_clock_s=self._unix_s, security=trust.load(folder), **session)
        self._epoch_s = begin - 5000.0
        super().__init__(simulator, settings)
        self.back_end = IssuingBackEnd(Authorities.read(folder), emaids, clock=self._unix_s)
        self.detach = self.back_end.attach(self.charger, lambda: self.now)
        self.offer_certificates()

    def _unix_s(self) -> float:
        return self._epoch_s + self.now

    def offer_certificates(self) -> None:
        """Say that there is a back end."""
        self.charger.state.supported_certificate_service = True

    def ev(self, wallet: pnc_wallet.Wallet | None, wishes: EvSettings) -> Ev:
        """Make an EV that knows what time it is."""
        return Ev(wishes, unix_s=self._unix_s, wallet=wallet)


def codes(bench: Bench, name: str) -> list[str]:
    return [str(response.ResponseCode) for asked, response in bench.exchanged if asked == name]


@pytest.mark.parametrize("control", ["scheduled", "dynamic"])
@pytest.mark.parametrize("energy", ENERGIES)
def test_a_session_by_contract(folder: Any, energy: Any, control: Any) -> None:
    wishes = replace(BY_CONTRACT, energy=energy, control=control)
    bench = ContractBench(folder("P-521"), wishes)
    result = bench.charge(bench.ev(pnc_wallet.read(folder("P-521"), "P-521"), wishes))
    assert result.ok, result.reason
    assert result.cycles == 40
    assert [name for name in bench.names() if name.startswith("require_auth")] == ["require_auth_pnc"]


@pytest.mark.parametrize("kind", KINDS)
def test_receipts_are_signed(folder: Any, kind: KeyKind) -> None:
    wishes = replace(BY_CONTRACT, meter_info_every_cycles=1)
    bench = ContractBench(folder(kind), wishes, receipt_required=True)
    ev = bench.ev(pnc_wallet.read(folder(kind), kind), wishes)
    assert bench.charge(ev).ok
    assert ev.receipts >= 1
    assert codes(bench, "MeteringConfirmationReq") == ["OK"] * ev.receipts


@pytest.mark.parametrize("kind", ["P-521", "Ed448"])
def test_contracts_are_installed(folder: Any, kind: KeyKind) -> None:
    """The first is paid by at once, and later without another installation."""
    wishes = replace(BY_CONTRACT, certificate="install")
    bench = ContractBench(folder(kind), wishes, emaids=(*OTHERS, EMAID))
    wallet = pnc_wallet.read(folder(kind), kind)
    wallet.contract = None
    ev = bench.ev(wallet, wishes)
    result = bench.charge(ev)
    assert result.ok, result.reason
    assert ev.installed == 3
    told: Any = next(value for name, value in bench.variables if name == "require_auth_pnc")
    assert told["id_token"]["value"] == OTHERS[0]
    bench.offer_certificates()
    assert bench.charge(bench.ev(wallet, BY_CONTRACT)).ok


def test_a_back_end_that_takes_its_time(folder: Any) -> None:
    """The EV asks again until it is done."""
    wishes = replace(BY_CONTRACT, certificate="install")
    bench = ContractBench(folder("P-521"), wishes)
    bench.detach()

    def answer() -> None:
        (request,) = [value for name, value in bench.variables if name == "iso15118_certificate_request"]
        bench.command("set_get_certificate_response", certificate_response=bench.back_end.respond(request))

    bench.at_request["CertificateInstallationReq", 3] = answer
    wallet = pnc_wallet.read(folder("P-521"), "P-521")
    assert bench.charge(bench.ev(wallet, wishes)).ok
    answers = [response for name, response in bench.exchanged if name == "CertificateInstallationReq"]
    assert [response.EVSEProcessing for response in answers] == ["Ongoing", "Ongoing", "Finished"]


def problem(bench: ContractBench, wallet: pnc_wallet.Wallet | None, wishes: EvSettings = BY_CONTRACT) -> str:
    """Let an EV fail, and give the reason."""
    ev = bench.ev(wallet, wishes)
    try:
        result = bench.charge(ev)
    except EvError as error:
        return str(error)
    assert not result.ok
    return result.reason


def test_an_ev_without_contract(folder: Any) -> None:
    wallet = pnc_wallet.read(folder("P-521"), "P-521")
    wallet.contract = None
    bench = ContractBench(folder("P-521"), BY_CONTRACT)
    assert problem(bench, wallet) == "there is no contract to pay by"
    assert problem(bench, None) == "there is no contract to pay by"


def test_an_ev_without_a_provisioning_certificate(folder: Any) -> None:
    wallet = pnc_wallet.read(folder("P-521"), "P-521")
    wallet.vehicle = None
    wishes = replace(BY_CONTRACT, certificate="install")
    bench = ContractBench(folder("P-521"), wishes)
    assert "no vehicle's certificate" in problem(bench, wallet, wishes)


def test_a_charger_that_takes_no_contracts(folder: Any) -> None:
    bench = ContractBench(folder("P-521"), BY_CONTRACT, auth="eim")
    assert "not PnC" in problem(bench, pnc_wallet.read(folder("P-521"), "P-521"))


def test_a_charger_without_certificate_service(folder: Any) -> None:
    wishes = replace(BY_CONTRACT, certificate="install")
    bench = ContractBench(folder("P-521"), wishes)
    bench.charger.state.supported_certificate_service = False
    reason = problem(bench, pnc_wallet.read(folder("P-521"), "P-521"), wishes)
    assert reason == "the EVSE has no certificate installation service"


def test_a_contract_that_the_charger_does_not_know(folder: Any) -> None:
    bench = ContractBench(folder("P-521"), BY_CONTRACT)
    assert problem(bench, pnc_wallet.read(folder("Ed448"), "Ed448")) == "Authorization: WARNING_eMSPUnknown"


def test_a_contract_that_is_refused(folder: Any) -> None:
    bench = ContractBench(folder("P-521"), BY_CONTRACT, authorization="refused")
    reason = problem(bench, pnc_wallet.read(folder("P-521"), "P-521"))
    assert reason == "Authorization: WARNING_GeneralPnCAuthorizationError"


def test_no_contracts_for_this_vehicle(folder: Any) -> None:
    wishes = replace(BY_CONTRACT, certificate="install")
    bench = ContractBench(folder("P-521"), wishes, emaids=())
    reason = problem(bench, pnc_wallet.read(folder("P-521"), "P-521"), wishes)
    assert reason == "CertificateInstallation: WARNING_NoContractMatchingPCIDFound"


def spoil(bench: ContractBench, change: Callable[[iso20.CertificateInstallationRes], None]) -> None:
    """Let something happen to the back end's answers on their way."""
    answer = bench.back_end.respond

    def respond(request: Any) -> dict[str, str]:
        given = answer(request)
        response = exi.decode(base64.b64decode(given["exi_response"]), "iso20")
        change(response)
        return {**given, "exi_response": base64.b64encode(exi.encode(response)).decode()}

    bench.back_end.respond = respond  # type: ignore[method-assign]


def swap_key(response: iso20.CertificateInstallationRes) -> None:
    response.SignedInstallationData.SECP521_EncryptedPrivateKey = bytes(94)


def unsign(response: iso20.CertificateInstallationRes) -> None:
    response.Header.Signature = None


def by_somebody_else(response: iso20.CertificateInstallationRes) -> None:
    response.CPSCertificateChain.Certificate = test_pki.build("P-521").provisioning[0].der


@pytest.mark.parametrize("change", [swap_key, unsign, by_somebody_else])
def test_an_ev_takes_no_contract_that_nobody_vouches_for(folder: Any, change: Any) -> None:
    wishes = replace(BY_CONTRACT, certificate="install")
    bench = ContractBench(folder("P-521"), wishes)
    spoil(bench, change)
    wallet = pnc_wallet.read(folder("P-521"), "P-521")
    before = wallet.contract
    assert problem(bench, wallet, wishes).startswith("CertificateInstallationReq: ")
    assert wallet.contract is before


@pytest.mark.parametrize("whose", ["operator", "stranger"])
@pytest.mark.parametrize("pricing", ["absolute", "levels"])
def test_signed_prices(folder: Any, pricing: Any, whose: str) -> None:
    """The operator's sub-CA signs them; this EV believes nobody else."""
    place = folder("P-521")
    (issuer,) = Authorities.read(place).issuers.values()
    key = issuer.key if whose == "operator" else test_pki.new_key("P-521")
    wishes = replace(BY_CONTRACT, pricing=pricing)
    session = {"price_schedule_key": key, "iso20": Iso20Settings(tariff=TARIFF)}
    bench = ContractBench(place, wishes, session=session)
    wallet = pnc_wallet.read(place, "P-521")
    if whose == "operator":
        assert bench.charge(bench.ev(wallet, wishes)).ok
    else:
        assert "the prices" in problem(bench, wallet, wishes)


def test_a_pause_by_contract(folder: Any) -> None:
    place = folder("P-521")
    wallet = pnc_wallet.read(place, "P-521")
    wishes = replace(BY_CONTRACT, pause=True)
    bench = ContractBench(place, wishes, receipt_required=True)
    paused = bench.charge(bench.ev(wallet, wishes))
    assert paused.ok, paused.reason
    again = replace(BY_CONTRACT, resume_session_id=paused.session_id)
    ev = bench.ev(wallet, again)
    result = bench.charge(ev)
    assert result.ok, result.reason
    assert ev.receipts >= 1
    assert bench.names().count("require_auth_pnc") == 1


def test_external_payment_at_the_same_charger(folder: Any) -> None:
    wishes = replace(BY_CONTRACT, auth="eim")
    bench = ContractBench(folder("P-521"), wishes)
    assert bench.charge(bench.ev(None, wishes)).ok
    assert "require_auth_pnc" not in bench.names()
