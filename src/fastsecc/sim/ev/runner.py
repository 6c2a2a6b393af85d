"""Takes an EV to a SECC: discovery, connection, message by message, in real time."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fastsecc import exi
from fastsecc.errors import DecodeError, EvError
from fastsecc.net.sdp import Security
from fastsecc.sim.ev.client import Client
from fastsecc.sim.ev.discovery import Address, Link, discover
from fastsecc.sim.ev.machine import Ev, Result
from fastsecc.sim.ev.phase import Request
from fastsecc.sim.ev.tls import Tls

CONNECT_TIMEOUT_s: Final = 5.0
CLOSE_TIMEOUT_s: Final = 1.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer."""

    request: str
    """Element name, `CurrentDemandReq`."""
    response: Any
    """The answer's body element, or supportedAppProtocolRes."""
    answer_time_s: float
    at_s: float
    """When the answer was there, seconds since the connection was asked for."""

    @property
    def phase(self) -> str:
        """Name of the request without `Req`."""
        return self.request.removesuffix("Req")


OnExchange = Callable[[Exchange], None]


async def charge(ev: Ev, link: Link, on_exchange: OnExchange, tls: ssl.SSLContext | None = None) -> Result:
    """Let an EV charge once at the SECC that answers on a link.

    Args:
        ev: the car.
        link: where to look for a SECC.
        on_exchange: called after every answer.
        tls: what a TLS connection is made with; None: the connection is plain.

    Raises:
        InterfaceError: the interface does not exist or has no usable address.
        EvError: no SECC, or one that this EV cannot charge at.
    """
    begin = time.monotonic()
    security = Security.NONE if tls is None else Security.TLS
    client = await _connect(await discover(link, security), None if tls is None else Tls(tls))
    try:
        request: Request | None = ev.start(time.monotonic())
        while request is not None:
            request = await _step(ev, request, client, on_exchange, begin)
    finally:
        await client.close(CLOSE_TIMEOUT_s)
    return ev.result


async def _connect(address: Address, tls: Tls | None) -> Client:
    stream = socket.socket(socket.AF_INET6, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    stream.setblocking(False)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_s):
            await _connect_stream(stream, address)
    except (OSError, TimeoutError) as refusal:
        stream.close()
        reason = getattr(refusal, "strerror", None) or f"no answer within {CONNECT_TIMEOUT_s:g} s"
        raise EvError(f"TCP [{address[0]}]:{address[1]}: {reason}") from refusal
    if tls is not None:
        try:
            await tls.handshake(stream)
        except BaseException:
            stream.close()
            raise
    return Client(stream, tls)


async def _connect_stream(stream: socket.socket, address: Address) -> None:
    """Connect; event loops differ in whether they heed an address's scope id, the kernel does."""
    code = stream.connect_ex(address)
    if code == errno.EINPROGRESS:
        loop, writable = asyncio.get_running_loop(), asyncio.Event()
        loop.add_writer(stream.fileno(), writable.set)
        try:
            await writable.wait()
        finally:
            loop.remove_writer(stream.fileno())
        code = stream.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


async def _step(ev: Ev, request: Request, client: Client, on_exchange: OnExchange, begin: float) -> Request | None:
    octets = exi.encode(request.message)
    await asyncio.sleep(max(0.0, request.send_at - time.monotonic()))
    try:
        answer, answer_time_s = await client.exchange(octets, request.timeout_s, request.payload_type)
    except TimeoutError:
        ev.no_answer(time.monotonic())
    except EvError as error:
        raise EvError(f"{request.name}: {error}") from error
    message = _decode(answer, request)
    now = time.monotonic()
    body = message.Body.BodyElement if hasattr(message, "Body") else message
    try:
        return ev.receive(message, now)
    finally:
        on_exchange(Exchange(request.name, body, answer_time_s, now - begin))


def _decode(answer: bytes, request: Request) -> Any:
    try:
        return exi.decode(answer, request.namespace)
    except DecodeError as error:
        raise EvError(f"{request.name}: the answer cannot be decoded: {error}: {answer.hex()}") from error
