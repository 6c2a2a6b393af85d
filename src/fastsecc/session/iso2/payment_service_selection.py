"""PaymentServiceSelection: how the EV will pay, and for what."""

from __future__ import annotations

from fastsecc.charger.enums import PaymentOption
from fastsecc.errors import ProtocolError
from fastsecc.messages.iso2 import PaymentServiceSelectionReq, PaymentServiceSelectionRes, ResponseCodeType
from fastsecc.session.context import Answer
from fastsecc.session.iso2 import certificate_service, sae_j2847
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.service_discovery import CHARGE_SERVICE_ID, payment_option_list, service_ids
from fastsecc.session.iso2.states import State


def handle(request: PaymentServiceSelectionReq, context: Iso2Context) -> Answer:
    """Answer PaymentServiceSelectionReq."""
    _check(request, context)
    context.payment_option = request.SelectedPaymentOption
    context.asked_to_pay_at = context.now
    context.publish("selected_payment_option", PaymentOption(request.SelectedPaymentOption))
    sae_j2847.select(request, context)
    return Answer(PaymentServiceSelectionRes(ResponseCode=ResponseCodeType.OK), _next(context))


def _next(context: Iso2Context) -> State:
    if context.payment_option != PaymentOption.Contract:
        return State.AUTHORIZATION
    certificates = certificate_service.offers_any(context)
    return State.PAYMENT_DETAILS_OR_CERTIFICATE if certificates else State.PAYMENT_DETAILS


def _check(request: PaymentServiceSelectionReq, context: Iso2Context) -> None:
    services = {service.ServiceID for service in request.SelectedServiceList.SelectedService}
    if CHARGE_SERVICE_ID not in services:  # [V2G2-804], wins over the codes below
        raise ProtocolError("FAILED_NoChargeServiceSelected", "the charge service is not selected")
    if not services <= service_ids(context):  # [V2G2-467]
        raise ProtocolError("FAILED_ServiceSelectionInvalid", f"services {sorted(services)} are not all offered")
    if request.SelectedPaymentOption not in payment_option_list(context).PaymentOption:  # [V2G2-465]
        raise ProtocolError("FAILED_PaymentSelectionInvalid", f"{request.SelectedPaymentOption} is not offered")
