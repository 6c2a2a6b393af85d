"""DC_WeldingDetection: the EV watches the voltage while it opens its contactors."""

from __future__ import annotations

from fastsecc.messages.iso20 import ProcessingType, ResponseCodeType
from fastsecc.messages.iso20.dc import DC_WeldingDetectionReq, DC_WeldingDetectionRes
from fastsecc.session.context import Answer
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.numbers import rational
from fastsecc.session.iso20.states import State


def handle(request: DC_WeldingDetectionReq, context: Iso20Context) -> Answer:
    """Answer DC_WeldingDetectionReq, as often as the EV asks until it has finished."""
    response = DC_WeldingDetectionRes(
        Header=context.header,
        ResponseCode=ResponseCodeType.OK,
        EVSEPresentVoltage=rational(context.charger.present_voltage_v),
    )
    return Answer(response, State.SESSION_STOP if request.EVProcessing is ProcessingType.Finished else None)
