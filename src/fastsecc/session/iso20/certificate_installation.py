"""CertificateInstallation: a back end gives the EV its contract certificates, one with each response.

The EV asks again for each further one (RemainingContractCertificateChains), and while the back end is at work.
"""

from __future__ import annotations

import base64
from typing import Final

from fastsecc import exi
from fastsecc.charger.enums import CertificateActionEnum
from fastsecc.charger.extensions import MAX_EXI_CHARS, RequestExiStreamSchema
from fastsecc.charger.state import CertificateResponse
from fastsecc.errors import CertificateError, DecodeError, ProtocolError, SignatureError
from fastsecc.messages.iso20 import (
    CertificateInstallationReq,
    CertificateInstallationRes,
    ProcessingType,
    ResponseCodeType,
)
from fastsecc.messages.iso20.common_messages import NAMESPACE
from fastsecc.security.signature import Part, verify
from fastsecc.session.api import V2G_SECC_Ongoing_Performance_Time_s
from fastsecc.session.context import Answer, Passed
from fastsecc.session.iso20 import contract_chain
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.contract_requests import Installation
from fastsecc.session.refusal import refuse

BACK_END_TIMEOUT_s: Final = 4.5
"""How long a response may wait for the back end: the EV waits five seconds for it."""


class BackEndError(Exception):
    """A request that no back end can be asked, or an answer of it that is none for the EV."""


def handle(request: CertificateInstallationReq, context: Iso20Context) -> Answer:
    """Answer CertificateInstallationReq with what the back end answers."""
    try:
        if context.waiting_since is None:
            _check(request, context)
            _ask(request, context)
        return _answer(context)
    except CertificateError as error:
        context.log(f"CertificateInstallationReq: {error}")
        return _nothing(ResponseCodeType(error.iso20_code), context)
    except BackEndError as error:
        context.log(f"CertificateInstallationReq: {error}")
        return _nothing(ResponseCodeType.WARNING_NoCertificateAvailable, context)


def _answer(context: Iso20Context) -> Answer:
    given, asked = context.charger.certificate_response, context.installation
    assert asked is not None
    if given is None:
        return _wait(asked, context)
    context.installation, context.charger.certificate_response = None, None
    return _pass(given, context)


def _check(request: CertificateInstallationReq, context: Iso20Context) -> None:
    """Spare the back end what is wrong for everybody to see.

    Raises:
        CertificateError: of the vehicle's certificates.
        ProtocolError: FAILED_SignatureError.
    """
    shown = request.OEMProvisioningCertificateChain
    vehicle = contract_chain.check_vehicle(shown, context)
    try:
        verify(context.received_signature, [Part(shown)], vehicle.public_key(), contract_chain.algorithms(context))
    except SignatureError as error:
        raise ProtocolError("FAILED_SignatureError", str(error)) from None


def _ask(request: CertificateInstallationReq, context: Iso20Context) -> None:
    """Hand the request to the back end as it came, unless it is at work on it already.

    Raises:
        BackEndError: it is longer than the interface has room for.
    """
    wish = request.OEMProvisioningCertificateChain, request.MaximumContractCertificateChains, request.PrioritizedEMAIDs
    if context.installation is not None and context.installation.wish == wish:
        return
    text = base64.b64encode(context.received_exi).decode()
    if len(text) > MAX_EXI_CHARS:
        raise BackEndError(
            f"the request has {len(text)} characters in Base64, and at most {MAX_EXI_CHARS} can be asked"
        )
    context.installation = Installation(wish, context.now)
    context.charger.certificate_response = None  # an earlier answer is none to this request
    asked = RequestExiStreamSchema(
        exi_request=text,
        iso15118_schema_version=NAMESPACE,
        certificate_action=CertificateActionEnum.Install,
    )
    context.publish("iso15118_certificate_request", asked)


def _wait(asked: Installation, context: Iso20Context) -> Answer:
    """Hold the response back as long as the EV waits for it, then let it ask again.

    Raises:
        BackEndError: it has asked for too long.
    """
    until = (context.now if context.waiting_since is None else context.waiting_since) + BACK_END_TIMEOUT_s
    if context.now - asked.since >= V2G_SECC_Ongoing_Performance_Time_s:
        context.installation = None
        raise BackEndError("no answer from the back end")
    if context.now >= until:
        return _nothing(ResponseCodeType.OK, context, ProcessingType.Ongoing)
    return Answer(None, hold_until=until)


def _pass(given: CertificateResponse, context: Iso20Context) -> Answer:
    """Pass on what the back end answered, as it is: it knows the session by the request.

    Raises:
        BackEndError: it is no answer for this EV.
    """
    if given.status != "Accepted" or not given.exi_response:
        raise BackEndError(f"the back end says {given.status}")
    try:
        octets = base64.b64decode(given.exi_response, validate=True)
        message = exi.decode(octets, "iso20")
    except (ValueError, DecodeError) as error:
        raise BackEndError(f"the back end's answer cannot be read: {error}") from None
    if not isinstance(message, CertificateInstallationRes):
        raise BackEndError(f"the back end's answer is a {type(message).__name__}")
    if message.Header.SessionID != context.session_id:
        raise BackEndError(f"the back end's answer is for session {message.Header.SessionID.hex()}")
    return Answer(message, passed=Passed(message, octets))


def _nothing(
    code: ResponseCodeType, context: Iso20Context, processing: ProcessingType = ProcessingType.Finished
) -> Answer:
    """Answer without a certificate; what the response cannot do without is neutral."""
    known = {"Header": context.header, "EVSEProcessing": processing}
    return Answer(refuse(CertificateInstallationRes, code, known))
