"""Physical values on the wire: a 16-bit integer and a power of ten from -3 to 3."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

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
    for multiplier in range(-decimals, MULTIPLIERS.stop):
        scaled = round(value / 10.0**multiplier)
        if abs(scaled) <= LARGEST:
            break
    else:
        scaled = LARGEST if value > 0 else -LARGEST
    return messages.PhysicalValueType(Multiplier=multiplier, Unit=messages.UnitSymbolType(unit), Value=scaled)


def number(value: Any) -> float:
    """Read a PhysicalValueType of any message set."""
    return float(value.Value * 10.0**value.Multiplier)
