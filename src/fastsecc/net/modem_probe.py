"""Ask the modem behind an interface who it is, and do nothing else there."""

from __future__ import annotations

import os
import select
import time
from typing import Final

from fastsecc.errors import FrameError
from fastsecc.net.slac_socket import SlacSocket, find_interface
from fastsecc.slac import vendor
from fastsecc.slac.mme import Mme, parse_as
from fastsecc.slac.modem import COOKIE_OCTETS, Modem

ANSWERS: Final[dict[int, type[Mme]]] = {
    kind.MMTYPE: kind for kind in (vendor.VS_OP_ATTRIBUTES_CNF, vendor.NSCM_GET_VERSION_CNF)
}


def ask(interface: str, address: bytes, timeout_s: float) -> str | None:
    """Give the line that says which modem answered; None: none did.

    Only modems of vendors that `fastsecc.slac.modem` knows answer.

    Args:
        interface: its name.
        address: where messages for the modem go.
        timeout_s: how long to wait.

    Raises:
        CapabilityError: the process lacks CAP_NET_RAW.
        InterfaceError: the interface is missing, down or no Ethernet.
        OSError: it went in between.
    """
    found = find_interface(interface)
    port = SlacSocket(interface)
    try:
        port.listen(found, ANSWERS)
        modem = Modem()
        modem.forget(os.urandom(COOKIE_OCTETS))
        for question in modem.questions():
            port.send(question.encode(found.mac, address))
        return _answer(port, modem, time.monotonic() + timeout_s)
    finally:
        port.close()


def _answer(port: SlacSocket, modem: Modem, until: float) -> str | None:
    while (left := until - time.monotonic()) > 0:
        select.select([port.fd], [], [], left)
        while (received := port.receive()) is not None:
            try:
                frame = parse_as(ANSWERS, received.octets)
            except FrameError:
                continue
            if isinstance(frame.mme, vendor.NSCM_GET_VERSION_CNF):
                modem.mac = frame.source  # nobody has been asked but the modem, and it is only to be shown
            if line := modem.hear(frame):
                return line
    return None
