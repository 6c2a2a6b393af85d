"""What AuthorizationRes can say."""

from __future__ import annotations

from fastsecc.messages.iso20 import AuthorizationRes, ProcessingType, ResponseCodeType
from fastsecc.session.context import Answer
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.states import State


def granted(code: ResponseCodeType, context: Iso20Context) -> Answer:
    """Let the EV go on."""
    return Answer(_response(code, ProcessingType.Finished, context), State.SERVICE_DISCOVERY)


def finished(code: ResponseCodeType, context: Iso20Context) -> Answer:
    """Tell the EV of a refusal; it may try again."""
    return Answer(_response(code, ProcessingType.Finished, context))


def ongoing(processing: ProcessingType, context: Iso20Context) -> Answer:
    """Let the EV ask again."""
    return Answer(_response(ResponseCodeType.OK, processing, context))


def _response(code: ResponseCodeType, processing: ProcessingType, context: Iso20Context) -> AuthorizationRes:
    return AuthorizationRes(Header=context.header, ResponseCode=code, EVSEProcessing=processing)
