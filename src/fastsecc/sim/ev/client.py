"""The EV's end of a TCP connection: V2GTP frames out and in, with the time that each answer took."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from typing import Final

from fastsecc.errors import EvError
from fastsecc.sim.ev.phase import V2GTP_EXI
from fastsecc.sim.ev.tls import Tls

V2GTP_MAX_ANSWER: Final = 65_536
"""Longest payload that is taken for an answer."""
READ_SIZE: Final = 65_536
SO_TIMESTAMPNS: Final = 35
"""asm-generic/socket.h; also the type of the control message."""

_HEADER: Final = struct.Struct(">BBHI")
_TIMESPEC: Final = struct.Struct("@ll")


class Client:
    """One connection; one request is under way at a time.

    Arrival is stamped by the kernel where it can, so that an EV that is busy itself does not count against the SECC.
    """

    def __init__(self, stream: socket.socket, tls: Tls | None = None) -> None:
        """Take over a connected, non-blocking socket, after its handshake; needs a running event loop."""
        self._stream = stream
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._arrived_at = 0.0
        self._answer: asyncio.Future[bytes] | None = None
        self._payload_type = V2GTP_EXI
        self._closed: asyncio.Future[str] = self._loop.create_future()
        with contextlib.suppress(OSError):  # under an emulator the kernel does not stamp
            stream.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._loop.add_reader(stream.fileno(), self._on_readable)

    async def exchange(self, payload: bytes, timeout_s: float, payload_type: int = V2GTP_EXI) -> tuple[bytes, float]:
        """Send a request and give the answer's payload and the seconds until its last octet was there.

        Args:
            payload: the request.
            timeout_s: how long to wait.
            payload_type: V2GTP payload type of the request, and of its answer.

        Raises:
            TimeoutError: no whole answer in time.
            EvError: the SECC closed the connection, or sent something else.
        """
        self._answer = answer = self._loop.create_future()
        self._payload_type = payload_type
        self._look()
        frame = _HEADER.pack(0x01, 0xFE, payload_type, len(payload)) + payload
        sent_at = time.time()
        async with asyncio.timeout(timeout_s):
            if not self._closed.done():
                await self._send(frame)
            await asyncio.wait((answer, self._closed), return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise EvError(self._closed.result())
        return answer.result(), self._arrived_at - sent_at

    async def close(self, timeout_s: float) -> None:
        """Send FIN, wait a while for the SECC's, and close."""
        try:
            if self._tls is not None:
                self._stream.send(self._tls.close())
            self._stream.shutdown(socket.SHUT_WR)
            await asyncio.wait((self._closed,), timeout=timeout_s)
        except OSError:
            pass  # gone already
        finally:
            self._loop.remove_reader(self._stream.fileno())
            self._stream.close()

    async def _send(self, frame: bytes) -> None:
        try:
            await self._loop.sock_sendall(self._stream, frame if self._tls is None else self._tls.encrypt(frame))
        except OSError as refusal:
            self._on_readable()  # the SECC may have said why, in a TLS alert
            self._end(f"the SECC broke the connection: {refusal.strerror or refusal}")

    def _on_readable(self) -> None:
        try:
            data, ancillary, _, _ = self._stream.recvmsg(READ_SIZE, socket.CMSG_SPACE(_TIMESPEC.size))
        except BlockingIOError:
            return
        except OSError as refusal:
            self._end(f"the SECC broke the connection: {refusal.strerror or refusal}")
            return
        if not data:
            self._end("the SECC closed the connection")
            return
        self._arrived_at = _arrival(ancillary)
        self._on_data(data)

    def _on_data(self, data: bytes) -> None:
        if self._tls is None:
            self._received += data
            self._look()
            return
        try:
            decrypted, was_last = self._tls.decrypt(data)
        except EvError as error:
            self._end(str(error))
            return
        self._received += decrypted
        self._look()
        if was_last:
            self._end("the SECC closed the connection")

    def _look(self) -> None:
        if self._answer is None or self._answer.done() or len(self._received) < _HEADER.size:
            return
        version, inverse, payload_type, length = _HEADER.unpack_from(self._received)
        if (version, inverse, payload_type) != (0x01, 0xFE, self._payload_type) or length > V2GTP_MAX_ANSWER:
            self._end(f"no V2GTP answer: {self._received[: _HEADER.size].hex()}")
        elif len(self._received) >= _HEADER.size + length:
            self._answer.set_result(bytes(self._received[_HEADER.size : _HEADER.size + length]))
            del self._received[: _HEADER.size + length]

    def _end(self, reason: str) -> None:
        self._loop.remove_reader(self._stream.fileno())
        if not self._closed.done():
            self._closed.set_result(reason)


def _arrival(ancillary: list[tuple[int, int, bytes]]) -> float:
    """Give the Unix time at which the newest octets arrived."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS) and len(data) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return float(seconds + nanoseconds / 1e9)
    return time.time()
