"""The kernel's notices that something about the network interfaces has changed."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

log = logging.getLogger(__name__)

# linux/rtnetlink.h, linux/netlink.h
NETLINK_ROUTE = 0
RTMGRP_LINK = 0x1
RTMGRP_IPV6_IFADDR = 0x100

NETLINK_READ_SIZE = 65536


class Notices:
    """Call back after notices, however many came at once.

    They only say that something changed; what is true now is to be read anew, so that a lost notice can do no harm.
    """

    def __init__(self, groups: int, changed: Callable[[], None]) -> None:
        """Make it.

        Args:
            groups: RTMGRP_*, what is of interest.
            changed: called when something may have changed.
        """
        self._groups = groups
        self._changed = changed
        self._socket: socket.socket | None = None

    def start(self) -> None:
        """Begin to listen; needs a running event loop."""
        notices = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_ROUTE)
        notices.setblocking(False)
        notices.bind((0, self._groups))
        asyncio.get_running_loop().add_reader(notices.fileno(), self._on_readable)
        self._socket = notices

    def stop(self) -> None:
        """Listen no more."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _on_readable(self) -> None:
        assert self._socket is not None
        while True:
            try:
                self._socket.recv(NETLINK_READ_SIZE)
            except BlockingIOError:
                break
            except OSError as lost:  # ENOBUFS: the kernel dropped notices, which is one notice too
                log.debug("netlink: %s", lost)
                break
        self._changed()
