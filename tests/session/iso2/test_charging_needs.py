"""Var `charging_needs`: what a back end is told of the EV's wishes, with each ChargeParameterDiscoveryReq."""

from __future__ import annotations

from typing import Any

import pytest

from tests.session.iso2.conftest import U, pv


def test_of_a_dc_charge(way: Any, ev: Any) -> None:
    request = ev.cpd_dc(
        DepartureTime=3600,
        EVEnergyCapacity=pv(U.Wh, 80_000, 0),
        EVEnergyRequest=pv(U.Wh, 40_000, 0),
        FullSOC=100,
        BulkSOC=80,
    )
    made = way("dc")
    step = made.to("CHARGE_PARAMETER_DISCOVERY").ok(request)
    assert step.value("charging_needs") == {
        "requested_energy_transfer": "DC_extended",
        "dc_charging_parameters": {
            "ev_max_current": 200.0,
            "ev_max_voltage": 420.0,
            "ev_max_power": 100_000.0,
            "ev_energy_capacity": 80_000.0,
            "energy_amount": 40_000.0,
            "state_of_charge": 40,
            "full_soc": 100,
            "bulk_soc": 80,
        },
        "departure_time": step.value("departure_time"),
    }


def test_of_a_dc_charge_that_says_little(way: Any, ev: Any) -> None:
    step = way("dc").to("CHARGE_PARAMETER_DISCOVERY").ok(ev.cpd_dc(EVMaximumPowerLimit=None))
    assert step.value("charging_needs") == {
        "requested_energy_transfer": "DC_extended",
        "dc_charging_parameters": {
            "ev_max_current": 200.0,
            "ev_max_voltage": 420.0,
            "ev_max_power": 0.0,
            "state_of_charge": 40,
        },
    }


def test_of_an_ac_charge(way: Any, ev: Any) -> None:
    step = way("ac").to("CHARGE_PARAMETER_DISCOVERY").ok(ev.cpd_ac())
    assert step.value("charging_needs") == {
        "requested_energy_transfer": "AC_three_phase_core",
        "ac_charging_parameters": {
            "energy_amount": 22_000.0,
            "ev_min_current": 6.0,
            "ev_max_current": 32.0,
            "ev_max_voltage": 400.0,
        },
    }


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_a_request_that_is_refused_tells_nothing(way: Any, ev: Any, kind: str) -> None:
    other = {"ac": ev.cpd_dc, "dc": ev.cpd_ac}[kind]
    step = way(kind).to("CHARGE_PARAMETER_DISCOVERY").send(other())
    assert (step.code.startswith("FAILED"), step.names) == (True, [])
