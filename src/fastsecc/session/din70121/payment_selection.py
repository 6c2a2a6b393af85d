"""ServicePaymentSelection: the charge service and nothing else, paid for outside of the session."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages import din70121 as din
from fastsecc.session.context import Answer, Context
from fastsecc.session.din70121.service_discovery import CHARGE_SERVICE_ID
from fastsecc.session.din70121.states import State


def handle(request: din.ServicePaymentSelectionReq, context: Context) -> Answer:
    """Check what the EV has chosen."""
    if request.SelectedPaymentOption != din.PaymentOptionType.ExternalPayment:
        raise ProtocolError("FAILED_PaymentSelectionInvalid", f"{request.SelectedPaymentOption}")  # [V2G-DC-395]
    services = [service.ServiceID for service in request.SelectedServiceList.SelectedService]
    if services != [CHARGE_SERVICE_ID]:
        raise ProtocolError("FAILED_ServiceSelectionInvalid", f"services {services}")  # [V2G-DC-396], [V2G-DC-635]
    return Answer(din.ServicePaymentSelectionRes(ResponseCode=din.ResponseCodeType.OK), State.AUTHORIZATION)
