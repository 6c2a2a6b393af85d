"""V2GTP frames out of a TCP stream: any segmentation, every bad header."""

from __future__ import annotations

import random

import pytest

from fastsecc._link import MAX_IGNORED_FRAMES, MAX_PAYLOAD, Closed, CloseReason, Fault, Frame, Ignored

BAD_HEADERS = [
    pytest.param({"version": 0xFF}, Fault.BAD_VERSION, id="CMN_V2GTPSessionSetup_004"),
    pytest.param({"inverse": 0xFF}, Fault.BAD_INVERSE_VERSION, id="CMN_V2GTPSessionSetup_005"),
    pytest.param({"payload_type": 0x7001}, Fault.UNKNOWN_TYPE, id="CMN_V2GTPSessionSetup_003"),
    pytest.param({"payload_type": 0x9000}, Fault.UNKNOWN_TYPE, id="SDP on TCP"),
    pytest.param({"version": 0xFE, "inverse": 0x01}, Fault.BAD_VERSION, id="swapped"),
]


def test_one_octet_at_a_time(connect, frame):
    connection = connect(segments=True)
    for octet in frame(b"slow") + frame(b"motion"):
        connection.ev.send(bytes([octet]))
    assert connection.frames(2) == [b"slow", b"motion"]


def test_several_frames_in_one_segment(connect, frame):
    """Also when the last one is cut anywhere."""
    three = frame(b"one") + frame(b"two") + frame(b"three")
    whole = 2 * len(frame(b"one"))
    for cut in range(whole, len(three)):
        connection = connect(segments=True)
        connection.ev.send(three[:cut])
        assert connection.frames(2) == [b"one", b"two"]
        connection.ev.send(three[cut:])
        assert connection.frames(3) == [b"one", b"two", b"three"]


def test_frames_are_numbered_and_carry_their_type(connect):
    """JPV2G-001: version, type and length as they were written."""
    connection = connect(payload_types=[0x8001, 0x8002])
    connection.send(b"a")
    connection.send(b"b", payload_type=0x8002)
    connection.frames(2)
    assert connection.all(Frame) == [Frame(0x8001, b"a", 1), Frame(0x8002, b"b", 2)]


@pytest.mark.parametrize("size", [1, 4087, 4088, 4089, 4096, MAX_PAYLOAD])
def test_payload_of_any_size(connect, size):
    """Round the receive buffer's size, and up to the limit."""
    connection = connect()
    payload = random.Random(size).randbytes(size)
    connection.send(payload)
    assert connection.frames(1) == [payload]
    connection.link.reply(0x8001, payload)
    assert connection.receive() == payload


@pytest.mark.parametrize(("header", "fault"), BAD_HEADERS)
@pytest.mark.parametrize("size", [0, 1, 5000])
def test_frame_with_a_bad_header_is_ignored(connect, header, fault, size):
    """CMN_V2GTPSessionSetup_003 to 005, OC-031: no answer, the connection stays, and the frames around it count."""
    connection = connect()
    connection.send(b"before")
    connection.send(bytes(size), **header)
    connection.send(b"after")
    assert connection.frames(2) == [b"before", b"after"]
    assert connection.all(Ignored) == [Ignored(fault)]
    assert connection.link.stats().ignored[fault] == 1


def test_CMN_V2GTPSessionSetup_001_answer_has_a_proper_header(connect, frame):
    """EVV2G-019: 01 FE, type and length big endian, eight octets."""
    connection = connect()
    connection.send(b"request")
    connection.frames(1)
    connection.link.reply(0x8001, b"response")
    assert connection.exactly(16) == b"\x01\xfe\x80\x01\x00\x00\x00\x08response"


def test_CMN_V2GTPSessionSetup_002_empty_payload_is_ignored(connect):
    connection = connect()
    connection.send(b"")
    connection.send(b"after")
    assert connection.frames(1) == [b"after"]
    assert connection.all(Ignored) == [Ignored(Fault.EMPTY)]


def test_a_fault_is_reported_once_and_counted_always(connect):
    connection = connect()
    for _ in range(5):
        connection.send(b"x", version=2)
        connection.send(b"x", payload_type=0x8002)
    connection.send(b"good")
    connection.frames(1)
    assert sorted(connection.all(Ignored)) == [Ignored(Fault.BAD_VERSION), Ignored(Fault.UNKNOWN_TYPE)]
    assert connection.link.stats().ignored == {
        Fault.BAD_VERSION: 5,
        Fault.BAD_INVERSE_VERSION: 0,
        Fault.UNKNOWN_TYPE: 5,
        Fault.EMPTY: 0,
    }


def test_good_frames_forgive_bad_ones(connect):
    connection = connect()
    for _ in range(3):
        for _ in range(MAX_IGNORED_FRAMES):
            connection.send(b"x", version=2)
        connection.send(b"good")
    connection.frames(3)
    assert connection.all(Closed) == []


def test_too_many_bad_frames_in_a_row(connect, frame):
    connection = connect()
    connection.ev.sendall(frame(b"x", version=2) * (MAX_IGNORED_FRAMES + 1))
    assert connection.closed().reason == CloseReason.TOO_MANY_BAD_FRAMES


@pytest.mark.parametrize("header", [{}, {"version": 9}, {"payload_type": 0x7001}])
@pytest.mark.parametrize("length", [MAX_PAYLOAD + 1, 1 << 31, 0xFFFFFFFF])
def test_length_over_the_limit_closes(connect, frame, header, length):
    connection = connect()
    connection.send(b"good")
    connection.ev.sendall(frame(b"", **header)[:4] + length.to_bytes(4, "big"))
    closed = connection.closed()
    assert closed == Closed(CloseReason.FRAME_TOO_LONG, f"payload of {length} octets, at most {MAX_PAYLOAD}")
    assert connection.frames(1) == [b"good"]


def test_limit_is_configurable(connect):
    connection = connect(max_payload=10)
    connection.send(b"0123456789")
    assert connection.frames(1) == [b"0123456789"]
    connection.send(b"0123456789A")
    assert connection.closed().reason == CloseReason.FRAME_TOO_LONG


def test_tls_client_hello_is_no_v2gtp(connect):
    """Its fifth to eighth octets are a length far over the limit."""
    connection = connect()
    connection.ev.sendall(bytes.fromhex("160301020001000 1fc0303".replace(" ", "")))
    assert connection.closed().reason == CloseReason.FRAME_TOO_LONG


def reference(stream: bytes) -> tuple[list[bytes], dict[Fault, int]]:
    """Read a stream of whole frames the slow way."""
    frames, ignored = [], dict.fromkeys(Fault, 0)
    while stream:
        version, inverse, kind = stream[0], stream[1], int.from_bytes(stream[2:4], "big")
        size = int.from_bytes(stream[4:8], "big")
        payload, stream = stream[8 : 8 + size], stream[8 + size :]
        if version != 1:
            ignored[Fault.BAD_VERSION] += 1
        elif inverse != 0xFE:
            ignored[Fault.BAD_INVERSE_VERSION] += 1
        elif kind != 0x8001:
            ignored[Fault.UNKNOWN_TYPE] += 1
        elif not payload:
            ignored[Fault.EMPTY] += 1
        else:
            frames.append(payload)
    return frames, ignored


@pytest.mark.parametrize("seed", range(20))
def test_random_frames_in_random_segments(connect, frame, seed):
    rng = random.Random(seed)
    stream = b""
    for _ in range(200):
        odd = {"version": rng.choice([1, 1, 1, 0]), "inverse": rng.choice([0xFE, 0xFE, 0xFE, 0xFF])}
        kind = rng.choice([0x8001, 0x8001, 0x8001, 0x8002])
        stream += frame(rng.randbytes(rng.choice([0, 1, 7, 8, 9, 60, 700])), payload_type=kind, **odd)
    frames, ignored = reference(stream)
    connection = connect(segments=True, queue_frames=256)
    at = 0
    while at < len(stream):
        size = rng.choice([1, 2, 7, 8, 9, 50, 900, 4096])
        connection.ev.send(stream[at : at + size])
        at += size
    assert connection.frames(len(frames)) == frames
    # The last frame may be a bad one, still being read.
    connection.ev.send(frame(b"end"))
    assert connection.frames(len(frames) + 1)[-1] == b"end"
    assert connection.link.stats().ignored == ignored


@pytest.mark.parametrize("seed", range(20))
def test_random_octets_only_ever_close_the_connection(connect, seed):
    rng = random.Random(seed)
    connection = connect(queue_frames=64)
    noise = rng.randbytes(rng.randrange(1, 3000))
    if seed % 2:
        noise = b"".join(b"\x01\xfe\x80\x01\x00\x00\x00" + rng.randbytes(rng.randrange(1, 60)) for _ in range(30))
    connection.ev.sendall(noise)
    connection.ev.close()
    assert connection.closed().reason in {
        CloseReason.FRAME_TOO_LONG,
        CloseReason.TOO_MANY_BAD_FRAMES,
        CloseReason.QUEUE_FULL,
        CloseReason.EV_CLOSED,
        CloseReason.RESET,
    }


def test_cut_in_the_middle_of_a_frame(connect, frame):
    """OC-030: the end of the stream within a header or a payload."""
    for cut in (1, 7, 8, 11):
        connection = connect()
        connection.ev.sendall(frame(b"whole") + frame(b"part")[:cut])
        connection.ev.close()
        assert connection.closed().reason == CloseReason.EV_CLOSED
        assert connection.frames(1) == [b"whole"]
