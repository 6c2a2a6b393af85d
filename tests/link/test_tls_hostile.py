"""EVs that stop, lie or send rubbish in a handshake: each ends its own connection, and nothing else."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fastsecc._link import Closed, CloseMode, CloseReason, Link, TlsProfiles
from fastsecc.messages import iso2
from tests.link import client_hello as ch
from tests.link.certificates import Certificates
from tests.link.conftest import PATIENCE_S, Connection, shake_hands, tcp_pair
from tests.link.test_life import entries, wait_for_count
from tests.link.test_loop import ask, current_demand_req, current_demand_res, template

CLOSED_EARLY = Closed(CloseReason.TLS_FAILED, "the EV has closed the connection during the handshake")
VERSIONS = ["TLSv1.2", "TLSv1.3"]


class Dialogue:
    """An EV's TLS without a socket: what it would send."""

    def __init__(self, context: ssl.SSLContext, ev: socket.socket) -> None:
        self.ev = ev
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing)

    def flights(self) -> Iterator[bytes]:
        """Give each flight, to be sent before the next one is asked for."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                yield self.outgoing.read()
                self.incoming.write(self.ev.recv(1 << 16))
            else:
                yield self.outgoing.read()
                return


def flights_of(context: ssl.SSLContext, accept: Any, tls: TlsProfiles) -> list[int]:
    """Measure the flights of a good handshake."""
    connection = accept(tls)
    sizes = []
    for flight in Dialogue(context, connection.ev).flights():
        if flight:
            connection.ev.sendall(flight)
            sizes.append(len(flight))
    connection.handshake()
    return sizes


@pytest.mark.parametrize("end", [lambda connection: connection.ev.close(), Connection.reset], ids=["FIN", "RST"])
@pytest.mark.parametrize("version", VERSIONS)
def test_end_at_any_octet_of_a_handshake(certificates, accept, p256, version, end):
    """EV20-I-126: one event, whatever was sent before."""
    context = certificates.ev(version)
    sizes = flights_of(context, accept, p256)
    assert len(sizes) >= 2
    for number, size in enumerate(sizes):
        for cut in range(0, size, 1 if size < 300 else 13):
            connection = accept(p256)
            dialogue = Dialogue(context, connection.ev).flights()
            for _ in range(number):
                connection.ev.sendall(next(dialogue))
            flight = next(dialogue)
            connection.ev.sendall(flight[: min(cut, len(flight) - 1)])
            end(connection)
            closed = connection.closed()
            assert closed.reason == CloseReason.TLS_FAILED
            assert "during the handshake" in closed.detail
            assert connection.seen == [closed]


@pytest.mark.parametrize("version", VERSIONS)
def test_one_octet_at_a_time(certificates, accept, p256, version):
    connection = accept(p256)
    for flight in Dialogue(certificates.ev(version), connection.ev).flights():
        for octet in flight:
            connection.ev.sendall(bytes([octet]))
    assert connection.handshake().version == version


def test_silent_ev(accept):
    connection = accept(handshake_timeout_ms=20)
    assert connection.closed() == Closed(CloseReason.TLS_FAILED, "no handshake within 20 ms")


def test_ev_that_stops_in_the_middle(certificates, accept, p256):
    """Octets now and then do not buy more time."""
    connection = accept(p256, handshake_timeout_ms=50)
    with pytest.raises(OSError, match=r"Broken pipe|reset"):  # noqa: PT012
        for octet in ch.client_hello(ch.TLS12) * 100:
            connection.ev.sendall(bytes([octet]))
            connection.link.join(0.005)
    assert connection.closed() == Closed(CloseReason.TLS_FAILED, "no handshake within 50 ms")


def test_the_time_limit_is_only_for_the_handshake(certificates, accept, p256):
    connection = accept(p256, handshake_timeout_ms=500)
    shake_hands(connection, certificates.ev("TLSv1.2"))
    assert not connection.link.join(0.55)
    connection.link.reply(0x8001, b"still here")
    assert connection.receive() == b"still here"


@pytest.mark.parametrize("how", [CloseMode.AFTER_EV, CloseMode.NOW, CloseMode.ABORT])
def test_we_close_during_a_handshake(accept, how):
    """Whoever never spoke is not waited for."""
    connection = accept()
    connection.ev.sendall(ch.client_hello(ch.TLS12))
    ch.server_flight(connection.ev)
    connection.link.close(how)
    assert connection.closed().reason == CloseReason.CLOSED_BY_US


RUBBISH = {
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
    "V2GTP": b"\x01\xfe\x80\x01\x00\x00\x00\x04\x80\x00\x00\x00",
    "zeros": bytes(5000),
    "alert": ch.record(b"\x02\x28", ch.ALERT),
    "application data": ch.record(b"hello", 23),
    "empty record": ch.record(b""),
    "empty hello": ch.record(b"\x01\x00\x00\x00"),
    "SSL 2": bytes.fromhex("802e0100020015000000100100800200800300800400800500800600400700c0") + bytes(16),
    "record too long": b"\x16\x03\x01\xff\xff" + bytes(0xFFFF),
    "hello that announces 16 MiB": ch.record(b"\x01\xff\xff\xff" + bytes(1000)),
    "Finished": ch.record(b"\x14\x00\x00\x0c" + bytes(12)),
    "ChangeCipherSpec": ch.record(b"\x01", 20),
}


@pytest.mark.parametrize("octets", RUBBISH.values(), ids=RUBBISH.keys())
def test_rubbish(accept, octets):
    connection = accept()
    connection.ev.sendall(octets)
    connection.ev.shutdown(socket.SHUT_WR)
    assert connection.closed().reason == CloseReason.TLS_FAILED


@pytest.mark.parametrize("seed", range(10))
def test_noise(accept, seed):
    connection = accept()
    connection.ev.sendall(random.Random(seed).randbytes(2000))
    connection.ev.shutdown(socket.SHUT_WR)
    assert connection.closed().reason == CloseReason.TLS_FAILED


@pytest.mark.parametrize("records", [1, 4])
def test_huge_client_hello(accept, records):
    """In one record and in several; extensions that nobody knows fill it."""
    unknown = {0xFA00 + number: bytes(15_000) for number in range(records)}
    connection = accept()
    connection.ev.sendall(ch.client_hello(ch.TLS12 | unknown))
    assert ch.SERVER_HELLO_DONE in ch.server_flight(connection.ev)


def test_endless_client_hello(accept):
    """OpenSSL's limit of about 128 KiB ends it."""
    connection = accept()
    with contextlib.suppress(OSError):  # when it is cut off
        connection.ev.sendall(ch.record(b"\x01\x7f\xff\xff") + ch.record(bytes(16_000)) * 100)
    assert connection.closed() == Closed(CloseReason.TLS_FAILED, "excessive message size")


NAMES = ch.vector(bytes([ch.X509_NAME]) + ch.vector(b"0\x00") + bytes([ch.KEY_SHA1_HASH]) + bytes(20))
GOOD = [
    ch.client_hello(ch.TLS12 | {ch.TRUSTED_CA_KEYS: NAMES, ch.STATUS_REQUEST: ch.OCSP}),
    ch.client_hello(ch.TLS12 | {ch.STATUS_REQUEST_V2: ch.OCSP_MULTI}),
    ch.client_hello(ch.TLS13 | {ch.CERTIFICATE_AUTHORITIES: ch.vector(ch.vector(b"0\x00"))}),
]
Mutation = Callable[[random.Random, bytearray], None]


def flip(rng: random.Random, octets: bytearray) -> None:
    octets[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)


def overwrite(rng: random.Random, octets: bytearray) -> None:
    octets[rng.randrange(len(octets))] = rng.choice([0, 1, 2, 0x7F, 0x80, 0xFF])


def cut_out(rng: random.Random, octets: bytearray) -> None:
    at = rng.randrange(len(octets))
    del octets[at : at + rng.randint(1, 8)]


def repeat(rng: random.Random, octets: bytearray) -> None:
    at = rng.randrange(len(octets))
    octets[at:at] = octets[at : at + rng.randint(1, 20)]


MUTATIONS: list[Mutation] = [flip, overwrite, cut_out, repeat]


@pytest.mark.parametrize("seed", range(20))
def test_mutated_client_hellos(accept, all_kinds, seed):
    """They are answered or end the connection; the lengths of record and message are put right half of the time."""
    rng = random.Random(seed)
    answered = 0
    for _ in range(100):
        octets = bytearray(rng.choice(GOOD)[9:])
        for _ in range(rng.randint(1, 4)):
            rng.choice(MUTATIONS)(rng, octets)
        message = ch.record(b"\x01" + ch.vector(bytes(octets), 3))
        if rng.random() < 0.5:
            whole = bytearray(message)
            flip(rng, whole)
            message = bytes(whole)
        mine, ev = tcp_pair()
        link = Link(mine.detach(), tls=all_kinds)
        with ev:
            ev.sendall(message)
            ev.shutdown(socket.SHUT_WR)
            assert link.join(PATIENCE_S)
        (closed,) = link.take()
        assert isinstance(closed, Closed)
        assert closed.reason == CloseReason.TLS_FAILED
        answered += closed == CLOSED_EARLY
    assert 0 < answered < 100


def test_socket_that_is_none(p256):
    read_end, write_end = os.pipe()
    link = Link(read_end, tls=p256)
    assert link.join(PATIENCE_S)
    (closed,) = link.take()
    assert isinstance(closed, Closed)
    assert closed.reason == CloseReason.TLS_FAILED
    assert closed.detail.startswith("during the handshake: ")
    os.close(write_end)


@pytest.mark.parametrize("version", VERSIONS)
def test_spoilt_record_ends_the_session(certificates, accept, p256, version):
    """After the handshake it is no handshake that has failed."""
    connection = accept(p256)
    dialogue = Dialogue(certificates.ev(version), connection.ev)
    for flight in dialogue.flights():
        connection.ev.sendall(flight)
    connection.handshake()
    dialogue.tls.write(b"request")
    spoilt = bytearray(dialogue.outgoing.read())
    spoilt[-1] ^= 1
    connection.ev.sendall(bytes(spoilt))
    closed = connection.closed()
    assert closed.reason == CloseReason.IO_ERROR
    assert closed.detail.startswith("while waiting for a request: TLS: ")


@pytest.mark.parametrize("version", VERSIONS)
def test_plain_octets_after_the_handshake(certificates, accept, p256, version):
    connection = accept(p256)
    shake_hands(connection, certificates.ev(version))
    with socket.socket(fileno=connection.ev.detach()) as plain:
        plain.sendall(b"\x01\xfe\x80\x01\x00\x00\x00\x04\x80\x00\x00\x00")
        assert connection.closed().reason == CloseReason.IO_ERROR


def test_neighbours_of_hostile_evs(certificates, accept, p256):
    """An EV in its loop is answered, every time, while others stop, talk rubbish and close in their handshakes."""
    good = accept(p256)
    shake_hands(good, certificates.ev("TLSv1.2"))
    good.link.publish(template(iso2, current_demand_res(iso2)))
    others = []
    for octets in [*RUBBISH.values(), *GOOD, b"", ch.client_hello(ch.TLS12)[:50]] * 3:
        others.append(accept(handshake_timeout_ms=500))
        others[-1].ev.sendall(octets)
        for _ in range(10):
            ask(good, iso2, current_demand_req(iso2))
    for other in others:
        assert other.closed().reason == CloseReason.TLS_FAILED
    assert good.link.stats().answered == 10 * len(others)


def resident_kib() -> int:
    """Say how much memory is in use; nothing under a sanitizer, which keeps what is freed."""
    if "libasan" in os.environ.get("LD_PRELOAD", ""):
        return 0
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def handshakes(count: int, certificates: Certificates, tls: TlsProfiles) -> None:
    """Shake hands, of which every fourth is broken off and every fourth refused."""
    contexts = [certificates.ev("TLSv1.3"), certificates.ev("TLSv1.2"), certificates.ev("TLSv1.3", None)]
    for number in range(count):
        mine, ev = tcp_pair()
        link = Link(mine.detach(), tls=tls)
        with ev:
            if number % 4 == 3:
                ev.sendall(ch.client_hello(ch.TLS12))
                ev.recv(100)
            else:
                contexts[number % 4].wrap_socket(ev, do_handshake_on_connect=True).close()
        assert link.join(PATIENCE_S)


def test_many_handshakes_leave_nothing(certificates, p256):
    handshakes(200, certificates, p256)
    gc.collect()
    fds, tasks, before = entries("fd"), entries("task"), resident_kib()
    handshakes(400, certificates, p256)
    gc.collect()
    wait_for_count("fd", fds)
    wait_for_count("task", tasks)
    assert resident_kib() < before + 1024


def test_many_profiles_leave_nothing(certificates):
    """Certificates can be renewed for ever."""
    for _ in range(50):
        certificates.profiles()
    gc.collect()
    fds, before = entries("fd"), resident_kib()
    for _ in range(200):
        certificates.profiles()
    gc.collect()
    assert entries("fd") == fds
    assert resident_kib() < before + 1024
