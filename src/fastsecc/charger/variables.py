"""The 46 vars of the interface, and the check that each payload passes before it is published."""

from __future__ import annotations

import functools
import math
from types import MappingProxyType
from typing import Annotated, Any, Final

import msgspec
from msgspec import inspect

from fastsecc.charger import extensions
from fastsecc.charger.arguments import SupportedAppProtocols
from fastsecc.charger.enums import EnergyTransferMode, HlcSessionFailedReasonEnum, PaymentOption
from fastsecc.charger.payloads import (
    AcEvDynamicModeValues,
    AcEvPowerLimits,
    AcEvPresentPowerValues,
    AppProtocols,
    DcChargeDynamicModeValues,
    DcEvMaximumLimits,
    DcEvRemainingTime,
    DcEvStatus,
    DcEvTargetValues,
    DisplayParameters,
    EvTermination,
    Percent,
    ProvidedIdToken,
    SelectedServiceParameters,
    V2gMessages,
)
from fastsecc.charger.shape import MacAddress, Timestamp, limited
from fastsecc.errors import VariableError

EvEnergy = Annotated[float, limited("Wh", 0, 200_000)]
PhaseVoltage = Annotated[float, limited("V", 0, 1000)]
PhaseCurrent = Annotated[float, limited("A", 0, 400)]

VARIABLES: Final[MappingProxyType[str, Any]] = MappingProxyType(
    {
        "supported_app_protocols_secc": SupportedAppProtocols,
        "ev_app_protocol": AppProtocols,
        "selected_protocol": str,
        "v2g_messages": V2gMessages,
        "evcc_id": MacAddress,
        "require_auth_eim": None,
        "require_auth_pnc": ProvidedIdToken,
        "selected_payment_option": PaymentOption,
        "requested_energy_transfer_mode": EnergyTransferMode,
        "sae_bidi_mode_active": None,
        "departure_time": Timestamp,
        "ac_eamount": EvEnergy,
        "ac_ev_max_voltage": PhaseVoltage,
        "ac_ev_max_current": PhaseCurrent,
        "ac_ev_min_current": PhaseCurrent,
        "ac_ev_power_limits": AcEvPowerLimits,
        "ac_ev_present_powers": AcEvPresentPowerValues,
        "ac_ev_dynamic_control_mode": AcEvDynamicModeValues,
        "ac_close_contactor": None,
        "ac_open_contactor": None,
        "dc_ev_energy_capacity": EvEnergy,
        "dc_ev_energy_request": EvEnergy,
        "dc_full_soc": Percent,
        "dc_bulk_soc": Percent,
        "dc_ev_status": DcEvStatus,
        "dc_ev_maximum_limits": DcEvMaximumLimits,
        "dc_ev_target_voltage_current": DcEvTargetValues,
        "dc_ev_remaining_time": DcEvRemainingTime,
        "dc_charging_complete": bool,
        "dc_bulk_charging_complete": bool,
        "dc_ev_present_voltage": Annotated[float, limited("V")],
        "d20_dc_dynamic_charge_mode": DcChargeDynamicModeValues,
        "display_parameters": DisplayParameters,
        "meter_info_requested": None,
        "selected_service_parameters": SelectedServiceParameters,
        "start_cable_check": None,
        "start_pre_charge": None,
        "v2g_setup_finished": None,
        "current_demand_started": None,
        "current_demand_finished": None,
        "dc_open_contactor": None,
        "ev_termination": EvTermination,
        "hlc_session_failed": HlcSessionFailedReasonEnum,
        "dlink_terminate": None,
        "dlink_error": None,
        "dlink_pause": None,
    }
)
"""Var name -> type of its payload; None for a var that carries JSON null."""


SIGNED: Final = frozenset({"dc_ev_target_voltage_current", "dc_ev_maximum_limits"})
"""Vars whose currents and powers go below their ranges while the EV is discharged."""


def check(name: str, payload: Any, *, signed: bool = False) -> Any:
    """Turn a payload into JSON-able built-ins, after checking that it is exactly what the var carries.

    Args:
        name: one of VARIABLES, or of those of `extensions`.
        payload: the var's payload object, or built-ins of the same shape.
        signed: the vars of SIGNED may go below their ranges.

    Raises:
        VariableError: no such var; a payload of another type, out of its range, not finite, or with members too many.
    """
    kind = _kind(name)
    if isinstance(payload, msgspec.Struct) and type(payload) is not kind:
        raise VariableError(name, f"carries {name_of_type(kind)}, not {type(payload).__name__}")
    built = _builtins(name, payload)
    below = signed and name in SIGNED
    try:
        value = msgspec.convert(_fitted(built, _type_info(name), ends=("ge",)) if below else built, kind)
    except (msgspec.ValidationError, OverflowError) as error:
        raise VariableError(name, str(error)) from None
    return built if below else msgspec.to_builtins(value)


def fit(name: str, payload: Any, *, signed: bool = False) -> Any:
    """Turn a payload into built-ins whose numbers are moved into their ranges; nothing else is mended.

    An EV's number beyond EVerest's range is worth more at the range's end than not at all.

    Args:
        name: one of VARIABLES, or of those of `extensions`.
        payload: as for `check`.
        signed: the vars of SIGNED may go below their ranges.

    Raises:
        VariableError: no such var, or a payload that no JSON can carry.
    """
    ends = ("le",) if signed and name in SIGNED else ("ge", "le")
    return _fitted(_builtins(name, payload), _type_info(name), ends)


def name_of_type(kind: Any) -> str:
    """Name a payload type."""
    return "null" if kind is None else getattr(kind, "__name__", "a plain value")


def _kind(name: str) -> Any:
    table = extensions.VARIABLES if name in extensions.VARIABLES else VARIABLES
    if name not in table:
        raise VariableError(name, "is no var of the interface")
    return table[name]


@functools.cache
def _type_info(name: str) -> inspect.Type:
    return inspect.type_info(_kind(name))


def _builtins(name: str, payload: Any) -> Any:
    try:
        built = msgspec.to_builtins(payload)
    except (TypeError, ValueError, RecursionError) as error:
        raise VariableError(name, str(error)) from None
    if not _finite(built):
        raise VariableError(name, "has a number that is not finite")
    return built


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(_finite(item) for item in value.values())
    if isinstance(value, list):
        return all(_finite(item) for item in value)
    return True


def _fitted(value: Any, kind: inspect.Type, ends: tuple[str, ...]) -> Any:
    """Move numbers to the ends of their ranges: "ge" the lower ones, "le" the upper ones."""
    if isinstance(kind, inspect.Metadata):
        return _fitted(value, kind.type, ends)
    if isinstance(kind, inspect.UnionType):
        return functools.reduce(lambda part, member: _fitted(part, member, ends), kind.types, value)
    if isinstance(kind, inspect.StructType) and isinstance(value, dict):
        kinds = {field.encode_name: field.type for field in kind.fields}
        return {key: _fitted(item, kinds[key], ends) if key in kinds else item for key, item in value.items()}
    if isinstance(kind, inspect.FloatType) and isinstance(value, int | float) and not isinstance(value, bool):
        low = value if kind.ge is None or "ge" not in ends else max(value, kind.ge)
        return low if kind.le is None or "le" not in ends else min(low, kind.le)
    return value
