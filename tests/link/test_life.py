"""How a connection ends without our will, and that nothing is left of it."""

from __future__ import annotations

import gc
import os
import socket
import time
from pathlib import Path

import pytest

from fastsecc._link import Closed, CloseMode, CloseReason, Link

PATIENCE_S = 10.0


def test_fin_while_idle(connect):
    connection = connect()
    connection.ev.close()
    assert connection.closed() == Closed(CloseReason.EV_CLOSED, "while waiting for a request")


def test_fin_behind_a_request(connect):
    """The request is still Python's; its answer goes nowhere."""
    connection = connect()
    connection.send(b"SessionStopReq")
    connection.ev.shutdown(socket.SHUT_WR)
    assert connection.closed().reason == CloseReason.EV_CLOSED
    assert connection.frames(1) == [b"SessionStopReq"]
    connection.link.reply(0x8001, b"SessionStopRes", CloseMode.NOW)


def test_rst_while_idle(connect):
    connection = connect()
    connection.send(b"request")
    connection.frames(1)
    connection.reset()
    assert connection.closed() == Closed(CloseReason.RESET, "while waiting for a request")


def test_rst_while_sending(connect):
    payload = bytes(1 << 20)
    connection = connect(max_payload=len(payload), buffers={"SO_SNDBUF": 4096, "SO_RCVBUF": 4096})
    connection.link.reply(0x8001, payload)
    assert not connection.link.join(0.02)
    connection.reset()
    assert connection.closed() == Closed(CloseReason.RESET, "while sending")


def test_fin_while_sending(connect):
    """An EV that closes without reading sends a RST for what comes."""
    payload = bytes(1 << 20)
    connection = connect(max_payload=len(payload), buffers={"SO_SNDBUF": 4096, "SO_RCVBUF": 4096})
    connection.link.reply(0x8001, payload)
    assert not connection.link.join(0.02)
    connection.ev.close()
    assert connection.closed() == Closed(CloseReason.RESET, "while sending")


@pytest.mark.parametrize("how", [CloseMode.AFTER_EV, CloseMode.NOW])
def test_rst_while_closing(connect, how):
    connection = connect()
    connection.link.close(how)
    assert not connection.link.join(0.02)
    connection.reset()
    assert connection.closed() == Closed(CloseReason.CLOSED_BY_US, "reset by the EV")


def test_queue_overflow_ends_the_connection_and_loses_no_queued_frame(connect, frame):
    connection = connect(queue_frames=3)
    connection.ev.sendall(b"".join(frame(bytes([i])) for i in range(1, 5)))
    assert connection.link.join(PATIENCE_S)
    assert connection.closed() == Closed(CloseReason.QUEUE_FULL, "3 frames wait for an answer")
    assert connection.frames(3) == [b"\x01", b"\x02", b"\x03"]


def test_abort_without_a_word(connect):
    connection = connect()
    connection.link.abort()
    assert connection.rest() == b""
    assert connection.closed() == Closed(CloseReason.CLOSED_BY_US, "aborted")


def test_join_is_bounded(connect):
    connection = connect()
    assert not connection.link.join(0)
    assert not connection.link.join(0.01)
    connection.link.abort()
    assert connection.link.join(PATIENCE_S)
    assert connection.link.join(0)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("payload_types", []),
        ("payload_types", range(17)),
        ("payload_types", [70000]),
        ("max_payload", 0),
        ("max_payload", 1 << 25),
        ("queue_frames", 0),
        ("fin_wait_ms", -1),
    ],
)
def test_settings_out_of_range(setting, value):
    """The socket is the link's even then: it is closed."""
    mine, ev = socket.socketpair()
    with ev:
        with pytest.raises((ValueError, OverflowError)):
            Link(mine.detach(), **{setting: value})
        assert ev.recv(1) == b""


def test_socket_that_is_none():
    """A file descriptor that cannot be used ends as a connection does, by its event."""
    read_end, write_end = os.pipe()
    link = Link(read_end)
    assert link.join(PATIENCE_S)
    (closed,) = link.take()
    assert isinstance(closed, Closed)
    assert closed.reason == CloseReason.IO_ERROR
    assert "not a socket" in closed.detail.lower() or "non-socket" in closed.detail.lower()
    os.close(write_end)


def entries(folder: str) -> int:
    return len(list(Path("/proc/self", folder).iterdir()))


def wait_for_count(folder: str, count: int) -> None:
    """Wait until there are no more than so many: a thread that nobody joins ends in its own time."""
    end = time.monotonic() + PATIENCE_S
    while entries(folder) > count and time.monotonic() < end:
        time.sleep(0.005)
    assert entries(folder) <= count


def test_two_hundred_connections_leave_nothing(connect, frame):
    gc.collect()
    fds, tasks = entries("fd"), entries("task")
    for number in range(200):
        mine, ev = socket.socketpair()
        with ev:
            link = Link(mine.detach())
            if number % 4:
                ev.sendall(frame(b"request"))
            if number % 4 == 2:
                link.reply(0x8001, b"response", CloseMode.NOW)
            if number % 4 == 3:
                link.abort()
                assert link.join(PATIENCE_S)
            del link
    wait_for_count("fd", fds)
    wait_for_count("task", tasks)


def test_a_forgotten_link_closes_its_connection(connect):
    mine, ev = socket.socketpair()
    with ev:
        Link(mine.detach())
        assert ev.recv(1) == b""


def test_a_link_needs_a_socket():
    with pytest.raises(TypeError):
        Link.__new__(Link)
    with pytest.raises(TypeError):
        Link("7")
