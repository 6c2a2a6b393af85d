"""A connector on loopback: who is let in and when, what ends a connection, what the charger hears of it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from fastsecc._link import Closed, CloseReason
from fastsecc.charger.charger import COMMUNICATION_FAULT, Charger
from fastsecc.errors import InterfaceError
from fastsecc.net import connector as connector_module
from fastsecc.net.connector import Connector, ConnectorSettings, Endpoint
from fastsecc.net.interface import find_address
from fastsecc.net.sdp import SdpRequest, Security, TlsPolicy, decode_response, encode_request
from fastsecc.session.api import Output, Variable
from tests.net.fakes import FakeLink, FakeSession


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        return probe.getsockname()[1]


class Bench:
    """A connector whose links and sessions are fakes."""

    def __init__(self, policy: TlsPolicy = TlsPolicy.OFF, **settings: Any) -> None:
        self.links: list[FakeLink] = []
        self.sessions: list[FakeSession] = []
        self.ready: list[Endpoint] = []
        self.heard: list[str] = []
        self.charger = Charger("1")
        self.charger.subscribe(lambda name, value: self.heard.append(name), self._on_error)
        settings = {"interface": "lo", "sdp_port": free_udp_port(), "communication_setup_timeout_s": 0.0} | settings
        self.connector = Connector(
            ConnectorSettings(**settings),
            self.charger,
            dict.fromkeys(policy.served, self.make_link),  # type: ignore[misc]
            self.make_session,  # type: ignore[arg-type]
            self.ready.append,
        )
        self.ev = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.ev.setblocking(False)
        self.ev.connect(("::1", settings["sdp_port"]))

    def make_link(self, fd: int) -> FakeLink:
        self.links.append(FakeLink(fd))
        return self.links[-1]

    def make_session(self, *args: Any) -> FakeSession:
        self.sessions.append(FakeSession(*args))
        self.sessions[-1].answers["closed"] = lambda: Output([Variable("dlink_error")])
        return self.sessions[-1]

    def _on_error(self, error: str, message: str | None) -> None:
        self.heard.append(f"cleared {error}" if message is None else f"{error}: {message}")

    def command(self, name: str, **args: Any) -> None:
        self.charger.command(name, args, time.monotonic())

    def dlink(self, ready: bool) -> None:
        self.command("dlink_ready", value=ready)

    async def until(self, true: Callable[[], Any]) -> None:
        """Let the loop run until something has become true."""
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.001)

    async def port(self, security: Security = Security.NONE) -> int | None:
        """Ask SDP; None: it is silent."""
        self.ev.send(encode_request(SdpRequest(security)))
        for _ in range(5):
            await asyncio.sleep(0)
        try:
            response = decode_response(self.ev.recv(100))
        except BlockingIOError:
            return None
        assert response is not None
        return response.port

    async def connect(self, security: Security = Security.NONE) -> socket.socket:
        count = len(self.sessions)
        port = await self.port(security)
        assert port is not None
        connection = socket.create_connection(("::1", port), timeout=1)
        await self.until(lambda: len(self.sessions) > count)
        return connection

    def refuses(self, port: int | None = None) -> bool:
        try:
            socket.create_connection(("::1", port or self.ready[-1].tcp_port), timeout=1).close()
        except ConnectionRefusedError:
            return True
        return False


def run(bench: Bench, steps: Callable[[Bench], Coroutine[Any, Any, None]], *, start: bool = True) -> None:
    async def all_steps() -> None:
        if start:
            bench.connector.start()
        try:
            await steps(bench)
        finally:
            await bench.connector.stop(0)

    try:
        asyncio.run(asyncio.wait_for(all_steps(), 5))
    finally:
        bench.ev.close()
        for link in bench.links:
            link.dispose()


def test_sdp_and_tcp_wait_for_the_data_link() -> None:
    """CMN_SDP_001, and no answer before `dlink_ready(true)` or after its loss."""

    async def steps(bench: Bench) -> None:
        assert await bench.port() is None
        assert bench.refuses()
        bench.dlink(True)
        assert await bench.port() == bench.ready[0].tcp_port
        assert not bench.refuses()
        bench.dlink(False)
        assert await bench.port() is None
        assert bench.refuses()

    run(Bench(), steps)


def test_a_data_link_that_was_ready_before_the_start_counts() -> None:
    async def steps(bench: Bench) -> None:
        assert await bench.port() == bench.ready[0].tcp_port

    bench = Bench()
    bench.dlink(True)
    run(bench, steps)


def test_an_ev_that_does_not_connect_in_time_is_given_up() -> None:
    """CMN_SDP_004, CMN_SupportedAppProtocol_005, EVV2G-018, EV20-I-131: silent until the next `dlink_ready(true)`."""

    async def steps(bench: Bench) -> None:
        bench.dlink(True)
        assert await bench.port() is not None
        await bench.until(lambda: bench.heard)
        assert bench.heard == ["dlink_error"]
        assert await bench.port() is None
        assert bench.refuses()
        bench.dlink(False)
        bench.dlink(True)
        assert await bench.port() is not None

    run(Bench(communication_setup_timeout_s=0.03), steps)


def test_a_connection_ends_the_set_up_time() -> None:
    """EVV2G-018: cancelled when a connection arrives; whoever comes back later on the same data link is welcome."""

    async def steps(bench: Bench) -> None:
        bench.dlink(True)
        connection = await bench.connect()
        await asyncio.sleep(0.04)
        bench.dlink(True)
        bench.links[0].close_by_ev()
        await bench.until(lambda: bench.connector.connection is None)
        assert bench.heard == ["dlink_error"]
        connection.close()

    run(Bench(communication_setup_timeout_s=0.03), steps)


def test_a_second_connection_is_refused_without_harm_or_var() -> None:
    async def steps(bench: Bench) -> None:
        bench.dlink(True)
        connection = await bench.connect()
        bench.command("authorization_response", authorization_status="Accepted", certificate_status="Accepted")
        assert bench.refuses()
        assert await bench.port() is None
        assert bench.charger.state.authorization is not None
        assert (bench.heard, len(bench.sessions)) == ([], 1)
        assert bench.connector.connection is not None
        connection.close()

    run(Bench(), steps)


def test_nobody_is_let_in_before_the_charger_has_answered_the_end() -> None:
    async def steps(bench: Bench) -> None:
        doors: list[bool] = []

        def leave_and_join() -> None:
            doors.append(bench.connector._listeners[Security.NONE].is_open)
            bench.dlink(False)
            bench.dlink(True)

        bench.dlink(True)
        (await bench.connect()).close()
        bench.charger.subscribe(lambda *_: asyncio.get_running_loop().call_soon(leave_and_join))
        bench.links[0].close_by_ev()
        await bench.until(lambda: doors)
        assert doors == [False]
        assert await bench.port() is not None

    run(Bench(), steps)


def test_the_loss_of_the_data_link_aborts_the_session_at_once() -> None:
    """EV20-S-127: session torn down, next SDP gets a fresh one."""

    async def steps(bench: Bench) -> None:
        bench.dlink(True)
        (await bench.connect()).close()
        bench.dlink(False)
        assert bench.links[0].calls == [("abort",)]
        await bench.until(lambda: bench.connector.connection is None)
        assert bench.heard == ["dlink_error"]
        assert await bench.port() is None
        bench.dlink(True)
        (await bench.connect()).close()
        assert len(bench.sessions) == 2

    run(Bench(), steps)


def test_what_one_session_pauses_the_next_may_resume() -> None:
    async def steps(bench: Bench) -> None:
        bench.dlink(True)
        (await bench.connect()).close()
        bench.sessions[0].paused = "paused"
        bench.links[0].close_by_ev()
        await bench.until(lambda: bench.connector.connection is None)
        (await bench.connect()).close()
        assert [session.resumes for session in bench.sessions] == [None, "paused"]

    run(Bench(), steps)


def test_commands_wake_the_session_once_and_after_the_work_at_hand() -> None:
    async def steps(bench: Bench) -> None:
        bench.dlink(True)
        (await bench.connect()).close()
        session = bench.sessions[0]
        await asyncio.sleep(0)
        session.inputs.clear()
        bench.command("stop_charging", stop=True)
        bench.command("receipt_is_required", receipt_required=True)
        assert session.inputs == []
        await asyncio.sleep(0)
        assert session.inputs == [("wake",)]

    run(Bench(), steps)


def test_a_session_that_failed_leaves_a_clean_state() -> None:
    def fail() -> Output:
        raise RuntimeError("a mistake of ours")

    async def steps(bench: Bench) -> None:
        bench.dlink(True)
        (await bench.connect()).close()
        bench.sessions[0].closed = lambda now: fail()  # type: ignore[method-assign]
        bench.links[0].close_by_ev()
        await bench.until(lambda: bench.connector.connection is None)
        assert not bench.charger.state.connection_open
        assert await bench.port() is not None

    run(Bench(), steps)


def test_a_link_that_cannot_be_started_leaves_the_door_open() -> None:
    bench = Bench()

    def fail(fd: int) -> FakeLink:
        socket.close(fd)
        raise OSError("no threads")

    async def steps(bench: Bench) -> None:
        bench.dlink(True)
        bench.connector._make_link = {Security.NONE: fail}  # type: ignore[assignment]
        port = await bench.port()
        assert port is not None
        with socket.create_connection(("::1", port), timeout=1) as connection:
            await bench.until(lambda: bench.connector._listeners[Security.NONE].is_open)  # type: ignore[union-attr]
            connection.setblocking(False)
            await bench.until(lambda: _ended(connection))
        bench.connector._make_link = {Security.NONE: bench.make_link}  # type: ignore[assignment]
        (await bench.connect()).close()
        assert (bench.heard, len(bench.sessions)) == ([], 1)

    run(bench, steps)


def _ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False


def test_an_interface_that_goes_ends_the_session_and_raises_an_error() -> None:
    """C.5: `Device <if>: <reason>`, once; cleared when the interface is back, on the same port."""

    async def steps(bench: Bench) -> None:
        bench.dlink(True)
        (await bench.connect()).close()
        for _ in range(2):
            bench.connector._on_down(InterfaceError("lo", "is down"))
        await bench.until(lambda: bench.connector.connection is None)
        fault = f"{COMMUNICATION_FAULT}: Device lo: is down"
        assert bench.heard == [fault, "dlink_error"]
        bench.connector._on_up(find_address("lo"))
        assert bench.heard[2:] == [f"cleared {COMMUNICATION_FAULT}"]
        assert await bench.port() == bench.ready[0].tcp_port
        assert len(bench.ready) == 2

    run(Bench(), steps)


def test_a_port_that_is_taken_is_tried_again(monkeypatch) -> None:
    monkeypatch.setattr(connector_module, "RETRY_s", 0.01)

    async def steps(bench: Bench) -> None:
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
            bench.connector._ports[Security.NONE] = other.getsockname()[1]
            bench.dlink(True)
            bench.connector.start()
            await asyncio.sleep(0.03)
            assert len(bench.heard) == 1
            assert bench.heard[0].startswith(f"{COMMUNICATION_FAULT}: Device lo: TCP [::1] port")
        await bench.until(lambda: bench.ready)
        assert bench.heard[1:] == [f"cleared {COMMUNICATION_FAULT}"]

    run(Bench(), steps, start=False)


def test_a_port_lost_while_it_was_not_listened_on_is_tried_again(monkeypatch) -> None:
    monkeypatch.setattr(connector_module, "RETRY_s", 0.01)

    async def steps(bench: Bench) -> None:
        with socket.socket(socket.AF_INET6) as thief:
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            thief.bind(("::1", bench.ready[0].tcp_port))
            thief.listen()
            bench.dlink(True)
            assert "in use" in bench.heard[0]
        await bench.until(lambda: len(bench.ready) == 2)
        assert await bench.port() is not None

    run(Bench(), steps)


def test_stopping_asks_the_ev_first() -> None:
    async def steps(bench: Bench) -> None:
        bench.dlink(True)
        (await bench.connect()).close()
        stopping = asyncio.ensure_future(bench.connector.stop(5))
        await bench.until(lambda: ("wake",) in bench.sessions[0].inputs)
        assert bench.charger.state.stop_requested_at is not None
        assert bench.links[0].calls == []
        bench.links[0].close_by_ev()
        await stopping
        assert bench.refuses()

    run(Bench(), steps)


def test_stopping_does_not_wait_for_an_ev_that_goes_on(caplog) -> None:
    async def steps(bench: Bench) -> None:
        bench.dlink(True)
        (await bench.connect()).close()
        await bench.connector.stop(0.01)
        assert bench.links[0].calls == [("abort",)]
        assert bench.heard == ["dlink_error"]

    run(Bench(), steps)
    assert "has not ended its session within 0.01 s" in caplog.text


def test_two_connectors_do_not_hear_each_other() -> None:
    async def steps(left: Bench) -> None:
        right = Bench()
        right.connector.start()
        left.dlink(True)
        assert await right.port() is None
        right.dlink(True)
        connections = [await left.connect(), await right.connect()]
        left.dlink(False)
        await left.until(lambda: left.connector.connection is None)
        assert right.connector.connection is not None
        assert (left.heard, right.heard) == (["dlink_error"], [])
        for connection in connections:
            connection.close()
        await right.connector.stop(0)
        right.ev.close()
        right.links[0].dispose()

    run(Bench(), steps)


def test_the_ready_line_says_where() -> None:
    async def steps(bench: Bench) -> None:
        endpoint = bench.ready[0]
        expected = f"iface=lo sdp=[::1]:{endpoint.sdp_port} tcp=[::1]:{endpoint.tcp_port} tls=off"
        assert str(endpoint) == expected

    run(Bench(), steps)


@pytest.mark.parametrize("asked", Security)
@pytest.mark.parametrize("policy", TlsPolicy)
def test_listeners_and_sdp_are_as_the_policy_says(policy: TlsPolicy, asked: Security) -> None:
    """CMN_SDP_001, CMN_SDP_002, CMN_SDP_003, CMN_SDP_007; OC-034, OC-035."""

    async def steps(bench: Bench) -> None:
        bench.dlink(True)
        endpoint = bench.ready[0]
        ports = {Security.NONE: endpoint.tcp_port, Security.TLS: endpoint.tls_port}
        served = {security for security, port in ports.items() if port is not None}
        assert served == set(policy.served)
        assert await bench.port(asked) == ports[asked if asked in served else served.pop()]
        assert not any(bench.refuses(port) for port in ports.values() if port is not None)
        off = "tcp=off " if policy is TlsPolicy.FORCE else "tls=off" if policy is TlsPolicy.OFF else "::1"
        assert off in str(endpoint)

    run(Bench(policy), steps)


@pytest.mark.parametrize("timeout_s", [0.0, 0.03])
def test_an_ev_that_wants_tls_is_given_up_as_others_are(timeout_s: float) -> None:
    """CMN_SDP_005, CMN_SDP_006."""

    async def steps(bench: Bench) -> None:
        bench.dlink(True)
        assert await bench.port(Security.TLS) == bench.ready[0].tls_port
        if timeout_s:
            await bench.until(lambda: bench.heard)
        else:
            bench.dlink(False)
        assert bench.heard == ["dlink_error"] * bool(timeout_s)
        assert await bench.port(Security.TLS) is None
        assert bench.refuses(bench.ready[0].tls_port)

    run(Bench(TlsPolicy.FORCE, communication_setup_timeout_s=timeout_s), steps)


def test_a_handshake_under_way_is_the_connection() -> None:
    async def steps(bench: Bench) -> None:
        bench.dlink(True)
        connection = await bench.connect(Security.TLS)
        assert all(bench.refuses(port) for port in (bench.ready[0].tcp_port, bench.ready[0].tls_port))
        assert await bench.port(Security.TLS) is None
        assert (bench.heard, len(bench.sessions)) == ([], 1)
        connection.close()

    run(Bench(TlsPolicy.ALLOW), steps)


@pytest.mark.parametrize(
    ("security", "reason", "failed"),
    [
        (Security.TLS, CloseReason.IO_ERROR, True),
        (Security.TLS, CloseReason.EV_CLOSED, True),
        (Security.TLS, CloseReason.CLOSED_BY_US, False),
        (Security.NONE, CloseReason.EV_CLOSED, False),
    ],
)
def test_a_session_hears_of_a_failed_handshake(security: Security, reason: CloseReason, failed: bool) -> None:
    async def steps(bench: Bench) -> None:
        bench.dlink(True)
        (await bench.connect(security)).close()
        bench.links[0].give(Closed(reason, ""))
        await bench.until(lambda: bench.connector.connection is None)
        assert bench.sessions[0].handshake_failed is failed
        assert await bench.port(security) is not None

    run(Bench(TlsPolicy.ALLOW), steps)
