"""A network of one's own: a network namespace for this process, with veth pairs between its hosts and their modems.

It needs no names in the system and nothing has to be removed: it is gone when the process has left it or has ended,
however it ended.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fastsecc.errors import InterfaceError

CLONE_NEWNET: Final = 0x40000000
"""linux/sched.h"""
EVSE: Final = "evse"
EV: Final = "ev"
PLC_EVSE: Final = "plc-evse"
PLC_EV: Final = "plc-ev"
OWN_NAMESPACE: Final = Path("/proc/thread-self/ns/net")


@contextmanager
def own_network() -> Iterator[None]:
    """Move the calling thread into a network namespace that has nothing but loopback, and back afterwards.

    Raises:
        InterfaceError: that is not permitted here, or iproute2 is missing.
    """
    if shutil.which("ip") is None:
        raise InterfaceError("veth", "`ip` (iproute2) is not installed")
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open(OWN_NAMESPACE, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.unshare(CLONE_NEWNET):
            raise InterfaceError("veth", f"a network namespace needs root: {os.strerror(ctypes.get_errno())}")
        try:
            ip("link set lo up")
            yield
        finally:
            libc.setns(before, CLONE_NEWNET)
    finally:
        os.close(before)


@contextmanager
def charger_and_car() -> Iterator[None]:
    """Make a network of one's own with two hosts, EVSE and EV; PLC_EVSE and PLC_EV are where their modems belong.

    Raises:
        InterfaceError: that is not permitted here, or iproute2 is missing.
    """
    with own_network():
        veth(EVSE, PLC_EVSE, "fe80::1")
        veth(EV, PLC_EV, "fe80::2")
        yield


def veth(host: str, modem: str, address: str) -> None:
    """Make a veth pair between a host, which gets an IPv6 address that is usable at once, and its modem.

    Raises:
        InterfaceError: the system refused.
    """
    ip(f"link add {host} type veth peer name {modem}")
    for name in (host, modem):
        ip(f"link set {name} addrgenmode none")
        ip(f"link set {name} up")
    ip(f"address add {address}/64 dev {host} nodad")


def ip(words: str) -> None:
    """Run `ip`.

    Raises:
        InterfaceError: it failed.
    """
    done = subprocess.run(["ip", *words.split()], capture_output=True, text=True, check=False)
    if done.returncode:
        raise InterfaceError("veth", f"ip {words}: {done.stderr.strip()}")
