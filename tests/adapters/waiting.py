"""How tests of adapters wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

TIMEOUT_s = 20.0


async def settled(condition: Callable[[], bool]) -> None:
    """Let the loop run until a condition holds."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.001)
