"""What every adapter is: the other side of the charger interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from fastsecc.charger.charger import Charger


class Adapter(Protocol):
    """Carries cmds and vars between chargers and whoever uses them; decides nothing."""

    async def start(self, chargers: Mapping[str, Charger]) -> None:
        """Begin to serve the chargers, by connector name; when it returns, cmds can come and vars are heard."""

    async def stop(self) -> None:
        """End, and leave nothing behind; also after a start that failed."""
