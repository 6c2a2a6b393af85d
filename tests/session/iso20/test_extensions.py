"""What a back end hears of an ISO 15118-20 session beside the charger: `ev_info`, `charging_needs`."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.charger.shape import timestamp
from fastsecc.messages import iso20
from fastsecc.messages.payload_types import SCHEDULE_RENEGOTIATION
from tests.session.conftest import START_s, UNIX_AT_START_s

ENERGY = {
    "ev_target_energy_request": 30_000.0,
    "ev_max_energy_request": 50_000.0,
    "ev_min_energy_request": -2000.0,
}


def needs(made: Any, **values: Any) -> Any:
    """Let the EV say what it needs, and give what the back end hears."""
    drive = made.to("SCHEDULE_EXCHANGE")
    return drive.ok(made.ev.schedule_exchange(made.control_mode, **values)).value("charging_needs")


def test_who_is_connected(way: Any, ev: Any) -> None:
    step = way().to("SESSION_SETUP").send(ev.session_setup("00-aa-bb-cc-dd-ee"))
    offered = {
        "protocol_namespace": "urn:iso:std:iso:15118:-20:DC",
        "version_number_major": 1,
        "version_number_minor": 0,
        "schema_id": 1,
        "priority": 1,
    }
    assert step.value("ev_info") == {
        "supported_protocols": {"Protocols": [offered]},
        "selected_protocol": offered,
        "evcc_id": "00:AA:BB:CC:DD:EE",
    }


def test_the_selected_protocol_is_the_one_that_was_chosen(way: Any, ev: Any) -> None:
    drive = way().drive
    drive.negotiate(
        ("urn:iso:15118:2:2013:MsgDef", 2, 0, 10, 3),
        ("urn:iso:std:iso:15118:-20:AC", 1, 0, 20, 1),
        ("urn:iso:std:iso:15118:-20:DC", 1, 0, 30, 2),
    )
    info = drive.send(ev.session_setup()).value("ev_info")
    assert info["selected_protocol"]["schema_id"] == 30
    assert [one["schema_id"] for one in info["supported_protocols"]["Protocols"]] == [10, 20, 30]


def test_nobody_who_says_no_mac_address(way: Any, ev: Any) -> None:
    step = way().to("SESSION_SETUP").send(ev.session_setup("WMIV1234567890ABCDEX"))
    assert "ev_info" not in step.names


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("ac", "AC_three_phase_core"),
        ("ac-bpt", "AC_BPT"),
        ("dc", "DC"),
        ("dc-bpt", "DC_BPT"),
        ("mcs", "MCS"),
        ("mcs-bpt", "MCS_BPT"),
    ],
)
@pytest.mark.parametrize("control_mode", ["Scheduled", "Dynamic"])
def test_what_is_asked_for(way: Any, kind: str, mode: str, control_mode: str) -> None:
    told = needs(way(kind, control_mode, ac_connectors=("ThreePhase",)))
    assert told["requested_energy_transfer"] == mode
    assert (told["control_mode"], told["mobility_needs_mode"]) == (f"{control_mode}Control", "EVCC")
    assert "available_energy_transfer" not in told
    if control_mode == "Dynamic":
        assert ENERGY.items() <= told["v2x_charging_parameters"].items()


def test_a_single_phase(way: Any) -> None:
    assert needs(way("ac"))["requested_energy_transfer"] == "AC_single_phase_core"


def test_what_the_ev_supports(way: Any, ev: Any) -> None:
    made = way("dc-bpt")
    made.steps[4] = ("SERVICE_DETAIL", lambda: made.drive.ok(ev.service_discovery(2, 6, 65, 5)))
    assert needs(made)["available_energy_transfer"] == ["DC", "DC_BPT", "AC_BPT"]


def test_when_the_ev_leaves(way: Any) -> None:
    made = way("dc", "Dynamic")
    told = needs(made)
    assert told["departure_time"] == timestamp(UNIX_AT_START_s + made.drive.now - START_s + 7200)
    assert "departure_time" not in needs(way("dc"))


def test_what_both_can_do_with_dc(way: Any) -> None:
    """The smaller maximum, the larger minimum; of a supply of 150 kW and an EV of 120 kW."""
    assert needs(way("dc-bpt", "Dynamic", "EVCC"), TargetSOC=80)["v2x_charging_parameters"] == {
        **ENERGY,
        "max_charge_power": 120_000.0,
        "min_charge_power": 100.0,
        "max_charge_current": 200.0,
        "min_charge_current": 1.0,
        "max_discharge_power": 20_000.0,
        "min_discharge_power": 100.0,
        "max_discharge_current": 50.0,
        "min_discharge_current": 1.0,
        "max_voltage": 450.0,
        "min_voltage": 200.0,
        "target_soc": 80,
    }


def test_what_both_can_do_with_ac(way: Any) -> None:
    told = needs(way("ac-bpt", "Dynamic"), EVMaximumV2XEnergyRequest=iso20.RationalNumberType(Exponent=3, Value=5))
    assert told["v2x_charging_parameters"] == {
        **ENERGY,
        "ev_max_v2xenergy_request": 5000.0,
        "max_charge_power": 11_000.0,
        "min_charge_power": 1400.0,
        "max_discharge_power": 10_000.0,
        "min_discharge_power": 100.0,
    }


def limit(made: Any, **phases: float) -> None:
    """Let the charger say its power."""
    made.drive.command("update_ac_maximum_limits", maximum_limits={"charge_power": phases})


def test_phases_are_compared_one_by_one(way: Any, ev: Any) -> None:
    made = way("ac")
    limit(made, total=12_000.0, L1=3000.0, L2=4000.0, L3=5000.0)
    powers = {f"EVMaximumChargePower{phase}": 3700.0 for phase in ("", "_L2", "_L3")}
    made.steps[7] = ("SCHEDULE_EXCHANGE", lambda: made.drive.ok(ev.cpd("ac", **powers)))
    told = needs(made)["v2x_charging_parameters"]
    assert [told[f"max_charge_power{phase}"] for phase in ("", "_l2", "_l3")] == [3000.0, 3700.0, 3700.0]


def test_totals_are_compared_where_only_one_side_knows_phases(way: Any) -> None:
    made = way("ac")
    limit(made, total=9000.0, L1=3000.0, L2=3000.0, L3=3000.0)
    told = needs(made)["v2x_charging_parameters"]
    assert told["max_charge_power"] == 9000.0
    assert "max_charge_power_l2" not in told


def test_it_is_said_once_while_the_ev_waits_for_power(way: Any, ev: Any) -> None:
    made = way("dc")
    drive = made.to("SCHEDULE_EXCHANGE")
    none = {"evse_maximum_current_limit": 0, "evse_maximum_power_limit": 0, "evse_maximum_voltage_limit": 500}
    drive.command("update_dc_maximum_limits", maximum_limits=none)
    for _ in range(3):
        assert drive.ok(ev.schedule_exchange()).body.EVSEProcessing == "Ongoing"
    assert drive.published.count("charging_needs") == 1


def test_it_is_said_again_with_each_renegotiation(way: Any, ev: Any) -> None:
    made = way("dc")
    drive = made.to("DC_CHARGE_LOOP")
    assert drive.published.count("charging_needs") == 1
    drive.send(ev.schedule_exchange(), payload_type=SCHEDULE_RENEGOTIATION)
    assert drive.published.count("charging_needs") == 2
    made.loop()
    drive.ok(ev.power("ScheduleRenegotiation"))
    drive.ok(ev.schedule_exchange())
    assert drive.published.count("charging_needs") == 3


def test_it_is_not_said_of_a_request_that_is_refused(way: Any, ev: Any) -> None:
    step = way("dc").to("SCHEDULE_EXCHANGE").send(ev.schedule_exchange("Dynamic"))
    assert step.code == "FAILED"
    assert "charging_needs" not in step.names
