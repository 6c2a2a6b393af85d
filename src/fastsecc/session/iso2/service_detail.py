"""ServiceDetail: the parameters of a service."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso2 import ResponseCodeType, ServiceDetailReq, ServiceDetailRes
from fastsecc.session.context import Answer
from fastsecc.session.iso2 import certificate_service
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.service_discovery import service_ids


def handle(request: ServiceDetailReq, context: Iso2Context) -> Answer:
    """Answer ServiceDetailReq; of our services only that of certificates has parameters."""
    if request.ServiceID not in service_ids(context):
        raise ProtocolError("FAILED_ServiceIDInvalid", f"service {request.ServiceID} is not offered")  # [V2G2-464]
    response = ServiceDetailRes(ResponseCode=ResponseCodeType.OK, ServiceID=request.ServiceID)
    if request.ServiceID == certificate_service.SERVICE_ID:
        response.ServiceParameterList = certificate_service.parameters(context)
    return Answer(response)
