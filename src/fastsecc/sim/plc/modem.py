"""One powerline modem, as a QCA7000 answers its host."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import Final

from fastsecc.errors import FrameError
from fastsecc.slac.addresses import BROADCAST, GROUP_BIT, LOCALCAST
from fastsecc.slac.frames import (
    AAG_GROUPS,
    BY_MMTYPE,
    CM_ATTEN_PROFILE_IND,
    CM_MNBC_SOUND_IND,
    CM_SET_KEY_CNF,
    CM_SET_KEY_REQ,
    parse,
)
from fastsecc.slac.mme import Mme
from fastsecc.slac.vendor import (
    VS_ATTENUATION_CHARACTERISTICS_IND,
    VS_OP_ATTRIBUTES_CNF,
    VS_OP_ATTRIBUTES_REQ,
    VS_PL_LINK_STATUS_CNF,
    VS_PL_LINK_STATUS_REQ,
    VS_RS_DEV_CNF,
    VS_RS_DEV_REQ,
)

ADDRESS_octets: Final = 6
ANSWER_s: Final = 0.0004
"""How long a recorded modem took to answer its host."""
PROFILE_s: Final = 0.0005
"""From a sound to what a recorded modem said of it."""
JOIN_s: Final = 0.1
"""How long modems with the same key take to find each other."""
RESTART_s: Final = 0.5
"""How long a modem is deaf after VS_RS_DEV.REQ."""
KEY_TAKEN: Final = 0x01
"""What QCA7000s say when they took a key; the standard's 0 they say when they did not."""
HARDWARE: Final = b"QCA7000"
SOFTWARE: Final = b"MAC-QCA7000-1.1."

Answer = tuple[bytes, float]
"""A frame for the host, and how long the modem takes to make it."""


def message_name(octets: bytes) -> str:
    """Give the standard's name of a frame's message; its MMTYPE when it is another's."""
    mmtype = int.from_bytes(octets[15:17], "little")
    return BY_MMTYPE[mmtype].NAME if mmtype in BY_MMTYPE else f"{mmtype:04X}"


class Modem:
    """A modem and the logical network that it is in."""

    def __init__(
        self,
        name: str,
        *,
        evse: bool,
        join_s: float = JOIN_s,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """Make a modem that nobody has given a key yet.

        Args:
            name: what the medium calls it and its host.
            evse: set up for a charger: it measures sounds. A car's does not.
            join_s: how long it takes to find others that have its key.
            random: gives octets that nobody can guess.
        """
        self.name = name
        self.mac = b"\x00\xb0\x52" + hashlib.sha256(name.encode()).digest()[:3]
        self.evse = evse
        self._join_s = join_s
        self._random = random
        self._hosts: set[bytes] = set()
        self._deaf_until = 0.0
        self._joined_at = 0.0
        self._network = random(7), random(16)
        """NID and NMK."""

    def learn(self, frame: bytes) -> None:
        """Note the address of a host that has sent something."""
        self._hosts.add(frame[ADDRESS_octets : 2 * ADDRESS_octets])

    def is_asked(self, frame: bytes) -> bool:
        """Tell whether a frame of the host is for the modem itself, and never leaves it."""
        return frame[:ADDRESS_octets] in (LOCALCAST, self.mac)

    def hears(self, frame: bytes, now: float) -> bool:
        """Tell whether a frame from the power line is for the host."""
        destination = frame[:ADDRESS_octets]
        return now >= self._deaf_until and (bool(destination[0] & GROUP_BIT) or destination in self._hosts)

    def shares_network(self, other: Modem, now: float) -> bool:
        """Tell whether both are in the same logical network by now."""
        return self._network == other._network and now >= max(self._ready_at, other._ready_at)

    @property
    def _ready_at(self) -> float:
        return max(self._joined_at, self._deaf_until)

    def answers(self, octets: bytes, now: float, *, has_link: bool) -> list[Answer]:
        """Do what the host asks for, and answer.

        Args:
            octets: the frame.
            now: monotonic seconds.
            has_link: another modem shares the network.
        """
        try:
            request = parse(octets)
        except FrameError:
            return []
        if now < self._deaf_until:
            return []
        answer = self._answer(request.mme, now, has_link=has_link)
        return [] if answer is None else [(answer.encode(self.mac, request.source), ANSWER_s)]

    def _answer(self, request: Mme, now: float, *, has_link: bool) -> Mme | None:
        match request:
            case CM_SET_KEY_REQ():
                self._network, self._joined_at = (request.NID, bytes(request.NewKey)), now + self._join_s
                return CM_SET_KEY_CNF(Result=KEY_TAKEN, MyNonce=self._random(4), YourNonce=request.MyNonce)
            case VS_OP_ATTRIBUTES_REQ():
                cookie, kind = request.Cookie, request.ReportType
                return VS_OP_ATTRIBUTES_CNF(
                    Cookie=cookie, ReportType=kind, HardwarePlatform=HARDWARE, SoftwarePlatform=SOFTWARE
                )
            case VS_PL_LINK_STATUS_REQ():
                return VS_PL_LINK_STATUS_CNF(LinkStatus=int(has_link))
            case VS_RS_DEV_REQ():
                self._deaf_until = now + RESTART_s
                return VS_RS_DEV_CNF()
        return None

    def profiles(self, octets: bytes, attenuation_db: float) -> list[Answer]:
        """Tell the host of a charger how weak a sound was, in the standard's message and in the vendor's."""
        if not self.evse or message_name(octets) != CM_MNBC_SOUND_IND.NAME:
            return []
        pev_mac, aag = octets[ADDRESS_octets : 2 * ADDRESS_octets], bytes([round(attenuation_db)] * AAG_GROUPS)
        kinds = (CM_ATTEN_PROFILE_IND, VS_ATTENUATION_CHARACTERISTICS_IND)
        return [(kind(PEV_MAC=pev_mac, AAG=aag).encode(self.mac, BROADCAST), PROFILE_s) for kind in kinds]
