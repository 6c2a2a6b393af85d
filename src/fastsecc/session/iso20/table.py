"""Which state takes which requests, on which stream (section D.4.2 of the interface's semantics)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum

from fastsecc.messages.iso20 import (
    AuthorizationReq,
    AuthorizationSetupReq,
    ServiceDetailReq,
    ServiceDiscoveryReq,
    ServiceSelectionReq,
    SessionSetupReq,
    SessionStopReq,
    VehicleCheckInReq,
    VehicleCheckOutReq,
)
from fastsecc.messages.payload_types import (
    ACDP_SYSTEM_STATUS,
    METERING_CONFIRMATION,
    PARKING_STATUS,
    SCHEDULE_RENEGOTIATION,
)
from fastsecc.messages.schema import Type
from fastsecc.session.iso20 import (
    authorization,
    authorization_setup,
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
_DETAIL: Row = {ServiceDetailReq: service_detail.handle}
_PARKING: Row = {
    VehicleCheckInReq: vehicle_check_in.handle,
    VehicleCheckOutReq: vehicle_check_out.handle,
}

_TABLE: Mapping[Enum, Row] = {
    State.SESSION_SETUP: {SessionSetupReq: session_setup.handle},
    State.AUTHORIZATION_SETUP: {AuthorizationSetupReq: authorization_setup.handle, **_STOP},
    State.AUTHORIZATION: {AuthorizationReq: authorization.handle, **_STOP},
    State.SERVICE_DISCOVERY: {ServiceDiscoveryReq: service_discovery.handle, **_STOP},
    State.SERVICE_DETAIL: {**_DETAIL, **_STOP},
    State.SERVICE_SELECTION: {**_DETAIL, ServiceSelectionReq: service_selection.handle, **_STOP},
    State.AC_CHARGE_PARAMETER_DISCOVERY: _STOP,
    State.DC_CHARGE_PARAMETER_DISCOVERY: _STOP,
    State.SCHEDULE_EXCHANGE: _STOP,
    State.DC_CABLE_CHECK: _STOP,
    State.DC_PRE_CHARGE: _STOP,
    State.POWER_DELIVERY: _STOP,
    State.AC_CHARGE_LOOP: {},
    State.DC_CHARGE_LOOP: {},
    State.DC_WELDING_DETECTION: _STOP,
    State.SESSION_STOP: _STOP,
}

LOOPS: Mapping[Enum, Loop] = {}
"""States of the charge loops."""

AFTER_SELECTION = tuple(state for state in State if State.SERVICE_SELECTION.value < state.value < State.ENDED.value)

ASIDE: Mapping[int, StateTable] = {
    SCHEDULE_RENEGOTIATION: {},
    METERING_CONFIRMATION: {},
    ACDP_SYSTEM_STATUS: {},
    PARKING_STATUS: dict.fromkeys(AFTER_SELECTION, _PARKING),
}
"""What is taken on the streams beside the main one, by payload type: these requests lead to no other state."""


def table(quirks: Collection[str]) -> StateTable:
    """Build the state table of the main streams."""
    rows = dict(_TABLE)
    if "session-stop-in-loop" in quirks:
        rows |= {state: {**rows[state], **_STOP} for state in LOOPS}
    return rows
