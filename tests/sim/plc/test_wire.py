"""Raw frames of an interface, and a network of one's own: what is refused, and that nothing is left. Needs root."""

from __future__ import annotations

import asyncio
import ctypes
import shutil
import socket
from collections.abc import Iterator

import pytest

from fastsecc.errors import InterfaceError
from fastsecc.sim.plc import network, wire
from fastsecc.sim.plc.wire import NOTHING_TO_DO, Wire

FRAME = b"\xff" * 6 + bytes(6) + b"\x88\xe1" + bytes(46)
PATIENCE_s = 10.0


@pytest.fixture
def hosts() -> Iterator[None]:
    try:
        with network.charger_and_car():
            yield
    except InterfaceError as refusal:
        pytest.skip(refusal.reason)


def interfaces() -> set[str]:
    return {name for _, name in socket.if_nameindex()}


def run(coroutine) -> None:
    asyncio.run(asyncio.wait_for(coroutine, PATIENCE_s))


def test_the_network_is_gone_afterwards(hosts) -> None:
    assert interfaces() == {"lo", network.EVSE, network.EV, network.PLC_EVSE, network.PLC_EV}
    with network.own_network():
        assert interfaces() == {"lo"}
    assert network.EVSE in interfaces()


def test_the_network_is_left_after_a_failure(hosts) -> None:
    before = interfaces(), network.OWN_NAMESPACE.readlink()
    with pytest.raises(InterfaceError, match=f"ip link add {network.EVSE} type veth"), network.charger_and_car():
        network.veth(network.EVSE, network.PLC_EVSE, "fe80::1")
    assert (interfaces(), network.OWN_NAMESPACE.readlink()) == before


def test_without_iproute2_there_is_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(InterfaceError, match="iproute2"), network.own_network():
        pass


def test_without_the_right_there_is_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    class Libc:
        def unshare(self, flags: int) -> int:
            ctypes.set_errno(1)
            return -1

    monkeypatch.setattr(shutil, "which", lambda name: "ip")
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Libc())
    with pytest.raises(InterfaceError, match="needs root: Operation not permitted"), network.own_network():
        pass


def test_frames_go_from_one_end_to_the_other_until_it_is_closed(hosts) -> None:
    async def test() -> None:
        heard: asyncio.Queue[tuple[bytes, bytes]] = asyncio.Queue()
        one = Wire(network.EVSE, lambda *_: None)
        other = Wire(network.PLC_EVSE, lambda *frame: heard.put_nowait(frame), wire.ETH_P_HPAV)
        one.send(FRAME)
        assert await heard.get() == (FRAME, NOTHING_TO_DO)
        other.close()
        other.close()
        network.ip(f"link set {network.EVSE} down")
        one.send(FRAME)  # is lost
        one.close()

    run(test())


def test_a_wire_that_is_closed_while_frames_wait_hands_no_more_over(hosts) -> None:
    async def test() -> None:
        heard: list[bytes] = []
        first = asyncio.Event()
        one = Wire(network.EVSE, lambda *_: None)

        def take(frame: bytes, _: bytes) -> None:
            heard.append(frame)
            other.close()
            first.set()

        other = Wire(network.PLC_EVSE, take, wire.ETH_P_HPAV)
        for _ in range(3):
            one.send(FRAME)
        await first.wait()
        await asyncio.sleep(0)
        one.close()
        assert heard == [FRAME]

    run(test())


def test_what_cannot_be_opened_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(interface: str) -> bytes:
        raise PermissionError

    monkeypatch.setattr(wire, "_mac", refuse)
    with pytest.raises(InterfaceError, match="interface plc0: raw frames need root, or CAP_NET_RAW"):
        Wire("plc0", lambda *_: None)
