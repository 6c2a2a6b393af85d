"""Which state takes which requests (ISO 15118-2:2014, 8.8; section D.3.1 of the interface's semantics)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum

from fastsecc.charger.services import EnergyKind
from fastsecc.messages.iso2 import (
    AuthorizationReq,
    CableCheckReq,
    CertificateInstallationReq,
    CertificateUpdateReq,
    ChargeParameterDiscoveryReq,
    ChargingStatusReq,
    CurrentDemandReq,
    MeteringReceiptReq,
    PaymentDetailsReq,
    PaymentServiceSelectionReq,
    PowerDeliveryReq,
    PreChargeReq,
    ServiceDetailReq,
    ServiceDiscoveryReq,
    SessionSetupReq,
    SessionStopReq,
    WeldingDetectionReq,
)
from fastsecc.messages.schema import Type
from fastsecc.session.iso2 import (
    authorization,
    cable_check,
    certificate_installation,
    certificate_update,
    charge_parameter_discovery,
    charging_status,
    current_demand,
    metering_receipt,
    payment_details,
    payment_service_selection,
    power_delivery,
    pre_charge,
    service_detail,
    service_discovery,
    session_setup,
    session_stop,
    welding_detection,
)
from fastsecc.session.iso2.states import State
from fastsecc.session.loop import Loop
from fastsecc.session.machine import Handler

Row = Mapping[type[Type], Handler]

_STOP: Row = {SessionStopReq: session_stop.handle}
_PAYMENT_DETAILS: Row = {PaymentDetailsReq: payment_details.handle}
_POWER: Row = {PowerDeliveryReq: power_delivery.handle}
_PRE_CHARGE: Row = {PreChargeReq: pre_charge.handle}
_CURRENT_DEMAND: Row = {CurrentDemandReq: current_demand.handle}
_RECEIPT: Row = {MeteringReceiptReq: metering_receipt.handle}
_CHARGING_STATUS: Row = {ChargingStatusReq: charging_status.handle}

_SETUP: Mapping[Enum, Row] = {
    State.SESSION_SETUP: {SessionSetupReq: session_setup.handle},
    State.SERVICE_DISCOVERY: {ServiceDiscoveryReq: service_discovery.handle, **_STOP},
    State.PAYMENT_SERVICE_SELECTION: {
        ServiceDetailReq: service_detail.handle,
        PaymentServiceSelectionReq: payment_service_selection.handle,
        **_STOP,
    },
    State.PAYMENT_DETAILS_OR_CERTIFICATE: {
        CertificateInstallationReq: certificate_installation.handle,
        CertificateUpdateReq: certificate_update.handle,
        **_PAYMENT_DETAILS,
        **_STOP,
    },
    State.PAYMENT_DETAILS: {**_PAYMENT_DETAILS, **_STOP},
    State.AUTHORIZATION: {AuthorizationReq: authorization.handle, **_STOP},
    State.CHARGE_PARAMETER_DISCOVERY: {ChargeParameterDiscoveryReq: charge_parameter_discovery.handle, **_STOP},
}
_AC: Mapping[Enum, Row] = {
    State.POWER_DELIVERY: {**_POWER, **_STOP},
    State.CHARGING_STATUS: _CHARGING_STATUS,
    State.CHARGING_STATUS_OR_POWER_DELIVERY: {**_CHARGING_STATUS, **_POWER},
    State.METERING_RECEIPT: _RECEIPT,
    State.SESSION_STOP: _STOP,
}
_DC: Mapping[Enum, Row] = {
    State.CABLE_CHECK: {CableCheckReq: cable_check.handle, **_STOP},
    State.PRE_CHARGE: {**_PRE_CHARGE, **_STOP},
    State.PRE_CHARGE_OR_POWER_DELIVERY: {**_PRE_CHARGE, **_POWER, **_STOP},
    State.CURRENT_DEMAND: _CURRENT_DEMAND,
    State.CURRENT_DEMAND_OR_POWER_DELIVERY: {**_CURRENT_DEMAND, **_POWER},
    State.METERING_RECEIPT: _RECEIPT,
    State.WELDING_DETECTION_OR_SESSION_STOP: {WeldingDetectionReq: welding_detection.handle, **_STOP},
}

LOOPS: Mapping[Enum, Loop] = {
    State.CURRENT_DEMAND: current_demand.LOOP,
    State.CURRENT_DEMAND_OR_POWER_DELIVERY: current_demand.LOOP,
    State.CHARGING_STATUS: charging_status.LOOP,
    State.CHARGING_STATUS_OR_POWER_DELIVERY: charging_status.LOOP,
}
"""States of the charge loops."""


def table(kind: EnergyKind, quirks: Collection[str]) -> Mapping[Enum, Row]:
    """Build the state table of an AC or a DC session."""
    rows = {**_SETUP, **(_AC if kind == "ac" else _DC)}
    if "session-stop-in-loop" in quirks:
        rows |= {state: {**row, **_STOP} for state, row in rows.items() if state in (*LOOPS, State.METERING_RECEIPT)}
    if "stop-before-loop" in quirks:
        first = State.CHARGING_STATUS if kind == "ac" else State.CURRENT_DEMAND
        rows[first] = {**rows[first], PowerDeliveryReq: power_delivery.handle_before_loop}
    return rows
