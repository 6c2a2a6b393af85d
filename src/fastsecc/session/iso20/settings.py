"""The policy of a connector for ISO 15118-20, from its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

V2G_SECC_Sequence_Timeout_loop_s = 0.5
"""How long an EV may be silent in the charge loop [V2G20-1500]."""
ControlModeName = Literal["scheduled", "dynamic"]
MobilityNeedsName = Literal["EVCC", "EVCC_SECC"]
PricingName = Literal["none", "absolute", "levels"]
ParameterValue = bool | int | float | str


@dataclass(frozen=True, slots=True)
class PriceStep:
    """A price and for how long it holds; that of the last step holds on."""

    duration_s: int
    price_per_kwh: float


@dataclass(frozen=True, slots=True)
class Tariff:
    """What energy costs from the moment that a schedule is offered."""

    currency: str
    """Three letters (ISO 4217)."""
    steps: tuple[PriceStep, ...]
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Parking:
    """One parameter set of the parking status service."""

    intended_service: Literal["VehicleCheckIn", "VehicleCheckOut"]
    parking_status: Literal["AutoInternal", "AutoExternal", "ManualInternal", "ManualExternal"]


@dataclass(frozen=True, slots=True)
class CustomVas:
    """A value-added service of the site's own."""

    service_id: int
    parameter_sets: Mapping[int, Mapping[str, ParameterValue]]
    """Name and value of each parameter, by parameter set id."""
    free: bool = False


@dataclass(frozen=True, slots=True)
class Iso20Settings:
    """What the site offers beyond what the charger's cmds say."""

    control_modes: tuple[ControlModeName, ...] = ("scheduled", "dynamic")
    """In the order in which parameter sets are offered; so are the next two."""
    mobility_needs: tuple[MobilityNeedsName, ...] = ("EVCC", "EVCC_SECC")
    """For the dynamic control mode; in the scheduled one they are always the EV's."""
    pricing: tuple[PricingName, ...] = ("none", "absolute", "levels")
    """Without a tariff there is only `none`."""
    tariff: Tariff | None = None
    price_schedule_key: str | None = None
    """PEM file of the key that signs price schedules for an EV with a contract; None: they are not signed."""
    supported_providers: tuple[str, ...] = ()
    """Provider identifiers (`DE8AA`) whose contracts are taken; none: all are, and the EV is told of none."""
    metering_confirmation_interval_s: float = 60.0
    """How often an EV with a contract signs for the meter reading, where receipts are required."""
    service_renegotiation: bool = True
    standby_allowed: bool = False
    loop_sequence_timeout_s: float = V2G_SECC_Sequence_Timeout_loop_s
    departure_time_s: int | None = None
    """When the site wants the EV to go, seconds from now; for EVCC_SECC, as the next two."""
    target_soc_percent: int | None = None
    minimum_soc_percent: int | None = None
    internet_ports: tuple[Literal[20, 21, 80, 443], ...] = ()
    """Ports of the internet service; none: it is not offered."""
    parking: tuple[Parking, ...] = ()
    """Parameter sets of the parking status service; none: it is not offered."""
    custom_vas: tuple[CustomVas, ...] = ()
