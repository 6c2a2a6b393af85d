"""The messages of SLAC and of the local modem's key, as HomePlug Green PHY and ISO 15118-3 define them."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import ClassVar, Final, Self

from msgspec.structs import force_setattr

from fastsecc.errors import FrameError
from fastsecc.slac import vendor
from fastsecc.slac.addresses import BROADCAST
from fastsecc.slac.keys import Nmk
from fastsecc.slac.mme import Frame as Frame
from fastsecc.slac.mme import Mme, groups, parse_as
from fastsecc.slac.timers import C_EV_match_MNBC

AAG_GROUPS: Final = 58
"""Groups of carriers that attenuation is given for."""
TIME_OUT: Final = 6
"""TT_EVSE_match_MNBC in units of 100 ms."""
RESP_TYPE: Final = 1
"""The results go to another station: the EV."""
KEY_TYPE_NMK: Final = 1
PID_HLE: Final = 4
MATCH_REQ_MVFLength: Final = 0x3E
MATCH_CNF_MVFLength: Final = 0x56
NO_ID: Final = bytes(17)
"""SenderID, SOURCE_ID, RESP_ID, PEV_ID and EVSE_ID: not used."""


class CM_SLAC_PARM_REQ(Mme, frozen=True, kw_only=True):
    """The EV, to all: who is there?"""

    NAME: ClassVar = "CM_SLAC_PARM.REQ"
    MMTYPE: ClassVar = 0x6064
    layout: ClassVar = Struct("<BB8s")
    APPLICATION_TYPE: int = 0
    SECURITY_TYPE: int = 0
    RunID: bytes


class CM_SLAC_PARM_CNF(Mme, frozen=True, kw_only=True):
    """The EVSE, to the EV: how to sound."""

    NAME: ClassVar = "CM_SLAC_PARM.CNF"
    MMTYPE: ClassVar = 0x6065
    layout: ClassVar = Struct("<6sBBB6sBB8s")
    M_SOUND_TARGET: bytes = BROADCAST
    NUM_SOUNDS: int = C_EV_match_MNBC
    TIME_OUT: int = TIME_OUT
    RESP_TYPE: int = RESP_TYPE
    FORWARDING_STA: bytes
    APPLICATION_TYPE: int = 0
    SECURITY_TYPE: int = 0
    RunID: bytes


class CM_START_ATTEN_CHAR_IND(Mme, frozen=True, kw_only=True):
    """The EV, to all, three times: sounds follow."""

    NAME: ClassVar = "CM_START_ATTEN_CHAR.IND"
    MMTYPE: ClassVar = 0x606A
    layout: ClassVar = Struct("<BBBBB6s8s")
    APPLICATION_TYPE: int = 0
    SECURITY_TYPE: int = 0
    NUM_SOUNDS: int = C_EV_match_MNBC
    TIME_OUT: int = TIME_OUT
    RESP_TYPE: int = RESP_TYPE
    FORWARDING_STA: bytes
    RunID: bytes


class CM_MNBC_SOUND_IND(Mme, frozen=True, kw_only=True):
    """The EV, to all, ten times: something for modems to measure."""

    NAME: ClassVar = "CM_MNBC_SOUND.IND"
    MMTYPE: ClassVar = 0x6076
    layout: ClassVar = Struct("<BB17sB8s8x16s")
    APPLICATION_TYPE: int = 0
    SECURITY_TYPE: int = 0
    SenderID: bytes = NO_ID
    CNT: int
    """Sounds that are still to come."""
    RunID: bytes
    Rnd: bytes


class CM_ATTEN_PROFILE_IND(Mme, frozen=True, kw_only=True):
    """The own modem, after a sound: how much was lost in each group of carriers."""

    NAME: ClassVar = "CM_ATTEN_PROFILE.IND"
    MMTYPE: ClassVar = 0x6086
    layout: ClassVar = Struct("<6sBx")
    PEV_MAC: bytes
    AAG: bytes
    """Attenuation a group, dB; empty from modems that do not measure it."""

    def pack(self) -> bytes:
        """Give the octets after the header."""
        return self.layout.pack(self.PEV_MAC, len(self.AAG)) + self.AAG

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """Read the octets after the header."""
        pev_mac, number = cls._fixed(payload)
        return cls(PEV_MAC=pev_mac, AAG=groups(cls, payload, number))


class CM_ATTEN_CHAR_IND(Mme, frozen=True, kw_only=True):
    """The EVSE, to the EV: the mean of what its modem measured."""

    NAME: ClassVar = "CM_ATTEN_CHAR.IND"
    MMTYPE: ClassVar = 0x606E
    layout: ClassVar = Struct("<BB6s8s17s17sBB")
    APPLICATION_TYPE: int = 0
    SECURITY_TYPE: int = 0
    SOURCE_ADDRESS: bytes
    RunID: bytes
    SOURCE_ID: bytes = NO_ID
    RESP_ID: bytes = NO_ID
    NUM_SOUNDS: int
    """Sounds that the mean was taken of."""
    AAG: bytes

    def pack(self) -> bytes:
        """Give the octets after the header."""
        ids = (self.SOURCE_ADDRESS, self.RunID, self.SOURCE_ID, self.RESP_ID)
        counts = (self.NUM_SOUNDS, len(self.AAG))
        return self.layout.pack(self.APPLICATION_TYPE, self.SECURITY_TYPE, *ids, *counts) + self.AAG

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """Read the octets after the header."""
        *fixed, number = cls._fixed(payload)
        return cls(**dict(zip(cls.__struct_fields__, [*fixed, groups(cls, payload, number)], strict=True)))


class CM_ATTEN_CHAR_RSP(Mme, frozen=True, kw_only=True):
    """The EV, to an EVSE: its result has come."""

    NAME: ClassVar = "CM_ATTEN_CHAR.RSP"
    MMTYPE: ClassVar = 0x606F
    layout: ClassVar = Struct("<BB6s8s17s17sB")
    APPLICATION_TYPE: int = 0
    SECURITY_TYPE: int = 0
    SOURCE_ADDRESS: bytes
    RunID: bytes
    SOURCE_ID: bytes = NO_ID
    RESP_ID: bytes = NO_ID
    Result: int = 0


class CM_VALIDATE_REQ(Mme, frozen=True, kw_only=True):
    """The EV, to an EVSE: are you at the other end of my cable?"""

    NAME: ClassVar = "CM_VALIDATE.REQ"
    MMTYPE: ClassVar = 0x6078
    layout: ClassVar = Struct("<BBB")
    SignalType: int = 0
    """0: toggles of S2 on the control pilot."""
    Timer: int = 0
    Result: int = 1


class CM_VALIDATE_CNF(Mme, frozen=True, kw_only=True):
    """The EVSE, to the EV."""

    NAME: ClassVar = "CM_VALIDATE.CNF"
    MMTYPE: ClassVar = 0x6079
    layout: ClassVar = Struct("<BBB")
    SignalType: int = 0
    ToggleNum: int = 0
    Result: int


class CM_SLAC_MATCH_REQ(Mme, frozen=True, kw_only=True):
    """The EV, to the EVSE that it chose."""

    NAME: ClassVar = "CM_SLAC_MATCH.REQ"
    MMTYPE: ClassVar = 0x607C
    layout: ClassVar = Struct("<BBH17s6s17s6s8s8x")
    APPLICATION_TYPE: int = 0
    SECURITY_TYPE: int = 0
    MVFLength: int = MATCH_REQ_MVFLength
    PEV_ID: bytes = NO_ID
    PEV_MAC: bytes
    EVSE_ID: bytes = NO_ID
    EVSE_MAC: bytes
    RunID: bytes


class CM_SLAC_MATCH_CNF(Mme, frozen=True, kw_only=True):
    """The EVSE, to the EV: the key of the logical network."""

    NAME: ClassVar = "CM_SLAC_MATCH.CNF"
    MMTYPE: ClassVar = 0x607D
    layout: ClassVar = Struct("<BBH17s6s17s6s8s8x7sx16s")
    APPLICATION_TYPE: int = 0
    SECURITY_TYPE: int = 0
    MVFLength: int = MATCH_CNF_MVFLength
    PEV_ID: bytes = NO_ID
    PEV_MAC: bytes
    EVSE_ID: bytes = NO_ID
    EVSE_MAC: bytes
    RunID: bytes
    NID: bytes
    NMK: bytes

    def __post_init__(self) -> None:
        """Hide the key from logs."""
        force_setattr(self, "NMK", Nmk(self.NMK))


class CM_SET_KEY_REQ(Mme, frozen=True, kw_only=True):
    """To the own modem: join the logical network of this key."""

    NAME: ClassVar = "CM_SET_KEY.REQ"
    MMTYPE: ClassVar = 0x6008
    layout: ClassVar = Struct("<B4s4sBHBB7sB16s")
    KeyType: int = KEY_TYPE_NMK
    MyNonce: bytes
    YourNonce: bytes = bytes(4)
    PID: int = PID_HLE
    PRN: int = 0
    PMN: int = 0
    CCoCap: int = 0
    NID: bytes
    NewEKS: int = 1
    NewKey: bytes

    def __post_init__(self) -> None:
        """Hide the key from logs."""
        force_setattr(self, "NewKey", Nmk(self.NewKey))


class CM_SET_KEY_CNF(Mme, frozen=True, kw_only=True):
    """The own modem's answer."""

    NAME: ClassVar = "CM_SET_KEY.CNF"
    MMTYPE: ClassVar = 0x6009
    layout: ClassVar = Struct("<B4s4sBHBB")
    Result: int
    MyNonce: bytes
    YourNonce: bytes
    PID: int = PID_HLE
    PRN: int = 0
    PMN: int = 0xFF
    CCoCap: int = 0


class CM_AMP_MAP_REQ(Mme, frozen=True, kw_only=True):
    """Either side, once there is a link: send these carriers weaker."""

    NAME: ClassVar = "CM_AMP_MAP.REQ"
    MMTYPE: ClassVar = 0x601C
    layout: ClassVar = Struct("<H")
    AMLEN: int
    AMDATA: bytes
    """Four bits a carrier, the first in the lower half of an octet."""

    def pack(self) -> bytes:
        """Give the octets after the header."""
        return self.layout.pack(self.AMLEN) + self.AMDATA

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """Read the octets after the header."""
        (amlen,) = cls._fixed(payload)
        amdata = payload[cls.layout.size :][: (amlen + 1) // 2]
        if len(amdata) < (amlen + 1) // 2:
            raise FrameError(cls.NAME, "AMLEN", f"{amlen} carriers in {len(amdata)} octets")
        return cls(AMLEN=amlen, AMDATA=amdata)


class CM_AMP_MAP_CNF(Mme, frozen=True, kw_only=True):
    """The answer."""

    NAME: ClassVar = "CM_AMP_MAP.CNF"
    MMTYPE: ClassVar = 0x601D
    layout: ClassVar = Struct("<B")
    Result: int = 0


MESSAGES: Final[tuple[type[Mme], ...]] = (
    CM_SLAC_PARM_REQ,
    CM_SLAC_PARM_CNF,
    CM_START_ATTEN_CHAR_IND,
    CM_MNBC_SOUND_IND,
    CM_ATTEN_PROFILE_IND,
    CM_ATTEN_CHAR_IND,
    CM_ATTEN_CHAR_RSP,
    CM_VALIDATE_REQ,
    CM_VALIDATE_CNF,
    CM_SLAC_MATCH_REQ,
    CM_SLAC_MATCH_CNF,
    CM_SET_KEY_REQ,
    CM_SET_KEY_CNF,
    CM_AMP_MAP_REQ,
    CM_AMP_MAP_CNF,
    *vendor.MESSAGES,
)
BY_MMTYPE: Final[Mapping[int, type[Mme]]] = {kind.MMTYPE: kind for kind in MESSAGES}
LENGTH_octets: Final[Mapping[int, int]] = {kind.MMTYPE: kind.frame_octets() for kind in MESSAGES}
"""What a frame of each MMTYPE must have at the least, as we send it; groups and amplitudes come on top."""


def parse(octets: bytes) -> Frame:
    """Read an Ethernet frame with any of these messages.

    Raises:
        FrameError: it is none, or not whole.
    """
    return parse_as(BY_MMTYPE, octets)
