"""EVerest's iso15118_extensions interface: what a back end's side of a session needs beside the charger's 28 cmds.

A charger carries both: cmds and vars of either are given and heard in the same way, and only an adapter that knows
EVerest's implementation ids has to tell them apart.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any, Final

import msgspec

from fastsecc.charger.arguments import ResponseExiStreamStatus
from fastsecc.charger.commands.command import Command, command
from fastsecc.charger.enums import CertificateActionEnum, ControlMode, EnergyTransferMode, MobilityNeedsMode
from fastsecc.charger.payloads import AppProtocol, AppProtocols
from fastsecc.charger.shape import MacAddress, Payload, Shape, Timestamp, limited
from fastsecc.charger.state import CertificateResponse, ChargerState

MAX_EXI_CHARS: Final = 11_000
"""Longest certificate request in Base64 that a back end takes (OCPP 2.1; before it 5600)."""
MAX_SCHEMA_VERSION_CHARS: Final = 50

Watt = Annotated[float, limited("W")]
WattHour = Annotated[float, limited("Wh")]
Ampere = Annotated[float, limited("A")]
Volt = Annotated[float, limited("V")]
WholePercent = Annotated[int, msgspec.Meta(ge=0, le=100, description="%")]


class RequestExiStreamSchema(Payload):
    """An EV's certificate request, as it came: EXI in Base64 without the V2GTP header."""

    exi_request: Annotated[str, msgspec.Meta(max_length=MAX_EXI_CHARS)]
    iso15118_schema_version: Annotated[str, msgspec.Meta(max_length=MAX_SCHEMA_VERSION_CHARS)]
    """Namespace of the request."""
    certificate_action: CertificateActionEnum


class AcChargingParameters(Payload):
    """What an EV of ISO 15118-2 wants, AC."""

    energy_amount: WattHour
    ev_min_current: Ampere
    ev_max_current: Ampere
    ev_max_voltage: Volt


class DcChargingParameters(Payload):
    """What an EV of ISO 15118-2 wants, DC."""

    ev_max_current: Ampere
    ev_max_voltage: Volt
    ev_max_power: Watt | None = None
    ev_energy_capacity: WattHour | None = None
    energy_amount: WattHour | None = None
    state_of_charge: WholePercent | None = None
    full_soc: WholePercent | None = None
    bulk_soc: WholePercent | None = None


class V2XChargingParameters(Payload):
    """What EV and charger can both do (ISO 15118-20): the smaller maximum, the larger minimum."""

    min_charge_power: Watt | None = None
    min_charge_power_l2: Watt | None = None
    min_charge_power_l3: Watt | None = None
    max_charge_power: Watt | None = None
    max_charge_power_l2: Watt | None = None
    max_charge_power_l3: Watt | None = None
    min_discharge_power: Watt | None = None
    min_discharge_power_l2: Watt | None = None
    min_discharge_power_l3: Watt | None = None
    max_discharge_power: Watt | None = None
    max_discharge_power_l2: Watt | None = None
    max_discharge_power_l3: Watt | None = None
    min_charge_current: Ampere | None = None
    max_charge_current: Ampere | None = None
    min_discharge_current: Ampere | None = None
    max_discharge_current: Ampere | None = None
    min_voltage: Volt | None = None
    max_voltage: Volt | None = None
    ev_target_energy_request: WattHour | None = None
    ev_min_energy_request: WattHour | None = None
    ev_max_energy_request: WattHour | None = None
    ev_min_v2xenergy_request: WattHour | None = None
    ev_max_v2xenergy_request: WattHour | None = None
    target_soc: WholePercent | None = None


class ChargingNeeds(Payload):
    """What a back end plans with."""

    requested_energy_transfer: EnergyTransferMode
    ac_charging_parameters: AcChargingParameters | None = None
    dc_charging_parameters: DcChargingParameters | None = None
    v2x_charging_parameters: V2XChargingParameters | None = None
    available_energy_transfer: Annotated[list[EnergyTransferMode], msgspec.Meta(min_length=1)] | None = None
    control_mode: ControlMode | None = None
    mobility_needs_mode: MobilityNeedsMode | None = None
    departure_time: Timestamp | None = None


class EvInformation(Payload):
    """Who is connected (ISO 15118-20); certificates are those that the EV showed in TLS, PEM."""

    supported_protocols: AppProtocols
    selected_protocol: AppProtocol
    evcc_id: MacAddress
    tls_leaf_certificate: str | None = None
    tls_sub_ca_1_certificate: str | None = None
    tls_sub_ca_2_certificate: str | None = None
    tls_root_certificate: str | None = None


class SetGetCertificateResponseArguments(Shape):
    """Arguments of `set_get_certificate_response`."""

    certificate_response: ResponseExiStreamStatus


@command(SetGetCertificateResponseArguments)
def set_get_certificate_response(state: ChargerState, args: SetGetCertificateResponseArguments, now: float) -> None:
    """Answer `iso15118_certificate_request`; the session that asks forgets what came before it asked."""
    given = args.certificate_response
    state.certificate_response = CertificateResponse(given.status, given.exi_response or "")


COMMANDS: Final[MappingProxyType[str, Command[Any]]] = MappingProxyType(
    {set_get_certificate_response.name: set_get_certificate_response}
)
"""Cmd name -> Command."""

VARIABLES: Final[MappingProxyType[str, Any]] = MappingProxyType(
    {
        "iso15118_certificate_request": RequestExiStreamSchema,
        "charging_needs": ChargingNeeds,
        "ev_info": EvInformation,
        "service_renegotiation_supported": bool,
    }
)
"""Var name -> type of its payload."""
