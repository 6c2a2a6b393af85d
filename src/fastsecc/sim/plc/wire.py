"""The frames of a real Ethernet interface, in and out: where a simulated modem or car meets the other side."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from typing import Final

from fastsecc.errors import InterfaceError

log = logging.getLogger(__name__)

# linux/if_ether.h, linux/if_packet.h, linux/virtio_net.h
ETH_P_ALL: Final = 0x0003
ETH_P_HPAV: Final = 0x88E1
SOL_PACKET: Final = 263
PACKET_VNET_HDR: Final = 15
PACKET_IGNORE_OUTGOING: Final = 23
VNET_HEADER_SIZE: Final = 10
NOTHING_TO_DO: Final = bytes(VNET_HEADER_SIZE)
"""The virtio header of a frame whose checksum is complete."""
MAX_FRAME: Final = VNET_HEADER_SIZE + 65_536 + 18
FRAMES_AT_ONCE: Final = 64
"""How many are read before others have their turn."""

OnFrame = Callable[[bytes, bytes], None]
"""Called with a frame and its virtio header: which checksum and segmentation the kernel has still to do."""


class Wire:
    """One interface, opened for raw frames."""

    def __init__(self, interface: str, on_frame: OnFrame, ethertype: int = ETH_P_ALL) -> None:
        """Open it and begin to listen; needs a running event loop.

        Args:
            interface: its name.
            on_frame: called for every frame that comes in.
            ethertype: hear only these frames.

        Raises:
            InterfaceError: there is no such interface, or raw frames are not permitted.
        """
        self.interface = interface
        self._on_frame = on_frame
        try:
            self.mac = _mac(interface)
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        except PermissionError:
            raise InterfaceError(interface, "raw frames need root, or CAP_NET_RAW") from None
        except OSError as refusal:
            raise InterfaceError(interface, os.strerror(refusal.errno or 0)) from None
        try:
            self._socket.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
            self._socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
            self._socket.bind((interface, ethertype))
        except OSError as refusal:
            self._socket.close()
            raise InterfaceError(interface, os.strerror(refusal.errno or 0)) from None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._on_readable)

    def close(self) -> None:
        """Hear no more."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def send(self, frame: bytes, header: bytes = NOTHING_TO_DO) -> None:
        """Send a frame; one that cannot be sent is lost, as it would be on a real wire."""
        try:
            self._socket.send(header + frame)
        except OSError as refusal:
            log.debug("%s: frame lost: %s", self.interface, refusal)

    def _on_readable(self) -> None:
        for _ in range(FRAMES_AT_ONCE):
            try:
                octets = self._socket.recv(MAX_FRAME)
            except BlockingIOError:
                return
            except OSError as trouble:  # the interface went down
                log.debug("%s: %s", self.interface, trouble)
                return
            self._on_frame(octets[VNET_HEADER_SIZE:], octets[:VNET_HEADER_SIZE])
            if self._socket.fileno() < 0:
                return


def _mac(interface: str) -> bytes:
    """Read an interface's MAC address.

    Raises:
        OSError: there is no such interface.
    """
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as any_socket:
        any_socket.bind((interface, 0))
        mac: bytes = any_socket.getsockname()[4]
        return mac
