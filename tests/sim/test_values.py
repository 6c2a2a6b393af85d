"""Physical values: as exact as sixteen bits allow."""

from __future__ import annotations

import pytest

from fastsecc.messages import din70121, iso2
from fastsecc.sim.ev.values import number, physical


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
