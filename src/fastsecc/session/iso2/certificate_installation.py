"""CertificateInstallation: an EV without contract certificate asks the back end for one."""

from __future__ import annotations

from fastsecc.charger.enums import CertificateActionEnum
from fastsecc.errors import CertificateError, ProtocolError
from fastsecc.messages.iso2 import CertificateInstallationReq, CertificateInstallationRes
from fastsecc.security import chain
from fastsecc.session.context import Answer
from fastsecc.session.iso2 import certificate_service, contract_chain
from fastsecc.session.iso2.context import Iso2Context


def handle(request: CertificateInstallationReq, context: Iso2Context) -> Answer:
    """Answer CertificateInstallationReq with what the back end answers."""
    if context.waiting_since is None:
        certificate_service.check_offer("Installation", context)
        _check(request, context)
        certificate_service.ask(CertificateActionEnum.Install, context)
    return certificate_service.answer(CertificateInstallationRes, context)


def _check(request: CertificateInstallationReq, context: Iso2Context) -> None:
    """Spare the back end what is wrong for everybody to see."""
    try:
        (leaf,) = chain.load([request.OEMProvisioningCert])
        certificate_service.check_signature(request, leaf, context)
        contract_chain.check_vehicle(leaf, context)
    except CertificateError as error:
        raise ProtocolError(error.iso2_code, str(error)) from None
