"""Authorization by contract: the EV signs the challenge, then waits for the charger's decision."""

from __future__ import annotations

import hmac
from typing import Final

from fastsecc.charger.state import Authorization
from fastsecc.errors import ProtocolError, SignatureError
from fastsecc.messages.iso2 import AuthorizationReq, AuthorizationRes, EVSEProcessingType, ResponseCodeType
from fastsecc.security.signature import ISO2, Part, verify
from fastsecc.session.context import Answer
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.contract import ShownContract
from fastsecc.session.iso2.states import State

REFUSALS: Final = {
    "SignatureError": "FAILED_SignatureError",
    "CertificateExpired": "FAILED_CertificateExpired",
    "CertificateRevoked": "FAILED_CertificateRevoked",
    "CertChainError": "FAILED_CertChainError",
    "ContractCancelled": "FAILED_ContractCanceled",
}
"""What the EV is told of a contract that was refused, by the status of its certificate; FAILED otherwise."""


def handle(request: AuthorizationReq, context: Iso2Context) -> Answer:
    """Answer AuthorizationReq; only the first has to be signed, those that follow just ask again."""
    shown = context.contract
    if shown is None:
        raise ProtocolError("FAILED_ChallengeInvalid", "there is no challenge, or it was answered wrongly before")
    if not shown.proven or request.GenChallenge is not None:
        _prove(request, shown, context)
    given = _decision(shown, context)
    if given is None:
        _check_time(shown, context)
        return Answer(_response(EVSEProcessingType.Ongoing))
    if not given.accepted:
        code = REFUSALS.get(given.certificate_status, "FAILED")
        raise ProtocolError(code, f"authorization {given.status}, certificate {given.certificate_status}")
    return Answer(_response(EVSEProcessingType.Finished), State.CHARGE_PARAMETER_DISCOVERY)


def _prove(request: AuthorizationReq, shown: ShownContract, context: Iso2Context) -> None:
    """Have the contract's owner proven; a challenge is good for one answer, a wrong one spends it."""
    context.contract = None
    if not hmac.compare_digest(request.GenChallenge or b"", shown.challenge):  # [V2G2-475], [V2G2-697]
        raise ProtocolError("FAILED_ChallengeInvalid", "the challenge is missing or another one")
    try:
        verify(context.received_signature, [Part(request)], shown.contract.public_key, ISO2)
    except SignatureError as error:
        raise ProtocolError(error.iso2_code, str(error)) from None
    context.contract = shown
    if not shown.proven:
        shown.proven = True
        context.publish("require_auth_pnc", shown.contract.token)


def _decision(shown: ShownContract, context: Iso2Context) -> Authorization | None:
    """Give what the charger has decided.

    A refusal counts if it came after the question. A paused session's contract that comes back is as good as it was:
    the charger is told of it, but need not say so again.
    """
    given = context.charger.authorization
    if given is not None and (given.accepted or given.at >= shown.asked_at):
        return given
    if context.joined is not None and context.joined.contract == shown.leaf:
        return Authorization("Accepted", "Accepted", context.now)
    return None


def _check_time(shown: ShownContract, context: Iso2Context) -> None:
    limit = context.settings.auth_timeout_pnc_s
    if limit and context.now - shown.asked_at >= limit:
        shown.asked_at = context.now
        raise ProtocolError("FAILED", f"no authorization within {limit:g} s")


def _response(processing: EVSEProcessingType) -> AuthorizationRes:
    return AuthorizationRes(ResponseCode=ResponseCodeType.OK, EVSEProcessing=processing)
