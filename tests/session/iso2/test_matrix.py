"""Every request in every state, with the right session id and with others."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.messages import iso2
from fastsecc.session.api import SessionSettings
from tests.session.iso2.conftest import EVERY_REQUEST, STATES

STOP = "SessionStopReq"
TAKEN = {
    "SESSION_SETUP": {"SessionSetupReq"},
    "SERVICE_DISCOVERY": {"ServiceDiscoveryReq", STOP},
    "PAYMENT_SERVICE_SELECTION": {"ServiceDetailReq", "PaymentServiceSelectionReq", STOP},
    "AUTHORIZATION": {"AuthorizationReq", STOP},
    "CHARGE_PARAMETER_DISCOVERY": {"ChargeParameterDiscoveryReq", STOP},
    "CABLE_CHECK": {"CableCheckReq", STOP},
    "PRE_CHARGE": {"PreChargeReq", STOP},
    "PRE_CHARGE_OR_POWER_DELIVERY": {"PreChargeReq", "PowerDeliveryReq", STOP},
    "CURRENT_DEMAND": {"CurrentDemandReq"},
    "CURRENT_DEMAND_OR_POWER_DELIVERY": {"CurrentDemandReq", "PowerDeliveryReq"},
    "WELDING_DETECTION_OR_SESSION_STOP": {"WeldingDetectionReq", STOP},
    "POWER_DELIVERY": {"PowerDeliveryReq", STOP},
    "CHARGING_STATUS": {"ChargingStatusReq"},
    "CHARGING_STATUS_OR_POWER_DELIVERY": {"ChargingStatusReq", "PowerDeliveryReq"},
    "SESSION_STOP": {STOP},
    "ENDED": set(),
}
CASES = [(kind, state) for kind, states in STATES.items() for state in states]
STRANGERS = {"foreign": b"\x01\x02\x03\x04\x05\x06\x07\x08", "zero": bytes(8), "none": b"", "one zero": b"\x00"}


def request_for(ev: Any, kind: str, state: str, name: str) -> Any:
    """Build a request that would be answered with OK where it is due."""
    if name == "ChargeParameterDiscoveryReq":
        return getattr(ev, f"cpd_{kind}")()
    if name == "PowerDeliveryReq" and state.endswith("OR_POWER_DELIVERY") and not state.startswith("PRE_CHARGE"):
        return ev.power("Stop")
    return getattr(ev, EVERY_REQUEST[name])()


def test_the_tables_are_complete() -> None:
    assert set(EVERY_REQUEST) == {name for name in vars(iso2) if name.endswith("Req")}
    assert set(TAKEN) == {state for states in STATES.values() for state in states}


@pytest.mark.parametrize("name", EVERY_REQUEST)
@pytest.mark.parametrize(("kind", "state"), CASES, ids=["-".join(case) for case in CASES])
def test_every_request_in_every_state(way: Any, ev: Any, kind: str, state: str, name: str) -> None:
    """EVV2G-021, OC-004, RISE-019: the paired response, FAILED_SequenceError where the request is not due."""
    drive = way(kind).to(state)
    step = drive.send(request_for(ev, kind, state, name))
    if (state, name) == ("POWER_DELIVERY", "PowerDeliveryReq"):
        assert step.output.response is None  # held back until the contactor is closed
        return
    assert type(step.body).__name__ == name.removesuffix("Req") + "Res"
    if name in TAKEN[state]:
        assert step.code.startswith("OK")
        assert not step.closes
    else:
        assert (step.code, step.closes) == ("FAILED_SequenceError", True)
        assert step.names == []
        assert drive.session.state == state
        assert drive.session.loop_template(drive.now) is None


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
@pytest.mark.parametrize(("kind", "state"), CASES, ids=["-".join(case) for case in CASES])
def test_every_due_request_of_a_foreign_session_is_refused(
    way: Any, ev: Any, kind: str, state: str, stranger: bytes
) -> None:
    """EVV2G-020, OC-001, OC-002: FAILED_UnknownSession, zero is no exception; a sequence error wins over it."""
    for name in EVERY_REQUEST:
        if name == "SessionSetupReq":
            continue
        drive = way(kind).to(state)
        own = drive.session.session_id
        step = drive.send(request_for(ev, kind, state, name), session_id=stranger)
        code = "FAILED_UnknownSession" if name in TAKEN[state] else "FAILED_SequenceError"
        assert (name, step.code, step.closes) == (name, code, True)
        assert step.output.response.Header.SessionID == own
        assert step.names == []
        assert drive.session.state == state


def test_before_session_setup_the_refusals_are_complete(way: Any, ev: Any) -> None:
    """OC-004: the refusal of PaymentDetailsReq has a challenge of zeros."""
    step = way("dc").to("SESSION_SETUP").send(ev.payment_details())
    assert (step.code, step.body.GenChallenge) == ("FAILED_SequenceError", bytes(16))


def test_failed_leaves_out_what_is_optional(way: Any, ev: Any) -> None:
    drive = way("dc").to("CURRENT_DEMAND_OR_POWER_DELIVERY")
    limits = {
        "evse_maximum_current_limit": 200.0,
        "evse_maximum_power_limit": 80_000.0,
        "evse_maximum_voltage_limit": 500.0,
    }
    drive.command("update_dc_maximum_limits", maximum_limits=limits)
    body = drive.send(ev.current_demand(), session_id=bytes(8)).body
    assert (body.EVSEMaximumCurrentLimit, body.MeterInfo, body.DC_EVSEStatus.EVSEIsolationStatus) == (None, None, None)
    assert drive.charger.evse_id == body.EVSEID


@pytest.mark.parametrize("state", ["CURRENT_DEMAND", "CURRENT_DEMAND_OR_POWER_DELIVERY"])
def test_quirk_session_stop_in_loop(way: Any, ev: Any, state: str) -> None:
    drive = way("dc", SessionSettings(quirks=frozenset({"session-stop-in-loop"}))).to(state)
    assert drive.send(ev.stop()).code == "OK"
    assert drive.close().names[-1] == "dlink_terminate"


@pytest.mark.parametrize(("kind", "state"), [("dc", "CURRENT_DEMAND"), ("ac", "CHARGING_STATUS")])
def test_quirk_stop_before_loop(way: Any, ev: Any, kind: str, state: str) -> None:
    settings = SessionSettings(quirks=frozenset({"stop-before-loop"}))
    assert way(kind, settings).to(state).send(ev.power("Stop")).code == "OK"
    assert way(kind, settings).to(state).send(ev.power("Start")).code == "FAILED_SequenceError"


def test_without_close_on_failed_the_ev_may_try_again(way: Any, ev: Any) -> None:
    """OC-009: an unknown schedule, then a good one."""
    drive = way("dc", SessionSettings(close_on_failed=False)).to("PRE_CHARGE_OR_POWER_DELIVERY")
    refused = drive.send(ev.power("Start", tuple_id=7))
    assert (refused.code, refused.closes) == ("FAILED_TariffSelectionInvalid", False)
    assert drive.session.state == "PRE_CHARGE_OR_POWER_DELIVERY"
    assert drive.send(ev.power("Start")).code == "OK"


def test_nothing_is_answered_once_the_connection_ends(way: Any, ev: Any) -> None:
    drive = way("dc").to("AUTHORIZATION")
    assert drive.send(ev.pre_charge()).closes
    step = drive.send(ev.authorization())
    assert step.output.response is None


def test_responses_and_empty_bodies_are_not_answered(way: Any, ev: Any) -> None:
    drive = way("dc").to("AUTHORIZATION")
    response = iso2.SessionStopRes(ResponseCode=iso2.ResponseCodeType.OK)
    for body in (response, None):
        step = drive.send(body)
        assert (step.output.response, step.output.close) == (None, None)
    drive.ok(ev.authorization())
