"""Both ends of a veth pair for SLAC's frames, in namespaces of their own."""

from __future__ import annotations

import ctypes
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastsecc.net.slac_socket import Received, SlacSocket, find_interface
from fastsecc.slac import frames
from fastsecc.slac.machine import TAKEN
from tests.namespaces import VethPair

EV = bytes.fromhex("007dfa087c85")
MODEM = bytes.fromhex("c4930026183d")
RUN = b"TESLA EV"
ANOTHER = bytes.fromhex("02cafe000001")
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
PATIENCE_s = 10.0
"""Longer than anything here takes; nothing is asserted of how long it took."""
ROOT = Path(__file__).resolve().parents[2]

PARM_REQ = frames.CM_SLAC_PARM_REQ(RunID=RUN)


@contextmanager
def in_namespace(name: str) -> Iterator[None]:
    """Make sockets in a network namespace; this thread is back in its own afterwards."""
    with Path("/proc/thread-self/ns/net").open("rb") as own, Path(f"/run/netns/{name}").open("rb") as other:
        _enter(other.fileno())
        try:
            yield
        finally:
            _enter(own.fileno())


def _enter(namespace: int) -> None:
    if LIBC.setns(namespace, CLONE_NEWNET) != 0:  # os.setns came with Python 3.12
        raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def line_end(pair: VethPair) -> Iterator[socket.socket]:
    """The other end of the line: it hears and says anything."""
    with in_namespace(pair.ev_namespace):
        end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88E1))
    with end:
        with in_namespace(pair.ev_namespace):
            end.bind((pair.ev_interface, 0x88E1))
        end.settimeout(PATIENCE_s)
        yield end


@contextmanager
def listening(pair: VethPair) -> Iterator[tuple[SlacSocket, bytes]]:
    with in_namespace(pair.secc_namespace):
        ours = SlacSocket(pair.secc_interface)
        found = find_interface(pair.secc_interface)
        try:
            ours.listen(found, TAKEN)
            yield ours, found.mac
        finally:
            ours.close()


def everything(ours: SlacSocket) -> list[Received]:
    """Give what has come; frames over veth are there when they have been sent."""
    received = []
    while (one := ours.receive()) is not None:
        received.append(one)
    return received


def set_link(pair: VethPair, *what: str) -> None:
    ip = ["ip", "-n", pair.secc_namespace, "link", "set", pair.secc_interface, *what]
    subprocess.run(ip, check=True, capture_output=True)


def raw_socket(protocol: int = 0, kind: int = socket.SOCK_RAW) -> socket.socket:
    return socket.socket(socket.AF_PACKET, kind, socket.htons(protocol))
