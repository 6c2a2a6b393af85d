"""Messages of modem vendors: Qualcomm's VS_ and Lumissil's NSCM_."""

from __future__ import annotations

from struct import Struct
from typing import ClassVar, Final, Self

from fastsecc.slac.mme import MMV_AV_1_0, Mme, groups

QUALCOMM: Final = bytes.fromhex("00b052")
LUMISSIL: Final = bytes.fromhex("0016e8")

CARRIERS_A_GROUP: Final = 16


class Qualcomm(Mme, frozen=True, kw_only=True):
    """A message of Qualcomm's modems; without fields it is a mere request."""

    MMV: ClassVar = MMV_AV_1_0
    OUI: ClassVar = QUALCOMM


class VS_OP_ATTRIBUTES_REQ(Qualcomm, frozen=True, kw_only=True):
    """To the own modem: what are you?"""

    NAME: ClassVar = "VS_OP_ATTRIBUTES.REQ"
    MMTYPE: ClassVar = 0xA068
    layout: ClassVar = Struct("<4sB")
    Cookie: bytes
    ReportType: int = 0


class VS_OP_ATTRIBUTES_CNF(Qualcomm, frozen=True, kw_only=True):
    """The modem's answer; more follows than its names."""

    NAME: ClassVar = "VS_OP_ATTRIBUTES.CNF"
    MMTYPE: ClassVar = 0xA069
    layout: ClassVar = Struct("<H4sBH16s16s")
    Status: int = 0
    Cookie: bytes
    ReportType: int = 0
    Size: int = 0x76
    HardwarePlatform: bytes
    SoftwarePlatform: bytes


class VS_PL_LINK_STATUS_REQ(Qualcomm, frozen=True, kw_only=True):
    """To the own modem: is there a link?"""

    NAME: ClassVar = "VS_PL_LINK_STATUS.REQ"
    MMTYPE: ClassVar = 0xA0B8


class VS_PL_LINK_STATUS_CNF(Qualcomm, frozen=True, kw_only=True):
    """The modem's answer; LinkStatus 1: there is."""

    NAME: ClassVar = "VS_PL_LINK_STATUS.CNF"
    MMTYPE: ClassVar = 0xA0B9
    layout: ClassVar = Struct("<BB")
    MStatus: int = 0
    LinkStatus: int


class VS_RS_DEV_REQ(Qualcomm, frozen=True, kw_only=True):
    """To the own modem: start anew."""

    NAME: ClassVar = "VS_RS_DEV.REQ"
    MMTYPE: ClassVar = 0xA01C


class VS_RS_DEV_CNF(Qualcomm, frozen=True, kw_only=True):
    """The modem's answer, before it does so."""

    NAME: ClassVar = "VS_RS_DEV.CNF"
    MMTYPE: ClassVar = 0xA01D
    layout: ClassVar = Struct("<B")
    MStatus: int = 0


class VS_ATTENUATION_CHARACTERISTICS_IND(Qualcomm, frozen=True, kw_only=True):
    """The modem, after a sound, beside CM_ATTEN_PROFILE.IND and with the same values."""

    NAME: ClassVar = "VS_ATTENUATION_CHARACTERISTICS.IND"
    MMTYPE: ClassVar = 0xA14E
    layout: ClassVar = Struct("<6sHB7x")
    PEV_MAC: bytes
    CarriersAGroup: int = CARRIERS_A_GROUP
    AAG: bytes

    def pack(self) -> bytes:
        """Give the octets after the OUI."""
        return self.layout.pack(self.PEV_MAC, len(self.AAG), self.CarriersAGroup) + self.AAG

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """Read the octets after the OUI."""
        pev_mac, number, carriers = cls._fixed(payload)
        return cls(PEV_MAC=pev_mac, CarriersAGroup=carriers, AAG=groups(cls, payload, number))


class Lumissil(Mme, frozen=True, kw_only=True):
    """A message of Lumissil's modems."""

    MMV: ClassVar = MMV_AV_1_0
    OUI: ClassVar = LUMISSIL
    layout: ClassVar = Struct("<H4xB12x")
    Version: int = 0
    RequestID: int = 0
    """Comes back in the answer."""


class NSCM_GET_VERSION_REQ(Lumissil, frozen=True, kw_only=True):
    """To the own modem: what are you?"""

    NAME: ClassVar = "NSCM_GET_VERSION.REQ"
    MMTYPE: ClassVar = 0xAC6C


class NSCM_GET_VERSION_CNF(Lumissil, frozen=True, kw_only=True):
    """The modem's answer."""

    NAME: ClassVar = "NSCM_GET_VERSION.CNF"
    MMTYPE: ClassVar = 0xAC6D
    layout: ClassVar = Struct("<H4xB12xHHHH2x")
    Major: int
    Minor: int
    Patch: int
    Build: int


class NSCM_RESET_DEVICE_REQ(Lumissil, frozen=True, kw_only=True):
    """To the own modem: start anew; there is no answer."""

    NAME: ClassVar = "NSCM_RESET_DEVICE.REQ"
    MMTYPE: ClassVar = 0xAC70
    layout: ClassVar = Struct("<H4xB12xB")
    Mode: int = 0


class NSCM_GET_D_LINK_STATUS_REQ(Lumissil, frozen=True, kw_only=True):
    """To the own modem: is there a link?"""

    NAME: ClassVar = "NSCM_GET_D_LINK_STATUS.REQ"
    MMTYPE: ClassVar = 0xAC9C


class NSCM_GET_D_LINK_STATUS_CNF(Lumissil, frozen=True, kw_only=True):
    """The modem's answer; LinkStatus 1: there is."""

    NAME: ClassVar = "NSCM_GET_D_LINK_STATUS.CNF"
    MMTYPE: ClassVar = 0xAC9D
    layout: ClassVar = Struct("<H4xB12xB")
    LinkStatus: int


MESSAGES: Final[tuple[type[Mme], ...]] = (
    VS_OP_ATTRIBUTES_REQ,
    VS_OP_ATTRIBUTES_CNF,
    VS_PL_LINK_STATUS_REQ,
    VS_PL_LINK_STATUS_CNF,
    VS_RS_DEV_REQ,
    VS_RS_DEV_CNF,
    VS_ATTENUATION_CHARACTERISTICS_IND,
    NSCM_GET_VERSION_REQ,
    NSCM_GET_VERSION_CNF,
    NSCM_RESET_DEVICE_REQ,
    NSCM_GET_D_LINK_STATUS_REQ,
    NSCM_GET_D_LINK_STATUS_CNF,
)
