"""A raw socket for SLAC: the only place that knows the native module."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastsecc._slac import ffi, lib
from fastsecc.errors import CapabilityError, InterfaceError

NANOSECOND_s: Final = 1e-9
NO_ETHERNET: Final = "is no Ethernet interface"


@dataclass(frozen=True, slots=True)
class EthernetInterface:
    """A network interface as it is now."""

    name: str
    index: int
    mac: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """A frame, who sent it as the kernel saw it, and when the kernel had it (monotonic seconds)."""

    octets: bytes
    sender: bytes
    at_s: float


def find_interface(name: str) -> EthernetInterface:
    """Find an Ethernet interface that is up.

    Raises:
        InterfaceError: there is none; the text says why.
    """
    found = ffi.new("struct slac_interface *")
    error = -lib.slac_find(name.encode(), found)
    if error:
        raise InterfaceError(name, "does not exist" if error == errno.ENODEV else os.strerror(error))
    if not found.ethernet:
        raise InterfaceError(name, NO_ETHERNET)
    if not found.up:
        raise InterfaceError(name, f"is down (ip link set {name} up)")
    return EthernetInterface(name, found.index, bytes(found.mac))


def require_ethernet(name: str) -> None:
    """See that an interface, if it is there, is one that SLAC can come to.

    Raises:
        InterfaceError: it is of another kind, as loopback is, so that it would be waited for in vain.
    """
    found = ffi.new("struct slac_interface *")
    if lib.slac_find(name.encode(), found) == 0 and not found.ethernet:
        raise InterfaceError(name, f"{NO_ETHERNET}, so there is no SLAC")


class SlacSocket:
    """One raw socket; it hears nothing before `listen`, which may be called again for an interface that came back."""

    def __init__(self, interface: str, fd: int | None = None) -> None:
        """Make the socket, or take one over.

        Args:
            interface: the name of the interface, for errors.
            fd: descriptor from a supervisor; it belongs to this object from now on, unless an error is raised.

        Raises:
            CapabilityError: the process lacks CAP_NET_RAW.
            InterfaceError: the descriptor is no raw socket for SLAC, or the kernel has none to give.
        """
        self._interface = interface
        self._frame = ffi.new("struct slac_frame *")
        self._given = fd is not None
        self.fd = self._make() if fd is None else self._take_over(fd)

    def listen(self, interface: EthernetInterface, mmtypes: Iterable[int]) -> None:
        """Hear frames of some MMTYPEs on an interface, for its own address or for all; what was queued is dropped.

        Raises:
            InterfaceError: the interface has just gone, or the socket was bound to another one by who gave it.
        """
        if self._given:
            self._check(self.fd, interface.index)
            self._given = False
        native = ffi.new("struct slac_interface *")
        native.index, native.mac = interface.index, interface.mac
        types = list(mmtypes)
        error = -lib.slac_listen(self.fd, native, types, len(types))
        if error:
            raise InterfaceError(interface.name, f"no SLAC: {os.strerror(error)}")

    def receive(self) -> Received | None:
        """Take a frame; None: there is none.

        Raises:
            OSError: the interface has gone.
        """
        result = lib.slac_receive(self.fd, self._frame)
        if result == 0:
            return None
        if result < 0:
            raise OSError(-result, os.strerror(-result))
        frame = self._frame
        octets = bytes(ffi.buffer(frame.octets, frame.length))
        return Received(octets, bytes(frame.sender), frame.received_ns * NANOSECOND_s)

    def send(self, octets: bytes) -> bool:
        """Send a frame; False: those before it have not left, so it was dropped rather than sent late.

        Raises:
            OSError: the interface has gone.
        """
        result = lib.slac_send(self.fd, octets, len(octets))
        if result < 0:
            raise OSError(-result, os.strerror(-result))
        return result == 1

    def close(self) -> None:
        """Close it."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _make(self) -> int:
        fd = lib.slac_socket()
        if fd in (-errno.EPERM, -errno.EACCES):
            raise CapabilityError(self._interface, how_to_permit())
        if fd < 0:
            raise InterfaceError(self._interface, f"no raw socket: {os.strerror(-fd)}")
        return fd

    def _take_over(self, fd: int) -> int:
        self._check(fd, 0)
        return fd

    def _check(self, fd: int, index: int) -> None:
        error = -lib.slac_check(fd, index)
        if error:
            reason = {
                errno.ENOTSOCK: "is no raw packet socket",
                errno.EADDRNOTAVAIL: "is bound to another interface",
                errno.EPROTOTYPE: "is bound to another protocol than 0x88E1",
            }.get(error, os.strerror(error))
            raise InterfaceError(self._interface, f"descriptor {fd} for SLAC {reason}")


def how_to_permit() -> str:
    """Say what gives this process the right to use raw Ethernet frames."""
    python = Path(sys.executable).resolve()
    return (
        f"SLAC needs CAP_NET_RAW: setcap cap_net_raw+ep {python}, "
        "or in the systemd unit: AmbientCapabilities=CAP_NET_RAW"
    )
