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
    ServiceType,
    SupportedEnergyTransferModeType,
)
from fastsecc.session.context import Answer
from fastsecc.session.iso2 import certificate_service, sae_j2847
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.states import State

CHARGE_SERVICE_ID = 1
MAX_ENERGY_TRANSFER_MODES = 6
DEFAULT_MODES = {"ac": EnergyTransferModeType.AC_single_phase_core, "dc": EnergyTransferModeType.DC_extended}


def handle(request: ServiceDiscoveryReq, context: Iso2Context) -> Answer:
    """Answer ServiceDiscoveryReq; no service has a scope that ServiceScope could filter by."""
    context.charge_service = charge_service(context)
    context.payment_options = tuple(payment_option_list(context).PaymentOption)
    context.certificate_service = _can_give_certificates(context)
    response = ServiceDiscoveryRes(
        ResponseCode=ResponseCodeType.OK,
        PaymentOptionList=payment_option_list(context),
        ChargeService=context.charge_service,
        ServiceList=_service_list(request, context),
    )
    return Answer(response, State.PAYMENT_SERVICE_SELECTION)


def _service_list(request: ServiceDiscoveryReq, context: Iso2Context) -> ServiceListType | None:
    """Give the services beside charging, of the category that the EV asks for."""
    wanted = [service for service in _services(context) if request.ServiceCategory in (None, service.ServiceCategory)]
    return ServiceListType(Service=wanted) if wanted else None


def _services(context: Iso2Context) -> list[ServiceType]:
    offered = (certificate_service.service(context), sae_j2847.service(context))
    return [service for service in offered if service is not None]


def service_ids(context: Iso2Context) -> set[int]:
    """Give the ids of all services that are offered."""
    return {CHARGE_SERVICE_ID, *(service.ServiceID for service in _services(context))}


def payment_option_list(context: Iso2Context) -> PaymentOptionListType:
    """Give the payment options as they were offered first; in a resumed session the one of the paused session.

    Contract needs TLS.
    """
    options = context.payment_options or context.charger.payment_options
    if context.joined is not None:
        options = context.joined.payment_options
    possible = [PaymentOptionType(option) for option in options if context.secure or option != "Contract"]
    return PaymentOptionListType(PaymentOption=possible or [PaymentOptionType.ExternalPayment])


def _can_give_certificates(context: Iso2Context) -> bool:
    """Tell whether an EV may come for a contract certificate; one that resumes has its own."""
    contract = PaymentOptionType.Contract in context.payment_options
    return contract and context.joined is None and context.charger.supported_certificate_service


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
