"""The certificate service: a back end answers the EV's request for a contract certificate, through the charger."""

from __future__ import annotations

import base64
from typing import Final

from fastsecc import exi
from fastsecc.charger.enums import CertificateActionEnum, ExiStreamStatus
from fastsecc.charger.extensions import MAX_EXI_CHARS, RequestExiStreamSchema
from fastsecc.charger.state import CertificateResponse
from fastsecc.errors import DecodeError, ProtocolError, SignatureError
from fastsecc.messages.iso2 import (
    ParameterSetType,
    ParameterType,
    ServiceCategoryType,
    ServiceParameterListType,
    ServiceType,
    V2G_Message,
)
from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.messages.schema import Type
from fastsecc.security.chain import Certificate
from fastsecc.security.signature import ISO2, Part, verify
from fastsecc.session.context import Answer, Passed
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.settings import CertificateServiceName
from fastsecc.session.iso2.states import State

SERVICE_ID: Final = 2
PARAMETER_SET_IDS: Final = {"Installation": 1, "Update": 2}
PARAMETER_NAME: Final = "Service"
BACK_END_TIMEOUT_s: Final = 4.5
"""How long the back end may take: the EV waits five seconds."""
SCHEMA_VERSION: Final = NAMESPACES["iso2"].uri


def service(context: Iso2Context) -> ServiceType | None:
    """Describe the service; None: there is no contract to get here, or nobody to get it from."""
    if not offers_any(context):
        return None
    return ServiceType(
        ServiceID=SERVICE_ID,
        ServiceName="Certificate",
        ServiceCategory=ServiceCategoryType.ContractCertificate,
        FreeService=True,
    )


def parameters(context: Iso2Context) -> ServiceParameterListType:
    """List what the service can do."""
    sets = [
        ParameterSetType(
            ParameterSetID=PARAMETER_SET_IDS[name], Parameter=[ParameterType(Name=PARAMETER_NAME, stringValue=name)]
        )
        for name in context.settings.iso2.certificate_services
    ]
    return ServiceParameterListType(ParameterSet=sets)


def offers_any(context: Iso2Context) -> bool:
    """Tell whether the service is offered in this session."""
    return context.certificate_service and bool(context.settings.iso2.certificate_services)


def offers(context: Iso2Context, name: CertificateServiceName) -> bool:
    """Tell whether the service that is offered can do this."""
    return offers_any(context) and name in context.settings.iso2.certificate_services


def check_offer(name: CertificateServiceName, context: Iso2Context) -> None:
    """Refuse what the service was not said to do [V2G2-736].

    Raises:
        ProtocolError: FAILED.
    """
    if not offers(context, name):
        raise ProtocolError("FAILED", f"{name} is not offered")


def check_signature(request: Type, leaf: Certificate, context: Iso2Context) -> None:
    """Refuse a request that is not signed with its own certificate's key.

    Raises:
        ProtocolError: FAILED_SignatureError.
    """
    try:
        verify(context.received_signature, [Part(request)], leaf.public_key(), ISO2)
    except SignatureError as error:
        raise ProtocolError(error.iso2_code, str(error)) from None


def ask(action: CertificateActionEnum, context: Iso2Context) -> None:
    """Hand the EV's request to the back end, as it came; an earlier answer is none to it.

    Raises:
        ProtocolError: it is longer than the interface has room for.
    """
    text = base64.b64encode(context.received_exi).decode()
    if len(text) > MAX_EXI_CHARS:
        raise ProtocolError("FAILED", f"{len(text)} characters in Base64, and at most {MAX_EXI_CHARS} can be asked")
    context.charger.certificate_response = None
    context.publish(
        "iso15118_certificate_request",
        RequestExiStreamSchema(
            exi_request=text,
            iso15118_schema_version=SCHEMA_VERSION,
            certificate_action=action,
        ),
    )


def answer(response: type[Type], context: Iso2Context) -> Answer:
    """Pass on what the back end answered, or wait for it.

    Args:
        response: class of its body element.
        context: of the session.
    """
    given = context.charger.certificate_response
    if given is not None:
        return _pass(_octets(given), response)
    until = (context.now if context.waiting_since is None else context.waiting_since) + BACK_END_TIMEOUT_s
    if context.now >= until:
        raise ProtocolError("FAILED", f"no answer from the back end within {BACK_END_TIMEOUT_s:g} s")
    return Answer(None, hold_until=until)


def _octets(given: CertificateResponse) -> bytes:
    """Give the octets of an answer.

    Raises:
        ProtocolError: there are none.
    """
    if given.status != ExiStreamStatus.Accepted or not given.exi_response:
        raise ProtocolError("FAILED_NoCertificateAvailable", f"the back end says {given.status}")
    try:
        return base64.b64decode(given.exi_response, validate=True)
    except ValueError as error:
        raise ProtocolError("FAILED", f"the back end's answer is no Base64: {error}") from None


def _pass(octets: bytes, response: type[Type]) -> Answer:
    try:
        message = exi.decode(octets, "iso2")
    except DecodeError as error:
        raise ProtocolError("FAILED", f"the back end's answer cannot be decoded: {error}") from None
    body = message.Body.BodyElement if isinstance(message, V2G_Message) else message
    if type(body) is not response:
        raise ProtocolError("FAILED", f"the back end's answer is a {type(body).__name__}")
    return Answer(body, State.PAYMENT_DETAILS, passed=Passed(message, octets))
