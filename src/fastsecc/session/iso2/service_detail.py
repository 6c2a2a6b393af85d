"""ServiceDetail: the parameters of a service."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso2 import ResponseCodeType, ServiceDetailReq, ServiceDetailRes
from fastsecc.session.context import Answer
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.service_discovery import CHARGE_SERVICE_ID


def handle(request: ServiceDetailReq, context: Iso2Context) -> Answer:
    """Answer ServiceDetailReq; the charge service has no parameters."""
    if request.ServiceID != CHARGE_SERVICE_ID:
        raise ProtocolError("FAILED_ServiceIDInvalid", f"service {request.ServiceID} is not offered")  # [V2G2-464]
    return Answer(ServiceDetailRes(ResponseCode=ResponseCodeType.OK, ServiceID=request.ServiceID))
