"""Every request in every state, with the right, a wrong and a zero session id."""

from __future__ import annotations

from itertools import product

import pytest

from fastsecc import exi
from fastsecc.messages import din70121 as din
from fastsecc.session.api import SessionSettings
from fastsecc.session.din70121.states import State
from tests.session.conftest import MakeDrive
from tests.session.din70121.ev import EVERY_REQUEST, TAKEN, go

CASES = list(product(State, EVERY_REQUEST))
STRANGERS = [b"\x01\x02\x03\x04\x05\x06\x07\x08", bytes(8), b"", b"\x00"]
WITHOUT_SESSION = {State.SESSION_SETUP}


def test_the_tables_are_complete() -> None:
    requests = {name.partition("(")[0] for name in EVERY_REQUEST}
    assert requests == {name for name in vars(din) if name.endswith("Req")}
    assert set(TAKEN) == set(State)


@pytest.mark.parametrize(("state", "name"), CASES, ids=[f"{state.name}-{name}" for state, name in CASES])
def test_every_request_in_every_state(make: MakeDrive, state: State, name: str) -> None:
    """EVV2G-004: what is not due gets its paired response with FAILED_SequenceError, then the connection ends."""
    drive = go(make.dc(), state)
    step = drive.send(EVERY_REQUEST[name]())
    assert type(step.body).__name__ == name.partition("(")[0].removesuffix("Req") + "Res"
    assert exi.decode(exi.encode(step.output.response), "din") == step.output.response
    if name in TAKEN[state]:
        assert step.code.startswith("OK")
        assert not step.closes
    elif (state, name) == (State.CURRENT_DEMAND_OR_POWER_DELIVERY, "PowerDeliveryReq(true)"):
        assert (step.code, step.closes) == ("FAILED", True)
    else:
        assert (step.code, step.closes) == ("FAILED_SequenceError", True)
        assert drive.session.state == state.name
        assert step.names == []
        assert drive.session.loop_template(drive.now) is None


@pytest.mark.parametrize("stranger", STRANGERS, ids=["foreign", "zero", "empty", "short zero"])
@pytest.mark.parametrize("state", set(State) - WITHOUT_SESSION, ids=lambda state: state.name)
def test_a_foreign_session_id_wins_over_the_sequence(make: MakeDrive, state: State, stranger: bytes) -> None:
    """EVV2G-005, OC-003: FAILED_UnknownSession, also for a request that is not due; zero is no exception."""
    for name, request in EVERY_REQUEST.items():
        if name == "SessionSetupReq":
            continue
        drive = go(make.dc(), state)
        own = drive.session.session_id
        step = drive.send(request(), session_id=stranger)
        assert (name, step.code, step.closes) == (name, "FAILED_UnknownSession", True)
        assert step.output.response is not None
        assert step.output.response.Header.SessionID == own  # type: ignore[attr-defined]
        assert step.names == []
        assert drive.session.state == state.name


def test_before_session_setup_there_is_no_session_to_be_foreign_to(make: MakeDrive) -> None:
    """OC-003: a request before SessionSetup is answered too, with FAILED_SequenceError."""
    step = go(make.dc(), State.SESSION_SETUP).send(EVERY_REQUEST["CableCheckReq"](), session_id=STRANGERS[0])
    assert step.code == "FAILED_SequenceError"


def test_nothing_is_answered_after_the_end(make: MakeDrive) -> None:
    drive = go(make.dc(), State.AUTHORIZATION)
    assert drive.send(EVERY_REQUEST["PreChargeReq"]()).closes
    step = drive.send(EVERY_REQUEST["ContractAuthenticationReq"]())
    assert step.output.response is None
    assert "not answered" in step.output.log[0]


@pytest.mark.parametrize("close_on_failed", [True, False])
def test_failed_codes_end_the_session_or_leave_that_to_the_ev(make: MakeDrive, close_on_failed: bool) -> None:
    """EVV2G-006, EVV2G-007: with the setting off the session goes on where it was."""
    drive = go(make.dc(SessionSettings(close_on_failed=close_on_failed)), State.CHARGE_PARAMETER_DISCOVERY)
    step = drive.send(EVERY_REQUEST["CableCheckReq"](), session_id=STRANGERS[0])
    assert (step.code, step.closes) == ("FAILED_UnknownSession", close_on_failed)
    assert drive.session.state == "CHARGE_PARAMETER_DISCOVERY"
    if not close_on_failed:
        assert drive.send(EVERY_REQUEST["ChargeParameterDiscoveryReq"]()).code == "OK"
        assert drive.send(EVERY_REQUEST["WeldingDetectionReq"]()).closes  # a sequence error ends it all the same


@pytest.mark.parametrize(
    ("quirk", "state", "name"),
    [
        ("stop-before-loop", State.CURRENT_DEMAND, "PowerDeliveryReq(false)"),
        ("session-stop-in-loop", State.CURRENT_DEMAND, "SessionStopReq"),
        ("session-stop-in-loop", State.CURRENT_DEMAND_OR_POWER_DELIVERY, "SessionStopReq"),
    ],
)
def test_quirks_take_what_the_standard_refuses(make: MakeDrive, quirk: str, state: State, name: str) -> None:
    drive = go(make.dc(SessionSettings(quirks=frozenset({quirk}))), state)
    assert drive.send(EVERY_REQUEST[name]()).code == "OK"
    drive.close()
    started = drive.published.count("current_demand_started")
    assert drive.published.count("current_demand_finished") == (1 if "Power" in name else started)
