"""The state machine of DIN SPEC 70121: which request is taken when."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fastsecc.messages import din70121 as din
from fastsecc.messages.schema import Type
from fastsecc.session import app_protocol
from fastsecc.session.context import Context
from fastsecc.session.din70121 import (
    authorization,
    cable_check,
    charge_parameters,
    current_demand,
    payment_selection,
    power_delivery,
    pre_charge,
    service_discovery,
    session_setup,
    session_stop,
    welding_detection,
)
from fastsecc.session.din70121.states import State
from fastsecc.session.din70121.status import dc_status, evse_id, present_current, present_voltage
from fastsecc.session.machine import Handler, Machine, StateTable
from fastsecc.session.status import Phase
from fastsecc.session.timers import Timers

_STOP: Mapping[type[Type], Handler] = {din.SessionStopReq: session_stop.handle}
_LOOP: Mapping[type[Type], Handler] = {din.CurrentDemandReq: current_demand.handle}

TABLE: StateTable = MappingProxyType(
    {
        State.SESSION_SETUP: {din.SessionSetupReq: session_setup.handle},
        State.SERVICE_DISCOVERY: {din.ServiceDiscoveryReq: service_discovery.handle, **_STOP},
        State.PAYMENT_SELECTION: {din.ServicePaymentSelectionReq: payment_selection.handle, **_STOP},
        State.AUTHORIZATION: {din.ContractAuthenticationReq: authorization.handle, **_STOP},
        State.CHARGE_PARAMETER_DISCOVERY: {din.ChargeParameterDiscoveryReq: charge_parameters.handle, **_STOP},
        State.CABLE_CHECK: {din.CableCheckReq: cable_check.handle, **_STOP},
        State.PRE_CHARGE: {din.PreChargeReq: pre_charge.handle, **_STOP},
        State.PRE_CHARGE_OR_POWER_DELIVERY: {
            din.PreChargeReq: pre_charge.handle,
            din.PowerDeliveryReq: power_delivery.handle_before_loop,
            **_STOP,
        },
        State.CURRENT_DEMAND: _LOOP,
        State.CURRENT_DEMAND_OR_POWER_DELIVERY: {**_LOOP, din.PowerDeliveryReq: power_delivery.handle_in_loop},
        State.WELDING_DETECTION_OR_STOP: {din.WeldingDetectionReq: welding_detection.handle, **_STOP},
        State.STOP: _STOP,
    }
)
"""Requests that a state takes. The others get FAILED_SequenceError, also those that this protocol has and we never
serve: ServiceDetail, PaymentDetails, Certificate*, ChargingStatus, MeteringReceipt."""

LOOP_STATES = (State.CURRENT_DEMAND, State.CURRENT_DEMAND_OR_POWER_DELIVERY)

PHASES: Mapping[type[Type], Phase] = {
    din.ChargeParameterDiscoveryRes: Phase.PARAMETER,
    din.CableCheckRes: Phase.ISOLATION,
    din.PreChargeRes: Phase.PRECHARGE,
    din.PowerDeliveryRes: Phase.CHARGE,
    din.CurrentDemandRes: Phase.CHARGE,
    din.WeldingDetectionRes: Phase.WELDING,
}


class DinContext(Context):
    """What a DIN 70121 session remembers: nothing beyond what every session does."""


class DinMachine(Machine):
    """A session in DIN SPEC 70121."""

    selected_name = app_protocol.DIN70121.selected_name
    namespace = app_protocol.DIN70121.exi_namespace
    session_setup = din.SessionSetupReq
    start = State.SESSION_SETUP
    unknown_session_first = True  # [V2G-DC-391]

    def __init__(self, context: DinContext, timers: Timers) -> None:
        """Begin after supportedAppProtocol."""
        table = _with_quirks(context.quirks)
        super().__init__(context, timers, table, dict.fromkeys(LOOP_STATES, current_demand.LOOP))

    def known(self, response: type[Type], request: Any) -> Mapping[str, Any]:
        """Give the charger's condition and values for the mandatory elements of a refusal."""
        phase = PHASES.get(response)
        if phase is None:
            return {"EVSEID": evse_id(self.context.charger), "ServiceID": getattr(request, "ServiceID", 0)}
        status = dc_status(self.context, phase)
        if phase is Phase.PARAMETER and status.EVSEStatusCode == "EVSE_Ready":
            status.EVSEStatusCode = din.DC_EVSEStatusCodeType.EVSE_Shutdown  # refused limits: there will be no power
        return {
            "DC_EVSEStatus": status,
            "EVSEStatus": status,
            "EVSEPresentVoltage": present_voltage(self.context.charger),
            "EVSEPresentCurrent": present_current(self.context.charger),
            "EVSEChargeParameter": charge_parameters.evse_parameters(self.context, status),
            "SASchedules": charge_parameters.schedules(self.context),
        }


def _with_quirks(quirks: frozenset[str]) -> StateTable:
    table = dict(TABLE)
    if "stop-before-loop" in quirks:
        stop: Mapping[type[Type], Handler] = {din.PowerDeliveryReq: power_delivery.handle_in_loop}
        table[State.CURRENT_DEMAND] = {**table[State.CURRENT_DEMAND], **stop}
    if "session-stop-in-loop" in quirks:
        table |= {state: {**table[state], **_STOP} for state in LOOP_STATES}
    return table
