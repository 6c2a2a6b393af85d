"""RationalNumberType: what can be said is said exactly, the rest with four digits at least."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsecc.messages.iso20 import RationalNumberType
from fastsecc.session.iso20.numbers import LARGEST, optional_float, optional_rational, rational, to_float

SHORTS = st.integers(-(2**15), 2**15 - 1)

SAID = {
    0.0: (0, 0),
    400.0: (0, 400),
    399.95: (-1, 3999),
    0.001: (-3, 1),
    0.3: (-1, 3),
    16.385: (-3, 16385),
    32.768: (-2, 3276),
    -32.768: (-3, -32768),
    32767.0: (0, 32767),
    -32768.0: (0, -32768),
    32768.0: (1, 3276),
    350_000.0: (2, 3500),
    3_750_000.0: (3, 3750),
    1e12: (3, 32767),
    -1e12: (3, -32767),
}


@pytest.mark.parametrize(("value", "parts"), SAID.items())
def test_how_numbers_are_said(value: float, parts: tuple[int, int]) -> None:
    said = rational(value)
    assert (said.Exponent, said.Value) == parts


@given(st.floats(allow_nan=False, allow_infinity=True))
def test_every_number_stays_in_range(value: float) -> None:
    said = rational(max(-1e300, min(1e300, value)))
    assert -3 <= said.Exponent <= 3
    assert -(2**15) <= said.Value < 2**15


@given(SHORTS, st.integers(-3, 3))
def test_what_can_be_said_exactly_is(value: int, exponent: int) -> None:
    number = to_float(RationalNumberType(Exponent=exponent, Value=value))
    if abs(number) <= LARGEST:
        assert to_float(rational(number)) == number


@given(st.floats(-LARGEST, LARGEST))
def test_four_digits_are_kept_and_none_is_added(value: float) -> None:
    said = to_float(rational(value))
    assert abs(said) <= abs(value) + 1e-9
    assert abs(value) - abs(said) <= max(abs(value) / 1000, 0.001) + 1e-9


@given(st.floats(-LARGEST, LARGEST), st.floats(-LARGEST, LARGEST))
def test_the_order_of_numbers_is_kept(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert to_float(rational(low)) <= to_float(rational(high))


@given(SHORTS, st.integers(-128, 127))
def test_any_exponent_of_an_ev_can_be_read(value: int, exponent: int) -> None:
    number = to_float(RationalNumberType(Exponent=exponent, Value=value))
    assert math.isfinite(number)
    exact = value * 10**exponent if exponent >= 0 else value / 10**-exponent
    assert number == pytest.approx(exact, rel=1e-15)


def test_what_is_absent_stays_absent() -> None:
    assert optional_rational(None) is None
    assert optional_float(None) is None
    assert optional_float(optional_rational(2.5)) == 2.5
