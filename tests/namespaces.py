"""Two network namespaces with a veth pair between them: a charger's interface and an EV's. Needs root."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class VethPair:
    """Names of the two ends; run a command in one with `inside`."""

    secc_namespace: str
    secc_interface: str
    ev_namespace: str
    ev_interface: str

    @staticmethod
    def inside(namespace: str) -> list[str]:
        """Give the words that run what follows in a namespace."""
        return ["ip", "netns", "exec", namespace]


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def veth_pair(beside: VethPair | None = None) -> Iterator[VethPair]:
    """Make both namespaces, and remove them afterwards; skips where that is not permitted.

    The charger's end goes into the namespace of the one `beside`, if there is one, under another name.
    """
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and iproute2")
    tag = f"{os.getpid() % 100000}{'b' * (beside is not None)}"
    secc_namespace = f"fsc-secc-{tag}" if beside is None else beside.secc_namespace
    pair = VethPair(secc_namespace, f"fss{tag}", f"fsc-ev-{tag}", f"fsv{tag}")
    made: list[str] = []
    try:
        for namespace in (pair.secc_namespace, pair.ev_namespace) if beside is None else (pair.ev_namespace,):
            try:
                _ip("netns", "add", namespace)
            except subprocess.CalledProcessError as error:
                pytest.skip(f"network namespaces are not permitted here: {error.stderr.decode().strip()}")
            made.append(namespace)
        _ip("link", "add", pair.secc_interface, "type", "veth", "peer", "name", pair.ev_interface)
        for namespace, interface in (
            (pair.secc_namespace, pair.secc_interface),
            (pair.ev_namespace, pair.ev_interface),
        ):
            _ip("link", "set", interface, "netns", namespace)
            # Without duplicate address detection the link-local address is usable at once.
            no_dad = f"echo 0 > /proc/sys/net/ipv6/conf/{interface}/accept_dad"
            subprocess.run([*pair.inside(namespace), "sh", "-c", no_dad], check=True, capture_output=True)
            _ip("-n", namespace, "link", "set", "lo", "up")
            _ip("-n", namespace, "link", "set", interface, "up")
        yield pair
    finally:
        for namespace in made:
            _ip("netns", "del", namespace)
