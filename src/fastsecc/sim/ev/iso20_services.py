"""ISO 15118-20 services: which the SECC offers, with which parameters, and which the EV selects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from fastsecc.messages import iso20
from fastsecc.sim.ev.phase import Phase, StopSession
from fastsecc.sim.ev.values import number

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev
    from fastsecc.sim.ev.settings import EvSettings

ENERGY_SERVICES: Final = {"ac": 1, "dc": 2, "ac-bpt": 5, "dc-bpt": 6, "mcs": 8, "mcs-bpt": 9}
CONTROL_MODES: Final = {"scheduled": 1, "dynamic": 2}
MOBILITY_NEEDS_MODES: Final = {"EVCC": 1, "EVCC_SECC": 2}
PRICINGS: Final = {"none": 0, "absolute": 1, "levels": 2}
SINGLE_PHASE: Final = 1
CONNECTORS: Final = {"dc": (2, 1, 3, 4), "mcs": (1,)}
"""Those that fit this EV, the best first."""
AC_CONNECTORS: Final = {1: (SINGLE_PHASE,), 3: (3, 2, SINGLE_PHASE)}
AC_VOLTAGE_V: Final = 230.0
"""Where the SECC does not say."""

Parameters = dict[str, object]


def select_services(ev: Ev) -> Phase[None]:
    """Find the energy transfer service that the EV wants, and select it with the value-added services that it wants."""
    offer = yield from ev.ask(iso20.ServiceDiscoveryReq(Header=ev.header))
    ev.terms.service_renegotiation = offer.ServiceRenegotiationSupported
    wanted = ENERGY_SERVICES[ev.settings.energy]
    offered = [service.ServiceID for service in offer.EnergyTransferServiceList.Service]
    if wanted not in offered:
        raise StopSession(f"the EVSE offers services {', '.join(map(str, offered))}, not {wanted}")
    sets = yield from service_detail(ev, wanted)
    ev.terms.service_id = wanted
    ev.terms.parameter_set_id, ev.terms.parameters = choose(ev.settings, sets)
    take_ac_parameters(ev)
    selected = iso20.SelectedServiceType(ServiceID=wanted, ParameterSetID=ev.terms.parameter_set_id)
    extras = (yield from value_added_services(ev, offer.VASList)) if ev.settings.value_added_services else []
    ev.terms.value_added_services = [extra.ServiceID for extra in extras]
    yield from ev.ask(
        iso20.ServiceSelectionReq(
            Header=ev.header,
            SelectedEnergyTransferService=selected,
            SelectedVASList=iso20.SelectedServiceListType(SelectedService=extras) if extras else None,
        )
    )


def service_detail(ev: Ev, service_id: int) -> Phase[dict[int, Parameters]]:
    """Ask for a service's parameter sets, by their ids."""
    response = yield from ev.ask(iso20.ServiceDetailReq(Header=ev.header, ServiceID=service_id))
    return {
        offered.ParameterSetID: {parameter.Name: value_of(parameter) for parameter in offered.Parameter}
        for offered in response.ServiceParameterList.ParameterSet
    }


def value_added_services(ev: Ev, offer: iso20.ServiceListType | None) -> Phase[list[iso20.SelectedServiceType]]:
    """Take the first parameter set of every value-added service."""
    taken = []
    for service in offer.Service if offer is not None else ():
        sets = yield from service_detail(ev, service.ServiceID)
        taken.append(iso20.SelectedServiceType(ServiceID=service.ServiceID, ParameterSetID=next(iter(sets))))
    return taken


def choose(wishes: EvSettings, sets: dict[int, Parameters]) -> tuple[int, Parameters]:
    """Take the first parameter set that is as the EV wants, of the connector that suits it best.

    Raises:
        StopSession: there is none.
    """
    required: Parameters = {
        "ControlMode": CONTROL_MODES[wishes.control],
        "MobilityNeedsMode": MOBILITY_NEEDS_MODES[wishes.mobility_needs],
    }
    if wishes.pricing is not None:
        required["Pricing"] = PRICINGS[wishes.pricing]
    for connector in connectors(wishes):
        for set_id, parameters in sets.items():
            if required.items() <= parameters.items() and parameters.get("Connector") == connector:
                return set_id, parameters
    what = ", ".join(f"{name} {value}" for name, value in required.items())
    raise StopSession(f"the EVSE offers no parameter set with {what}")


def connectors(wishes: EvSettings) -> Iterable[int]:
    """Give the values of parameter `Connector` that suit the EV, the best first."""
    if wishes.is_ac:
        return AC_CONNECTORS[wishes.ac_phases]
    return CONNECTORS["mcs" if wishes.is_megawatt else "dc"]


def take_ac_parameters(ev: Ev) -> None:
    """Keep what an AC service says of the grid."""
    if ev.settings.is_ac:
        voltage_v = ev.terms.parameters.get("EVSENominalVoltage", AC_VOLTAGE_V)
        ev.evse_max_voltage_v = float(voltage_v) if isinstance(voltage_v, int | float) else AC_VOLTAGE_V
        ev.single_phase = ev.terms.parameters.get("Connector") == SINGLE_PHASE


def value_of(parameter: iso20.ParameterType) -> Any:
    """Give a parameter's value, of whatever kind it is."""
    if parameter.rationalNumber is not None:
        return number(parameter.rationalNumber)
    kinds = ("boolValue", "byteValue", "shortValue", "intValue", "finiteString")
    return next((value for kind in kinds if (value := getattr(parameter, kind)) is not None), None)
