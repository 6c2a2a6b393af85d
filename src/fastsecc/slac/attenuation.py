"""The mean of what the modem measured of an EV's sounds."""

from __future__ import annotations

from operator import add
from typing import Final

from fastsecc.slac.frames import AAG_GROUPS

ATTENUATION_MAX_db: Final = 255


class Attenuation:
    """Profiles of one EV, added up a group."""

    def __init__(self) -> None:
        self.profiles = 0
        """How many came, with values or without."""
        self.measured = 0
        """How many came with values."""
        self._sums = [0] * AAG_GROUPS

    def add(self, aag: bytes) -> None:
        """Count a profile; one without a value for each group says nothing about attenuation."""
        self.profiles += 1
        if len(aag) == AAG_GROUPS:
            self.measured += 1
            self._sums = list(map(add, self._sums, aag))

    def mean(self, adjustment_db: int, unknown_db: int) -> bytes:
        """Give the mean a group, rounded half up.

        Args:
            adjustment_db: added to each group; what no octet can hold is cut off.
            unknown_db: what each group is without any values.
        """
        n = self.measured
        if n == 0:
            return bytes([unknown_db]) * AAG_GROUPS
        means = bytes([(2 * total + n) // (2 * n) for total in self._sums])
        if adjustment_db:
            means = bytes([min(max(mean + adjustment_db, 0), ATTENUATION_MAX_db) for mean in means])
        return means
