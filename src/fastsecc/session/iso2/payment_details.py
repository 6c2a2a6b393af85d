"""PaymentDetails: the EV shows its contract and is given a challenge to sign."""

from __future__ import annotations

import os
from typing import Final

from fastsecc.errors import CertificateError, Fault, ProtocolError
from fastsecc.messages.iso2 import PaymentDetailsReq, PaymentDetailsRes, ResponseCodeType
from fastsecc.security import chain, emaid
from fastsecc.session.context import Answer
from fastsecc.session.contract import FORWARDED_FAULTS, Contract, today
from fastsecc.session.iso2 import contract_chain
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.contract import ShownContract, certificates
from fastsecc.session.iso2.states import State

CHALLENGE_OCTETS: Final = 16


def handle(request: PaymentDetailsReq, context: Iso2Context) -> Answer:
    """Answer PaymentDetailsReq."""
    context.contract = None
    contract = _contract(request, context)
    draw = context.settings.new_challenge or (lambda: os.urandom(CHALLENGE_OCTETS))
    context.contract = ShownContract(contract, draw(), context.now)
    soon = chain.expires_soon(contract.chain[0], today(context))
    response = PaymentDetailsRes(
        ResponseCode=ResponseCodeType.OK_CertificateExpiresSoon if soon else ResponseCodeType.OK,
        GenChallenge=context.contract.challenge,
        EVSETimeStamp=context.unix_s,
    )
    return Answer(response, State.AUTHORIZATION)


def _contract(request: PaymentDetailsReq, context: Iso2Context) -> Contract:
    """Verify what the EV shows; what OCSP requests need is there only if nothing is left to the back end to judge."""
    from fastsecc.security import ocsp  # not before there is a contract: the library behind it is large

    try:
        shown = chain.load(certificates(request.ContractSignatureCertChain))
        _check_emaid(request.eMAID, shown)
        return Contract(shown, tuple(ocsp.hash_data(contract_chain.validate(shown, context))))
    except CertificateError as error:
        if error.fault in FORWARDED_FAULTS and context.charger.central_contract_validation_allowed:
            context.log(f"PaymentDetailsReq: left to the back end: {error}")
            return Contract(shown)
        raise ProtocolError(error.iso2_code, str(error)) from None


def _check_emaid(told: str, shown: chain.Path) -> None:
    named = chain.common_name(shown[0])
    if not emaid.same(told, named):
        raise CertificateError(named, f"is not of the eMAID {told}", Fault.chain)
