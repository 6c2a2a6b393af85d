"""The services of ISO 15118-20: which energy services a session offers, and the one that the EV selected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from fastsecc.charger.services import EnergyKind, Iso20Service, iso20_services

INTERNET_ID = 65
PARKING_STATUS_ID = 66


def energy_services(modes: Iterable[str], energy: EnergyKind) -> tuple[Iso20Service, ...]:
    """Give the AC or the DC services that energy transfer modes stand for."""
    return tuple(service for service in iso20_services(modes) if service.energy == energy)


@dataclass(frozen=True, slots=True)
class SelectedService:
    """The energy transfer service that the EV selected, and what its parameter set says."""

    service: int
    parameter_set: int
    category: str
    energy: EnergyKind
    bpt: bool
    mcs: bool
    connector: str
    control_mode: Literal["Scheduled", "Dynamic"]
    mobility_needs: Literal["EVCC", "EVCC_SECC"]
    pricing: Literal["none", "absolute", "levels"]
    bpt_channel: str | None = None
    generator_mode: str | None = None
