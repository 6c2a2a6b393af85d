"""ServiceDetail: the parameter sets of a service."""

from __future__ import annotations

from collections.abc import Mapping

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import (
    MessageHeaderType,
    ParameterSetType,
    ParameterType,
    ResponseCodeType,
    ServiceDetailReq,
    ServiceDetailRes,
    ServiceParameterListType,
)
from fastsecc.session.context import Answer
from fastsecc.session.iso20 import vas
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.numbers import rational
from fastsecc.session.iso20.parameter_sets import OfferedSet, energy_sets
from fastsecc.session.iso20.settings import ParameterValue
from fastsecc.session.iso20.states import State


def handle(request: ServiceDetailReq, context: Iso20Context) -> Answer:
    """Answer ServiceDetailReq; what was said of a service can be selected from then on."""
    sets = _sets(request.ServiceID, context)
    context.details[request.ServiceID] = sets
    return Answer(respond(context.header, request.ServiceID, sets), State.SERVICE_SELECTION)


def respond(header: MessageHeaderType, service_id: int, sets: Mapping[int, OfferedSet]) -> ServiceDetailRes:
    """Build the response that tells of parameter sets by their ids."""
    return ServiceDetailRes(
        Header=header,
        ResponseCode=ResponseCodeType.OK,
        ServiceID=service_id,
        ServiceParameterList=ServiceParameterListType(
            ParameterSet=[_parameter_set(number, offered) for number, offered in sets.items()]
        ),
    )


def _sets(service_id: int, context: Iso20Context) -> dict[int, OfferedSet]:
    for service in context.offered_energy:
        if service.id == service_id:
            return energy_sets(service, context.charger, context.settings.iso20)
    if service_id in context.offered_vas:
        return vas.parameter_sets(service_id, context.settings.iso20)
    raise ProtocolError("FAILED_ServiceIDInvalid", f"service {service_id} is not offered")


def _parameter_set(number: int, offered: OfferedSet) -> ParameterSetType:
    parameters = [_parameter(name, value) for name, value in offered.parameters.items()]
    return ParameterSetType(ParameterSetID=number, Parameter=parameters)


def _parameter(name: str, value: ParameterValue) -> ParameterType:
    match value:
        case bool():
            return ParameterType(Name=name, boolValue=value)
        case int():
            return ParameterType(Name=name, intValue=value)
        case float():
            return ParameterType(Name=name, rationalNumber=rational(value))
        case str():
            return ParameterType(Name=name, finiteString=value)
