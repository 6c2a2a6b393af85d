"""Arguments of every cmd with what they lead to, and ways to spoil them."""

from __future__ import annotations

import copy
from dataclasses import asdict
from typing import Any

from fastsecc.charger import commands
from fastsecc.charger.state import (
    AcGrid,
    AcPower,
    AcReactivePower,
    Authorization,
    BptSettings,
    ChargerState,
    DcCapabilities,
    DcLimits,
    MeterReading,
)
from fastsecc.errors import CommandError

NOW = 1000.0

NAMES = [
    "setup",
    "set_charging_parameters",
    "session_setup",
    "bpt_setup",
    "set_powersupply_capabilities",
    "authorization_response",
    "ac_contactor_closed",
    "dlink_ready",
    "cable_check_finished",
    "receipt_is_required",
    "stop_charging",
    "pause_charging",
    "no_energy_pause_charging",
    "update_supported_app_protocols",
    "update_energy_transfer_modes",
    "update_ac_max_current",
    "update_ac_parameters",
    "update_ac_maximum_limits",
    "update_ac_minimum_limits",
    "update_ac_target_values",
    "update_ac_present_power",
    "update_dc_maximum_limits",
    "update_dc_minimum_limits",
    "update_isolation_status",
    "update_dc_present_values",
    "update_meter_info",
    "send_error",
    "reset_error",
]

POWER = {"total": 22000, "L1": 7000, "L2": 7500.5, "L3": 7500}
AC_POWER = AcPower(22000.0, 7000.0, 7500.5, 7500.0)
CAPABILITIES: dict[str, Any] = {
    "bidirectional": True,
    "current_regulation_tolerance_A": 1,
    "peak_current_ripple_A": 2,
    "max_export_voltage_V": 920,
    "min_export_voltage_V": 200,
    "max_export_current_A": 300,
    "min_export_current_A": 1,
    "max_export_power_W": 150000,
    "nominal_max_export_power_W": 120000,
    "max_import_voltage_V": 900,
    "max_import_power_W": 60000,
    "nominal_max_import_power_W": 50000,
}

# name, arguments, attributes of the state afterwards
GOOD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "setup",
        {
            "evse_id": {"evse_id": "DE*ABC*E1234", "evse_id_din": "+49*123*456"},
            "sae_j2847_mode": "V2G",
            "debug_mode": True,
        },
        {"evse_id": "DE*ABC*E1234", "evse_id_din": "+49*123*456", "sae_j2847_mode": "V2G", "debug_mode": True},
    ),
    (
        "set_charging_parameters",
        {
            "physical_values": {
                "ac_nominal_voltage": 240,
                "dc_current_regulation_tolerance": 2.5,
                "dc_peak_current_ripple": 1,
                "dc_energy_to_be_delivered": 10000,
            }
        },
        {
            "ac_nominal_voltage_v": 240.0,
            "dc_current_regulation_tolerance_a": 2.5,
            "dc_peak_current_ripple_a": 1.0,
            "dc_energy_to_be_delivered_wh": 10000.0,
        },
    ),
    ("set_charging_parameters", {"physical_values": {}}, {"ac_nominal_voltage_v": 230.0}),
    ("set_charging_parameters", {"physical_values": {"ac_nominal_voltage": 0}}, {"ac_nominal_voltage_v": 230.0}),
    (
        "session_setup",
        {
            "payment_options": ["Contract", "ExternalPayment"],
            "supported_certificate_service": True,
            "central_contract_validation_allowed": True,
        },
        {
            "payment_options": ("Contract", "ExternalPayment"),
            "supported_certificate_service": True,
            "central_contract_validation_allowed": True,
        },
    ),
    (
        "bpt_setup",
        {
            "bpt_config": {
                "bpt_channel": "Separated",
                "generator_mode": "GridForming",
                "grid_code_detection": "Active",
            }
        },
        {"bpt": BptSettings("Separated", "GridForming", "Active")},
    ),
    (
        "set_powersupply_capabilities",
        {"capabilities": CAPABILITIES},
        {
            "capabilities": DcCapabilities(
                max_voltage_v=920.0,
                min_voltage_v=200.0,
                max_current_a=300.0,
                min_current_a=1.0,
                max_power_w=120000.0,
                bidirectional=True,
                max_import_voltage_v=900.0,
                max_import_power_w=50000.0,
            )
        },
    ),
    (
        "authorization_response",
        {"authorization_status": "Accepted", "certificate_status": "NoCertificateAvailable"},
        {"authorization": Authorization("Accepted", "NoCertificateAvailable", NOW)},
    ),
    ("ac_contactor_closed", {"status": True}, {"ac_contactor_closed": True}),
    ("dlink_ready", {"value": True}, {"dlink_ready": True, "dlink_ready_at": NOW}),
    ("dlink_ready", {"value": False}, {"dlink_ready": False}),
    ("cable_check_finished", {"status": True}, {"cable_check_finished": True}),
    ("receipt_is_required", {"receipt_required": True}, {"receipt_required": True}),
    ("stop_charging", {"stop": True}, {"stop_requested_at": NOW, "stop_notified": True, "shutdown": True}),
    ("pause_charging", {"pause": True}, {"pause_requested": True}),
    ("no_energy_pause_charging", {"mode": "PauseAfterPrecharge"}, {"no_energy_pause": "PauseAfterPrecharge"}),
    (
        "update_supported_app_protocols",
        {"supported_app_protocols": {"app_protocols": ["ISO15118D2"]}},
        {"supported_app_protocols": frozenset({"ISO15118D2"})},
    ),
    (
        "update_energy_transfer_modes",
        {"supported_energy_transfer_modes": ["AC_three_phase_core", "AC_single_phase_core"]},
        {"energy_transfer_modes": ("AC_three_phase_core", "AC_single_phase_core"), "energy_kind": "ac"},
    ),
    ("update_ac_max_current", {"max_current": 32}, {"ac_max_current_a": 32.0}),
    (
        "update_ac_parameters",
        {
            "ac_parameters": {
                "nominal_frequency": 60,
                "nominal_voltage": 277,
                "connectors": ["ThreePhase"],
                "max_power_asymmetry": 4600,
                "power_ramp_limitation": 10,
                "evse_max_reactive_power": 11000,
            }
        },
        {
            "ac_nominal_frequency_hz": 60.0,
            "ac_connectors": ("ThreePhase",),
            "ac_grid": AcGrid(277.0, 4600.0, 10.0, 11000.0),
            "ac_nominal_voltage_v": 230.0,
        },
    ),
    (
        "update_ac_maximum_limits",
        {"maximum_limits": {"charge_power": POWER, "discharge_power": {"total": 11000}}},
        {"ac_maximum_power": AC_POWER, "ac_maximum_discharge_power": AcPower(11000.0)},
    ),
    (
        "update_ac_minimum_limits",
        {"minimum_limits": {"charge_power": POWER, "discharge_power": {"total": 500}}},
        {
            "ac_minimum_power": AC_POWER,
            "ac_minimum_discharge_power": AcPower(500.0),
            "ac_maximum_discharge_power": None,
        },
    ),
    (
        "update_ac_target_values",
        {
            "target_values": {
                "target_active_power": {"total": -5000},
                "target_reactive_power": {"total": 100, "L1": 50},
                "target_frequency": 50,
            }
        },
        {
            "ac_target_power": AcPower(-5000.0),
            "ac_target_reactive_power": AcReactivePower(100.0, 50.0),
            "ac_target_frequency_hz": 50.0,
        },
    ),
    ("update_ac_present_power", {"present_power": POWER}, {"ac_present_power": AC_POWER}),
    (
        "update_dc_maximum_limits",
        {
            "maximum_limits": {
                "evse_maximum_current_limit": -20,
                "evse_maximum_power_limit": -8000,
                "evse_maximum_voltage_limit": 920,
                "evse_maximum_discharge_current_limit": 50,
                "evse_maximum_discharge_power_limit": 20000,
            }
        },
        {"dc_maximum_limits": DcLimits(-20.0, 920.0, -8000.0, 50.0, 20000.0), "dc_maximum_limits_at": NOW},
    ),
    (
        "update_dc_minimum_limits",
        {
            "minimum_limits": {
                "evse_minimum_current_limit": 1,
                "evse_minimum_power_limit": 200,
                "evse_minimum_voltage_limit": 200,
                "evse_minimum_discharge_current_limit": 2,
                "evse_minimum_discharge_power_limit": 400,
            }
        },
        {"dc_minimum_limits": DcLimits(1.0, 200.0, 200.0, 2.0, 400.0)},
    ),
    (
        "update_isolation_status",
        {"isolation_status": "No_IMD"},
        {"isolation_status": "No_IMD", "isolation_status_at": NOW},
    ),
    (
        "update_dc_present_values",
        {"present_voltage_current": {"evse_present_voltage": 400, "evse_present_current": -12.5}},
        {"present_voltage_v": 400.0, "present_current_a": -12.5, "present_values_at": NOW},
    ),
    (
        "update_meter_info",
        {
            "powermeter": {
                "timestamp": "2026-01-01T00:00:00.000Z",
                "meter_id": "M1",
                "phase_seq_error": False,
                "energy_Wh_import": {"total": 1234.9},
                "power_W": {"total": 4000},
                "voltage_V": {"DC": 400},
                "current_A": {"DC": 10, "N": 0},
                "frequency_Hz": {"L1": 50},
                "signed_meter_value": {"signed_meter_data": "x", "signing_method": "", "encoding_method": ""},
            }
        },
        {"meter": MeterReading(1, 1234, "M1"), "meter_id": "M1", "meter_sequence": 1},
    ),
    (
        "send_error",
        {"error": "Error_Contactor"},
        {"contactor_error": True, "rcd_error": False, "evse_error": None, "emergency": False},
    ),
    ("send_error", {"error": "Error_RCD"}, {"rcd_error": True, "contactor_error": False, "evse_error": None}),
    (
        "send_error",
        {"error": "Error_UtilityInterruptEvent"},
        {"evse_error": "Error_UtilityInterruptEvent", "emergency": False},
    ),
    ("send_error", {"error": "Error_Malfunction"}, {"evse_error": "Error_Malfunction", "emergency": False}),
    ("send_error", {"error": "Error_EmergencyShutdown"}, {"emergency": True, "evse_error": None}),
    ("reset_error", {}, {"rcd_error": False, "evse_error": None, "shutdown": False}),
]


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every member of nested objects, as a tuple of keys."""
    if not isinstance(value, dict):
        return []
    return [path for key in value for path in ((*here, key), *paths(value[key], (*here, key)))]


def put(args: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(args)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return changed


def at(args: dict[str, Any], path: tuple[Any, ...]) -> Any:
    return args[path[0]] if len(path) == 1 else at(args[path[0]], path[1:])


OPTIONAL = {
    "setup": "evse_id_din",
    "set_charging_parameters": (
        "ac_nominal_voltage dc_current_regulation_tolerance dc_peak_current_ripple dc_energy_to_be_delivered"
    ),
    "bpt_setup": "grid_code_detection",
    "set_powersupply_capabilities": (
        "nominal_max_export_power_W max_import_voltage_V max_import_power_W nominal_max_import_power_W"
    ),
    "update_ac_parameters": "max_power_asymmetry power_ramp_limitation evse_max_reactive_power",
    "update_ac_maximum_limits": "discharge_power L1 L2 L3",
    "update_ac_minimum_limits": "discharge_power L1 L2 L3",
    "update_ac_target_values": "target_reactive_power target_frequency L1",
    "update_ac_present_power": "L1 L2 L3",
    "update_dc_maximum_limits": "evse_maximum_discharge_current_limit evse_maximum_discharge_power_limit",
    "update_dc_minimum_limits": "evse_minimum_discharge_current_limit evse_minimum_discharge_power_limit",
    "update_dc_present_values": "evse_present_current",
    "update_meter_info": ("meter_id phase_seq_error power_W voltage_V current_A frequency_Hz signed_meter_value DC N"),
}


def attempt(name: str, args: Any) -> CommandError | None:
    """Give the refusal of a cmd, None when it took effect; a refused cmd must change nothing."""
    state = ChargerState()
    before = asdict(state)
    try:
        commands.apply(state, name, args, NOW)
    except CommandError as error:
        assert asdict(state) == before
        return error
    return None


def refused(name: str, args: Any) -> CommandError:
    error = attempt(name, args)
    assert error is not None
    return error
