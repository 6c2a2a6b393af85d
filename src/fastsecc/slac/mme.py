"""What all management messages (MMEs) have in common: the header, fixed fields in wire order, the length that follows.

A message class lists its fields in the order of the wire, and `layout` says how they are packed. Integers are
little-endian; addresses, identifiers and keys are octets as they go over the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Any, ClassVar, Final, Self

import msgspec

from fastsecc.errors import FrameError

ETHERTYPE: Final = bytes.fromhex("88e1")
FRAME_MIN_octets: Final = 60
"""Shorter frames are padded with zeros; on a VLAN's mirror port padding may be missing, so none is asked for."""
MMV_AV_1_0: Final = 0
"""HomePlug AV 1.0, without the two octets of fragmentation."""
MMV_AV_1_1: Final = 1
MMV_AV_2_0: Final = 2

_ETHERNET: Final = Struct("<6s6s2sBH")
ETHERNET_octets: Final = _ETHERNET.size
"""Ethernet header, MMV and MMTYPE."""
FRAGMENT_octets: Final = 2


class Mme(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all messages."""

    NAME: ClassVar[str] = ""
    """As the standard writes it."""
    MMTYPE: ClassVar[int] = 0
    MMV: ClassVar[int] = MMV_AV_1_1
    """What we send; see `parse` for what is taken."""
    OUI: ClassVar[bytes] = b""
    """Vendor's messages: what stands before the fields."""
    layout: ClassVar[Struct] = Struct("<")

    def pack(self) -> bytes:
        """Give the octets after header and OUI."""
        return self.layout.pack(*msgspec.structs.astuple(self))

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """Read the octets after header and OUI; what follows the last field is padding.

        Raises:
            FrameError: there are too few.
        """
        return cls(**dict(zip(cls.__struct_fields__, cls._fixed(payload), strict=True)))

    @classmethod
    def _fixed(cls, payload: bytes) -> tuple[Any, ...]:
        if len(payload) < cls.layout.size:
            raise FrameError(cls.NAME, "length", f"{len(payload)} octets of {cls.layout.size}")
        return cls.layout.unpack_from(payload)

    @classmethod
    def frame_octets(cls, mmv: int | None = None) -> int:
        """Give the octets that a frame must have: the fixed fields and all before them.

        Args:
            mmv: the frame's MMV; None: the one that we send.
        """
        fragment = FRAGMENT_octets if (cls.MMV if mmv is None else mmv) else 0
        return ETHERNET_octets + fragment + len(cls.OUI) + cls.layout.size

    def encode(self, source: bytes, destination: bytes, mmv: int | None = None) -> bytes:
        """Build the Ethernet frame, padded but without its check sequence.

        Args:
            source: sender's address.
            destination: receiver's address.
            mmv: the version to say; None: the message's own.
        """
        version = self.MMV if mmv is None else mmv
        header = _ETHERNET.pack(destination, source, ETHERTYPE, version, self.MMTYPE)
        fragment = bytes(FRAGMENT_octets) if version else b""
        return (header + fragment + self.OUI + self.pack()).ljust(FRAME_MIN_octets, b"\0")


class Frame(msgspec.Struct, frozen=True):
    """A message with what stood before it."""

    destination: bytes
    source: bytes
    mmv: int
    mme: Mme


def parse_as(kinds: Mapping[int, type[Mme]], octets: bytes) -> Frame:
    """Read an Ethernet frame.

    Args:
        kinds: message classes by MMTYPE.
        octets: from the destination's address on.

    Raises:
        FrameError: it is no whole message of one of these kinds.
    """
    if len(octets) < ETHERNET_octets:
        raise FrameError("frame", "length", f"{len(octets)} octets of {ETHERNET_octets}")
    destination, source, ethertype, mmv, mmtype = _ETHERNET.unpack_from(octets)
    if ethertype != ETHERTYPE:
        raise FrameError("frame", "ethertype", ethertype.hex())
    kind = kinds.get(mmtype)
    if kind is None:
        raise FrameError("frame", "MMTYPE", f"{mmtype:04X} is not taken")
    return Frame(destination, source, mmv, kind.unpack(_payload(kind, mmv, octets)))


def _payload(kind: type[Mme], mmv: int, octets: bytes) -> bytes:
    """Give what follows header and OUI, of which the place depends on the MMV."""
    if mmv not in ((MMV_AV_1_0, MMV_AV_1_1) if kind.OUI else (MMV_AV_1_1, MMV_AV_2_0)):
        raise FrameError(kind.NAME, "MMV", str(mmv))
    start = ETHERNET_octets
    if mmv != MMV_AV_1_0:
        if octets[start : start + 1] != b"\0":
            raise FrameError(kind.NAME, "FMI", "is a fragment")
        start += FRAGMENT_octets
    if octets[start : start + len(kind.OUI)] != kind.OUI:
        raise FrameError(kind.NAME, "OUI", octets[start : start + len(kind.OUI)].hex())
    return octets[start + len(kind.OUI) :]


def groups(kind: type[Mme], payload: bytes, number: int) -> bytes:
    """Take the octet a group that follows the fixed fields.

    Raises:
        FrameError: there are fewer.
    """
    found = payload[kind.layout.size :][:number]
    if len(found) < number:
        raise FrameError(kind.NAME, "NumGroups", f"{number} groups in {len(found)} octets")
    return found
