"""What the interface hears from the charge loop (vars 16 to 18, 26, 27, 31 to 34, 39 to 41 of its semantics)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from fastsecc.charger.charger import Charger
from fastsecc.messages import iso20
from fastsecc.session.iso20.numbers import rational
from fastsecc.session.iso20.reports import REPEAT_s
from tests.session.iso20.conftest import settings

LOOPS = {"dc": "DC_CHARGE_LOOP", "ac": "AC_CHARGE_LOOP"}
ENERGY = {"target_energy_request": 30_000.0, "max_energy_request": 50_000.0, "min_energy_request": -2000.0}


def in_loop(way: Any, kind: str, control_mode: str = "Scheduled") -> Any:
    made = way(kind, control_mode, settings=settings(loop_sequence_timeout_s=60.0))
    made.to(LOOPS[made.energy])
    return made


def names(step: Any) -> list[str]:
    return [name for name in step.names if name != "v2g_messages"]


def test_a_scheduled_dc_loop_publishes_changes(way: Any) -> None:
    made = in_loop(way, "dc")
    first = made.loop()
    assert names(first) == ["current_demand_started", "dc_ev_present_voltage", "dc_ev_target_voltage_current"]
    assert first.value("dc_ev_present_voltage") == 400.0
    target = {"dc_ev_target_voltage": 400.0, "dc_ev_target_current": 100.0}
    assert first.value("dc_ev_target_voltage_current") == target
    assert names(made.loop()) == []
    assert names(made.loop(EVTargetCurrent=99.0)) == ["dc_ev_target_voltage_current"]


def test_limits_in_the_loop_are_published_when_all_are_there(way: Any) -> None:
    made = in_loop(way, "dc")
    made.loop()
    some = {"EVMaximumChargePower": 90_000.0, "EVMaximumChargeCurrent": 250.0}
    assert names(made.loop(**some)) == []
    step = made.loop(**some, EVMaximumVoltage=440.0)
    assert step.value("dc_ev_maximum_limits") == {
        "dc_ev_maximum_current_limit": 250.0,
        "dc_ev_maximum_power_limit": 90_000.0,
        "dc_ev_maximum_voltage_limit": 440.0,
    }
    assert names(made.loop(**some, EVMaximumVoltage=440.0)) == []


def test_a_discharging_target_is_published_as_it_is(way: Any) -> None:
    made = in_loop(way, "dc-bpt")
    step = made.loop(EVTargetCurrent=-40.0)
    heard: list[Any] = []
    charger = Charger("1", made.drive.charger)
    charger.subscribe(lambda name, value: heard.append((name, value)))
    for variable in step.output.variables:
        charger.publish(variable.name, variable.payload)
    target = {"dc_ev_target_voltage": 400.0, "dc_ev_target_current": -40.0}
    assert ("dc_ev_target_voltage_current", target) in heard


@pytest.mark.parametrize("kind", ["dc", "dc-bpt", "mcs", "mcs-bpt"])
def test_dynamic_dc_values(way: Any, kind: str) -> None:
    made = in_loop(way, kind, "Dynamic")
    v2x = {"EVMaximumV2XEnergyRequest": 8000.0, "EVMinimumV2XEnergyRequest": -100.0}
    step = made.loop(**(v2x if kind.endswith("bpt") else {}))
    charge = {
        **ENERGY,
        "max_charge_power": 120_000.0,
        "min_charge_power": 0.0,
        "max_charge_current": 300.0,
        "max_voltage": 450.0,
        "min_voltage": 200.0,
    }
    discharge = {
        "max_discharge_power": 20_000.0,
        "min_discharge_power": 0.0,
        "max_discharge_current": 50.0,
        "max_v2x_energy_request": 8000.0,
        "min_v2x_energy_request": -100.0,
    }
    expected = charge | discharge if kind.endswith("bpt") else charge
    assert step.value("d20_dc_dynamic_charge_mode") == expected
    assert "dc_ev_target_voltage_current" not in step.names


def test_the_departure_time_is_published(way: Any, ev: Any) -> None:
    for kind, name in (("dc", "d20_dc_dynamic_charge_mode"), ("ac", "ac_ev_dynamic_control_mode")):
        made = in_loop(way, kind, "Dynamic")
        request = ev.loop(kind, "Dynamic")
        request.CLReqControlMode.DepartureTime = 5400
        assert made.drive.send(request).value(name)["departure_time"] == 5400.0


def test_discharge_limits_are_magnitudes(way: Any) -> None:
    made = in_loop(way, "dc-bpt", "Dynamic")
    step = made.loop(EVMaximumDischargePower=-9000.0, EVMaximumDischargeCurrent=-20.0)
    values = step.value("d20_dc_dynamic_charge_mode")
    assert (values["max_discharge_power"], values["max_discharge_current"]) == (9000.0, 20.0)


def test_dynamic_dc_values_keep_flowing(way: Any) -> None:
    made = in_loop(way, "dc", "Dynamic")
    flowing = "d20_dc_dynamic_charge_mode"
    assert flowing in made.loop().names
    published = []
    for _ in range(40):
        step = made.loop()
        assert names(step) in ([], [flowing])
        if flowing in step.names:
            published.append(made.drive.now)
    gaps = [later - earlier for earlier, later in pairwise(published)]
    assert len(published) >= 8
    assert all(REPEAT_s - 1e-6 <= gap <= 0.5 + 1e-6 for gap in gaps)
    assert flowing in made.loop(EVMaximumChargeCurrent=1.0).names
    assert flowing in made.loop(EVMaximumChargeCurrent=2.0).names


def test_scheduled_ac(way: Any) -> None:
    made = in_loop(way, "ac")
    first = made.loop()
    assert names(first) == ["current_demand_started", "ac_ev_present_powers"]
    active = {"total": 10_000.0, "L1": 10_000.0}
    assert first.value("ac_ev_present_powers") == {"present_active_power": active}
    assert names(made.loop()) == []
    step = made.loop(EVPresentActivePower_L2=9000.0, EVPresentReactivePower=-50.0, EVMaximumChargePower=7400.0)
    assert step.value("ac_ev_present_powers") == {
        "present_active_power": {"total": 19_000.0, "L1": 10_000.0, "L2": 9000.0},
        "present_reactive_power": {"total": -50.0, "L1": -50.0},
    }
    assert step.value("ac_ev_power_limits") == {"max_charge_power": {"total": 7400.0, "L1": 7400.0}}


@pytest.mark.parametrize("kind", ["ac", "ac-bpt"])
def test_dynamic_ac(way: Any, kind: str) -> None:
    made = in_loop(way, kind, "Dynamic")
    step = made.loop(**({"EVMaximumV2XEnergyRequest": 4000.0} if kind == "ac-bpt" else {}))
    limits = step.value("ac_ev_power_limits")
    assert limits["max_charge_power"]["total"] == 11_000.0
    assert limits.get("max_discharge_power", {}).get("total") == (10_000.0 if kind == "ac-bpt" else None)
    v2x = {"max_v2x_energy_request": 4000.0} if kind == "ac-bpt" else {}
    assert step.value("ac_ev_dynamic_control_mode") == ENERGY | v2x
    assert step.value("ac_ev_present_powers")["present_reactive_power"]["total"] == 0.0
    assert names(made.loop(**({"EVMaximumV2XEnergyRequest": 4000.0} if kind == "ac-bpt" else {}))) == []


def test_display_parameters(way: Any) -> None:
    made = in_loop(way, "dc")
    display = iso20.DisplayParametersType(
        PresentSOC=41,
        MinimumSOC=20,
        TargetSOC=80,
        MaximumSOC=100,
        RemainingTimeToMinimumSOC=1,
        RemainingTimeToTargetSOC=2,
        RemainingTimeToMaximumSOC=3,
        ChargingComplete=False,
        BatteryEnergyCapacity=rational(77_000),
        InletHot=True,
    )
    step = made.loop(display=display)
    assert step.value("display_parameters") == {
        "present_soc": 41.0,
        "minimum_soc": 20.0,
        "target_soc": 80.0,
        "maximum_soc": 100.0,
        "remaining_time_to_minimum_soc": 1.0,
        "remaining_time_to_target_soc": 2.0,
        "remaining_time_to_maximum_soc": 3.0,
        "charging_complete": False,
        "battery_energy_capacity": 77_000.0,
        "inlet_hot": True,
    }
    assert "display_parameters" not in made.loop(display=display).names
    less = made.loop(display=iso20.DisplayParametersType(PresentSOC=42))
    assert less.value("display_parameters") == {"present_soc": 42.0}


@pytest.mark.parametrize("kind", ["dc", "ac"])
def test_a_wish_for_meter_info_is_published_though_a_later_request_has_none(way: Any, ev: Any, kind: str) -> None:
    """The link thread tells of the newest request only."""
    drive = in_loop(way, kind).drive
    drive.loop(ev.loop(kind))
    for wishes in ([True, False, False], [True, True], [False]):
        *before, newest = wishes
        for wish in before:
            drive.loop(ev.loop(kind, meter=wish), tell=False)
        _, step = drive.loop(ev.loop(kind, meter=newest))
        assert names(step).count("meter_info_requested") == any(wishes)


@pytest.mark.parametrize(("kind", "again"), [("dc", True), ("ac", False)])
def test_the_charge_begins_once_and_in_dc_again_after_power_delivery(way: Any, ev: Any, kind: str, again: bool) -> None:
    made = in_loop(way, kind)
    assert "current_demand_started" in made.loop().names
    assert "current_demand_started" not in made.loop().names
    assert made.drive.send(ev.power("Standby")).code == "WARNING_StandbyNotAllowed"
    assert ("current_demand_started" in made.loop().names) is again


@pytest.mark.parametrize("kind", ["dc", "ac"])
def test_a_connection_that_is_lost_ends_the_charge(way: Any, kind: str) -> None:
    made = in_loop(way, kind)
    made.loop()
    opened = "ac_open_contactor" if kind == "ac" else "dc_open_contactor"
    assert made.drive.close().names == ["current_demand_finished", opened, "dlink_terminate"]
