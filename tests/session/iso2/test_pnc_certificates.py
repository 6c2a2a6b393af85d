"""The certificate service: what is offered, what reaches the back end, and what of its answers reaches the EV."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from fastsecc import exi
from fastsecc.charger import commands, extensions
from fastsecc.messages import iso2, xmldsig
from fastsecc.security.signature import Part, sign
from fastsecc.session.api import SessionSettings
from fastsecc.session.iso2.certificate_service import BACK_END_TIMEOUT_s
from fastsecc.sim.issuing import Extras, Identity, issue, vouch
from fastsecc.sim.test_pki import EMAID
from tests.session.conftest import Step
from tests.session.iso2 import pnc
from tests.session.iso2.pnc import INSTALL, UPDATE, ContractEv, ContractWay, Roots, ask, contract_way, foreign_pki, pki

FOREIGN = b"\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08"
ASKING = "PAYMENT_DETAILS_OR_CERTIFICATE"
KINDS = ("ac", "dc")
WRAPPED = bytes(48)


def both(*purposes: str) -> list[Any]:
    return [pytest.param(kind, id=f"{purpose}-{kind}") for purpose in purposes for kind in KINDS]


def response(what: str, code: str = "OK") -> bytes:
    """Make what a back end answers; its session id and its signature are its own."""
    chain = way_chain()
    parts = {
        "ResponseCode": iso2.ResponseCodeType(code),
        "SAProvisioningCertificateChain": iso2.CertificateChainType(Certificate=pki().provisioning[0].der),
        "ContractSignatureCertChain": chain,
        "ContractSignatureEncryptedPrivateKey": iso2.ContractSignatureEncryptedPrivateKeyType(
            Id="id2", value=bytes(48)
        ),
        "DHpublickey": iso2.DiffieHellmanPublickeyType(Id="id3", value=bytes(65)),
        "eMAID": iso2.EMAIDType(Id="id4", value=EMAID),
    }
    body = getattr(iso2, what + "Res")(**parts)
    signed = [Part(chain, "ContractSignatureCertChain"), Part(body.DHpublickey, "DHpublickey")]
    header = iso2.MessageHeaderType(SessionID=b"\xbb" * 8, Signature=sign(signed, pki().provisioning[0].key))
    octets: bytes = exi.encode(iso2.V2G_Message(Header=header, Body=iso2.BodyType(BodyElement=body)))
    return octets


def way_chain() -> iso2.CertificateChainType:
    chain = ContractEv().certificate_chain()
    chain.Id = "id1"
    return chain


def tell(way: ContractWay, octets: bytes | None, status: str = "Accepted", action: str = "Install") -> Step:
    """Let the back end answer."""
    drive = way.drive
    given: dict[str, Any] = {"status": status, "certificate_action": action}
    if octets is not None:
        given["exi_response"] = base64.b64encode(octets).decode()
    args = {"certificate_response": given}
    commands.apply(drive.charger, "set_get_certificate_response", args, drive.now, extensions.COMMANDS)
    return drive.took(drive.session.wake(drive.now))


@pytest.mark.parametrize(
    ("kind", "what"),
    [pytest.param(kind, what, id=f"CMN_{what}_001-{kind}") for what in (INSTALL, UPDATE) for kind in KINDS],
)
def test_the_back_end_answers(make: Any, kind: str, what: str) -> None:
    """Also OC-016: what it answers goes to the EV as it is, with its session id and signature."""
    way = contract_way(make, kind)
    drive = way.to(ASKING)
    step = ask(way, what)
    assert step.output.response is None
    told = step.value("iso15118_certificate_request")
    assert told["iso15118_schema_version"] == "urn:iso:15118:2:2013:MsgDef"
    assert told["certificate_action"] == {INSTALL: "Install", UPDATE: "Update"}[what]
    message = exi.decode(base64.b64decode(told["exi_request"]), "iso2")
    assert (type(message.Body.BodyElement).__name__, message.Header.Signature is not None) == (what + "Req", True)
    octets = response(what)
    step = tell(way, octets)
    assert (step.code, step.output.response_exi, drive.session.state) == ("OK", octets, "PAYMENT_DETAILS")
    assert step.output.response == exi.decode(octets, "iso2")
    assert drive.session.session_id != b"\xbb" * 8


def test_the_back_end_gets_the_very_octets(make: Any) -> None:
    way = contract_way(make, "dc")
    drive = way.to(ASKING)
    body = way.ev.certificate_installation()
    message = drive.message(body)
    message.Header.Signature = sign([Part(body)], pki().vehicle[0].key)
    octets = exi.encode(message) + b"\0"  # as some EVs have it
    step = drive.receive_octets(octets)
    assert base64.b64decode(step.value("iso15118_certificate_request")["exi_request"]) == octets


@pytest.mark.parametrize(
    ("kind", "what", "state"),
    [
        pytest.param(kind, what, kind, id=f"CMN_PaymentDetails_{number}-{kind}")
        for what, number in ((INSTALL, "002"), (UPDATE, "003"))
        for kind in KINDS
    ],
)
def test_then_the_ev_shows_its_contract(make: Any, kind: str, what: str, state: str) -> None:
    way = contract_way(make, kind)
    drive = way.to(ASKING)
    ask(way, what)
    tell(way, response(what))
    step = way.show_contract()
    assert (len(step.body.GenChallenge), drive.session.state) == (16, "AUTHORIZATION")
    way.authorize()
    assert drive.session.state == "CHARGE_PARAMETER_DISCOVERY"


def test_a_second_certificate_request_is_out_of_sequence(make: Any) -> None:
    way = contract_way(make, "dc")
    way.to(ASKING)
    ask(way, INSTALL)
    tell(way, response(INSTALL))
    assert ask(way, INSTALL).code == "FAILED_SequenceError"


@pytest.mark.parametrize("what", [INSTALL, UPDATE])
def test_an_answer_that_came_before_the_question_is_none(make: Any, what: str) -> None:
    way = contract_way(make, "dc")
    way.to(ASKING)
    tell(way, response(what))
    assert ask(way, what).output.response is None


@pytest.mark.parametrize("what", [INSTALL, UPDATE])
def test_a_back_end_that_is_silent(make: Any, what: str) -> None:
    """The EV waits five seconds; the emergency that EVerest makes of it is none."""
    way = contract_way(make, "dc")
    drive = way.to(ASKING)
    ask(way, what)
    assert drive.wait(BACK_END_TIMEOUT_s - 0.1).output.response is None
    step = drive.wait(0.2)
    assert (step.code, step.closes, drive.charger.emergency) == ("FAILED", True, False)


@pytest.mark.parametrize("what", [INSTALL, UPDATE])
def test_a_back_end_that_fails(make: Any, what: str) -> None:
    """RISE-006, RISE-008."""
    for octets, status in ((None, "Failed"), (response(what), "Failed"), (None, "Accepted"), (b"", "Accepted")):
        way = contract_way(make, "dc")
        way.to(ASKING)
        ask(way, what)
        step = tell(way, octets, status)
        assert (step.code, step.output.response_exi) == ("FAILED_NoCertificateAvailable", None)


@pytest.mark.parametrize("what", [INSTALL, UPDATE])
def test_a_back_end_that_refuses_says_so_itself(make: Any, what: str) -> None:
    way = contract_way(make, "dc")
    drive = way.to(ASKING)
    ask(way, what)
    octets = response(what, "FAILED_ContractCanceled")
    step = tell(way, octets)
    assert (step.code, step.closes, step.output.response_exi) == ("FAILED_ContractCanceled", True, octets)
    assert drive.session.state == ASKING


def test_what_is_no_answer_does_not_reach_the_ev(make: Any) -> None:
    session_stop = iso2.SessionStopRes(ResponseCode=iso2.ResponseCodeType.OK)
    header = iso2.MessageHeaderType(SessionID=bytes(8))
    other = exi.encode(iso2.V2G_Message(Header=header, Body=iso2.BodyType(BodyElement=session_stop)))
    for octets in (b"\x80", b"rubbish", other, response(UPDATE)):
        way = contract_way(make, "dc")
        way.to(ASKING)
        ask(way, INSTALL)
        step = tell(way, octets)
        assert (step.code, step.output.response_exi, type(step.body)) == (
            "FAILED",
            None,
            iso2.CertificateInstallationRes,
        )


def test_an_answer_that_is_no_base64(make: Any) -> None:
    way = contract_way(make, "dc")
    drive = way.to(ASKING)
    ask(way, INSTALL)
    given = {"status": "Accepted", "certificate_action": "Install", "exi_response": "***"}
    args = {"certificate_response": given}
    commands.apply(drive.charger, "set_get_certificate_response", args, drive.now, extensions.COMMANDS)
    assert drive.took(drive.session.wake(drive.now)).code == "FAILED"


@pytest.mark.parametrize("what", [INSTALL, UPDATE])
def test_an_emergency_while_the_back_end_is_at_work(make: Any, what: str) -> None:
    way = contract_way(make, "dc")
    drive = way.to(ASKING)
    ask(way, what)
    assert drive.command("send_error", error="Error_EmergencyShutdown").code == "FAILED"


# what is refused here

REFUSED = [
    pytest.param(kind, what, id=f"{purpose}-{kind}")
    for what, purposes in ((INSTALL, ("005", "RISE-007")), (UPDATE, ("005", "RISE-009")))
    for purpose in (f"CMN_{what}_{purposes[0]}", purposes[1])
    for kind in KINDS
]


@pytest.mark.parametrize(("kind", "what"), REFUSED)
def test_a_signature_of_somebody_else(make: Any, kind: str, what: str) -> None:
    way = contract_way(make, kind)
    way.to(ASKING)
    body = way.ev.certificate_installation() if what == INSTALL else way.ev.certificate_update()
    step = way.send_signed(body, foreign_pki().contract[0].key)
    assert (step.code, step.closes, step.names) == ("FAILED_SignatureError", True, [])


@pytest.mark.parametrize(
    ("kind", "what"),
    [pytest.param(kind, what, id=f"CMN_{what}_006-{kind}") for what in (INSTALL, UPDATE) for kind in KINDS],
)
def test_a_request_that_was_changed_after_it_was_signed(make: Any, kind: str, what: str) -> None:
    way = contract_way(make, kind)
    way.to(ASKING)
    key = pki().vehicle[0].key if what == INSTALL else way.ev.key
    body = way.ev.certificate_installation() if what == INSTALL else way.ev.certificate_update()
    signature = sign([Part(body)], key)
    body.ListOfRootCertificateIDs.RootCertificateID[0].X509SerialNumber = 2
    step = way.send_with(signature, body)
    assert (step.code, step.closes, step.names) == ("FAILED_SignatureError", True, [])


@pytest.mark.parametrize("what", [INSTALL, UPDATE])
def test_no_signature(make: Any, what: str) -> None:
    way = contract_way(make, "dc")
    way.to(ASKING)
    body = way.ev.certificate_installation() if what == INSTALL else way.ev.certificate_update()
    assert way.drive.send(body).code == "FAILED_SignatureError"


def vehicle(**changes: Any) -> Identity:
    leaf, issuer, *_ = pki().vehicle
    return pnc.altered(leaf, issuer, **changes)


VEHICLES: dict[str, tuple[Callable[[], Identity], str]] = {
    "CMN_CertificateInstallation_007": (
        lambda: issue("PCID", "P-256", pki().vehicle[1], days=-1, extras=Extras("OEM")),
        "FAILED_CertificateExpired",
    ),
    "CMN_CertificateInstallation_008": (lambda: vehicle(subject=pnc.subject("PCID", DC="CPO")), "FAILED"),
    "key usage": (lambda: vehicle(key_usage=pnc.key_usage(digital_signature=True)), "FAILED_CertChainError"),
    "another curve": (
        lambda: issue("PCID", "P-521", pki().vehicle[1], extras=Extras("OEM")),
        "FAILED_SignatureError",
    ),
}


@pytest.mark.parametrize(("made", "code"), VEHICLES.values(), ids=VEHICLES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_vehicle_that_cannot_be_provisioned(make: Any, kind: str, made: Callable[[], Identity], code: str) -> None:
    shown = made()
    way = contract_way(make, kind)
    way.to(ASKING)
    body = way.ev.certificate_installation(shown)
    step = way.send_signed(body, shown.key)
    assert (step.code, step.closes, step.names) == (code, True, [])


def test_a_vehicle_of_a_maker_that_is_not_known_here_is_left_to_the_back_end(make: Any) -> None:
    way = contract_way(make, "dc", settings=SessionSettings(security=Roots()))
    way.to(ASKING)
    assert ask(way, INSTALL).names == ["iso15118_certificate_request"]


def test_a_vehicle_certificate_that_cannot_be_read(make: Any) -> None:
    way = contract_way(make, "dc")
    way.to(ASKING)
    body = way.ev.certificate_installation()
    body.OEMProvisioningCert = b"certificate"
    assert way.send_signed(body).code == "FAILED_CertChainError"


def with_foreign(place: int) -> list[Identity]:
    made = list(pki().contract)
    made[place] = foreign_pki().contract[place]
    return made


def swapped() -> list[Identity]:
    leaf, second, first, root = pki().contract
    return [leaf, first, second, root]


def of_country() -> list[Identity]:
    made = list(pki().contract)
    made[0] = pnc.altered(made[0], made[1], subject=pnc.subject(EMAID, C="DE", DC="MO"))
    return made


CONTRACTS: dict[str, tuple[Callable[[], list[Identity]], str, str]] = {
    "CMN_CertificateUpdate_007": (swapped, EMAID, "FAILED_CertChainError"),
    "CMN_CertificateUpdate_008": (lambda: with_foreign(0), EMAID, "FAILED_CertChainError"),
    "CMN_CertificateUpdate_009": (lambda: with_foreign(1), EMAID, "FAILED_CertChainError"),
    "CMN_CertificateUpdate_010": (lambda: with_foreign(2), EMAID, "FAILED_CertChainError"),
    "CMN_CertificateUpdate_011": (lambda: foreign_pki().contract, EMAID, "FAILED_CertChainError"),
    "CMN_CertificateUpdate_012": (lambda: pki().contract, "DEFSCC87654321X", "FAILED_NoCertificateAvailable"),
    "CMN_CertificateUpdate_013": (lambda: pki().contract, "no eMAID at all", "FAILED_NoCertificateAvailable"),
    "CMN_CertificateUpdate_014": (lambda: pnc.contract("DEFSCC87654321X"), EMAID, "FAILED_NoCertificateAvailable"),
    "CMN_CertificateUpdate_015": (lambda: pnc.contract("no eMAID"), EMAID, "FAILED_NoCertificateAvailable"),
    "CMN_CertificateUpdate_016": (lambda: pnc.contract(days=-1), EMAID, "FAILED_CertificateExpired"),
    "sub-CA expired": (lambda: pnc.below_expired(2), EMAID, "FAILED_CertChainError"),
}


@pytest.mark.parametrize(("chain", "emaid", "code"), CONTRACTS.values(), ids=CONTRACTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_contract_that_cannot_be_renewed(
    make: Any, kind: str, chain: Callable[[], list[Identity]], emaid: str, code: str
) -> None:
    way = contract_way(make, kind, ContractEv(chain(), emaid))
    way.to(ASKING)
    step = ask(way, UPDATE)
    assert (step.code, step.closes, step.names) == (code, True, [])


@pytest.mark.parametrize("kind", both("CMN_CertificateUpdate_017"))
def test_a_country_in_the_subject_can_be_refused(make: Any, kind: str) -> None:
    strict = SessionSettings(quirks=frozenset({"no-country-in-certificate"}))
    way = contract_way(make, kind, ContractEv(of_country()), strict)
    way.to(ASKING)
    assert ask(way, UPDATE).code == "FAILED"
    way = contract_way(make, kind, ContractEv(of_country()))
    way.to(ASKING)
    assert ask(way, UPDATE).names == ["iso15118_certificate_request"]


def test_a_revoked_contract_is_not_renewed(make: Any) -> None:
    trust = pnc.known_roots()
    trust.responses.append(vouch(pki().contract[0], pki().contract[1], revoked=True))
    way = contract_way(make, "dc", settings=SessionSettings(security=trust))
    way.to(ASKING)
    assert ask(way, UPDATE).code == "FAILED_CertificateRevoked"


def test_a_contract_of_an_operator_that_the_back_end_may_know(make: Any) -> None:
    way = contract_way(make, "dc", ContractEv(foreign_pki().contract), central_contract_validation_allowed=True)
    way.to(ASKING)
    assert ask(way, UPDATE).names == ["iso15118_certificate_request"]


@pytest.mark.parametrize(
    ("kind", "what"),
    [pytest.param(kind, what, id=f"CMN_{what}_002-{kind}") for what in (INSTALL, UPDATE) for kind in KINDS],
)
def test_out_of_sequence(make: Any, kind: str, what: str) -> None:
    """Also while another request waits for the back end."""
    way = contract_way(make, kind)
    drive = way.to(ASKING)
    step = drive.send(way.ev.service_discovery())
    assert (step.code, step.closes) == ("FAILED_SequenceError", True)
    way = contract_way(make, kind)
    drive = way.to(ASKING)
    ask(way, what)
    step = drive.send(way.ev.service_discovery())
    assert (step.code, step.closes) == ("FAILED_SequenceError", True)


@pytest.mark.parametrize(
    ("kind", "what"),
    [pytest.param(kind, what, id=f"CMN_{what}_003-{kind}") for what in (INSTALL, UPDATE) for kind in KINDS],
)
def test_of_another_session(make: Any, kind: str, what: str) -> None:
    way = contract_way(make, kind)
    way.to(ASKING)
    body = way.ev.certificate_installation() if what == INSTALL else way.ev.certificate_update()
    step = way.send_signed(body, session_id=FOREIGN)
    assert (step.code, step.closes, step.names) == ("FAILED_UnknownSession", True, [])


@pytest.mark.parametrize(
    ("kind", "what"),
    [pytest.param(kind, what, id=f"CMN_{what}_004-{kind}") for what in (INSTALL, UPDATE) for kind in KINDS],
)
def test_a_silent_ev(make: Any, kind: str, what: str) -> None:
    """Before its request, and after the answer to it."""
    way = contract_way(make, kind)
    drive = way.to(ASKING)
    assert drive.wait(59.9).output.close is None
    ask(way, what)
    tell(way, response(what))
    assert drive.wait(59.9).output.close is None
    step = drive.wait(0.2)
    assert (step.output.response, step.closes) == (None, True)


def test_a_request_that_is_too_long_for_the_interface(make: Any) -> None:
    way = contract_way(make, "dc")
    way.to(ASKING)
    request = way.ev.certificate_installation()
    known = request.ListOfRootCertificateIDs.RootCertificateID
    known[:] = [xmldsig.X509IssuerSerialType(X509IssuerName="x" * 500, X509SerialNumber=1)] * 20
    step = way.send_signed(request, pki().vehicle[0].key)
    assert (step.code, step.closes, step.names) == ("FAILED", True, [])
