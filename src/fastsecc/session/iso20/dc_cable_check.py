"""DC_CableCheck: the charger tests the isolation while the EV polls."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import ProcessingType, ResponseCodeType
from fastsecc.messages.iso20.dc import DC_CableCheckReq, DC_CableCheckRes
from fastsecc.session.api import V2G_SECC_CableCheck_Timeout_s
from fastsecc.session.context import Answer
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.states import State


def handle(request: DC_CableCheckReq, context: Iso20Context) -> Answer:
    """Answer DC_CableCheckReq."""
    seconds = context.running_for(DC_CableCheckReq)
    if not context.first_of(DC_CableCheckReq):
        context.publish("start_cable_check")
    finished = context.charger.cable_check_finished
    if finished and context.charger.isolation_status == "Fault":
        raise ProtocolError("FAILED", "isolation fault")
    if not finished and seconds >= V2G_SECC_CableCheck_Timeout_s:
        raise ProtocolError("FAILED", f"cable check is not finished after {seconds:.0f} s")
    response = DC_CableCheckRes(
        Header=context.header,
        ResponseCode=ResponseCodeType.OK,
        EVSEProcessing=ProcessingType.Finished if finished else ProcessingType.Ongoing,
    )
    return Answer(response, State.DC_PRE_CHARGE if finished else None)
