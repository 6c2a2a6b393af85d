"""What ChargeParameterDiscovery and PowerDelivery say and check: limits, schedules, profiles."""

from __future__ import annotations

from typing import Any

import pytest

from tests.session.iso2.conftest import U, pv

CPD = "CHARGE_PARAMETER_DISCOVERY"


def schedule_of(body: Any) -> list[tuple[int, int]]:
    (schedule,) = body.SASchedules.SAScheduleTuple
    intervals = [entry.TimeInterval for entry in schedule.PMaxSchedule.PMaxScheduleEntry]
    return [(interval.start, interval.duration) for interval in intervals]


def test_dc_limits_are_the_supplys(way: Any, ev: Any) -> None:
    drive = way("dc", dc_peak_current_ripple_a=0.5).to(CPD)
    parameter = drive.ok(ev.cpd_dc()).body.EVSEChargeParameter
    assert parameter.EVSEMaximumCurrentLimit == pv(U.A, 200)
    assert parameter.EVSEMaximumPowerLimit == pv(U.W, 150_000, 0)
    assert parameter.EVSEMaximumVoltageLimit == pv(U.V, 1000)
    assert parameter.EVSEMinimumVoltageLimit == pv(U.V, 150)
    assert parameter.EVSEPeakCurrentRipple == pv(U.A, 0.5)
    assert (parameter.EVSECurrentRegulationTolerance, parameter.EVSEEnergyToBeDelivered) == (None, None)


def test_dc_optional_values(way: Any, ev: Any) -> None:
    values = {"dc_current_regulation_tolerance_a": 1.0, "dc_energy_to_be_delivered_wh": 10_000.0}
    parameter = way("dc", **values).to(CPD).ok(ev.cpd_dc()).body.EVSEChargeParameter
    assert parameter.EVSECurrentRegulationTolerance == pv(U.A, 1)
    assert parameter.EVSEEnergyToBeDelivered == pv(U.Wh, 10_000, 0)


@pytest.mark.parametrize(
    ("values", "word"),
    [({"EVMaximumVoltageLimit": pv(U.V, 150)}, "150 V"), ({"EVMaximumCurrentLimit": pv(U.A, 0)}, "0 A")],
)
def test_an_ev_that_the_supply_cannot_serve(way: Any, ev: Any, values: dict[str, Any], word: str) -> None:
    step = way("dc").to(CPD).send(ev.cpd_dc(**values))
    assert (step.code, step.closes) == ("FAILED_WrongChargeParameter", True)
    assert step.body.EVSEChargeParameter.DC_EVSEStatus.EVSEStatusCode == "EVSE_Shutdown"
    assert word in step.output.log[0]


@pytest.mark.parametrize("name", ["EVMaximumCurrentLimit", "EVMaximumPowerLimit", "EVMaximumVoltageLimit"])
def test_negative_dc_parameters(way: Any, ev: Any, name: str) -> None:
    step = way("dc").to(CPD).send(ev.cpd_dc(**{name: pv(U.A, -1)}))
    assert (step.code, step.names) == ("FAILED_WrongChargeParameter", [])


@pytest.mark.parametrize("name", ["EAmount", "EVMaxVoltage", "EVMaxCurrent", "EVMinCurrent"])
def test_negative_ac_parameters(way: Any, ev: Any, name: str) -> None:
    step = way("ac").to(CPD).send(ev.cpd_ac(**{name: pv(U.A, -1)}))
    assert (step.code, step.names) == ("FAILED_WrongChargeParameter", [])


@pytest.mark.parametrize(("kind", "other", "mode"), [("dc", "ac", "DC_extended"), ("ac", "dc", "AC_three_phase_core")])
def test_parameters_of_the_other_kind(way: Any, ev: Any, kind: str, other: str, mode: str) -> None:
    step = way(kind).to(CPD).send(getattr(ev, f"cpd_{other}")(mode))
    assert step.code == "FAILED_WrongChargeParameter"


@pytest.mark.parametrize(
    ("power", "mode", "current", "pmax"),
    [
        ({"total": 22_080.0}, "AC_three_phase_core", 32.0, 22_080.0),
        ({"total": 22_080.0}, "AC_single_phase_core", 32.0, 7360.0),
        ({"total": 11_040.0, "L1": 3680.0, "L2": 3680.0, "L3": 3680.0}, "AC_three_phase_core", 16.0, 11_040.0),
        ({"total": 7360.0, "L1": 7360.0}, "AC_single_phase_core", 32.0, 7360.0),
    ],
)
def test_ac_current_is_that_of_one_phase(
    way: Any, ev: Any, power: dict[str, float], mode: str, current: float, pmax: float
) -> None:
    drive = way("ac").to(CPD)
    drive.command("update_ac_maximum_limits", maximum_limits={"charge_power": power})
    body = drive.ok(ev.cpd_ac(mode)).body
    assert body.EVSEChargeParameter.EVSENominalVoltage == pv(U.V, 230)
    assert body.EVSEChargeParameter.EVSEMaxCurrent == pv(U.A, current)
    (entry,) = body.SASchedules.SAScheduleTuple[0].PMaxSchedule.PMaxScheduleEntry
    assert entry.PMax == pv(U.W, pmax, 0)


def test_a_single_phase_charger(way: Any, ev: Any) -> None:
    drive = way("ac", energy_transfer_modes=("AC_single_phase_core",)).to(CPD)
    drive.command("update_ac_maximum_limits", maximum_limits={"charge_power": {"total": 7360.0}})
    body = drive.ok(ev.cpd_ac("AC_single_phase_core")).body
    assert body.EVSEChargeParameter.EVSEMaxCurrent == pv(U.A, 32)


def test_without_power_limits_the_current_limit_counts(way: Any, ev: Any) -> None:
    drive = way("ac", ac_max_current_a=13.0).to(CPD)
    drive.charger.ac_maximum_power = None
    assert drive.ok(ev.cpd_ac()).body.EVSEChargeParameter.EVSEMaxCurrent == pv(U.A, 13)


def test_modes_are_those_of_the_moment_of_connection(way: Any, ev: Any) -> None:
    drive = way("dc", energy_transfer_modes=("DC_core", "MCS", "DC_core", "DC")).to("SERVICE_DISCOVERY")
    drive.command("update_energy_transfer_modes", supported_energy_transfer_modes=["AC_three_phase_core"])
    body = drive.ok(ev.service_discovery()).body
    assert body.ChargeService.SupportedEnergyTransferMode.EnergyTransferMode == ["DC_core"]


@pytest.mark.parametrize(("modes", "offered"), [(("MCS",), "DC_extended"), (("AC_two_phase",), "AC_single_phase_core")])
def test_modes_that_the_protocol_does_not_know(way: Any, ev: Any, modes: tuple[str], offered: str) -> None:
    drive = way("dc", energy_transfer_modes=modes).drive
    drive.choose("iso2")
    drive.ok(ev.session_setup())
    body = drive.ok(ev.service_discovery()).body
    assert body.ChargeService.SupportedEnergyTransferMode.EnergyTransferMode == [offered]


@pytest.mark.parametrize(
    ("values", "intervals"),
    [
        ({"DepartureTime": 0}, [(0, 86_400)]),
        ({"DepartureTime": 100_000}, [(0, 86_400), (86_400, 13_600)]),
        ({"DepartureTime": 100_000, "entries": 1}, [(0, 86_400)]),
    ],
)
def test_how_long_a_schedule_is(way: Any, ev: Any, values: dict[str, int], intervals: list[tuple[int, int]]) -> None:
    assert schedule_of(way("dc").to(CPD).ok(ev.cpd_dc(**values)).body) == intervals


def test_the_longest_schedule(way: Any, ev: Any) -> None:
    assert len(schedule_of(way("dc").to(CPD).ok(ev.cpd_dc(DepartureTime=2**32 - 1)).body)) == 12


PROFILES = [
    pytest.param(((0, 22_080.0),), "OK", id="all of it"),
    pytest.param(((0, 22_081.0),), "FAILED_ChargingProfileInvalid", id="a watt more"),
    pytest.param(((0, 11_040.0), (3600, 22_080.0)), "OK", id="several"),
    pytest.param(((0, 11_040.0), (3600, 22_081.0)), "FAILED_ChargingProfileInvalid", id="the second"),
    pytest.param(((0, 11_040.0), (90_000, 22_000.0)), "OK", id="behind the schedule's end"),
    pytest.param(((500, 11_040.0), (0, 22_000.0)), "OK", id="backwards"),
]


@pytest.mark.parametrize(("profile", "code"), PROFILES)
def test_charging_profiles(way: Any, ev: Any, profile: Any, code: str) -> None:
    """OC-010, ECOG-009, EVV2G-033."""
    drive = way("ac").to("POWER_DELIVERY")
    drive.charger.ac_contactor_closed = True
    assert drive.send(ev.power("Start", profile=profile)).code == code


def test_a_stop_with_a_wrong_schedule_still_opens_the_contactor(way: Any, ev: Any) -> None:
    drive = way("ac").to("CHARGING_STATUS_OR_POWER_DELIVERY")
    step = drive.send(ev.power("Stop", tuple_id=9))
    assert (step.code, step.names) == ("FAILED_TariffSelectionInvalid", ["ac_open_contactor"])


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_a_second_start_is_refused(way: Any, ev: Any, kind: str) -> None:
    loop = {"ac": "CHARGING_STATUS_OR_POWER_DELIVERY", "dc": "CURRENT_DEMAND_OR_POWER_DELIVERY"}
    assert way(kind).to(loop[kind]).send(ev.power("Start")).code == "FAILED"


def test_the_ev_is_told_the_time_if_there_is_a_clock(way: Any, ev: Any) -> None:
    """OC-008."""
    drive = way("dc").to("SESSION_SETUP")
    assert drive.ok(ev.session_setup()).body.EVSETimeStamp is None
    drive = way("dc").to("SESSION_SETUP")
    drive.settings.evse_time_s = lambda: 1_700_000_000
    assert drive.ok(ev.session_setup()).body.EVSETimeStamp == 1_700_000_000


def test_pre_charge_does_not_go_on_for_ever(way: Any, ev: Any) -> None:
    drive = way("dc").to("PRE_CHARGE")
    for _ in range(60):
        drive.ok(ev.pre_charge())
        drive.wait(0.9)
    assert drive.send(ev.pre_charge()).code == "FAILED"
