"""Find the usable IPv6 address of a network interface, and watch it come and go."""

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path

from fastsecc.errors import InterfaceError
from fastsecc.net.notices import RTMGRP_IPV6_IFADDR, RTMGRP_LINK, Notices

AUTO = "auto"
LOOPBACK = "lo"
IF_INET6 = Path("/proc/net/if_inet6")

# linux/if_addr.h
IFA_F_DADFAILED = 0x08
IFA_F_TENTATIVE = 0x40
# linux/sockios.h, linux/if.h
SIOCGIFFLAGS = 0x8913
IFF_UP = 0x1


@dataclass(slots=True, frozen=True)
class InterfaceAddress:
    """An interface and the address on it that an EV can reach."""

    interface: str
    index: int
    address: IPv6Address

    @property
    def scope_id(self) -> int:
        """Give sin6_scope_id: the interface index for a link-local address, 0 for one that needs none."""
        return self.index if self.address.is_link_local else 0

    @property
    def scoped(self) -> str:
        """Give the address with its zone, as in `fe80::1%eth1`."""
        return f"{self.address}%{self.interface}" if self.scope_id else str(self.address)


@dataclass(slots=True, frozen=True)
class KernelAddress:
    """One line of /proc/net/if_inet6."""

    interface: str
    index: int
    address: IPv6Address
    flags: int

    @property
    def fits(self) -> bool:
        """Tell whether an EV could use it: link-local, or ::1 on the loopback interface."""
        if self.interface == LOOPBACK:
            return self.address.is_loopback
        return self.address.is_link_local

    @property
    def usable(self) -> bool:
        """Tell whether duplicate address detection is done and found no other owner."""
        return self.fits and not self.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)


def parse_if_inet6(text: str) -> list[KernelAddress]:
    """Read the text of /proc/net/if_inet6; lines of another shape are left out."""
    addresses = []
    for line in text.splitlines():
        fields = line.split()
        try:
            address, index, _prefix, _scope, flags, name = fields
            addresses.append(KernelAddress(name, int(index, 16), IPv6Address(bytes.fromhex(address)), int(flags, 16)))
        except ValueError:
            continue
    return addresses


def pick_address(
    addresses: list[KernelAddress], interface: str, current: InterfaceAddress | None = None
) -> InterfaceAddress | None:
    """Choose the address to serve on `interface`; `auto` takes the first interface with a link-local address.

    The current one stays while it is usable: that there is another one too is no reason to break a session.
    """
    usable = [
        InterfaceAddress(found.interface, found.index, found.address)
        for found in sorted(addresses, key=lambda address: address.index)
        if found.usable and (found.interface != LOOPBACK if interface == AUTO else found.interface == interface)
    ]
    return current if current in usable else next(iter(usable), None)


def find_address(interface: str, current: InterfaceAddress | None = None) -> InterfaceAddress:
    """Find the address to serve on `interface` (a name or `auto`), the current one if that is still usable.

    Raises:
        InterfaceError: there is none now; the text says what is missing.
    """
    addresses = _kernel_addresses()
    found = pick_address(addresses, interface, current)
    if found is None:
        raise InterfaceError(interface, _why_unusable(addresses, interface))
    return found


def _kernel_addresses() -> list[KernelAddress]:
    try:
        return parse_if_inet6(IF_INET6.read_text())
    except FileNotFoundError:
        return []  # a kernel without IPv6


def _why_unusable(addresses: list[KernelAddress], interface: str) -> str:
    """Say in one line why an interface cannot be used yet."""
    if not IF_INET6.exists():
        return "this kernel has no IPv6"
    if interface == AUTO:
        return "no interface has an IPv6 link-local address"
    try:
        socket.if_nametoindex(interface)
    except OSError:
        return "does not exist"
    if not _is_up(interface):
        return f"is down (ip link set {interface} up)"
    here = [address for address in addresses if address.interface == interface and address.fits]
    if any(address.flags & IFA_F_DADFAILED for address in here):
        return "its IPv6 link-local address is in use elsewhere on the link"
    if here:
        return "its IPv6 link-local address is still being checked for duplicates"
    return "is up, but has no IPv6 link-local address (no carrier, or IPv6 is switched off)"


def _is_up(interface: str) -> bool:
    request = struct.pack("16sH14x", interface.encode(), 0)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as any_socket:
        try:
            flags: int = struct.unpack_from("16xH", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))[0]
        except OSError:
            return False  # gone in between
    return bool(flags & IFF_UP)


class InterfaceWatch:
    """Tell when an interface becomes usable and when it stops being so."""

    def __init__(
        self, interface: str, up: Callable[[InterfaceAddress], None], down: Callable[[InterfaceError], None]
    ) -> None:
        self.interface = interface
        self.address: InterfaceAddress | None = None
        self._up = up
        self._down = down
        self._trouble: str | None = None
        self._notices = Notices(RTMGRP_LINK | RTMGRP_IPV6_IFADDR, self._look)

    def start(self) -> None:
        """Begin to watch, and tell at once how things are; needs a running event loop."""
        self._notices.start()
        self._look()

    def stop(self) -> None:
        """Stop watching; nothing is told any more."""
        self._notices.stop()

    def _look(self) -> None:
        found, trouble = self._present()
        if self.address is not None and found != self.address:
            self.address, self._trouble = None, None
            if found is not None:
                self._down(InterfaceError(self.interface, "its address changed"))
        if found is not None and self.address is None:
            self.address, self._trouble = found, None
            self._up(found)
        elif trouble is not None and trouble.reason != self._trouble:
            self._trouble = trouble.reason
            self._down(trouble)

    def _present(self) -> tuple[InterfaceAddress | None, InterfaceError | None]:
        try:
            # an `auto` that has chosen stays with its choice while that is usable
            return find_address(self.address.interface if self.address else self.interface, self.address), None
        except InterfaceError as trouble:
            if self.address is None or self.interface != AUTO:
                return None, trouble
        try:
            return find_address(self.interface), None
        except InterfaceError as trouble:
            return None, trouble
