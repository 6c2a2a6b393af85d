"""Authorization: by external means the EV polls until the charger has made up its mind, by contract it proves it."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso2 import (
    AuthorizationReq,
    AuthorizationRes,
    EVSEProcessingType,
    PaymentOptionType,
    ResponseCodeType,
)
from fastsecc.session.context import Answer
from fastsecc.session.iso2 import contract_authorization
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.states import State


def handle(request: AuthorizationReq, context: Iso2Context) -> Answer:
    """Answer AuthorizationReq.

    With external payment an authorization that came before the EV selected its payment option is asked for again, and
    the charger's other half answers at once if it still holds.
    """
    if context.payment_option == PaymentOptionType.Contract:
        return contract_authorization.handle(request, context)
    if not context.first_of(AuthorizationReq):
        context.publish("require_auth_eim")
    given = context.charger.authorization
    if given is None or given.at < context.asked_to_pay_at:
        _check_time(context)
        return Answer(_response(EVSEProcessingType.Ongoing_WaitingForCustomerInteraction))
    if not given.accepted:
        raise ProtocolError("FAILED", f"authorization {given.status}")
    return Answer(_response(EVSEProcessingType.Finished), State.CHARGE_PARAMETER_DISCOVERY)


def _check_time(context: Iso2Context) -> None:
    limit = context.settings.auth_timeout_eim_s
    if limit and context.now - context.asked_to_pay_at >= limit:
        context.asked_to_pay_at = context.now
        raise ProtocolError("FAILED", f"no authorization within {limit:g} s")


def _response(processing: EVSEProcessingType) -> AuthorizationRes:
    return AuthorizationRes(ResponseCode=ResponseCodeType.OK, EVSEProcessing=processing)
