"""Authorization by contract: the EV signs the challenge and its certificates, then waits for the charger's decision.

A decision is about one signed request. While it is due the EV repeats just this request [V2G20-1582]; once it was a
refusal the same request gets the same answer, and only another one, signed anew, makes the charger be asked again.
"""

from __future__ import annotations

import hmac
from typing import Final

from fastsecc.charger.state import Authorization
from fastsecc.errors import ProtocolError, SecurityError
from fastsecc.messages.iso20 import PnC_AReqAuthorizationModeType, ProcessingType, ResponseCodeType
from fastsecc.security.chain import expires_soon
from fastsecc.security.signature import Part, verify
from fastsecc.session.context import Answer
from fastsecc.session.contract import Contract, today
from fastsecc.session.iso20 import contract_chain
from fastsecc.session.iso20.authorization_answers import finished, granted, ongoing
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.contract_requests import SignedRequest

Code = ResponseCodeType


class ChallengeError(SecurityError):
    """A challenge that was not the one given: a request that was recorded elsewhere."""

    iso20_code = "WARNING_ChallengeInvalid"


REFUSALS: Final = {
    "SignatureError": Code.WARNING_CertificateValidationError,
    "CertificateExpired": Code.WARNING_CertificateExpired,
    "CertificateRevoked": Code.WARNING_CertificateRevoked,
    "CertChainError": Code.WARNING_CertificateValidationError,
}
"""What the EV is told of a contract that was refused, by the status of its certificate."""


def handle(mode: PnC_AReqAuthorizationModeType, context: Iso20Context) -> Answer:
    """Answer an AuthorizationReq with a contract."""
    try:
        signed = _signed_request(mode, context)
    except SecurityError as error:
        context.log(f"AuthorizationReq: {error}")
        return finished(Code(error.iso20_code), context)
    given = None if signed.refused is not None else _decision(signed, context)
    if given is not None and given.accepted:
        context.contract = signed.contract
        return granted(_code(signed.contract, context), context)
    if given is not None:
        signed.refused = REFUSALS.get(given.certificate_status, Code.WARNING_GeneralPnCAuthorizationError)
        context.log(f"AuthorizationReq: authorization {given.status}, certificate {given.certificate_status}")
    if signed.refused is not None:
        return finished(signed.refused, context)
    return ongoing(_pending(signed, context), context)


def _signed_request(mode: PnC_AReqAuthorizationModeType, context: Iso20Context) -> SignedRequest:
    """Give the request whose decision is due, or ask the charger about another one.

    Raises:
        SecurityError: it is not signed as it has to be.
    """
    present = context.signed_request
    if present is not None and (mode, context.received_signature) == (present.mode, present.signature):
        return present
    contract = _verified(mode, context)
    if present is not None and present.refused is None:
        raise SecurityError("another request than the one that is being decided on")
    context.signed_request = SignedRequest(mode, context.received_signature, contract, context.now)
    context.publish("require_auth_pnc", contract.token)
    return context.signed_request


def _verified(mode: PnC_AReqAuthorizationModeType, context: Iso20Context) -> Contract:
    """Have the contract's owner proven: by the challenge, the certificates, and the signature over both.

    Raises:
        SecurityError: with the response code that says what is wrong.
    """
    if not hmac.compare_digest(mode.GenChallenge, context.gen_challenge):
        raise ChallengeError("the challenge is another one")
    contract = contract_chain.examine(mode.ContractCertificateChain, context)
    algorithms = contract_chain.algorithms(context)
    verify(context.received_signature, [Part(mode)], contract.public_key, algorithms)
    return contract


def _decision(signed: SignedRequest, context: Iso20Context) -> Authorization | None:
    """Give what the charger has decided; a refusal counts if it came after the question."""
    given = context.charger.authorization
    return given if given is not None and (given.accepted or given.at >= signed.asked_at) else None


def _code(contract: Contract, context: Iso20Context) -> ResponseCodeType:
    return Code.OK_CertificateExpiresSoon if expires_soon(contract.chain[0], today(context)) else Code.OK


def _pending(signed: SignedRequest, context: Iso20Context) -> ProcessingType:
    limit = context.settings.auth_timeout_pnc_s
    if limit and context.now - signed.asked_at >= limit:
        raise ProtocolError("FAILED", f"no authorization within {limit:g} s")
    return ProcessingType.Ongoing
