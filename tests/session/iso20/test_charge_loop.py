"""AC_ and DC_ChargeLoop, by the ids of the public test purposes where there is one."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.messages import iso20
from fastsecc.messages.payload_types import ISO20_AC, ISO20_DC
from fastsecc.session.api import SessionSettings
from fastsecc.session.iso20.numbers import rational, to_float
from fastsecc.session.iso20.settings import Iso20Settings
from tests.session.conftest import START_s, UNIX_AT_START_s
from tests.session.iso20.conftest import FOREIGN, METER_ID, SERVICES, METER_Wh, power_profile, settings

PATIENT = Iso20Settings(loop_sequence_timeout_s=60.0)
LOOPS = {"dc": "DC_CHARGE_LOOP", "ac": "AC_CHARGE_LOOP"}
DC_BUDGET = {
    "evse_maximum_current_limit": 120.0,
    "evse_maximum_voltage_limit": 500.0,
    "evse_maximum_power_limit": 45_000.0,
    "evse_maximum_discharge_current_limit": 30.0,
    "evse_maximum_discharge_power_limit": 9000.0,
}
DC_LEAST = {
    "evse_minimum_current_limit": 1.0,
    "evse_minimum_voltage_limit": 160.0,
    "evse_minimum_power_limit": 200.0,
    "evse_minimum_discharge_current_limit": 2.0,
    "evse_minimum_discharge_power_limit": 300.0,
}
CHARGE = {
    "EVSEMaximumChargePower": 45_000.0,
    "EVSEMinimumChargePower": 200.0,
    "EVSEMaximumChargeCurrent": 120.0,
    "EVSEMaximumVoltage": 500.0,
}
DISCHARGE = {
    "EVSEMaximumDischargePower": 9000.0,
    "EVSEMinimumDischargePower": 300.0,
    "EVSEMaximumDischargeCurrent": 30.0,
    "EVSEMinimumVoltage": 160.0,
}


def in_loop(way: Any, kind: str = "dc", control_mode: str = "Scheduled", mobility: str = "EVCC", **values: Any) -> Any:
    """Give the way of a session in its charge loop, with an EV that may take its time."""
    made = way(kind, control_mode, mobility, **{"settings": settings(loop_sequence_timeout_s=60.0), **values})
    made.to(LOOPS[made.energy])
    return made


def limits(drive: Any) -> None:
    drive.command("update_dc_maximum_limits", maximum_limits=DC_BUDGET)
    drive.command("update_dc_minimum_limits", minimum_limits=DC_LEAST)


def numbers(mode: Any) -> dict[str, float]:
    found = {name: getattr(mode, name) for name in mode.__struct_fields__}
    return {
        name: to_float(value) if isinstance(value, iso20.RationalNumberType) else value
        for name, value in found.items()
        if value is not None
    }


def notification(body: Any) -> tuple[str, int] | None:
    status = body.EVSEStatus
    return None if status is None else (str(status.EVSENotification), status.NotificationMaxDelay)


MODES = {
    "EV20-S-095": ("dc", "Scheduled", "EVCC"),
    "EV20-S-096": ("dc-bpt", "Scheduled", "EVCC"),
    "EV20-S-097": ("dc", "Dynamic", "EVCC"),
    "EV20-S-098": ("dc-bpt", "Dynamic", "EVCC"),
    "EV20-S-099": ("dc", "Dynamic", "EVCC_SECC"),
    "EV20-S-100": ("dc-bpt", "Dynamic", "EVCC_SECC"),
    "EV20-S-104": ("ac", "Scheduled", "EVCC"),
    "EV20-S-105": ("ac-bpt", "Scheduled", "EVCC"),
    "EV20-S-106": ("ac", "Dynamic", "EVCC"),
    "EV20-S-107": ("ac-bpt", "Dynamic", "EVCC"),
    "EV20-S-108": ("ac", "Dynamic", "EVCC_SECC"),
    "EV20-S-109": ("ac-bpt", "Dynamic", "EVCC_SECC"),
    "EV20-S-117": ("mcs", "Scheduled", "EVCC"),
    "EV20-S-118": ("mcs-bpt", "Scheduled", "EVCC"),
    "EV20-S-119": ("mcs", "Dynamic", "EVCC"),
    "EV20-S-120": ("mcs-bpt", "Dynamic", "EVCC"),
    "EV20-S-121": ("mcs", "Dynamic", "EVCC_SECC"),
    "EV20-S-122": ("mcs-bpt", "Dynamic", "EVCC_SECC"),
}


@pytest.mark.parametrize(("kind", "control_mode", "mobility"), MODES.values(), ids=MODES)
def test_the_response_is_in_the_control_mode_of_the_request(
    way: Any, kind: str, control_mode: str, mobility: str
) -> None:
    """Also ECOG-027 and OC-022."""
    site = settings(departure_time_s=3600, target_soc_percent=80, minimum_soc_percent=20)
    made = way(kind, control_mode, mobility, settings=site)
    drive = made.to(LOOPS[made.energy])
    limits(drive)
    step = made.loop()
    mode = step.body.CLResControlMode
    prefix = "BPT_" if kind.endswith("bpt") else ""
    assert type(mode).__name__ == f"{prefix}{control_mode}_{made.energy.upper()}_CLResControlModeType"
    assert (step.code, notification(step.body)) == ("OK", None)
    needs = {"DepartureTime", "TargetSOC", "MinimumSOC", "AckMaxDelay"}
    assert needs & set(numbers(mode)) == (needs if mobility == "EVCC_SECC" else set())
    said = {name: value for name, value in numbers(mode).items() if name not in needs}
    if made.energy == "dc":
        assert said == (CHARGE | DISCHARGE if prefix else CHARGE)
    else:
        assert said == ({"EVSETargetActivePower": 0.0} if control_mode == "Dynamic" else {})
    assert drive.session.state == LOOPS[made.energy]


@pytest.mark.parametrize(("kind", "control_mode", "mobility"), MODES.values(), ids=MODES)
def test_the_template_is_of_the_selected_mode(way: Any, ev: Any, kind: str, control_mode: str, mobility: str) -> None:
    made = in_loop(way, kind, control_mode, mobility)
    template = made.drive.session.loop_template(made.drive.now)
    dc = made.energy == "dc"
    assert template.request is (iso20.dc.DC_ChargeLoopReq if dc else iso20.ac.AC_ChargeLoopReq)
    assert template.payload_type == (ISO20_DC if dc else ISO20_AC)
    assert template.session_id == made.drive.session.session_id
    answered, _ = made.drive.loop(ev.loop(kind, control_mode))
    assert type(answered.CLResControlMode) is type(template.fresh.CLResControlMode)
    assert answered.Header.TimeStamp == int(UNIX_AT_START_s + made.drive.now - START_s)


@pytest.mark.parametrize(
    ("kind", "control_mode", "sent", "sent_mode"),
    [
        pytest.param("dc", "Scheduled", "dc", "Dynamic", id="EV20-S-093 scheduled"),
        pytest.param("dc", "Dynamic", "dc", "Scheduled", id="EV20-S-093 dynamic"),
        pytest.param("dc-bpt", "Scheduled", "dc", "Scheduled", id="EV20-S-094 plain in BPT"),
        pytest.param("dc", "Scheduled", "dc-bpt", "Scheduled", id="EV20-S-094 BPT in plain"),
        pytest.param("dc-bpt", "Dynamic", "dc", "Dynamic", id="EV20-S-094 dynamic"),
        pytest.param("ac", "Scheduled", "ac", "Dynamic", id="EV20-S-102 scheduled"),
        pytest.param("ac", "Dynamic", "ac", "Scheduled", id="EV20-S-102 dynamic"),
        pytest.param("ac-bpt", "Scheduled", "ac", "Scheduled", id="EV20-S-103"),
        pytest.param("ac", "Scheduled", "ac-bpt", "Scheduled", id="EV20-S-103 the other way round"),
        pytest.param("mcs-bpt", "Scheduled", "mcs", "Scheduled", id="MCS_BPT with a plain request"),
    ],
)
def test_another_mode_than_the_selected(
    way: Any, ev: Any, kind: str, control_mode: str, sent: str, sent_mode: str
) -> None:
    made = in_loop(way, kind, control_mode)
    step = made.drive.send(ev.loop(sent, sent_mode))
    assert (step.code, step.closes) == ("FAILED", True)
    begun = made.energy == "ac"  # in DC the first request of the loop begins the charge
    assert set(step.names) == {"v2g_messages"} | ({"current_demand_finished", "ac_open_contactor"} if begun else set())


@pytest.mark.parametrize("kind", ["dc", "ac"])
@pytest.mark.parametrize("control_mode", ["Scheduled", "Dynamic"])
def test_ev20_s_024_ev20_s_025_a_foreign_session(way: Any, ev: Any, kind: str, control_mode: str) -> None:
    made = in_loop(way, kind, control_mode)
    step = made.drive.send(ev.loop(kind, control_mode, meter=True), session_id=FOREIGN)
    assert (step.code, step.closes) == ("FAILED_UnknownSession", True)
    assert (step.body.EVSEStatus, step.body.MeterInfo, step.body.Receipt) == (None, None, None)
    assert all(isinstance(value, int) for value in numbers(step.body.CLResControlMode).values())


# DC values


def test_without_a_budget_the_limits_are_what_the_supply_can_do(way: Any) -> None:
    scheduled = in_loop(way, "dc-bpt").loop().body.CLResControlMode
    dynamic = in_loop(way, "dc-bpt", "Dynamic").loop().body.CLResControlMode
    assert numbers(scheduled) == numbers(dynamic)
    assert numbers(scheduled)["EVSEMaximumChargePower"] == 150_000.0
    assert numbers(scheduled)["EVSEMaximumDischargeCurrent"] == 50.0


def test_present_values_are_remembered_from_before(way: Any) -> None:
    made = way("dc", settings=settings())
    made.to("DC_PRE_CHARGE")
    made.to("POWER_DELIVERY")
    made.present(voltage=398.7, current=-12.3)
    made.to("DC_CHARGE_LOOP")
    body = made.loop().body
    assert (to_float(body.EVSEPresentVoltage), to_float(body.EVSEPresentCurrent)) == (398.7, -12.3)


@pytest.mark.parametrize(
    ("voltage", "current", "achieved"),
    [
        (400.0, 100.0, (False, False, False)),
        (400.0, 120.0, (True, False, True)),
        (300.0, 120.0, (True, False, False)),
        (500.0, 10.0, (False, True, False)),
        (450.0, 100.0, (False, False, True)),
        (500.0, 120.0, (True, True, True)),
        (400.0, -120.0, (False, False, False)),
    ],
)
def test_limits_achieved(way: Any, ev: Any, voltage: float, current: float, achieved: Any) -> None:
    made = in_loop(way, "dc-bpt")
    limits(made.drive)
    request = ev.loop("dc-bpt", EVTargetVoltage=voltage, EVTargetCurrent=current)
    linked, _ = made.drive.loop(request)
    for body in (linked, made.drive.send(request).body):
        flags = (body.EVSECurrentLimitAchieved, body.EVSEVoltageLimitAchieved, body.EVSEPowerLimitAchieved)
        assert flags == achieved


def test_quirk_negative_bidirectional_limits(way: Any) -> None:
    quirk = SessionSettings(allow_plain_iso20=True, iso20=PATIENT, quirks=frozenset({"negative-bidirectional-limits"}))
    made = in_loop(way, "dc-bpt", settings=quirk)
    limits(made.drive)
    said = numbers(made.loop().body.CLResControlMode)
    negative = {name: -value if "Discharge" in name else value for name, value in DISCHARGE.items()}
    assert said == CHARGE | negative


# AC values


@pytest.mark.parametrize("control_mode", ["Scheduled", "Dynamic"])
def test_ac_targets_and_present_power(way: Any, control_mode: str) -> None:
    made = in_loop(way, "ac-bpt", control_mode)
    targets = {
        "target_active_power": {"total": -3000.0, "L1": -1000.0, "L2": -1100.0, "L3": -900.0},
        "target_reactive_power": {"total": 500.0},
        "target_frequency": 50.02,
    }
    made.drive.command("update_ac_target_values", target_values=targets)
    made.drive.command("update_ac_present_power", present_power={"total": -2900.0})
    body = made.loop().body
    assert to_float(body.EVSETargetFrequency) == 50.02
    assert numbers(body.CLResControlMode) == {
        "EVSETargetActivePower": -1000.0,
        "EVSETargetActivePower_L2": -1100.0,
        "EVSETargetActivePower_L3": -900.0,
        "EVSETargetReactivePower": 500.0,
        "EVSEPresentActivePower": -2900.0,
    }


def test_targets_of_before_the_session_count(way: Any) -> None:
    made = way("ac", "Dynamic")
    made.drive.command("update_ac_target_values", target_values={"target_active_power": {"total": 7400.0}})
    made.to("AC_CHARGE_LOOP")
    assert numbers(made.loop().body.CLResControlMode)["EVSETargetActivePower"] == 7400.0


# meter


@pytest.mark.parametrize("kind", ["dc", "ac", "ac-bpt"])
def test_meter_info_is_for_those_who_ask(way: Any, ev: Any, kind: str) -> None:
    made = in_loop(way, kind)
    drive = made.drive
    reading = {
        "timestamp": "2026-01-01T00:00:00Z",
        "meter_id": METER_ID,
        "energy_Wh_import": {"total": 1234.6},
        "energy_Wh_export": {"total": 56.7},
    }
    drive.command("update_meter_info", powermeter=reading)
    expected = iso20.MeterInfoType(
        MeterID=METER_ID,
        ChargedEnergyReadingWh=1234,
        BPT_DischargedEnergyReadingWh=56 if kind.endswith("bpt") else None,
    )
    for _ in range(2):
        step = made.loop(meter=True)
        assert step.body.MeterInfo == expected
        assert step.names.count("meter_info_requested") == 1
        linked, told = drive.loop(ev.loop(kind, meter=True))
        assert linked.MeterInfo == expected
        assert told.names.count("meter_info_requested") == 1
        step = made.loop(meter=False)
        assert step.body.MeterInfo is None
        assert "meter_info_requested" not in step.names
        linked, _ = drive.loop(ev.loop(kind, meter=False))
        assert linked.MeterInfo is None


def test_no_meter_no_meter_info(way: Any) -> None:
    made = in_loop(way)
    made.drive.charger.meter = None
    assert made.loop(meter=True).body.MeterInfo is None
    assert made.drive.session.loop_template(made.drive.now).meter_sequence == 0


def confirmation(ev: Any, drive: Any, control_mode: str = "Scheduled", **values: Any) -> Any:
    request = ev.metering_confirmation(drive.session.session_id, control_mode)
    for name, value in values.items():
        holder = request.SignedMeteringData
        for part in name.split("__")[:-1]:
            holder = getattr(holder, part)
        setattr(holder, name.split("__")[-1], value)
    return request


@pytest.mark.parametrize("control_mode", ["Scheduled", "Dynamic"])
@pytest.mark.parametrize("stream", [0x8002, 0x8102])
def test_metering_confirmation(way: Any, ev: Any, control_mode: str, stream: int) -> None:
    made = in_loop(way, "dc", control_mode)
    made.loop(meter=True)
    made.meter(METER_Wh + 10)
    step = made.drive.send(confirmation(ev, made.drive, control_mode), payload_type=stream)
    assert (step.code, step.output.payload_type, made.drive.session.state) == ("OK", stream, "DC_CHARGE_LOOP")
    assert "current_demand_started" not in made.loop().names


@pytest.mark.parametrize(
    "values",
    [
        {"SessionID": FOREIGN},
        {"MeterInfo__MeterID": "another"},
        {"MeterInfo__ChargedEnergyReadingWh": METER_Wh + 1},
        {"Scheduled_SMDTControlMode__SelectedScheduleTupleID": 2},
        {"Scheduled_SMDTControlMode": None, "Dynamic_SMDTControlMode": iso20.Dynamic_SMDTControlModeType()},
    ],
    ids=["session", "meter", "reading", "schedule", "control mode"],
)
def test_a_metering_confirmation_that_differs(way: Any, ev: Any, values: dict[str, Any]) -> None:
    drive = in_loop(way).drive
    step = drive.send(confirmation(ev, drive, **values))
    assert (step.code, step.closes) == ("FAILED_MeteringSignatureNotValid", True)


# what the charger wants


@pytest.mark.parametrize(
    ("kind", "control_mode"),
    [
        pytest.param("dc", "Dynamic", id="EV20-S-101"),
        pytest.param("ac", "Dynamic", id="EV20-S-110"),
        ("dc", "Scheduled"),
        ("ac", "Scheduled"),
        ("mcs-bpt", "Dynamic"),
    ],
)
def test_the_charger_pauses(way: Any, kind: str, control_mode: str) -> None:
    made = in_loop(way, kind, control_mode)
    made.drive.command("pause_charging", pause=True)
    assert notification(made.loop().body) == ("Pause", 60)
    made.drive.command("stop_charging", stop=True)
    assert notification(made.loop().body) == ("Terminate", 0)


@pytest.mark.parametrize("state", ["SESSION_SETUP", "POWER_DELIVERY", "DC_CHARGE_LOOP"])
def test_a_pause_is_remembered_until_the_loop(way: Any, state: str) -> None:
    made = way("dc")
    made.to(state).command("pause_charging", pause=True)
    made.to("DC_CHARGE_LOOP")
    assert notification(made.loop().body) == ("Pause", 60)
    made.drive.command("pause_charging", pause=False)
    assert notification(made.loop().body) is None


@pytest.mark.parametrize("error", ["Error_Malfunction", "Error_UtilityInterruptEvent", "Error_RCD", "Error_Contactor"])
@pytest.mark.parametrize("kind", ["dc", "ac"])
def test_an_error_ends_the_charge_until_it_is_reset(way: Any, kind: str, error: str) -> None:
    made = in_loop(way, kind)
    made.drive.command("send_error", error=error)
    assert notification(made.loop().body) == ("Terminate", 0)
    made.drive.command("reset_error")
    assert notification(made.loop().body) is None


@pytest.mark.parametrize("kind", ["dc", "ac"])
def test_the_charger_stops(way: Any, ev: Any, kind: str) -> None:
    made = in_loop(way, kind)
    made.loop()
    made.drive.command("stop_charging", stop=True)
    linked, _ = made.drive.loop(ev.loop(kind))
    assert notification(linked) == ("Terminate", 0)
    stopped = made.drive.ok(ev.power("Stop"))
    assert notification(stopped.body) == ("Terminate", 0)
    made.drive.ok(ev.stop())
    assert made.drive.close().names == ["dlink_terminate"]


def test_values_that_are_too_old_end_a_dc_charge(way: Any, ev: Any) -> None:
    made = in_loop(way)
    drive = made.drive
    made.present()
    drive.loop(ev.loop("dc"))
    template = drive.session.loop_template(drive.now)
    assert template.fresh_until == pytest.approx(drive.now - 0.1 + 10.0)
    assert (template.fresh.EVSEStatus, notification(template.stale)) == (None, ("Terminate", 0))
    drive.now += 10.5
    linked, told = drive.loop(ev.loop("dc"))
    assert notification(linked) == ("Terminate", 0)
    assert "present values are" in told.output.warnings[0]
    made.present()
    assert notification(made.loop().body) == ("Terminate", 0)


def test_nothing_ages_in_ac(way: Any) -> None:
    made = in_loop(way, "ac")
    template = made.drive.session.loop_template(made.drive.now)
    assert template.fresh_until == float("inf")
    assert template.fresh == template.stale


# the EV's promise


def with_profile(way: Any, ev: Any, kind: str, *powers: tuple[int, float]) -> Any:
    made = way(kind, settings=settings(loop_sequence_timeout_s=1000.0))
    drive = made.to("POWER_DELIVERY")
    drive.command("ac_contactor_closed", status=True)
    drive.ok(ev.power(EVPowerProfile=power_profile(drive, *powers)))
    return made


def test_more_power_than_the_ev_promised(way: Any, ev: Any) -> None:
    made = with_profile(way, ev, "dc", (100, 40_000.0), (100, 10_000.0))
    for current, code in ((100.0, "OK"), (104.0, "OK"), (106.0, "WARNING_EVPowerProfileViolation"), (100.0, "OK")):
        made.present(400.0, current)
        step = made.loop()
        assert (step.code, step.closes) == (code, False)
    made.drive.now += 100.0
    made.present(400.0, 100.0)
    linked, _ = made.drive.loop(ev.loop("dc"))
    assert linked.ResponseCode == "WARNING_EVPowerProfileViolation"
    made.drive.now += 100.0
    made.present(400.0, 300.0)
    assert made.loop().code == "OK"  # the promise is over


def test_more_ac_power_than_the_ev_promised(way: Any, ev: Any) -> None:
    made = with_profile(way, ev, "ac", (1000, 5000.0))
    assert made.loop().code == "OK"  # nothing was measured
    made.drive.command("update_ac_present_power", present_power={"total": 6000.0})
    assert made.loop().code == "WARNING_EVPowerProfileViolation"


def test_more_power_from_the_ev_than_it_promised(way: Any, ev: Any) -> None:
    made = with_profile(way, ev, "dc-bpt", (1000, -8000.0))
    for current, code in ((-20.0, "OK"), (-25.0, "WARNING_EVPowerProfileViolation"), (10.0, "OK")):
        made.present(400.0, current)
        assert made.loop().code == code


# every kind of service reaches its loop


@pytest.mark.parametrize("kind", SERVICES)
def test_who_answers_makes_no_difference_to_the_vars(way: Any, ev: Any, kind: str) -> None:
    machine, link = in_loop(way, kind), in_loop(way, kind)
    display = iso20.DisplayParametersType(PresentSOC=40, BatteryEnergyCapacity=rational(60_000))
    request = ev.loop(kind, display=display)
    answered = machine.drive.send(request)
    linked, told = link.drive.loop(request)
    assert [name for name in answered.names if name != "v2g_messages"] == [
        name for name in told.names if name != "v2g_messages"
    ]
    assert linked.CLResControlMode == answered.body.CLResControlMode
