"""CableCheck: the charger tests the isolation while the EV polls."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso2 import (
    CableCheckReq,
    CableCheckRes,
    ChargeParameterDiscoveryReq,
    EVSEProcessingType,
    ResponseCodeType,
)
from fastsecc.session import reports
from fastsecc.session.api import V2G_SECC_CableCheck_Timeout_s
from fastsecc.session.context import Answer
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.states import State
from fastsecc.session.iso2.values import dc_status
from fastsecc.session.status import Phase


def handle(request: CableCheckReq, context: Iso2Context) -> Answer:
    """Answer CableCheckReq."""
    seconds = context.running_for(CableCheckReq)
    if context.first_of(ChargeParameterDiscoveryReq):
        context.publish("start_cable_check")
    reports.dc_ev_status(context, request.DC_EVStatus)
    finished = context.charger.cable_check_finished
    if finished and context.charger.isolation_status == "Fault":
        raise ProtocolError("FAILED", "isolation fault")
    if not finished and seconds >= V2G_SECC_CableCheck_Timeout_s:
        raise ProtocolError("FAILED", f"cable check is not finished after {seconds:.0f} s")
    response = CableCheckRes(
        ResponseCode=ResponseCodeType.OK,
        DC_EVSEStatus=dc_status(context, Phase.ISOLATION, finished=finished),
        EVSEProcessing=EVSEProcessingType.Finished if finished else EVSEProcessingType.Ongoing,
    )
    return Answer(response, State.PRE_CHARGE if finished else None)
