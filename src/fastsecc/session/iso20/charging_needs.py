"""What a back end plans a charge with: var `charging_needs` of the extensions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fastsecc.charger.enums import ControlMode, EnergyTransferMode, MobilityNeedsMode
from fastsecc.charger.extensions import ChargingNeeds, V2XChargingParameters
from fastsecc.charger.services import ISO20_SERVICES
from fastsecc.messages.iso20 import ScheduleExchangeReq
from fastsecc.session import reports
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.numbers import optional_float

TRANSFER_MODES: Final = {
    "AC": EnergyTransferMode.AC_three_phase_core,
    "DC": EnergyTransferMode.DC,
}
"""Categories of services that EnergyTransferMode has another name for."""
POWERS: Final = ("MaximumChargePower", "MinimumChargePower", "MaximumDischargePower", "MinimumDischargePower")
PHASES: Final = ("", "_L2", "_L3")
OTHERS: Final = {
    "MaximumChargeCurrent": "max_charge_current",
    "MinimumChargeCurrent": "min_charge_current",
    "MaximumDischargeCurrent": "max_discharge_current",
    "MinimumDischargeCurrent": "min_discharge_current",
    "MaximumVoltage": "max_voltage",
    "MinimumVoltage": "min_voltage",
}
"""Elements of ChargeParameterDiscovery, after EV and EVSE, and what the interface calls them."""
ENERGIES: Final = {
    "EVTargetEnergyRequest": "ev_target_energy_request",
    "EVMaximumEnergyRequest": "ev_max_energy_request",
    "EVMinimumEnergyRequest": "ev_min_energy_request",
    "EVMaximumV2XEnergyRequest": "ev_max_v2xenergy_request",
    "EVMinimumV2XEnergyRequest": "ev_min_v2xenergy_request",
}
"""Elements of ScheduleExchangeReq."""


def publish(request: ScheduleExchangeReq, context: Iso20Context) -> None:
    """Publish what the EV needs, and what it and the charger can both do."""
    selected, mode = context.service, request.Scheduled_SEReqControlMode or request.Dynamic_SEReqControlMode
    departure_s = mode.DepartureTime if mode is not None else None
    needs = ChargingNeeds(
        requested_energy_transfer=_transfer_mode(selected.category, selected.connector),
        available_energy_transfer=_available(context),
        control_mode=ControlMode(f"{selected.control_mode}Control"),
        mobility_needs_mode=MobilityNeedsMode(selected.mobility_needs),
        departure_time=None if departure_s is None else reports.time_of_day(context, departure_s),
        v2x_charging_parameters=V2XChargingParameters(**dict(_parameters(mode, context))),
    )
    context.publish("charging_needs", needs)


def _transfer_mode(category: str, connector: str = "ThreePhase") -> EnergyTransferMode:
    if category == "AC" and connector == "SinglePhase":
        return EnergyTransferMode.AC_single_phase_core
    return TRANSFER_MODES.get(category) or EnergyTransferMode(category)


def _available(context: Iso20Context) -> list[EnergyTransferMode] | None:
    """Give what the EV supports of what we know; None: it has not said."""
    known = (ISO20_SERVICES[service] for service in context.supported_services if service in ISO20_SERVICES)
    return [_transfer_mode(service.category) for service in known] or None


def _parameters(mode: Any, context: Iso20Context) -> Iterator[tuple[str, Any]]:
    ev, evse = context.charge.limits
    for element in POWERS:
        for phase, value in zip(PHASES, _power(ev, evse, element), strict=False):
            yield f"{_snake(element)}{phase.lower()}", value
    for element, name in OTHERS.items():
        own, others = _number(ev, f"EV{element}"), _number(evse, f"EVSE{element}")
        if own is not None and others is not None:
            yield name, _both(element, own, others)
    for element, name in ENERGIES.items():
        if (energy := _number(mode, element)) is not None:
            yield name, energy
    target = getattr(mode, "TargetSOC", None) or getattr(ev, "TargetSOC", None)
    if target is not None:
        yield "target_soc", target


def _power(ev: Any, evse: Any, element: str) -> list[float]:
    """Combine a power phase by phase where both say it so, else its total."""
    own = [_number(ev, f"EV{element}{phase}") for phase in PHASES]
    others = [_number(evse, f"EVSE{element}{phase}") for phase in PHASES]
    given, offered = [one for one in own if one is not None], [one for one in others if one is not None]
    if not given or not offered:
        return []
    if len(given) == len(offered):
        return [_both(element, one, other) for one, other in zip(given, offered, strict=True)]
    return [_both(element, sum(given), sum(offered))]


def _both(element: str, own: float, others: float) -> float:
    """Give what both can do: the smaller maximum, the larger minimum."""
    return min(own, others) if element.startswith("Maximum") else max(own, others)


def _number(source: Any, element: str) -> float | None:
    """Give a value's magnitude, whatever sign discharging is said with; energies keep theirs."""
    value = optional_float(getattr(source, element, None))
    return None if value is None else abs(value) if "Discharge" in element else value


def _snake(element: str) -> str:
    """Name a power as the interface does: `max_discharge_power`."""
    kind, _, what = element.partition("imum")
    return f"{kind.lower()}_{'discharge' if what.startswith('Discharge') else 'charge'}_power"
