"""Objects that cmds of the interface take.

Ranges are those of EVerest's schema and not enforced: every finite number is accepted.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from fastsecc.charger.enums import (
    BptChannel,
    CertificateActionEnum,
    Connector,
    ExiStreamStatus,
    GeneratorMode,
    GridCodeIslandingDetectionMethod,
    SupportedAppProtocol,
)
from fastsecc.charger.shape import Shape, unit

MAX_APP_PROTOCOLS = 20

Volt = Annotated[float, unit("V")]
Ampere = Annotated[float, unit("A")]
Watt = Annotated[float, unit("W")]
WattHour = Annotated[float, unit("Wh")]
Var = Annotated[float, unit("var")]
Hertz = Annotated[float, unit("Hz")]
OutputVoltage = Annotated[float, unit("V", 0, 1500)]
OutputCurrent = Annotated[float, unit("A", 0, 10_000)]
OutputPower = Annotated[float, unit("W", 0, 1_000_000)]
Efficiency = Annotated[float, unit("", 0, 1)]


class Power(Shape):
    """Active power; positive from the grid."""

    total: Watt
    L1: Watt | None = None
    L2: Watt | None = None
    L3: Watt | None = None


class Energy(Shape):
    """Energy."""

    total: WattHour
    L1: WattHour | None = None
    L2: WattHour | None = None
    L3: WattHour | None = None


class ReactivePower(Shape):
    """Reactive power."""

    total: Var
    L1: Var | None = None
    L2: Var | None = None
    L3: Var | None = None


class Current(Shape):
    """Current of DC or of each conductor."""

    DC: Ampere | None = None
    L1: Ampere | None = None
    L2: Ampere | None = None
    L3: Ampere | None = None
    N: Ampere | None = None


class Voltage(Shape):
    """Voltage of DC or of each phase to neutral."""

    DC: Volt | None = None
    L1: Volt | None = None
    L2: Volt | None = None
    L3: Volt | None = None


class Frequency(Shape):
    """Grid frequency."""

    L1: Hertz
    L2: Hertz | None = None
    L3: Hertz | None = None


class SignedMeterValue(Shape):
    """A value with the meter's signature; carried, not read."""

    signed_meter_data: str
    signing_method: str
    encoding_method: str
    public_key: str | None = None
    timestamp: str | None = None


SignedValues = dict[str, SignedMeterValue]
"""Signed values by `total`, `DC`, `L1`, ..."""


class Powermeter(Shape):
    """One reading of a meter."""

    timestamp: str
    energy_Wh_import: Energy
    meter_id: str | None = None
    phase_seq_error: bool | None = None
    energy_Wh_export: Energy | None = None
    power_W: Power | None = None
    voltage_V: Voltage | None = None
    VAR: ReactivePower | None = None
    current_A: Current | None = None
    frequency_Hz: Frequency | None = None
    energy_Wh_import_signed: SignedValues | None = None
    energy_Wh_export_signed: SignedValues | None = None
    power_W_signed: SignedValues | None = None
    voltage_V_signed: SignedValues | None = None
    VAR_signed: SignedValues | None = None
    current_A_signed: SignedValues | None = None
    frequency_Hz_signed: SignedValues | None = None
    signed_meter_value: SignedMeterValue | None = None
    temperatures: list[dict[str, Any]] | None = None


class EVSEID(Shape):
    """The outlet's id, and the one DIN SPEC 91286 gives it."""

    evse_id: str
    evse_id_din: str | None = None


class SetupPhysicalValues(Shape):
    """What an AC or DC session starts from."""

    ac_nominal_voltage: Annotated[float, unit("V", 0, 1000)] | None = None
    dc_current_regulation_tolerance: Annotated[float, unit("A", 0, 400)] | None = None
    dc_peak_current_ripple: Annotated[float, unit("A", 0, 400)] | None = None
    dc_energy_to_be_delivered: Annotated[float, unit("Wh", 0, 200_000)] | None = None


class BptSetup(Shape):
    """Bidirectional power transfer of ISO 15118-20."""

    bpt_channel: BptChannel
    generator_mode: GeneratorMode
    grid_code_detection: GridCodeIslandingDetectionMethod | None = None


class Capabilities(Shape):
    """What the DC power supply can do; export is to the EV, import from the EV, both in positive numbers."""

    bidirectional: bool
    current_regulation_tolerance_A: Ampere
    peak_current_ripple_A: Ampere
    max_export_voltage_V: Volt
    min_export_voltage_V: Volt
    max_export_current_A: Ampere
    min_export_current_A: Ampere
    max_export_power_W: Watt
    nominal_max_export_voltage_V: Volt | None = None
    nominal_min_export_voltage_V: Volt | None = None
    nominal_max_export_current_A: Ampere | None = None
    nominal_min_export_current_A: Ampere | None = None
    nominal_max_export_power_W: Watt | None = None
    max_import_voltage_V: Volt | None = None
    min_import_voltage_V: Volt | None = None
    max_import_current_A: Ampere | None = None
    min_import_current_A: Ampere | None = None
    max_import_power_W: Watt | None = None
    nominal_max_import_voltage_V: Volt | None = None
    nominal_min_import_voltage_V: Volt | None = None
    nominal_max_import_current_A: Ampere | None = None
    nominal_min_import_current_A: Ampere | None = None
    nominal_max_import_power_W: Watt | None = None
    conversion_efficiency_import: Efficiency | None = None
    conversion_efficiency_export: Efficiency | None = None


class SupportedAppProtocols(Shape):
    """A list of protocols (also the payload of var `supported_app_protocols_secc`)."""

    app_protocols: Annotated[list[SupportedAppProtocol], msgspec.Meta(max_length=MAX_APP_PROTOCOLS)]


class AcParameters(Shape):
    """What an ISO 15118-20 AC session starts from."""

    nominal_frequency: Hertz
    nominal_voltage: Volt
    connectors: list[Connector]
    max_power_asymmetry: Watt | None = None
    power_ramp_limitation: Annotated[float, unit("%/min")] | None = None
    evse_max_reactive_power: Var | None = None


class AcEvseMaximumPower(Shape):
    """The most AC power that the charger can give and take."""

    charge_power: Power
    discharge_power: Power | None = None


class AcEvseMinimumPower(Shape):
    """The least AC power that the charger can give and take."""

    charge_power: Power
    discharge_power: Power | None = None


class AcTargetValues(Shape):
    """AC set-points of ISO 15118-20."""

    target_active_power: Power
    target_reactive_power: ReactivePower | None = None
    target_frequency: Hertz | None = None


class DcEvseMaximumLimits(Shape):
    """The energy budget's upper end; negative current and power while an SAE J2847/2 session exports."""

    evse_maximum_current_limit: Annotated[float, unit("A", -10_000, 10_000)]
    evse_maximum_power_limit: Annotated[float, unit("W", -1_000_000, 1_000_000)]
    evse_maximum_voltage_limit: OutputVoltage
    evse_maximum_discharge_current_limit: OutputCurrent | None = None
    evse_maximum_discharge_power_limit: OutputPower | None = None


class DcEvseMinimumLimits(Shape):
    """The energy budget's lower end."""

    evse_minimum_current_limit: OutputCurrent
    evse_minimum_voltage_limit: OutputVoltage
    evse_minimum_power_limit: OutputPower
    evse_minimum_discharge_current_limit: OutputCurrent | None = None
    evse_minimum_discharge_power_limit: OutputPower | None = None


class DcEvsePresentVoltageCurrent(Shape):
    """What the power supply puts out; the current is negative while it discharges the EV."""

    evse_present_voltage: OutputVoltage
    evse_present_current: OutputCurrent | None = None


class ResponseExiStreamStatus(Shape):
    """A back end's answer to a certificate request."""

    status: ExiStreamStatus
    certificate_action: CertificateActionEnum
    exi_response: str | None = None
    """Base64; EVerest's schema has 5600 characters at most, and chains of some back ends more."""
