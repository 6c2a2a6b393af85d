"""SECC discovery protocol: its two messages and what the charger offers; no sockets here.

ISO 15118-2 7.10.1; DIN SPEC 70121 and ISO 15118-20 use the same messages for a wired connection.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum, IntEnum
from ipaddress import IPv6Address

SDP_PORT = 15118
SDP_GROUP = "ff02::1"

V2GTP_VERSION = 0x01
SDP_REQUEST_TYPE = 0x9000
SDP_RESPONSE_TYPE = 0x9001

_HEADER = struct.Struct(">BBHI")
_REQUEST = struct.Struct(">BB")
_RESPONSE = struct.Struct(">16sHBB")
SDP_REQUEST_SIZE = _HEADER.size + _REQUEST.size
SDP_RESPONSE_SIZE = _HEADER.size + _RESPONSE.size


class Security(IntEnum):
    """What protects the connection."""

    TLS = 0x00
    NONE = 0x10


class Transport(IntEnum):
    """What carries the connection."""

    TCP = 0x00
    UDP = 0x10


@dataclass(slots=True, frozen=True)
class SdpRequest:
    """SECC Discovery Request."""

    security: Security
    transport: Transport = Transport.TCP


@dataclass(slots=True, frozen=True)
class SdpResponse:
    """SECC Discovery Response."""

    address: IPv6Address
    port: int
    security: Security
    transport: Transport = Transport.TCP


def decode_request(data: bytes) -> SdpRequest | None:
    """Read a request; None for anything that is not exactly one, which SDP ignores."""
    body = _body(data, SDP_REQUEST_TYPE, SDP_REQUEST_SIZE)
    try:
        return None if body is None else SdpRequest(Security(body[0]), Transport(body[1]))
    except ValueError:
        return None


def decode_response(data: bytes) -> SdpResponse | None:
    """Read a response; None for anything that is not exactly one."""
    body = _body(data, SDP_RESPONSE_TYPE, SDP_RESPONSE_SIZE)
    if body is None:
        return None
    address, port, security, transport = _RESPONSE.unpack(body)
    try:
        return SdpResponse(IPv6Address(address), port, Security(security), Transport(transport))
    except ValueError:
        return None


def encode_request(request: SdpRequest) -> bytes:
    """Give the octets of a request, V2GTP header included."""
    return _frame(SDP_REQUEST_TYPE, _REQUEST.pack(request.security, request.transport))


def encode_response(response: SdpResponse) -> bytes:
    """Give the octets of a response, V2GTP header included."""
    body = _RESPONSE.pack(response.address.packed, response.port, response.security, response.transport)
    return _frame(SDP_RESPONSE_TYPE, body)


def _body(data: bytes, payload_type: int, size: int) -> bytes | None:
    if len(data) != size:
        return None
    head = _HEADER.unpack_from(data)
    if head != (V2GTP_VERSION, V2GTP_VERSION ^ 0xFF, payload_type, size - _HEADER.size):
        return None
    return data[_HEADER.size :]


def _frame(payload_type: int, body: bytes) -> bytes:
    return _HEADER.pack(V2GTP_VERSION, V2GTP_VERSION ^ 0xFF, payload_type, len(body)) + body


class TlsPolicy(Enum):
    """Which connections the charger serves."""

    OFF = "off"
    """Plain ones."""
    ALLOW = "allow"
    """Both: the EV chooses."""
    FORCE = "force"
    """Those with TLS."""

    @property
    def served(self) -> tuple[Security, ...]:
        """Give the kinds of connections."""
        return {"off": (Security.NONE,), "allow": (Security.NONE, Security.TLS), "force": (Security.TLS,)}[self.value]


@dataclass(slots=True, frozen=True)
class SdpOffer:
    """Where the charger can be reached now."""

    address: IPv6Address
    tcp_port: int | None
    """None: plain TCP is not served."""
    tls_port: int | None = None
    """None: TLS is not served."""

    def answer(self, request: SdpRequest) -> SdpResponse | None:
        """Answer a request; None when there is nothing to offer.

        The answer states what the charger has, which the EV may accept or not: an EV that asks for TLS is offered plain
        TCP where there is no TLS (all such cars on record go on without), one that asks for none is offered TLS where
        there is nothing else, and one that asks for UDP is offered TCP.
        """
        tls, plain = (self.tls_port, Security.TLS), (self.tcp_port, Security.NONE)
        for port, security in (tls, plain) if request.security is Security.TLS else (plain, tls):
            if port is not None:
                return SdpResponse(self.address, port, security)
        return None
