"""Value-added services: the internet, the parking status, and the site's own."""

from __future__ import annotations

from collections.abc import Mapping

from fastsecc.session.iso20.parameter_sets import MAX_PARAMETER_SETS, OfferedSet
from fastsecc.session.iso20.services import INTERNET_ID, PARKING_STATUS_ID
from fastsecc.session.iso20.settings import Iso20Settings, ParameterValue, Parking

INTERNET_SETS: Mapping[int, tuple[int, str]] = {20: (1, "ftp"), 21: (2, "ftp"), 80: (3, "http"), 443: (4, "https")}
"""Parameter set id and protocol of each port."""
INTENDED_SERVICES = {"VehicleCheckIn": 1, "VehicleCheckOut": 2}
PARKING_STATUS = {"AutoInternal": 1, "AutoExternal": 2, "ManualInternal": 3, "ManualExternal": 4}


def services(settings: Iso20Settings) -> dict[int, bool]:
    """Give the ids of the services that the site offers, and whether each is free."""
    offered = {}
    if settings.internet_ports:
        offered[INTERNET_ID] = False
    if settings.parking:
        offered[PARKING_STATUS_ID] = False
    return offered | {vas.service_id: vas.free for vas in settings.custom_vas}


def parameter_sets(service_id: int, settings: Iso20Settings) -> dict[int, OfferedSet]:
    """Give the parameter sets of a service by their ids."""
    if service_id == INTERNET_ID:
        return dict(_internet(port) for port in settings.internet_ports)
    if service_id == PARKING_STATUS_ID:
        return {number: _parking(parking) for number, parking in enumerate(settings.parking[:MAX_PARAMETER_SETS])}
    sets: Mapping[int, Mapping[str, ParameterValue]] = next(
        vas.parameter_sets for vas in settings.custom_vas if vas.service_id == service_id
    )
    return {number: OfferedSet(parameters) for number, parameters in sets.items()}


def _internet(port: int) -> tuple[int, OfferedSet]:
    number, protocol = INTERNET_SETS[port]
    return number, OfferedSet({"Protocol": protocol, "Port": port})


def _parking(parking: Parking) -> OfferedSet:
    return OfferedSet(
        {
            "IntendedService": INTENDED_SERVICES[parking.intended_service],
            "ParkingStatusType": PARKING_STATUS[parking.parking_status],
        }
    )


def parks(intended_service: str, selected: Mapping[int, OfferedSet]) -> bool:
    """Tell whether the EV selected a parameter set for checking in or out.

    Args:
        intended_service: VehicleCheckIn or VehicleCheckOut.
        selected: parameter sets by service id.
    """
    parking = selected.get(PARKING_STATUS_ID)
    return parking is not None and parking.parameters["IntendedService"] == INTENDED_SERVICES[intended_service]
