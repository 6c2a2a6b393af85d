"""The TCP listener of one interface: it holds its port for good and accepts only while a connection is wanted."""

from __future__ import annotations

import asyncio
import errno
import logging
import random
import socket
from collections.abc import Callable

from fastsecc.errors import InterfaceError
from fastsecc.net.interface import InterfaceAddress

log = logging.getLogger(__name__)

DYNAMIC_PORTS = range(49152, 65536)
"""Where the listener's port lies: IANA's dynamic ports, as the standards want."""
PORT_ATTEMPTS = 64
KEEPALIVE_IDLE_s = 10
KEEPALIVE_INTERVAL_s = 3
KEEPALIVE_PROBES = 3

Accepted = Callable[[socket.socket, str], None]
"""Takes a connection over: its socket, non-blocking, and the peer as text."""


class Listener:
    """Listen on one address, for one connection at a time.

    The port is held by a socket that never listens. Another one listens while `open`, and is closed as soon as a
    connection came: the kernel itself refuses everybody else then, and no newcomer can disturb the session.
    """

    def __init__(self, address: InterfaceAddress, port: int, accepted: Accepted) -> None:
        """Take `port` 0 for any free one of the dynamic range."""
        self.address = address
        self.port = port
        self._accepted = accepted
        self._holder: socket.socket | None = None
        self._listening: socket.socket | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether an EV could connect now."""
        return self._listening is not None

    def start(self) -> None:
        """Take the port.

        Raises:
            InterfaceError: it is taken, or the address is gone.
        """
        try:
            self._holder = _bind(self.address, self.port, exclusive=False) if self.port else self._any_port()
        except OSError as refusal:
            raise self._error(refusal) from refusal
        self.port = self._holder.getsockname()[1]

    def stop(self) -> None:
        """Stop listening and give the port back."""
        self.close()
        if self._holder is not None:
            self._holder.close()
            self._holder = None

    def open(self) -> None:
        """Listen; a connection is possible when this returns.

        Raises:
            InterfaceError: another process listens on the port.
        """
        if self._listening is not None:
            return
        try:
            listening = _bind(self.address, self.port, exclusive=False)
            listening.listen(1)
        except OSError as refusal:
            raise self._error(refusal) from refusal
        asyncio.get_running_loop().add_reader(listening.fileno(), self._on_connection)
        self._listening = listening

    def close(self) -> None:
        """Stop listening; who is still waiting is refused."""
        if self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening.fileno())
            self._listening.close()
            self._listening = None

    def _on_connection(self) -> None:
        assert self._listening is not None
        try:
            connection, peer = self._listening.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as trouble:  # no descriptors, no memory: the EV tries again
            log.error("accept on [%s]:%d: %s", self.address.scoped, self.port, trouble)
            return
        self.close()
        _tune(connection)
        self._accepted(connection, f"[{peer[0]}]:{peer[1]}")

    def _any_port(self) -> socket.socket:
        for port in random.sample(DYNAMIC_PORTS, PORT_ATTEMPTS):
            try:
                return _bind(self.address, port, exclusive=True)
            except OSError as taken:
                if taken.errno != errno.EADDRINUSE:
                    raise
        raise OSError(errno.EADDRINUSE, "no free port found")

    def _error(self, refusal: OSError) -> InterfaceError:
        port = f"port {self.port}" if self.port else f"any port of {DYNAMIC_PORTS[0]} to {DYNAMIC_PORTS[-1]}"
        return InterfaceError(self.address.interface, f"TCP [{self.address.scoped}] {port}: {refusal.strerror}")


def _bind(address: InterfaceAddress, port: int, *, exclusive: bool) -> socket.socket:
    """Bind a TCP socket; an exclusive one finds out whether the port is free, then shares it with the listening one."""
    bound = socket.socket(socket.AF_INET6, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        bound.setblocking(False)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, not exclusive)
        bound.bind((str(address.address), port, 0, address.scope_id))
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except OSError:
        bound.close()
        raise
    return bound


def _tune(connection: socket.socket) -> None:
    """Send at once, and notice a peer that vanished without a word."""
    connection.setblocking(False)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_s)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_s)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
