"""The 28 cmds: names, effect on the state, and what is refused (interface-semantics, section A)."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsecc.charger import commands
from fastsecc.charger.commands import COMMANDS
from fastsecc.charger.commands.command import MAX_ARGUMENT_DEPTH, MAX_NAME_CHARS
from fastsecc.charger.commands.setup import EVSE_ID_DIN_MAX_OCTETS, EVSE_ID_MAX_CHARS, EVSE_ID_MIN_CHARS
from fastsecc.charger.commands.values import METER_ID_MAX_CHARS, METER_READING_MAX_WH
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
    ("stop_charging", {"stop": True}, {"stop_requested_at": NOW, "stop_notified": True, "dc_shutdown": True}),
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
        {"dc_maximum_limits": DcLimits(-20.0, 920.0, -8000.0, 50.0, 20000.0)},
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
    ("update_isolation_status", {"isolation_status": "No_IMD"}, {"isolation_status": "No_IMD"}),
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
    ("send_error", {"error": "Error_Contactor"}, {"rcd_error": False, "evse_error": None, "emergency": False}),
    ("send_error", {"error": "Error_RCD"}, {"rcd_error": True, "evse_error": None, "emergency": False}),
    (
        "send_error",
        {"error": "Error_UtilityInterruptEvent"},
        {"evse_error": "Error_UtilityInterruptEvent", "emergency": False},
    ),
    ("send_error", {"error": "Error_Malfunction"}, {"evse_error": "Error_Malfunction", "emergency": False}),
    ("send_error", {"error": "Error_EmergencyShutdown"}, {"emergency": True, "evse_error": None}),
    ("reset_error", {}, {"rcd_error": False, "evse_error": None, "dc_shutdown": False}),
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


MEMBERS = [
    pytest.param(name, args, path, id=f"{name}-{'.'.join(path)}") for name, args, _ in GOOD for path in paths(args)
]


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


def test_there_are_exactly_the_28_cmds() -> None:
    assert len(NAMES) == 28
    assert sorted(COMMANDS) == sorted(NAMES)
    assert all(name == command.name for name, command in COMMANDS.items())
    assert {name for name, _, _ in GOOD} == set(NAMES)
    assert {name for name, command in COMMANDS.items() if command.result is bool} == {"update_supported_app_protocols"}


@pytest.mark.parametrize(("name", "args", "expected"), GOOD)
def test_a_cmd_takes_effect(name: str, args: dict[str, Any], expected: dict[str, Any]) -> None:
    state = ChargerState()
    result = commands.apply(state, name, json.loads(json.dumps(args)), NOW)
    assert result is (True if name == "update_supported_app_protocols" else None)
    assert {attribute: getattr(state, attribute) for attribute in expected} == expected


@pytest.mark.parametrize(("name", "args", "expected"), GOOD)
def test_unknown_members_are_ignored(name: str, args: dict[str, Any], expected: dict[str, Any]) -> None:
    state = ChargerState()
    commands.apply(state, name, args | {"x_vendor": {"a": [None, 1.5]}}, NOW)
    assert {attribute: getattr(state, attribute) for attribute in expected} == expected


@pytest.mark.parametrize(("name", "args", "path"), MEMBERS)
def test_a_member_of_the_wrong_type_is_named(name: str, args: dict[str, Any], path: tuple[str, ...]) -> None:
    wrong = 5 if isinstance(at(args, path), str | list | dict) else "5"
    error = refused(name, put(args, path, wrong))
    assert (error.command, error.field) == (name, ".".join(path))
    assert str(error).startswith(f"{name}: {error.field}: ")


@pytest.mark.parametrize(("name", "args", "path"), MEMBERS)
def test_a_member_that_is_missing_is_named_or_optional(name: str, args: dict[str, Any], path: tuple[str, ...]) -> None:
    less = put(args, path, ...)
    field = ".".join(path)
    optional = set(COMMANDS_OPTIONAL.get(name, "").split())
    if path[-1] in optional:
        assert commands.apply(ChargerState(), name, less, NOW) in (None, True)
    else:
        error = refused(name, less)
        assert (error.field, error.reason) == (field, "is missing")


COMMANDS_OPTIONAL = {
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


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), 10**400])
def test_numbers_that_no_double_holds_are_refused_and_named(number: float) -> None:
    error = refused("update_dc_present_values", {"present_voltage_current": {"evse_present_voltage": number}})
    assert error.field == "present_voltage_current.evse_present_voltage"
    error = refused("reset_error", {"ignored": [1, {"x": number}]})
    assert error.field == "ignored[1].x"


@pytest.mark.parametrize("number", [-10001, 1e9, 5000])
def test_numbers_out_of_the_schema_range_are_taken(number: float) -> None:
    state = ChargerState()
    args = {"present_voltage_current": {"evse_present_voltage": 1, "evse_present_current": number}}
    commands.apply(state, "update_dc_present_values", args, NOW)
    assert state.present_current_a == number


@pytest.mark.parametrize("args", [None, [], "x", 5, True, 1.5])
def test_arguments_are_an_object(args: Any) -> None:
    assert refused("reset_error", args).field == ""


def test_an_unknown_enum_string_is_named_with_its_place_in_a_list() -> None:
    error = refused("update_energy_transfer_modes", {"supported_energy_transfer_modes": ["DC_core", "DC_turbo"]})
    assert error.field == "supported_energy_transfer_modes[1]"
    assert "DC_turbo" in error.reason


def test_endless_nesting_is_refused() -> None:
    deep: Any = 1
    for _ in range(MAX_ARGUMENT_DEPTH * 100):
        deep = {"a": deep}
    assert refused("reset_error", {"x": deep}).field == "x"


@pytest.mark.parametrize(
    ("wrong", "nearest"), [("set_up", "setup"), ("stop_charge", "stop_charging"), ("dlink", "dlink_ready")]
)
def test_an_unknown_cmd_is_named_with_the_nearest(wrong: str, nearest: str) -> None:
    error = refused(wrong, {})
    assert error.command == wrong
    assert error.reason.endswith(f"nearest is {nearest}")
    assert len(str(refused("x" * 100_000, {}))) < 200


def test_setup_keeps_the_id_before_when_the_new_one_fits_no_message(caplog: pytest.LogCaptureFixture) -> None:
    state = ChargerState(evse_id="DE*ABC*E1", evse_id_din="49A80737A45678")
    args = {"sae_j2847_mode": "None", "debug_mode": False}
    for evse_id in ("E" * (EVSE_ID_MAX_CHARS + 1), "E" * (EVSE_ID_MIN_CHARS - 1), ""):
        din = "1" * (EVSE_ID_DIN_MAX_OCTETS + 1)
        commands.apply(state, "setup", args | {"evse_id": {"evse_id": evse_id, "evse_id_din": din}}, NOW)
        assert (state.evse_id, state.evse_id_din) == ("DE*ABC*E1", "49A80737A45678")
    assert "evse_id needs 7..37 characters" in caplog.text
    assert "evse_id_din is longer" in caplog.text
    commands.apply(state, "setup", args | {"evse_id": {"evse_id": "E" * EVSE_ID_MAX_CHARS}}, NOW)
    assert (state.evse_id, state.evse_id_din) == ("E" * 37, None)


SESSION_SETUP = {
    "payment_options": ["ExternalPayment"],
    "supported_certificate_service": False,
    "central_contract_validation_allowed": False,
}
ACCEPTED = {"authorization_status": "Accepted", "certificate_status": "Accepted"}


def test_session_setup_revokes_an_authorization_from_before_the_connection() -> None:
    state = ChargerState()
    commands.apply(state, "authorization_response", ACCEPTED, NOW)
    commands.apply(state, "session_setup", SESSION_SETUP, NOW)
    assert state.authorization is None

    commands.apply(state, "authorization_response", ACCEPTED, NOW)
    state.begin_connection()
    commands.apply(state, "session_setup", SESSION_SETUP, NOW + 1)
    assert state.authorization is None


def test_session_setup_never_revokes_an_authorization_of_this_connection() -> None:
    state = ChargerState()
    state.begin_connection()
    commands.apply(state, "authorization_response", ACCEPTED, NOW)
    commands.apply(state, "session_setup", SESSION_SETUP, NOW)
    assert state.authorization is not None
    assert state.authorization.accepted

    state.begin_connection()  # the next connection, with no teardown between
    commands.apply(state, "session_setup", SESSION_SETUP, NOW)
    assert state.authorization is None


def test_session_setup_offers_each_way_to_pay_once_and_at_least_one() -> None:
    state = ChargerState()
    twice = {"payment_options": ["Contract", "Contract", "ExternalPayment"]}
    commands.apply(state, "session_setup", SESSION_SETUP | twice, NOW)
    assert state.payment_options == ("Contract", "ExternalPayment")
    commands.apply(state, "session_setup", SESSION_SETUP | {"payment_options": []}, NOW)
    assert state.payment_options == ("ExternalPayment",)


def test_the_newest_authorization_counts() -> None:
    state = ChargerState()
    refusal = {"authorization_status": "Unknown", "certificate_status": "NoCertificateAvailable"}
    commands.apply(state, "authorization_response", refusal, NOW)
    assert state.authorization is not None
    assert not state.authorization.accepted
    commands.apply(state, "authorization_response", ACCEPTED, NOW + 1)
    assert state.authorization == Authorization("Accepted", "Accepted", NOW + 1)


def test_a_second_stop_does_not_start_the_grace_again_and_false_takes_back_only_the_insisting() -> None:
    state = ChargerState()
    commands.apply(state, "stop_charging", {"stop": True}, NOW)
    commands.apply(state, "stop_charging", {"stop": True}, NOW + 5)
    assert state.stop_requested_at == NOW
    commands.apply(state, "stop_charging", {"stop": False}, NOW + 6)
    assert (state.stop_requested_at, state.stop_notified, state.dc_shutdown) == (None, True, True)
    commands.apply(state, "reset_error", {}, NOW + 7)
    assert (state.stop_notified, state.dc_shutdown) == (True, False)
    state.begin_connection()
    assert not state.stop_notified


def test_reset_error_leaves_the_emergency_to_the_next_connection() -> None:
    state = ChargerState()
    for error in ("Error_RCD", "Error_Malfunction", "Error_EmergencyShutdown"):
        commands.apply(state, "send_error", {"error": error}, NOW)
    commands.apply(state, "reset_error", {}, NOW)
    assert (state.rcd_error, state.evse_error, state.emergency) == (False, None, True)
    state.begin_connection()
    assert not state.emergency


def test_a_receipt_stays_required_after_a_session() -> None:
    state = ChargerState()
    commands.apply(state, "receipt_is_required", {"receipt_required": True}, NOW)
    state.reset_session()
    assert state.receipt_required


@pytest.mark.parametrize(
    ("protocols", "result", "left"),
    [
        ([], True, set()),
        (["DIN70121"], True, {"DIN70121"}),
        (["DIN70121", "ISO15118D2", "DIN70121"], True, {"DIN70121", "ISO15118D2"}),
        (["ISO15118D2", "ISO15118D20"], False, {"ISO15118D2"}),
        (["ISO15118D20"], False, set()),
    ],
)
def test_update_supported_app_protocols_tells_whether_all_were_taken(
    protocols: list[str], result: bool, left: set[str]
) -> None:
    state = ChargerState()
    args = {"supported_app_protocols": {"app_protocols": protocols}}
    assert commands.apply(state, "update_supported_app_protocols", args, NOW) is result
    assert state.supported_app_protocols == left


def test_din_is_not_offered_for_ac_and_comes_back_for_dc() -> None:
    state = ChargerState()
    for modes, kind, offered in (
        (["AC_single_phase_core", "DC_core"], "ac", {"ISO15118D2"}),
        (["DC_extended", "DC_BPT", "DC_extended"], "dc", {"DIN70121", "ISO15118D2"}),
        ([], "dc", {"DIN70121", "ISO15118D2"}),
    ):
        commands.apply(state, "update_energy_transfer_modes", {"supported_energy_transfer_modes": modes}, NOW)
        assert state.energy_transfer_modes == tuple(dict.fromkeys(modes))
        assert state.energy_kind == kind
        assert state.offered_app_protocols == offered


def test_ac_limits_that_leave_discharging_out_keep_it() -> None:
    state = ChargerState()
    for kind, attribute in (("maximum", "ac_maximum_discharge_power"), ("minimum", "ac_minimum_discharge_power")):
        limits = {"charge_power": POWER, "discharge_power": {"total": 0}}
        commands.apply(state, f"update_ac_{kind}_limits", {f"{kind}_limits": limits}, NOW)
        commands.apply(state, f"update_ac_{kind}_limits", {f"{kind}_limits": {"charge_power": POWER}}, NOW)
        assert getattr(state, attribute) == AcPower(0.0)


def test_ac_parameters_without_connectors_keep_those_before() -> None:
    state = ChargerState()
    args = {"ac_parameters": {"nominal_frequency": 50, "nominal_voltage": 230, "connectors": []}}
    commands.apply(state, "update_ac_parameters", args, NOW)
    assert state.ac_connectors == ("SinglePhase",)


def test_a_negative_ac_current_is_none() -> None:
    state = ChargerState()
    commands.apply(state, "update_ac_max_current", {"max_current": -1}, NOW)
    assert state.ac_max_current_a == 0.0


def test_a_present_current_that_is_left_out_stays() -> None:
    state = ChargerState()
    for args in ({"evse_present_voltage": 400, "evse_present_current": 7}, {"evse_present_voltage": 401}):
        commands.apply(state, "update_dc_present_values", {"present_voltage_current": args}, NOW)
    assert (state.present_voltage_v, state.present_current_a) == (401.0, 7.0)


def test_meter_readings_are_counted_across_sessions_and_keep_the_last_id_that_fits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    state = ChargerState()
    for meter_id, total, expected in (
        ("M1", 10, MeterReading(1, 10, "M1")),
        (None, -5, MeterReading(2, 0, "M1")),
        ("M" * (METER_ID_MAX_CHARS + 1), 1e300, MeterReading(3, METER_READING_MAX_WH, "M1")),
    ):
        powermeter = {"timestamp": "", "energy_Wh_import": {"total": total}, "meter_id": meter_id}
        commands.apply(state, "update_meter_info", {"powermeter": powermeter}, NOW)
        assert state.meter == expected
        state.reset_session()
        assert state.meter is None
    assert "meter_id is longer" in caplog.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ARGUMENTS = [(name, args, path) for name, args, _ in GOOD for path in paths(args)]


@given(name=st.sampled_from(NAMES) | st.text(), args=JSON)
def test_random_arguments_only_ever_raise_a_command_error_and_change_nothing(name: str, args: Any) -> None:
    error = attempt(name, args)
    assert error is None or error.command == name[:MAX_NAME_CHARS]


@given(member=st.sampled_from(ARGUMENTS), value=JSON)
def test_one_random_member_only_ever_raises_a_command_error_and_changes_nothing(
    member: tuple[str, dict[str, Any], tuple[str, ...]], value: Any
) -> None:
    name, args, path = member
    error = attempt(name, put(args, path, value))
    assert error is None or error.field.startswith(".".join(path))
