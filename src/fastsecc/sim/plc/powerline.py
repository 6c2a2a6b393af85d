"""A medium between real interfaces: the host at the other end of each sits behind its modem."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import Final

from fastsecc.sim.plc.medium import Medium
from fastsecc.sim.plc.modem import message_name
from fastsecc.sim.plc.wire import Wire

log = logging.getLogger(__name__)

HPAV: Final = b"\x88\xe1"
ETHERTYPE: Final = slice(12, 14)


class Powerline:
    """Management messages go over the medium; all else passes between modems of one logical network, at once."""

    def __init__(self, medium: Medium, interfaces: Mapping[str, str]) -> None:
        """Make it; nothing is opened yet.

        Args:
            medium: the modems, and what goes wrong between them.
            interfaces: the interface towards its host, for each modem.
        """
        self._medium = medium
        self._interfaces = interfaces
        self._wires: dict[str, Wire] = {}
        self._due: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Open the interfaces; needs a running event loop.

        Raises:
            InterfaceError: one cannot be opened; nothing stays open.
        """
        try:
            for modem, interface in self._interfaces.items():
                self._wires[modem] = Wire(interface, partial(self._on_frame, modem))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Switch all modems off."""
        if self._due is not None:
            self._due.cancel()
        for wire in self._wires.values():
            wire.close()
        self._wires.clear()

    def _on_frame(self, modem: str, frame: bytes, header: bytes) -> None:
        now = time.monotonic()
        if frame[ETHERTYPE] == HPAV:
            log.debug("%s sends %s", modem, message_name(frame))
            self._medium.send(modem, frame, now)
            self._run()
            return
        for partner in self._medium.partners(modem, now):
            self._wires[partner].send(frame, header)

    def _run(self) -> None:
        """Deliver what has arrived, and wait for what will."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        for arrival in self._medium.wake(time.monotonic()):
            log.debug("%s gets %s", arrival.host, message_name(arrival.frame))
            if (wire := self._wires.get(arrival.host)) is not None:
                wire.send(arrival.frame)
        deadline = self._medium.deadline
        if deadline is not None:
            delay = max(0.0, deadline - time.monotonic())
            self._due = asyncio.get_running_loop().call_later(delay, self._run)
