"""Whole sessions: what is published, in which order, and how they end."""

from __future__ import annotations

from typing import Any

SETUP = ["evcc_id", "selected_payment_option", "require_auth_eim"]


def test_dc_session_publishes_what_the_reference_flow_says(dc: Any, ev: Any) -> None:
    """ECOG-020, JPV2G-003: requests in order; ECOG-010: the charger is told of start and stop."""
    drive = dc.to("WELDING_DETECTION_OR_SESSION_STOP")
    drive.ok(ev.welding())
    end = drive.ok(ev.stop())
    assert end.output.close.name == "AFTER_EV"
    drive.close()
    assert drive.published == [
        *SETUP,
        "requested_energy_transfer_mode",
        "dc_ev_maximum_limits",
        "dc_ev_status",
        "charging_needs",
        "start_cable_check",
        "start_pre_charge",
        "dc_ev_target_voltage_current",
        "dc_charging_complete",
        "dc_bulk_charging_complete",
        "v2g_setup_finished",
        "current_demand_started",
        "dc_ev_target_voltage_current",
        "dc_charging_complete",
        "dc_bulk_charging_complete",
        "current_demand_finished",
        "dc_open_contactor",
        "dlink_terminate",
    ]


def test_ac_session_publishes_what_the_reference_flow_says(ac: Any, ev: Any) -> None:
    """ECOG-010 in AC: the contactor."""
    drive = ac.to("SESSION_STOP")
    drive.ok(ev.stop())
    drive.close()
    assert drive.published == [
        *SETUP,
        "requested_energy_transfer_mode",
        "ac_eamount",
        "ac_ev_max_voltage",
        "ac_ev_max_current",
        "ac_ev_min_current",
        "charging_needs",
        "v2g_setup_finished",
        "ac_close_contactor",
        "ac_open_contactor",
        "dlink_terminate",
    ]
