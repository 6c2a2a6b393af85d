"""The parameter sets of energy services (section D.4.4 of the interface's semantics)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from fastsecc.charger.services import Iso20Service
from fastsecc.charger.state import ChargerState
from fastsecc.session.iso20.services import SelectedService
from fastsecc.session.iso20.settings import Iso20Settings, MobilityNeedsName, ParameterValue, PricingName

MAX_PARAMETER_SETS = 32
Numbers = Mapping[str, int]

AC_CONNECTORS: Numbers = {"SinglePhase": 1, "ThreePhase": 3}
DC_CONNECTOR = ("Extended", 2)
MCS_CONNECTOR = ("Mcs", 1)
CONTROL_MODES: Numbers = {"Scheduled": 1, "Dynamic": 2}
MOBILITY_NEEDS: Numbers = {"EVCC": 1, "EVCC_SECC": 2}
PRICING: Numbers = {"none": 0, "absolute": 1, "levels": 2}
BPT_CHANNELS: Numbers = {"Unified": 1, "Separated": 2}
GENERATOR_MODES: Numbers = {"GridFollowing": 1, "GridForming": 2}
ISLANDING_DETECTION: Numbers = {"Active": 1, "Passive": 2}


@dataclass(frozen=True, slots=True)
class OfferedSet:
    """A parameter set as ServiceDetailRes says it."""

    parameters: Mapping[str, ParameterValue]
    selection: SelectedService | None = None
    """What selecting it means; None for a value-added service."""


def energy_sets(service: Iso20Service, charger: ChargerState, settings: Iso20Settings) -> dict[int, OfferedSet]:
    """Give the parameter sets of an energy service by their ids, which count from 0."""
    selections = _selections(service, charger, settings)
    return {
        selection.parameter_set: OfferedSet(_parameters(selection, charger), selection)
        for selection, _ in zip(selections, range(MAX_PARAMETER_SETS), strict=False)
    }


def _selections(service: Iso20Service, charger: ChargerState, settings: Iso20Settings) -> Iterator[SelectedService]:
    number = 0
    for connector in _connectors(service, charger):
        for mode, needs in _modes(settings):
            for pricing in _pricing(settings):
                yield SelectedService(
                    service=service.id,
                    parameter_set=number,
                    category=service.category,
                    energy=service.energy,
                    bpt=service.bpt,
                    mcs=service.mcs,
                    connector=connector,
                    control_mode=mode,
                    mobility_needs=needs,
                    pricing=pricing,
                    bpt_channel=charger.bpt.channel if service.bpt else None,
                    generator_mode=charger.bpt.generator_mode if service.bpt else None,
                )
                number += 1


def _connectors(service: Iso20Service, charger: ChargerState) -> list[str]:
    if service.energy == "ac":
        return [name for name in dict.fromkeys(charger.ac_connectors) if name in AC_CONNECTORS] or ["SinglePhase"]
    return [(MCS_CONNECTOR if service.mcs else DC_CONNECTOR)[0]]


def _modes(settings: Iso20Settings) -> Iterator[tuple[Literal["Scheduled", "Dynamic"], MobilityNeedsName]]:
    """Pair control and mobility needs modes; a schedule keeps to the EV's needs alone."""
    for mode in settings.control_modes:
        if mode == "scheduled":
            yield "Scheduled", "EVCC"
        else:
            yield from (("Dynamic", needs) for needs in settings.mobility_needs)


def _pricing(settings: Iso20Settings) -> tuple[PricingName, ...]:
    return settings.pricing if settings.tariff is not None else ("none",)


def _parameters(selection: SelectedService, charger: ChargerState) -> Mapping[str, ParameterValue]:
    connectors = AC_CONNECTORS if selection.energy == "ac" else dict([DC_CONNECTOR, MCS_CONNECTOR])
    parameters: dict[str, ParameterValue] = {
        "Connector": connectors[selection.connector],
        "ControlMode": CONTROL_MODES[selection.control_mode],
        "MobilityNeedsMode": MOBILITY_NEEDS[selection.mobility_needs],
        "Pricing": PRICING[selection.pricing],
    }
    if selection.energy == "ac":
        parameters["EVSENominalVoltage"] = round(charger.ac_grid.nominal_voltage_v)
    if selection.bpt:
        parameters["BPTChannel"] = BPT_CHANNELS[charger.bpt.channel]
        parameters["GeneratorMode"] = GENERATOR_MODES[charger.bpt.generator_mode]
        if selection.energy == "ac":
            parameters["DetectionMethodGridCodeIslanding"] = ISLANDING_DETECTION[charger.bpt.grid_code_detection]
    return MappingProxyType(parameters)
