"""SLAC over a veth pair: matches, interfaces that come and go, and no wake-ups for nothing."""

from __future__ import annotations

import asyncio
import errno
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fastsecc.errors import CapabilityError, InterfaceError
from fastsecc.net.slac_port import SlacPort
from fastsecc.net.slac_socket import SlacSocket
from fastsecc.slac import frames, vendor
from fastsecc.slac.addresses import BROADCAST
from fastsecc.slac.api import SlacOutput, SlacSettings, SlacState
from fastsecc.slac.frames import parse
from fastsecc.slac.machine import SlacMachine
from fastsecc.slac.mme import Mme
from fastsecc.slac.state import State
from tests.namespaces import VethPair, veth_pair
from tests.net.slac_line import (
    ANOTHER,
    EV,
    MODEM,
    PARM_REQ,
    RUN,
    PATIENCE_s,
    in_namespace,
    line_end,
    raw_socket,
    set_link,
)


@pytest.fixture(scope="module")
def pair() -> Iterator[VethPair]:
    with veth_pair() as pair:
        yield pair


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
