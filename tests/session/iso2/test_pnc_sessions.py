"""Whole sessions by contract: how payment is chosen, what needs TLS, pause and resume."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.session.api import SessionSettings
from tests.session.iso2 import pnc
from tests.session.iso2.conftest import EVERY_REQUEST, SETUP_STATES, STATES
from tests.session.iso2.pnc import BOTH, ContractEv, contract_way

KINDS = ("ac", "dc")
STOPPED = {"ac": "SESSION_STOP", "dc": "WELDING_DETECTION_OR_SESSION_STOP"}
ASKING = "PAYMENT_DETAILS_OR_CERTIFICATE"


def both(*purposes: str) -> list[Any]:
    return [pytest.param(kind, id=f"{purpose}-{kind}") for purpose in purposes for kind in KINDS]


def offered(step: Any) -> list[str]:
    return [str(option) for option in step.body.PaymentOptionList.PaymentOption]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tls", ["TLSv1.2", "TLSv1.3"])
def test_a_whole_session(make: Any, kind: str, tls: str) -> None:
    way = contract_way(make, kind, tls=tls)
    way.to("ENDED")
    published = way.drive.published
    assert [name for name in published if name.startswith("require_auth")] == ["require_auth_pnc"]
    assert way.drive.close().names[-1] == "dlink_terminate"


@pytest.mark.parametrize("kind", both("CMN_PaymentServiceSelection_003"))
def test_a_contract_is_selected(make: Any, kind: str) -> None:
    """Alone, and with the certificate service."""
    for services in ((), (2,)):
        way = contract_way(make, kind)
        step = way.to("PAYMENT_SERVICE_SELECTION").ok(way.ev.contract_payment(*services))
        assert step.value("selected_payment_option") == "Contract"
        assert way.drive.session.state == ASKING


@pytest.mark.parametrize("kind", both("CMN_PaymentServiceSelection_010"))
def test_external_payment_where_only_contracts_are_taken(make: Any, kind: str) -> None:
    way = contract_way(make, kind, payment_options=("Contract",))
    step = way.to("PAYMENT_SERVICE_SELECTION").send(way.ev.payment())
    assert (step.code, step.closes, step.names) == ("FAILED_PaymentSelectionInvalid", True, [])


@pytest.mark.parametrize("options", [BOTH, BOTH[::-1], BOTH[:1], BOTH[1:]])
def test_payment_options_are_offered_in_the_chargers_order(make: Any, options: tuple[str, ...]) -> None:
    way = contract_way(make, "dc", payment_options=options)
    assert offered(way.to("SERVICE_DISCOVERY").ok(way.ev.service_discovery())) == list(options)


@pytest.mark.parametrize("options", [BOTH, BOTH[:1], BOTH[1:]])
def test_without_tls_no_contract_is_offered_nor_taken(make: Any, options: tuple[str, ...]) -> None:
    """EVV2G-024: Plug & Charge without TLS."""
    way = contract_way(make, "dc", tls="", payment_options=options)
    drive = way.to("SERVICE_DISCOVERY")
    assert offered(drive.ok(way.ev.service_discovery())) == ["ExternalPayment"]
    step = drive.send(way.ev.contract_payment())
    assert (step.code, step.closes, step.names) == ("FAILED_PaymentSelectionInvalid", True, [])
    assert drive.session.state == "PAYMENT_SERVICE_SELECTION"


@pytest.mark.parametrize("request_name", ["payment_details", "authorization", "certificate_update"])
def test_what_is_of_contracts_is_out_of_sequence_without_one(make: Any, request_name: str) -> None:
    way = contract_way(make, "dc")
    drive = way.to("PAYMENT_SERVICE_SELECTION")
    drive.ok(way.ev.payment())
    if request_name != "authorization":
        assert drive.send(getattr(way.ev, request_name)()).code == "FAILED_SequenceError"
        return
    assert drive.ok(way.ev.authorization()).names == ["require_auth_eim"]


def test_an_authorization_without_contract_shown_is_out_of_sequence(make: Any) -> None:
    way = contract_way(make, "dc")
    way.to(ASKING)
    way.decide()
    assert way.send_signed(way.ev.authorization(bytes(16))).code == "FAILED_SequenceError"


def test_what_was_offered_holds_for_the_session(make: Any) -> None:
    """EVerest withdraws contracts while an EV selects one: with session_setup at the event `Authorized`."""
    way = contract_way(make, "dc")
    drive = way.to("PAYMENT_SERVICE_SELECTION")
    setup = {"supported_certificate_service": False, "central_contract_validation_allowed": False}
    drive.command("session_setup", payment_options=["ExternalPayment"], **setup)
    drive.ok(way.ev.contract_payment(2))
    assert drive.session.state == ASKING


@pytest.mark.parametrize("kind", KINDS)
def test_every_other_request_in_the_states_of_contracts(make: Any, kind: str) -> None:
    """EVV2G-021, OC-004: the paired response; a refused PaymentDetails has an all-zero challenge."""
    taken = {
        ASKING: {"PaymentDetailsReq", "CertificateInstallationReq", "CertificateUpdateReq", "SessionStopReq"},
        "PAYMENT_DETAILS": {"PaymentDetailsReq", "SessionStopReq"},
        "METERING_RECEIPT": {"MeteringReceiptReq"},
    }
    for state, names in taken.items():
        for name, method in EVERY_REQUEST.items():
            if name in names:
                continue
            way = contract_way(make, kind, supported_certificate_service=state != "PAYMENT_DETAILS")
            way.drive.charger.receipt_required = True
            if state == "METERING_RECEIPT":
                way.to({"ac": "CHARGING_STATUS", "dc": "CURRENT_DEMAND"}[kind])
                way.read_meter()
                way.drive.ok(way.ev.charging_status() if kind == "ac" else way.ev.current_demand())
            else:
                way.to(state)
            step = way.drive.send(getattr(way.ev, method)())
            assert type(step.body).__name__ == name.removesuffix("Req") + "Res"
            assert (step.code, step.closes) == ("FAILED_SequenceError", True)
            assert getattr(step.body, "GenChallenge", bytes(16)) == bytes(16)


OTHER_STATES = [
    (kind, state) for kind, states in STATES.items() for state in states if state not in (*SETUP_STATES[:4], "ENDED")
]


@pytest.mark.parametrize("name", ["PaymentDetailsReq", "CertificateInstallationReq", "MeteringReceiptReq"])
@pytest.mark.parametrize(("kind", "state"), OTHER_STATES, ids=["-".join(case) for case in OTHER_STATES])
def test_requests_of_contracts_in_the_other_states(make: Any, kind: str, state: str, name: str) -> None:
    way = contract_way(make, kind)
    step = way.to(state).send(getattr(way.ev, EVERY_REQUEST[name])())
    assert (step.code, step.closes) == ("FAILED_SequenceError", True)


def test_the_ev_may_stop_while_it_is_asked_for_its_contract(make: Any) -> None:
    for state in (ASKING, "AUTHORIZATION"):
        way = contract_way(make, "dc")
        assert way.to(state).ok(way.ev.stop()).output.close.name == "AFTER_EV"


@pytest.mark.parametrize("state", [ASKING, "AUTHORIZATION"])
def test_a_session_that_ends_there_has_failed_in_the_authorization(make: Any, state: str) -> None:
    drive = contract_way(make, "dc").to(state)
    assert drive.close().value("hlc_session_failed") == "AuthorizationFailed"


# pause and resume


def paused(make: Any, kind: str, ev: ContractEv | None = None, **values: Any) -> tuple[Any, bytes]:
    """Make a way whose session has paused and whose EV has connected again."""
    way = contract_way(make, kind, ev, **values)
    drive = way.to(STOPPED[kind])
    session_id = drive.session.session_id
    drive.ok(way.ev.stop("Pause"))
    way.again()
    return way, session_id


def resume(way: Any, session_id: bytes) -> None:
    step = way.drive.send(way.ev.session_setup(), session_id=session_id)
    assert step.code == "OK_OldSessionJoined"


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_resumes_with_its_contract(make: Any, kind: str) -> None:
    """The contract is proven anew and the charger is told, but it need not agree again: EVerest says nothing then."""
    way, session_id = paused(make, kind)
    drive = way.drive
    resume(way, session_id)
    step = drive.ok(way.ev.service_discovery())
    assert (offered(step), step.body.ServiceList) == (["Contract"], None)
    drive.ok(way.ev.contract_payment())
    assert drive.session.state == "PAYMENT_DETAILS"
    way.show_contract()
    step = way.prove()
    assert (step.body.EVSEProcessing, step.names) == ("Finished", ["require_auth_pnc"])
    assert drive.session.state == "CHARGE_PARAMETER_DISCOVERY"
    assert drive.ok(getattr(way.ev, f"cpd_{kind}")()).code == "OK"


def test_a_resumed_session_needs_the_signature_too(make: Any) -> None:
    way, session_id = paused(make, "dc")
    resume(way, session_id)
    way.drive.ok(way.ev.service_discovery())
    way.drive.ok(way.ev.contract_payment())
    way.show_contract()
    assert way.drive.send(way.ev.authorization(way.challenge)).code == "FAILED_SignatureError"


def test_the_charger_may_refuse_a_resumed_session(make: Any) -> None:
    way, session_id = paused(make, "dc")
    resume(way, session_id)
    way.drive.ok(way.ev.service_discovery())
    way.drive.ok(way.ev.contract_payment())
    way.show_contract()
    way.decide("NoCredit", "Accepted")
    assert way.prove().code == "FAILED"


def test_another_contract_has_to_be_authorized_anew(make: Any) -> None:
    way, session_id = paused(make, "dc")
    way.ev.chain = pnc.contract()
    resume(way, session_id)
    way.drive.ok(way.ev.service_discovery())
    way.drive.ok(way.ev.contract_payment())
    way.show_contract()
    assert way.prove().body.EVSEProcessing == "Ongoing"


def test_external_payment_is_not_offered_to_a_session_that_resumes(make: Any) -> None:
    way, session_id = paused(make, "dc")
    resume(way, session_id)
    way.drive.ok(way.ev.service_discovery())
    assert way.drive.send(way.ev.payment()).code == "FAILED_PaymentSelectionInvalid"


def test_a_session_with_contract_does_not_resume_without_tls(make: Any) -> None:
    way = contract_way(make, "dc")
    drive = way.to(STOPPED["dc"])
    session_id = drive.session.session_id
    drive.ok(way.ev.stop("Pause"))
    way.tls = ""
    way.again()
    step = drive.send(way.ev.session_setup(), session_id=session_id)
    assert step.code == "OK_NewSessionEstablished"
    assert offered(drive.ok(way.ev.service_discovery())) == ["ExternalPayment"]


def test_a_new_session_after_a_pause_is_authorized_anew(make: Any) -> None:
    way, _ = paused(make, "dc")
    way.to("AUTHORIZATION")
    assert way.prove().body.EVSEProcessing == "Ongoing"


def test_a_session_that_ended_leaves_no_authorization(make: Any) -> None:
    way = contract_way(make, "dc", settings=SessionSettings())
    way.to("ENDED")
    way.again()
    way.to("AUTHORIZATION")
    assert way.prove().body.EVSEProcessing == "Ongoing"
