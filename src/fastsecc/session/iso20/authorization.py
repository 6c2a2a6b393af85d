"""Authorization: by external means the EV polls until the charger has made up its mind, by contract it proves it."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import AuthorizationReq, AuthorizationType, ProcessingType, ResponseCodeType
from fastsecc.session.api import V2G_SECC_Ongoing_Performance_Time_s
from fastsecc.session.context import Answer
from fastsecc.session.iso20 import pnc_authorization
from fastsecc.session.iso20.authorization_answers import finished, granted, ongoing
from fastsecc.session.iso20.authorization_setup import ask_eim
from fastsecc.session.iso20.context import Iso20Context


def handle(request: AuthorizationReq, context: Iso20Context) -> Answer:
    """Answer AuthorizationReq; whatever is refused, the EV may try again."""
    if not _selection_is_offered(request, context):
        context.log(f"AuthorizationReq: {request.SelectedAuthorizationService} is not offered")
        return finished(ResponseCodeType.WARNING_AuthorizationSelectionInvalid, context)
    if request.PnC_AReqAuthorizationMode is not None:
        return pnc_authorization.handle(request.PnC_AReqAuthorizationMode, context)
    return _external(context)


def _selection_is_offered(request: AuthorizationReq, context: Iso20Context) -> bool:
    """Tell whether the selected service was offered, and the mode that goes with it is given."""
    selected = request.SelectedAuthorizationService
    modes = {
        AuthorizationType.EIM: request.EIM_AReqAuthorizationMode,
        AuthorizationType.PnC: request.PnC_AReqAuthorizationMode,
    }
    return selected in context.authorization_services and modes[selected] is not None


def _external(context: Iso20Context) -> Answer:
    """Wait for the charger; a refusal is told once, an EV that asks again makes the charger be asked again."""
    given = context.charger.authorization
    asked_at = context.eim_asked_at
    if asked_at is None:
        ask_eim(context)
    if given is not None and given.accepted:
        return granted(ResponseCodeType.OK, context)
    if context.eim_refused:
        ask_eim(context)
    elif asked_at is not None and given is not None and given.at >= asked_at:  # [V2G20-2219]
        context.eim_refused = True
        context.log(f"AuthorizationReq: authorization {given.status}")
        return finished(ResponseCodeType.WARNING_EIMAuthorizationFailure, context)
    return ongoing(_pending(context), context)


def _pending(context: Iso20Context) -> ProcessingType:
    """Say how the wait goes on: once it is long, that it is a human who lets the EV wait, which stops its timer."""
    assert context.eim_asked_at is not None
    limit, seconds = context.settings.auth_timeout_eim_s, context.now - context.eim_asked_at
    if limit and seconds >= limit:
        raise ProtocolError("FAILED", f"no authorization within {limit:g} s")
    if seconds >= V2G_SECC_Ongoing_Performance_Time_s:
        return ProcessingType.Ongoing_WaitingForCustomerInteraction
    return ProcessingType.Ongoing
