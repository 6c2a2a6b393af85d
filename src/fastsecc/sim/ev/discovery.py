"""SECC discovery by the EV: ask on the link, or a given host, until someone answers."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Any, Final

from fastsecc.errors import EvError, InterfaceError
from fastsecc.net.sdp import SDP_GROUP, SDP_PORT, SdpRequest, SdpResponse, Security, decode_response, encode_request

SDP_RESPONSE_TIMEOUT_s: Final = 0.25
SDP_REQUESTS_MAX: Final = 50
"""How often an EV asks."""

Address = tuple[str, int, int, int]
"""An IPv6 socket address: host, port, flow information, scope id."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where to look for a SECC: everybody on an interface, or one host."""

    interface: str | None = None
    sdp_host: str = SDP_GROUP
    sdp_port: int = SDP_PORT

    @property
    def scope_id(self) -> int:
        """Index of the interface; 0 without one.

        Raises:
            InterfaceError: there is no such interface.
        """
        if self.interface is None:
            return 0
        try:
            return socket.if_nametoindex(self.interface)
        except OSError:
            raise InterfaceError(self.interface, "does not exist") from None


async def discover(link: Link, security: Security = Security.NONE, requests_max: int = SDP_REQUESTS_MAX) -> Address:
    """Find a SECC and give the TCP address that it answers with.

    Args:
        link: where to ask.
        security: what to ask for.
        requests_max: how often to ask.

    Raises:
        InterfaceError: the interface does not exist or cannot carry the request.
        EvError: nobody answered, or not with what was asked for.
    """
    host = IPv6Address(link.sdp_host)
    target = (link.sdp_host, link.sdp_port, 0, link.scope_id if host.is_link_local or host.is_multicast else 0)
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_datagram_endpoint(lambda: _Client(loop), sock=_udp_socket(link))
    try:
        response = await _ask(transport, client, target, encode_request(SdpRequest(security)), requests_max)
    except OSError as refusal:
        raise InterfaceError(link.interface or link.sdp_host, f"SDP: {refusal.strerror or refusal}") from refusal
    finally:
        transport.close()
    if response.security is not security:
        raise EvError("the SECC has no TLS" if security is Security.TLS else "the SECC wants TLS: try with --tls")
    scope_id = link.scope_id if response.address.is_link_local else 0
    return str(response.address), response.port, 0, scope_id


async def _ask(transport: Any, client: _Client, target: Address, request: bytes, requests_max: int) -> SdpResponse:
    for _ in range(requests_max):
        transport.sendto(request, target)
        done, _pending = await asyncio.wait([client.answer], timeout=SDP_RESPONSE_TIMEOUT_s)
        if done:
            return client.answer.result()
    where = f"[{target[0]}]:{target[1]}"
    raise EvError(f"no SECC has answered {requests_max} SDP requests to {where}")


def _udp_socket(link: Link) -> socket.socket:
    sender = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    sender.setblocking(False)
    try:
        if link.interface is not None:
            sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, link.scope_id)
    except (OSError, InterfaceError):
        sender.close()
        raise
    return sender


class _Client(asyncio.DatagramProtocol):
    """Waits for the first datagram that is an SDP response."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.answer: asyncio.Future[SdpResponse] = loop.create_future()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        response = decode_response(data)
        if response is not None and not self.answer.done():
            self.answer.set_result(response)

    def error_received(self, exc: Exception) -> None:
        """Port unreachable, or a link that is not there yet: the next request may fare better."""
