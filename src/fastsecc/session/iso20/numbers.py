"""RationalNumberType: between numbers in SI units and the standard's integer with a power of ten."""

from __future__ import annotations

from fastsecc.messages.iso20 import RationalNumberType

VALUE_MAX = 2**15 - 1
VALUE_MIN = -(2**15)
EXPONENT_MIN = -3
EXPONENT_MAX = 3
LARGEST = VALUE_MAX * 10**EXPONENT_MAX
"""Largest magnitude that can be said; what is beyond is said as this."""
POWERS_OF_TEN = tuple(float(10**exponent) for exponent in range(129))
"""An EV may use any exponent that fits into an octet: each power is the double that is nearest to it."""


def rational(value: float) -> RationalNumberType:
    """Say a number as exactly as it can be said: whole thousandths, or four digits at least; the rest is cut off.

    Args:
        value: in the unit of the element; beyond +-32767000 it is taken as that.
    """
    thousandths = int(round(max(-LARGEST, min(LARGEST, value)) * 1000, 6))  # 0.3 * 1000 may be a hair below 300
    number, most = (thousandths, VALUE_MAX) if thousandths >= 0 else (-thousandths, -VALUE_MIN)
    exponent = EXPONENT_MIN
    while number > most or (exponent < 0 and number % 10 == 0):
        number //= 10
        exponent += 1
    return RationalNumberType(Exponent=exponent, Value=number if thousandths >= 0 else -number)


def optional_rational(value: float | None) -> RationalNumberType | None:
    """Say a number that may not be known."""
    return None if value is None else rational(value)


def to_float(number: RationalNumberType) -> float:
    """Read a number: one division or one multiplication in doubles, as the link thread does it."""
    if number.Exponent < 0:
        return number.Value / POWERS_OF_TEN[-number.Exponent]
    return number.Value * POWERS_OF_TEN[number.Exponent]


def optional_float(number: RationalNumberType | None) -> float | None:
    """Read a number that may be absent."""
    return None if number is None else to_float(number)
