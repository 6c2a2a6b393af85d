"""ServiceDiscovery: DC charging, paid for outside of the session."""

from __future__ import annotations

from fastsecc.messages import din70121 as din
from fastsecc.session.context import Answer, Context
from fastsecc.session.din70121.states import State

CHARGE_SERVICE_ID = 1
ENERGY_TRANSFER_TYPES = ("DC_core", "DC_extended")


def handle(request: din.ServiceDiscoveryReq, context: Context) -> Answer:
    """Offer the charge service, whatever scope and category are asked for: it is mandatory in the response."""
    tag = din.ServiceTagType(ServiceID=CHARGE_SERVICE_ID, ServiceCategory=din.ServiceCategoryType.EVCharging)
    response = din.ServiceDiscoveryRes(
        ResponseCode=din.ResponseCodeType.OK,
        PaymentOptions=din.PaymentOptionsType(PaymentOption=[din.PaymentOptionType.ExternalPayment]),
        ChargeService=din.ServiceChargeType(
            ServiceTag=tag, FreeService=False, EnergyTransferType=energy_transfer_type(context)
        ),
    )
    return Answer(response, State.PAYMENT_SELECTION)


def energy_transfer_type(context: Context) -> din.EVSESupportedEnergyTransferType:
    """Give the one type that is offered: cars expect DC_extended where the charger names no DC type of DIN 70121."""
    first = next(iter(context.energy_transfer_modes), "")
    return din.EVSESupportedEnergyTransferType(first if first in ENERGY_TRANSFER_TYPES else "DC_extended")
