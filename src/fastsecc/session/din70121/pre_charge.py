"""PreCharge: the charger's voltage comes up to the battery's; when it is there is for the EV to say."""

from __future__ import annotations

from fastsecc.messages import din70121 as din
from fastsecc.session import reports
from fastsecc.session.context import Answer, Context
from fastsecc.session.din70121.states import State
from fastsecc.session.din70121.status import dc_status, present_voltage
from fastsecc.session.status import Phase


def handle(request: din.PreChargeReq, context: Context) -> Answer:
    """Pass the target on and state the present voltage."""
    if context.first_of(din.CableCheckReq):
        context.publish("start_pre_charge")
    reports.dc_ev_target(context, request)
    reports.dc_ev_status(context, request.DC_EVStatus)
    response = din.PreChargeRes(
        ResponseCode=din.ResponseCodeType.OK,
        DC_EVSEStatus=dc_status(context, Phase.PRECHARGE),
        EVSEPresentVoltage=present_voltage(context.charger),
    )
    return Answer(response, State.PRE_CHARGE_OR_POWER_DELIVERY)
