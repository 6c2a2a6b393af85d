"""The charge loop: answered by the link thread from a template, or by the state machine; an EV cannot tell which."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsecc.charger.state import ChargerState, DcLimits, MeterReading
from fastsecc.messages import iso2
from fastsecc.session.api import LoopProgress, SessionSettings
from fastsecc.session.loop import answer_from_template
from tests.session.conftest import Drive
from tests.session.iso2.conftest import STATES, Requests, U, Way, pv

LOOPS = {
    "dc": ("CURRENT_DEMAND", "CURRENT_DEMAND_OR_POWER_DELIVERY"),
    "ac": ("CHARGING_STATUS", "CHARGING_STATUS_OR_POWER_DELIVERY"),
}
METER = {"timestamp": "2024-01-01T00:00:00Z", "energy_Wh_import": {"total": 1000.0}, "meter_id": "M1"}
LIMITS = {
    "evse_maximum_current_limit": 100.0,
    "evse_maximum_power_limit": 40_000.0,
    "evse_maximum_voltage_limit": 500.0,
}


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_only_loop_states_are_armed(way: Any, kind: str) -> None:
    armed = []
    for state in STATES[kind]:
        drive = way(kind).to(state)
        if drive.session.loop_template(drive.now) is not None:
            armed.append(state)
    assert tuple(armed) == LOOPS[kind]


def test_the_link_thread_may_run_the_whole_loop(way: Any, ev: Any) -> None:
    drive = way("dc").to("CURRENT_DEMAND")
    body, step = drive.loop(ev.current_demand())
    assert body.ResponseCode == "OK"
    assert step.names == ["current_demand_started", "dc_ev_target_voltage_current"]
    assert drive.session.state == "CURRENT_DEMAND_OR_POWER_DELIVERY"
    _, step = drive.loop(ev.current_demand())
    assert step.names == []
    _, step = drive.loop(ev.current_demand(current=80.0))
    assert step.value("dc_ev_target_voltage_current") == {
        "dc_ev_target_voltage": 400.0,
        "dc_ev_target_current": 80.0,
    }
    drive.ok(ev.power("Stop", dc=True))
    drive.ok(ev.stop())
    assert drive.close().names == ["dlink_terminate"]


def test_progress_is_coalesced(way: Any, ev: Any) -> None:
    """Many answers, one report: the newest request counts."""
    drive = way("dc").to("CURRENT_DEMAND")
    for current in (10.0, 20.0):
        drive.loop(ev.current_demand(current=current), tell=False)
    _, step = drive.loop(ev.current_demand(current=30.0))
    assert step.names.count("current_demand_started") == 1
    assert step.value("dc_ev_target_voltage_current")["dc_ev_target_current"] == 30.0


def test_progress_that_is_known_or_too_late_changes_nothing(way: Any, ev: Any) -> None:
    drive = way("dc").to("CURRENT_DEMAND")
    drive.loop(ev.current_demand())
    progress = LoopProgress(1, drive.message(ev.current_demand(current=5.0)), drive.now, 0, False)
    assert drive.took(drive.session.loop_progress(progress, drive.now)).names == []
    drive.ok(ev.power("Stop"))
    late = LoopProgress(2, drive.message(ev.current_demand(current=5.0)), drive.now, 0, False)
    assert drive.took(drive.session.loop_progress(late, drive.now)).names == []
    assert drive.session.state == "WELDING_DETECTION_OR_SESSION_STOP"


def test_progress_keeps_the_session_alive(way: Any, ev: Any) -> None:
    drive = way("ac").to("CHARGING_STATUS")
    for _ in range(4):
        drive.wait(50.0)
        drive.loop(ev.charging_status())
    assert drive.wait(59.9).output.close is None
    assert drive.wait(0.2).closes


def test_a_meter_reading_is_sent_once_by_whoever_answers(way: Any, ev: Any) -> None:
    drive = way("dc").to("CURRENT_DEMAND")
    drive.command("update_meter_info", powermeter=METER)
    body, _ = drive.loop(ev.current_demand())
    assert body.MeterInfo == iso2.MeterInfoType(MeterID="M1", MeterReading=1000)
    assert drive.ok(ev.current_demand()).body.MeterInfo is None
    drive.command("update_meter_info", powermeter=METER)
    assert drive.ok(ev.current_demand()).body.MeterInfo is not None
    body, _ = drive.loop(ev.current_demand())
    assert body.MeterInfo is None


def test_limits_are_those_of_the_energy_budget(way: Any, ev: Any) -> None:
    """OC-017: the flags say what of the EV's target the charger cannot give."""
    drive = way("dc").to("CURRENT_DEMAND")
    body = drive.ok(ev.current_demand()).body
    assert (body.EVSEMaximumVoltageLimit, body.EVSEMaximumCurrentLimit, body.EVSEMaximumPowerLimit) == (None,) * 3
    assert not (body.EVSEVoltageLimitAchieved)
    assert not (body.EVSECurrentLimitAchieved)
    assert not (body.EVSEPowerLimitAchieved)
    drive.command("update_dc_maximum_limits", maximum_limits=LIMITS)
    body = drive.ok(ev.current_demand(voltage=399.0, current=100.0)).body
    assert body.EVSEMaximumCurrentLimit == pv(U.A, 100, 2)
    assert (body.EVSECurrentLimitAchieved, body.EVSEVoltageLimitAchieved, body.EVSEPowerLimitAchieved) == (
        True,
        False,
        False,
    )
    body = drive.ok(ev.current_demand(voltage=500.0, current=80.0)).body
    assert (body.EVSECurrentLimitAchieved, body.EVSEVoltageLimitAchieved, body.EVSEPowerLimitAchieved) == (
        False,
        True,
        True,
    )


def test_ac_status_says_the_current(way: Any, ev: Any) -> None:
    drive = way("ac").to("CHARGING_STATUS")
    drive.command("update_ac_max_current", max_current=16.05)
    body = drive.ok(ev.charging_status()).body
    assert (body.EVSEMaxCurrent, body.EVSEID, body.SAScheduleTupleID) == (pv(U.A, 16.0), drive.charger.evse_id, 1)


# stale values


@pytest.mark.parametrize("who", ["link", "state machine", "timer"])
def test_old_present_values_stop_the_charge(way: Any, ev: Any, who: str) -> None:
    made = way("dc")
    drive = made.to("CURRENT_DEMAND_OR_POWER_DELIVERY")
    made.present(400.0, 50.0)
    if who == "timer":
        step = drive.wait(10.1)
    elif who == "link":
        drive.loop(ev.current_demand())  # the template that the link has is from before
        template = drive.session.loop_template(drive.now)
        drive.now += 10.1
        body = answer_from_template(template, drive.message(ev.current_demand()), drive.now, 0).Body.BodyElement
        assert body.DC_EVSEStatus.EVSEStatusCode == "EVSE_Malfunction"
        assert body.DC_EVSEStatus.EVSENotification == "StopCharging"
        told = LoopProgress(2, drive.message(ev.current_demand()), drive.now, 0, True)
        step = drive.took(drive.session.loop_progress(told, drive.now))
    else:
        drive.now += 10.1
        step = drive.send(ev.current_demand())
        assert step.body.DC_EVSEStatus.EVSEStatusCode == "EVSE_Malfunction"
    assert any(line.startswith("present values are 10") and line.endswith("stopping") for line in step.output.warnings)
    made.present(400.0, 50.0)  # too late: the session can only be stopped
    body = drive.ok(ev.current_demand()).body
    assert (body.DC_EVSEStatus.EVSEStatusCode, body.DC_EVSEStatus.EVSENotification) == (
        "EVSE_Malfunction",
        "StopCharging",
    )
    template = drive.session.loop_template(drive.now)
    assert template.fresh == template.stale
    assert drive.ok(ev.power("Stop", dc=True)).body.EVSEStatus.EVSEStatusCode == "EVSE_Malfunction"
    drive.ok(ev.welding())
    drive.ok(ev.stop())
    end = drive.close()
    assert end.names == ["hlc_session_failed", "dlink_terminate"]
    assert end.value("hlc_session_failed") == "ChargingInterrupted"


def test_an_ev_that_goes_on_with_stale_values_is_refused(way: Any, ev: Any) -> None:
    drive = way("dc").to("CURRENT_DEMAND_OR_POWER_DELIVERY")
    drive.wait(10.1)
    assert drive.session.loop_template(drive.now) is not None
    drive.wait(10.1)
    assert drive.session.loop_template(drive.now) is None
    assert drive.send(ev.current_demand()).code == "FAILED"


def test_fresh_values_keep_the_charge_going(way: Any, ev: Any) -> None:
    made = way("dc")
    drive = made.to("CURRENT_DEMAND_OR_POWER_DELIVERY")
    for _ in range(5):
        drive.wait(9.0)
        made.present()
        assert drive.ok(ev.current_demand()).body.DC_EVSEStatus.EVSEStatusCode == "EVSE_Ready"


def test_values_that_never_came_are_as_old_as_the_loop(way: Any, ev: Any) -> None:
    made = way("dc")
    made.present = lambda *values: None
    drive = made.to("CURRENT_DEMAND_OR_POWER_DELIVERY")
    assert drive.charger.present_values_at is None
    assert drive.wait(9.5).output.warnings == []
    assert drive.wait(1.0).output.warnings != []


def test_age_does_not_matter_elsewhere(way: Any, ev: Any) -> None:
    assert way("ac").to("CHARGING_STATUS").session.loop_template(2000.0).fresh_until == float("inf")
    settings = SessionSettings(present_values_max_age_s=0)
    assert way("dc", settings).to("CURRENT_DEMAND").session.loop_template(2000.0).fresh_until == float("inf")
    drive = way("dc").to("PRE_CHARGE_OR_POWER_DELIVERY")
    drive.wait(30.0)
    assert drive.ok(ev.pre_charge()).body.DC_EVSEStatus.EVSEStatusCode == "EVSE_Ready"


# the same answer

numbers = st.floats(-1000.0, 1000.0) | st.floats(-1e6, 1e6)
physical_values = st.builds(
    iso2.PhysicalValueType, Multiplier=st.integers(-3, 3), Unit=st.just(U.A), Value=st.integers(-32768, 32767)
)


@st.composite
def chargers(draw: Any) -> dict[str, Any]:
    """Draw what a loop response depends on."""
    limits = draw(st.none() | st.builds(DcLimits, numbers, numbers, numbers))
    meter = draw(
        st.none() | st.builds(MeterReading, st.integers(1, 5), st.integers(0, 10**9), st.text("abc", max_size=40))
    )
    return {
        "present_voltage_v": draw(numbers),
        "present_current_a": draw(numbers),
        "dc_maximum_limits": limits,
        "meter": meter,
        "isolation_status": draw(st.sampled_from(["Invalid", "Valid", "Warning", "Fault", "No_IMD"])),
        "evse_error": draw(st.none() | st.sampled_from(["Error_UtilityInterruptEvent", "Error_Malfunction"])),
        "shutdown": draw(st.booleans()),
        "stop_notified": draw(st.booleans()),
    }


@settings(deadline=None)
@given(chargers(), physical_values, physical_values, st.floats(0.0, 9.0))
def test_state_machine_and_template_give_the_same_answer(
    values: dict[str, Any], voltage: Any, current: Any, age: float
) -> None:
    drive = Way(Drive(ChargerState(), SessionSettings()), Requests()).to("CURRENT_DEMAND")
    for name, value in values.items():
        setattr(drive.charger, name, value)
    drive.charger.present_values_at = drive.now
    template = drive.session.loop_template(drive.now)
    drive.now += age
    request = drive.message(Requests().current_demand(EVTargetVoltage=voltage, EVTargetCurrent=current))
    expected = answer_from_template(template, request, drive.now, 0)
    assert drive.session.receive(request, drive.now).response == expected


# limits and isolation

AGEING = {
    "dc_maximum_limits_max_age_s": ("maximum limits are", "update_dc_maximum_limits", {"maximum_limits": LIMITS}),
    "isolation_status_max_age_s": ("isolation status is", "update_isolation_status", {"isolation_status": "Valid"}),
}


@pytest.mark.parametrize("setting", AGEING)
def test_old_limits_and_isolation_stop_the_charge_where_an_age_is_set(way: Any, ev: Any, setting: str) -> None:
    words, name, args = AGEING[setting]
    made = way("dc", SessionSettings(**{setting: 20.0}))
    drive = made.to("CURRENT_DEMAND_OR_POWER_DELIVERY")
    for _ in range(4):
        drive.wait(8.0)
        made.present()
        drive.command(name, **args)
        said_at = drive.now
        assert drive.ok(ev.current_demand()).body.DC_EVSEStatus.EVSEStatusCode == "EVSE_Ready"
    drive.wait(9.0)
    made.present()
    drive.wait(9.0)
    made.present()
    template = drive.session.loop_template(drive.now)
    assert template.fresh_until == said_at + 20.0
    assert drive.wait(3.0).output.warnings == [f"{words} 20.0 s old: stopping"]
    status = drive.ok(ev.current_demand()).body.DC_EVSEStatus
    assert (status.EVSEStatusCode, status.EVSENotification) == ("EVSE_Malfunction", "StopCharging")


@pytest.mark.parametrize("setting", AGEING)
def test_what_never_came_is_as_old_as_the_loop(way: Any, setting: str) -> None:
    settings = SessionSettings(**{setting: 20.0, "present_values_max_age_s": 0.0})
    drive = way("dc", settings).to("CURRENT_DEMAND_OR_POWER_DELIVERY")
    drive.charger.dc_maximum_limits_at = drive.charger.isolation_status_at = None
    assert drive.session.loop_template(drive.now).fresh_until == drive.session._machine.context.loop_since + 20.0


def test_the_link_says_which_value_was_too_old(way: Any, ev: Any) -> None:
    """What the charger said after the answer does not change what the answer was."""
    made = way("dc", SessionSettings(isolation_status_max_age_s=60.0))
    drive = made.to("CURRENT_DEMAND_OR_POWER_DELIVERY")
    made.present()
    drive.loop(ev.current_demand())
    drive.now += 10.1
    told = LoopProgress(2, drive.message(ev.current_demand()), drive.now, 0, True)
    drive.charger.present_values_at = drive.now  # a cmd that the session has not seen yet
    assert drive.took(drive.session.loop_progress(told, drive.now)).output.warnings == [
        "present values are 10.2 s old: stopping"
    ]
