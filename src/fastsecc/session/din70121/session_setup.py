"""SessionSetup: the session gets its id, we hear who the EV is."""

from __future__ import annotations

from fastsecc.messages import din70121 as din
from fastsecc.session import reports
from fastsecc.session.context import Answer, Context
from fastsecc.session.din70121.states import State
from fastsecc.session.din70121.status import evse_id
from fastsecc.session.session_id import new_session_id


def handle(request: din.SessionSetupReq, context: Context) -> Answer:
    """Begin a session; the EV's own session id does not matter, DIN 70121 resumes nothing."""
    reports.evcc_id(context, request.EVCCID)
    if not any(context.session_id):
        context.session_id = new_session_id(context.settings)
    clock = context.settings.evse_time_s
    response = din.SessionSetupRes(
        ResponseCode=din.ResponseCodeType.OK_NewSessionEstablished,
        EVSEID=evse_id(context.charger),
        DateTimeNow=None if clock is None else clock(),
    )
    return Answer(response, State.SERVICE_DISCOVERY)
