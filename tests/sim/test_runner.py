"""The EV's runner against servers on loopback: framing, timeouts, broken connections; and against our own SECC."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from fastsecc import exi
from fastsecc.errors import EvError
from fastsecc.net.sdp import SdpResponse, Security, encode_response
from fastsecc.sim.demo import Demo, show
from fastsecc.sim.ev import Ev, EvSettings, runner
from fastsecc.sim.ev.client import V2GTP_MAX_ANSWER
from fastsecc.sim.ev.discovery import Link
from fastsecc.sim.ev.runner import charge
from fastsecc.sim.power import DcRatings
from tests.sim.scripted_secc import ScriptedSecc

SETTINGS = EvSettings(protocol="iso2", cycles=3, think_s=0)


class Sdp(asyncio.DatagramProtocol):
    def __init__(self, tcp_port):
        self.response = encode_response(SdpResponse(IPv6Address("::1"), tcp_port, Security.NONE))

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        self.transport.sendto(self.response, sender)


def v2gtp(payload, payload_type=0x8001, version=0x01):
    return (
        bytes([version, version ^ 0xFF]) + payload_type.to_bytes(2, "big") + len(payload).to_bytes(4, "big") + payload
    )


async def serve(behaviour, ev):
    """Let an EV charge at a server whose every connection is handled by `behaviour(read, writer)`."""

    async def handle(reader, writer):
        async def read():
            header = await reader.readexactly(8)
            return await reader.readexactly(int.from_bytes(header[4:], "big"))

        try:
            await behaviour(read, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    exchanges = []
    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(handle, "::1", 0)
    sdp, _ = await loop.create_datagram_endpoint(lambda: Sdp(server.sockets[0].getsockname()[1]), local_addr=("::1", 0))
    try:
        link = Link(sdp_host="::1", sdp_port=sdp.get_extra_info("sockname")[1])
        return await charge(ev, link, exchanges.append), exchanges
    finally:
        sdp.close()
        server.close()
        await asyncio.sleep(0)


def run(behaviour, settings=SETTINGS):
    return asyncio.run(serve(behaviour, Ev(settings)))


def scripted(send, secc=None):
    """Behave like the scripted SECC; `send(writer, frame, n)` sends the nth answer."""
    secc = secc or ScriptedSecc()

    async def behaviour(read, writer):
        namespace, n = "sap", 0
        while True:
            request = exi.decode(await read(), namespace)
            await send(writer, v2gtp(exi.encode(secc.answer(request))), n)
            namespace, n = secc.protocol, n + 1

    return behaviour


async def at_once(writer, frame, n):
    writer.write(frame)
    await writer.drain()


async def octet_by_octet(writer, frame, n):
    for k in range(len(frame)):
        writer.write(frame[k : k + 1])
        await writer.drain()


@pytest.mark.parametrize("send", [at_once, octet_by_octet])
def test_session_over_tcp(send):
    """However TCP cuts the answers."""
    result, exchanges = run(scripted(send))
    assert result.ok
    assert [exchange.request for exchange in exchanges][-2:] == ["WeldingDetectionReq", "SessionStopReq"]
    assert all(0 < exchange.answer_time_s < 2 for exchange in exchanges)
    assert [exchange.at_s for exchange in exchanges] == sorted(exchange.at_s for exchange in exchanges)


def answer_with(octets):
    async def behaviour(read, writer):
        await read()
        writer.write(octets)
        await writer.drain()
        await read()

    return behaviour


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (v2gtp(b"\x80\x40\x00\x40", version=0x02), "no V2GTP answer: 02fd800100000004"),
        (v2gtp(b"\x80\x40\x00\x40", payload_type=0x8002), "no V2GTP answer: 01fe8002"),
        (b"\x01\xfe\x80\x01" + (V2GTP_MAX_ANSWER + 1).to_bytes(4, "big"), "no V2GTP answer"),
        (b"HTTP/1.1 400 Bad Request\r\n", "no V2GTP answer: 485454502f312e31"),
        (v2gtp(b"\xff\xff\xff"), "cannot be decoded"),
    ],
)
def test_answer_that_is_none(octets, reason):
    with pytest.raises(EvError, match=f"supportedAppProtocolReq: .*{reason}"):
        run(answer_with(octets))


def test_secc_that_closes():
    async def behaviour(read, writer):
        await read()

    with pytest.raises(EvError, match="supportedAppProtocolReq: the SECC closed the connection"):
        run(behaviour)


def test_secc_that_closes_within_an_answer():
    async def behaviour(read, writer):
        await read()
        writer.write(v2gtp(b"\x80\x40\x00\x40")[:10])
        await writer.drain()

    with pytest.raises(EvError, match="closed the connection"):
        run(behaviour)


def test_secc_that_breaks_the_connection():
    async def behaviour(read, writer):
        await read()
        writer.transport.abort()

    with pytest.raises(EvError, match=r"supportedAppProtocolReq: the SECC (broke|closed) the connection"):
        run(behaviour)


def test_secc_that_is_silent(monkeypatch):
    monkeypatch.setattr("fastsecc.sim.ev.machine.message_timeout_s", lambda protocol, request: 0.05)
    monkeypatch.setattr(runner, "CLOSE_TIMEOUT_s", 0.01)

    async def behaviour(read, writer):
        await read()
        await read()

    ev = Ev(SETTINGS)
    with pytest.raises(EvError, match=r"supportedAppProtocolReq: no answer within 0\.05 s"):
        asyncio.run(serve(behaviour, ev))
    assert not ev.result.ok


def test_failed_answer_is_seen_before_the_session_ends():
    secc = ScriptedSecc()

    def fail(response, nth):
        response.ResponseCode = secc.m.ResponseCodeType.FAILED

    secc.change["AuthorizationReq"] = fail
    ev = Ev(SETTINGS)
    with pytest.raises(EvError, match="AuthorizationReq: ResponseCode FAILED"):
        asyncio.run(serve(scripted(at_once, secc), ev))
    assert ev.problem == "AuthorizationReq: ResponseCode FAILED"


def test_nobody_listens_where_sdp_points_to():
    async def main():
        loop = asyncio.get_running_loop()
        closed = await asyncio.start_server(lambda r, w: None, "::1", 0)
        port = closed.sockets[0].getsockname()[1]
        closed.close()
        await closed.wait_closed()
        sdp, _ = await loop.create_datagram_endpoint(lambda: Sdp(port), local_addr=("::1", 0))
        try:
            link = Link(sdp_host="::1", sdp_port=sdp.get_extra_info("sockname")[1])
            await charge(Ev(SETTINGS), link, lambda exchange: None)
        finally:
            sdp.close()

    with pytest.raises(EvError, match=r"TCP \[::1\]:\d+: Connection refused"):
        asyncio.run(main())


@pytest.mark.parametrize(("protocol", "energy"), [("din", "dc"), ("iso2", "dc"), ("iso2", "ac")])
def test_ev_and_secc_over_loopback(protocol, energy):
    """The demo, quick: SDP, TCP, link thread, session, simulated charger and EV in one process."""
    out = io.StringIO()
    demo = Demo(protocol, energy, cycles=8, think_s=0.0, dc=DcRatings(isolation_test_s=0.02))
    assert asyncio.run(show(demo, out, as_json=True))
    *events, summary = map(json.loads, out.getvalue().splitlines())
    exchanges = [event for event in events if event["event"] == "exchange"]
    loop = "CurrentDemand" if energy == "dc" else "ChargingStatus"
    assert summary["ok"]
    assert summary["cycles"] == summary["messages"][loop] == summary["loop"]["count"] == 8
    assert [exchange["request"] for exchange in exchanges].count(f"{loop}Req") == 8
    assert all(exchange["code"].startswith("OK") for exchange in exchanges)
    assert summary["variables"]["dlink_terminate"] == 1
    assert "hlc_session_failed" not in summary["variables"]


def test_demo_that_fails_says_why():
    out = io.StringIO()
    demo = Demo("iso2", "dc", cycles=2, think_s=0.0, dc=replace(DcRatings(), isolation_verdict="Fault"))
    assert not asyncio.run(show(demo, out, as_json=True))
    summary = json.loads(out.getvalue().splitlines()[-1])
    assert not summary["ok"]
    assert summary["reason"] == "CableCheckReq: ResponseCode FAILED"
    assert summary["variables"]["dlink_error"] == 1
