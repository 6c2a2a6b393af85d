"""CertificateUpdate: an EV whose contract certificate expires soon asks the back end for the next one."""

from __future__ import annotations

from typing import Final

from fastsecc.charger.enums import CertificateActionEnum
from fastsecc.errors import CertificateError, Fault, ProtocolError
from fastsecc.messages.iso2 import CertificateUpdateReq, CertificateUpdateRes
from fastsecc.security import chain, emaid
from fastsecc.session.context import Answer
from fastsecc.session.contract import FORWARDED_FAULTS, check_emaid
from fastsecc.session.iso2 import certificate_service, contract_chain
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.contract import certificates

CHAIN_FAULTS: Final = (Fault.no_root, Fault.unknown_root, Fault.issuer_expired, Fault.issuer_not_yet_valid)
"""What CertificateUpdateRes has no code of its own for."""


def handle(request: CertificateUpdateReq, context: Iso2Context) -> Answer:
    """Answer CertificateUpdateReq with what the back end answers."""
    if context.waiting_since is None:
        certificate_service.check_offer("Update", context)
        _check(request, context)
        certificate_service.ask(CertificateActionEnum.Update, context)
    return certificate_service.answer(CertificateUpdateRes, context)


def _check(request: CertificateUpdateReq, context: Iso2Context) -> None:
    """Spare the back end what is wrong for everybody to see."""
    try:
        shown = chain.load(certificates(request.ContractSignatureCertChain))
        certificate_service.check_signature(request, shown[0], context)
        contract_chain.validate(shown, context)
    except CertificateError as error:
        if error.fault not in FORWARDED_FAULTS or not context.charger.central_contract_validation_allowed:
            code = "FAILED_CertChainError" if error.fault in CHAIN_FAULTS else error.iso2_code
            raise ProtocolError(code, str(error)) from None
    _check_emaid(request.eMAID, shown)


def _check_emaid(told: str, shown: chain.Path) -> None:
    try:
        named = str(check_emaid(shown))
    except CertificateError as error:
        raise ProtocolError("FAILED_NoCertificateAvailable", str(error)) from None
    if not emaid.same(told, named):
        raise ProtocolError("FAILED_NoCertificateAvailable", f"eMAID {told}, but the certificate is for {named}")
