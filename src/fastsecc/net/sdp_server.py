"""The SDP server of one interface: UDP port 15118, joined to the all-nodes group of the link."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct

from fastsecc.errors import InterfaceError
from fastsecc.net.interface import InterfaceAddress
from fastsecc.net.sdp import SDP_GROUP, SDP_PORT, SDP_REQUEST_SIZE, SdpOffer, decode_request, encode_response

log = logging.getLogger(__name__)

DATAGRAMS_A_TURN = 16
"""Datagrams handled before the loop may do something else."""


class SdpServer:
    """Answer SDP requests on one interface while there is an offer."""

    def __init__(self, address: InterfaceAddress, port: int = SDP_PORT) -> None:
        self.address = address
        self.port = port
        self._offer: SdpOffer | None = None
        self._told = False
        self._socket: socket.socket | None = None

    @property
    def offer(self) -> SdpOffer | None:
        """What is answered; None: requests are read and dropped, so that none is answered late."""
        return self._offer

    @offer.setter
    def offer(self, offer: SdpOffer | None) -> None:
        self._offer = offer
        self._told = False

    def start(self) -> None:
        """Open the socket and listen; needs a running event loop.

        Raises:
            InterfaceError: the port is taken or the interface refuses.
        """
        try:
            self._socket = _open(self.address, self.port)
        except OSError as refusal:
            reason = f"UDP port {self.port} for SDP: {refusal.strerror or refusal}"
            raise InterfaceError(self.address.interface, reason) from refusal
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._on_readable)

    def stop(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _on_readable(self) -> None:
        assert self._socket is not None
        for _ in range(DATAGRAMS_A_TURN):
            try:
                # one octet more than a request: a longer datagram must not look like one
                data, sender = self._socket.recvfrom(SDP_REQUEST_SIZE + 1)
            except BlockingIOError:
                return
            except OSError as trouble:  # an error queued for a sender that is gone
                log.debug("SDP on %s: %s", self.address.interface, trouble)
                return
            self._on_datagram(data, sender)

    def _on_datagram(self, data: bytes, sender: tuple[str, int, int, int]) -> None:
        request = decode_request(data)
        if request is None:
            log.debug("SDP on %s: ignored %d octets from [%s]:%d", self.address.interface, len(data), *sender[:2])
            return
        elsewhere = sender[3] not in (0, self.address.index)
        response = None if elsewhere or self.offer is None else self.offer.answer(request)
        if response is None:
            return
        asked, offered = request.security.name, response.security.name
        level = logging.DEBUG if self._told else logging.INFO  # an EV may ask 50 times
        self._told = True
        log.log(level, "SDP: [%s]:%d asks for %s, offered %s port %d", *sender[:2], asked, offered, response.port)
        self._send(encode_response(response), sender)

    def _send(self, data: bytes, receiver: tuple[str, int, int, int]) -> None:
        assert self._socket is not None
        try:
            self._socket.sendto(data, receiver)
        except OSError as trouble:  # the EV repeats its request
            log.warning("SDP: no answer to [%s]:%d: %s", *receiver[:2], trouble)


def _open(address: InterfaceAddress, port: int) -> socket.socket:
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    try:
        server.setblocking(False)
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _bind_to_device(server, address.interface)
        server.bind(("::", port))
        group = socket.inet_pton(socket.AF_INET6, SDP_GROUP) + struct.pack("@I", address.index)
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
    except OSError:
        server.close()
        raise
    return server


def _bind_to_device(server: socket.socket, interface: str) -> None:
    """Keep other interfaces' requests out, so that each connector of a process has the port for itself.

    Before Linux 5.7 this needs CAP_NET_RAW; without it connectors share the port, and the sender's scope tells whose a
    request is.
    """
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode() + b"\0")
    except PermissionError:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
