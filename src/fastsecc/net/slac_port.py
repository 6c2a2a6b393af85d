"""SLAC on a network interface: raw frames in and out, while the interface comes and goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fastsecc.errors import InterfaceError
from fastsecc.net.inherited import take_socket
from fastsecc.net.notices import RTMGRP_LINK, Notices
from fastsecc.net.slac_driver import OnOutput, SlacDriver
from fastsecc.net.slac_socket import EthernetInterface, SlacSocket, find_interface
from fastsecc.slac.machine import TAKEN, SlacMachine

log = logging.getLogger(__name__)

FRAMES_A_TURN: Final = 16
"""Frames handled before the loop may do something else."""

OnTrouble = Callable[[InterfaceError | None], None]
"""Takes why there is no SLAC on the interface; None: there is again."""


@dataclass(slots=True)
class SlacStatistics:
    """Frames since the start."""

    received: int = 0
    sent: int = 0
    dropped: int = 0
    """Not sent, as the interface would not take them."""


class SlacPort:
    """One interface, one machine; `driver` takes the commands."""

    def __init__(
        self,
        interface: str,
        machine: SlacMachine,
        on_output: OnOutput,
        *,
        on_trouble: OnTrouble | None = None,
        fd: int | None = None,
    ) -> None:
        """Make it.

        Args:
            interface: name of the interface; it may come later.
            machine: the machine to run.
            on_output: see SlacDriver.
            on_trouble: told when the interface is missing or down, and when it is there again.
            fd: a raw socket for a process without CAP_NET_RAW; None: one that a supervisor named `slac-` and the
                interface or only `slac`, or else our own.
        """
        self.interface = interface
        self.driver = SlacDriver(machine, self._send, on_output)
        self.statistics = SlacStatistics()
        self._on_trouble = on_trouble or (lambda _trouble: None)
        self._given_fd = fd
        self._socket: SlacSocket | None = None
        self._found: EthernetInterface | None = None
        self._trouble: str | None = None
        self._notices = Notices(RTMGRP_LINK, self._look)

    def start(self) -> None:
        """Take the interface, or wait for it; needs a running event loop.

        Raises:
            CapabilityError: the process lacks CAP_NET_RAW.
            InterfaceError: the socket that was given cannot be used.
        """
        fd = self._given_fd
        if fd is None:
            fd = take_socket((f"slac-{self.interface}", "slac"))
        self._socket = SlacSocket(self.interface, fd)
        self._notices.start()
        self._look()

    def stop(self) -> None:
        """Give the interface back."""
        self._notices.stop()
        self._hear_nothing()
        self.driver.stop()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    # the interface

    def _look(self) -> None:
        """Follow what is true of the interface now."""
        try:
            found = find_interface(self.interface)
        except InterfaceError as trouble:
            self._lose(trouble)
            return
        if found != self._found:
            if self._found is not None:
                self._lose(InterfaceError(self.interface, "is another one now"))
            self._gain(found)

    def _gain(self, found: EthernetInterface) -> None:
        assert self._socket is not None
        try:
            self._socket.listen(found, TAKEN)
        except InterfaceError as trouble:
            self._lose(trouble)
            return
        self._found, self._trouble = found, None
        asyncio.get_running_loop().add_reader(self._socket.fd, self._on_readable)
        self._on_trouble(None)
        self.driver.up(found.mac)

    def _lose(self, trouble: InterfaceError) -> None:
        self._hear_nothing()
        if self._found is not None:
            self._found = None
            self.driver.down()
        if trouble.reason != self._trouble:
            self._trouble = trouble.reason
            self._on_trouble(trouble)

    def _hear_nothing(self) -> None:
        if self._socket is not None and self._found is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fd)

    # frames

    def _on_readable(self) -> None:
        for _ in range(FRAMES_A_TURN):
            if self._socket is None or self._found is None:
                return  # what the last frame led to has stopped us
            try:
                received = self._socket.receive()
            except OSError as error:
                self._broken(error)
                return
            if received is None:
                return
            self.statistics.received += 1
            self.driver.on_frame(received.octets, received.at_s)

    def _send(self, octets: bytes) -> None:
        sent = False
        if self._socket is not None and self._found is not None:
            try:
                sent = self._socket.send(octets)
            except OSError as error:  # the kernel's notice of why is on its way
                log.debug("%s: not sent: %s", self.interface, error)
        if sent:
            self.statistics.sent += 1
        else:
            self.statistics.dropped += 1

    def _broken(self, error: OSError) -> None:
        """Take that the interface went down, even when it is up again by now."""
        self._lose(InterfaceError(self.interface, f"no SLAC: {error.strerror}"))
        self._look()
