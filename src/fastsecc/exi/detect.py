"""Which namespace an EXI message is of, where nothing else tells."""

from __future__ import annotations

from fastsecc.errors import DecodeError

EXI_HEADER = 0x80
FIRST_OCTETS = {0x9A: "din", 0x9B: "din", 0x98: "iso2", 0x99: "iso2"}
"""Second octet of a document: the event code of V2G_Message and the first bit of what follows."""
HANDSHAKE_REQUEST = range(0x08)
"""Two bits of event code, then zeros up to the length of a text of less than 128 characters."""
HANDSHAKE_RESPONSE = range(0x40, 0x4C)
"""Two bits of event code, then one of three response codes."""
SHORTEST_ISO20 = 12
"""Octets of a message of ISO 15118-20, whose header alone has more than a handshake's response."""


def detect(data: bytes) -> str:
    """Name the namespace of a document by its first octets.

    Those of ISO 15118-20 are told by the payload type alone; some of their messages begin as others do. Raises
    DecodeError when the octets begin a message of no other namespace.
    """
    if len(data) < 2 or data[0] != EXI_HEADER:
        raise DecodeError("/", 0, "no EXI message: it begins with 80")
    if data[1] in HANDSHAKE_REQUEST or (data[1] in HANDSHAKE_RESPONSE and len(data) < SHORTEST_ISO20):
        return "sap"
    if data[1] in FIRST_OCTETS:
        return FIRST_OCTETS[data[1]]
    raise DecodeError("/", 8, "no message of sap, din or iso2: name its namespace, as ISO 15118-20 needs (--namespace)")
