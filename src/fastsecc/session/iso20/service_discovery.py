"""ServiceDiscovery: which kinds of energy transfer there are, and what else the site offers."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import (
    ResponseCodeType,
    ServiceDiscoveryReq,
    ServiceDiscoveryRes,
    ServiceListType,
    ServiceType,
)
from fastsecc.session.context import Answer
from fastsecc.session.iso20 import vas
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.states import State

MAX_SERVICES = 8


def handle(request: ServiceDiscoveryReq, context: Iso20Context) -> Answer:
    """Answer ServiceDiscoveryReq with the services that the EV supports; one that names none gets all."""
    energy, free = context.energy_services, vas.services(context.settings.iso20)
    if request.SupportedServiceIDs is not None:
        context.supported_services = tuple(request.SupportedServiceIDs.ServiceID)
        supported = set(context.supported_services)
        energy = tuple(service for service in energy if service.id in supported)
        free = {service: is_free for service, is_free in free.items() if service in supported}
        if not energy:
            raise ProtocolError("FAILED", f"the EV supports {sorted(supported)}, which has no energy service of ours")
    context.offered_energy, context.offered_vas = energy, tuple(free)[:MAX_SERVICES]
    response = ServiceDiscoveryRes(
        Header=context.header,
        ResponseCode=ResponseCodeType.OK,
        ServiceRenegotiationSupported=context.settings.iso20.service_renegotiation,
        EnergyTransferServiceList=energy_service_list(context),
        VASList=_service_list({service: free[service] for service in context.offered_vas}) if free else None,
    )
    return Answer(response, State.SERVICE_DETAIL)


def energy_service_list(context: Iso20Context) -> ServiceListType:
    """List the energy services that were offered; before that, those that will be."""
    services = context.offered_energy or context.energy_services
    return _service_list({service.id: False for service in services[:MAX_SERVICES]})


def _service_list(services: dict[int, bool]) -> ServiceListType:
    return ServiceListType(
        Service=[ServiceType(ServiceID=service, FreeService=free) for service, free in services.items()]
    )
