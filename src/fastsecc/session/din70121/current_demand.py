"""CurrentDemand: the charge loop."""

from __future__ import annotations

from fastsecc.messages import din70121 as din
from fastsecc.session import reports
from fastsecc.session.context import Answer, Context
from fastsecc.session.din70121.states import State
from fastsecc.session.din70121.status import dc_status, present_current, present_voltage
from fastsecc.session.loop import Loop
from fastsecc.session.loop import handle as handle_loop
from fastsecc.session.physical import physical
from fastsecc.session.status import Phase

Unit = din.UnitSymbolType
FINE_CURRENT_MAX_a = 300.0
"""Up to here EVSEMaximumCurrentLimit has two decimals, beyond it one."""


def handle(request: din.CurrentDemandReq, context: Context) -> Answer:
    """Answer a request that the link thread has left to us."""
    return handle_loop(LOOP, request, context)


def respond(context: Context, stale: bool) -> din.CurrentDemandRes:
    """Build the response; the limit-achieved flags depend on the request and are put in by who answers it."""
    response = din.CurrentDemandRes(
        ResponseCode=din.ResponseCodeType.OK,
        DC_EVSEStatus=dc_status(context, Phase.CHARGE, stale=stale),
        EVSEPresentVoltage=present_voltage(context.charger),
        EVSEPresentCurrent=present_current(context.charger),
        EVSECurrentLimitAchieved=False,
        EVSEVoltageLimitAchieved=False,
        EVSEPowerLimitAchieved=False,
    )
    limits = context.charger.dc_maximum_limits
    if limits is not None:
        decimals = 2 if abs(limits.current_a) <= FINE_CURRENT_MAX_a else 1
        response.EVSEMaximumVoltageLimit = physical(din.PhysicalValueType, Unit.V, limits.voltage_v, 1)
        response.EVSEMaximumCurrentLimit = physical(din.PhysicalValueType, Unit.A, limits.current_a, decimals)
        response.EVSEMaximumPowerLimit = physical(din.PhysicalValueType, Unit.W, limits.power_w)
    return response


LOOP = Loop(din.CurrentDemandReq, respond, reports.current_demand, State.CURRENT_DEMAND_OR_POWER_DELIVERY)
