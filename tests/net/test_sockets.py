"""The SDP server and the TCP listener on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from typing import Any

import pytest

from fastsecc.errors import InterfaceError
from fastsecc.net.interface import InterfaceAddress, find_address
from fastsecc.net.listener import DYNAMIC_PORTS, Listener
from fastsecc.net.sdp import SdpOffer, SdpRequest, Security, decode_response, encode_request
from fastsecc.net.sdp_server import SdpServer

REQUEST = encode_request(SdpRequest(Security.NONE))


@pytest.fixture
def loopback() -> InterfaceAddress:
    return find_address("lo")


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        return probe.getsockname()[1]


def run(steps: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(steps, 5))


class Ev:
    """Sends datagrams and hears the answers."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect(("::1", port))

    async def ask(self, *datagrams: bytes) -> list[bytes]:
        """Send, let the server read all, and give what it answered."""
        for datagram in datagrams:
            self.socket.send(datagram)
        for _ in range(5):
            await asyncio.sleep(0)
        answers = []
        while True:
            try:
                answers.append(self.socket.recv(100))
            except BlockingIOError:
                return answers

    def close(self) -> None:
        self.socket.close()


def test_sdp_answers_every_request_and_nothing_else(loopback: InterfaceAddress) -> None:
    """CMN_SDP_001, CMN_V2GTPSDP_001 to 005 over a socket; repeats are answered."""

    async def steps() -> None:
        server = SdpServer(loopback, free_udp_port())
        server.start()
        server.offer = SdpOffer(loopback.address, 50123)
        ev = Ev(server.port)
        answers = await ev.ask(REQUEST, b"", REQUEST[:-1], REQUEST + b"\0", b"\xff" + REQUEST[1:], bytes(2000), REQUEST)
        assert len(answers) == 2
        response = decode_response(answers[0])
        assert response is not None
        assert (response.address, response.port, response.security) == (loopback.address, 50123, Security.NONE)
        ev.close()
        server.stop()

    run(steps())


def test_sdp_without_an_offer_is_silent_and_answers_nothing_late(loopback: InterfaceAddress) -> None:
    """CMN_SDP_004: a stopped SDP server gives no answer."""

    async def steps() -> None:
        server = SdpServer(loopback, free_udp_port())
        server.start()
        ev = Ev(server.port)
        assert await ev.ask(REQUEST) == []
        server.offer = SdpOffer(loopback.address, 50123)
        assert len(await ev.ask(REQUEST)) == 1
        ev.close()
        server.stop()
        server.stop()

    run(steps())


def test_sdp_survives_an_ev_that_is_gone(loopback: InterfaceAddress) -> None:
    async def steps() -> None:
        server = SdpServer(loopback, free_udp_port())
        server.start()
        server.offer = SdpOffer(loopback.address, 50123)
        gone, there = Ev(server.port), Ev(server.port)
        gone.socket.send(REQUEST)
        gone.close()
        await there.ask()
        assert len(await there.ask(REQUEST)) == 1
        there.close()
        server.stop()

    run(steps())


def test_sdp_says_when_its_port_is_taken(loopback: InterfaceAddress) -> None:
    async def steps() -> None:
        first = SdpServer(loopback, free_udp_port())
        first.start()
        with pytest.raises(InterfaceError, match=rf"interface lo: UDP port {first.port} for SDP: .*in use"):
            SdpServer(loopback, first.port).start()
        first.stop()

    run(steps())


def test_sdp_shares_its_port_where_it_may_not_bind_to_a_device(loopback: InterfaceAddress, monkeypatch) -> None:
    """Kernels before 5.7 without CAP_NET_RAW."""
    allowed = socket.socket.setsockopt

    def refuse(self: socket.socket, level: int, option: int, value: Any) -> None:
        if option == socket.SO_BINDTODEVICE:
            raise PermissionError
        allowed(self, level, option, value)

    monkeypatch.setattr(socket.socket, "setsockopt", refuse)

    async def steps() -> None:
        servers = [SdpServer(loopback, free_udp_port())]
        servers.append(SdpServer(loopback, servers[0].port))
        for server in servers:
            server.start()
            server.offer = SdpOffer(loopback.address, 50123)
        ev = Ev(servers[0].port)
        assert len(await ev.ask(REQUEST)) == 1
        ev.close()
        for server in servers:
            server.stop()

    run(steps())


def test_a_request_of_another_link_is_not_answered(loopback: InterfaceAddress) -> None:
    async def steps() -> None:
        server = SdpServer(loopback, free_udp_port())
        server.start()
        server.offer = SdpOffer(loopback.address, 50123)
        ev = Ev(server.port)
        sender = (*ev.socket.getsockname()[:3], loopback.index + 1)
        server._on_datagram(REQUEST, sender)
        assert await ev.ask() == []
        ev.close()
        server.stop()

    run(steps())


class Charger:
    """A listener and the connections it handed on."""

    def __init__(self, address: InterfaceAddress, port: int = 0) -> None:
        self.connections: list[socket.socket] = []
        self.came = asyncio.Event()
        self.listener = Listener(address, port, self._accepted)

    def _accepted(self, connection: socket.socket, peer: str) -> None:
        assert peer.startswith("[::1]:")
        self.connections.append(connection)
        self.came.set()

    async def accepted(self, count: int) -> None:
        await self.came.wait()
        self.came.clear()
        assert len(self.connections) == count

    def stop(self) -> None:
        self.listener.stop()
        for connection in self.connections:
            connection.close()


def connect(port: int) -> socket.socket:
    return socket.create_connection(("::1", port), timeout=1)


def test_the_listener_takes_one_connection_and_refuses_the_second(loopback: InterfaceAddress) -> None:
    async def steps() -> None:
        charger = Charger(loopback)
        charger.listener.start()
        assert charger.listener.port in DYNAMIC_PORTS
        with pytest.raises(ConnectionRefusedError):
            connect(charger.listener.port)
        charger.listener.open()
        charger.listener.open()
        first, waiting = connect(charger.listener.port), connect(charger.listener.port)
        await charger.accepted(1)
        assert not charger.listener.is_open
        with pytest.raises(ConnectionResetError):
            waiting.recv(1)
        with pytest.raises(ConnectionRefusedError):
            connect(charger.listener.port)
        charger.connections[0].send(b"unharmed")
        assert first.recv(100) == b"unharmed"
        first.close()
        waiting.close()
        charger.stop()

    run(steps())


def test_the_listener_keeps_its_port_from_connection_to_connection(loopback: InterfaceAddress) -> None:
    async def steps() -> None:
        charger = Charger(loopback)
        charger.listener.start()
        port = charger.listener.port
        for count in (1, 2, 3):
            charger.listener.open()
            with connect(port):
                await charger.accepted(count)
            charger.connections[-1].close()
        charger.stop()
        assert charger.listener.port == port

    run(steps())


def test_a_connection_is_tuned(loopback: InterfaceAddress) -> None:
    """EV20-I-128: a peer that vanished is noticed after 10 + 3 * 3 seconds; nothing waits for a full segment."""

    async def steps() -> None:
        charger = Charger(loopback)
        charger.listener.start()
        charger.listener.open()
        with connect(charger.listener.port):
            await charger.accepted(1)
        connection = charger.connections[0]
        tcp = {name: connection.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in TUNED}
        assert tcp == TUNED
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert not connection.getblocking()
        charger.stop()

    run(steps())


TUNED = {"TCP_NODELAY": 1, "TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 3, "TCP_KEEPCNT": 3}


def test_a_fixed_port_that_is_taken_is_named(loopback: InterfaceAddress) -> None:
    async def steps() -> None:
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
            port = other.getsockname()[1]
            charger = Charger(loopback, port)
            with pytest.raises(InterfaceError, match=rf"interface lo: TCP \[::1\] port {port}: .*in use"):
                charger.listener.start()
            charger.stop()

    run(steps())


def test_two_listeners_of_one_port_do_not_listen_both(loopback: InterfaceAddress) -> None:
    async def steps() -> None:
        first = Charger(loopback)
        first.listener.start()
        second = Charger(loopback, first.listener.port)
        second.listener.start()
        first.listener.open()
        with pytest.raises(InterfaceError, match="in use"):
            second.listener.open()
        first.stop()
        second.stop()

    run(steps())


def test_a_free_port_is_searched_and_not_for_ever(loopback: InterfaceAddress, monkeypatch) -> None:
    async def steps() -> None:
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
            monkeypatch.setattr("random.sample", lambda ports, count: [other.getsockname()[1]] * count)
            with pytest.raises(InterfaceError, match="any port of 49152 to 65535: no free port"):
                Charger(loopback).listener.start()

    run(steps())
