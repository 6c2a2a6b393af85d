"""PreCharge: the supply follows the EV's target voltage until the EV is content."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso2 import CableCheckReq, PreChargeReq, PreChargeRes, ResponseCodeType
from fastsecc.session import reports
from fastsecc.session.api import V2G_SECC_Ongoing_Timeout_s
from fastsecc.session.context import Answer
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.states import State
from fastsecc.session.iso2.values import dc_status, volts
from fastsecc.session.status import Phase


def handle(request: PreChargeReq, context: Iso2Context) -> Answer:
    """Answer PreChargeReq; whether the voltages match is the EV's to judge, within V2G_EVCC_PreCharge_Timeout."""
    seconds = context.running_for(PreChargeReq)
    if context.first_of(CableCheckReq):
        context.publish("start_pre_charge")
    reports.dc_ev_target(context, request)
    reports.dc_ev_status(context, request.DC_EVStatus)
    if seconds >= V2G_SECC_Ongoing_Timeout_s:
        raise ProtocolError("FAILED", f"pre-charge takes longer than {V2G_SECC_Ongoing_Timeout_s:g} s")
    response = PreChargeRes(
        ResponseCode=ResponseCodeType.OK,
        DC_EVSEStatus=dc_status(context, Phase.PRECHARGE),
        EVSEPresentVoltage=volts(context.charger.present_voltage_v),
    )
    return Answer(response, State.PRE_CHARGE_OR_POWER_DELIVERY)
