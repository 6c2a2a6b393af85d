"""Addresses of interfaces: from /proc/net/if_inet6, and as they come and go in a namespace of our own."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import uuid
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from fastsecc.errors import InterfaceError
from fastsecc.net import interface
from fastsecc.net.interface import InterfaceAddress, InterfaceWatch, find_address, parse_if_inet6, pick_address

LO = "00000000000000000000000000000001 01 80 10 80       lo\n"
ETH_GLOBAL = "fd000000000000000000000000000002 04 40 00 82     eth0\n"
ETH = "fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n"
PLC = "fe8000000000000000fc00fffe000002 02 40 20 80     plc0\n"
PLC_TENTATIVE = "fe8000000000000000fc00fffe000002 02 40 20 c0     plc0\n"
PLC_DUPLICATE = "fe8000000000000000fc00fffe000002 02 40 20 88     plc0\n"


def test_the_link_local_address_is_taken_with_its_scope() -> None:
    found = pick_address(parse_if_inet6(LO + ETH_GLOBAL + ETH), "eth0")
    assert found == InterfaceAddress("eth0", 4, IPv6Address("fe80::fc:ff:fe00:1"))
    assert found.scope_id == 4
    assert found.scoped == "fe80::fc:ff:fe00:1%eth0"


def test_loopback_is_reached_by_its_own_address() -> None:
    found = pick_address(parse_if_inet6(LO + ETH), "lo")
    assert found is not None
    assert (found.scoped, found.scope_id) == ("::1", 0)


def test_auto_takes_the_first_interface_with_a_link_local_address() -> None:
    found = pick_address(parse_if_inet6(LO + ETH + PLC), "auto")
    assert found is not None
    assert found.interface == "plc0"


@pytest.mark.parametrize("line", [PLC_TENTATIVE, PLC_DUPLICATE, ETH_GLOBAL.replace("eth0", "plc0"), ""])
def test_an_address_that_is_not_ours_yet_is_not_taken(line: str) -> None:
    assert pick_address(parse_if_inet6(LO + ETH + line), "plc0") is None


def test_lines_of_another_shape_are_left_out() -> None:
    assert parse_if_inet6("garbage\n\nzz 1 2 3 4 eth0\n" + LO[:40] + "\n") == []


@pytest.mark.parametrize(
    ("name", "table", "reason"),
    [
        ("nosuch0", LO, "nosuch0: does not exist"),
        ("lo", LO.replace(" 80 ", " c0 ", 1).replace("10 80", "10 c0"), "still being checked"),
        ("lo", LO.replace("10 80", "10 88"), "in use elsewhere"),
        ("lo", "", "no IPv6 link-local address"),
        ("auto", LO, "no interface has"),
    ],
)
def test_what_is_missing_is_said(name: str, table: str, reason: str, tmp_path: Path, monkeypatch) -> None:
    file = tmp_path / "if_inet6"
    file.write_text(table)
    monkeypatch.setattr(interface, "IF_INET6", file)
    with pytest.raises(InterfaceError, match=reason):
        find_address(name)


def test_a_kernel_without_ipv6_is_told(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(interface, "IF_INET6", tmp_path / "none")
    with pytest.raises(InterfaceError, match="no IPv6"):
        find_address("lo")


class Told:
    """Notes what a watch tells, and reads the table from a file it is given."""

    def __init__(self, table: Path, name: str) -> None:
        self.table = table
        self.heard: list[str] = []
        self.watch = InterfaceWatch(name, lambda a: self.heard.append(f"up {a.scoped}"), self._down)

    def _down(self, error: InterfaceError) -> None:
        self.heard.append(f"down {error.reason.split(' (')[0]}")

    def becomes(self, text: str) -> None:
        self.table.write_text(text)
        self.watch._look()


@pytest.fixture
def told(tmp_path: Path, monkeypatch) -> Told:
    table = tmp_path / "if_inet6"
    monkeypatch.setattr(interface, "IF_INET6", table)
    table.write_text(LO)
    return Told(table, "auto")


def test_the_watch_tells_each_change_once(told: Told) -> None:
    for text in (LO, LO, LO + PLC, LO + PLC, LO, LO, LO + PLC):
        told.becomes(text)
    up, down = "up fe80::fc:ff:fe00:2%plc0", "down no interface has an IPv6 link-local address"
    assert told.heard == [down, up, down, up]


def test_auto_stays_with_its_choice_while_that_is_usable(told: Told) -> None:
    for text in (ETH, ETH + PLC, PLC):
        told.becomes(text)
    first, second = "up fe80::fc:ff:fe00:1%eth0", "up fe80::fc:ff:fe00:2%plc0"
    assert told.heard == [first, "down its address changed", second]


def test_another_address_on_the_interface_changes_nothing(told: Told) -> None:
    """The kernel's own address may come after one that was added by hand, and before it in the table."""
    other = ETH.replace("00fc00fffe000001", "0000000000000001")
    assert other != ETH
    for text in (ETH, other + ETH, ETH + other, other):
        told.becomes(text)
    first, second = "up fe80::fc:ff:fe00:1%eth0", "up fe80::1%eth0"
    assert told.heard == [first, "down its address changed", second]


def test_an_interface_made_anew_under_the_same_name_is_another_one(told: Told) -> None:
    told.becomes(PLC)
    told.becomes(PLC.replace(" 02 40", " 07 40"))
    assert [line.split()[0] for line in told.heard] == ["up", "down", "up"]


def test_watching_loopback_tells_at_once_and_ends_quietly() -> None:
    heard: list[InterfaceAddress] = []

    async def watch() -> None:
        watch = InterfaceWatch("lo", heard.append, lambda error: None)
        watch.start()
        watch.stop()
        watch.stop()

    asyncio.run(watch())
    assert [found.scoped for found in heard] == ["::1"]


WATCHER = """
import asyncio, sys
from fastsecc.net.interface import InterfaceWatch

def say(*words):
    print(*words, flush=True)

async def main():
    watch = InterfaceWatch("late0", lambda found: say("up", found.scope_id), lambda error: say("down", error.reason))
    watch.start()
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("ip") is None, reason="needs root and iproute2 for a namespace")
def test_an_interface_that_comes_late_goes_and_comes_back() -> None:
    namespace = f"fsc-{uuid.uuid4().hex[:8]}"
    ip("netns", "add", namespace)
    command = ["ip", "netns", "exec", namespace, sys.executable, "-c", WATCHER]
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watcher:
            assert watcher.stdout is not None
            try:
                assert watcher.stdout.readline() == "down does not exist\n"
                ip("-n", namespace, "link", "add", "late0", "type", "veth", "peer", "name", "far0")
                for name in ("late0", "far0"):
                    sysctl = f"net.ipv6.conf.{name}.accept_dad=0"
                    ip("netns", "exec", namespace, "sysctl", "-qw", sysctl)
                    ip("-n", namespace, "link", "set", name, "up")
                lines = _until(watcher.stdout, "up")
                first = int(lines[-1].split()[1])
                ip("-n", namespace, "link", "set", "late0", "down")
                assert "is down" in _until(watcher.stdout, "down")[-1]
                ip("-n", namespace, "link", "set", "late0", "up")
                assert _until(watcher.stdout, "up")[-1] == f"up {first}\n"
                ip("-n", namespace, "link", "del", "late0")
                assert _until(watcher.stdout, "down")
            finally:
                watcher.kill()
    finally:
        ip("netns", "del", namespace)


def _until(stream, word: str) -> list[str]:
    """Read lines up to the first that begins with `word`."""
    lines: list[str] = []
    while not (lines and lines[-1].startswith(word + " ")):
        line = stream.readline()
        assert line, lines
        lines.append(line)
    return lines


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=10)
