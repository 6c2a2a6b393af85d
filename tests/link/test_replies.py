"""Answers of Python: sent whole and in order, and the connection closed as asked."""

from __future__ import annotations

import pytest

from fastsecc._link import MAX_PAYLOAD, Closed, CloseMode, CloseReason, Link


def test_header_and_payload_leave_in_one_segment(connect):
    connection = connect(segments=True)
    connection.send(b"request")
    connection.frames(1)
    connection.link.reply(0x8001, b"response")
    assert connection.ev.recv(100) == b"\x01\xfe\x80\x01\x00\x00\x00\x08response"


def test_replies_keep_their_order(connect):
    connection = connect()
    for text in (b"1", b"2", b"3"):
        connection.send(text)
    for payload in connection.frames(3):
        connection.link.reply(0x8001, b"to " + payload)
    assert [connection.receive() for _ in range(3)] == [b"to 1", b"to 2", b"to 3"]


def test_reply_without_a_request(connect):
    connection = connect()
    connection.link.reply(0x8001, b"hello")
    assert connection.receive() == b"hello"


@pytest.mark.parametrize("payload", [b"", bytes(MAX_PAYLOAD + 1)])
def test_payload_that_cannot_be_sent(connect, payload):
    connection = connect()
    with pytest.raises(ValueError, match="cannot be sent"):
        connection.link.reply(0x8001, payload)


def test_unknown_ways_to_close(connect):
    connection = connect()
    with pytest.raises(ValueError, match="close"):
        connection.link.reply(0x8001, b"x", CloseMode.ABORT)
    with pytest.raises(ValueError, match="how"):
        connection.link.close(CloseMode.KEEP)


def test_close_after_ev_waits_for_its_fin(connect):
    connection = connect()
    connection.link.reply(0x8001, b"last", CloseMode.AFTER_EV)
    assert connection.receive() == b"last"
    assert not connection.link.join(0.02)
    connection.ev.sendall(b"whatever is sent now is dropped")
    connection.ev.close()
    assert connection.closed() == Closed(CloseReason.CLOSED_BY_US, "the EV has closed too")


def test_close_after_ev_is_bounded(connect):
    connection = connect(fin_wait_ms=10)
    connection.link.reply(0x8001, b"last", CloseMode.AFTER_EV)
    assert connection.rest().endswith(b"last")
    assert connection.closed() == Closed(CloseReason.CLOSED_BY_US, "the EV did not close within 10 ms")


def test_close_now_sends_our_fin_at_once(connect):
    connection = connect()
    connection.link.reply(0x8001, b"last", CloseMode.NOW)
    assert connection.rest().endswith(b"last")
    assert not connection.link.join(0.02)
    connection.ev.close()
    assert connection.closed() == Closed(CloseReason.CLOSED_BY_US, "the EV has closed too")


def test_close_now_is_bounded(connect):
    """EVV2G-038: the EV has a bounded time for its FIN, then the connection is closed."""
    connection = connect(fin_wait_ms=10)
    connection.link.reply(0x8001, b"last", CloseMode.NOW)
    assert connection.closed() == Closed(CloseReason.CLOSED_BY_US, "the EV did not close within 10 ms")
    assert connection.rest().endswith(b"last")


@pytest.mark.parametrize("how", [CloseMode.AFTER_EV, CloseMode.NOW])
def test_close_without_a_reply_comes_after_those_given(connect, how):
    connection = connect(fin_wait_ms=10)
    connection.link.reply(0x8001, b"one")
    connection.link.reply(0x8001, b"two")
    connection.link.close(how)
    assert connection.receive() + connection.receive() + connection.rest() == b"onetwo"
    assert connection.closed().reason == CloseReason.CLOSED_BY_US


def test_closing_can_be_hurried(connect):
    connection = connect()
    connection.link.close(CloseMode.AFTER_EV)
    assert not connection.link.join(0.02)
    connection.link.close(CloseMode.NOW)
    assert connection.rest() == b""
    connection.link.abort()
    assert connection.closed() == Closed(CloseReason.CLOSED_BY_US, "aborted")


def test_what_the_ev_sends_after_the_end_is_not_handed_over(connect, frame):
    """Nor does it hinder the close: the EV reads the last response and our FIN, no RST."""
    connection = connect()
    connection.link.reply(0x8001, b"last", CloseMode.NOW)
    connection.ev.sendall(frame(b"late") * 10)
    assert connection.rest().endswith(b"last")
    connection.ev.close()
    assert [connection.closed()] == connection.seen


def test_nothing_matters_after_the_end(connect):
    connection = connect()
    connection.ev.close()
    connection.closed()
    link: Link = connection.link
    for _ in range(100):
        link.reply(0x8001, b"x")
    link.disarm()
    link.close()
    link.abort()
    assert link.take() == []
    assert link.progress() is None
    assert link.join()
    assert link.stats().frames == 0


def test_a_slow_reader_gets_everything(connect):
    """A response larger than all buffers on the way leaves in parts, as the EV takes it."""
    payload = bytes(range(256)) * 4096
    connection = connect(max_payload=len(payload), buffers={"SO_SNDBUF": 4096, "SO_RCVBUF": 4096})
    connection.send(b"request")
    connection.frames(1)
    connection.link.reply(0x8001, payload, CloseMode.AFTER_EV)
    assert not connection.link.join(0.02)
    assert connection.receive() == payload
    connection.ev.close()
    assert connection.closed().reason == CloseReason.CLOSED_BY_US


def test_a_reader_that_stops_is_given_up(connect):
    payload = bytes(1 << 20)
    connection = connect(max_payload=len(payload), send_timeout_ms=20, buffers={"SO_SNDBUF": 4096, "SO_RCVBUF": 4096})
    connection.link.reply(0x8001, payload)
    assert connection.closed() == Closed(CloseReason.SEND_TIMEOUT, "the EV took no octets for 20 ms")


def test_abort_while_sending(connect):
    payload = bytes(1 << 20)
    connection = connect(max_payload=len(payload), buffers={"SO_SNDBUF": 4096, "SO_RCVBUF": 4096})
    connection.link.reply(0x8001, payload)
    assert not connection.link.join(0.02)
    connection.link.abort()
    assert connection.closed() == Closed(CloseReason.CLOSED_BY_US, "aborted")


def test_more_replies_than_can_ever_be_owed(connect):
    payload = bytes(1 << 16)
    connection = connect(max_payload=len(payload), queue_frames=2, buffers={"SO_SNDBUF": 4096, "SO_RCVBUF": 4096})
    for _ in range(200):
        connection.link.reply(0x8001, payload)
    assert connection.closed() == Closed(CloseReason.QUEUE_FULL, "no room for a reply")
