"""Objects that vars of the interface carry. Ranges are EVerest's schema's and enforced before publishing."""

from __future__ import annotations

from typing import Annotated

import msgspec

from fastsecc.charger.arguments import Power
from fastsecc.charger.enums import (
    AuthorizationType,
    BptChannel,
    Connector,
    ControlMode,
    DcEvErrorCode,
    GeneratorMode,
    HashAlgorithm,
    IdTokenType,
    MobilityNeedsMode,
    Pricing,
    ServiceCategory,
    V2gMessageId,
)
from fastsecc.charger.shape import Payload, Timestamp, limited

Percent = Annotated[float, limited("%", 0, 100)]
Seconds = Annotated[float, limited("s", 0)]
Watt = Annotated[float, limited("W", 0)]
WattHour = Annotated[float, limited("Wh", 0)]
EnergyRequest = Annotated[float, limited("Wh")]
"""Below zero where the EV has energy to give: EVerest's range begins at zero, the standard's does not."""
Ampere = Annotated[float, limited("A", 0)]
Volt = Annotated[float, limited("V", 0)]
EvVoltage = Annotated[float, limited("V", -2, 1500)]
EvCurrent = Annotated[float, limited("A", -2, 10_000)]
EvPower = Annotated[float, limited("W", -2, 350_000)]


class AppProtocol(Payload):
    """One protocol that the EV offers."""

    protocol_namespace: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    version_number_major: Annotated[int, msgspec.Meta(ge=0)]
    version_number_minor: Annotated[int, msgspec.Meta(ge=0)]
    schema_id: Annotated[int, msgspec.Meta(ge=0, le=255)]
    priority: Annotated[int, msgspec.Meta(ge=1, le=20)]


class AppProtocols(Payload):
    """What the EV offers, in its order; the member has a capital letter."""

    Protocols: Annotated[list[AppProtocol], msgspec.Meta(min_length=1, max_length=20)]


class V2gMessages(Payload):
    """One message as it went over the wire; `exi` is lower-case hexadecimal with the V2GTP header."""

    id: V2gMessageId
    xml: str | None = None
    v2g_json: str | None = None
    exi: str | None = None
    exi_base64: str | None = None


def message_id(name: str) -> V2gMessageId:
    """Give the id of a message's element name (`CurrentDemandReq`), `UnknownMessage` where there is none.

    What ISO 15118-20 calls `DC_ChargeLoopReq` has the id `DcChargeLoopReq`.
    """
    kind, _, rest = name.rpartition("_")
    word = rest[:1].upper() + rest[1:]
    return _MESSAGE_IDS.get(kind.capitalize() + word, V2gMessageId.UnknownMessage)


_MESSAGE_IDS = {member.value: member for member in V2gMessageId}


class DcEvStatus(Payload):
    """What the EV says of itself in every DC message; conditioning exists in DIN 70121 only."""

    dc_ev_ready: bool
    dc_ev_error_code: DcEvErrorCode
    dc_ev_ress_soc: Percent
    dc_ev_cabin_conditioning: bool | None = None
    dc_ev_ress_conditioning: bool | None = None


class DcEvTargetValues(Payload):
    """The set-point that the EV asks for."""

    dc_ev_target_voltage: EvVoltage
    dc_ev_target_current: EvCurrent


class DcEvMaximumLimits(Payload):
    """What the EV can take."""

    dc_ev_maximum_current_limit: EvCurrent | None = None
    dc_ev_maximum_power_limit: EvPower | None = None
    dc_ev_maximum_voltage_limit: EvVoltage | None = None


class DcEvRemainingTime(Payload):
    """When the EV expects to be full: absolute times."""

    ev_remaining_time_to_full_soc: Timestamp | None = None
    ev_remaining_time_to_full_bulk_soc: Timestamp | None = None


def phase_power(l1: float | None, l2: float | None, l3: float | None) -> Power | None:
    """Give a power of ISO 15118-20 in watts: an element without suffix is L1, the total is the sum of what is there."""
    given = [power for power in (l1, l2, l3) if power is not None]
    return Power(sum(given), l1, l2, l3) if given else None


class AcEvPowerLimits(Payload):
    """What the EV can take and give, AC."""

    max_charge_power: Power | None = None
    min_charge_power: Power | None = None
    max_discharge_power: Power | None = None
    min_discharge_power: Power | None = None


class AcEvPresentPowerValues(Payload):
    """What the EV takes now, AC."""

    present_active_power: Power
    present_reactive_power: Power | None = None


class AcEvDynamicModeValues(Payload):
    """The EV's needs in dynamic control mode, AC."""

    target_energy_request: EnergyRequest
    max_energy_request: EnergyRequest
    min_energy_request: EnergyRequest
    departure_time: Seconds | None = None
    max_v2x_energy_request: EnergyRequest | None = None
    min_v2x_energy_request: EnergyRequest | None = None


class DcChargeDynamicModeValues(Payload):
    """The EV's needs and limits in dynamic control mode, DC."""

    target_energy_request: EnergyRequest
    max_energy_request: EnergyRequest
    min_energy_request: EnergyRequest
    max_charge_power: Watt
    min_charge_power: Watt
    max_charge_current: Ampere
    max_voltage: Volt
    min_voltage: Volt
    departure_time: Seconds | None = None
    max_discharge_power: Watt | None = None
    min_discharge_power: Watt | None = None
    max_discharge_current: Ampere | None = None
    max_v2x_energy_request: EnergyRequest | None = None
    min_v2x_energy_request: EnergyRequest | None = None


class DisplayParameters(Payload):
    """What a screen may show."""

    present_soc: Percent | None = None
    minimum_soc: Percent | None = None
    target_soc: Percent | None = None
    maximum_soc: Percent | None = None
    remaining_time_to_minimum_soc: Seconds | None = None
    remaining_time_to_target_soc: Seconds | None = None
    remaining_time_to_maximum_soc: Seconds | None = None
    charging_complete: bool | None = None
    battery_energy_capacity: WattHour | None = None
    inlet_hot: bool | None = None


class SelectedServiceParameters(Payload):
    """The service of an ISO 15118-20 session."""

    energy_transfer: ServiceCategory
    connector: Connector
    control_mode: ControlMode
    mobility_needs_mode: MobilityNeedsMode
    pricing: Pricing
    bpt_channel: BptChannel | None = None
    generator_mode: GeneratorMode | None = None


class EvTermination(Payload):
    """Why the EV ended an ISO 15118-20 session."""

    ev_termination_code: str | None = None
    ev_termination_explanation: str | None = None


class CustomIdToken(Payload):
    """A token of a kind that has no name in IdTokenType."""

    value: Annotated[str, msgspec.Meta(max_length=36)]
    type: Annotated[str, msgspec.Meta(max_length=50)]


class IdToken(Payload):
    """A token."""

    value: Annotated[str, msgspec.Meta(max_length=36)]
    type: IdTokenType
    additional_info: list[CustomIdToken] | None = None


class CertificateHashDataInfo(Payload):
    """What an OCSP request for a contract certificate needs."""

    hashAlgorithm: HashAlgorithm
    issuerNameHash: Annotated[str, msgspec.Meta(max_length=128)]
    issuerKeyHash: Annotated[str, msgspec.Meta(max_length=128)]
    serialNumber: Annotated[str, msgspec.Meta(max_length=40)]
    responderURL: Annotated[str, msgspec.Meta(max_length=512)]


class ProvidedIdToken(Payload):
    """A token to be authorized, with the contract certificate it comes from."""

    id_token: IdToken
    authorization_type: AuthorizationType
    request_id: int | None = None
    parent_id_token: IdToken | None = None
    connectors: list[Annotated[int, msgspec.Meta(ge=1)]] | None = None
    prevalidated: bool | None = None
    certificate: Annotated[str, msgspec.Meta(max_length=5500)] | None = None
    iso15118CertificateHashData: (
        Annotated[list[CertificateHashDataInfo], msgspec.Meta(min_length=1, max_length=4)] | None
    ) = None
