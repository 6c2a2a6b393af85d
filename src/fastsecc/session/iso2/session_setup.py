"""SessionSetup: a new session, or the one that paused goes on."""

from __future__ import annotations

from fastsecc.messages.iso2 import ResponseCodeType, SessionSetupReq, SessionSetupRes
from fastsecc.session import reports
from fastsecc.session.api import PausedIso2
from fastsecc.session.context import Answer
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.states import State
from fastsecc.session.session_id import new_session_id


def handle(request: SessionSetupReq, context: Iso2Context) -> Answer:
    """Answer SessionSetupReq."""
    paused, context.resumable = context.resumable, None
    if paused is not None and paused.session_id == context.received_session_id and _fits(paused, context):  # [V2G2-740]
        context.joined = paused
        context.session_id = paused.session_id
        context.sa_schedule_tuple_id = paused.sa_schedule_tuple_id
        code = ResponseCodeType.OK_OldSessionJoined
    else:  # [V2G2-756]: also an id that is neither zero nor known
        context.session_id = new_session_id(context.settings)
        code = ResponseCodeType.OK_NewSessionEstablished
    reports.evcc_id(context, request.EVCCID)
    clock = context.settings.evse_time_s
    response = SessionSetupRes(
        ResponseCode=code, EVSEID=context.charger.evse_id, EVSETimeStamp=None if clock is None else clock()
    )
    return Answer(response, State.SERVICE_DISCOVERY)


def _fits(paused: PausedIso2, context: Iso2Context) -> bool:
    """Tell whether the charger is still of the paused session's nature, AC or DC, and a contract is as safe as then."""
    if paused.selected_payment_option == "Contract" and not context.secure:
        return False
    modes = paused.charge_service.SupportedEnergyTransferMode.EnergyTransferMode
    return all(mode.startswith(context.energy_kind.upper()) for mode in modes)
