"""The 46 vars: names, exact JSON, and what is not published (interface-semantics, section B and 0.3)."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsecc.charger import types as t
from fastsecc.charger.describe import members
from fastsecc.charger.variables import SIGNED, VARIABLES, check, fit
from fastsecc.errors import VariableError

PROTOCOL = t.AppProtocol("urn:din:70121:2012:MsgDef", 2, 0, 1, 1)
PROTOCOL_JSON = {
    "protocol_namespace": "urn:din:70121:2012:MsgDef",
    "version_number_major": 2,
    "version_number_minor": 0,
    "schema_id": 1,
    "priority": 1,
}
TOKEN = t.ProvidedIdToken(
    t.IdToken("DEABCC12345678", t.IdTokenType.eMAID),
    t.AuthorizationType.PlugAndCharge,
    certificate="-----BEGIN CERTIFICATE-----",
    iso15118CertificateHashData=[
        t.CertificateHashDataInfo(t.HashAlgorithm.SHA256, "aa", "bb", "01", "http://ocsp.example")
    ],
)
HASH_JSON = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "aa",
    "issuerKeyHash": "bb",
    "serialNumber": "01",
    "responderURL": "http://ocsp.example",
}
TOKEN_JSON = {
    "id_token": {"value": "DEABCC12345678", "type": "eMAID"},
    "authorization_type": "PlugAndCharge",
    "certificate": "-----BEGIN CERTIFICATE-----",
    "iso15118CertificateHashData": [HASH_JSON],
}
SERVICE = t.SelectedServiceParameters(
    t.ServiceCategory.DC_BPT,
    t.Connector.Extended,
    t.ControlMode.DynamicControl,
    t.MobilityNeedsMode.EVCC,
    t.Pricing.NoPricing,
    generator_mode=t.GeneratorMode.GridFollowing,
)
SERVICE_JSON = {
    "energy_transfer": "DC_BPT",
    "connector": "Extended",
    "control_mode": "DynamicControl",
    "mobility_needs_mode": "EVCC",
    "pricing": "NoPricing",
    "generator_mode": "GridFollowing",
}
DYNAMIC = t.DcChargeDynamicModeValues(1, 2, 3, 4, 5, 6, 7, 8, max_discharge_power=9)
DYNAMIC_JSON = {
    "target_energy_request": 1,
    "max_energy_request": 2,
    "min_energy_request": 3,
    "max_charge_power": 4,
    "min_charge_power": 5,
    "max_charge_current": 6,
    "max_voltage": 7,
    "min_voltage": 8,
    "max_discharge_power": 9,
}
AC_DYNAMIC_JSON = {"target_energy_request": 1, "max_energy_request": 2, "min_energy_request": 3, "departure_time": 60}
MESSAGE = t.V2gMessages(t.message_id("CurrentDemandReq"), exi="01fe8001", exi_base64="Af6AAQ==")
MESSAGE_JSON = {"id": "CurrentDemandReq", "exi": "01fe8001", "exi_base64": "Af6AAQ=="}
STATUS = t.DcEvStatus(True, t.DcEvErrorCode.NO_ERROR, 42)
STATUS_JSON = {"dc_ev_ready": True, "dc_ev_error_code": "NO_ERROR", "dc_ev_ress_soc": 42}
FULL_AT = t.DcEvRemainingTime(ev_remaining_time_to_full_soc=t.timestamp(1_700_000_000.9))

NO = object()
"""Stands for: any payload but null is wrong."""

# name, payload, JSON, payloads that must be refused
CASES: list[tuple[str, Any, Any, list[Any]]] = [
    (
        "supported_app_protocols_secc",
        t.SupportedAppProtocols([t.SupportedAppProtocol.DIN70121, t.SupportedAppProtocol.ISO15118D2]),
        {"app_protocols": ["DIN70121", "ISO15118D2"]},
        [{"app_protocols": ["ISO15118"]}, {"app_protocols": ["DIN70121"] * 21}, {}, None],
    ),
    (
        "ev_app_protocol",
        t.AppProtocols([PROTOCOL]),
        {"Protocols": [PROTOCOL_JSON]},
        [
            {"Protocols": []},
            {"Protocols": [PROTOCOL_JSON] * 21},
            {"protocols": [PROTOCOL_JSON]},
            {"Protocols": [PROTOCOL_JSON | {"priority": 0}]},
            {"Protocols": [PROTOCOL_JSON | {"priority": 21}]},
            {"Protocols": [PROTOCOL_JSON | {"schema_id": 256}]},
            {"Protocols": [PROTOCOL_JSON | {"protocol_namespace": ""}]},
            {"Protocols": [PROTOCOL_JSON | {"protocol_namespace": "n" * 101}]},
            {"Protocols": [PROTOCOL_JSON | {"extra": 1}]},
        ],
    ),
    ("selected_protocol", "ISO15118-2-2013", "ISO15118-2-2013", [None, 2]),
    ("v2g_messages", MESSAGE, MESSAGE_JSON, [{"id": "CurrentDemand"}, {"exi": "00"}, MESSAGE_JSON | {"a": 1}]),
    (
        "evcc_id",
        "00:1A:2B:3C:4D:5E",
        "00:1A:2B:3C:4D:5E",
        ["", "00:1a:2b:3c:4d:5e", "001A2B3C4D5E", "00:1A:2B:3C:4D:5E:6F", "00:1A:2B:3C:4D:5E\n", None],
    ),
    ("require_auth_eim", None, None, [NO]),
    (
        "require_auth_pnc",
        TOKEN,
        TOKEN_JSON,
        [
            TOKEN_JSON | {"certificate": "c" * 5501},
            TOKEN_JSON | {"iso15118CertificateHashData": []},
            TOKEN_JSON | {"iso15118CertificateHashData": [HASH_JSON] * 5},
            TOKEN_JSON | {"iso15118CertificateHashData": [HASH_JSON | {"hashAlgorithm": "MD5"}]},
            TOKEN_JSON | {"iso15118CertificateHashData": [HASH_JSON | {"serialNumber": "1" * 41}]},
            TOKEN_JSON | {"id_token": {"value": "v" * 37, "type": "eMAID"}},
            TOKEN_JSON | {"connectors": [0]},
            TOKEN_JSON | {"authorization_type": "Cash"},
        ],
    ),
    ("selected_payment_option", t.PaymentOption.ExternalPayment, "ExternalPayment", ["EIM", None]),
    ("requested_energy_transfer_mode", t.EnergyTransferMode.DC_extended, "DC_extended", ["DC_turbo", 3]),
    ("sae_bidi_mode_active", None, None, [NO]),
    (
        "departure_time",
        t.timestamp(0),
        "1970-01-01T00:00:00Z",
        ["1970-01-01 00:00:00Z", "1970-01-01T00:00:00", 0, None],
    ),
    ("ac_eamount", 20000, 20000, [-1, 200_001, "1", True]),
    ("ac_ev_max_voltage", 230.5, 230.5, [-1, 1001]),
    ("ac_ev_max_current", 32, 32, [-1, 401]),
    ("ac_ev_min_current", 6, 6, [-1, 401]),
    (
        "ac_ev_power_limits",
        t.AcEvPowerLimits(max_charge_power=t.Power(22000, L1=7000)),
        {"max_charge_power": {"total": 22000, "L1": 7000}},
        [{"max_charge_power": 22000}, {"max_charge_power": {"L1": 1}}, {"max": {"total": 1}}],
    ),
    (
        "ac_ev_present_powers",
        t.AcEvPresentPowerValues(t.Power(-1500)),
        {"present_active_power": {"total": -1500}},
        [{}, {"present_active_power": None}],
    ),
    (
        "ac_ev_dynamic_control_mode",
        t.AcEvDynamicModeValues(1, 2, 3, departure_time=60),
        AC_DYNAMIC_JSON,
        [
            AC_DYNAMIC_JSON | {"departure_time": -1},
            {"departure_time": 1},
            AC_DYNAMIC_JSON | {"min_energy_request": None},
        ],
    ),
    ("ac_close_contactor", None, None, [NO]),
    ("ac_open_contactor", None, None, [NO]),
    ("dc_ev_energy_capacity", 77000, 77000, [-1, 200_001]),
    ("dc_ev_energy_request", 40000, 40000, [-1, 200_001]),
    ("dc_full_soc", 100, 100, [-1, 101, float("nan")]),
    ("dc_bulk_soc", 80, 80, [-1, 101, float("inf")]),
    (
        "dc_ev_status",
        STATUS,
        STATUS_JSON,
        [
            STATUS_JSON | {"dc_ev_ress_soc": 101},
            STATUS_JSON | {"dc_ev_ress_soc": float("nan")},
            STATUS_JSON | {"dc_ev_error_code": "FAILED"},
            STATUS_JSON | {"dc_ev_ready": 1},
            STATUS_JSON | {"extra": 1},
            {"dc_ev_ready": True},
        ],
    ),
    (
        "dc_ev_maximum_limits",
        t.DcEvMaximumLimits(dc_ev_maximum_current_limit=400, dc_ev_maximum_voltage_limit=450),
        {"dc_ev_maximum_current_limit": 400, "dc_ev_maximum_voltage_limit": 450},
        [
            {"dc_ev_maximum_current_limit": 10_001},
            {"dc_ev_maximum_power_limit": 350_001},
            {"dc_ev_maximum_voltage_limit": -3},
            t.DcEvRemainingTime(),
        ],
    ),
    (
        "dc_ev_target_voltage_current",
        t.DcEvTargetValues(401.5, 120),
        {"dc_ev_target_voltage": 401.5, "dc_ev_target_current": 120},
        [
            {"dc_ev_target_voltage": 1501, "dc_ev_target_current": 0},
            {"dc_ev_target_voltage": 0, "dc_ev_target_current": -3},
            {"dc_ev_target_voltage": 0},
            t.DcEvTargetValues(float("nan"), 0),
        ],
    ),
    (
        "dc_ev_remaining_time",
        FULL_AT,
        {"ev_remaining_time_to_full_soc": "2023-11-14T22:13:20Z"},
        [{"ev_remaining_time_to_full_soc": 60}, {"ev_remaining_time_to_full_bulk_soc": "60"}],
    ),
    ("dc_charging_complete", False, False, [0, None, "false"]),
    ("dc_bulk_charging_complete", True, True, [1, None]),
    ("dc_ev_present_voltage", 399.5, 399.5, ["399", None, float("inf")]),
    (
        "d20_dc_dynamic_charge_mode",
        DYNAMIC,
        DYNAMIC_JSON,
        [DYNAMIC_JSON | {"max_voltage": -1}, AC_DYNAMIC_JSON],
    ),
    (
        "display_parameters",
        t.DisplayParameters(present_soc=50, inlet_hot=False),
        {"present_soc": 50, "inlet_hot": False},
        [{"present_soc": 101}, {"remaining_time_to_target_soc": -1}, {"charging_complete": 0}],
    ),
    ("meter_info_requested", None, None, [NO]),
    ("selected_service_parameters", SERVICE, SERVICE_JSON, [SERVICE_JSON | {"pricing": "Cheap"}, {}]),
    ("start_cable_check", None, None, [NO]),
    ("start_pre_charge", None, None, [NO]),
    ("v2g_setup_finished", None, None, [NO]),
    ("current_demand_started", None, None, [NO]),
    ("current_demand_finished", None, None, [NO]),
    ("dc_open_contactor", None, None, [NO]),
    (
        "ev_termination",
        t.EvTermination("", ""),
        {"ev_termination_code": "", "ev_termination_explanation": ""},
        [{"ev_termination_code": 1}, {"code": ""}],
    ),
    (
        "hlc_session_failed",
        t.HlcSessionFailedReasonEnum.ChargingInterrupted,
        "ChargingInterrupted",
        ["Failed", None],
    ),
    ("dlink_terminate", None, None, [NO]),
    ("dlink_error", None, None, [NO]),
    ("dlink_pause", None, None, [NO]),
]
REFUSED = [
    pytest.param(name, bad, id=f"{name}-{number}")
    for name, _, _, wrong in CASES
    for bads in wrong
    for number, bad in enumerate([0, False, "", {}, []] if bads is NO else [bads])
]


def test_there_are_exactly_the_46_vars_in_the_order_of_the_document() -> None:
    assert len(VARIABLES) == 46
    assert list(VARIABLES) == [name for name, *_ in CASES]


@pytest.mark.parametrize(("name", "payload", "expected"), [case[:3] for case in CASES])
def test_a_payload_has_exactly_everests_shape(name: str, payload: Any, expected: Any) -> None:
    built = check(name, payload)
    assert built == expected
    assert type(built) is type(expected) or isinstance(built, int | float)
    assert json.loads(json.dumps(built)) == expected
    assert json.loads(msgspec.json.encode(built)) == expected
    assert check(name, expected) == expected


@pytest.mark.parametrize(("name", "payload"), REFUSED)
def test_a_payload_that_breaks_its_type_is_refused(name: str, payload: Any) -> None:
    with pytest.raises(VariableError) as caught:
        check(name, payload)
    assert caught.value.variable == name
    assert str(caught.value).startswith(f"{name}: ")


def test_members_that_are_not_set_are_omitted_not_null() -> None:
    assert check("dc_ev_maximum_limits", t.DcEvMaximumLimits()) == {}
    assert check("dc_ev_maximum_limits", {"dc_ev_maximum_power_limit": None}) == {}


def test_a_payload_of_another_var_is_refused_by_name() -> None:
    with pytest.raises(VariableError, match="carries DcEvStatus, not DcEvTargetValues"):
        check("dc_ev_status", t.DcEvTargetValues(1, 2))
    with pytest.raises(VariableError, match="carries null, not DcEvTargetValues"):
        check("dlink_error", t.DcEvTargetValues(1, 2))


@pytest.mark.parametrize("function", [check, fit])
def test_an_unknown_var_and_what_is_no_json_are_refused(function: Any) -> None:
    with pytest.raises(VariableError, match="no var"):
        function("dc_ev_mood", 1)
    with pytest.raises(VariableError):
        function("selected_protocol", object())


@pytest.mark.parametrize(
    ("name", "payload", "expected"),
    [
        ("dc_full_soc", 120, 100),
        ("ac_eamount", -5, 0),
        ("dc_ev_maximum_limits", t.DcEvMaximumLimits(20_000, 500_000), [10_000, 350_000]),
        ("dc_ev_status", t.DcEvStatus(True, t.DcEvErrorCode.NO_ERROR, 127), [True, "NO_ERROR", 100]),
        ("d20_dc_dynamic_charge_mode", DYNAMIC_JSON | {"min_charge_power": -3}, [1, 2, 3, 4, 0, 6, 7, 8, 9]),
        ("evcc_id", "x", "x"),
        ("dc_full_soc", True, True),
        ("dc_ev_maximum_limits", {"extra": 1}, [1]),
    ],
)
def test_numbers_can_be_moved_into_their_range_and_nothing_else_is_mended(
    name: str, payload: Any, expected: Any
) -> None:
    fitted = fit(name, payload)
    assert (list(fitted.values()) if isinstance(fitted, dict) else fitted) == expected


def test_discharging_carries_currents_below_their_range_unchanged() -> None:
    assert set(VARIABLES) > SIGNED
    values = t.DcEvTargetValues(400, -50)
    assert check("dc_ev_target_voltage_current", values, signed=True)["dc_ev_target_current"] == -50
    with pytest.raises(VariableError):
        check("dc_ev_target_voltage_current", {"dc_ev_target_voltage": "4"}, signed=True)
    with pytest.raises(VariableError):
        check("dc_ev_target_voltage_current", t.DcEvTargetValues(1501, -50), signed=True)
    assert fit("dc_ev_target_voltage_current", t.DcEvTargetValues(1501, -50), signed=True) == {
        "dc_ev_target_voltage": 1500,
        "dc_ev_target_current": -50,
    }
    with pytest.raises(VariableError):
        check("dc_full_soc", -1, signed=True)


@pytest.mark.parametrize("payload", [DYNAMIC_JSON, AC_DYNAMIC_JSON])
def test_an_ev_that_has_energy_to_give_requests_less_than_none(payload: dict[str, Any]) -> None:
    name = "d20_dc_dynamic_charge_mode" if payload is DYNAMIC_JSON else "ac_ev_dynamic_control_mode"
    energies = ("target", "max", "min")
    values = payload | {f"{energy}_energy_request": -20_000 for energy in energies}
    values |= {"max_v2x_energy_request": -1, "min_v2x_energy_request": -2}
    assert check(name, values) == values


def test_a_power_of_iso_15118_20_is_the_sum_of_its_phases() -> None:
    assert t.phase_power(None, None, None) is None
    assert t.phase_power(7000, None, None) == t.Power(7000, L1=7000)
    assert t.phase_power(-1000, 2000.5, 3000) == t.Power(4000.5, -1000, 2000.5, 3000)


def test_every_message_of_the_protocols_has_an_id() -> None:
    assert len(t.V2gMessageId) == 2 * 34 + 1
    assert t.message_id("supportedAppProtocolReq") == "SupportedAppProtocolReq"
    assert t.message_id("SessionSetupRes") == "SessionSetupRes"
    assert t.message_id("DC_ChargeLoopReq") == "DcChargeLoopReq"
    assert t.message_id("AC_ChargeParameterDiscoveryRes") == "AcChargeParameterDiscoveryRes"
    assert t.message_id("VehicleCheckInReq") == t.message_id("WPT_ChargeLoopReq") == "UnknownMessage"
    assert t.message_id("") == t.message_id("Nonsense") == "UnknownMessage"


def test_the_interface_describes_itself() -> None:
    assert members(None) == [("", "null")]
    assert members(VARIABLES["dc_ev_target_voltage_current"]) == [
        ("dc_ev_target_voltage", "number V -2..1500"),
        ("dc_ev_target_current", "number A -2..10000"),
    ]
    assert ("Protocols[].priority", "integer") in members(VARIABLES["ev_app_protocol"])
    assert ("id_token.additional_info?[].value", "string") in members(VARIABLES["require_auth_pnc"])
    assert all(word for kind in VARIABLES.values() for _, word in members(kind))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(name=st.sampled_from(sorted(VARIABLES)), payload=JSON)
def test_random_payloads_are_refused_or_published_as_valid_json(name: str, payload: Any) -> None:
    try:
        built = check(name, payload)
    except VariableError:
        return
    assert json.loads(json.dumps(built, allow_nan=False)) == built
    msgspec.convert(built, VARIABLES[name])
