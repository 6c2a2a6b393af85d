"""PowerDelivery, the cable check and pre-charge before it, and the end after it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fastsecc.messages import iso20
from fastsecc.messages.iso20 import PowerToleranceAcceptanceType
from fastsecc.session.iso20.numbers import to_float
from fastsecc.session.iso20.power_delivery import AC_CONTACTOR_TIMEOUT_s
from tests.session.iso20.conftest import FINISHED, FOREIGN, ONGOING, power_profile, settings

INVALID, SELECTION = "FAILED_EVPowerProfileInvalid", "FAILED_ScheduleSelectionInvalid"
NOT_APPLIED = "FAILED_PowerDeliveryNotApplied"
LOOP = {"dc": "DC_CHARGE_LOOP", "ac": "AC_CHARGE_LOOP"}


def notification(step: Any) -> tuple[str, int] | None:
    status = step.body.EVSEStatus
    return None if status is None else (str(status.EVSENotification), status.NotificationMaxDelay)


# cable check, pre-charge


def test_ev20_s_086_ev20_s_087_cable_check(way: Any, ev: Any) -> None:
    drive = way("dc").to("DC_CABLE_CHECK")
    first = drive.ok(ev.cable_check())
    assert (first.body.EVSEProcessing, first.names[1:-1]) == (ONGOING, ["start_cable_check"])
    again = drive.ok(ev.cable_check())
    assert (again.body.EVSEProcessing, again.names[1:-1]) == (ONGOING, [])
    drive.command("cable_check_finished", status=True)
    assert drive.ok(ev.cable_check()).body.EVSEProcessing is FINISHED
    assert drive.session.state == "DC_PRE_CHARGE"


@pytest.mark.parametrize("state", ["SERVICE_DISCOVERY", "DC_CABLE_CHECK"])
def test_a_cable_check_that_is_over_early_is_remembered(way: Any, ev: Any, state: str) -> None:
    made = way("dc")
    made.to(state).command("cable_check_finished", status=True)
    assert made.to("DC_CABLE_CHECK").ok(ev.cable_check()).body.EVSEProcessing is FINISHED


@pytest.mark.parametrize(
    ("isolation", "code"),
    [("Valid", "OK"), ("Warning", "OK"), ("No_IMD", "OK"), ("Fault", "FAILED")],
)
def test_ecog_019_isolation(way: Any, ev: Any, isolation: str, code: str) -> None:
    drive = way("dc").to("DC_CABLE_CHECK")
    drive.command("update_isolation_status", isolation_status=isolation)
    assert drive.ok(ev.cable_check()).body.EVSEProcessing is ONGOING
    drive.command("cable_check_finished", status=True)
    step = drive.send(ev.cable_check())
    assert (step.code, step.closes) == (code, code == "FAILED")


def test_a_cable_check_that_takes_too_long(way: Any, ev: Any) -> None:
    drive = way("dc").to("DC_CABLE_CHECK")
    drive.ok(ev.cable_check())
    drive.now += 55.0
    drive.ok(ev.cable_check())
    drive.now += 5.0
    assert drive.send(ev.cable_check()).code == "FAILED"


def test_ev20_f_088_ev20_f_089_pre_charge(way: Any, ev: Any) -> None:
    """Also ECOG-025."""
    made = way("dc")
    drive = made.to("DC_PRE_CHARGE")
    made.present(voltage=123.4)
    step = drive.ok(ev.pre_charge(ONGOING, target=400.0))
    assert to_float(step.body.EVSEPresentVoltage) == 123.4
    assert step.names[1:-1] == ["start_pre_charge", "dc_ev_target_voltage_current"]
    target = {"dc_ev_target_voltage": 400.0, "dc_ev_target_current": 0.0}
    assert step.value("dc_ev_target_voltage_current") == target
    assert drive.session.state == "DC_PRE_CHARGE"
    assert drive.ok(ev.pre_charge(ONGOING, target=400.0)).names[1:-1] == []
    assert drive.ok(ev.pre_charge(ONGOING, target=401.0)).names[1:-1] == ["dc_ev_target_voltage_current"]
    drive.ok(ev.pre_charge(FINISHED, target=401.0))
    assert drive.session.state == "POWER_DELIVERY"


def test_a_pre_charge_that_takes_too_long(way: Any, ev: Any) -> None:
    drive = way("dc").to("DC_PRE_CHARGE")
    drive.ok(ev.pre_charge(ONGOING))
    for _ in range(2):
        drive.now += 29.0
        drive.ok(ev.pre_charge(ONGOING))
    drive.now += 5.0
    assert drive.send(ev.pre_charge(FINISHED)).code == "FAILED"


def test_ev20_f_030_another_request_in_place_of_pre_charge(way: Any, ev: Any) -> None:
    step = way("dc").to("DC_PRE_CHARGE").send(ev.power())
    assert (step.code, step.closes) == ("FAILED_SequenceError", True)


def test_ev20_f_033_session_stop_in_place_of_pre_charge(way: Any, ev: Any) -> None:
    drive = way("dc").to("DC_PRE_CHARGE")
    assert drive.send(ev.stop()).code == "OK"
    assert drive.session.state == "ENDED"


FOREIGNERS = {
    "EV20-S-021": ("dc", "DC_CABLE_CHECK", "cable_check"),
    "EV20-S-022": ("dc", "DC_PRE_CHARGE", "pre_charge"),
    "EV20-S-023 DC": ("dc", "POWER_DELIVERY", "power"),
    "EV20-S-023 AC": ("ac", "POWER_DELIVERY", "power"),
    "EV20-S-026": ("dc", "DC_WELDING_DETECTION", "welding"),
}


@pytest.mark.parametrize(("kind", "state", "name"), FOREIGNERS.values(), ids=FOREIGNERS)
def test_a_foreign_session(way: Any, ev: Any, kind: str, state: str, name: str) -> None:
    step = way(kind).to(state).send(getattr(ev, name)(), session_id=FOREIGN)
    assert (step.code, step.closes) == ("FAILED_UnknownSession", True)
    assert getattr(step.body, "EVSEStatus", None) is None


# start


def test_start_dc(way: Any, ev: Any) -> None:
    drive = way("dc").to("POWER_DELIVERY")
    step = drive.ok(ev.power())
    assert (step.code, notification(step), step.names[1:-1]) == ("OK", None, ["v2g_setup_finished"])
    assert drive.session.state == "DC_CHARGE_LOOP"


def test_an_ev_that_is_still_computing_is_waited_for(way: Any, ev: Any) -> None:
    drive = way("dc").to("POWER_DELIVERY")
    for _ in range(3):
        step = drive.ok(ev.power(EVProcessing=ONGOING))
        assert (step.names, drive.session.state) == (["v2g_messages"] * 2, "POWER_DELIVERY")
    drive.ok(ev.power())
    assert drive.session.state == "DC_CHARGE_LOOP"


def test_ac_waits_for_the_contactor(way: Any, ev: Any) -> None:
    drive = way("ac").to("POWER_DELIVERY")
    step = drive.send(ev.power())
    assert step.output.response is None
    assert step.names[1:] == ["v2g_setup_finished", "ac_close_contactor"]
    assert drive.command("ac_contactor_closed", status=False).output.response is None
    drive.now += 1.0
    closed = drive.command("ac_contactor_closed", status=True)
    assert (closed.code, closed.names) == ("OK", ["v2g_messages"])
    assert drive.session.state == "AC_CHARGE_LOOP"


@pytest.mark.parametrize("state", ["SESSION_SETUP", "POWER_DELIVERY"])
def test_a_contactor_that_is_closed_is_remembered(way: Any, ev: Any, state: str) -> None:
    made = way("ac")
    made.to(state).command("ac_contactor_closed", status=True)
    step = made.to("POWER_DELIVERY").ok(ev.power())
    assert step.names[1:-1] == ["v2g_setup_finished"]
    assert "ac_open_contactor" in made.drive.close().names


def test_ev20_s_091_the_contactor_does_not_close(way: Any, ev: Any) -> None:
    """Also ECOG-026."""
    drive = way("ac").to("POWER_DELIVERY")
    drive.send(ev.power())
    assert drive.wait(AC_CONTACTOR_TIMEOUT_s - 0.01).output.response is None
    step = drive.wait(0.02)
    assert (step.code, step.closes) == ("FAILED_ContactorError", True)
    assert step.names[-2:] == ["current_demand_finished", "ac_open_contactor"]
    assert drive.session.deadline is None
    assert drive.close().names == ["dlink_terminate"]


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_ev20_s_091_the_charger_reports_a_contactor_error(way: Any, ev: Any, kind: str) -> None:
    drive = way(kind).to("POWER_DELIVERY")
    drive.command("send_error", error="Error_Contactor")
    step = drive.send(ev.power())
    assert (step.code, step.closes) == ("FAILED_ContactorError", True)


def test_a_contactor_error_while_the_ev_waits(way: Any, ev: Any) -> None:
    drive = way("ac").to("POWER_DELIVERY")
    drive.send(ev.power())
    assert drive.command("send_error", error="Error_Contactor").code == "FAILED_ContactorError"


def test_an_emergency_while_the_ev_waits_for_the_contactor(way: Any, ev: Any) -> None:
    drive = way("ac").to("POWER_DELIVERY")
    drive.send(ev.power())
    step = drive.command("send_error", error="Error_EmergencyShutdown")
    assert (step.code, step.closes) == ("FAILED", True)


@pytest.mark.parametrize("kind", ["dc", "ac"])
@pytest.mark.parametrize(
    ("name", "args"),
    [
        pytest.param("stop_charging", {"stop": True}, id="EV20-S-092"),
        ("send_error", {"error": "Error_Malfunction"}),
        ("send_error", {"error": "Error_UtilityInterruptEvent"}),
        ("send_error", {"error": "Error_RCD"}),
    ],
)
def test_what_ends_a_charge_before_it_begins(way: Any, ev: Any, kind: str, name: str, args: Any) -> None:
    drive = way(kind).to("POWER_DELIVERY")
    drive.command(name, **args)
    step = drive.ok(ev.power())
    assert notification(step) == ("Terminate", 0)
    assert step.names == ["v2g_messages"] * 2
    assert drive.session.state == LOOP[kind]
    looped = drive.ok(ev.loop(kind))
    assert notification(looped) == ("Terminate", 0)
    assert "current_demand_started" not in looped.names
    assert drive.ok(ev.power("Stop")).code == "OK"


def test_a_stop_while_the_ev_waits_for_the_contactor(way: Any, ev: Any) -> None:
    drive = way("ac").to("POWER_DELIVERY")
    drive.send(ev.power())
    step = drive.command("stop_charging", stop=True)
    assert (step.code, notification(step)) == ("OK", ("Terminate", 0))
    assert drive.ok(ev.power("Stop")).names[1:-1] == ["current_demand_finished", "ac_open_contactor"]


@pytest.mark.parametrize("mode", ["PauseBeforeCableCheck", "PauseAfterPrecharge", "AllowEvToIgnorePause"])
def test_no_energy_is_a_pause_at_the_start(way: Any, ev: Any, mode: str) -> None:
    made = way("dc")
    drive = made.to("POWER_DELIVERY")
    drive.command("no_energy_pause_charging", mode=mode)
    assert notification(drive.ok(ev.power())) == ("Pause", 60)
    assert notification(made.loop()) == ("Pause", 60)


# the power profile


PROFILES: dict[str, tuple[str, str, dict[str, Any], list[tuple[int, float]], str]] = {
    "as offered": ("dc", "Scheduled", {}, [(86_400, 150_000.0)], "OK"),
    "less, in steps": ("dc", "Scheduled", {}, [(600, 0.0), (600, 50_000.0), (600, 10_000.0)], "OK"),
    "more": ("dc", "Scheduled", {}, [(600, 150_100.0)], INVALID),
    "more after the schedule": ("dc", "Scheduled", {}, [(86_400, 1000.0), (600, 200_000.0)], INVALID),
    "another schedule": ("dc", "Scheduled", {"tuple_id": 2}, [(600, 1.0)], SELECTION),
    "of the dynamic mode": ("dc", "Scheduled", {"tuple_id": None}, [(600, 1.0)], INVALID),
    "of the scheduled mode": ("dc", "Dynamic", {}, [(600, 1.0)], INVALID),
    "dynamic": ("dc", "Dynamic", {"tuple_id": None}, [(600, 500_000.0)], "OK"),
    "discharging": ("dc-bpt", "Scheduled", {}, [(600, 1000.0), (600, -20_000.0)], "OK"),
    "discharging more": ("dc-bpt", "Scheduled", {}, [(600, -20_100.0)], INVALID),
    "discharging where it was not offered": ("dc", "Scheduled", {}, [(600, -1.0)], INVALID),
    "megawatts": ("mcs", "Scheduled", {}, [(600, 150_000.0)], "OK"),
    "tolerance confirmed": (
        "dc",
        "Scheduled",
        {"tolerance": PowerToleranceAcceptanceType.PowerToleranceConfirmed},
        [(600, 1.0)],
        "OK_PowerToleranceConfirmed",
    ),
    "tolerance not confirmed": (
        "dc",
        "Scheduled",
        {"tolerance": PowerToleranceAcceptanceType.PowerToleranceNotConfirmed},
        [(600, 1.0)],
        "WARNING_PowerToleranceNotConfirmed",
    ),
}


@pytest.mark.parametrize(("kind", "mode", "values", "powers", "code"), PROFILES.values(), ids=PROFILES)
def test_power_profiles(way: Any, ev: Any, kind: str, mode: str, values: Any, powers: Any, code: str) -> None:
    drive = way(kind, mode).to("POWER_DELIVERY")
    step = drive.send(ev.power(EVPowerProfile=power_profile(drive, *powers, **values)))
    assert (step.code, step.closes) == (code, code.startswith("FAILED"))
    assert drive.session.state == ("POWER_DELIVERY" if step.closes else "DC_CHARGE_LOOP")
    assert ("v2g_setup_finished" in step.names) is not step.closes


def test_a_profile_by_phase_is_summed_up(way: Any, ev: Any) -> None:
    drive = way("ac").to("POWER_DELIVERY")
    drive.command("ac_contactor_closed", status=True)
    profile = power_profile(drive, (600, 8000.0))
    (entry,) = profile.EVPowerProfileEntries.EVPowerProfileEntry
    entry.Power_L2 = entry.Power_L3 = entry.Power
    assert drive.send(ev.power(EVPowerProfile=profile)).code == INVALID


def test_a_profile_that_counts_from_1970_cannot_be_compared(way: Any, ev: Any) -> None:
    drive = way("dc").to("POWER_DELIVERY")
    profile = msgspec.structs.replace(power_profile(drive, (3600, 1e6)), TimeAnchor=0)
    assert drive.send(ev.power(EVPowerProfile=profile)).code == "OK"


# channels


def start_on(way: Any, ev: Any, kind: str, channel: str, selection: str | None, processing: Any = FINISHED) -> Any:
    made = way(kind)
    setup = {"bpt_channel": channel, "generator_mode": "GridFollowing"}
    made.drive.command("bpt_setup", bpt_config=setup)
    chosen = None if selection is None else iso20.ChannelSelectionType(selection)
    return made.to("POWER_DELIVERY").send(ev.power(BPT_ChannelSelection=chosen, EVProcessing=processing))


@pytest.mark.parametrize(
    ("kind", "channel", "selection", "code"),
    [
        ("dc-bpt", "Unified", None, "OK"),
        ("dc-bpt", "Unified", "Discharge", "OK"),
        ("dc-bpt", "Separated", "Charge", "OK"),
        ("dc-bpt", "Separated", "Discharge", "OK"),
        ("dc-bpt", "Separated", None, NOT_APPLIED),
        ("dc", "Separated", None, "OK"),
        ("dc", "Separated", "Charge", "OK"),
        ("dc", "Separated", "Discharge", NOT_APPLIED),
    ],
)
def test_channel_selection(way: Any, ev: Any, kind: str, channel: str, selection: str | None, code: str) -> None:
    assert start_on(way, ev, kind, channel, selection).code == code


def test_an_ev_that_is_still_computing_has_no_channel_yet(way: Any, ev: Any) -> None:
    assert start_on(way, ev, "dc-bpt", "Separated", None, ONGOING).code == "OK"


# standby


@pytest.mark.parametrize("kind", ["dc", "ac"])
def test_ev20_s_090_standby_is_not_allowed(way: Any, ev: Any, kind: str) -> None:
    drive = way(kind).to("POWER_DELIVERY")
    step = drive.send(ev.power("Standby"))
    assert (step.code, step.closes, drive.session.state) == ("WARNING_StandbyNotAllowed", False, "POWER_DELIVERY")
    drive.command("ac_contactor_closed", status=True)
    drive.ok(ev.power())
    step = drive.send(ev.power("Standby"))
    assert (step.code, drive.session.state) == ("WARNING_StandbyNotAllowed", LOOP[kind])


@pytest.mark.parametrize("kind", ["dc", "ac"])
def test_standby_in_the_charge_loop(way: Any, ev: Any, kind: str) -> None:
    made = way(kind, settings=settings(standby_allowed=True))
    drive = made.to(LOOP[kind])
    assert "current_demand_started" in made.loop().names
    step = drive.ok(ev.power("Standby"))
    assert (step.names[1:-1], drive.session.state) == (["current_demand_finished"], LOOP[kind])
    assert "current_demand_started" not in made.loop().names
    drive.ok(ev.power("Start"))
    assert "current_demand_started" in made.loop().names
    names = [name for name in drive.ok(ev.power("Stop")).names if name != "v2g_messages"]
    assert names == ["current_demand_finished", "ac_open_contactor" if kind == "ac" else "dc_open_contactor"]


@pytest.mark.parametrize(
    ("control_mode", "name"),
    [("Scheduled", "dc_ev_target_voltage_current"), ("Dynamic", "d20_dc_dynamic_charge_mode")],
)
def test_standby_leaves_the_supply_off_and_the_charge_after_it_sets_it_anew(
    way: Any, ev: Any, control_mode: str, name: str
) -> None:
    made = way("dc", control_mode, settings=settings(standby_allowed=True))
    drive = made.to("DC_CHARGE_LOOP")
    assert name in made.loop().names
    drive.ok(ev.power("Standby"))
    drive.now += 0.45
    assert name not in made.loop().names
    drive.ok(ev.power("Start"))
    assert {"current_demand_started", name} <= set(made.loop().names)
    assert name not in made.loop().names


def test_standby_before_the_charge(way: Any, ev: Any) -> None:
    made = way("ac", settings=settings(standby_allowed=True))
    drive = made.to("POWER_DELIVERY")
    step = drive.ok(ev.power("Standby"))
    assert (step.names, drive.session.state) == (["v2g_messages"] * 2, "AC_CHARGE_LOOP")
    assert "current_demand_started" not in made.loop().names
    assert drive.send(ev.power("Start")).names[1:] == ["v2g_setup_finished", "ac_close_contactor"]
    assert drive.command("ac_contactor_closed", status=True).code == "OK"
    assert "current_demand_started" in made.loop().names


# stop


@pytest.mark.parametrize("kind", ["dc", "ac", "dc-bpt", "ac-bpt", "mcs", "mcs-bpt"])
def test_the_ev_stops(way: Any, ev: Any, kind: str) -> None:
    made = way(kind)
    drive = made.to(LOOP[made.energy])
    made.loop()
    step = drive.ok(ev.power("Stop"))
    opened = "ac_open_contactor" if made.energy == "ac" else "dc_open_contactor"
    assert step.names[1:-1] == ["current_demand_finished", opened]
    assert drive.session.state == ("SESSION_STOP" if made.energy == "ac" else "DC_WELDING_DETECTION")
    drive.ok(ev.stop())
    assert drive.close().names == ["dlink_terminate"]


def test_ev20_s_123_welding_detection(way: Any, ev: Any) -> None:
    made = way("dc")
    drive = made.to("DC_WELDING_DETECTION")
    made.present(voltage=321.0)
    step = drive.ok(ev.welding(ONGOING))
    assert (to_float(step.body.EVSEPresentVoltage), drive.session.state) == (321.0, "DC_WELDING_DETECTION")
    made.present(voltage=12.0)
    assert to_float(drive.ok(ev.welding(FINISHED)).body.EVSEPresentVoltage) == 12.0
    assert drive.session.state == "SESSION_STOP"


def test_welding_detection_can_be_left_out(way: Any, ev: Any) -> None:
    assert way("dc").to("DC_WELDING_DETECTION").ok(ev.stop()).code == "OK"


@pytest.mark.parametrize("kind", ["dc", "ac"])
def test_stopping_before_the_charge(way: Any, ev: Any, kind: str) -> None:
    """An EV that was told to pause does so: it has done the pre-charge, so the supply is switched off."""
    drive = way(kind).to("POWER_DELIVERY")
    step = drive.ok(ev.power("Stop"))
    assert "current_demand_finished" in step.names
    assert drive.ok(ev.stop("Pause")).code == "OK"
