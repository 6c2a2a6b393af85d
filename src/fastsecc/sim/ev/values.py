"""Physical values and rational numbers on the wire: a 16-bit integer and a power of ten from -3 to 3."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

from fastsecc.messages import iso20

LARGEST: Final = 32_767
MULTIPLIERS: Final = range(-3, 4)


def physical(messages: ModuleType, unit: str, value: float, decimals: int = 1) -> Any:
    """Make a PhysicalValueType of a message set.

    Args:
        messages: the message set, fastsecc.messages.din70121 or .iso2.
        unit: UnitSymbolType member.
        value: in that unit; what is too large for the type becomes the largest value.
        decimals: digits after the point that are kept where they fit.
    """
    scaled, multiplier = _scaled(value, decimals)
    return messages.PhysicalValueType(Multiplier=multiplier, Unit=messages.UnitSymbolType(unit), Value=scaled)


def rational(value: float, decimals: int = 1) -> iso20.RationalNumberType:
    """Make a RationalNumberType.

    Args:
        value: what is too large for the type becomes the largest value.
        decimals: digits after the point that are kept where they fit.
    """
    scaled, exponent = _scaled(value, decimals)
    return iso20.RationalNumberType(Exponent=exponent, Value=scaled)


def _scaled(value: float, decimals: int) -> tuple[int, int]:
    for exponent in range(-decimals, MULTIPLIERS.stop):
        scaled = round(value / 10.0**exponent)
        if abs(scaled) <= LARGEST:
            return scaled, exponent
    return (LARGEST if value > 0 else -LARGEST), exponent


def number(value: Any) -> float:
    """Read a PhysicalValueType of any message set, or a RationalNumberType."""
    exponent = value.Exponent if isinstance(value, iso20.RationalNumberType) else value.Multiplier
    return float(value.Value * 10.0**exponent)


def total(holder: Any, name: str) -> float | None:
    """Add up what an element and its twins `_L2` and `_L3` say of the phases; None: it is not there."""
    values = [getattr(holder, f"{name}{phase}", None) for phase in ("", "_L2", "_L3")]
    there = [number(value) for value in values if value is not None]
    return sum(there) if there else None
