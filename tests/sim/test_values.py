"""Physical values: as exact as sixteen bits allow."""

from __future__ import annotations

import pytest

from fastsecc.messages import din70121, iso2
from fastsecc.messages.iso20 import dc
from fastsecc.sim.ev.values import number, physical, rational, total


@pytest.mark.parametrize("messages", [din70121, iso2], ids=["din", "iso2"])
@pytest.mark.parametrize(
    ("value", "decimals", "multiplier", "raw"),
    [
        (400.04, 1, -1, 4000),
        (150.256, 2, -2, 15026),
        (3276.7, 1, -1, 32767),
        (3276.8, 1, 0, 3277),
        (360_000, 0, 2, 3600),
        (-12.3, 1, -1, -123),
        (0, 1, -1, 0),
        (1e9, 0, 3, 32767),
        (-1e9, 0, 3, -32767),
    ],
)
def test_value_uses_the_smallest_multiplier_that_fits(messages, value, decimals, multiplier, raw):
    encoded = physical(messages, "W", value, decimals)
    assert (encoded.Multiplier, encoded.Value) == (multiplier, raw) or number(encoded) == pytest.approx(
        raw * 10.0**multiplier
    )
    assert encoded.Unit == "W"
    assert isinstance(encoded, messages.PhysicalValueType)


@pytest.mark.parametrize(
    ("value", "decimals", "exponent", "raw"),
    [
        (400.04, 1, -1, 4000),
        (3_750_000, 0, 3, 3750),
        (-12.3, 1, -1, -123),
        (32_767_000.0, 0, 3, 32767),
        (1e12, 0, 3, 32767),
    ],
)
def test_rational_number(value, decimals, exponent, raw):
    encoded = rational(value, decimals)
    assert (encoded.Exponent, encoded.Value) == (exponent, raw)
    assert number(encoded) == pytest.approx(min(value, 32_767_000), abs=0.1)


def test_total_is_that_of_all_phases_that_are_there():
    entry = type("Entry", (), {"Power": rational(1000), "Power_L2": rational(2000), "Power_L3": None})
    assert total(entry, "Power") == 3000
    assert total(dc.Scheduled_DC_CLResControlModeType(), "EVSETargetActivePower") is None
