"""The adapter of a site that issues contracts itself: EVs' certificate requests are answered in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fastsecc.charger.charger import Charger

if TYPE_CHECKING:
    from fastsecc.sim.backend import IssuingBackEnd


class ContractIssuer:
    """Stands beside the adapter that is the charger's other half."""

    def __init__(self, back_ends: Mapping[str, IssuingBackEnd]) -> None:
        """Make the adapter.

        Args:
            back_ends: who answers, by connector name.
        """
        self._back_ends = back_ends
        self._attached: list[Callable[[], None]] = []

    async def start(self, chargers: Mapping[str, Charger]) -> None:
        """Begin to answer."""
        self._attached = [back_end.attach(chargers[name]) for name, back_end in self._back_ends.items()]

    async def stop(self) -> None:
        """End that."""
        while self._attached:
            self._attached.pop()()
