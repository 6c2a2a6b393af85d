"""The iso15118_extensions interface: its cmd and its vars, carried by the charger as the others are."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.charger import commands, extensions, variables
from fastsecc.charger.charger import Charger
from fastsecc.charger.enums import CertificateActionEnum, ControlMode, EnergyTransferMode, MobilityNeedsMode
from fastsecc.charger.extensions import (
    MAX_EXI_CHARS,
    AcChargingParameters,
    ChargingNeeds,
    EvInformation,
    RequestExiStreamSchema,
    V2XChargingParameters,
)
from fastsecc.charger.payloads import AppProtocol, AppProtocols
from fastsecc.charger.state import CertificateResponse
from fastsecc.errors import CommandError, VariableError

RESPONSE = {"status": "Accepted", "exi_response": "gJgC", "certificate_action": "Install"}
PROTOCOL = AppProtocol("urn:iso:std:iso:15118:-20:DC", 1, 0, 1, 1)


def test_the_names_are_everests_and_none_is_the_chargers() -> None:
    assert list(extensions.COMMANDS) == ["set_get_certificate_response"]
    assert list(extensions.VARIABLES) == [
        "iso15118_certificate_request",
        "charging_needs",
        "ev_info",
        "service_renegotiation_supported",
    ]
    assert not extensions.COMMANDS.keys() & commands.COMMANDS.keys()
    assert not extensions.VARIABLES.keys() & variables.VARIABLES.keys()


def test_an_answer_of_a_back_end_is_kept_for_the_session_and_wakes_it() -> None:
    charger = Charger("left")
    woken: list[tuple[str, float]] = []
    charger.on_command = lambda name, now: woken.append((name, now))
    assert charger.command("set_get_certificate_response", {"certificate_response": RESPONSE}, 5.0) is None
    assert charger.state.certificate_response == CertificateResponse("Accepted", "gJgC")
    assert woken == [("set_get_certificate_response", 5.0)]
    charger.state.reset_session()
    assert charger.state.certificate_response is None


def test_an_answer_without_octets() -> None:
    charger = Charger("left")
    failed = {"status": "Failed", "certificate_action": "Update"}
    charger.command("set_get_certificate_response", {"certificate_response": failed}, 0.0)
    assert charger.state.certificate_response == CertificateResponse("Failed", "")


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({}, "certificate_response"),
        ({"certificate_response": {"status": "Accepted"}}, "certificate_response.certificate_action"),
        ({"certificate_response": RESPONSE | {"status": "Perhaps"}}, "certificate_response.status"),
        ({"certificate_response": RESPONSE | {"exi_response": 5}}, "certificate_response.exi_response"),
    ],
)
def test_answers_that_make_no_sense(args: dict[str, Any], field: str) -> None:
    charger = Charger("left")
    with pytest.raises(CommandError) as caught:
        charger.command("set_get_certificate_response", args, 0.0)
    assert caught.value.field == field
    assert charger.state.certificate_response is None


@pytest.mark.parametrize(
    ("name", "payload", "expected"),
    [
        (
            "iso15118_certificate_request",
            RequestExiStreamSchema("gJgC", "urn:iso:15118:2:2013:MsgDef", CertificateActionEnum.Install),
            {
                "exi_request": "gJgC",
                "iso15118_schema_version": "urn:iso:15118:2:2013:MsgDef",
                "certificate_action": "Install",
            },
        ),
        (
            "charging_needs",
            ChargingNeeds(
                EnergyTransferMode.AC_three_phase_core, ac_charging_parameters=AcChargingParameters(9000, 6, 32, 400)
            ),
            {
                "requested_energy_transfer": "AC_three_phase_core",
                "ac_charging_parameters": {
                    "energy_amount": 9000,
                    "ev_min_current": 6,
                    "ev_max_current": 32,
                    "ev_max_voltage": 400,
                },
            },
        ),
        (
            "charging_needs",
            ChargingNeeds(
                EnergyTransferMode.DC_BPT,
                v2x_charging_parameters=V2XChargingParameters(max_charge_power=50_000, target_soc=80),
                available_energy_transfer=[EnergyTransferMode.DC, EnergyTransferMode.DC_BPT],
                control_mode=ControlMode.DynamicControl,
                mobility_needs_mode=MobilityNeedsMode.EVCC,
                departure_time="2026-01-01T12:00:00Z",
            ),
            {
                "requested_energy_transfer": "DC_BPT",
                "v2x_charging_parameters": {"max_charge_power": 50_000, "target_soc": 80},
                "available_energy_transfer": ["DC", "DC_BPT"],
                "control_mode": "DynamicControl",
                "mobility_needs_mode": "EVCC",
                "departure_time": "2026-01-01T12:00:00Z",
            },
        ),
        (
            "ev_info",
            EvInformation(AppProtocols([PROTOCOL]), PROTOCOL, "AA:BB:CC:DD:EE:FF"),
            {
                "supported_protocols": {"Protocols": [variables.msgspec.to_builtins(PROTOCOL)]},
                "selected_protocol": variables.msgspec.to_builtins(PROTOCOL),
                "evcc_id": "AA:BB:CC:DD:EE:FF",
            },
        ),
        ("service_renegotiation_supported", False, False),
    ],
)
def test_vars_are_heard_as_all_others(name: str, payload: Any, expected: Any) -> None:
    charger = Charger("left")
    heard: list[tuple[str, Any]] = []
    charger.subscribe(lambda *event: heard.append(event))
    charger.publish(name, payload)
    assert heard == [(name, expected)]
    assert charger.last == {name: expected}


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        (
            "iso15118_certificate_request",
            RequestExiStreamSchema("a" * (MAX_EXI_CHARS + 1), "urn:x", CertificateActionEnum.Install),
        ),
        ("charging_needs", {"requested_energy_transfer": "DC", "departure_time": "soon"}),
        ("ev_info", {"evcc_id": "AA:BB:CC:DD:EE:FF"}),
        ("service_renegotiation_supported", None),
    ],
)
def test_payloads_that_break_their_type(name: str, payload: Any) -> None:
    with pytest.raises(VariableError):
        variables.check(name, payload)
