"""ServiceDiscovery: how to pay, and which kinds of energy transfer there are."""

from __future__ import annotations

from fastsecc.messages.iso2 import (
    ChargeServiceType,
    EnergyTransferModeType,
    PaymentOptionListType,
    PaymentOptionType,
    ResponseCodeType,
    ServiceCategoryType,
    ServiceDiscoveryReq,
    ServiceDiscoveryRes,
    ServiceListType,
    SupportedEnergyTransferModeType,
)
from fastsecc.session.context import Answer
from fastsecc.session.iso2 import sae_j2847
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.states import State

CHARGE_SERVICE_ID = 1
MAX_ENERGY_TRANSFER_MODES = 6
PAYMENT_OPTIONS: tuple[PaymentOptionType, ...] = (PaymentOptionType.ExternalPayment,)
"""What can be offered without TLS: Contract needs it."""
DEFAULT_MODES = {"ac": EnergyTransferModeType.AC_single_phase_core, "dc": EnergyTransferModeType.DC_extended}


def handle(request: ServiceDiscoveryReq, context: Iso2Context) -> Answer:
    """Answer ServiceDiscoveryReq; no service has a scope that ServiceScope could filter by."""
    context.charge_service = charge_service(context)
    response = ServiceDiscoveryRes(
        ResponseCode=ResponseCodeType.OK,
        PaymentOptionList=payment_option_list(context),
        ChargeService=context.charge_service,
        ServiceList=_service_list(request, context),
    )
    return Answer(response, State.PAYMENT_SERVICE_SELECTION)


def _service_list(request: ServiceDiscoveryReq, context: Iso2Context) -> ServiceListType | None:
    offered = sae_j2847.service(context)
    if offered is None or request.ServiceCategory not in (None, offered.ServiceCategory):
        return None
    return ServiceListType(Service=[offered])


def service_ids(context: Iso2Context) -> set[int]:
    """Give the ids of all services that are offered."""
    offered = sae_j2847.service(context)
    return {CHARGE_SERVICE_ID} if offered is None else {CHARGE_SERVICE_ID, offered.ServiceID}


def payment_option_list(context: Iso2Context) -> PaymentOptionListType:
    """Give the payment options, in a resumed session the one of the paused session."""
    options = PAYMENT_OPTIONS
    if context.joined is not None:
        options = tuple(PaymentOptionType(option) for option in context.joined.payment_options)
    return PaymentOptionListType(PaymentOption=list(options))


def charge_service(context: Iso2Context) -> ChargeServiceType:
    """Describe the charge service, in a resumed session that of the paused session."""
    if context.joined is not None:
        joined: ChargeServiceType = context.joined.charge_service
        return joined
    return ChargeServiceType(
        ServiceID=CHARGE_SERVICE_ID,
        ServiceCategory=ServiceCategoryType.EVCharging,
        FreeService=False,
        SupportedEnergyTransferMode=SupportedEnergyTransferModeType(EnergyTransferMode=_modes(context)),
    )


def _modes(context: Iso2Context) -> list[EnergyTransferModeType]:
    """Pick the modes that the protocol knows and that are of the session's nature, AC or DC."""
    kind = context.energy_kind.upper() + "_"
    known = [mode for mode in context.energy_transfer_modes if mode in set(EnergyTransferModeType)]
    modes = [EnergyTransferModeType(mode) for mode in dict.fromkeys(known) if mode.startswith(kind)]
    return modes[:MAX_ENERGY_TRANSFER_MODES] or [DEFAULT_MODES[context.energy_kind]]
