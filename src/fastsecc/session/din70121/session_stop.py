"""SessionStop: the session is over, in good order."""

from __future__ import annotations

from fastsecc.messages import din70121 as din
from fastsecc.session.context import Answer, Context, LinkAction
from fastsecc.session.din70121.states import State


def handle(request: din.SessionStopReq, context: Context) -> Answer:
    """Say goodbye; DIN 70121 knows no pause."""
    response = din.SessionStopRes(ResponseCode=din.ResponseCodeType.OK)
    return Answer(response, State.TERMINATED, link=LinkAction.TERMINATE)
