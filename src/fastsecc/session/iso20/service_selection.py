"""ServiceSelection: what the EV wants, in which parameter set."""

from __future__ import annotations

from fastsecc.charger.enums import (
    BptChannel,
    Connector,
    ControlMode,
    GeneratorMode,
    MobilityNeedsMode,
    Pricing,
    ServiceCategory,
)
from fastsecc.charger.payloads import SelectedServiceParameters
from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import ResponseCodeType, SelectedServiceType, ServiceSelectionReq, ServiceSelectionRes
from fastsecc.session.context import Answer
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.parameter_sets import OfferedSet
from fastsecc.session.iso20.states import CHARGE_PARAMETER_DISCOVERY

PRICING = {"none": Pricing.NoPricing, "absolute": Pricing.AbsolutePricing, "levels": Pricing.PriceLevels}


def handle(request: ServiceSelectionReq, context: Iso20Context) -> Answer:
    """Answer ServiceSelectionReq."""
    energy = request.SelectedEnergyTransferService
    if energy.ServiceID not in {service.id for service in context.offered_energy}:
        raise ProtocolError("FAILED_NoEnergyTransferServiceSelected", f"energy service {energy.ServiceID}")
    selection = _offered(energy, context).selection
    assert selection is not None
    added = request.SelectedVASList.SelectedService if request.SelectedVASList is not None else []
    vas = {}
    for service in added:
        if service.ServiceID not in context.offered_vas:
            raise ProtocolError("FAILED_ServiceSelectionInvalid", f"service {service.ServiceID} is not offered")
        vas[service.ServiceID] = _offered(service, context)
    context.selected, context.selected_vas = selection, vas
    publish_selection(context)
    response = ServiceSelectionRes(Header=context.header, ResponseCode=ResponseCodeType.OK)
    return Answer(response, CHARGE_PARAMETER_DISCOVERY[selection.energy])


def _offered(service: SelectedServiceType, context: Iso20Context) -> OfferedSet:
    """Find the parameter set; the EV can only know it from a ServiceDetailRes."""
    offered = context.details.get(service.ServiceID, {}).get(service.ParameterSetID)
    if offered is None:
        raise ProtocolError(
            "FAILED_ServiceSelectionInvalid",
            f"parameter set {service.ParameterSetID} of service {service.ServiceID} was not offered",
        )
    return offered


def publish_selection(context: Iso20Context) -> None:
    """Tell the charger which service the session is about."""
    selected = context.service
    context.publish(
        "selected_service_parameters",
        SelectedServiceParameters(
            energy_transfer=ServiceCategory(selected.category),
            connector=Connector(selected.connector),
            control_mode=ControlMode(f"{selected.control_mode}Control"),
            mobility_needs_mode=MobilityNeedsMode(selected.mobility_needs),
            pricing=PRICING[selected.pricing],
            bpt_channel=None if selected.bpt_channel is None else BptChannel(selected.bpt_channel),
            generator_mode=None if selected.generator_mode is None else GeneratorMode(selected.generator_mode),
        ),
    )
