"""The embedded default adapter: simulated chargers, so that an EV can charge at `fastsecc run` without hardware."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from fastsecc.charger.charger import Charger
from fastsecc.charger.slac_interface import SLAC
from fastsecc.errors import CommandError
from fastsecc.sim.charger import SimulatedCharger
from fastsecc.sim.outlet import Command
from fastsecc.sim.settings import SimulatorSettings

log = logging.getLogger(__name__)

__all__ = ["Simulator", "SimulatorSettings"]


class Simulator:
    """The adapter: a simulated charger for each connector."""

    def __init__(
        self,
        settings: SimulatorSettings | Mapping[str, SimulatorSettings] | None = None,
        issuing: Collection[str] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
        unix_s: Callable[[], float] = time.time,
    ) -> None:
        """Make the adapter.

        Args:
            settings: of every connector, or by connector name (the others take the defaults).
            issuing: connectors whose EVs' certificate requests are answered.
            clock: gives `now`, monotonic seconds.
            unix_s: gives the wall clock's Unix seconds.
        """
        self._settings = settings
        self._issuing = issuing
        self._clock = clock
        self._unix_s = unix_s
        self._simulations: list[_Simulation] = []

    async def start(self, chargers: Mapping[str, Charger]) -> None:
        """Switch the chargers on."""
        for name, charger in chargers.items():
            core = SimulatedCharger(
                self._settings_of(name),
                self._unix_s,
                issues_contracts=name in self._issuing,
                has_slac=charger.slac is not None,
            )
            self._simulations.append(_Simulation(charger, core, self._clock))
        for simulation in self._simulations:
            simulation.start()

    async def stop(self) -> None:
        """End the simulation."""
        for simulation in self._simulations:
            simulation.stop()
        self._simulations.clear()

    def _settings_of(self, connector: str) -> SimulatorSettings:
        if isinstance(self._settings, SimulatorSettings):
            return self._settings
        return (self._settings or {}).get(connector) or SimulatorSettings()


class _Simulation:
    """Takes vars and time to one simulated charger, and its cmds back; never from within a var's publication."""

    def __init__(self, charger: Charger, core: SimulatedCharger, clock: Callable[[], float]) -> None:
        self._charger = charger
        self._core = core
        self._clock = clock
        self._heard: deque[tuple[str, Any]] = deque()
        self._loop = asyncio.get_running_loop()
        self._due: asyncio.Handle | None = None
        self._unsubscribe: list[Callable[[], None]] = []

    def start(self) -> None:
        self._unsubscribe.append(self._charger.subscribe(self._on_variable))
        if self._charger.slac is not None:
            self._unsubscribe.append(self._charger.slac.subscribe(self._on_slac_variable))
        self._issue(self._core.boot(self._clock()))
        self._schedule()

    def stop(self) -> None:
        while self._unsubscribe:
            self._unsubscribe.pop()()
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _on_slac_variable(self, name: str, value: Any) -> None:
        self._on_variable(SLAC + name, value)

    def _on_variable(self, name: str, value: Any) -> None:
        if not self._heard and self._due is not None:
            self._due.cancel()
            self._due = None
        self._heard.append((name, value))
        if self._due is None:
            self._due = self._loop.call_soon(self._run)

    def _run(self) -> None:
        self._due = None
        now = self._clock()
        while self._heard:
            self._issue(self._core.handle_variable(*self._heard.popleft(), now))
        self._issue(self._core.step(now))
        if self._due is None:
            self._schedule()

    def _schedule(self) -> None:
        deadline = self._core.deadline
        if deadline is not None and self._unsubscribe:
            self._due = self._loop.call_later(max(0.0, deadline - self._clock()), self._run)

    def _issue(self, commands: Iterable[Command]) -> None:
        for name, args in commands:
            try:
                self._command(name, args)
            except CommandError as error:
                log.error("%s: %s", self._charger.connector, error)

    def _command(self, name: str, args: Any) -> None:
        if self._charger.slac is not None and name.startswith(SLAC):
            self._charger.slac.command(name.removeprefix(SLAC), args, self._clock())
        else:
            self._charger.command(name, args, self._clock())
