from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fastsecc._link import Closed, Frame, Handshake, Ignored, Link, LinkProgress, TlsProfiles
from tests.link.certificates import Certificates

PATIENCE_S = 10.0


def v2gtp(payload: bytes, payload_type: int = 0x8001, version: int = 0x01, inverse: int = 0xFE) -> bytes:
    """Build a frame."""
    return struct.pack(">BBHI", version, inverse, payload_type, len(payload)) + payload


class Connection:
    """Both ends: the link under test and the EV's socket."""

    def __init__(self, link: Link, ev: socket.socket) -> None:
        self.link = link
        self.ev = ev
        self.seen: list[Handshake | Frame | Ignored | Closed] = []
        ev.settimeout(PATIENCE_S)

    def wait(self, done: Callable[[], Any]) -> None:
        """Wait for signals, collecting events, until `done`."""
        while not done():
            ready, _, _ = select.select([self.link], [], [], PATIENCE_S)
            assert ready, f"no signal; seen so far: {self.seen}"
            self.seen += self.link.take()

    def frames(self, count: int) -> list[bytes]:
        """Wait for so many frames in all."""
        self.wait(lambda: len(self.all(Frame)) >= count)
        return [frame.payload for frame in self.all(Frame)]

    def send(self, payload: bytes, **header: int) -> None:
        """Send a frame as the EV."""
        self.ev.sendall(v2gtp(payload, **header))

    def all(self, kind: type) -> list[Any]:
        return [event for event in self.seen if isinstance(event, kind)]

    def closed(self) -> Closed:
        """Wait for the end."""
        self.wait(lambda: self.all(Closed))
        assert self.link.join(PATIENCE_S)
        assert self.link.take() == []
        (closed,) = self.all(Closed)
        assert self.seen[-1] is closed
        return closed

    def handshake(self) -> Handshake:
        """Wait for the end of the TLS handshake."""
        self.wait(lambda: self.all(Handshake))
        (shaken,) = self.all(Handshake)
        assert isinstance(shaken, Handshake)
        return shaken

    def progress(self) -> LinkProgress:
        """Wait for a signal and read what the link answered."""
        ready, _, _ = select.select([self.link], [], [], PATIENCE_S)
        assert ready
        self.seen += self.link.take()
        progress = self.link.progress()
        assert progress is not None
        return progress

    def ask(self, payload: bytes, payload_type: int = 0x8001) -> bytes:
        """Send a frame as the EV and return the payload of the next one that comes back, of the same type."""
        self.send(payload, payload_type=payload_type)
        return self.receive(payload_type)

    def receive(self, payload_type: int = 0x8001) -> bytes:
        version, inverse, received_type, length = struct.unpack(">BBHI", self.exactly(8))
        assert (version, inverse, received_type) == (0x01, 0xFE, payload_type)
        return self.exactly(length)

    def exactly(self, n: int) -> bytes:
        data = b""
        while len(data) < n:
            chunk = self.ev.recv(n - len(data))
            assert chunk, "the link has closed"
            data += chunk
        return data

    def rest(self) -> bytes:
        """Read to the link's FIN."""
        data = b""
        while chunk := self.ev.recv(65536):
            data += chunk
        return data

    def reset(self) -> None:
        """Send a RST."""
        self.ev.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.ev.close()


def tcp_pair(**buffers: int) -> tuple[socket.socket, socket.socket]:
    """Connect two TCP sockets over loopback."""
    with socket.socket() as listener:
        for option, size in buffers.items():
            listener.setsockopt(socket.SOL_SOCKET, getattr(socket, option), size)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        ev = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
    ev.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return accepted, ev


Connect = Callable[..., Connection]


@pytest.fixture
def frame() -> Callable[..., bytes]:
    """Build a frame of a payload and what is odd in its header."""
    return v2gtp


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(params=["plain", "TLSv1.2", "TLSv1.3"])
def transport(request: pytest.FixtureRequest) -> str:
    """How an EV is connected: what is tested of a connection holds for all."""
    version: str = request.param
    return version


@pytest.fixture(scope="session")
def p256(certificates: Certificates) -> TlsProfiles:
    """Serve the chain whose arithmetic is quick."""
    return certificates.profiles("P-256")


def shake_hands(connection: Connection, context: ssl.SSLContext) -> None:
    """Make a connection secure."""
    connection.ev = context.wrap_socket(connection.ev)
    assert connection.handshake().version == connection.ev.version()
    connection.seen.clear()


@pytest.fixture
def connect(transport: str, certificates: Certificates, p256: TlsProfiles) -> Iterator[Connect]:
    """Start links; `segments=True` keeps the segments that are sent apart, as TCP does not promise, and records do."""
    tls = transport != "plain"
    context = certificates.ev(transport) if tls else None
    with contextlib.ExitStack() as stack:

        def start(*, segments: bool = False, buffers: dict[str, int] | None = None, **settings: Any) -> Connection:
            if segments and not tls:
                mine, ev = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            else:
                mine, ev = tcp_pair(**(buffers or {}))
            connection = Connection(Link(mine.detach(), tls=p256 if tls else None, **settings), ev)
            stack.callback(lambda: connection.ev.close())
            stack.callback(connection.link.join, PATIENCE_S)
            stack.callback(connection.link.abort)
            if context is not None:
                shake_hands(connection, context)
            return connection

        yield start


Accept = Callable[..., Connection]


@pytest.fixture
def accept(all_kinds: TlsProfiles) -> Iterator[Accept]:
    """Start links that nobody has shaken hands with yet."""
    with contextlib.ExitStack() as stack:

        def start(tls: TlsProfiles = all_kinds, **settings: Any) -> Connection:
            mine, ev = tcp_pair()
            connection = Connection(Link(mine.detach(), tls=tls, **settings), ev)
            stack.callback(lambda: connection.ev.close())
            stack.callback(connection.link.join, PATIENCE_S)
            stack.callback(connection.link.abort)
            return connection

        yield start


@pytest.fixture(scope="session")
def all_kinds(certificates: Certificates) -> TlsProfiles:
    return certificates.profiles()


@pytest.fixture(scope="session")
def two_roots(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> tuple[TlsProfiles, Any]:
    """Two chains of the same kind, below different roots; the second root."""
    other = Certificates(tmp_path_factory.mktemp("other"), "Other root")
    chains = [certificates.chain(label="first"), other.chain(label="second")]
    return TlsProfiles(chains, client_certificate="never"), other.chargers["P-256"]
