"""Which state takes which requests, on which stream (section D.4.2 of the interface's semantics)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum

from fastsecc.messages.iso20 import (
    AuthorizationReq,
    AuthorizationSetupReq,
    CertificateInstallationReq,
    MeteringConfirmationReq,
    PowerDeliveryReq,
    ScheduleExchangeReq,
    ServiceDetailReq,
    ServiceDiscoveryReq,
    ServiceSelectionReq,
    SessionSetupReq,
    SessionStopReq,
    VehicleCheckInReq,
    VehicleCheckOutReq,
)
from fastsecc.messages.iso20.ac import AC_ChargeLoopReq, AC_ChargeParameterDiscoveryReq
from fastsecc.messages.iso20.dc import (
    DC_CableCheckReq,
    DC_ChargeLoopReq,
    DC_ChargeParameterDiscoveryReq,
    DC_PreChargeReq,
    DC_WeldingDetectionReq,
)
from fastsecc.messages.payload_types import (
    ACDP_SYSTEM_STATUS,
    METERING_CONFIRMATION,
    PARKING_STATUS,
    SCHEDULE_RENEGOTIATION,
)
from fastsecc.messages.schema import Type
from fastsecc.session.iso20 import (
    ac_charge_loop,
    ac_charge_parameter_discovery,
    authorization,
    authorization_setup,
    certificate_installation,
    dc_cable_check,
    dc_charge_loop,
    dc_charge_parameter_discovery,
    dc_pre_charge,
    dc_welding_detection,
    metering_confirmation,
    power_delivery,
    schedule_exchange,
    service_detail,
    service_discovery,
    service_selection,
    session_setup,
    session_stop,
    vehicle_check_in,
    vehicle_check_out,
)
from fastsecc.session.iso20.states import State
from fastsecc.session.loop import Loop
from fastsecc.session.machine import Handler, StateTable

Row = Mapping[type[Type], Handler]

_STOP: Row = {SessionStopReq: session_stop.handle}
_AUTHORIZATION: Row = {AuthorizationReq: authorization.handle}
_DETAIL: Row = {ServiceDetailReq: service_detail.handle}
_AC_PARAMETERS: Row = {AC_ChargeParameterDiscoveryReq: ac_charge_parameter_discovery.handle}
_DC_PARAMETERS: Row = {DC_ChargeParameterDiscoveryReq: dc_charge_parameter_discovery.handle}
_POWER: Row = {PowerDeliveryReq: power_delivery.handle}
_METERING: Row = {MeteringConfirmationReq: metering_confirmation.handle}
_SCHEDULE_ASIDE: Row = {
    ScheduleExchangeReq: schedule_exchange.handle_aside,
    PowerDeliveryReq: power_delivery.handle_aside,
}
_PARKING: Row = {
    VehicleCheckInReq: vehicle_check_in.handle,
    VehicleCheckOutReq: vehicle_check_out.handle,
}

_TABLE: Mapping[Enum, Row] = {
    State.SESSION_SETUP: {SessionSetupReq: session_setup.handle},
    State.AUTHORIZATION_SETUP: {AuthorizationSetupReq: authorization_setup.handle, **_STOP},
    State.AUTHORIZATION: {**_AUTHORIZATION, **_STOP},
    State.AUTHORIZATION_OR_CERTIFICATE: {
        **_AUTHORIZATION,
        CertificateInstallationReq: certificate_installation.handle,
        **_STOP,
    },
    State.SERVICE_DISCOVERY: {ServiceDiscoveryReq: service_discovery.handle, **_STOP},
    State.SERVICE_DETAIL: {**_DETAIL, **_STOP},
    State.SERVICE_SELECTION: {**_DETAIL, ServiceSelectionReq: service_selection.handle, **_STOP},
    State.AC_CHARGE_PARAMETER_DISCOVERY: {**_AC_PARAMETERS, **_STOP},
    State.DC_CHARGE_PARAMETER_DISCOVERY: {**_DC_PARAMETERS, **_STOP},
    State.SCHEDULE_EXCHANGE: {ScheduleExchangeReq: schedule_exchange.handle, **_STOP},
    State.DC_CABLE_CHECK: {DC_CableCheckReq: dc_cable_check.handle, **_STOP},
    State.DC_PRE_CHARGE: {DC_PreChargeReq: dc_pre_charge.handle, **_STOP},
    State.POWER_DELIVERY: {**_POWER, **_STOP},
    State.AC_CHARGE_LOOP: {AC_ChargeLoopReq: ac_charge_loop.handle, **_POWER, **_METERING},
    State.DC_CHARGE_LOOP: {DC_ChargeLoopReq: dc_charge_loop.handle, **_POWER, **_METERING},
    State.DC_WELDING_DETECTION: {DC_WeldingDetectionReq: dc_welding_detection.handle, **_STOP},
    State.SESSION_STOP: _STOP,
}

LOOPS: Mapping[Enum, Loop] = {
    State.AC_CHARGE_LOOP: ac_charge_loop.LOOP,
    State.DC_CHARGE_LOOP: dc_charge_loop.LOOP,
}
"""States of the charge loops."""

AFTER_SELECTION = tuple(state for state in State if State.SERVICE_SELECTION.value < state.value < State.ENDED.value)

ASIDE: Mapping[int, StateTable] = {
    SCHEDULE_RENEGOTIATION: dict.fromkeys(LOOPS, _SCHEDULE_ASIDE),
    METERING_CONFIRMATION: dict.fromkeys(LOOPS, _METERING),
    ACDP_SYSTEM_STATUS: {},
    PARKING_STATUS: dict.fromkeys(AFTER_SELECTION, _PARKING),
}
"""What is taken on the streams beside the main one, by payload type: these requests lead to no other state."""


def table(quirks: Collection[str]) -> StateTable:
    """Build the state table of the main streams."""
    rows = dict(_TABLE)
    if "session-stop-in-loop" in quirks:
        rows |= {state: {**rows[state], **_STOP} for state in LOOPS}
    if "pre-charge-without-finish" in quirks:
        rows[State.DC_PRE_CHARGE] = {
            **rows[State.DC_PRE_CHARGE],
            PowerDeliveryReq: power_delivery.handle_in_pre_charge,
        }
    return rows
