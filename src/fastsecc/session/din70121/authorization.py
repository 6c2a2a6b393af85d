"""ContractAuthentication: wait until somebody says that the EV may charge."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages import din70121 as din
from fastsecc.session.context import Answer, Context
from fastsecc.session.din70121.states import State

Processing = din.EVSEProcessingType


def handle(request: din.ContractAuthenticationReq, context: Context) -> Answer:
    """Ask for the authorization once, then answer with what is known; one that came before counts."""
    if not context.first_of(din.ContractAuthenticationReq):
        context.publish("require_auth_eim")
    authorization = context.charger.authorization
    if authorization is None:
        _check_patience(context)
        return Answer(_response(Processing.Ongoing))
    if not authorization.accepted:
        raise ProtocolError("FAILED", f"authorization: {authorization.status}")
    return Answer(_response(Processing.Finished), State.CHARGE_PARAMETER_DISCOVERY)


def _check_patience(context: Context) -> None:
    limit = context.settings.auth_timeout_eim_s
    if 0 < limit <= context.running_for(din.ContractAuthenticationReq):
        raise ProtocolError("FAILED", f"no authorization within {limit:g} s")


def _response(processing: Processing) -> din.ContractAuthenticationRes:
    return din.ContractAuthenticationRes(ResponseCode=din.ResponseCodeType.OK, EVSEProcessing=processing)
