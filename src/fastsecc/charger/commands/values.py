"""Cmds that carry numbers: limits, set-points, measurements."""

from __future__ import annotations

import logging
from typing import Annotated

from fastsecc.charger.arguments import (
    AcEvseMaximumPower,
    AcEvseMinimumPower,
    AcParameters,
    AcTargetValues,
    DcEvseMaximumLimits,
    DcEvseMinimumLimits,
    DcEvsePresentVoltageCurrent,
    Energy,
    Power,
    Powermeter,
    ReactivePower,
)
from fastsecc.charger.commands.command import command
from fastsecc.charger.enums import IsolationStatus
from fastsecc.charger.shape import Shape, unit
from fastsecc.charger.state import AcGrid, AcPower, AcReactivePower, ChargerState, DcLimits, MeterReading

log = logging.getLogger(__name__)

METER_ID_MAX_CHARS = 32
"""Longest MeterID of ISO 15118-2."""
METER_READING_MAX_WH = 2**64 - 1
"""MeterReading is an unsigned long."""


def _power(power: Power) -> AcPower:
    return AcPower(power.total, power.L1, power.L2, power.L3)


def _reactive_power(power: ReactivePower) -> AcReactivePower:
    return AcReactivePower(power.total, power.L1, power.L2, power.L3)


def _power_or_none(power: Power | None) -> AcPower | None:
    return None if power is None else _power(power)


class UpdateAcMaxCurrentArguments(Shape):
    """Arguments of `update_ac_max_current`."""

    max_current: Annotated[float, unit("A", 0, 400)]


@command(UpdateAcMaxCurrentArguments)
def update_ac_max_current(state: ChargerState, args: UpdateAcMaxCurrentArguments, now: float) -> None:
    """Limit the current of each phase."""
    state.ac_max_current_a = max(0.0, args.max_current)


class UpdateAcParametersArguments(Shape):
    """Arguments of `update_ac_parameters`."""

    ac_parameters: AcParameters


@command(UpdateAcParametersArguments)
def update_ac_parameters(state: ChargerState, args: UpdateAcParametersArguments, now: float) -> None:
    """Describe the grid and the connectors (ISO 15118-20); no connectors: those before stay."""
    given = args.ac_parameters
    state.ac_nominal_frequency_hz = given.nominal_frequency
    state.ac_connectors = tuple(dict.fromkeys(given.connectors)) or state.ac_connectors
    state.ac_grid = AcGrid(
        nominal_voltage_v=given.nominal_voltage,
        max_power_asymmetry_w=given.max_power_asymmetry,
        power_ramp_limitation=given.power_ramp_limitation,
        max_reactive_power_var=given.evse_max_reactive_power,
    )


class UpdateAcMaximumLimitsArguments(Shape):
    """Arguments of `update_ac_maximum_limits`."""

    maximum_limits: AcEvseMaximumPower


@command(UpdateAcMaximumLimitsArguments)
def update_ac_maximum_limits(state: ChargerState, args: UpdateAcMaximumLimitsArguments, now: float) -> None:
    """Say the most AC power; a discharge power that is left out stays as it is."""
    state.ac_maximum_power = _power(args.maximum_limits.charge_power)
    discharge = _power_or_none(args.maximum_limits.discharge_power)
    state.ac_maximum_discharge_power = discharge or state.ac_maximum_discharge_power


class UpdateAcMinimumLimitsArguments(Shape):
    """Arguments of `update_ac_minimum_limits`."""

    minimum_limits: AcEvseMinimumPower


@command(UpdateAcMinimumLimitsArguments)
def update_ac_minimum_limits(state: ChargerState, args: UpdateAcMinimumLimitsArguments, now: float) -> None:
    """Say the least AC power; a discharge power that is left out stays as it is."""
    state.ac_minimum_power = _power(args.minimum_limits.charge_power)
    discharge = _power_or_none(args.minimum_limits.discharge_power)
    state.ac_minimum_discharge_power = discharge or state.ac_minimum_discharge_power


class UpdateAcTargetValuesArguments(Shape):
    """Arguments of `update_ac_target_values`."""

    target_values: AcTargetValues


@command(UpdateAcTargetValuesArguments)
def update_ac_target_values(state: ChargerState, args: UpdateAcTargetValuesArguments, now: float) -> None:
    """Give the AC set-points (ISO 15118-20); what is left out is no longer asked for."""
    given = args.target_values
    reactive = given.target_reactive_power
    state.ac_target_power = _power(given.target_active_power)
    state.ac_target_reactive_power = None if reactive is None else _reactive_power(reactive)
    state.ac_target_frequency_hz = given.target_frequency


class UpdateAcPresentPowerArguments(Shape):
    """Arguments of `update_ac_present_power`."""

    present_power: Power


@command(UpdateAcPresentPowerArguments)
def update_ac_present_power(state: ChargerState, args: UpdateAcPresentPowerArguments, now: float) -> None:
    """Report the AC power that flows (ISO 15118-20)."""
    state.ac_present_power = _power(args.present_power)


class UpdateDcMaximumLimitsArguments(Shape):
    """Arguments of `update_dc_maximum_limits`."""

    maximum_limits: DcEvseMaximumLimits


@command(UpdateDcMaximumLimitsArguments)
def update_dc_maximum_limits(state: ChargerState, args: UpdateDcMaximumLimitsArguments, now: float) -> None:
    """Give the energy budget of the charge loop."""
    given = args.maximum_limits
    state.dc_maximum_limits = DcLimits(
        current_a=given.evse_maximum_current_limit,
        voltage_v=given.evse_maximum_voltage_limit,
        power_w=given.evse_maximum_power_limit,
        discharge_current_a=given.evse_maximum_discharge_current_limit,
        discharge_power_w=given.evse_maximum_discharge_power_limit,
    )
    state.dc_maximum_limits_at = now


class UpdateDcMinimumLimitsArguments(Shape):
    """Arguments of `update_dc_minimum_limits`."""

    minimum_limits: DcEvseMinimumLimits


@command(UpdateDcMinimumLimitsArguments)
def update_dc_minimum_limits(state: ChargerState, args: UpdateDcMinimumLimitsArguments, now: float) -> None:
    """Give the lower end of the energy budget."""
    given = args.minimum_limits
    state.dc_minimum_limits = DcLimits(
        current_a=given.evse_minimum_current_limit,
        voltage_v=given.evse_minimum_voltage_limit,
        power_w=given.evse_minimum_power_limit,
        discharge_current_a=given.evse_minimum_discharge_current_limit,
        discharge_power_w=given.evse_minimum_discharge_power_limit,
    )


class UpdateIsolationStatusArguments(Shape):
    """Arguments of `update_isolation_status`."""

    isolation_status: IsolationStatus


@command(UpdateIsolationStatusArguments)
def update_isolation_status(state: ChargerState, args: UpdateIsolationStatusArguments, now: float) -> None:
    """Report the isolation monitor."""
    state.isolation_status = args.isolation_status
    state.isolation_status_at = now


class UpdateDcPresentValuesArguments(Shape):
    """Arguments of `update_dc_present_values`."""

    present_voltage_current: DcEvsePresentVoltageCurrent


@command(UpdateDcPresentValuesArguments)
def update_dc_present_values(state: ChargerState, args: UpdateDcPresentValuesArguments, now: float) -> None:
    """Report what the power supply puts out; a current that is left out stays as it is."""
    given = args.present_voltage_current
    state.present_voltage_v = given.evse_present_voltage
    if given.evse_present_current is not None:
        state.present_current_a = given.evse_present_current
    state.present_values_at = now


class UpdateMeterInfoArguments(Shape):
    """Arguments of `update_meter_info`."""

    powermeter: Powermeter


@command(UpdateMeterInfoArguments)
def update_meter_info(state: ChargerState, args: UpdateMeterInfoArguments, now: float) -> None:
    """Report the meter; an id that MeterID cannot carry is dropped and the one before stays."""
    meter_id = args.powermeter.meter_id
    if meter_id is not None and len(meter_id) <= METER_ID_MAX_CHARS:
        state.meter_id = meter_id
    elif meter_id is not None:
        log.warning("meter_id is longer than %d characters: ignored", METER_ID_MAX_CHARS)
    energy, exported = args.powermeter.energy_Wh_import, args.powermeter.energy_Wh_export
    state.meter_sequence += 1
    state.meter = MeterReading(
        state.meter_sequence, _reading(energy), state.meter_id, None if exported is None else _reading(exported)
    )


def _reading(energy: Energy) -> int:
    return min(max(0, int(energy.total)), METER_READING_MAX_WH)
