"""The modem at our end: who it is, and how its vendor asks for a link and for a restart."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from fastsecc.slac import vendor
from fastsecc.slac.frames import Frame
from fastsecc.slac.mme import Mme

COOKIE_OCTETS: Final = 4


class Vendor(Enum):
    """Modems that more is known of than the standard says."""

    QUALCOMM = "Qualcomm"
    LUMISSIL = "Lumissil"


@dataclass(slots=True)
class Modem:
    """What the modem said of itself."""

    mac: bytes | None = None
    """Known once it has answered a question that nobody else could have heard."""
    vendor: Vendor | None = None
    cookie: bytes = field(default=bytes(COOKIE_OCTETS), repr=False)

    def forget(self, cookie: bytes) -> None:
        """Begin with another modem, perhaps.

        Args:
            cookie: octets that nobody can guess, to know the answers by.
        """
        self.mac = None
        self.vendor = None
        self.cookie = cookie

    def questions(self) -> list[Mme]:
        """Give what finds out the vendor; a modem answers only its own."""
        if self.vendor is not None:
            return []
        return [
            vendor.VS_OP_ATTRIBUTES_REQ(Cookie=self.cookie),
            vendor.NSCM_GET_VERSION_REQ(RequestID=self.cookie[0]),
        ]

    def hear(self, frame: Frame) -> str | None:
        """Take an answer; give the line for the log that says what was learnt."""
        mme = frame.mme
        if self.vendor is not None or self.mac not in (None, frame.source):
            return None
        if isinstance(mme, vendor.VS_OP_ATTRIBUTES_CNF) and mme.Cookie == self.cookie:
            self.vendor, self.mac = Vendor.QUALCOMM, frame.source
            return f"modem: Qualcomm, {_words(mme.HardwarePlatform)} {_words(mme.SoftwarePlatform)}".rstrip()
        # One octet is too little to prove whose answer it is: its sender must be known already.
        if isinstance(mme, vendor.NSCM_GET_VERSION_CNF) and mme.RequestID == self.cookie[0] and self.mac is not None:
            self.vendor = Vendor.LUMISSIL
            return f"modem: Lumissil, {mme.Major}.{mme.Minor}.{mme.Patch}.{mme.Build}"
        return None

    def link_question(self) -> Mme | None:
        """Give what asks for the link; None: its vendor is not known."""
        if self.vendor is Vendor.QUALCOMM:
            return vendor.VS_PL_LINK_STATUS_REQ()
        return vendor.NSCM_GET_D_LINK_STATUS_REQ() if self.vendor is Vendor.LUMISSIL else None

    def restart(self) -> Mme | None:
        """Give what restarts it; None: its vendor is not known."""
        if self.vendor is Vendor.QUALCOMM:
            return vendor.VS_RS_DEV_REQ()
        return vendor.NSCM_RESET_DEVICE_REQ() if self.vendor is Vendor.LUMISSIL else None


def link_status(mme: Mme) -> bool | None:
    """Read whether there is a link; None: the message does not say."""
    if isinstance(mme, vendor.VS_PL_LINK_STATUS_CNF):
        return mme.LinkStatus == 1 if mme.MStatus == 0 else None
    return mme.LinkStatus == 1 if isinstance(mme, vendor.NSCM_GET_D_LINK_STATUS_CNF) else None


def _words(octets: bytes) -> str:
    return "".join(chr(octet) for octet in octets.split(b"\0")[0] if 0x20 <= octet < 0x7F)
