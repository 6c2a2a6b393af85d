"""ChargeParameterDiscovery: the EV's limits meet the power supply's."""

from __future__ import annotations

from fastsecc.charger.enums import EnergyTransferMode
from fastsecc.errors import ProtocolError
from fastsecc.messages import din70121 as din
from fastsecc.session import reports
from fastsecc.session.context import Answer, Context
from fastsecc.session.din70121.service_discovery import energy_transfer_type
from fastsecc.session.din70121.states import State
from fastsecc.session.din70121.status import dc_status
from fastsecc.session.physical import physical, to_float
from fastsecc.session.status import Phase

SCHEDULE_TUPLE_ID = 1
SCHEDULE_DURATION_s = 86_400
SCHEDULE_DURATION_WITHOUT_ENERGY_s = 1_800
P_MAX_w = 2**15 - 1
"""PMax is a plain short in DIN 70121: no multiplier lets it say more."""
PAUSES_THAT_END = ("PauseBeforeCableCheck", "PauseAfterPrecharge")
"""No-energy pauses after which only SessionStop is taken; DIN 70121 has no pause of its own."""

Unit = din.UnitSymbolType


def handle(request: din.ChargeParameterDiscoveryReq, context: Context) -> Answer:
    """Check that what the EV needs fits, publish it, and state limits and schedule."""
    mode = request.EVRequestedEnergyTransferType
    context.publish("requested_energy_transfer_mode", EnergyTransferMode(mode))
    offered = energy_transfer_type(context)
    if str(mode) != str(offered):
        raise ProtocolError("FAILED_WrongEnergyTransferType", f"{mode}, offered is {offered}")  # [V2G-DC-397]
    parameters = request.EVChargeParameter
    if not isinstance(parameters, din.DC_EVChargeParameterType):
        raise ProtocolError("FAILED_WrongChargeParameter", "AC parameters")  # [V2G-DC-398]
    _check(parameters, context)
    reports.dc_energy(context, parameters)
    reports.dc_ev_maximum_limits(context, parameters)
    reports.dc_ev_status(context, parameters.DC_EVStatus)
    ends = context.charger.no_energy_pause in PAUSES_THAT_END
    return Answer(_response(context), State.STOP if ends else State.CABLE_CHECK)


def p_max_w(context: Context) -> int:
    """Give PMax of the only schedule entry, in watts."""
    return max(0, min(P_MAX_w, int(context.charger.capabilities.max_power_w)))


def schedules(context: Context) -> din.SAScheduleListType:
    """Build the schedule: one tuple with one entry."""
    pauses = context.charger.no_energy_pause is not None
    duration = SCHEDULE_DURATION_WITHOUT_ENERGY_s if pauses else SCHEDULE_DURATION_s
    entry = din.PMaxScheduleEntryType(
        TimeInterval=din.RelativeTimeIntervalType(start=0, duration=duration), PMax=p_max_w(context)
    )
    schedule = din.PMaxScheduleType(PMaxScheduleID=1, PMaxScheduleEntry=[entry])
    one = din.SAScheduleTupleType(SAScheduleTupleID=SCHEDULE_TUPLE_ID, PMaxSchedule=schedule)
    return din.SAScheduleListType(SAScheduleTuple=[one])


def evse_parameters(context: Context, status: din.DC_EVSEStatusType) -> din.DC_EVSEChargeParameterType:
    """Build DC_EVSEChargeParameter from the power supply's capabilities.

    EVSEMaximumPowerLimit is optional, but always sent: the capabilities always have it, no recorded charger left it
    out, and an EV that does not know it plans with more than there is.
    """
    charger, supply = context.charger, context.charger.capabilities
    tolerance, energy = charger.dc_current_regulation_tolerance_a, charger.dc_energy_to_be_delivered_wh
    return din.DC_EVSEChargeParameterType(
        DC_EVSEStatus=status,
        EVSEMaximumCurrentLimit=_value(Unit.A, supply.max_current_a, 1),
        EVSEMaximumPowerLimit=_value(Unit.W, supply.max_power_w, 0),
        EVSEMaximumVoltageLimit=_value(Unit.V, supply.max_voltage_v, 1),
        EVSEMinimumCurrentLimit=_value(Unit.A, supply.min_current_a, 1),
        EVSEMinimumVoltageLimit=_value(Unit.V, supply.min_voltage_v, 1),
        EVSECurrentRegulationTolerance=None if tolerance is None else _value(Unit.A, tolerance, 1),
        EVSEPeakCurrentRipple=_value(Unit.A, charger.dc_peak_current_ripple_a, 1),
        EVSEEnergyToBeDelivered=None if energy is None else _value(Unit.Wh, energy, 0),
    )


def _value(unit: Unit, value: float, decimals: int) -> din.PhysicalValueType:
    return physical(din.PhysicalValueType, unit, value, decimals)


def _check(parameters: din.DC_EVChargeParameterType, context: Context) -> None:
    """Refuse limits that no power supply or not this one can keep to [V2G-DC-398].

    What is beyond the ranges of DIN 70121 at the upper end is no reason: cars on the road say 799 A and 326 kW.
    """
    supply = context.charger.capabilities
    least = {"EVMaximumCurrentLimit": supply.min_current_a, "EVMaximumVoltageLimit": supply.min_voltage_v}
    for name in ("EVMaximumCurrentLimit", "EVMaximumPowerLimit", "EVMaximumVoltageLimit"):
        value = getattr(parameters, name)
        if value is None:
            continue
        number = to_float(value)
        if number < 0 or (name in least and number <= least[name]):
            raise ProtocolError("FAILED_WrongChargeParameter", f"{name} {number:g}")


def _response(context: Context) -> din.ChargeParameterDiscoveryRes:
    status = dc_status(context, Phase.PARAMETER, stop=context.charger.no_energy_pause is not None)
    return din.ChargeParameterDiscoveryRes(
        ResponseCode=din.ResponseCodeType.OK,
        EVSEProcessing=din.EVSEProcessingType.Finished,
        SASchedules=schedules(context),
        EVSEChargeParameter=evse_parameters(context, status),
    )
