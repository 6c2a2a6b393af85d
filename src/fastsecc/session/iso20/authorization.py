"""Authorization by external means: the EV polls until the charger has made up its mind."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import AuthorizationReq, AuthorizationRes, ProcessingType, ResponseCodeType
from fastsecc.session.api import V2G_SECC_Ongoing_Performance_Time_s
from fastsecc.session.context import Answer
from fastsecc.session.iso20.authorization_setup import AUTHORIZATION_SERVICES
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.states import State


def handle(request: AuthorizationReq, context: Iso20Context) -> Answer:
    """Answer AuthorizationReq.

    A refusal is told once; an EV that asks again makes the charger be asked again.
    """
    if not _selection_is_offered(request):
        context.log(f"AuthorizationReq: {request.SelectedAuthorizationService} is not offered")
        return _finished(ResponseCodeType.WARNING_AuthorizationSelectionInvalid, context)
    given = context.charger.authorization
    if given is not None and given.accepted:
        return Answer(_response(ResponseCodeType.OK, ProcessingType.Finished, context), State.SERVICE_DISCOVERY)
    if context.refused:
        context.refused = False
        context.asked_at = context.now
        context.publish("require_auth_eim")
    elif given is not None and given.at >= context.asked_at:  # [V2G20-2219]
        context.refused = True
        context.log(f"AuthorizationReq: authorization {given.status}")
        return _finished(ResponseCodeType.WARNING_EIMAuthorizationFailure, context)
    return Answer(_response(ResponseCodeType.OK, _pending(context), context))


def _selection_is_offered(request: AuthorizationReq) -> bool:
    """Tell whether the selected service was offered, and the mode that goes with it is given."""
    selected = request.SelectedAuthorizationService
    return selected in AUTHORIZATION_SERVICES and request.EIM_AReqAuthorizationMode is not None


def _pending(context: Iso20Context) -> ProcessingType:
    """Say how the wait goes on: once it is long, that it is a human who lets the EV wait, which stops its timer."""
    limit, seconds = context.settings.auth_timeout_eim_s, context.now - context.asked_at
    if limit and seconds >= limit:
        raise ProtocolError("FAILED", f"no authorization within {limit:g} s")
    if seconds >= V2G_SECC_Ongoing_Performance_Time_s:
        return ProcessingType.Ongoing_WaitingForCustomerInteraction
    return ProcessingType.Ongoing


def _finished(code: ResponseCodeType, context: Iso20Context) -> Answer:
    return Answer(_response(code, ProcessingType.Finished, context))


def _response(code: ResponseCodeType, processing: ProcessingType, context: Iso20Context) -> AuthorizationRes:
    return AuthorizationRes(Header=context.header, ResponseCode=code, EVSEProcessing=processing)
