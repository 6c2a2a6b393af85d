"""Physical values: the rounding that section D.0.5 of the interface's semantics gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsecc.messages import din70121, iso2
from fastsecc.session.physical import LARGEST, achieved, optional_float, parts, physical, to_float

A = iso2.UnitSymbolType.A


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (400.04, 1, (-1, 4000)),
        (150.256, 2, (-2, 15025)),
        (360_000.0, 0, (2, 3600)),
        (0.0, 1, (-1, 0)),
        (-12.35, 1, (-1, -123)),
        (3276.7, 1, (0, 3276)),
        (3276.6, 1, (-1, 32766)),
        (4000.0, 1, (0, 4000)),
        (32_767.0, 0, (0, 32767)),
        (-32_768.0, 0, (0, -32768)),
        (32_768.0, 0, (1, 3276)),
        (400.1, 1, (-1, 4001)),
        (1e12, 0, (3, 32767)),
        (-1e12, 2, (3, -32767)),
    ],
)
def test_parts(value: float, decimals: int, expected: tuple[int, int]) -> None:
    assert parts(value, decimals) == expected


@given(st.floats(-LARGEST, LARGEST), st.integers(0, 3))
def test_every_number_can_be_said_and_comes_back(value: float, decimals: int) -> None:
    said = physical(iso2.PhysicalValueType, A, value, decimals)
    assert -3 <= said.Multiplier <= 3
    assert -32768 <= said.Value <= 32767
    lost = abs(value - to_float(said))
    assert lost <= 10.0**said.Multiplier * (1 + 1e-9)
    assert abs(to_float(said)) <= abs(value) + 1e-6


def test_both_protocols() -> None:
    value = physical(din70121.PhysicalValueType, din70121.UnitSymbolType.V, 400.0, 1)
    assert (value.Multiplier, value.Unit, value.Value) == (-1, "V", 4000)
    assert to_float(value) == 400.0
    assert optional_float(None) is None
    assert optional_float(value) == 400.0


@pytest.mark.parametrize("multiplier", range(-3, 5))
def test_every_multiplier_that_three_bits_can_say_is_read(multiplier: int) -> None:
    value = iso2.PhysicalValueType(Multiplier=multiplier, Unit=A, Value=12)
    assert to_float(value) == pytest.approx(12 * 10.0**multiplier)


def test_achieved() -> None:
    limit = physical(iso2.PhysicalValueType, A, 100.0, 2)
    assert achieved(100.0, limit)
    assert not achieved(99.99, limit)
    assert not achieved(1e9, None)
