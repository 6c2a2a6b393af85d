"""The charge loop while the link thread answers it."""

from __future__ import annotations

import pytest

from fastsecc.messages import din70121 as din
from fastsecc.session.api import SessionSettings
from fastsecc.session.din70121.states import State
from fastsecc.session.loop import answer_from_template
from tests.session.conftest import MakeDrive
from tests.session.din70121 import ev
from tests.session.din70121.ev import go

OUTSIDE = [state for state in State if not state.name.startswith("CURRENT_DEMAND")]


@pytest.mark.parametrize("state", OUTSIDE, ids=lambda state: state.name)
def test_there_is_no_template_outside_of_the_loop(make: MakeDrive, state: State) -> None:
    drive = go(make.dc(), state)
    assert drive.session.loop_template(drive.now) is None


def test_the_link_thread_may_answer_the_very_first_request(make: MakeDrive) -> None:
    drive = go(make.dc(), State.CURRENT_DEMAND)
    ev.present(drive, 400.0, 20.0)
    template = drive.session.loop_template(drive.now)
    assert template is not None
    assert template.request is din.CurrentDemandReq
    assert template.session_id == drive.session.session_id
    assert template.meter_sequence == 0
    response, step = drive.loop(ev.current_demand())
    assert response.EVSEPresentCurrent == ev.amps(200, -1)
    assert step is not None
    assert step.names[0] == "current_demand_started"
    assert drive.session.state == "CURRENT_DEMAND_OR_POWER_DELIVERY"
    _, step = drive.loop(ev.current_demand())
    assert step is not None
    assert step.names == []
    drive.ok(ev.power_delivery(False))


def test_the_link_thread_answers_as_the_state_machine_does(make: MakeDrive) -> None:
    drive = go(make.dc(), State.CURRENT_DEMAND_OR_POWER_DELIVERY)
    ev.present(drive, 400.0, 20.0)
    limits = {
        "evse_maximum_current_limit": 50.0,
        "evse_maximum_voltage_limit": 500.0,
        "evse_maximum_power_limit": 20_000.0,
    }
    drive.command("update_dc_maximum_limits", maximum_limits=limits)
    for target in ((400, 49), (400, 50), (500, 10), (700, 90)):
        response, _ = drive.loop(ev.current_demand(*target))
        assert response == drive.ok(ev.current_demand(*target)).body


def test_requests_that_the_link_thread_answers_keep_the_session_alive(make: MakeDrive) -> None:
    drive = go(make.dc(SessionSettings(present_values_max_age_s=0.0)), State.CURRENT_DEMAND)
    for _ in range(3):
        drive.wait(50.0)
        drive.loop(ev.current_demand())
    assert drive.wait(60.0).closes


def test_stale_present_values_stop_the_charge(make: MakeDrive) -> None:
    drive = go(make.dc(), State.CURRENT_DEMAND)
    ev.present(drive, 400.0, 20.0)
    response, _ = drive.loop(ev.current_demand())
    assert response.DC_EVSEStatus.EVSEStatusCode == "EVSE_Ready"
    drive.wait(9.0)
    ev.present(drive, 400.0, 20.0)
    drive.wait(9.9)
    response, _ = drive.loop(ev.current_demand(), tell=False)
    assert response.DC_EVSEStatus.EVSEStatusCode == "EVSE_Ready"
    drive.wait(0.1)
    response, _ = drive.loop(ev.current_demand())
    assert response.DC_EVSEStatus.EVSEStatusCode == "EVSE_Malfunction"
    assert response.DC_EVSEStatus.EVSENotification == "StopCharging"
    assert any("present values" in line for output in drive.outputs for line in output.warnings)
    ev.present(drive, 400.0, 20.0)  # too late: the session can only be stopped
    assert drive.ok(ev.current_demand()).body.DC_EVSEStatus.EVSEStatusCode == "EVSE_Malfunction"
    assert drive.ok(ev.power_delivery(False)).body.EVSEStatus.EVSEStatusCode == "EVSE_Malfunction"
    drive.ok(ev.session_stop())
    assert drive.close().value("hlc_session_failed") == "ChargingInterrupted"


def test_the_link_thread_knows_when_values_are_stale(make: MakeDrive) -> None:
    """It needs nobody to wake it: the template says until when the values hold, and what to answer afterwards."""
    drive = go(make.dc(), State.CURRENT_DEMAND)
    ev.present(drive, 400.0, 20.0)
    template = drive.session.loop_template(drive.now)
    assert template is not None
    assert template.fresh_until == drive.now + drive.settings.present_values_max_age_s
    request = drive.message(ev.current_demand())
    for at, code, notification in (
        (template.fresh_until, "EVSE_Ready", "None"),
        (template.fresh_until + 0.001, "EVSE_Malfunction", "StopCharging"),
    ):
        status = answer_from_template(template, request, at, 0).Body.BodyElement.DC_EVSEStatus
        assert (status.EVSEStatusCode, status.EVSENotification) == (code, notification)


def test_a_loop_without_any_present_values_is_stale_in_time(make: MakeDrive) -> None:
    drive = go(make.dc(), State.CURRENT_DEMAND)
    drive.wait(10.1)
    assert drive.ok(ev.current_demand()).body.DC_EVSEStatus.EVSEStatusCode == "EVSE_Malfunction"


def test_errors_and_stops_reach_the_template(make: MakeDrive) -> None:
    drive = go(make.dc(), State.CURRENT_DEMAND)
    drive.command("send_error", error="Error_UtilityInterruptEvent")
    response, _ = drive.loop(ev.current_demand())
    assert response.DC_EVSEStatus.EVSEStatusCode == "EVSE_UtilityInterruptEvent"
    drive.command("reset_error")
    drive.command("stop_charging", stop=True)
    response, _ = drive.loop(ev.current_demand())
    assert response.DC_EVSEStatus.EVSEStatusCode == "EVSE_Shutdown"
    assert response.DC_EVSEStatus.EVSENotification == "StopCharging"
    drive.now += 10.0
    assert drive.session.loop_template(drive.now) is None  # every response is FAILED now


def test_there_is_no_template_in_an_emergency(make: MakeDrive) -> None:
    drive = go(make.dc(), State.CURRENT_DEMAND)
    drive.command("send_error", error="Error_EmergencyShutdown")
    assert drive.session.loop_template(drive.now) is None
