"""The EV's end of TLS against servers that misbehave."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

import pytest

from fastsecc.errors import ConfigError, EvError
from fastsecc.sim import test_pki
from fastsecc.sim.ev import tls
from fastsecc.sim.ev.client import Client


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    test_pki.make(folder, staples=False)
    return folder


@pytest.fixture(scope="module")
def server_context(pki):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    folder = pki / test_pki.CHARGER
    context.load_cert_chain(folder / "SECC_P256_CERT_CHAIN.pem", folder / "SECC_P256_LEAF.key")
    return context


def converse(context: ssl.SSLContext, serve: Callable[[socket.socket], None]) -> Client:
    """Shake hands with a server in a thread, then exchange a message."""

    async def steps():
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.settimeout(5)
        serving = asyncio.get_running_loop().run_in_executor(None, serve, theirs)
        try:
            secure = tls.Tls(context)
            await secure.handshake(ours)
            client = Client(ours, secure)
            try:
                return secure.summary, await client.exchange(b"request", 2)
            finally:
                await client.close(1)
        finally:
            ours.close()
            await serving
            theirs.close()

    return asyncio.run(steps())


def answer(context: ssl.SSLContext, octets: bytes) -> Callable[[socket.socket], None]:
    def serve(stream: socket.socket) -> None:
        with context.wrap_socket(stream, server_side=True) as secure:
            assert secure.recv(100) == bytes.fromhex("01fe800100000007") + b"request"
            secure.sendall(octets)

    return serve


def test_an_exchange(pki, server_context):
    frame = bytes.fromhex("01fe800100000006") + b"answer"
    summary, (received, _) = converse(tls.context((pki / test_pki.V2G_ROOT,)), answer(server_context, frame))
    assert (summary, received) == ("TLSv1.2 ECDHE-ECDSA-AES128-SHA256", b"answer")


def test_a_server_that_says_goodbye(server_context):
    with pytest.raises(EvError, match="the SECC closed the connection"):
        converse(tls.context(), answer(server_context, b""))


def spoil(server_context):
    def serve(stream: socket.socket) -> None:
        received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        secure = server_context.wrap_bio(received, sent, server_side=True)
        done = False
        while not done:
            received.write(stream.recv(65536))
            try:
                secure.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                pass
            stream.sendall(sent.read())
        stream.recv(100)
        stream.sendall(bytes.fromhex("1703030020") + bytes(32))

    return serve


def test_a_record_that_is_not_the_servers(server_context):
    with pytest.raises(EvError, match="TLS: "):
        converse(tls.context(), spoil(server_context))


@pytest.mark.parametrize(
    ("serve", "reason"),
    [
        (lambda stream: stream.close(), "TLS: the SECC "),
        (lambda stream: stream.sendall(bytes.fromhex("15030300020228")), "TLS: "),
        (
            lambda stream: stream.recv(65536) and stream.shutdown(socket.SHUT_WR),
            "closed the connection in",
        ),
        (lambda stream: stream.recv(65536) and stream.sendall(b"no TLS at all"), "TLS: WRONG_VERSION_NUMBER"),
    ],
)
def test_a_handshake_that_fails(serve, reason):
    with pytest.raises(EvError, match=reason):
        converse(tls.context(), serve)


def test_a_handshake_that_does_not_end(monkeypatch):
    monkeypatch.setattr(tls, "HANDSHAKE_TIMEOUT_s", 0.01)
    with pytest.raises(EvError, match=r"no end of the handshake within 0\.01 s"):
        converse(tls.context(), lambda stream: stream.recv(65536))


def test_an_anchor_that_is_none(tmp_path):
    (tmp_path / "root.pem").write_text("nothing")
    with pytest.raises(ConfigError, match=r"root\.pem: is no certificate in PEM"):
        tls.context((tmp_path / "root.pem",))
