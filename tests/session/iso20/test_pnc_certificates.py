"""CertificateInstallation in ISO 15118-20: what the back end is asked, how long it may take, what the EV is told."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from fastsecc import exi
from fastsecc.charger import commands, extensions
from fastsecc.messages import iso20, xmldsig
from fastsecc.security.signature import Part, sign
from fastsecc.session.api import SessionSettings
from fastsecc.sim.issuing import Extras, KeyKind, issue, vouch
from tests.session.conftest import Step
from tests.session.iso2.pnc import Roots
from tests.session.iso20.conftest import requests, smallest
from tests.session.iso20.pnc import KINDS, ContractWay, MakeContractWay, contract, foreign_pki, pki, roots

STATE = "AUTHORIZATION_OR_CERTIFICATE"
ASKED = "iso15118_certificate_request"


@pytest.fixture(name="asking")
def asking_way(contract_way: MakeContractWay) -> ContractWay:
    """An EV that may ask for certificates."""
    made = contract_way()
    made.to(STATE)
    return made


def install(way: ContractWay, request: Any = None) -> Step:
    """Ask for certificates."""
    return way.send_signed(request or way.ev.installation(), way.ev.vehicle[0].key)


def given(way: ContractWay, remaining: int = 0, **values: Any) -> iso20.CertificateInstallationRes:
    """Build what a back end answers."""
    leaf, *subs, _root = pki().contract
    data = iso20.SignedInstallationDataType(
        Id="data",
        ContractCertificateChain=iso20.ContractCertificateChainType(
            Certificate=leaf.der, SubCertificates=iso20.SubCertificatesType(Certificate=[sub.der for sub in subs])
        ),
        ECDHCurve=iso20.EcdhCurveType.SECP521,
        DHPublicKey=bytes(range(133)),
        SECP521_EncryptedPrivateKey=bytes(range(94)),
    )
    signature = sign([Part(data)], pki().provisioning[0].key)
    fields = {
        "Header": iso20.MessageHeaderType(SessionID=way.drive.session.session_id, TimeStamp=7, Signature=signature),
        "ResponseCode": iso20.ResponseCodeType.OK,
        "EVSEProcessing": iso20.ProcessingType.Finished,
        "CPSCertificateChain": iso20.CertificateChainType(Certificate=pki().provisioning[0].der),
        "SignedInstallationData": data,
        "RemainingContractCertificateChains": remaining,
        **values,
    }
    return iso20.CertificateInstallationRes(**fields)


def respond(way: ContractWay, response: Any, status: str = "Accepted") -> Step:
    """Let the back end answer."""
    octets = exi.encode(response) if isinstance(response, iso20.CertificateInstallationRes) else response
    return say(way, base64.b64encode(octets).decode(), status)


def say(way: ContractWay, text: str, status: str = "Accepted") -> Step:
    """Let the back end say anything."""
    drive = way.drive
    answer = {"status": status, "certificate_action": "Install", "exi_response": text}
    args = {"certificate_response": answer}
    commands.apply(drive.charger, "set_get_certificate_response", args, drive.now, extensions.COMMANDS)
    step: Step = drive.took(drive.session.wake(drive.now))
    return step


def check_nothing(step: Step, way: ContractWay, code: str, processing: str = "Finished") -> None:
    """Check that there is no certificate, and that the EV may go on."""
    assert (step.code, step.body.EVSEProcessing, step.output.close) == (code, processing, None), step.output.log
    assert step.body.RemainingContractCertificateChains == 0
    assert step.body.CPSCertificateChain.Certificate == b""
    assert way.drive.session.state == STATE


def test_the_back_end_gets_the_request_as_it_came(asking: ContractWay) -> None:
    message = asking.drive.message(asking.ev.installation(3, "DEFSCC12345678X"))
    part = Part(message.OEMProvisioningCertificateChain)
    message.Header.Signature = sign([part], asking.ev.vehicle[0].key)
    octets = exi.encode(message)
    step = asking.receive(octets)
    assert step.output.response is None
    request = step.value(ASKED)
    assert base64.b64decode(request["exi_request"]) == octets
    assert request["iso15118_schema_version"] == "urn:iso:std:iso:15118:-20:CommonMessages"
    assert request["certificate_action"] == "Install"


def test_a_request_that_is_too_long_for_the_interface(asking: ContractWay) -> None:
    request = asking.ev.installation()
    roots_known = request.ListOfRootCertificateIDs.RootCertificateID
    roots_known[:] = [xmldsig.X509IssuerSerialType(X509IssuerName="x" * 500, X509SerialNumber=1)] * 20
    step = install(asking, request)
    check_nothing(step, asking, "WARNING_NoCertificateAvailable")
    assert ASKED not in step.names
    assert ASKED in install(asking).names


def test_a_contract_that_was_installed_after_another_was_refused(asking: ContractWay) -> None:
    assert asking.prove(contract(days=-1)).code == "WARNING_CertificateExpired"
    install(asking)
    respond(asking, given(asking))
    assert asking.prove().code == "OK"


@pytest.mark.parametrize("key", KINDS)
def test_the_ev_gets_the_response_as_the_back_end_made_it(contract_way: MakeContractWay, key: KeyKind) -> None:
    way = contract_way(key=key)
    way.to(STATE)
    install(way)
    response = given(way)
    step = respond(way, response)
    assert (step.output.response, step.output.response_exi) == (response, exi.encode(response))
    assert step.output.payload_type == 0x8002
    assert way.drive.session.state == STATE
    assert way.prove().code == "OK"


def test_several_contracts_come_one_by_one(asking: ContractWay) -> None:
    for remaining in (2, 1, 0):
        assert ASKED in install(asking).names
        assert respond(asking, given(asking, remaining)).body.RemainingContractCertificateChains == remaining


def test_a_response_that_came_before_the_request_is_none(asking: ContractWay) -> None:
    respond(asking, given(asking, 1))
    assert install(asking).output.response is None
    assert respond(asking, given(asking, 2)).body.RemainingContractCertificateChains == 2


def test_a_back_end_that_takes_long(asking: ContractWay) -> None:
    """The EV is answered in time, and asks again; the back end is asked once."""
    install(asking)
    step = asking.drive.wait(4.6)
    check_nothing(step, asking, "OK", "Ongoing")
    step = install(asking)
    assert step.output.response is None
    assert ASKED not in step.names
    assert respond(asking, given(asking)).body.EVSEProcessing == "Finished"


def test_a_back_end_that_was_done_between_two_requests(asking: ContractWay) -> None:
    install(asking)
    asking.drive.wait(4.6)
    respond(asking, given(asking))
    assert install(asking).body.EVSEProcessing == "Finished"


def test_a_back_end_that_never_answers(asking: ContractWay) -> None:
    install(asking)
    asking.drive.wait(4.6)
    for _ in range(10):
        install(asking)
        check_nothing(asking.drive.wait(4.6), asking, "OK", "Ongoing")
    install(asking)
    check_nothing(asking.drive.wait(4.6), asking, "WARNING_NoCertificateAvailable")
    assert ASKED in install(asking).names


def test_another_request_is_a_new_one(asking: ContractWay) -> None:
    install(asking)
    asking.drive.wait(4.6)
    assert ASKED in install(asking, asking.ev.installation(1)).names


@pytest.mark.parametrize(
    ("response", "status"),
    [
        (b"", "Failed"),
        (b"", "Accepted"),
        (b"no EXI", "Accepted"),
        (exi.encode(smallest(iso20.SessionStopReq)), "Accepted"),
    ],
    ids=["failed", "empty", "no EXI", "another message"],
)
def test_rise_006_a_back_end_that_has_nothing(asking: ContractWay, response: bytes, status: str) -> None:
    """As ISO 15118-2 has it, RISE-006."""
    install(asking)
    check_nothing(respond(asking, response, status), asking, "WARNING_NoCertificateAvailable")


def test_a_response_that_is_no_base64(asking: ContractWay) -> None:
    install(asking)
    check_nothing(say(asking, "&"), asking, "WARNING_NoCertificateAvailable")


def test_a_response_for_another_session(asking: ContractWay) -> None:
    install(asking)
    header = iso20.MessageHeaderType(SessionID=bytes(8), TimeStamp=0)
    check_nothing(respond(asking, given(asking, Header=header)), asking, "WARNING_NoCertificateAvailable")


@pytest.mark.parametrize(
    ("code", "closes"),
    [
        ("WARNING_NoContractMatchingPCIDFound", False),
        ("WARNING_CertificateRevoked", False),
        ("FAILED", True),
    ],
)
def test_what_the_back_end_says_is_said(asking: ContractWay, code: str, closes: bool) -> None:
    install(asking)
    step = respond(asking, given(asking, ResponseCode=iso20.ResponseCodeType(code)))
    assert (step.code, step.closes) == (code, closes)


def test_a_request_that_is_not_signed_by_the_vehicle(contract_way: MakeContractWay) -> None:
    """RISE-007, CMN_CertificateInstallation_005 as ISO 15118-20 has it: the back end is not bothered."""
    for key in KINDS:
        for signature_of in ("nobody", "another"):
            way = contract_way(key=key)
            way.to(STATE)
            other = foreign_pki(key).vehicle[0].key
            request = way.ev.installation()
            step = way.send_with(None, request) if signature_of == "nobody" else way.send_signed(request, other)
            assert (step.code, step.closes) == ("FAILED_SignatureError", True)
            assert ASKED not in step.names


def test_a_request_that_was_changed_after_signing(asking: ContractWay) -> None:
    request = asking.ev.installation()
    signature = sign([Part(request.OEMProvisioningCertificateChain)], asking.ev.vehicle[0].key)
    request.OEMProvisioningCertificateChain.Id = "other"
    step = asking.send_with(signature, request)
    assert (step.code, step.closes) == ("FAILED_SignatureError", True)


def provisioning(days: int, domain: str = "OEM") -> Any:
    _leaf, second, first, root = pki().vehicle
    return [issue("WMIV1234567890ABCDEX", "P-521", second, days=days, extras=Extras(domain)), second, first, root]


@pytest.mark.parametrize(
    ("days", "domain", "code"),
    [
        (-1, "OEM", "WARNING_CertificateExpired"),
        (30, "CPO", "WARNING_CertificateValidationError"),
    ],
)
def test_a_provisioning_certificate_that_is_not_in_order(
    asking: ContractWay, days: int, domain: str, code: str
) -> None:
    asking.ev.vehicle = provisioning(days, domain)
    step = install(asking)
    check_nothing(step, asking, code)
    assert ASKED not in step.names


def test_a_revoked_provisioning_certificate(contract_way: MakeContractWay) -> None:
    known = roots()
    known.responses = [vouch(pki().vehicle[0], pki().vehicle[1], revoked=True)]
    way = contract_way(settings=SessionSettings(security=known))
    way.to(STATE)
    check_nothing(install(way), way, "WARNING_CertificateRevoked")


@pytest.mark.parametrize("known", [Roots(), roots("P-256")], ids=["no roots", "other roots"])
def test_a_vehicle_maker_whom_only_the_back_end_knows(contract_way: MakeContractWay, known: Roots) -> None:
    way = contract_way(settings=SessionSettings(security=known))
    way.to(STATE)
    assert ASKED in install(way).names


@pytest.mark.parametrize("made", [b"", b"no certificate"])
def test_a_provisioning_certificate_that_cannot_be_read(asking: ContractWay, made: bytes) -> None:
    request = asking.ev.installation()
    request.OEMProvisioningCertificateChain.Certificate = made
    check_nothing(install(asking, request), asking, "WARNING_CertificateValidationError")


def test_it_is_out_of_sequence_where_it_is_not_offered(contract_way: MakeContractWay) -> None:
    """OC-016, OC-042 as ISO 15118-20 has them."""
    for values in ({"supported_certificate_service": False}, {"payment_options": ("ExternalPayment",)}):
        way = contract_way(**values)
        way.to("AUTHORIZATION")
        step = install(way)
        assert (step.code, step.closes) == ("FAILED_SequenceError", True)


@pytest.mark.parametrize("name", sorted(requests()))
def test_what_else_is_taken_where_certificates_are_to_be_had(asking: ContractWay, name: str) -> None:
    due = {"AuthorizationReq", "CertificateInstallationReq", "SessionStopReq"}
    step = asking.drive.send(smallest(requests()[name]))
    assert (step.code == "FAILED_SequenceError") is (name not in due)


def test_a_foreign_session(asking: ContractWay) -> None:
    step = asking.drive.send(asking.ev.installation(), session_id=b"\x0f" * 8)
    assert (step.code, step.closes) == ("FAILED_UnknownSession", True)


def test_an_emergency_ends_the_wait(asking: ContractWay) -> None:
    install(asking)
    step = asking.drive.command("send_error", error="Error_EmergencyShutdown")
    assert (step.code, step.closes) == ("FAILED", True)


def test_an_ev_that_gives_up_waiting(asking: ContractWay) -> None:
    """As everywhere: no request may overtake one that waits."""
    install(asking)
    assert asking.prove().code == "FAILED_SequenceError"
