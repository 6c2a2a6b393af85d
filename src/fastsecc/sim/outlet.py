"""What AC and DC outlets of a simulated charger have in common: they turn vars into movements, and these into cmds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from fastsecc.sim.power import Meter


class Command(NamedTuple):
    """One cmd to issue."""

    name: str
    args: dict[str, Any]


BPT_SETUP: Final = Command("bpt_setup", {"bpt_config": {"bpt_channel": "Unified", "generator_mode": "GridFollowing"}})
Commands = Iterator[Command]
Handler = Callable[[Any], Commands]
"""Takes a var's payload and gives the cmds that answer it."""


class Outlet(ABC):
    """An outlet. Its power electronics have been carried on to the present before anything here is called."""

    meter: Meter
    active: bool = False
    """True while there is something to compute and to report."""

    @property
    @abstractmethod
    def handlers(self) -> Mapping[str, Handler]:
        """Var name -> what to do."""

    @abstractmethod
    def boot(self) -> Commands:
        """Say what the outlet can do."""

    @abstractmethod
    def step(self, now: float) -> None:
        """Carry the power electronics on."""

    @abstractmethod
    def report(self, now: float) -> Commands:
        """Say what has changed."""

    @abstractmethod
    def off(self) -> Commands:
        """Switch off: the session is over."""

    @abstractmethod
    def meter_values(self) -> dict[str, Any]:
        """Give what the meter shows besides its energy."""
