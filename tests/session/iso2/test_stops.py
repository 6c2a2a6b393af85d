"""Stops by the charger, emergencies, errors, and sessions for which there is no energy."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.session.api import SessionSettings, STOP_CHARGING_GRACE_s

LOOP = {"ac": "CHARGING_STATUS_OR_POWER_DELIVERY", "dc": "CURRENT_DEMAND_OR_POWER_DELIVERY"}


def loop_request(ev: Any, kind: str) -> Any:
    return ev.current_demand() if kind == "dc" else ev.charging_status()


def status(body: Any) -> Any:
    return getattr(body, "DC_EVSEStatus", None) or getattr(body, "AC_EVSEStatus", None) or body.EVSEStatus


def test_dc_stop_by_the_charger(way: Any, ev: Any) -> None:
    """StopCharging and EVSE_Shutdown, the EV stops, and nothing has failed."""
    drive = way("dc").to(LOOP["dc"])
    drive.command("stop_charging", stop=True)
    said = status(drive.ok(ev.current_demand()).body)
    assert (said.EVSENotification, said.EVSEStatusCode, said.NotificationMaxDelay) == (
        "StopCharging",
        "EVSE_Shutdown",
        0,
    )
    drive.ok(ev.power("Stop", dc=True))
    drive.ok(ev.welding())
    drive.ok(ev.stop())
    assert drive.close().names == ["dlink_terminate"]


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_an_ev_that_does_not_follow(way: Any, ev: Any, kind: str) -> None:
    drive = way(kind, SessionSettings(present_values_max_age_s=0)).to(LOOP[kind])
    drive.command("stop_charging", stop=True)
    drive.wait(STOP_CHARGING_GRACE_s - 0.2)
    assert drive.ok(loop_request(ev, kind)).body is not None
    assert drive.session.loop_template(drive.now) is not None
    drive.wait(0.3)
    assert drive.session.loop_template(drive.now) is None
    step = drive.send(loop_request(ev, kind))
    assert (step.code, step.closes) == ("FAILED", True)
    # the charger wanted the end: no hlc_session_failed
    assert drive.close().names == ["current_demand_finished", f"{kind}_open_contactor", "dlink_error"]


def test_taking_a_stop_back_ends_the_insisting_only(way: Any, ev: Any) -> None:
    drive = way("dc").to(LOOP["dc"])
    drive.command("stop_charging", stop=True)
    drive.command("stop_charging", stop=False)
    drive.wait(9.0)
    drive.command("update_dc_present_values", present_voltage_current={"evse_present_voltage": 400.0})
    drive.wait(5.0)
    said = status(drive.ok(ev.current_demand()).body)
    assert (said.EVSENotification, said.EVSEStatusCode) == ("StopCharging", "EVSE_Shutdown")
    drive.command("reset_error")
    assert status(drive.ok(ev.current_demand()).body).EVSEStatusCode == "EVSE_Ready"


def test_a_stop_does_not_reach_into_the_next_connection(way: Any, ev: Any) -> None:
    made = way("dc")
    drive = made.to(LOOP["dc"])
    drive.command("stop_charging", stop=True)
    drive.close()
    drive.connect()
    drive.wait(5.0)
    made.to("CABLE_CHECK")
    drive.wait(6.0)
    assert status(drive.ok(ev.cable_check()).body).EVSENotification == "None"


CODES_WHILE_STOPPING = {
    "CABLE_CHECK": ("cable_check", "EVSE_Shutdown"),
    "PRE_CHARGE": ("pre_charge", "EVSE_Shutdown"),
    "CURRENT_DEMAND": ("current_demand", "EVSE_Shutdown"),
    "WELDING_DETECTION_OR_SESSION_STOP": ("welding", "EVSE_Shutdown"),
}


@pytest.mark.parametrize("state", CODES_WHILE_STOPPING)
@pytest.mark.parametrize("cause", ["stop", "utility", "malfunction"])
def test_status_codes_in_every_phase(way: Any, ev: Any, state: str, cause: str) -> None:
    request, code = CODES_WHILE_STOPPING[state]
    drive = way("dc").to(state)
    if cause == "stop":
        drive.command("stop_charging", stop=True)
    else:
        errors = {"utility": "Error_UtilityInterruptEvent", "malfunction": "Error_Malfunction"}
        code = {"utility": "EVSE_UtilityInterruptEvent", "malfunction": "EVSE_Malfunction"}[cause]
        drive.command("send_error", error=errors[cause])
    said = status(drive.ok(getattr(ev, request)()).body)
    assert said.EVSEStatusCode == code
    assert said.EVSENotification == ("StopCharging" if cause == "stop" else "None")


def test_a_finished_cable_check_is_ready_even_while_stopping(way: Any, ev: Any) -> None:
    drive = way("dc").to("CABLE_CHECK")
    drive.command("stop_charging", stop=True)
    drive.command("cable_check_finished", status=True)
    assert status(drive.ok(ev.cable_check()).body).EVSEStatusCode == "EVSE_Ready"


def test_a_finished_cable_check_with_a_fault_is_refused(way: Any, ev: Any) -> None:
    drive = way("dc").to("CABLE_CHECK")
    drive.command("update_isolation_status", isolation_status="Fault")
    drive.command("cable_check_finished", status=True)
    assert drive.send(ev.cable_check()).code == "FAILED"


@pytest.mark.parametrize("isolation", ["Valid", "Warning", "No_IMD"])
def test_isolation_is_told_as_it_is(way: Any, ev: Any, isolation: str) -> None:
    """ECOG-019, with section D.9 for No_IMD, which ISO 15118-2 can say and which does not keep an EV from charging."""
    drive = way("dc").to("CABLE_CHECK")
    drive.command("update_isolation_status", isolation_status=isolation)
    drive.command("cable_check_finished", status=True)
    assert status(drive.ok(ev.cable_check()).body).EVSEIsolationStatus == isolation
    assert drive.session.state == "PRE_CHARGE"


@pytest.mark.parametrize("cause", ["stop", "Error_UtilityInterruptEvent", "Error_Malfunction"])
@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_no_start_while_the_charger_is_not_ready(way: Any, ev: Any, kind: str, cause: str) -> None:
    """EVV2G-034, RISE-016."""
    drive = way(kind).to({"ac": "POWER_DELIVERY", "dc": "PRE_CHARGE_OR_POWER_DELIVERY"}[kind])
    if cause == "stop":
        drive.command("stop_charging", stop=True)
    else:
        drive.command("send_error", error=cause)
    step = drive.send(ev.power("Start"))
    assert (step.code, step.closes) == ("FAILED_PowerDeliveryNotApplied", True)
    assert step.names == []


def test_a_residual_current_is_told_and_keeps_from_starting(way: Any, ev: Any) -> None:
    """Also ECOG-012."""
    drive = way("ac").to(LOOP["ac"])
    assert status(drive.ok(ev.charging_status()).body).RCD is False
    drive.command("send_error", error="Error_RCD")
    assert status(drive.ok(ev.charging_status()).body).RCD is True
    drive.ok(ev.power("Renegotiate"))
    drive.ok(ev.cpd_ac())
    assert drive.send(ev.power("Start")).code == "FAILED_PowerDeliveryNotApplied"


@pytest.mark.parametrize("state", ["AUTHORIZATION", "CABLE_CHECK", "PRE_CHARGE", "CURRENT_DEMAND_OR_POWER_DELIVERY"])
def test_emergency(way: Any, ev: Any, state: str) -> None:
    names = {"AUTHORIZATION": "authorization", "CABLE_CHECK": "cable_check", "PRE_CHARGE": "pre_charge"}
    drive = way("dc").to(state)
    drive.command("send_error", error="Error_EmergencyShutdown")
    assert drive.session.loop_template(drive.now) is None
    step = drive.send(getattr(ev, names.get(state, "current_demand"))())
    assert (step.code, step.closes) == ("FAILED", True)
    if state != "AUTHORIZATION":
        assert step.body.DC_EVSEStatus.EVSEStatusCode == "EVSE_EmergencyShutdown"
    assert "hlc_session_failed" not in drive.close().names


def test_an_emergency_is_left_to_the_ev_if_failed_is(way: Any, ev: Any) -> None:
    drive = way("dc", SessionSettings(close_on_failed=False)).to("AUTHORIZATION")
    drive.command("send_error", error="Error_EmergencyShutdown")
    assert drive.wait(10.0).output.close is None
    assert drive.send(ev.authorization()).output.close is None


def test_an_emergency_before_the_protocol_is_chosen(way: Any) -> None:
    drive = way("dc").drive
    drive.command("send_error", error="Error_EmergencyShutdown")
    step = drive.choose("iso2")
    assert step.output.response.ResponseCode == "Failed_NoNegotiation"
    assert step.closes


PAUSES = {
    "PauseBeforeCableCheck": (0, "PRE_CHARGE_OR_POWER_DELIVERY"),
    "PauseAfterPrecharge": (300, "CABLE_CHECK"),
    "AllowEvToIgnorePause": (300, "CABLE_CHECK"),
}


@pytest.mark.parametrize("mode", PAUSES)
def test_no_energy_in_dc(way: Any, ev: Any, mode: str) -> None:
    delay, state = PAUSES[mode]
    made = way("dc")
    drive = made.to("CHARGE_PARAMETER_DISCOVERY")
    drive.command("no_energy_pause_charging", mode=mode)
    body = drive.ok(ev.cpd_dc(DepartureTime=7200)).body
    said = body.EVSEChargeParameter.DC_EVSEStatus
    assert (said.EVSENotification, said.NotificationMaxDelay) == ("StopCharging", delay)
    (schedule,) = body.SASchedules.SAScheduleTuple
    assert schedule.PMaxSchedule.PMaxScheduleEntry[0].TimeInterval.duration == 1800
    assert drive.session.state == state
    made.to("PRE_CHARGE_OR_POWER_DELIVERY")
    step = drive.send(ev.power("Start"))
    if mode == "AllowEvToIgnorePause":
        assert step.code == "OK"
    else:
        assert (step.code, step.names) == ("FAILED", ["dc_open_contactor"])


def test_an_ev_may_pause_when_there_is_no_energy(way: Any, ev: Any) -> None:
    drive = way("dc").to("CHARGE_PARAMETER_DISCOVERY")
    drive.command("no_energy_pause_charging", mode="PauseBeforeCableCheck")
    drive.ok(ev.cpd_dc())
    drive.ok(ev.power("Stop"))
    drive.ok(ev.stop("Pause"))
    assert drive.close().names == ["dlink_pause"]


def test_no_energy_in_ac_is_a_short_schedule(way: Any, ev: Any) -> None:
    drive = way("ac").to("CHARGE_PARAMETER_DISCOVERY")
    drive.command("no_energy_pause_charging", mode="PauseBeforeCableCheck")
    body = drive.ok(ev.cpd_ac()).body
    (schedule,) = body.SASchedules.SAScheduleTuple
    assert schedule.PMaxSchedule.PMaxScheduleEntry[0].TimeInterval.duration == 1800
    assert body.EVSEChargeParameter.AC_EVSEStatus.EVSENotification == "None"
