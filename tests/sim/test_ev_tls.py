"""The EV's end of TLS against servers that misbehave."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from fastsecc.errors import ConfigError, EvError
from fastsecc.security import layouts
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


def demanding(pki):
    """A server that demands a vehicle's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    folder = pki / test_pki.CHARGER
    context.load_cert_chain(folder / "SECC_P256_CERT_CHAIN.pem", folder / "SECC_P256_LEAF.key")
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(pki / test_pki.OEM_ROOT)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


ANSWER = bytes.fromhex("01fe800100000006") + b"answer"


def test_a_vehicle_shows_its_certificate(pki):
    ours = tls.context_iso20((pki / test_pki.V2G_ROOT,), layouts.vehicle(pki))
    summary, (received, _) = converse(ours, answer(demanding(pki), ANSWER))
    assert summary.startswith("TLSv1.3 ")
    assert received == b"answer"


def test_a_vehicle_without_a_certificate_is_told(pki):
    def refuse(stream):
        with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
            demanding(pki).wrap_socket(stream, server_side=True)

    with pytest.raises(EvError, match=r"(?i)certificate.required"):
        converse(tls.context_iso20((pki / test_pki.V2G_ROOT,)), refuse)


def test_a_vehicles_key_with_a_password(pki, tmp_path):
    key = load_pem_private_key((pki / test_pki.VEHICLE / "OEM_P256_LEAF.key").read_bytes(), None)
    chain = (pki / test_pki.VEHICLE / "OEM_P256_CERT_CHAIN.pem").read_bytes()
    folder = tmp_path / "iso15118_2"
    for path, octets in {
        "private_keys/oemLeaf.key": key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        ),
        "private_keys/oemLeafPassword.txt": b"secret\n",
        "certs/oemCertChain.pem": chain,
    }.items():
        test_pki.write(folder / path, octets)
    ours = tls.context_iso20((pki / test_pki.V2G_ROOT,), layouts.vehicle(tmp_path))
    assert converse(ours, answer(demanding(pki), ANSWER))[1][0] == b"answer"
    (folder / "private_keys/oemLeafPassword.txt").write_text("wrong")
    with pytest.raises(ConfigError, match=r"oemLeaf\.key: is of no use for TLS"):
        tls.context_iso20((), layouts.vehicle(tmp_path))


def test_a_folder_without_a_vehicles_certificate(pki, tmp_path):
    assert layouts.vehicle(tmp_path) is None
    (tmp_path / test_pki.VEHICLE).mkdir(parents=True)
    (tmp_path / test_pki.VEHICLE / "lonely.key").write_text("")
    assert layouts.vehicle(tmp_path) is None


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
