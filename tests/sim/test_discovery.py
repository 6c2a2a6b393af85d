"""SDP by the EV, against responders on loopback."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv6Address

import pytest

from fastsecc.errors import EvError, InterfaceError
from fastsecc.net.sdp import SdpResponse, Security, decode_request, encode_response
from fastsecc.sim.ev import discovery
from fastsecc.sim.ev.discovery import Link, discover

OFFER = SdpResponse(IPv6Address("::1"), 51234, Security.NONE)
LINK_LOCAL = SdpResponse(IPv6Address("fe80::1"), 51234, Security.NONE)


class Responder(asyncio.DatagramProtocol):
    """Answers the nth request with the nth list of datagrams."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        self.requests.append(data)
        for datagram in self.answers.pop(0) if self.answers else ():
            self.transport.sendto(datagram, sender)


def ask(responder, interface=None, **options):
    async def main():
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: responder, local_addr=("::1", 0))
        try:
            port = transport.get_extra_info("sockname")[1]
            return await discover(Link(interface, "::1", port), **options)
        finally:
            transport.close()

    return asyncio.run(main())


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(discovery, "SDP_RESPONSE_TIMEOUT_s", 0.03)


def test_secc_that_answers_is_found():
    responder = Responder([encode_response(OFFER)])
    assert ask(responder) == ("::1", 51234, 0, 0)
    assert decode_request(responder.requests[0]).security is Security.NONE


def test_ev_asks_again_until_someone_answers():
    responder = Responder([], [], [encode_response(OFFER)])
    assert ask(responder)[1] == 51234
    assert len(responder.requests) == 3


def test_what_is_no_response_is_ignored():
    rubbish = [b"", b"\x01\xfe\x90\x01", encode_response(OFFER)[:-1], b"x" * 28]
    responder = Responder([*rubbish, encode_response(OFFER)])
    assert ask(responder)[1] == 51234


def test_link_local_address_gets_the_interfaces_scope():
    responder = Responder([encode_response(LINK_LOCAL)])
    assert ask(responder, interface="lo") == ("fe80::1", 51234, 0, socket.if_nametoindex("lo"))


def test_nobody_answers():
    responder = Responder()
    with pytest.raises(EvError, match="no SECC has answered 3 SDP requests"):
        ask(responder, requests_max=3)
    assert len(responder.requests) == 3


def test_secc_that_wants_tls_is_of_no_use():
    responder = Responder([encode_response(SdpResponse(IPv6Address("::1"), 51234, Security.TLS))])
    with pytest.raises(EvError, match="TLS"):
        ask(responder)


def test_interface_that_does_not_exist():
    with pytest.raises(InterfaceError, match="does not exist"):
        asyncio.run(discover(Link("nowhere0")))
