"""What cmds do to what was before: the mends that interface-semantics, section A recommends."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.charger import commands
from fastsecc.charger.commands.setup import EVSE_ID_DIN_MAX_OCTETS, EVSE_ID_MAX_CHARS, EVSE_ID_MIN_CHARS
from fastsecc.charger.commands.values import METER_ID_MAX_CHARS, METER_READING_MAX_WH
from fastsecc.charger.state import AcPower, Authorization, ChargerState, MeterReading
from tests.charger.cases import NOW, POWER


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
    assert (state.stop_requested_at, state.stop_notified, state.shutdown) == (None, True, True)
    commands.apply(state, "reset_error", {}, NOW + 7)
    assert (state.stop_notified, state.shutdown) == (True, False)
    state.begin_connection()
    assert not state.stop_notified


def test_reset_error_leaves_the_emergency_to_the_next_connection() -> None:
    state = ChargerState()
    for error in ("Error_RCD", "Error_Contactor", "Error_Malfunction", "Error_EmergencyShutdown"):
        commands.apply(state, "send_error", {"error": error}, NOW)
    commands.apply(state, "reset_error", {}, NOW)
    assert (state.rcd_error, state.contactor_error, state.evse_error) == (False, False, None)
    assert state.emergency
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
    state = ChargerState(available_app_protocols=frozenset({"DIN70121", "ISO15118D2"}))
    args = {"supported_app_protocols": {"app_protocols": protocols}}
    assert commands.apply(state, "update_supported_app_protocols", args, NOW) is result
    assert state.supported_app_protocols == left


@pytest.mark.parametrize("values", [{"sae_j2847_mode": "V2G"}, {"energy_transfer_modes": ("DC", "DC_BPT")}])
def test_a_session_that_discharges_does_so_to_its_end(values: dict[str, Any]) -> None:
    state = ChargerState(**values)
    state.begin_connection()
    setup = {"evse_id": {"evse_id": "DE*ABC*E1"}, "sae_j2847_mode": "None", "debug_mode": False}
    commands.apply(state, "setup", setup, NOW)
    commands.apply(state, "update_energy_transfer_modes", {"supported_energy_transfer_modes": ["DC"]}, NOW)
    assert state.discharges
    state.reset_session()
    assert not state.discharges


ALL = {"DIN70121", "ISO15118D2", "ISO15118D20"}


@pytest.mark.parametrize(
    ("modes", "kind", "services", "offered"),
    [
        (["AC_single_phase_core", "DC_core"], "ac", [1, 2], ALL - {"DIN70121"}),
        (["AC_three_phase_core", "AC_single_phase_core", "AC_two_phase"], "ac", [1], ALL - {"DIN70121"}),
        (["AC_three_phase_core", "AC_BPT", "AC_BPT_DER"], "ac", [1, 5], ALL - {"DIN70121"}),
        (["AC_BPT"], "ac", [5], ALL - {"DIN70121"}),
        (["DC_extended", "DC_BPT", "DC_extended", "DC"], "dc", [2, 6], ALL),
        (["DC_BPT", "DC_unique", "DC_combo_core"], "dc", [6, 2], ALL),
        (["MCS", "MCS_BPT"], "dc", [8, 9], ALL),
        (["WPT", "DC_ACDP", "DC_ACDP_BPT"], "dc", [], ALL - {"ISO15118D20"}),
        (["AC_DER_IEC", "AC_DER_SAE"], "ac", [], {"ISO15118D2"}),
        ([], "dc", [], ALL - {"ISO15118D20"}),
    ],
)
def test_modes_decide_ac_or_dc_the_services_and_the_protocols(
    modes: list[str], kind: str, services: list[int], offered: set[str]
) -> None:
    state = ChargerState()
    commands.apply(state, "update_energy_transfer_modes", {"supported_energy_transfer_modes": modes}, NOW)
    assert state.energy_transfer_modes == tuple(dict.fromkeys(modes))
    assert state.energy_kind == kind
    assert [service.id for service in state.iso20_services] == services
    assert state.offered_app_protocols == offered


def test_din_comes_back_when_the_modes_are_dc_again() -> None:
    state = ChargerState()
    for mode in ("AC_single_phase_core", "DC_extended"):
        commands.apply(state, "update_energy_transfer_modes", {"supported_energy_transfer_modes": [mode]}, NOW)
    assert state.offered_app_protocols == ALL


@pytest.mark.parametrize(
    ("values", "discharges"),
    [
        ({}, False),
        ({"sae_j2847_mode": "V2H"}, True),
        ({"energy_transfer_modes": ("AC_three_phase_core", "AC_BPT")}, True),
        ({"energy_transfer_modes": ("MCS",)}, False),
        ({"energy_transfer_modes": ("MCS_BPT",)}, True),
    ],
)
def test_a_charger_discharges_with_a_bidirectional_service(values: dict[str, Any], discharges: bool) -> None:
    assert ChargerState(**values).discharges is discharges


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


def test_a_meter_reading_says_what_came_from_the_ev_where_the_meter_counts_it() -> None:
    state = ChargerState()
    for exported, expected in (({"total": 70.9}, 70), ({"total": -1}, 0), (None, None)):
        powermeter = {"timestamp": "", "energy_Wh_import": {"total": 10}}
        if exported is not None:
            powermeter["energy_Wh_export"] = exported
        commands.apply(state, "update_meter_info", {"powermeter": powermeter}, NOW)
        assert state.meter is not None
        assert (state.meter.energy_wh, state.meter.exported_wh) == (10, expected)
