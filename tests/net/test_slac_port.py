"""SLAC over a veth pair: what the filter lets through, and interfaces that come and go."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from fastsecc.errors import CapabilityError, InterfaceError
from fastsecc.net.inherited import take_socket
from fastsecc.net.slac_port import SlacPort
from fastsecc.net.slac_socket import Received, SlacSocket, find_interface
from fastsecc.slac import frames, vendor
from fastsecc.slac.addresses import BROADCAST, LOCALCAST
from fastsecc.slac.api import SlacOutput, SlacSettings, SlacState
from fastsecc.slac.frames import parse
from fastsecc.slac.machine import TAKEN, SlacMachine
from fastsecc.slac.mme import ETHERTYPE, Mme
from fastsecc.slac.state import State
from tests.namespaces import VethPair, veth_pair

EV = bytes.fromhex("007dfa087c85")
MODEM = bytes.fromhex("c4930026183d")
RUN = b"TESLA EV"
ANOTHER = bytes.fromhex("02cafe000001")
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
PATIENCE_s = 10.0
"""Longer than anything here takes; nothing is asserted of how long it took."""
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pair() -> Iterator[VethPair]:
    with veth_pair() as pair:
        yield pair


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


PARM_REQ = frames.CM_SLAC_PARM_REQ(RunID=RUN)


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


def raw_socket(protocol: int = 0, kind: int = socket.SOCK_RAW) -> socket.socket:
    return socket.socket(socket.AF_PACKET, kind, socket.htons(protocol))


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


# the port


class Ev:
    """The other end: a modem's answers and an EV's requests, on one socket."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        end.setblocking(False)

    async def hear(self, kind: type[Mme]) -> tuple[Any, bytes]:
        """Wait for a message; give it and its sender."""
        loop = asyncio.get_running_loop()
        while True:
            frame = parse(await asyncio.wait_for(loop.sock_recv(self._end, 2000), PATIENCE_s))
            if isinstance(frame.mme, kind):
                return frame.mme, frame.source

    def say(self, mme: Mme, source: bytes = EV, destination: bytes = BROADCAST) -> None:
        self._end.send(mme.encode(source, destination))

    async def set_key(self) -> bytes:
        """Take a key as the modem; give the address of who gave it."""
        req, evse = await self.hear(frames.CM_SET_KEY_REQ)
        self.say(frames.CM_SET_KEY_CNF(Result=1, MyNonce=bytes(4), YourNonce=req.MyNonce), MODEM, evse)
        return evse

    async def match(self, evse: bytes) -> frames.CM_SLAC_MATCH_CNF:
        self.say(PARM_REQ)
        await self.hear(frames.CM_SLAC_PARM_CNF)
        self.say(frames.CM_START_ATTEN_CHAR_IND(FORWARDING_STA=EV, RunID=RUN))
        for countdown in reversed(range(10)):
            self.say(frames.CM_MNBC_SOUND_IND(CNT=countdown, RunID=RUN, Rnd=bytes(16)))
            self.say(frames.CM_ATTEN_PROFILE_IND(PEV_MAC=EV, AAG=bytes([25]) * 58), MODEM)
        ind, _ = await self.hear(frames.CM_ATTEN_CHAR_IND)
        assert set(ind.AAG) == {25}
        self.say(frames.CM_ATTEN_CHAR_RSP(SOURCE_ADDRESS=EV, RunID=RUN), EV, evse)
        self.say(frames.CM_SLAC_MATCH_REQ(PEV_MAC=EV, EVSE_MAC=evse, RunID=RUN), EV, evse)
        cnf, _ = await self.hear(frames.CM_SLAC_MATCH_CNF)
        assert isinstance(cnf, frames.CM_SLAC_MATCH_CNF)
        return cnf


class Site:
    """A port, and what it tells."""

    def __init__(self, interface: str, *, fd: int | None = None) -> None:
        self.variables: list[tuple[str, Any]] = []
        self.troubles: list[str | None] = []
        self._changed = asyncio.Event()
        self.machine = SlacMachine(SlacSettings())
        self.port = SlacPort(interface, self.machine, self._publish, on_trouble=self._trouble, fd=fd)

    def _publish(self, output: SlacOutput) -> None:
        self.variables += [(variable.name, variable.payload) for variable in output.variables]
        self._changed.set()

    def _trouble(self, trouble: InterfaceError | None) -> None:
        self.troubles.append(trouble.reason if trouble else None)
        self._changed.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_s):
            while not true():
                await self._changed.wait()
                self._changed.clear()


Scenario = Callable[[Site, Ev], Coroutine[Any, Any, None]]


LOOPS: list[Callable[[], asyncio.AbstractEventLoop]] = [asyncio.new_event_loop]
with suppress(ImportError):  # some machines have no wheel of it
    import uvloop

    LOOPS.append(uvloop.new_event_loop)


def play(
    pair: VethPair,
    scenario: Scenario,
    *,
    fd: int | None = None,
    interface: str = "",
    loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
) -> None:
    """Run a port against the other end."""

    async def run() -> None:
        site = Site(interface or pair.secc_interface, fd=fd)
        with line_end(pair) as end:
            try:
                await scenario(site, Ev(end))
            finally:
                site.port.stop()

    with in_namespace(pair.secc_namespace), asyncio.Runner(loop_factory=loop) as runner:
        runner.run(run())


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.__module__)
def test_an_ev_matches_over_the_line(pair: VethPair, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def scenario(site: Site, ev: Ev) -> None:
        site.port.start()
        site.port.driver.enter_bcd()
        cnf = await ev.match(await ev.set_key())
        assert cnf.PEV_MAC == EV
        await site.until(lambda: ("dlink_ready", True) in site.variables)
        assert site.port.driver.state is SlacState.MATCHED
        site.port.driver.leave_bcd()
        await ev.set_key()
        await site.until(lambda: site.machine.where is State.UNMATCHED)
        assert [value for name, value in site.variables if name == "dlink_ready"] == [True, False]
        statistics = site.port.statistics
        assert (statistics.received, statistics.dropped) == (2 + 1 + 1 + 20 + 2, 0)

    play(pair, scenario, loop=loop)


def test_interface_down_and_up(pair: VethPair) -> None:
    async def scenario(site: Site, ev: Ev) -> None:
        site.port.start()
        site.port.driver.enter_bcd()
        first = await ev.match(await ev.set_key())
        set_link(pair, "down")
        await site.until(lambda: ("dlink_ready", False) in site.variables)
        assert site.machine.where is State.DOWN
        set_link(pair, "up")
        second = await ev.match(await ev.set_key())
        assert second.NMK != first.NMK
        assert site.troubles[0] is None
        assert site.troubles[-1] is None
        assert len(site.troubles) >= 3

    play(pair, scenario)


def test_interface_that_comes_later_and_again(pair: VethPair) -> None:
    def ip(*words: str) -> None:
        subprocess.run(["ip", "-n", pair.secc_namespace, *words], check=True, capture_output=True)

    async def scenario(site: Site, _: Ev) -> None:
        site.port.start()
        assert site.troubles == ["does not exist"]
        for _time in range(2):
            ip("link", "add", "fslater", "type", "veth", "peer", "name", "fslater2")
            ip("link", "set", "fslater", "up")
            await site.until(lambda: site.troubles[-1] is None)
            assert site.machine.where is State.SET_KEY
            ip("link", "del", "fslater")
            await site.until(lambda: site.troubles[-1] == "does not exist")
            assert site.machine.where is State.DOWN

    play(pair, scenario, interface="fslater")


def test_another_address_means_another_start(pair: VethPair) -> None:
    async def scenario(site: Site, ev: Ev) -> None:
        site.port.start()
        before = await ev.set_key()
        await site.until(lambda: site.machine.where is State.UNMATCHED)
        set_link(pair, "address", "02:00:00:00:aa:01")
        assert before != await ev.set_key() == bytes.fromhex("02000000aa01")

    play(pair, scenario)


def test_a_socket_that_breaks_begins_anew(pair: VethPair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The interface may be up again before anybody has looked."""

    async def scenario(site: Site, ev: Ev) -> None:
        site.port.start()
        site.port.driver.enter_bcd()
        await ev.match(await ev.set_key())
        await site.until(lambda: ("dlink_ready", True) in site.variables)

        def broken(_: SlacSocket) -> None:
            monkeypatch.undo()
            raise OSError(errno.ENETDOWN, "Network is down")

        monkeypatch.setattr(SlacSocket, "receive", broken)
        ev.say(PARM_REQ)
        await site.until(lambda: ("dlink_ready", False) in site.variables)
        assert site.troubles == [None, "no SLAC: Network is down", None]
        await ev.match(await ev.set_key())

    play(pair, scenario)


def test_frames_that_do_not_leave_are_counted(pair: VethPair, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(site: Site, ev: Ev) -> None:
        site.port.start()
        await ev.set_key()
        await site.until(lambda: site.machine.where is State.UNMATCHED)
        before = site.port.statistics.sent

        def full(_: SlacSocket, _octets: bytes) -> bool:
            return False

        def broken(_: SlacSocket, _octets: bytes) -> bool:
            raise OSError(errno.ENETDOWN, "Network is down")

        for instead in (full, broken):
            monkeypatch.setattr(SlacSocket, "send", instead)
            site.port.driver.reset()
        monkeypatch.undo()
        assert site.port.statistics.sent == before
        assert site.port.statistics.dropped > 0
        await ev.set_key()  # what was lost is sent again
        await site.until(lambda: site.machine.where is State.UNMATCHED)

    play(pair, scenario)


def test_port_with_a_socket_from_a_supervisor(pair: VethPair) -> None:
    with in_namespace(pair.secc_namespace):
        fd = raw_socket().detach()

    async def scenario(site: Site, ev: Ev) -> None:
        site.port.start()
        site.port.driver.enter_bcd()
        await ev.match(await ev.set_key())

    play(pair, scenario, fd=fd)


def test_no_wake_ups_at_idle(pair: VethPair) -> None:
    """Whatever is not for us must not wake the loop, nor must the time."""

    async def scenario(site: Site, ev: Ev) -> None:
        site.port.start()
        await ev.set_key()
        await site.until(lambda: site.machine.where is State.UNMATCHED)
        loop = asyncio.get_running_loop()
        turns = 0
        selector = loop._selector  # type: ignore[attr-defined]
        select = selector.select

        def counted(timeout: float | None = None) -> Any:
            nonlocal turns
            turns += 1
            return select(timeout)

        selector.select = counted
        try:
            for _ in range(50):
                ev.say(vendor.VS_ATTENUATION_CHARACTERISTICS_IND(PEV_MAC=EV, AAG=bytes(58)), MODEM)
                ev.say(PARM_REQ, EV, ANOTHER)
            await asyncio.sleep(0.3)
        finally:
            selector.select = select
        assert turns <= 3  # to fall asleep, and to wake up at the end
        assert site.machine.deadline is None

    play(pair, scenario)


def test_without_capability_the_port_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    class NotPermitted:
        def slac_socket(self) -> int:
            return -1

    monkeypatch.setattr("fastsecc.net.slac_socket.lib", NotPermitted())

    async def start() -> None:
        site = Site("lo")
        try:
            site.port.start()
        finally:
            site.port.stop()

    with pytest.raises(CapabilityError, match=f"setcap cap_net_raw.ep {Path(sys.executable).resolve()}"):
        asyncio.run(start())
