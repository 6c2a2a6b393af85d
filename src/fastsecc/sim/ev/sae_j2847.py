"""SAE J2847/2: how an EV of ISO 15118-2 gives energy back, to the grid (V2G) or to a home (V2H)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastsecc.messages import iso2
from fastsecc.sim.ev.phase import StopSession

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev

SERVICES: Final = {28473: "V2G", 28472: "V2H"}


def find_service(ev: Ev, offer: iso2.ServiceListType | None) -> None:
    """Keep the service by which the EV may give energy back.

    Raises:
        StopSession: there is none, and the EV wants one.
    """
    if not ev.settings.bidirectional:
        return
    offered = [service.ServiceID for service in offer.Service] if offer is not None else []
    ev.sae_service_id = next((service for service in offered if service in SERVICES), None)
    if ev.sae_service_id is None:
        raise StopSession("the EVSE offers no service of SAE J2847/2")


def feeds_home(ev: Ev) -> bool:
    """Tell whether the EV gives energy all the time: then its limits are negative from the second answer on."""
    return ev.sae_service_id is not None and SERVICES[ev.sae_service_id] == "V2H" and ev.v2h_discovered


def discharge_current_a(ev: Ev) -> float:
    """Give the current to ask for when energy is to flow out of the EV: a negative number."""
    battery = ev.battery
    if battery.soc_percent <= ev.settings.minimum_soc_percent:
        return 0.0
    limit_a = min(battery.available_current_a, abs(ev.evse_max_current_a))
    if ev.evse_max_power_w is not None:
        limit_a = min(limit_a, abs(ev.evse_max_power_w) / battery.open_circuit_voltage_v)
    return -limit_a
