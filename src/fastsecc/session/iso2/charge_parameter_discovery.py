"""ChargeParameterDiscovery: what each side can do, and the schedule."""

from __future__ import annotations

from fastsecc.charger.enums import EnergyTransferMode
from fastsecc.errors import ProtocolError
from fastsecc.messages.iso2 import (
    AC_EVChargeParameterType,
    AC_EVSEChargeParameterType,
    ChargeParameterDiscoveryReq,
    ChargeParameterDiscoveryRes,
    DC_EVChargeParameterType,
    DC_EVSEChargeParameterType,
    DC_EVSEStatusCodeType,
    EVChargeParameterType,
    EVSEChargeParameterType,
    EVSENotificationType,
    EVSEProcessingType,
    PhysicalValueType,
    ResponseCodeType,
)
from fastsecc.session import reports
from fastsecc.session.context import Answer
from fastsecc.session.iso2 import charging_needs, sae_j2847, sales_tariff, schedule
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.service_discovery import charge_service
from fastsecc.session.iso2.states import State
from fastsecc.session.iso2.values import ac_status, amperes, dc_status, volts, watt_hours, watts
from fastsecc.session.physical import to_float
from fastsecc.session.status import Phase

PAUSE_NOTIFICATION_DELAY_s = 300
"""NotificationMaxDelay of a no-energy pause that the EV may reach after pre-charge."""


def handle(request: ChargeParameterDiscoveryReq, context: Iso2Context) -> Answer:
    """Answer ChargeParameterDiscoveryReq."""
    _check_mode(request, context)
    parameters = request.EVChargeParameter
    if isinstance(parameters, AC_EVChargeParameterType) == (context.energy_kind == "dc"):  # [V2G2-477]
        raise ProtocolError("FAILED_WrongChargeParameter", f"{type(parameters).__name__} does not fit the mode")
    for name, value in _limits_of(parameters, context):
        if value is not None and value.Value < 0:
            raise ProtocolError("FAILED_WrongChargeParameter", f"{name} is {to_float(value):g}")
    dc = parameters if isinstance(parameters, DC_EVChargeParameterType) else None
    goes_on = dc is not None and sae_j2847.needs_parameters_again(dc, context)
    _report(request, context)
    if dc is not None and (reason := _out_of_reach(dc, context)):
        context.log(f"ChargeParameterDiscoveryReq: {reason}")
        return Answer(_shut_down(context))
    if goes_on:
        return Answer(_ongoing(context))
    context.energy_transfer_mode = request.RequestedEnergyTransferMode
    context.schedule = schedule.offer(request, context)
    response = ChargeParameterDiscoveryRes(
        ResponseCode=ResponseCodeType.OK,
        EVSEProcessing=EVSEProcessingType.Finished,
        SASchedules=context.schedule,
        EVSEChargeParameter=evse_charge_parameter(context),
    )
    return Answer(response, _next(context), signature=sales_tariff.signature(context.schedule, context))


def _check_mode(request: ChargeParameterDiscoveryReq, context: Iso2Context) -> None:
    offered = (context.charge_service or charge_service(context)).SupportedEnergyTransferMode.EnergyTransferMode
    if request.RequestedEnergyTransferMode not in offered:  # [V2G2-476]
        raise ProtocolError(
            "FAILED_WrongEnergyTransferMode", f"{request.RequestedEnergyTransferMode} is not among {', '.join(offered)}"
        )


def _limits_of(parameters: EVChargeParameterType, context: Iso2Context) -> list[tuple[str, PhysicalValueType | None]]:
    """Give what must not be negative."""
    names: tuple[str, ...] = ("EVMaximumCurrentLimit", "EVMaximumPowerLimit", "EVMaximumVoltageLimit")
    if isinstance(parameters, AC_EVChargeParameterType):
        names = ("EAmount", "EVMaxVoltage", "EVMaxCurrent", "EVMinCurrent")
    elif sae_j2847.gives_energy_home(context):
        names = ("EVMaximumVoltageLimit",)
    return [(name, getattr(parameters, name)) for name in names]


def _out_of_reach(parameters: DC_EVChargeParameterType, context: Iso2Context) -> str:
    """Say why the supply cannot go as low as the EV needs; empty: it can."""
    evse = context.charger.capabilities
    current, voltage = to_float(parameters.EVMaximumCurrentLimit), to_float(parameters.EVMaximumVoltageLimit)
    if current <= evse.min_current_a and not sae_j2847.gives_energy_home(context):
        return f"EVMaximumCurrentLimit {current:g} A is not above the supply's {evse.min_current_a:g} A"
    if voltage <= evse.min_voltage_v:
        return f"EVMaximumVoltageLimit {voltage:g} V is not above the supply's {evse.min_voltage_v:g} V"
    return ""


def _ongoing(context: Iso2Context) -> ChargeParameterDiscoveryRes:
    return ChargeParameterDiscoveryRes(
        ResponseCode=ResponseCodeType.OK,
        EVSEProcessing=EVSEProcessingType.Ongoing,
        EVSEChargeParameter=evse_charge_parameter(context),
    )


def _shut_down(context: Iso2Context) -> ChargeParameterDiscoveryRes:
    parameter = evse_charge_parameter(context, failed=True)
    assert isinstance(parameter, DC_EVSEChargeParameterType)
    parameter.DC_EVSEStatus.EVSEStatusCode = DC_EVSEStatusCodeType.EVSE_Shutdown
    return ChargeParameterDiscoveryRes(
        ResponseCode=ResponseCodeType.FAILED_WrongChargeParameter,
        EVSEProcessing=EVSEProcessingType.Finished,
        EVSEChargeParameter=parameter,
    )


def _report(request: ChargeParameterDiscoveryReq, context: Iso2Context) -> None:
    parameters = request.EVChargeParameter
    context.publish("requested_energy_transfer_mode", EnergyTransferMode(request.RequestedEnergyTransferMode))
    if parameters.DepartureTime is not None:
        departure = reports.time_of_day(context, parameters.DepartureTime)
        if departure is not None:
            context.publish("departure_time", departure)
    if isinstance(parameters, AC_EVChargeParameterType):
        context.publish("ac_eamount", to_float(parameters.EAmount))
        context.publish("ac_ev_max_voltage", to_float(parameters.EVMaxVoltage))
        context.publish("ac_ev_max_current", to_float(parameters.EVMaxCurrent))
        context.publish("ac_ev_min_current", to_float(parameters.EVMinCurrent))
    elif isinstance(parameters, DC_EVChargeParameterType):
        reports.dc_energy(context, parameters)
        reports.dc_ev_maximum_limits(context, parameters)
        reports.dc_ev_status(context, parameters.DC_EVStatus)
    charging_needs.publish(request, context)


def _next(context: Iso2Context) -> State:
    if context.energy_kind == "ac":
        return State.POWER_DELIVERY
    if context.charger.no_energy_pause == "PauseBeforeCableCheck":
        return State.PRE_CHARGE_OR_POWER_DELIVERY
    return State.CABLE_CHECK


def evse_charge_parameter(context: Iso2Context, *, failed: bool = False) -> EVSEChargeParameterType:
    """Say what the charger can do.

    Args:
        failed: the response is FAILED and does without what is optional.
    """
    return _ac_parameter(context) if context.energy_kind == "ac" else _dc_parameter(context, failed)


def _ac_parameter(context: Iso2Context) -> AC_EVSEChargeParameterType:
    return AC_EVSEChargeParameterType(
        AC_EVSEStatus=ac_status(context),
        EVSENominalVoltage=volts(context.charger.ac_nominal_voltage_v),
        EVSEMaxCurrent=amperes(schedule.nominal_current_a(context)),
    )


def _dc_parameter(context: Iso2Context, failed: bool) -> DC_EVSEChargeParameterType:
    charger, evse = context.charger, context.charger.capabilities
    status = dc_status(context, Phase.PARAMETER, failed=failed)
    if charger.no_energy_pause is not None and not failed:
        status.EVSENotification = EVSENotificationType.StopCharging
        at_once = charger.no_energy_pause == "PauseBeforeCableCheck"
        status.NotificationMaxDelay = 0 if at_once else PAUSE_NOTIFICATION_DELAY_s
    tolerance, energy = charger.dc_current_regulation_tolerance_a, charger.dc_energy_to_be_delivered_wh
    return DC_EVSEChargeParameterType(
        DC_EVSEStatus=status,
        EVSEMaximumCurrentLimit=amperes(evse.max_current_a),
        EVSEMaximumPowerLimit=watts(evse.max_power_w),
        EVSEMaximumVoltageLimit=volts(evse.max_voltage_v),
        EVSEMinimumCurrentLimit=amperes(evse.min_current_a),
        EVSEMinimumVoltageLimit=volts(evse.min_voltage_v),
        EVSECurrentRegulationTolerance=None if tolerance is None or failed else amperes(tolerance),
        EVSEPeakCurrentRipple=amperes(charger.dc_peak_current_ripple_a),
        EVSEEnergyToBeDelivered=None if energy is None or failed else watt_hours(energy),
    )
