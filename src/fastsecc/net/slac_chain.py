"""What ties SLAC to the session above it: both interfaces of a connector, each told what the other says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from fastsecc.charger.charger import Charger
from fastsecc.charger.slac_interface import SlacInterface

SESSION_ENDS: Final = frozenset({"dlink_terminate", "dlink_error", "dlink_pause"})
"""Vars of the charger's interface that are cmds of SLAC's."""


def chain(slac: SlacInterface, charger: Charger, clock: Callable[[], float]) -> None:
    """Let a match begin a session, and the end of the session that of the match.

    Args:
        slac: the connector's SLAC.
        charger: its charger.
        clock: gives `now` for cmds, monotonic seconds.
    """

    def on_slac(name: str, value: Any) -> None:
        if name == "dlink_ready":
            charger.command("dlink_ready", {"value": value}, clock())

    def on_charger(name: str, _: Any) -> None:
        if name in SESSION_ENDS:  # when all have heard of the end, and before the connector lets the next EV in
            asyncio.get_running_loop().call_soon(slac.command, name, {}, clock())

    slac.subscribe(on_slac)
    charger.subscribe(on_charger)
