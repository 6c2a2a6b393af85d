"""DC_PreCharge: the supply follows the EV's target voltage until the EV is content."""

from __future__ import annotations

from fastsecc.charger.payloads import DcEvTargetValues
from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import ProcessingType, ResponseCodeType
from fastsecc.messages.iso20.dc import DC_PreChargeReq, DC_PreChargeRes
from fastsecc.session.api import V2G_SECC_Ongoing_Timeout_s
from fastsecc.session.context import Answer
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.numbers import rational, to_float
from fastsecc.session.iso20.states import State


def handle(request: DC_PreChargeReq, context: Iso20Context) -> Answer:
    """Answer DC_PreChargeReq; whether the voltages match is the EV's to judge."""
    seconds = context.running_for(DC_PreChargeReq)
    target_v = to_float(request.EVTargetVoltage)
    context.charge.pre_charge_target_v = target_v
    if not context.first_of(DC_PreChargeReq):
        context.publish("start_pre_charge")
    context.publish_change(
        "dc_ev_target_voltage_current",
        DcEvTargetValues(dc_ev_target_voltage=target_v, dc_ev_target_current=0.0),
    )
    if seconds >= V2G_SECC_Ongoing_Timeout_s:
        raise ProtocolError("FAILED", f"pre-charge takes longer than {V2G_SECC_Ongoing_Timeout_s:g} s")
    response = DC_PreChargeRes(
        Header=context.header,
        ResponseCode=ResponseCodeType.OK,
        EVSEPresentVoltage=rational(context.charger.present_voltage_v),
    )
    return Answer(response, State.POWER_DELIVERY if request.EVProcessing is ProcessingType.Finished else None)
