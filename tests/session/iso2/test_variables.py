"""Vars: published exactly when the interface says, with its values."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.messages import iso2
from tests.session.iso2.conftest import PAYMENT, U, pv


def test_evcc_id(way: Any, ev: Any) -> None:
    assert way("dc").to("SESSION_SETUP").ok(ev.session_setup()).value("evcc_id") == "00:AA:BB:CC:DD:EE"


def test_an_evcc_id_that_is_no_mac_address_is_not_published(way: Any, ev: Any) -> None:
    request = ev.session_setup()
    request.EVCCID = b"\x01\x02\x03"
    step = way("dc").to("SESSION_SETUP").ok(request)
    assert step.names == []
    assert "010203" in step.output.log[0]


def test_selected_payment_option(way: Any, ev: Any) -> None:
    step = way("dc").to("PAYMENT_SERVICE_SELECTION").ok(ev.payment())
    assert step.value("selected_payment_option") == PAYMENT.ExternalPayment


def test_authorization_is_asked_for_once(way: Any, ev: Any) -> None:
    drive = way("dc").to("AUTHORIZATION")
    assert [drive.ok(ev.authorization()).names for _ in range(3)] == [["require_auth_eim"], [], []]


def test_an_authorization_from_before_the_selection_is_asked_for_again(way: Any, ev: Any) -> None:
    drive = way("dc").to("PAYMENT_SERVICE_SELECTION")
    answer = {"authorization_status": "Accepted", "certificate_status": "NoCertificateAvailable"}
    drive.command("authorization_response", **answer)
    drive.ok(ev.payment())
    step = drive.ok(ev.authorization())
    assert (step.body.EVSEProcessing, step.names) == ("Ongoing_WaitingForCustomerInteraction", ["require_auth_eim"])
    drive.command("authorization_response", **answer)
    assert drive.ok(ev.authorization()).body.EVSEProcessing == "Finished"


def test_a_rejection(way: Any, ev: Any) -> None:
    drive = way("dc").to("AUTHORIZATION")
    drive.ok(ev.authorization())
    drive.command("authorization_response", authorization_status="Invalid", certificate_status="Accepted")
    step = drive.send(ev.authorization())
    assert (step.code, step.closes, drive.session.state) == ("FAILED", True, "AUTHORIZATION")


def test_dc_parameters(way: Any, ev: Any) -> None:
    step = (
        way("dc")
        .to("CHARGE_PARAMETER_DISCOVERY")
        .ok(
            ev.cpd_dc(
                DepartureTime=3600,
                EVEnergyCapacity=pv(U.Wh, 60_000, 0),
                EVEnergyRequest=pv(U.Wh, 30_000, 0),
                FullSOC=100,
                BulkSOC=80,
                EVMaximumPowerLimit=None,
            )
        )
    )
    assert step.names == [
        "requested_energy_transfer_mode",
        "departure_time",
        "dc_ev_energy_capacity",
        "dc_ev_energy_request",
        "dc_full_soc",
        "dc_bulk_soc",
        "dc_ev_maximum_limits",
        "dc_ev_status",
        "charging_needs",
    ]
    assert step.value("requested_energy_transfer_mode") == "DC_extended"
    assert step.value("departure_time") == "2023-11-14T23:13:20Z"
    assert (step.value("dc_ev_energy_capacity"), step.value("dc_ev_energy_request")) == (60_000, 30_000)
    assert (step.value("dc_full_soc"), step.value("dc_bulk_soc")) == (100, 80)
    assert step.value("dc_ev_maximum_limits") == {
        "dc_ev_maximum_current_limit": 200.0,
        "dc_ev_maximum_voltage_limit": 420.0,
    }
    assert step.value("dc_ev_status") == {
        "dc_ev_ready": True,
        "dc_ev_error_code": "NO_ERROR",
        "dc_ev_ress_soc": 40.0,
    }


def test_ac_parameters(way: Any, ev: Any) -> None:
    step = way("ac").to("CHARGE_PARAMETER_DISCOVERY").ok(ev.cpd_ac("AC_single_phase_core"))
    names = ["ac_eamount", "ac_ev_max_voltage", "ac_ev_max_current", "ac_ev_min_current"]
    assert step.names == ["requested_energy_transfer_mode", *names, "charging_needs"]
    assert [step.value(name) for name in names] == [22_000, 400, 32, 6]


def test_without_a_clock_there_are_no_times_of_day(way: Any, ev: Any) -> None:
    drive = way("dc").to("CHARGE_PARAMETER_DISCOVERY")
    drive.settings.wall_clock_s = None
    assert "departure_time" not in drive.ok(ev.cpd_dc(DepartureTime=3600)).names


def test_limits_are_published_with_all_that_is_present_when_one_changes(way: Any, ev: Any) -> None:
    drive = way("dc").to("CURRENT_DEMAND")
    first = ev.current_demand(EVMaximumCurrentLimit=pv(U.A, 200), EVMaximumVoltageLimit=pv(U.V, 420))
    assert "dc_ev_maximum_limits" not in drive.ok(first).names
    changed = ev.current_demand(EVMaximumCurrentLimit=pv(U.A, 150), EVMaximumVoltageLimit=pv(U.V, 420))
    assert drive.ok(changed).value("dc_ev_maximum_limits") == {
        "dc_ev_maximum_current_limit": 150.0,
        "dc_ev_maximum_voltage_limit": 420.0,
    }
    assert drive.ok(ev.current_demand()).names == []


@pytest.mark.parametrize(("value", "multiplier"), [(-32768, 3), (32767, 4)])
def test_a_remaining_time_that_no_calendar_has_is_not_published(way: Any, ev: Any, value: int, multiplier: int) -> None:
    drive = way("dc").to("CURRENT_DEMAND")
    absurd = iso2.PhysicalValueType(Multiplier=multiplier, Unit=U.h, Value=value)
    step = drive.ok(ev.current_demand(RemainingTimeToFullSoC=absurd, RemainingTimeToBulkSoC=None))
    assert "dc_ev_remaining_time" not in step.names


def test_remaining_times_are_published_when_the_seconds_change(way: Any, ev: Any) -> None:
    drive = way("dc").to("CURRENT_DEMAND")
    both = {"RemainingTimeToFullSoC": pv(U.s, 600, 0), "RemainingTimeToBulkSoC": pv(U.s, 300, 0)}
    step = drive.ok(ev.current_demand(**both))
    assert set(step.value("dc_ev_remaining_time")) == {
        "ev_remaining_time_to_full_soc",
        "ev_remaining_time_to_full_bulk_soc",
    }
    assert drive.ok(ev.current_demand(**both)).names == []
    step = drive.ok(ev.current_demand(**both | {"RemainingTimeToFullSoC": pv(U.s, 599, 0)}))
    assert set(step.value("dc_ev_remaining_time")) == {"ev_remaining_time_to_full_soc"}


def test_ev_status_and_completion_are_published_on_change(way: Any, ev: Any) -> None:
    drive = way("dc").to("CURRENT_DEMAND_OR_POWER_DELIVERY")
    assert drive.ok(ev.current_demand(soc=41)).value("dc_ev_status")["dc_ev_ress_soc"] == 41
    assert drive.ok(ev.current_demand(soc=41)).names == []
    assert drive.ok(ev.current_demand(soc=41, ChargingComplete=True)).names == ["dc_charging_complete"]
    assert drive.ok(ev.current_demand(soc=41, ChargingComplete=True, BulkChargingComplete=True)).names == [
        "dc_bulk_charging_complete"
    ]
    # PowerDelivery: each time
    assert drive.ok(ev.power("Stop", dc=True)).names[:2] == ["dc_charging_complete", "dc_bulk_charging_complete"]


def test_a_cable_check_is_started_once(way: Any, ev: Any) -> None:
    drive = way("dc").to("CABLE_CHECK")
    assert [drive.ok(ev.cable_check()).names for _ in range(2)] == [["start_cable_check"], []]


def test_v2g_messages_in_debug_mode(way: Any, ev: Any) -> None:
    drive = way("dc", debug_mode=True).drive
    step = drive.choose("iso2")
    assert step.names == ["v2g_messages", "ev_app_protocol", "selected_protocol", "v2g_messages"]
    assert step.value("selected_protocol") == "ISO15118-2-2013"
    step = drive.ok(ev.session_setup())
    ids = [variable.payload.id for variable in step.output.variables if variable.name == "v2g_messages"]
    assert ids == ["SessionSetupReq", "SessionSetupRes"]
    assert (step.names[0], step.names[-1]) == ("v2g_messages", "v2g_messages")


FAILURES = {
    "SERVICE_DISCOVERY": ("cable_check", "EnergyTransferSetupFailed"),
    "PAYMENT_SERVICE_SELECTION": ("service_discovery", "ChargingParametersNotAccepted"),
    "AUTHORIZATION": ("payment_details", "AuthorizationFailed"),
    "CURRENT_DEMAND": ("charging_status", "ChargingInterrupted"),
    "CABLE_CHECK": ("session_setup", "ProtocolNegotiationFailed"),
    "PRE_CHARGE": ("welding", None),
}


@pytest.mark.parametrize("state", FAILURES)
def test_why_a_session_failed(way: Any, ev: Any, state: str) -> None:
    request, reason = FAILURES[state]
    drive = way("dc").to(state)
    drive.send(getattr(ev, request)())
    end = drive.close()
    failed = [variable.payload for variable in end.output.variables if variable.name == "hlc_session_failed"]
    assert failed == ([] if reason is None else [reason])
    assert end.names[-1] == "dlink_error"


def test_session_values_are_forgotten_at_the_end_only(way: Any, ev: Any) -> None:
    drive = way("dc").to("CURRENT_DEMAND")
    assert drive.charger.cable_check_finished
    drive.close()
    assert not drive.charger.cable_check_finished
    assert drive.charger.present_values_at is None
