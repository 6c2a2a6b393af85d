"""Vars that ISO 15118-20 requests lead to from ChargeParameterDiscovery on.

What stands in every request of the loop is published on change. Only `d20_dc_dynamic_charge_mode` is also repeated:
the charger computes its set-point when it arrives, and at no other time.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fastsecc.charger.payloads import (
    AcEvDynamicModeValues,
    AcEvPowerLimits,
    AcEvPresentPowerValues,
    DcChargeDynamicModeValues,
    DcEvMaximumLimits,
    DcEvTargetValues,
    DisplayParameters,
    phase_power,
)
from fastsecc.charger.types import Power
from fastsecc.messages.iso20 import DisplayParametersType, PowerDeliveryReq, RationalNumberType
from fastsecc.messages.iso20.ac import (
    AC_ChargeLoopReq,
    AC_CPDReqEnergyTransferModeType,
    Dynamic_AC_CLReqControlModeType,
    Scheduled_AC_CLReqControlModeType,
)
from fastsecc.messages.iso20.dc import (
    BPT_Dynamic_DC_CLReqControlModeType,
    DC_ChargeLoopReq,
    DC_CPDReqEnergyTransferModeType,
    Dynamic_DC_CLReqControlModeType,
    Scheduled_DC_CLReqControlModeType,
)
from fastsecc.session.iso20.charge import Charge
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.numbers import optional_float, to_float

SETS_THE_SUPPLY = ("dc_ev_target_voltage_current", "d20_dc_dynamic_charge_mode")
"""Vars that make the charger set its DC supply."""
REPEAT_s = 0.4
"""After this `d20_dc_dynamic_charge_mode` is repeated: twice a second at least."""


def dc_parameters(context: Iso20Context, parameters: DC_CPDReqEnergyTransferModeType) -> None:
    """Publish what a DC_ChargeParameterDiscoveryReq says."""
    limits = _dc_maximum(parameters)
    context.changed("dc_ev_maximum_limits", limits)
    context.publish("dc_ev_maximum_limits", limits)


def ac_parameters(context: Iso20Context, parameters: AC_CPDReqEnergyTransferModeType) -> None:
    """Publish what an AC_ChargeParameterDiscoveryReq says."""
    limits = _ac_limits(parameters)
    context.changed("ac_ev_power_limits", limits)
    context.publish("ac_ev_power_limits", limits)


def dc_loop(request: DC_ChargeLoopReq, context: Iso20Context) -> None:
    """Publish what a DC_ChargeLoopReq says (vars 26, 27, 31 to 34, 39)."""
    _loop(request, context)
    context.publish_change("dc_ev_present_voltage", to_float(request.EVPresentVoltage))
    mode = request.CLReqControlMode
    if context.charge.standby:  # no energy is to flow
        return
    if isinstance(mode, Scheduled_DC_CLReqControlModeType):
        _dc_scheduled(mode, context)
    elif isinstance(mode, Dynamic_DC_CLReqControlModeType):
        _dc_dynamic(mode, context)


def ac_loop(request: AC_ChargeLoopReq, context: Iso20Context) -> None:
    """Publish what an AC_ChargeLoopReq says (vars 16 to 18, 33, 34, 39)."""
    _loop(request, context)
    mode = request.CLReqControlMode
    assert isinstance(mode, Scheduled_AC_CLReqControlModeType | Dynamic_AC_CLReqControlModeType)
    limits = _ac_limits(mode)
    if limits != AcEvPowerLimits():
        context.publish_change("ac_ev_power_limits", limits)
    active = _phases(mode, "EVPresentActivePower")
    assert active is not None
    context.publish_change(
        "ac_ev_present_powers", AcEvPresentPowerValues(active, _phases(mode, "EVPresentReactivePower"))
    )
    if isinstance(mode, Dynamic_AC_CLReqControlModeType):
        context.publish_change("ac_ev_dynamic_control_mode", AcEvDynamicModeValues(**_energy_needs(mode)))


def finished(context: Iso20Context) -> None:
    """Publish the end of a charge, and forget what was agreed on for it."""
    context.charge = Charge()
    context.charging = False
    context.publish("current_demand_finished")
    context.publish("ac_open_contactor" if context.energy_kind == "ac" else "dc_open_contactor")


def _loop(request: AC_ChargeLoopReq | DC_ChargeLoopReq, context: Iso20Context) -> None:
    _begin(context)
    if request.DisplayParameters is not None:
        context.publish_change("display_parameters", _display(request.DisplayParameters))
    if request.MeterInfoRequested:
        context.publish("meter_info_requested")


def _begin(context: Iso20Context) -> None:
    """Publish the beginning of a charge; in DC again after any PowerDeliveryReq in between."""
    charge, dc = context.charge, context.energy_kind == "dc"
    if charge.started and not charge.standby and (not charge.loop_begun or (dc and context.first_of(PowerDeliveryReq))):
        charge.loop_begun = True
        context.charging = True
        context.publish("current_demand_started")
        for name in SETS_THE_SUPPLY:  # it may have been off since they were said
            context.published.pop(name, None)


def _dc_scheduled(mode: Scheduled_DC_CLReqControlModeType, context: Iso20Context) -> None:
    context.publish_change(
        "dc_ev_target_voltage_current",
        DcEvTargetValues(
            dc_ev_target_voltage=to_float(mode.EVTargetVoltage),
            dc_ev_target_current=to_float(mode.EVTargetCurrent),
        ),
    )
    limits = _dc_maximum(mode)
    if None not in msgspec.structs.astuple(limits):
        context.publish_change("dc_ev_maximum_limits", limits)


def _dc_dynamic(mode: Dynamic_DC_CLReqControlModeType, context: Iso20Context) -> None:
    values = DcChargeDynamicModeValues(
        **_energy_needs(mode),
        max_charge_power=to_float(mode.EVMaximumChargePower),
        min_charge_power=to_float(mode.EVMinimumChargePower),
        max_charge_current=to_float(mode.EVMaximumChargeCurrent),
        max_voltage=to_float(mode.EVMaximumVoltage),
        min_voltage=to_float(mode.EVMinimumVoltage),
        **_dc_discharge(mode),
    )
    if (
        context.changed("d20_dc_dynamic_charge_mode", values)
        or context.now >= context.charge.dynamic_values_at + REPEAT_s
    ):
        context.charge.dynamic_values_at = context.now
        context.publish("d20_dc_dynamic_charge_mode", values)


def _dc_discharge(mode: Dynamic_DC_CLReqControlModeType) -> dict[str, float]:
    """Give the discharge limits as magnitudes, whatever sign the EV says them with."""
    if not isinstance(mode, BPT_Dynamic_DC_CLReqControlModeType):
        return {}
    return {
        "max_discharge_power": abs(to_float(mode.EVMaximumDischargePower)),
        "min_discharge_power": abs(to_float(mode.EVMinimumDischargePower)),
        "max_discharge_current": abs(to_float(mode.EVMaximumDischargeCurrent)),
    }


def _dc_maximum(source: DC_CPDReqEnergyTransferModeType | Scheduled_DC_CLReqControlModeType) -> DcEvMaximumLimits:
    return DcEvMaximumLimits(
        dc_ev_maximum_current_limit=optional_float(source.EVMaximumChargeCurrent),
        dc_ev_maximum_power_limit=optional_float(source.EVMaximumChargePower),
        dc_ev_maximum_voltage_limit=optional_float(source.EVMaximumVoltage),
    )


def _energy_needs(mode: Dynamic_AC_CLReqControlModeType | Dynamic_DC_CLReqControlModeType) -> dict[str, Any]:
    """Give what both dynamic vars have; energy for the grid only an EV says that can discharge."""
    departure = mode.DepartureTime
    return {
        "departure_time": None if departure is None else float(departure),
        "target_energy_request": to_float(mode.EVTargetEnergyRequest),
        "max_energy_request": to_float(mode.EVMaximumEnergyRequest),
        "min_energy_request": to_float(mode.EVMinimumEnergyRequest),
        "max_v2x_energy_request": optional_float(getattr(mode, "EVMaximumV2XEnergyRequest", None)),
        "min_v2x_energy_request": optional_float(getattr(mode, "EVMinimumV2XEnergyRequest", None)),
    }


def _ac_limits(source: Any) -> AcEvPowerLimits:
    return AcEvPowerLimits(
        max_charge_power=_phases(source, "EVMaximumChargePower"),
        min_charge_power=_phases(source, "EVMinimumChargePower"),
        max_discharge_power=_phases(source, "EVMaximumDischargePower", magnitude=True),
        min_discharge_power=_phases(source, "EVMinimumDischargePower", magnitude=True),
    )


def _phases(source: Any, element: str, *, magnitude: bool = False) -> Power | None:
    found: list[RationalNumberType | None] = [getattr(source, element + suffix, None) for suffix in ("", "_L2", "_L3")]
    values = [optional_float(number) for number in found]
    return phase_power(*(abs(value) if magnitude and value is not None else value for value in values))


def _display(shown: DisplayParametersType) -> DisplayParameters:
    def number(value: int | None) -> float | None:
        return None if value is None else float(value)

    return DisplayParameters(
        present_soc=number(shown.PresentSOC),
        minimum_soc=number(shown.MinimumSOC),
        target_soc=number(shown.TargetSOC),
        maximum_soc=number(shown.MaximumSOC),
        remaining_time_to_minimum_soc=number(shown.RemainingTimeToMinimumSOC),
        remaining_time_to_target_soc=number(shown.RemainingTimeToTargetSOC),
        remaining_time_to_maximum_soc=number(shown.RemainingTimeToMaximumSOC),
        charging_complete=shown.ChargingComplete,
        battery_energy_capacity=optional_float(shown.BatteryEnergyCapacity),
        inlet_hot=shown.InletHot,
    )
