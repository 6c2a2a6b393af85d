"""AuthorizationSetup: which ways of authorization there are."""

from __future__ import annotations

from fastsecc.messages.iso20 import (
    AuthorizationSetupReq,
    AuthorizationSetupRes,
    AuthorizationType,
    EIM_ASResAuthorizationModeType,
    ResponseCodeType,
)
from fastsecc.session.context import Answer
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.states import State

AUTHORIZATION_SERVICES: tuple[AuthorizationType, ...] = (AuthorizationType.EIM,)


def handle(request: AuthorizationSetupReq, context: Iso20Context) -> Answer:
    """Answer AuthorizationSetupReq, and ask the charger whether the EV may charge."""
    context.asked_at = context.now
    context.publish("require_auth_eim")
    response = AuthorizationSetupRes(
        Header=context.header,
        ResponseCode=ResponseCodeType.OK,
        AuthorizationServices=list(AUTHORIZATION_SERVICES),
        CertificateInstallationService=False,
        EIM_ASResAuthorizationMode=EIM_ASResAuthorizationModeType(),
    )
    return Answer(response, State.AUTHORIZATION)
