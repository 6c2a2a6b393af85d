"""ServiceDetail: the parameters of a service."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso2 import ResponseCodeType, ServiceDetailReq, ServiceDetailRes
from fastsecc.session.context import Answer
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.service_discovery import service_ids


def handle(request: ServiceDetailReq, context: Iso2Context) -> Answer:
    """Answer ServiceDetailReq; no service has parameters."""
    if request.ServiceID not in service_ids(context):
        raise ProtocolError("FAILED_ServiceIDInvalid", f"service {request.ServiceID} is not offered")  # [V2G2-464]
    return Answer(ServiceDetailRes(ResponseCode=ResponseCodeType.OK, ServiceID=request.ServiceID))
