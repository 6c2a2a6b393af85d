"""WeldingDetection: the EV opens its contactors and looks at the voltage that we still see."""

from __future__ import annotations

from fastsecc.messages import din70121 as din
from fastsecc.session import reports
from fastsecc.session.context import Answer, Context
from fastsecc.session.din70121.states import State
from fastsecc.session.din70121.status import dc_status, present_voltage
from fastsecc.session.status import Phase


def handle(request: din.WeldingDetectionReq, context: Context) -> Answer:
    """State the present voltage, as often as the EV asks."""
    reports.dc_ev_status(context, request.DC_EVStatus)
    response = din.WeldingDetectionRes(
        ResponseCode=din.ResponseCodeType.OK,
        DC_EVSEStatus=dc_status(context, Phase.WELDING),
        EVSEPresentVoltage=present_voltage(context.charger),
    )
    return Answer(response, State.WELDING_DETECTION_OR_STOP)
