"""The EV's end of a TLS connection, the charger's certificate checked.

With ISO 15118-2 it is TLS 1.2 and the EV shows no certificate of its own; with ISO 15118-20 TLS 1.3, and it does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path
from typing import Final

from fastsecc.errors import ConfigError, EvError
from fastsecc.security.layouts import ChainFiles

CIPHER: Final = "ECDHE-ECDSA-AES128-SHA256"
GROUP: Final = "prime256v1"
HANDSHAKE_TIMEOUT_s: Final = 10.0
READ_SIZE: Final = 65_536


def context(anchors: tuple[Path, ...] = ()) -> ssl.SSLContext:
    """Make what connections of ISO 15118-2 are made with.

    Args:
        anchors: PEM files of V2G roots; none: any certificate will do.

    Raises:
        ConfigError: a file cannot be used.
    """
    made = _context(anchors)
    # Nothing newer: with TLS 1.3 ISO 15118-20 begins, and chargers demand a certificate of the EV.
    made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers(CIPHER)
    made.set_ecdh_curve(GROUP)
    return made


def context_iso20(anchors: tuple[Path, ...] = (), vehicle: ChainFiles | None = None) -> ssl.SSLContext:
    """Make what connections of ISO 15118-20 are made with.

    Args:
        anchors: PEM files of V2G roots; none: any certificate will do.
        vehicle: what the EV shows who it is with.

    Raises:
        ConfigError: a file cannot be used.
    """
    made = _context(anchors)
    made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1_3
    if vehicle is not None:
        password = next((path.read_bytes().strip() for path in vehicle.passwords if path.exists()), b"")
        try:
            made.load_cert_chain(vehicle.chains[0], vehicle.key, lambda: password)
        except OSError as error:  # ssl.SSLError is one
            raise ConfigError(f"is of no use for TLS: {error.strerror or error}", file=vehicle.key) from None
    return made


def _context(anchors: tuple[Path, ...]) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False  # an SECC's certificate names no host
    made.verify_mode = ssl.CERT_REQUIRED if anchors else ssl.CERT_NONE
    for anchor in anchors:
        try:
            made.load_verify_locations(anchor)
        except OSError as error:  # ssl.SSLError is one
            raise ConfigError(f"is no certificate in PEM: {error.strerror or error}", file=anchor) from None
    return made


class Tls:
    """Turns what is said into what goes over TCP, and back."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._received = ssl.MemoryBIO()
        self._to_send = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._to_send)

    @property
    def summary(self) -> str:
        """Version and cipher suite, once the handshake is done."""
        cipher = self._tls.cipher()
        return f"{self._tls.version()} {cipher[0] if cipher else ''}"

    async def handshake(self, stream: socket.socket) -> None:
        """Agree with the SECC on a connected, non-blocking socket.

        Raises:
            EvError: they do not agree, or the SECC goes away or is silent.
        """
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_s):
                await self._shake(stream)
        except ssl.SSLError as refusal:
            detail = getattr(refusal, "verify_message", None) or refusal.reason or refusal.strerror or refusal
            raise EvError(f"TLS: {detail}") from refusal
        except TimeoutError:
            raise EvError(f"TLS: no end of the handshake within {HANDSHAKE_TIMEOUT_s:g} s") from None
        except OSError as refusal:
            raise EvError(f"TLS: the SECC broke the connection: {refusal.strerror or refusal}") from refusal

    async def _shake(self, stream: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while not self._is_shaken():
            await loop.sock_sendall(stream, self._to_send.read())
            data = await loop.sock_recv(stream, READ_SIZE)
            if not data:
                raise EvError("TLS: the SECC closed the connection in the handshake")
            self._received.write(data)
            try:
                self._is_shaken()
            except ssl.SSLError:
                with contextlib.suppress(OSError):  # an alert says what is wrong
                    await loop.sock_sendall(stream, self._to_send.read())
                raise
        await loop.sock_sendall(stream, self._to_send.read())

    def _is_shaken(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def encrypt(self, data: bytes) -> bytes:
        """Give the octets to send for some data."""
        self._tls.write(data)
        return self._to_send.read()

    def decrypt(self, octets: bytes) -> tuple[bytes, bool]:
        """Give the data that octets from the SECC complete, and whether it has said that it was the last.

        Raises:
            EvError: they are not what the SECC sent.
        """
        self._received.write(octets)
        data = bytearray()
        try:
            while True:
                part = self._tls.read(READ_SIZE)
                if not part:
                    return bytes(data), True
                data += part
        except ssl.SSLWantReadError:
            return bytes(data), False
        except ssl.SSLZeroReturnError:
            return bytes(data), True
        except ssl.SSLError as error:
            raise EvError(f"TLS: {error.reason}") from error

    def close(self) -> bytes:
        """Give the octets that say that nothing more will come."""
        with contextlib.suppress(ssl.SSLError):  # the SECC has not said so yet, or all is lost
            self._tls.unwrap()
        return self._to_send.read()
