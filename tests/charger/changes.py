"""For each cmd, arguments that the simulated charger does not use: with them a session should be another."""

from __future__ import annotations

from typing import Any

from tests.charger.cases import CAPABILITIES, POWER
from tests.charger.station import Change, Command

ACCEPTED: Command = (
    "authorization_response",
    {"authorization_status": "Accepted", "certificate_status": "NoCertificateAvailable"},
)
SETUP = {"evse_id": {"evse_id": "DE*OTH*E9999"}, "sae_j2847_mode": "None", "debug_mode": False}
SESSION_SETUP = {
    "payment_options": ["ExternalPayment"],
    "supported_certificate_service": False,
    "central_contract_validation_allowed": False,
}
MODES = ["AC_single_phase_core", "DC_core"], ["DC_unique"], ["AC_BPT"], ["MCS"]
PARAMETERS = {
    "ac_nominal_voltage": 240,
    "dc_current_regulation_tolerance": 3,
    "dc_peak_current_ripple": 4,
    "dc_energy_to_be_delivered": 5000,
}
AC_PARAMETERS = {
    "nominal_frequency": 60,
    "nominal_voltage": 277,
    "connectors": ["SinglePhase"],
    "max_power_asymmetry": 4600,
    "power_ramp_limitation": 10,
}
DC_MAXIMUM = {
    "evse_maximum_current_limit": 33,
    "evse_maximum_power_limit": 13_000,
    "evse_maximum_voltage_limit": 700,
    "evse_maximum_discharge_current_limit": 11,
    "evse_maximum_discharge_power_limit": 4000,
}
DC_MINIMUM = {
    "evse_minimum_current_limit": 2,
    "evse_minimum_power_limit": 300,
    "evse_minimum_voltage_limit": 210,
    "evse_minimum_discharge_current_limit": 3,
    "evse_minimum_discharge_power_limit": 400,
}
METER = {"timestamp": "2026-01-01T00:00:00.000Z", "meter_id": "OTHER", "energy_Wh_import": {"total": 123_456}}
LIMITS = {"charge_power": {"total": 5000}, "discharge_power": {"total": 2500}}
TARGETS = {"target_active_power": POWER, "target_reactive_power": {"total": 700}}


def _each(name: str, member: str, *values: Any) -> list[Change]:
    return [Change((name, {member: value})) for value in values]


CHANGES: dict[str, list[Change]] = {
    "setup": [Change(("setup", SETUP))],
    "set_charging_parameters": _each("set_charging_parameters", "physical_values", PARAMETERS),
    "session_setup": [
        Change(("session_setup", SESSION_SETUP), before=[ACCEPTED], withheld=frozenset({"authorization_response"}))
    ],
    "bpt_setup": _each(
        "bpt_setup",
        "bpt_config",
        {"bpt_channel": "Separated", "generator_mode": "GridForming", "grid_code_detection": "Active"},
    ),
    "set_powersupply_capabilities": _each("set_powersupply_capabilities", "capabilities", CAPABILITIES),
    "authorization_response": [Change(ACCEPTED)],
    "ac_contactor_closed": _each("ac_contactor_closed", "status", True),
    "cable_check_finished": [
        Change(("cable_check_finished", {"status": True}), [("update_isolation_status", {"isolation_status": "Valid"})])
    ],
    "receipt_is_required": _each("receipt_is_required", "receipt_required", True),
    "stop_charging": _each("stop_charging", "stop", True),
    "pause_charging": _each("pause_charging", "pause", True),
    "no_energy_pause_charging": _each(
        "no_energy_pause_charging", "mode", "PauseBeforeCableCheck", "PauseAfterPrecharge", "AllowEvToIgnorePause"
    ),
    "update_supported_app_protocols": _each(
        "update_supported_app_protocols", "supported_app_protocols", {"app_protocols": []}
    ),
    "update_energy_transfer_modes": _each(
        "update_energy_transfer_modes", "supported_energy_transfer_modes", *map(list, MODES)
    ),
    "update_ac_max_current": [
        Change(("update_ac_max_current", {"max_current": 7})),
        Change(("update_ac_max_current", {"max_current": 7}), unsaid=frozenset({"update_ac_maximum_limits"})),
    ],
    "update_ac_parameters": _each("update_ac_parameters", "ac_parameters", AC_PARAMETERS),
    "update_ac_maximum_limits": _each("update_ac_maximum_limits", "maximum_limits", LIMITS),
    "update_ac_minimum_limits": _each("update_ac_minimum_limits", "minimum_limits", LIMITS),
    "update_ac_target_values": _each("update_ac_target_values", "target_values", TARGETS),
    "update_ac_present_power": _each("update_ac_present_power", "present_power", POWER),
    "update_dc_maximum_limits": _each("update_dc_maximum_limits", "maximum_limits", DC_MAXIMUM),
    "update_dc_minimum_limits": _each("update_dc_minimum_limits", "minimum_limits", DC_MINIMUM),
    "update_isolation_status": _each("update_isolation_status", "isolation_status", "Warning", "Fault"),
    "update_dc_present_values": _each(
        "update_dc_present_values",
        "present_voltage_current",
        {"evse_present_voltage": 321, "evse_present_current": 12},
    ),
    "update_meter_info": _each("update_meter_info", "powermeter", METER),
    "send_error": _each(
        "send_error",
        "error",
        "Error_Contactor",
        "Error_RCD",
        "Error_UtilityInterruptEvent",
        "Error_Malfunction",
        "Error_EmergencyShutdown",
    ),
    "reset_error": [
        Change(("reset_error", {}), [("send_error", {"error": error})]) for error in ("Error_RCD", "Error_Malfunction")
    ],
}
"""Every cmd but `dlink_ready`, which sessions do not see: it lets them begin and ends them."""
