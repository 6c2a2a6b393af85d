"""SessionStop: the session ends or pauses."""

from __future__ import annotations

from fastsecc.messages.iso2 import (
    ChargingSessionType,
    PowerDeliveryReq,
    ResponseCodeType,
    SessionStopReq,
    SessionStopRes,
    WeldingDetectionReq,
)
from fastsecc.session.api import PausedIso2
from fastsecc.session.context import Answer, LinkAction
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.states import State


def handle(request: SessionStopReq, context: Iso2Context) -> Answer:
    """Answer SessionStopReq; a pause only directly after PowerDelivery or WeldingDetection."""
    if request.ChargingSession is ChargingSessionType.Terminate:
        return Answer(SessionStopRes(ResponseCode=ResponseCodeType.OK), State.ENDED, link=LinkAction.TERMINATE)
    if not context.first_of(PowerDeliveryReq, WeldingDetectionReq):
        context.log("SessionStopReq: a pause is possible directly after PowerDelivery or WeldingDetection only")
        return Answer(SessionStopRes(ResponseCode=ResponseCodeType.FAILED), link=LinkAction.TERMINATE)
    return Answer(SessionStopRes(ResponseCode=ResponseCodeType.OK), State.ENDED, link=LinkAction.PAUSE)


def pause(context: Iso2Context) -> PausedIso2:
    """Keep what the session that resumes this one needs."""
    return PausedIso2(
        session_id=context.session_id,
        payment_options=(context.payment_option,),
        selected_payment_option=context.payment_option,
        charge_service=context.charge_service,
        sa_schedule_list=context.schedule,
        sa_schedule_tuple_id=context.sa_schedule_tuple_id,
        contract=b"" if context.contract is None else context.contract.leaf,
    )
