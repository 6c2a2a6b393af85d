"""One connector: its interface, the way an EV finds it, and the one connection that an EV may have."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from fastsecc.charger.charger import COMMUNICATION_FAULT, Charger
from fastsecc.charger.state import ChargerState
from fastsecc.errors import InterfaceError
from fastsecc.net.connection import NO_PACING, Connection
from fastsecc.net.interface import InterfaceAddress, InterfaceWatch
from fastsecc.net.listener import Listener
from fastsecc.net.pacing import Pacing
from fastsecc.net.sdp import SDP_PORT, SdpOffer, Security
from fastsecc.net.sdp_server import SdpServer
from fastsecc.session.api import V2G_SECC_CommunicationSetup_Timeout_s

if TYPE_CHECKING:
    from fastsecc._link import Link
    from fastsecc.session.api import Paused
    from fastsecc.session.session import Session

log = logging.getLogger(__name__)

RETRY_s = 1.0
"""How soon sockets that could not be opened are tried again."""
ABORT_TIMEOUT_s = 2.0
"""How long an aborted connection may take to be gone."""

MakeLink = Callable[[int], "Link"]
"""Start a link on a connected socket, which is its own from then on, TLS handshake included."""
MakeSession = Callable[[ChargerState, float, "Paused | None"], "Session"]
"""Make the session of a connection that is accepted now; a paused one before it may be resumed."""


@dataclass(slots=True, frozen=True)
class ConnectorSettings:
    """Where a connector is found."""

    interface: str = "auto"
    tcp_port: int = 0
    """0: any free one from 49152 on."""
    tls_port: int = 0
    """Likewise."""
    sdp_port: int = SDP_PORT
    communication_setup_timeout_s: float = V2G_SECC_CommunicationSetup_Timeout_s
    """0: none."""
    pacing: Pacing = NO_PACING


@dataclass(slots=True, frozen=True)
class Endpoint:
    """Where a connector can be reached now."""

    address: InterfaceAddress
    sdp_port: int
    tcp_port: int | None
    """None: plain TCP is not served."""
    tls_port: int | None = None
    """None: TLS is not served."""

    def __str__(self) -> str:
        sdp = f"sdp=[{self.address.address}]:{self.sdp_port}"
        return f"iface={self.address.interface} {sdp} tcp={self._at(self.tcp_port)} tls={self._at(self.tls_port)}"

    def _at(self, port: int | None) -> str:
        return "off" if port is None else f"[{self.address.scoped}]:{port}"


class Connector:
    """Serve the EV at one interface, one connection after the other.

    An EV is answered (SDP) and let in (TCP) only while the data link is ready, no connection is there, and the
    communication set-up time since `dlink_ready(true)` is not over. A connection ends that time; whoever comes back on
    the same data link after it, be it from a pause, is welcome.
    """

    def __init__(
        self,
        settings: ConnectorSettings,
        charger: Charger,
        make_link: Mapping[Security, MakeLink],
        make_session: MakeSession,
        on_ready: Callable[[Endpoint], None] | None = None,
    ) -> None:
        """Make a connector.

        Args:
            settings: where it is found.
            charger: its charger.
            make_link: starts the link thread of an accepted connection; there is a listener for each kind that has one.
            make_session: makes the session of one.
            on_ready: called each time the interface and its sockets have become usable.
        """
        self.settings = settings
        self.charger = charger
        self.connection: Connection | None = None
        self.paused: Paused | None = None
        self._make_link = make_link
        self._make_session = make_session
        self._on_ready = on_ready
        self._watch = InterfaceWatch(settings.interface, self._on_up, self._on_down)
        self._sdp: SdpServer | None = None
        self._listeners: dict[Security, Listener] = {}
        self._ports = {Security.NONE: settings.tcp_port, Security.TLS: settings.tls_port}
        self._retry: asyncio.TimerHandle | None = None
        self._setup_timer: asyncio.TimerHandle | None = None
        self._setup_expired = False
        self._wake_due: asyncio.Handle | None = None
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()

    # life

    def start(self) -> None:
        """Begin to serve; needs a running event loop. What was said to the charger before counts."""
        self.charger.on_command = self._on_command
        if self.charger.state.dlink_ready:
            self._start_setup_timer()
        self._watch.start()

    async def stop(self, grace_s: float) -> None:
        """Ask the EV to stop, give it `grace_s` seconds to end the session, and leave nothing behind."""
        self._stopping = True
        self._let_in()
        if self.connection is not None and grace_s > 0:
            self.charger.command("stop_charging", {"stop": True}, time.monotonic())
            await self._until_idle(grace_s)
        if self.connection is not None:
            self.abort()
            await self._until_idle(ABORT_TIMEOUT_s)
        self._watch.stop()
        self._close_sockets()
        self._stop_setup_timer()
        self.charger.on_command = None
        if self._wake_due is not None:
            self._wake_due.cancel()

    def abort(self) -> None:
        """Close the connection, if there is one, without a word."""
        if self.connection is not None and self.connection.alive:
            self.connection.abort()

    async def _until_idle(self, timeout_s: float) -> None:
        try:
            await asyncio.wait_for(self._idle.wait(), timeout_s)
        except TimeoutError:
            log.warning("%s: the EV has not ended its session within %g s", self.charger.connector, timeout_s)

    # the interface

    def _on_up(self, address: InterfaceAddress) -> None:
        self._open_sockets(address)

    def _on_down(self, trouble: InterfaceError) -> None:
        self._close_sockets()
        self._fault(trouble)
        self.abort()

    def _open_sockets(self, address: InterfaceAddress) -> None:
        self._retry = None
        self._listeners = {
            security: Listener(address, self._ports[security], partial(self._on_connection, security))
            for security in self._make_link
        }
        self._sdp = SdpServer(address, self.settings.sdp_port)
        try:
            for security, listener in self._listeners.items():
                listener.start()
                self._ports[security] = listener.port
            self._sdp.start()
        except InterfaceError as trouble:
            self._try_again(address, trouble)
            return
        if self._let_in():
            self.charger.clear_error(COMMUNICATION_FAULT)
            tcp_port, tls_port = self._port(Security.NONE), self._port(Security.TLS)
            endpoint = Endpoint(address, self.settings.sdp_port, tcp_port, tls_port)
            log.info("%s: ready %s", self.charger.connector, endpoint)
            if self._on_ready is not None:
                self._on_ready(endpoint)

    def _port(self, security: Security) -> int | None:
        """Give the port where connections of a kind are accepted; None: nowhere."""
        listener = self._listeners.get(security)
        return None if listener is None else listener.port

    def _try_again(self, address: InterfaceAddress, trouble: InterfaceError) -> None:
        self._close_sockets()
        self._fault(trouble)
        self._retry = asyncio.get_running_loop().call_later(RETRY_s, self._open_sockets, address)

    def _close_sockets(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if self._sdp is not None:
            self._sdp.stop()
            self._sdp = None
        while self._listeners:
            self._listeners.popitem()[1].stop()

    def _fault(self, trouble: InterfaceError) -> None:
        """Say that no EV can be served; the same trouble is told once."""
        message = f"Device {trouble.interface}: {trouble.reason}"
        if self.charger.errors.get(COMMUNICATION_FAULT) != message:
            log.warning("%s: %s", self.charger.connector, message)
        self.charger.raise_error(COMMUNICATION_FAULT, message)

    # who is let in

    @property
    def wanted(self) -> bool:
        """Tell whether an EV may find and reach this connector now."""
        ready = self.charger.state.dlink_ready and not self._setup_expired
        return ready and self.connection is None and not self._stopping

    def _let_in(self) -> bool:
        """Open or close the door, and listen before SDP says where; tell whether that was possible."""
        if self._sdp is None:
            return False
        if not self.wanted:
            self._sdp.offer = None
            for listener in self._listeners.values():
                listener.close()
            return True
        address = self._sdp.address
        try:
            for listener in self._listeners.values():
                listener.open()
        except InterfaceError as trouble:
            self._try_again(address, trouble)
            return False
        self._sdp.offer = SdpOffer(address.address, self._port(Security.NONE), self._port(Security.TLS))
        return True

    def _on_connection(self, security: Security, connection: socket.socket, peer: str) -> None:
        log.info("%s: connected%s: %s", self.charger.connector, " for TLS" * (security is Security.TLS), peer)
        try:
            link = self._make_link[security](connection.detach())
        except OSError as trouble:  # no threads, no memory: the EV may try again
            log.error("%s: connection given up: %s", self.charger.connector, trouble)
            self._let_in()
            return
        self._stop_setup_timer()
        session = self._make_session(self.charger.state, time.monotonic(), self.paused)
        self.paused = None
        self.connection = Connection(
            link, session, self.charger, self._on_ended, self.settings.pacing, tls=security is Security.TLS
        )
        self._idle.clear()
        self._let_in()
        self.connection.start()

    def _on_ended(self) -> None:
        assert self.connection is not None
        self.paused = self.connection.session.paused
        self.connection = None
        if self.charger.state.connection_open:  # the session could not end itself
            self.charger.state.reset_session()
        self._idle.set()
        # an adapter that answers the last var with dlink_ready(false) does so first: nobody is let in to be thrown out
        asyncio.get_running_loop().call_soon(self._let_in)

    # what the charger is told

    def _on_command(self, name: str, now: float) -> None:
        if name == "dlink_ready":
            self._on_dlink()
        if self._wake_due is None:  # commands come in bursts, and while a session is at work
            self._wake_due = asyncio.get_running_loop().call_soon(self._wake)

    def _wake(self) -> None:
        self._wake_due = None
        if self.connection is not None:
            self.connection.wake()

    def _on_dlink(self) -> None:
        self._stop_setup_timer()
        if self.charger.state.dlink_ready:
            self._start_setup_timer()
        elif self.connection is not None and self.connection.alive:
            log.info("%s: the data link is lost", self.charger.connector)
            self.abort()
        self._let_in()

    def _start_setup_timer(self) -> None:
        timeout = self.settings.communication_setup_timeout_s
        if timeout > 0:
            delay = max(0.0, self.charger.state.dlink_ready_at + timeout - time.monotonic())
            self._setup_timer = asyncio.get_running_loop().call_later(delay, self._on_setup_timeout)

    def _stop_setup_timer(self) -> None:
        self._setup_expired = False
        if self._setup_timer is not None:
            self._setup_timer.cancel()
            self._setup_timer = None

    def _on_setup_timeout(self) -> None:
        """Give up on an EV that did not connect; it is silent here until the next `dlink_ready(true)` [V2G2-723]."""
        self._setup_timer = None
        if self.connection is not None:
            return
        self._setup_expired = True
        self._let_in()
        timeout = self.settings.communication_setup_timeout_s
        log.warning("%s: no EV connected within %g s", self.charger.connector, timeout)
        self.charger.publish("dlink_error")
