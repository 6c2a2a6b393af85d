"""PaymentDetails: which contracts are taken, and with which code the others are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fastsecc.messages import iso2
from fastsecc.session.api import SessionSettings
from fastsecc.sim.issuing import DAY, Identity, vouch
from fastsecc.sim.test_pki import EMAID
from tests.session.iso2 import pnc
from tests.session.iso2.pnc import ContractEv, Roots, contract_way, foreign_pki, pki

FOREIGN = b"\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08"
SHOWN = "PAYMENT_DETAILS_OR_CERTIFICATE"


def swapped() -> list[Identity]:
    leaf, second, first, root = pki().contract
    return [leaf, first, second, root]


def with_foreign(place: int) -> list[Identity]:
    made = list(pki().contract)
    made[place] = foreign_pki().contract[place]
    return made


def without_sub_cas() -> list[Identity]:
    return [pki().contract[0], pki().contract[-1]]


def not_for_signatures() -> list[Identity]:
    made = list(pki().contract)
    made[0] = pnc.altered(made[0], made[1], key_usage=pnc.key_usage(key_agreement=True))
    return made


def sub_ca_as_contract() -> list[Identity]:
    return pki().contract[1:]


def sub_ca_not_for_certificates() -> list[Identity]:
    leaf, second, first, root = pki().contract
    return [leaf, pnc.altered(second, first, key_usage=pnc.key_usage(digital_signature=True)), first, root]


def of_country() -> list[Identity]:
    made = list(pki().contract)
    made[0] = pnc.altered(made[0], made[1], subject=pnc.subject(EMAID, C="DE", DC="MO"))
    return made


WRONG: dict[str, tuple[Callable[[], list[Identity]], str]] = {
    "CMN_PaymentDetails_007 expired": (lambda: pnc.contract(days=-1), "FAILED_CertificateExpired"),
    "CMN_PaymentDetails_009": (lambda: pnc.below_expired(1), "FAILED_CertificateNotAllowedAtThisEVSE"),
    "CMN_PaymentDetails_010": (lambda: pnc.below_expired(2), "FAILED_CertificateNotAllowedAtThisEVSE"),
    "RISE-003 swapped": (swapped, "FAILED_CertChainError"),
    "RISE-003 foreign leaf": (lambda: with_foreign(0), "FAILED_CertChainError"),
    "RISE-003 foreign second": (lambda: with_foreign(1), "FAILED_CertChainError"),
    "RISE-003 foreign first": (lambda: with_foreign(2), "FAILED_CertChainError"),
    "foreign chain": (lambda: foreign_pki().contract, "FAILED_CertificateNotAllowedAtThisEVSE"),
    "no sub-CAs": (without_sub_cas, "FAILED_CertificateNotAllowedAtThisEVSE"),
    "key usage": (not_for_signatures, "FAILED_CertChainError"),
    "key usage of a sub-CA": (sub_ca_not_for_certificates, "FAILED_CertChainError"),
    "another curve": (lambda: pnc.contract(kind="P-521"), "FAILED_CertChainError"),
}


@pytest.mark.parametrize(("chain", "code"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_a_chain_that_is_wrong(make: Any, kind: str, chain: Callable[[], list[Identity]], code: str) -> None:
    """Also EVV2G-027, ECOG-002."""
    way = contract_way(make, kind, ContractEv(chain()))
    step = way.to(SHOWN).send(way.ev.payment_details())
    assert (step.code, step.closes, step.body.GenChallenge) == (code, True, bytes(16))
    assert way.drive.session.state == SHOWN


def test_a_sub_ca_is_no_contract(make: Any) -> None:
    way = contract_way(make, "dc", ContractEv(sub_ca_as_contract()))
    assert way.to(SHOWN).send(way.ev.payment_details()).code == "FAILED_CertChainError"


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_a_country_in_the_subject_can_be_refused(make: Any, kind: str) -> None:
    """CMN_PaymentDetails_008, and what cars need (quirk `country-in-certificate`)."""
    strict = SessionSettings(quirks=frozenset({"no-country-in-certificate"}))
    way = contract_way(make, kind, ContractEv(of_country()), strict)
    assert way.to(SHOWN).send(way.ev.payment_details()).code == "FAILED"
    way = contract_way(make, kind, ContractEv(of_country()))
    assert way.to(SHOWN).send(way.ev.payment_details()).code == "OK"


@pytest.mark.parametrize("kind", ["ac", "dc"])
@pytest.mark.parametrize("certificates", [True, False], ids=["CMN_PaymentDetails_001", "without service"])
def test_a_contract_gets_a_challenge(make: Any, kind: str, certificates: bool) -> None:
    """Also ECOG-001: the way goes on to the authorization."""
    way = contract_way(make, kind, supported_certificate_service=certificates)
    way.to(SHOWN if certificates else "PAYMENT_DETAILS")
    step = way.show_contract()
    assert (step.code, len(step.body.GenChallenge), way.drive.session.state) == ("OK", 16, "AUTHORIZATION")
    assert step.body.EVSETimeStamp == int(way.drive.settings.wall_clock_s())
    assert "require_auth_pnc" not in way.drive.published


def test_each_challenge_is_another(make: Any) -> None:
    challenges = set()
    for _ in range(20):
        way = contract_way(make, "dc")
        way.to("AUTHORIZATION")
        challenges.add(way.challenge)
    assert len(challenges) == 20


def test_a_contract_that_is_not_valid_yet(make: Any) -> None:
    way = contract_way(make, "dc")
    way.drive.settings.wall_clock_s = lambda: pnc.NOW_s - 2 * DAY.total_seconds()
    assert way.to(SHOWN).send(way.ev.payment_details()).code == "FAILED_CertificateExpired"


def test_a_charger_that_does_not_know_the_time_takes_no_contract(make: Any) -> None:
    way = contract_way(make, "dc")
    way.drive.settings.wall_clock_s = None
    assert way.to(SHOWN).send(way.ev.payment_details()).code == "FAILED_CertificateExpired"


def test_a_contract_that_expires_soon(make: Any) -> None:
    way = contract_way(make, "dc", ContractEv(pnc.contract(days=13)))
    way.to(SHOWN)
    assert (way.show_contract().code, way.drive.session.state) == ("OK_CertificateExpiresSoon", "AUTHORIZATION")


@pytest.mark.parametrize("number", [0, 1, 2], ids=["leaf", "second sub-CA", "first sub-CA"])
def test_a_revoked_certificate(make: Any, number: int) -> None:
    chain = pki().contract
    revoked = vouch(chain[number], chain[number + 1], revoked=True)
    way = contract_way(make, "dc", settings=SessionSettings(security=replace(pnc.known_roots(), responses=[revoked])))
    assert way.to(SHOWN).send(way.ev.payment_details()).code == "FAILED_CertificateRevoked"


def test_a_certificate_that_its_issuer_vouches_for(make: Any) -> None:
    good = vouch(pki().contract[0], pki().contract[1])
    way = contract_way(make, "dc", settings=SessionSettings(security=replace(pnc.known_roots(), responses=[good])))
    assert way.to(SHOWN).send(way.ev.payment_details()).code == "OK"


@pytest.mark.parametrize("emaid", ["DEFSCC12345678Y", "DEFSCC12345678", "xxxxxxxxxxxxxxx"])
def test_an_emaid_of_another_contract(make: Any, emaid: str) -> None:
    way = contract_way(make, "dc", ContractEv(emaid=emaid))
    assert way.to(SHOWN).send(way.ev.payment_details()).code == "FAILED_CertChainError"


def test_dashes_and_case_of_an_emaid_do_not_count(make: Any) -> None:
    chain = pnc.contract("de-fsc-C12345678-X")
    way = contract_way(make, "dc", ContractEv(chain, emaid="DEfscC12345678x"))
    way.to("AUTHORIZATION")
    assert way.prove().value("require_auth_pnc")["id_token"] == {"value": "defscC12345678X", "type": "eMAID"}


@pytest.mark.parametrize("octets", [b"certificate", b"", b"\x30\x82\xff\xff", b"\x30\x00"])
def test_what_is_no_certificate(make: Any, octets: bytes) -> None:
    """OC-041, EVV2G-027."""
    way = contract_way(make, "dc")
    whole = way.ev.payment_details()
    for part in (
        iso2.CertificateChainType(Certificate=octets),
        iso2.CertificateChainType(
            Certificate=pki().contract[0].der, SubCertificates=iso2.SubCertificatesType(Certificate=[octets])
        ),
    ):
        way = contract_way(make, "dc")
        whole.ContractSignatureCertChain = part
        assert way.to(SHOWN).send(whole).code == "FAILED_CertChainError"


NO_ROOTS = Roots()
OTHER_ROOTS = Roots([foreign_pki().contract[-1].certificate])


@pytest.mark.parametrize(
    ("trust", "code"),
    [(NO_ROOTS, "FAILED_NoCertificateAvailable"), (OTHER_ROOTS, "FAILED_CertificateNotAllowedAtThisEVSE")],
    ids=["none", "others"],
)
def test_a_root_that_is_not_known_here_may_be_known_to_the_back_end(make: Any, trust: Roots, code: str) -> None:
    """EVV2G-027, ECOG-002: the token goes out without what only a verified chain gives."""
    way = contract_way(make, "dc", settings=SessionSettings(security=trust))
    assert way.to(SHOWN).send(way.ev.payment_details()).code == code
    way = contract_way(make, "dc", settings=SessionSettings(security=trust), central_contract_validation_allowed=True)
    way.to("AUTHORIZATION")
    token = way.prove().value("require_auth_pnc")
    assert "iso15118CertificateHashData" not in token
    assert token["certificate"].count("BEGIN CERTIFICATE") == 3


def test_a_revoked_contract_is_left_to_the_back_end_if_that_may_judge_it(make: Any) -> None:
    revoked = vouch(pki().contract[0], pki().contract[1], revoked=True)
    settings = SessionSettings(security=replace(pnc.known_roots(), responses=[revoked]))
    way = contract_way(make, "dc", settings=settings, central_contract_validation_allowed=True)
    assert way.to(SHOWN).send(way.ev.payment_details()).code == "OK"


LOCAL = {name: case for name, case in WRONG.items() if name not in ("foreign chain", "no sub-CAs")}


@pytest.mark.parametrize(("chain", "code"), LOCAL.values(), ids=LOCAL)
def test_what_no_back_end_may_judge_otherwise(make: Any, chain: Callable[[], list[Identity]], code: str) -> None:
    way = contract_way(make, "dc", ContractEv(chain()), central_contract_validation_allowed=True)
    assert way.to(SHOWN).send(way.ev.payment_details()).code == code


def test_without_trust_store_nobody_is_known(make: Any) -> None:
    way = contract_way(make, "dc")
    way.drive.settings.security = None
    assert way.to(SHOWN).send(way.ev.payment_details()).code == "FAILED_NoCertificateAvailable"


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_out_of_sequence(make: Any, kind: str) -> None:
    """CMN_PaymentDetails_004."""
    way = contract_way(make, kind)
    step = way.to(SHOWN).send(way.ev.service_discovery())
    assert (step.code, step.closes) == ("FAILED_SequenceError", True)


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_of_another_session(make: Any, kind: str) -> None:
    """CMN_PaymentDetails_005."""
    way = contract_way(make, kind)
    step = way.to(SHOWN).send(way.ev.payment_details(), session_id=FOREIGN)
    assert (step.code, step.closes) == ("FAILED_UnknownSession", True)


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_a_silent_ev(make: Any, kind: str) -> None:
    """CMN_PaymentDetails_006."""
    way = contract_way(make, kind)
    drive = way.to(SHOWN)
    assert drive.wait(59.9).output.close is None
    step = drive.wait(0.2)
    assert (step.output.response, step.closes) == (None, True)


def test_a_refused_contract_can_be_followed_by_another(make: Any) -> None:
    """If the site leaves it to the EV to end a session."""
    way = contract_way(make, "dc", ContractEv(foreign_pki().contract), SessionSettings(close_on_failed=False))
    assert way.to(SHOWN).send(way.ev.payment_details()).code == "FAILED_CertificateNotAllowedAtThisEVSE"
    way.ev.chain = pki().contract
    way.show_contract()
    assert way.prove().code == "OK"
