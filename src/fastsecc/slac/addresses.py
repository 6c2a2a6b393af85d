"""Ethernet addresses: six octets in wire order, and how they are written."""

from __future__ import annotations

from typing import Final

BROADCAST: Final = bytes.fromhex("ffffffffffff")
LOCALCAST: Final = bytes.fromhex("00b052000001")
"""The modem that is nearest: it takes such a frame and never puts it on the line."""

GROUP_BIT: Final = 0x01
"""In the first octet: not the address of one station."""


def is_station(address: bytes) -> bool:
    """Tell whether an address can be that of one station."""
    return any(address) and not address[0] & GROUP_BIT


def text(address: bytes) -> str:
    """Write an address as var `ev_mac_address` wants it, `00:7D:FA:08:7C:85`."""
    return address.hex(":").upper()
