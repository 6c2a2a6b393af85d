"""Which namespace an EXI message is of, where nothing else tells."""

from __future__ import annotations

from fastsecc.errors import DecodeError

EXI_HEADER = 0x80
FIRST_OCTETS = {0x9A: "din", 0x9B: "din", 0x98: "iso2", 0x99: "iso2"}
"""Second octet of a document: the event code of V2G_Message and the first bit of what follows."""
HANDSHAKE_BELOW = 0x80
"""supportedAppProtocol has two bits of event code, both messages with the first of them clear."""


def detect(data: bytes) -> str:
    """Name the namespace of a document by its first octets.

    Raises DecodeError when they begin a message of none.
    """
    if len(data) < 2 or data[0] != EXI_HEADER:
        raise DecodeError("/", 0, "no EXI message: it begins with 80")
    if data[1] < HANDSHAKE_BELOW:
        return "sap"
    if data[1] in FIRST_OCTETS:
        return FIRST_OCTETS[data[1]]
    raise DecodeError("/", 8, "no message of a namespace that is told by its first octets; name it")
