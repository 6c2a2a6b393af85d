"""Plugs a simulated car in at a real interface, in real time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from fastsecc.errors import EvError
from fastsecc.sim.plc.cars import SlacEvSettings
from fastsecc.sim.plc.ev import SlacEv, SlacEvOutput, SlacResult, Step
from fastsecc.sim.plc.wire import ETH_P_HPAV, Wire

OnStep = Callable[[Step], None]


class Plug:
    """One car at one interface; it is unplugged when the `async with` block ends."""

    def __init__(self, interface: str, settings: SlacEvSettings | None = None) -> None:
        """Make it.

        Args:
            interface: where the car's modem is.
            settings: the car's habits; None takes the standard's.
        """
        self.on_step: OnStep | None = None
        """Called after each step of the way."""
        self._interface = interface
        self._settings = settings or SlacEvSettings()
        self._due: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> SlacResult:
        """Match, join the logical network, and wait until the car would look for a SECC.

        Raises:
            InterfaceError: raw frames cannot be sent there.
            EvError: no charger has matched, or there is no link.
        """
        self._wire = Wire(self._interface, lambda frame, _: self._on_frame(frame), ETH_P_HPAV)
        self._ev = SlacEv(self._wire.mac, self._settings)
        self._over = asyncio.Event()
        try:
            self._do(self._ev.start(time.monotonic()))
            await self._over.wait()
            result = self._ev.result
            if not result.linked:
                raise EvError(f"SLAC: {result.reason} ({result.runs} runs)")
            await asyncio.sleep(max(0.0, result.matched_at + self._settings.first_sdp_s - time.monotonic()))
        except BaseException:
            self._unplug()
            raise
        return result

    async def __aexit__(self, *_: object) -> None:
        """Unplug."""
        self._unplug()

    def _unplug(self) -> None:
        if self._due is not None:
            self._due.cancel()
        for frame in self._ev.leave():
            self._wire.send(frame)
        self._wire.close()

    def _on_frame(self, frame: bytes) -> None:
        self._do(self._ev.frame(frame, time.monotonic()))

    def _on_time(self) -> None:
        self._do(self._ev.wake(time.monotonic()))

    def _do(self, output: SlacEvOutput) -> None:
        for frame in output.frames:
            self._wire.send(frame)
        for step in output.steps:
            if self.on_step is not None:
                self.on_step(step)
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._ev.deadline is None:
            self._over.set()
        else:
            delay = max(0.0, self._ev.deadline - time.monotonic())
            self._due = asyncio.get_running_loop().call_later(delay, self._on_time)
