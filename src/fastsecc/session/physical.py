"""Physical values: between numbers in SI units and the standards' integer with a power of ten.

DIN 70121 and ISO 15118-2 share the form; the class to build is an argument.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from fastsecc.messages.schema import Type

SHORT_MAX = 2**15 - 1
SHORT_MIN = -(2**15)
MULTIPLIER_MAX = 3
LARGEST = SHORT_MAX * 10**MULTIPLIER_MAX
"""Largest magnitude that can be said; what is beyond is said as this."""

POWERS_OF_TEN = (1.0, 10.0, 100.0, 1000.0, 10_000.0)
"""The schema ends at 3; the three bits on the wire reach 4, and what an EV says so is read as it stands."""


class PhysicalValue(Protocol):
    """What a PhysicalValueType of either protocol has."""

    @property
    def Multiplier(self) -> int: ...

    @property
    def Value(self) -> int: ...


T = TypeVar("T", bound=Type)


def parts(value: float, decimals: int = 0) -> tuple[int, int]:
    """Split a number into Multiplier and Value: truncated, at most `decimals` digits behind the point.

    Args:
        value: in the unit of the element; beyond +-32767000 it is taken as that.
        decimals: 0 to 3.
    """
    scaled = round(max(-LARGEST, min(LARGEST, value)) * 10**decimals, 6)  # 400.1 * 10 is a hair below 4001
    number = int(scaled)
    multiplier = -decimals
    while not _fits(number, multiplier):
        number = int(number / 10)
        multiplier += 1
    return multiplier, number


def _fits(number: int, multiplier: int) -> bool:
    return abs(number) < SHORT_MAX if multiplier < 0 else SHORT_MIN <= number <= SHORT_MAX


def physical(cls: type[T], unit: Any, value: float, decimals: int = 0) -> T:
    """Build a physical value: 400.04 A with one decimal is 4000 * 10^-1, 360 kW without one is 3600 * 10^2.

    Args:
        cls: PhysicalValueType of the protocol.
        unit: member of its UnitSymbolType.
        value: in that unit.
        decimals: digits behind the point that are kept where they fit.
    """
    multiplier, number = parts(value, decimals)
    build: Any = cls
    built: T = build(Multiplier=multiplier, Unit=unit, Value=number)
    return built


def to_float(value: PhysicalValue) -> float:
    """Read a physical value: one division or one multiplication in doubles, as the link thread does it."""
    if value.Multiplier < 0:
        return value.Value / POWERS_OF_TEN[-value.Multiplier]
    return value.Value * POWERS_OF_TEN[value.Multiplier]


def optional_float(value: PhysicalValue | None) -> float | None:
    """Read a physical value that may be absent."""
    return None if value is None else to_float(value)


def achieved(target: float, maximum: PhysicalValue | None) -> bool:
    """Tell whether a target has reached a limit; one that was never given cannot be reached."""
    return reaches(target, optional_float(maximum))


def reaches(target: float, limit: float | None) -> bool:
    """Tell the same of numbers.

    A negative limit is the most that a discharging EV may give (SAE J2847/2): the target has to lie as far below zero.
    """
    if limit is None:
        return False
    return target <= limit if limit < 0 else target >= limit
