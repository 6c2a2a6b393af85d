"""Authorization by contract: the challenge, the signature, the charger's decision."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from fastsecc.messages import iso2
from fastsecc.security.signature import Part, sign
from fastsecc.session.api import SessionSettings
from fastsecc.session.iso2.contract_authorization import REFUSALS
from fastsecc.sim.test_pki import EMAID, OCSP_URL
from tests.session.iso2.pnc import contract_way, foreign_pki, pki

FOREIGN = b"\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08"
KINDS = ("ac", "dc")
SERVICES = {"no service": False, "with service": True}
LENIENT = {"close_on_failed": False}


def both(*purposes: str) -> list[Any]:
    return [pytest.param(kind, id=f"{purpose}-{kind}") for purpose in purposes for kind in KINDS]


@pytest.mark.parametrize("kind", both("CMN_Authorization_002", "CMN_Authorization_012", "CMN_Authorization_013"))
@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_the_challenge_is_signed_and_the_charger_agrees(make: Any, kind: str, service: bool) -> None:
    """Also ECOG-003, ECOG-005."""
    way = contract_way(make, kind, supported_certificate_service=service)
    drive = way.to("AUTHORIZATION")
    step = way.prove()
    assert (step.code, step.body.EVSEProcessing, step.names) == ("OK", "Ongoing", ["require_auth_pnc"])
    for _ in range(3):  # it asks again, without challenge and signature
        step = drive.ok(way.ev.authorization())
        assert (step.body.EVSEProcessing, step.names) == ("Ongoing", [])
    way.decide()
    assert drive.ok(way.ev.authorization()).body.EVSEProcessing == "Finished"
    assert drive.session.state == "CHARGE_PARAMETER_DISCOVERY"
    assert "require_auth_eim" not in drive.published


def test_what_the_charger_is_told(make: Any) -> None:
    way = contract_way(make, "dc")
    way.to("AUTHORIZATION")
    token = way.prove().value("require_auth_pnc")
    assert token["id_token"] == {"value": EMAID, "type": "eMAID"}
    assert token["authorization_type"] == "PlugAndCharge"
    assert token["certificate"] == "".join(identity.pem.decode() for identity in pki().contract[:-1])
    hashes = token["iso15118CertificateHashData"]
    serials = [f"{identity.certificate.serial_number:x}" for identity in pki().contract[:-1]]
    assert [told["serialNumber"] for told in hashes] == serials
    assert {told["responderURL"] for told in hashes} == {OCSP_URL}
    assert set(token) == {"id_token", "authorization_type", "certificate", "iso15118CertificateHashData"}


@pytest.mark.parametrize("kind", both("CMN_Authorization_007", "RISE-004", "EVV2G-028"))
@pytest.mark.parametrize("challenge", [bytes(16), b"", b"short", None], ids=["zeros", "empty", "short", "none"])
def test_a_wrong_challenge(make: Any, kind: str, challenge: bytes | None) -> None:
    """Also ECOG-005: its signature is right."""
    way = contract_way(make, kind)
    drive = way.to("AUTHORIZATION")
    body = iso2.AuthorizationReq(Id="id1", GenChallenge=challenge)
    if challenge in (b"", b"short"):  # no message that can be sent
        message = drive.message(body)
        message.Header.Signature = sign([Part(iso2.AuthorizationReq(Id="id1", GenChallenge=bytes(16)))], way.ev.key)
        step = drive.took(drive.session.receive(message, drive.now))
    else:
        step = way.send_signed(body)
    assert (step.code, step.closes, step.names) == ("FAILED_ChallengeInvalid", True, [])
    assert drive.session.state == "AUTHORIZATION"


@pytest.mark.parametrize("kind", both("CMN_Authorization_010", "RISE-005", "EVV2G-029"))
def test_a_signature_of_somebody_else(make: Any, kind: str) -> None:
    way = contract_way(make, kind)
    way.to("AUTHORIZATION")
    step = way.send_signed(way.ev.authorization(way.challenge), foreign_pki().contract[0].key)
    assert (step.code, step.closes, step.names) == ("FAILED_SignatureError", True, [])


@pytest.mark.parametrize("kind", both("CMN_Authorization_011"))
def test_a_request_that_was_changed_after_it_was_signed(make: Any, kind: str) -> None:
    way = contract_way(make, kind)
    way.to("AUTHORIZATION")
    signed = way.ev.authorization(bytes(16))
    step = way.send_with(sign([Part(signed)], way.ev.key), way.ev.authorization(way.challenge))
    assert (step.code, step.closes, step.names) == ("FAILED_SignatureError", True, [])


@pytest.mark.parametrize("kind", KINDS)
def test_no_signature(make: Any, kind: str) -> None:
    """EVV2G-029."""
    way = contract_way(make, kind)
    step = way.to("AUTHORIZATION").send(way.ev.authorization(way.challenge))
    assert (step.code, step.names) == ("FAILED_SignatureError", [])


def test_a_signature_for_another_element(make: Any) -> None:
    way = contract_way(make, "dc")
    way.to("AUTHORIZATION")
    other = way.ev.authorization(way.challenge)
    other.Id = "id2"
    assert way.send_with(sign([Part(other)], way.ev.key), way.ev.authorization(way.challenge)).code == (
        "FAILED_SignatureError"
    )


WRONG_TRIES = {
    "challenge": lambda way: way.send_signed(way.ev.authorization(bytes(16))),
    "signature": lambda way: way.send_signed(way.ev.authorization(way.challenge), foreign_pki().contract[0].key),
    "none": lambda way: way.drive.send(way.ev.authorization()),
}


@pytest.mark.parametrize("wrong", WRONG_TRIES)
def test_after_a_wrong_try_there_is_no_second(make: Any, wrong: str) -> None:
    """Neither by asking again, nor with the right signature, nor because the charger agrees: the challenge is spent."""
    way = contract_way(make, "dc", settings=SessionSettings(**LENIENT))
    drive = way.to("AUTHORIZATION")
    assert WRONG_TRIES[wrong](way).code.startswith("FAILED_")
    way.decide()
    for step in (drive.send(way.ev.authorization()), way.prove(), drive.send(way.ev.authorization())):
        assert (step.code, step.names) == ("FAILED_ChallengeInvalid", [])
    assert drive.session.state == "AUTHORIZATION"
    assert drive.send(way.ev.cpd_dc()).code == "FAILED_SequenceError"


@pytest.mark.parametrize("wrong", [name for name in WRONG_TRIES if name != "none"])
def test_what_was_proven_is_lost_by_a_wrong_signature(make: Any, wrong: str) -> None:
    way = contract_way(make, "dc", settings=SessionSettings(**LENIENT))
    drive = way.to("AUTHORIZATION")
    way.prove()
    assert WRONG_TRIES[wrong](way).code.startswith("FAILED_")
    way.decide()
    assert drive.send(way.ev.authorization()).code == "FAILED_ChallengeInvalid"


def test_a_signed_request_may_be_repeated_while_it_is_pending(make: Any) -> None:
    way = contract_way(make, "dc")
    way.to("AUTHORIZATION")
    assert way.prove().names == ["require_auth_pnc"]
    step = way.prove()
    assert (step.code, step.body.EVSEProcessing, step.names) == ("OK", "Ongoing", [])


def test_the_last_signature_may_stay_in_the_header_of_later_requests(make: Any) -> None:
    """As RISE-V2G's EV does."""
    way = contract_way(make, "dc")
    drive = way.to("AUTHORIZATION")
    signature = sign([Part(way.ev.authorization(way.challenge))], way.ev.key)
    way.send_with(signature, way.ev.authorization(way.challenge))
    assert way.send_with(signature, way.ev.authorization()).code == "OK"
    way.decide()
    way.send_with(signature, way.ev.authorization())
    assert way.send_with(signature, way.ev.cpd_dc()).code == "OK"
    assert drive.session.state == "CABLE_CHECK"


def test_a_replayed_request_is_refused(make: Any) -> None:
    """Recorded in one session it is of no use in the next, nor after another PaymentDetailsReq."""
    way = contract_way(make, "dc")
    way.to("AUTHORIZATION")
    recorded = way.ev.authorization(way.challenge)
    signature = sign([Part(recorded)], way.ev.key)
    assert way.send_with(signature, copy.copy(recorded)).code == "OK"
    later = contract_way(make, "dc")
    later.to("AUTHORIZATION")
    step = later.send_with(signature, recorded)
    assert (step.code, step.closes, step.names) == ("FAILED_ChallengeInvalid", True, [])


def test_a_request_replayed_after_the_authorization_is_refused(make: Any) -> None:
    """OC-005."""
    way = contract_way(make, "dc")
    way.to("CHARGE_PARAMETER_DISCOVERY")
    assert way.prove().code == "FAILED_SequenceError"


REJECTIONS = [
    ("Blocked", status, REFUSALS.get(status, "FAILED"))
    for status in (
        "Accepted",
        "SignatureError",
        "CertificateExpired",
        "CertificateRevoked",
        "NoCertificateAvailable",
        "CertChainError",
        "ContractCancelled",
    )
]


@pytest.mark.parametrize(("status", "certificate", "code"), REJECTIONS, ids=[row[1] for row in REJECTIONS])
def test_a_charger_that_refuses(make: Any, status: str, certificate: str, code: str) -> None:
    """ECOG-001, ECOG-003: rejected, revoked, not allowed."""
    way = contract_way(make, "dc")
    drive = way.to("AUTHORIZATION")
    way.prove()
    way.decide(status, certificate)
    step = drive.send(way.ev.authorization())
    assert (step.code, step.closes, drive.session.state) == (code, True, "AUTHORIZATION")


def test_the_certificate_status_of_an_accepted_contract_does_not_matter(make: Any) -> None:
    way = contract_way(make, "dc")
    drive = way.to("AUTHORIZATION")
    way.prove()
    way.decide("Accepted", "NoCertificateAvailable")
    assert drive.ok(way.ev.authorization()).body.EVSEProcessing == "Finished"


@pytest.mark.parametrize("state", ["SERVICE_DISCOVERY", "PAYMENT_DETAILS_OR_CERTIFICATE", "AUTHORIZATION"])
def test_an_authorization_that_came_before_is_remembered(make: Any, state: str) -> None:
    way = contract_way(make, "dc")
    way.to(state)
    way.decide()
    way.to("AUTHORIZATION")
    step = way.prove()
    assert (step.body.EVSEProcessing, step.names) == ("Finished", ["require_auth_pnc"])


def test_but_only_after_the_signature(make: Any) -> None:
    way = contract_way(make, "dc")
    way.to("AUTHORIZATION")
    way.decide()
    assert way.send_signed(way.ev.authorization(bytes(16))).code == "FAILED_ChallengeInvalid"


def test_a_refusal_that_came_before_the_question_does_not_count(make: Any) -> None:
    way = contract_way(make, "dc")
    way.to("PAYMENT_DETAILS_OR_CERTIFICATE")
    way.decide("Invalid")
    way.to("AUTHORIZATION")
    assert way.prove().body.EVSEProcessing == "Ongoing"


@pytest.mark.parametrize(
    "kind", both("CMN_Authorization_015", "CMN_Authorization_016", "CMN_Authorization_017", "OC-029")
)
def test_a_charger_that_never_decides(make: Any, kind: str) -> None:
    way = contract_way(make, kind)
    drive = way.to("AUTHORIZATION")
    way.prove()
    for _ in range(10):
        drive.now += 5
        assert drive.ok(way.ev.authorization()).body.EVSEProcessing == "Ongoing"
    drive.now += 5
    step = drive.send(way.ev.authorization())
    assert (step.code, step.closes) == ("FAILED", True)


def test_after_the_time_is_over_it_begins_anew(make: Any) -> None:
    way = contract_way(make, "dc", settings=SessionSettings(**LENIENT, auth_timeout_pnc_s=10))
    drive = way.to("AUTHORIZATION")
    way.prove()
    drive.now += 11
    assert drive.send(way.ev.authorization()).code == "FAILED"
    assert drive.send(way.ev.authorization()).code == "OK"


def test_without_limit_the_ev_may_ask_for_ever(make: Any) -> None:
    way = contract_way(make, "dc", settings=SessionSettings(auth_timeout_pnc_s=0))
    drive = way.to("AUTHORIZATION")
    way.prove()
    for _ in range(10):
        drive.now += 50
        assert drive.ok(way.ev.authorization()).body.EVSEProcessing == "Ongoing"


@pytest.mark.parametrize("kind", both("CMN_Authorization_004"))
def test_out_of_sequence(make: Any, kind: str) -> None:
    way = contract_way(make, kind)
    step = way.to("AUTHORIZATION").send(way.ev.service_discovery())
    assert (step.code, step.closes) == ("FAILED_SequenceError", True)


@pytest.mark.parametrize("kind", both("CMN_Authorization_006"))
def test_of_another_session(make: Any, kind: str) -> None:
    way = contract_way(make, kind)
    way.to("AUTHORIZATION")
    step = way.send_signed(way.ev.authorization(way.challenge), session_id=FOREIGN)
    assert (step.code, step.closes, step.names) == ("FAILED_UnknownSession", True, [])


@pytest.mark.parametrize("kind", both("CMN_Authorization_009"))
def test_a_silent_ev(make: Any, kind: str) -> None:
    drive = contract_way(make, kind).to("AUTHORIZATION")
    assert drive.wait(59.9).output.close is None
    step = drive.wait(0.2)
    assert (step.output.response, step.closes) == (None, True)
