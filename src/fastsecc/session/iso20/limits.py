"""What the charger can and may do now, in SI units: DC and AC, to the EV and from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastsecc.charger.state import AcPower, DcCapabilities
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.numbers import optional_rational, rational

AC_PHASES = {"SinglePhase": 1, "ThreePhase": 3}


@dataclass(frozen=True, slots=True)
class Discharge:
    """What a DC supply takes back from the EV."""

    max_power_w: float
    min_power_w: float
    max_current_a: float
    min_current_a: float


NO_DISCHARGE = Discharge(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class DcRange:
    """What a DC supply can do."""

    max_power_w: float
    min_power_w: float
    max_current_a: float
    min_current_a: float
    max_voltage_v: float
    min_voltage_v: float
    discharge: Discharge


def dc_capabilities(context: Iso20Context) -> DcRange:
    """Give what the supply can do at all (cmd `set_powersupply_capabilities`), for ChargeParameterDiscovery."""
    supply = context.charger.capabilities
    return DcRange(
        max_power_w=supply.max_power_w,
        min_power_w=supply.min_current_a * supply.min_voltage_v,
        max_current_a=supply.max_current_a,
        min_current_a=supply.min_current_a,
        max_voltage_v=supply.max_voltage_v,
        min_voltage_v=supply.min_voltage_v,
        discharge=_discharge(supply),
    )


def _discharge(supply: DcCapabilities) -> Discharge:
    """Give what the supply takes back; a value that is missing is 0."""
    min_current_a = supply.min_import_current_a or 0.0
    return Discharge(
        max_power_w=supply.max_import_power_w or 0.0,
        min_power_w=min_current_a * (supply.min_import_voltage_v or 0.0),
        max_current_a=supply.max_import_current_a or 0.0,
        min_current_a=min_current_a,
    )


def dc_budget(context: Iso20Context) -> DcRange:
    """Give what the supply may do now (cmds `update_dc_maximum_limits`, `update_dc_minimum_limits`), for the loop.

    What they have not said is what the supply can do.
    """
    can, most, least = dc_capabilities(context), context.charger.dc_maximum_limits, context.charger.dc_minimum_limits
    return DcRange(
        max_power_w=can.max_power_w if most is None else most.power_w,
        min_power_w=can.min_power_w if least is None else least.power_w,
        max_current_a=can.max_current_a if most is None else most.current_a,
        min_current_a=can.min_current_a if least is None else least.current_a,
        max_voltage_v=can.max_voltage_v if most is None else most.voltage_v,
        min_voltage_v=can.min_voltage_v if least is None else least.voltage_v,
        discharge=_discharge_budget(context, can.discharge),
    )


def _discharge_budget(context: Iso20Context, can: Discharge) -> Discharge:
    most, least = context.charger.dc_maximum_limits, context.charger.dc_minimum_limits
    return Discharge(
        max_power_w=_given(most.discharge_power_w if most else None, can.max_power_w),
        min_power_w=_given(least.discharge_power_w if least else None, can.min_power_w),
        max_current_a=_given(most.discharge_current_a if most else None, can.max_current_a),
        min_current_a=_given(least.discharge_current_a if least else None, can.min_current_a),
    )


def _given(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def ac_maximum(context: Iso20Context) -> AcPower:
    """Give the most AC power: as cmd `update_ac_maximum_limits` says it, else from the current of each phase."""
    charger = context.charger
    if charger.ac_maximum_power is not None:
        return charger.ac_maximum_power
    phases = AC_PHASES[context.service.connector]
    return AcPower(charger.ac_max_current_a * charger.ac_grid.nominal_voltage_v * phases)


def discharge_sign(context: Iso20Context) -> int:
    """Give the sign that discharge limits are said with."""
    return -1 if "negative-bidirectional-limits" in context.quirks else 1


def by_phase(element: str, power: AcPower | None, sign: int = 1) -> dict[str, Any]:
    """Say a power: the element alone is the total, with `_L2` and `_L3` beside it the first phase.

    Args:
        element: name of the element without suffix.
        power: None leaves the elements out.
        sign: 1 or -1.
    """
    if power is None:
        return {}
    if power.l1_w is None or (power.l2_w is None and power.l3_w is None):
        return {element: rational(sign * power.total_w)}
    return {
        element: rational(sign * power.l1_w),
        f"{element}_L2": optional_rational(None if power.l2_w is None else sign * power.l2_w),
        f"{element}_L3": optional_rational(None if power.l3_w is None else sign * power.l3_w),
    }
