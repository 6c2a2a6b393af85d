"""ClientHellos made by hand, and what a TLS 1.2 server says to them in the clear."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence

ECDHE_ECDSA_AES128_SHA256 = 0xC023
AES_256_GCM_SHA384 = 0x1302
TRUSTED_CA_KEYS, STATUS_REQUEST, SUPPORTED_GROUPS, EC_POINT_FORMATS, SIGNATURE_ALGORITHMS = 3, 5, 10, 11, 13
STATUS_REQUEST_V2, SUPPORTED_VERSIONS, CERTIFICATE_AUTHORITIES, KEY_SHARE = 17, 43, 47, 51
ALERT, HANDSHAKE = 21, 22
SERVER_HELLO, CERTIFICATE, SERVER_HELLO_DONE, CERTIFICATE_STATUS = 2, 11, 14, 22
MAX_RECORD = 1 << 14
KEY_SHA1_HASH, X509_NAME, CERT_SHA1_HASH = 1, 2, 3


def vector(octets: bytes, width: int = 2) -> bytes:
    return len(octets).to_bytes(width, "big") + octets


def numbers(values: Sequence[int], width: int = 2) -> bytes:
    """Build a list of 16-bit numbers, its length in front."""
    return vector(b"".join(value.to_bytes(2, "big") for value in values), width)


TLS12: dict[int, bytes] = {
    SUPPORTED_GROUPS: numbers([23]),
    EC_POINT_FORMATS: b"\x01\x00",
    SIGNATURE_ALGORITHMS: numbers([0x0403]),
}
TLS13: dict[int, bytes] = {
    SUPPORTED_VERSIONS: numbers([0x0304], 1),
    SUPPORTED_GROUPS: numbers([25, 30, 23]),
    SIGNATURE_ALGORITHMS: numbers([0x0603, 0x0808, 0x0403]),
    KEY_SHARE: vector(b""),
}
OCSP = b"\x01" + vector(b"") * 2
OCSP_MULTI = vector(b"\x02" + vector(vector(b"") * 2))


def client_hello(
    extensions: Mapping[int, bytes],
    *,
    version: int = 0x0303,
    suites: Sequence[int] = (ECDHE_ECDSA_AES128_SHA256, AES_256_GCM_SHA384),
) -> bytes:
    """Build the record, or the records if it needs several."""
    body = version.to_bytes(2, "big") + bytes(32) + vector(b"", 1) + numbers(suites) + vector(b"\x00", 1)
    body += vector(b"".join(kind.to_bytes(2, "big") + vector(content) for kind, content in extensions.items()))
    message = b"\x01" + vector(body, 3)
    return b"".join(record(message[at : at + MAX_RECORD]) for at in range(0, len(message), MAX_RECORD))


def record(octets: bytes, kind: int = HANDSHAKE) -> bytes:
    return bytes([kind, 3, 1]) + vector(octets)


def exactly(ev: socket.socket, n: int) -> bytes:
    octets = b""
    while len(octets) < n:
        chunk = ev.recv(n - len(octets))
        if not chunk:
            raise EOFError
        octets += chunk
    return octets


def server_flight(ev: socket.socket) -> dict[int, bytes]:
    """Read up to ServerHelloDone; bodies by type."""
    stream = b""
    messages: dict[int, bytes] = {}
    while SERVER_HELLO_DONE not in messages:
        kind, _, _, *length = exactly(ev, 5)
        content = exactly(ev, int.from_bytes(length, "big"))
        assert kind == HANDSHAKE, content
        stream += content
        while len(stream) >= 4 and len(stream) >= (end := 4 + int.from_bytes(stream[1:4], "big")):
            messages[stream[0]], stream = stream[4:end], stream[end:]
    return messages


def server_extensions(hello: bytes) -> dict[int, bytes]:
    """Take the extensions out of a ServerHello."""
    rest = hello[34:]
    rest = rest[1 + rest[0] + 3 :]
    rest = rest[2:]
    found = {}
    while rest:
        end = 4 + int.from_bytes(rest[2:4], "big")
        found[int.from_bytes(rest[:2], "big")], rest = rest[4:end], rest[end:]
    return found


def shown(certificate: bytes) -> list[bytes]:
    """Take the certificates out of a Certificate message of TLS 1.2."""
    rest, found = certificate[3:], []
    while rest:
        end = 3 + int.from_bytes(rest[:3], "big")
        found.append(rest[3:end])
        rest = rest[end:]
    return found
