"""AC_ and DC_ChargeParameterDiscovery, by the ids of the public test purposes where there is one."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.charger.state import AcGrid, AcPower, DcCapabilities
from fastsecc.messages import iso20
from fastsecc.session.api import SessionSettings
from fastsecc.session.iso20.numbers import to_float
from tests.session.iso20.conftest import CPD_AC, CPD_BPT, CPD_DC, FOREIGN

WRONG = "FAILED_WrongChargeParameter"
SUPPLY = DcCapabilities(
    max_voltage_v=920.0,
    min_voltage_v=200.0,
    max_current_a=400.0,
    min_current_a=5.0,
    max_power_w=160_000.0,
    bidirectional=True,
    max_import_current_a=125.0,
    min_import_current_a=2.0,
    min_import_voltage_v=250.0,
    max_import_power_w=40_000.0,
)
CHARGE = {
    "EVSEMaximumChargePower": 160_000.0,
    "EVSEMinimumChargePower": 1000.0,
    "EVSEMaximumChargeCurrent": 400.0,
    "EVSEMinimumChargeCurrent": 5.0,
    "EVSEMaximumVoltage": 920.0,
    "EVSEMinimumVoltage": 200.0,
}
DISCHARGE = {
    "EVSEMaximumDischargePower": 40_000.0,
    "EVSEMinimumDischargePower": 500.0,
    "EVSEMaximumDischargeCurrent": 125.0,
    "EVSEMinimumDischargeCurrent": 2.0,
}
NEGATIVE = SessionSettings(allow_plain_iso20=True, quirks=frozenset({"negative-bidirectional-limits"}))


def at_parameters(way: Any, kind: str, **values: Any) -> Any:
    return way(kind, **values).to(f"{kind[:2].upper().replace('MC', 'DC')}_CHARGE_PARAMETER_DISCOVERY")


def numbers(mode: Any) -> dict[str, float]:
    """Give the numbers of a type that it has."""
    found = {name: getattr(mode, name) for name in mode.__struct_fields__}
    return {name: to_float(value) for name, value in found.items() if value is not None}


def limits(step: Any) -> Any:
    """Give the EVSE's limits of a response."""
    body = step.body
    return getattr(body, "DC_CPDResEnergyTransferMode", None) or body.AC_CPDResEnergyTransferMode


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param("dc", CHARGE, id="EV20-S-073 DC"),
        pytest.param("dc-bpt", CHARGE | DISCHARGE, id="EV20-S-073 DC_BPT"),
        pytest.param("mcs", CHARGE, id="EV20-S-078"),
        pytest.param("mcs-bpt", CHARGE | DISCHARGE, id="EV20-S-079"),
    ],
)
def test_dc_limits_are_what_the_supply_can_do(way: Any, ev: Any, kind: str, expected: dict[str, float]) -> None:
    drive = at_parameters(way, kind)
    drive.charger.capabilities = SUPPLY
    drive.command("update_dc_maximum_limits", maximum_limits=dict.fromkeys(BUDGET, 10.0))
    step = drive.ok(ev.cpd(kind))
    assert numbers(limits(step)) == expected
    assert type(limits(step)).__name__.startswith("BPT_") == kind.endswith("bpt")
    assert drive.session.state == "SCHEDULE_EXCHANGE"
    assert step.value("dc_ev_maximum_limits") == {
        "dc_ev_maximum_current_limit": 300.0,
        "dc_ev_maximum_power_limit": 120_000.0,
        "dc_ev_maximum_voltage_limit": 450.0,
    }


BUDGET = ("evse_maximum_current_limit", "evse_maximum_power_limit", "evse_maximum_voltage_limit")


@pytest.mark.parametrize("kind", ["ac", "ac-bpt"])
def test_ev20_s_076_ac_limits(way: Any, ev: Any, kind: str) -> None:
    drive = at_parameters(way, kind)
    drive.charger.ac_minimum_power = AcPower(1380.0)
    drive.charger.ac_minimum_discharge_power = AcPower(500.0)
    drive.charger.ac_present_power = AcPower(10.0)
    drive.charger.ac_grid = AcGrid(230.0, max_power_asymmetry_w=4600.0, power_ramp_limitation=20.0)
    drive.charger.ac_nominal_frequency_hz = 60.0
    step = drive.ok(ev.cpd(kind))
    charge = {
        "EVSEMaximumChargePower": 22_080.0,
        "EVSEMinimumChargePower": 1380.0,
        "EVSENominalFrequency": 60.0,
        "MaximumPowerAsymmetry": 4600.0,
        "EVSEPowerRampLimitation": 20.0,
        "EVSEPresentActivePower": 10.0,
    }
    discharge = {"EVSEMaximumDischargePower": 10_000.0, "EVSEMinimumDischargePower": 500.0}
    assert numbers(limits(step)) == (charge | discharge if kind == "ac-bpt" else charge)
    assert drive.session.state == "SCHEDULE_EXCHANGE"
    published = step.value("ac_ev_power_limits")
    assert published["max_charge_power"] == {"total": 11_000.0, "L1": 11_000.0}
    assert ("max_discharge_power" in published) == (kind == "ac-bpt")


def test_powers_of_phases_are_said_and_published_by_phase(way: Any, ev: Any) -> None:
    drive = at_parameters(way, "ac")
    drive.charger.ac_maximum_power = AcPower(11_000.0, 3600.0, 3700.0, 3700.0)
    step = drive.ok(ev.cpd("ac", EVMaximumChargePower_L2=3500.0, EVMaximumChargePower_L3=3400.0))
    said = numbers(limits(step))
    assert [said[f"EVSEMaximumChargePower{phase}"] for phase in ("", "_L2", "_L3")] == [3600.0, 3700.0, 3700.0]
    assert step.value("ac_ev_power_limits")["max_charge_power"] == {
        "total": 17_900.0,
        "L1": 11_000.0,
        "L2": 3500.0,
        "L3": 3400.0,
    }


def test_without_limits_the_ac_power_follows_from_the_current(way: Any, ev: Any) -> None:
    drive = at_parameters(way, "ac")
    drive.charger.ac_maximum_power = None
    drive.command("update_ac_max_current", max_current=16.0)
    assert numbers(limits(drive.ok(ev.cpd("ac"))))["EVSEMaximumChargePower"] == 16.0 * 230.0


MISMATCHES = {
    "EV20-S-071": ("dc-bpt", "dc"),
    "EV20-S-072": ("dc", "dc-bpt"),
    "EV20-S-074": ("ac-bpt", "ac"),
    "EV20-S-075": ("ac", "ac-bpt"),
    "MCS_BPT with plain parameters": ("mcs-bpt", "mcs"),
}


@pytest.mark.parametrize(("selected", "sent"), MISMATCHES.values(), ids=MISMATCHES)
def test_parameters_of_another_service(way: Any, ev: Any, selected: str, sent: str) -> None:
    drive = at_parameters(way, selected)
    step = drive.send(ev.cpd(sent))
    assert (step.code, step.closes) == (WRONG, True)
    assert set(step.names) == {"v2g_messages"}


@pytest.mark.parametrize("name", [*CPD_DC, *CPD_BPT["dc"]])
def test_dc_parameters_below_zero(way: Any, ev: Any, name: str) -> None:
    assert at_parameters(way, "dc-bpt").send(ev.cpd("dc-bpt", **{name: -1.0})).code == WRONG


@pytest.mark.parametrize("name", [*CPD_AC, *CPD_BPT["ac"], "EVMaximumChargePower_L2", "EVMinimumChargePower_L3"])
def test_ac_parameters_below_zero(way: Any, ev: Any, name: str) -> None:
    assert at_parameters(way, "ac-bpt").send(ev.cpd("ac-bpt", **{name: -1.0})).code == WRONG


@pytest.mark.parametrize(
    "values",
    [
        {"EVMaximumVoltage": 450.0, "EVMinimumVoltage": 451.0},
        {"EVMaximumVoltage": 199.0, "EVMinimumVoltage": 50.0},
        {"EVMaximumVoltage": 1500.0, "EVMinimumVoltage": 921.0},
        {"EVMaximumChargeCurrent": 4.9},
    ],
    ids=["minimum above maximum", "voltage too low", "voltage too high", "current too low"],
)
def test_what_the_supply_cannot_reach(way: Any, ev: Any, values: dict[str, float]) -> None:
    drive = at_parameters(way, "dc")
    drive.charger.capabilities = SUPPLY
    assert drive.send(ev.cpd("dc", **values)).code == WRONG


@pytest.mark.parametrize("kind", ["dc-bpt", "mcs-bpt"])
def test_ev20_s_077_no_discharge_limits(way: Any, ev: Any, kind: str) -> None:
    drive = at_parameters(way, kind)
    drive.charger.capabilities = DcCapabilities()
    step = drive.send(ev.cpd(kind))
    assert (step.code, step.closes) == ("FAILED", True)


def test_no_ac_discharge_limits(way: Any, ev: Any) -> None:
    drive = at_parameters(way, "ac-bpt")
    drive.charger.ac_maximum_discharge_power = None
    assert drive.send(ev.cpd("ac-bpt")).code == "FAILED"


@pytest.mark.parametrize("kind", ["dc", "ac"])
def test_ev20_s_018_ev20_s_019_a_foreign_session(way: Any, ev: Any, kind: str) -> None:
    step = at_parameters(way, kind).send(ev.cpd(kind), session_id=FOREIGN)
    assert (step.code, step.closes) == ("FAILED_UnknownSession", True)
    optional = [value for name, value in numbers(limits(step)).items() if "Present" in name or "Ramp" in name]
    assert optional == []


@pytest.mark.parametrize("kind", ["dc-bpt", "ac-bpt"])
def test_quirk_negative_bidirectional_limits(way: Any, ev: Any, kind: str) -> None:
    drive = at_parameters(way, kind, settings=NEGATIVE)
    negative = {name: -value for name, value in CPD_BPT[kind[:2]].items()}
    step = drive.ok(ev.cpd(kind, **negative))
    said = numbers(limits(step))
    assert said["EVSEMaximumDischargePower"] < 0 < said["EVSEMaximumChargePower"]
    schedule = drive.ok(ev.schedule_exchange()).body.Scheduled_SEResControlMode.ScheduleTuple[0].DischargingSchedule
    assert to_float(schedule.PowerSchedule.PowerScheduleEntries.PowerScheduleEntry[0].Power) < 0
    if kind == "ac-bpt":
        assert step.value("ac_ev_power_limits")["max_discharge_power"] == {"total": 10_000.0, "L1": 10_000.0}


def test_negative_charge_limits_are_refused_with_the_quirk_as_well(way: Any, ev: Any) -> None:
    drive = at_parameters(way, "dc-bpt", settings=NEGATIVE)
    assert drive.send(ev.cpd("dc-bpt", EVMaximumChargePower=-1.0)).code == WRONG


def test_going_back_to_the_services_ends_a_charge_that_runs(way: Any, ev: Any) -> None:
    """An EV that goes on to another service without PowerDelivery(Stop): the supply is switched off all the same."""
    made = way("dc")
    drive = made.to("DC_CHARGE_LOOP")
    made.loop()
    drive.ok(ev.power("ScheduleRenegotiation"))
    step = drive.ok(ev.stop("ServiceRenegotiation"))
    assert step.names[1:3] == ["current_demand_finished", "dc_open_contactor"]
    made.to("DC_CABLE_CHECK")
    assert drive.ok(ev.cable_check()).body.EVSEProcessing is iso20.ProcessingType.Ongoing
