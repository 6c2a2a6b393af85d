"""How a session is stopped, times out, breaks off, and what the interface hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.session.api import SessionSettings
from fastsecc.session.din70121.states import State
from tests.session.conftest import MakeDrive
from tests.session.din70121 import ev
from tests.session.din70121.ev import EVERY_REQUEST, TAKEN, go

LIVING = [state for state in State if state not in (State.SESSION_SETUP, State.TERMINATED)]


def status_of(body: Any) -> Any:
    """Find the charger's status in a response; None where it has none."""
    parameters = getattr(body, "EVSEChargeParameter", body)
    return getattr(parameters, "DC_EVSEStatus", None) or getattr(body, "EVSEStatus", None)


@pytest.mark.parametrize("state", LIVING, ids=lambda state: state.name)
def test_the_sequence_timeout_ends_every_state(make: MakeDrive, state: State) -> None:
    """V2G_SECC_Sequence_Timeout: closed without a response."""
    drive = go(make.dc(SessionSettings(present_values_max_age_s=0.0)), state)
    drive.wait(59.8)
    assert drive.session.deadline is not None
    step = drive.wait(0.4)
    assert step.output.response is None
    assert step.closes
    assert "V2G_SECC_Sequence_Timeout" in step.output.log[-1]
    assert drive.close().names[-1] == "dlink_error"


def test_session_setup_has_to_come_in_time(make: MakeDrive) -> None:
    """V2G_SECC_CommunicationSetup_Timeout."""
    drive = go(make.dc(), State.SESSION_SETUP)
    step = drive.wait(18.1)
    assert step.closes
    assert "V2G_SECC_CommunicationSetup_Timeout" in step.output.log[-1]


def test_each_request_begins_the_sequence_timeout_anew(make: MakeDrive) -> None:
    drive = go(make.dc(), State.AUTHORIZATION)
    drive.charger.authorization = None
    for _ in range(4):
        drive.wait(59.0)
        assert drive.send(ev.contract_authentication()).code == "OK"


@pytest.mark.parametrize("state", LIVING, ids=lambda state: state.name)
def test_stop_charging_is_shown_in_every_state(make: MakeDrive, state: State) -> None:
    """Every response that has a status asks for the stop; without one the session just goes on."""
    drive = go(make.dc(SessionSettings(present_values_max_age_s=0.0)), state)
    drive.command("stop_charging", stop=True)
    name = sorted(TAKEN[state] - {"PowerDeliveryReq(true)", "SessionStopReq"} or {"SessionStopReq"})[0]
    step = drive.send(EVERY_REQUEST[name]())
    assert step.code.startswith("OK")
    status = status_of(step.body)
    if status is not None:
        code = "EVSE_Ready" if name == "CableCheckReq" else "EVSE_Shutdown"  # Ready: this one ends the cable check
        assert (status.EVSENotification, status.EVSEStatusCode) == ("StopCharging", code)


@pytest.mark.parametrize("state", LIVING, ids=lambda state: state.name)
def test_a_stop_is_insisted_on_in_every_state(make: MakeDrive, state: State) -> None:
    """After ten seconds every response is FAILED."""
    drive = go(make.dc(SessionSettings(present_values_max_age_s=0.0)), state)
    drive.command("stop_charging", stop=True)
    drive.wait(10.0)
    step = drive.send(EVERY_REQUEST[min(TAKEN[state])]())
    assert (step.code, step.closes, drive.session.state) == ("FAILED", True, state.name)


def test_an_ongoing_cable_check_shows_the_shutdown(make: MakeDrive) -> None:
    drive = go(make.dc(), State.CHARGE_PARAMETER_DISCOVERY)
    drive.ok(ev.charge_parameters())
    drive.command("stop_charging", stop=True)
    status = drive.ok(ev.cable_check()).body.DC_EVSEStatus
    assert (status.EVSENotification, status.EVSEStatusCode) == ("StopCharging", "EVSE_Shutdown")


def test_an_ev_that_does_not_follow_a_stop_is_refused(make: MakeDrive) -> None:
    drive = go(make.dc(SessionSettings(present_values_max_age_s=0.0)), State.CURRENT_DEMAND)
    drive.command("stop_charging", stop=True)
    drive.wait(9.5)
    assert drive.send(ev.current_demand()).code == "OK"
    drive.wait(0.5)
    step = drive.send(ev.current_demand())
    assert (step.code, step.closes) == ("FAILED", True)
    assert step.body.DC_EVSEStatus.EVSEStatusCode == "EVSE_Shutdown"
    assert drive.close().names == ["current_demand_finished", "dc_open_contactor", "dlink_error"]


def test_a_stop_that_is_taken_back_is_not_insisted_on(make: MakeDrive) -> None:
    drive = go(make.dc(SessionSettings(present_values_max_age_s=0.0)), State.CURRENT_DEMAND)
    drive.command("stop_charging", stop=True)
    drive.wait(5.0)
    drive.command("stop_charging", stop=False)
    drive.wait(10.0)
    step = drive.ok(ev.current_demand())
    assert step.body.DC_EVSEStatus.EVSENotification == "StopCharging"  # what was announced stays announced


def test_a_stop_in_good_order_is_no_failure(make: MakeDrive) -> None:
    drive = go(make.dc(), State.CURRENT_DEMAND_OR_POWER_DELIVERY)
    drive.command("stop_charging", stop=True)
    drive.ok(ev.current_demand())
    drive.ok(ev.power_delivery(False))
    assert drive.ok(ev.welding_detection()).body.DC_EVSEStatus.EVSEStatusCode == "EVSE_Shutdown"
    drive.ok(ev.session_stop())
    assert drive.close().names == ["dlink_terminate"]


@pytest.mark.parametrize("state", LIVING, ids=lambda state: state.name)
def test_an_emergency_refuses_every_request(make: MakeDrive, state: State) -> None:
    for name in TAKEN[state]:
        drive = go(make.dc(), state)
        drive.command("send_error", error="Error_EmergencyShutdown")
        step = drive.send(EVERY_REQUEST[name]())
        status = status_of(step.body)
        assert (step.code, step.closes) == ("FAILED", True)
        assert status is None or status.EVSEStatusCode == "EVSE_EmergencyShutdown"
        assert drive.session.loop_template(drive.now) is None


def test_an_emergency_is_not_taken_back_by_reset_error(make: MakeDrive) -> None:
    drive = go(make.dc(), State.CURRENT_DEMAND)
    drive.command("send_error", error="Error_EmergencyShutdown")
    drive.command("reset_error")
    assert drive.send(ev.current_demand()).code == "FAILED"
    drive.close()
    drive.connect()
    go(drive, State.CURRENT_DEMAND)


@pytest.mark.parametrize(
    ("state", "names"),
    [
        (State.SESSION_SETUP, ["hlc_session_failed", "dlink_error"]),
        (State.AUTHORIZATION, ["hlc_session_failed", "dlink_error"]),
        (State.CURRENT_DEMAND, ["hlc_session_failed", "dlink_error"]),
        (
            State.CURRENT_DEMAND_OR_POWER_DELIVERY,
            ["current_demand_finished", "dc_open_contactor", "hlc_session_failed", "dlink_error"],
        ),
        (State.TERMINATED, ["dlink_terminate"]),
    ],
)
def test_what_a_lost_connection_leads_to(make: MakeDrive, state: State, names: list[str]) -> None:
    assert go(make.dc(), state).close().names == names


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.SESSION_SETUP, "ProtocolNegotiationFailed"),
        (State.SERVICE_DISCOVERY, "ProtocolNegotiationFailed"),
        (State.PAYMENT_SELECTION, "ChargingParametersNotAccepted"),
        (State.AUTHORIZATION, "AuthorizationFailed"),
        (State.CHARGE_PARAMETER_DISCOVERY, "AuthorizationFailed"),
        (State.CABLE_CHECK, "ChargingParametersNotAccepted"),
        (State.PRE_CHARGE, "EnergyTransferSetupFailed"),
        (State.CURRENT_DEMAND, "EnergyTransferSetupFailed"),
        (State.CURRENT_DEMAND_OR_POWER_DELIVERY, "ChargingInterrupted"),
    ],
)
def test_the_reason_is_where_it_broke_off(make: MakeDrive, state: State, reason: str) -> None:
    assert go(make.dc(), state).close().value("hlc_session_failed") == reason


def test_a_session_leaves_nothing_behind_that_belongs_to_it(make: MakeDrive) -> None:
    drive = go(make.dc(), State.CURRENT_DEMAND)
    ev.present(drive, 400.0, 10.0)
    drive.close()
    charger = drive.charger
    assert (charger.authorization, charger.cable_check_finished, charger.isolation_status) == (None, False, "Invalid")
    assert (charger.present_voltage_v, charger.present_current_a, charger.present_values_at) == (0.0, 0.0, None)


def test_the_charger_stays_dc_in_mid_session(make: MakeDrive) -> None:
    drive = go(make.dc(), State.CHARGE_PARAMETER_DISCOVERY)
    drive.command("update_energy_transfer_modes", supported_energy_transfer_modes=["AC_three_phase_core"])
    drive.ok(ev.charge_parameters())
    assert drive.session.state == "CABLE_CHECK"


def test_an_ac_charger_does_not_speak_din(make: MakeDrive) -> None:
    step = make.ac().choose("din")
    assert step.output.response is not None
    assert step.output.response.ResponseCode == "Failed_NoNegotiation"  # type: ignore[attr-defined]
    assert step.closes
