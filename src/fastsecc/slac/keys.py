"""The key of a logical network: the Network Membership Key and the Network Identifier that follows from it."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from typing import Final

NMK_OCTETS: Final = 16
NID_OCTETS: Final = 7
NID_HASHES: Final = 5
SECURITY_LEVEL: Final = 0
"""Simple connect: the upper four bits of the NID."""


class Nmk(bytes):
    """A key that does not show itself in a log; as octets it is what goes on the wire."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Nmk(...)"

    __str__ = __repr__


def new_nmk(draw: Callable[[int], bytes] | None = None) -> Nmk:
    """Draw a key that nobody can guess.

    Args:
        draw: gives that many random octets; None takes the kernel's, and waits until it has enough entropy.
    """
    return Nmk((draw or os.getrandom)(NMK_OCTETS))


def nid(nmk: bytes) -> bytes:
    """Derive the Network Identifier: the first 52 bits of SHA-256, applied five times, below the security level."""
    digest = bytes(nmk)
    for _ in range(NID_HASHES):
        digest = sha256(digest).digest()
    return digest[: NID_OCTETS - 1] + bytes([digest[NID_OCTETS - 1] >> 4 | SECURITY_LEVEL << 4])
