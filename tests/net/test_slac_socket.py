"""SLAC's raw sockets: what the filter lets through, what leaves, who may have one, and who may give one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from fastsecc.errors import InterfaceError
from fastsecc.net.inherited import take_socket
from fastsecc.net.slac_socket import SlacSocket, find_interface
from fastsecc.slac import frames, vendor
from fastsecc.slac.addresses import BROADCAST, LOCALCAST
from fastsecc.slac.frames import parse
from fastsecc.slac.machine import TAKEN
from fastsecc.slac.mme import ETHERTYPE
from tests.namespaces import VethPair, veth_pair
from tests.net.slac_line import (
    ANOTHER,
    EV,
    MODEM,
    PARM_REQ,
    ROOT,
    PATIENCE_s,
    everything,
    in_namespace,
    line_end,
    listening,
    raw_socket,
    set_link,
)


@pytest.fixture(scope="module")
def pair() -> Iterator[VethPair]:
    with veth_pair() as pair:
        yield pair


def test_only_slac_for_us_or_for_all_is_heard(pair: VethPair) -> None:
    with listening(pair) as (ours, mac), line_end(pair) as end:
        wanted = [PARM_REQ.encode(EV, BROADCAST), PARM_REQ.encode(EV, mac)]
        near_all = bytes.fromhex("fffffffffffe")
        near_us = mac[:5] + bytes([mac[5] ^ 1])
        unwanted = [PARM_REQ.encode(EV, to) for to in (ANOTHER, LOCALCAST, near_all, near_us)]
        unwanted += [
            (BROADCAST + EV + bytes.fromhex("0800") + bytes(46)),
            (mac + EV + bytes.fromhex("86dd") + bytes(46)),
            vendor.VS_ATTENUATION_CHARACTERISTICS_IND(PEV_MAC=EV, AAG=bytes(58)).encode(MODEM, BROADCAST),
        ]
        for octets in unwanted + wanted + unwanted:
            end.send(octets)
        assert [received.octets for received in everything(ours)] == wanted


def test_of_all_mmtypes_those_that_are_taken_are_heard(pair: VethPair) -> None:
    with listening(pair) as (ours, mac), line_end(pair) as end:
        heard = []
        for mmtype in range(0, 0x10000, 16):
            for each in range(mmtype, mmtype + 16):
                end.send(mac + EV + ETHERTYPE + b"\1" + each.to_bytes(2, "little") + bytes(43))
            heard += [int.from_bytes(received.octets[15:17], "little") for received in everything(ours)]
        assert heard == sorted(TAKEN)


def test_sender_and_time_come_with_a_frame(pair: VethPair) -> None:
    with listening(pair) as (ours, _), line_end(pair) as end:
        end.send(PARM_REQ.encode(EV, BROADCAST))
        end.send(PARM_REQ.encode(ANOTHER, BROADCAST))
        first, second = everything(ours)
    assert (first.sender, second.sender) == (EV, ANOTHER)
    assert first.at_s <= second.at_s


def test_what_was_queued_before_listening_is_dropped(pair: VethPair) -> None:
    with listening(pair) as (ours, _), line_end(pair) as end:
        end.send(PARM_REQ.encode(EV, BROADCAST))
        with in_namespace(pair.secc_namespace):
            ours.listen(find_interface(pair.secc_interface), TAKEN)
        assert everything(ours) == []
        end.send(PARM_REQ.encode(ANOTHER, BROADCAST))
        assert [received.sender for received in everything(ours)] == [ANOTHER]


def test_frames_leave_as_they_are(pair: VethPair) -> None:
    with listening(pair) as (ours, mac), line_end(pair) as end:
        octets = PARM_REQ.encode(mac, EV)
        assert ours.send(octets)
        assert end.recv(2000) == octets


def test_frames_that_cannot_leave_are_dropped(pair: VethPair) -> None:
    """A queue that holds everything back stands for a modem that stalls."""
    tc = ["ip", "netns", "exec", pair.secc_namespace, "tc", "qdisc"]
    slow = [*tc, "add", "dev", pair.secc_interface, "root", "tbf", "rate", "8bit", "burst", "100", "limit", "100000"]
    if subprocess.run(slow, check=False, capture_output=True).returncode:
        pytest.skip("tc cannot make a slow queue here")
    try:
        with listening(pair) as (ours, mac):
            sent = [ours.send(PARM_REQ.encode(mac, EV)) for _ in range(100)]
    finally:
        subprocess.run([*tc, "del", "dev", pair.secc_interface, "root"], check=True, capture_output=True)
    assert sent[0]
    assert sent.count(True) < 20
    assert not sent[-1]


def test_interface_that_cannot_be_used_is_named(pair: VethPair) -> None:
    with in_namespace(pair.secc_namespace):
        with pytest.raises(InterfaceError, match="interface nowhere: does not exist"):
            find_interface("nowhere")
        with pytest.raises(InterfaceError, match="does not exist"):
            find_interface("a-name-longer-than-any")
        with pytest.raises(InterfaceError, match="interface lo: is no Ethernet interface"):
            find_interface("lo")
        set_link(pair, "down")
        try:
            with pytest.raises(InterfaceError, match=f"is down .ip link set {pair.secc_interface} up"):
                find_interface(pair.secc_interface)
        finally:
            set_link(pair, "up")


# sockets from a supervisor


def test_socket_from_a_supervisor_is_taken(pair: VethPair) -> None:
    with in_namespace(pair.secc_namespace):
        given = raw_socket()
        ours = SlacSocket(pair.secc_interface, given.detach())
        ours.listen(find_interface(pair.secc_interface), TAKEN)
    with line_end(pair) as end:
        end.send(PARM_REQ.encode(EV, BROADCAST))
        assert [received.sender for received in everything(ours)] == [EV]
    assert not os.get_inheritable(ours.fd)
    assert not os.get_blocking(ours.fd)
    ours.close()


def test_socket_of_another_kind_is_refused(pair: VethPair) -> None:
    with in_namespace(pair.secc_namespace):
        wrong = [
            (socket.socket(socket.AF_INET6, socket.SOCK_DGRAM), "is no raw packet socket"),
            (raw_socket(kind=socket.SOCK_DGRAM), "is no raw packet socket"),
            (raw_socket(0x0003), "another protocol than 0x88E1"),
        ]
    for given, reason in wrong:
        with given, pytest.raises(InterfaceError, match=reason):
            SlacSocket(pair.secc_interface, given.fileno())


def test_socket_of_another_interface_is_refused(pair: VethPair) -> None:
    with in_namespace(pair.secc_namespace):
        given = raw_socket()
        given.bind(("lo", 0x88E1))
        ours = SlacSocket(pair.secc_interface, given.detach())
        try:
            with pytest.raises(InterfaceError, match="bound to another interface"):
                ours.listen(find_interface(pair.secc_interface), TAKEN)
        finally:
            ours.close()


def test_descriptor_that_is_not_open_is_refused() -> None:
    with pytest.raises(InterfaceError, match="no raw packet socket"):
        SlacSocket("eth1", 1_000_000)


FROM_A_SUPERVISOR = """
import asyncio, os
from fastsecc.net.slac_port import SlacPort
from fastsecc.slac.api import SlacSettings
from fastsecc.slac.machine import SlacMachine
os.dup2(DESCRIPTOR, 4)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="other:OURS")
os.setgid(65534), os.setuid(65534)

async def run():
    machine = SlacMachine(SlacSettings())
    port = SlacPort("INTERFACE", machine, lambda output: None)
    port.start()
    while not port.statistics.received:
        await asyncio.sleep(0.01)
    print(machine.where.name)
    port.stop()

asyncio.run(run())
"""


@pytest.mark.parametrize("name", ["slac", "slac-INTERFACE"])
def test_a_process_without_capability_has_its_socket_from_a_supervisor(pair: VethPair, name: str) -> None:
    with in_namespace(pair.secc_namespace):
        given = raw_socket()
    code = FROM_A_SUPERVISOR.replace("DESCRIPTOR", str(given.fileno())).replace("OURS", name)
    code = code.replace("INTERFACE", pair.secc_interface)
    command = [*pair.inside(pair.secc_namespace), sys.executable, "-c", code]
    with (
        line_end(pair) as end,
        given,
        subprocess.Popen(command, pass_fds=[given.fileno()], stdout=subprocess.PIPE, text=True, cwd=ROOT) as child,
    ):
        received = (parse(end.recv(2000)) for _ in range(3))
        frame = next(frame for frame in received if isinstance(frame.mme, frames.CM_SET_KEY_REQ))
        assert isinstance(frame.mme, frames.CM_SET_KEY_REQ)
        cnf = frames.CM_SET_KEY_CNF(Result=1, MyNonce=bytes(4), YourNonce=frame.mme.MyNonce)
        end.send(cnf.encode(MODEM, frame.source))
        told, _ = child.communicate(timeout=PATIENCE_s)
    assert told == "UNMATCHED\n"


def test_names_of_sockets_from_a_supervisor() -> None:
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "3", "LISTEN_FDNAMES": "a:slac:slac-eth1"}
    assert take_socket(("slac-eth1", "slac"), environment) == 5
    assert take_socket(("slac-eth1", "slac"), environment) == 4
    assert take_socket(("slac-eth1", "slac"), environment) is None
    assert take_socket(("a",), environment) == 3


@pytest.mark.parametrize(
    "change",
    [{"LISTEN_PID": "1"}, {"LISTEN_PID": ""}, {"LISTEN_FDS": "0"}, {"LISTEN_FDS": "x"}, {"LISTEN_FDNAMES": ""}],
)
def test_sockets_of_another_process_or_without_a_name(change: dict[str, str]) -> None:
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "slac", **change}
    assert take_socket(("slac",), environment) is None


WITHOUT_CAPABILITY = """
import os
from fastsecc.errors import CapabilityError
from fastsecc.net.slac_socket import SlacSocket
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)  # a change from root to another user drops all capabilities
try:
    SlacSocket("eth1")
except CapabilityError as error:
    print(error)
"""


def test_missing_capability_says_what_mends_it() -> None:
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT_CAPABILITY], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout
    assert "interface eth1: SLAC needs CAP_NET_RAW" in told
    assert "setcap cap_net_raw+ep /" in told
    assert "AmbientCapabilities=CAP_NET_RAW" in told
