"""AuthorizationSetup: which ways of authorization there are, and the challenge for an EV with a contract."""

from __future__ import annotations

import os
from typing import Any, Final

from fastsecc.messages.iso20 import (
    AuthorizationSetupReq,
    AuthorizationSetupRes,
    AuthorizationType,
    EIM_ASResAuthorizationModeType,
    PnC_ASResAuthorizationModeType,
    ResponseCodeType,
    SupportedProvidersListType,
)
from fastsecc.session.context import Answer
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.states import State

CHALLENGE_OCTETS: Final = 16
SERVICES: Final = {"ExternalPayment": AuthorizationType.EIM, "Contract": AuthorizationType.PnC}
"""Payment options of the interface as ISO 15118-20 calls them."""


def handle(request: AuthorizationSetupReq, context: Iso20Context) -> Answer:
    """Answer AuthorizationSetupReq, and where there is no choice, ask the charger whether the EV may charge."""
    context.authorization_services = _services(context)
    with_contract = AuthorizationType.PnC in context.authorization_services
    with_certificates = with_contract and context.charger.supported_certificate_service
    if not with_contract:
        ask_eim(context)
    response = AuthorizationSetupRes(
        Header=context.header,
        ResponseCode=ResponseCodeType.OK,
        AuthorizationServices=list(context.authorization_services),
        CertificateInstallationService=with_certificates,
        **(_contract_mode(context) if with_contract else _external_mode()),
    )
    return Answer(response, State.AUTHORIZATION_OR_CERTIFICATE if with_certificates else State.AUTHORIZATION)


def ask_eim(context: Iso20Context) -> None:
    """Ask the charger to authorize the EV by external means."""
    context.eim_asked_at = context.now
    context.eim_refused = False
    context.publish("require_auth_eim")


def _services(context: Iso20Context) -> tuple[AuthorizationType, ...]:
    """Give what the charger offers, in its order; a contract needs TLS 1.3."""
    options = (option for option in context.charger.payment_options if context.tls_1_3 or option != "Contract")
    return tuple(dict.fromkeys(SERVICES[option] for option in options)) or (AuthorizationType.EIM,)


def _external_mode() -> dict[str, Any]:
    return {"EIM_ASResAuthorizationMode": EIM_ASResAuthorizationModeType()}


def _contract_mode(context: Iso20Context) -> dict[str, Any]:
    draw, providers = context.settings.new_challenge, context.settings.iso20.supported_providers
    context.gen_challenge = os.urandom(CHALLENGE_OCTETS) if draw is None else draw()
    mode = PnC_ASResAuthorizationModeType(
        GenChallenge=context.gen_challenge,
        SupportedProviders=SupportedProvidersListType(ProviderID=list(providers)) if providers else None,
    )
    return {"PnC_ASResAuthorizationMode": mode}
