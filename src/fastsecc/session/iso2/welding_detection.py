"""WeldingDetection: the EV watches the voltage while it opens its contactors."""

from __future__ import annotations

from fastsecc.messages.iso2 import ResponseCodeType, WeldingDetectionReq, WeldingDetectionRes
from fastsecc.session import reports
from fastsecc.session.context import Answer
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.values import dc_status, volts
from fastsecc.session.status import Phase


def handle(request: WeldingDetectionReq, context: Iso2Context) -> Answer:
    """Answer WeldingDetectionReq, as often as the EV asks."""
    reports.dc_ev_status(context, request.DC_EVStatus)
    return Answer(
        WeldingDetectionRes(
            ResponseCode=ResponseCodeType.OK,
            DC_EVSEStatus=dc_status(context, Phase.WELDING),
            EVSEPresentVoltage=volts(context.charger.present_voltage_v),
        )
    )
