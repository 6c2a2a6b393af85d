"""CurrentDemand: the DC charge loop."""

from __future__ import annotations

from fastsecc.messages.iso2 import CurrentDemandReq, CurrentDemandRes, DC_EVSEStatusCodeType, ResponseCodeType
from fastsecc.session import loop, reports
from fastsecc.session.context import Answer
from fastsecc.session.iso2 import metering_receipt, sae_j2847
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.states import State
from fastsecc.session.iso2.values import amperes, dc_status, meter_info, volts, watts
from fastsecc.session.loop import Loop
from fastsecc.session.status import Phase

COARSE_CURRENT_A = 300.0
"""Above this a current limit is said with one decimal, below with two."""


def respond(context: Iso2Context, stale: bool) -> CurrentDemandRes:
    """Build CurrentDemandRes, but for the limit-achieved flags; ReceiptRequired is left out where there is no need."""
    charger, limits = context.charger, context.charger.dc_maximum_limits
    response = CurrentDemandRes(
        ResponseCode=ResponseCodeType.OK,
        DC_EVSEStatus=dc_status(context, Phase.CHARGE, stale=stale),
        EVSEPresentVoltage=volts(charger.present_voltage_v),
        EVSEPresentCurrent=amperes(charger.present_current_a),
        EVSECurrentLimitAchieved=False,
        EVSEVoltageLimitAchieved=False,
        EVSEPowerLimitAchieved=False,
        EVSEID=charger.evse_id,
        SAScheduleTupleID=context.sa_schedule_tuple_id,
        MeterInfo=meter_info(context),
        ReceiptRequired=True if metering_receipt.is_wanted(context) else None,
    )
    if limits is not None:
        response.EVSEMaximumVoltageLimit = volts(limits.voltage_v)
        response.EVSEMaximumCurrentLimit = amperes(limits.current_a, _decimals(limits.current_a))
        response.EVSEMaximumPowerLimit = watts(limits.power_w)
    if response.DC_EVSEStatus.EVSEStatusCode is DC_EVSEStatusCodeType.EVSE_Ready and sae_j2847.is_empty(context):
        response.DC_EVSEStatus.EVSEStatusCode = DC_EVSEStatusCodeType.EVSE_Shutdown
    return response


def _decimals(current_a: float) -> int:
    return 1 if abs(current_a) > COARSE_CURRENT_A else 2


def report(request: CurrentDemandReq, context: Iso2Context) -> None:
    """Publish what the EV says."""
    reports.current_demand(request, context)
    context.soc_percent = request.DC_EVStatus.EVRESSSOC


LOOP = Loop(CurrentDemandReq, respond, report, State.CURRENT_DEMAND_OR_POWER_DELIVERY)


def handle(request: CurrentDemandReq, context: Iso2Context) -> Answer:
    """Answer CurrentDemandReq."""
    return metering_receipt.expect(loop.handle(LOOP, request, context), context)
