"""The priority of the link thread, and answers that have to wait for a minimum interval."""

from __future__ import annotations

import os
import time

import pytest

from fastsecc import exi
from fastsecc._link import FIFO_PRIORITY, CloseReason, Frame, Link, fifo_refused, lock_memory
from fastsecc.messages import iso2
from tests.link.conftest import v2gtp
from tests.link.test_loop import DEMAND, ask, current_demand_req, current_demand_res, template

PACE_ms = 30
permitted = pytest.mark.skipif(fifo_refused(FIFO_PRIORITY) != "", reason="SCHED_FIFO is not permitted here")


def answer_of_python(connection) -> None:
    """Ask something that Python answers, so that the thread has waited at least once since the last change."""
    before = len(connection.all(Frame))
    connection.send(b"hello")
    connection.frames(before + 1)
    connection.link.reply(0x8001, b"hello yourself")
    assert connection.receive() == b"hello yourself"


@permitted
def test_the_thread_is_at_fifo_while_the_loop_is_armed(connect):
    connection = connect()
    answer_of_python(connection)
    assert not connection.link.stats().fifo
    connection.link.publish(template(iso2, current_demand_res(iso2)))
    for _ in range(2):  # it looks before it waits
        ask(connection, iso2, current_demand_req(iso2))
    assert connection.link.stats().fifo
    connection.link.disarm()
    for _ in range(2):
        answer_of_python(connection)
    assert not connection.link.stats().fifo


@permitted
def test_a_flood_is_not_answered_at_fifo(connect):
    """Whoever asks thousands of times a second would keep the rest of the charger from the processor."""
    connection = connect()
    connection.link.publish(template(iso2, current_demand_res(iso2)))
    for _ in range(2):
        ask(connection, iso2, current_demand_req(iso2))
    assert connection.link.stats().fifo
    flood = v2gtp(DEMAND[iso2]) * 500
    for _ in range(20):  # many in one segment, so that the thread hardly waits for us
        connection.ev.sendall(flood)
        for _ in range(500):
            connection.receive()
        if not connection.link.stats().fifo:
            break
    assert not connection.link.stats().fifo
    assert connection.link.stats().answered > 2000


def test_priority_0_is_the_normal_one(connect):
    connection = connect(fifo_priority=0)
    connection.link.publish(template(iso2, current_demand_res(iso2)))
    for _ in range(2):
        ask(connection, iso2, current_demand_req(iso2))
    assert not connection.link.stats().fifo


def test_there_is_no_priority_100(connect):
    with pytest.raises(ValueError, match="fifo_priority: 100 is out of range"):
        Link(-1, fifo_priority=100)


def test_fifo_is_refused_with_a_reason():
    assert fifo_refused(0) == ""
    assert fifo_refused(1000) == os.strerror(22)
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="AddressSanitizer lets nobody lock memory")
def test_memory_is_locked_or_the_reason_is_said():
    # In a child, so that the rest of the run keeps its memory as it is.
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        reason = lock_memory()
        with open("/proc/self/status") as status:  # noqa: PTH123
            locked = next(line for line in status if line.startswith("VmLck"))
        os.write(write, f"{reason}|{int(locked.split()[1])}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    reason, _, locked_kib = os.read(read, 4096).decode().partition("|")
    os.close(read)
    os.close(write)
    assert (reason == "") == (int(locked_kib) > 0)


def test_an_answer_waits_for_its_minimum_interval(connect):
    connection = connect()
    response = current_demand_res(iso2)
    connection.link.publish(template(iso2, response), min_response_ms=PACE_ms)
    for count in (1, 2):
        asked_at = time.monotonic()
        assert ask(connection, iso2, current_demand_req(iso2)) == response
        assert time.monotonic() - asked_at >= PACE_ms / 1000
        assert connection.link.stats().held == count
    connection.link.publish(template(iso2, response))
    assert ask(connection, iso2, current_demand_req(iso2)) == response
    assert connection.link.stats().held == 2


def test_a_reply_of_python_waits_too(connect):
    connection = connect()
    asked_at = time.monotonic()
    connection.send(b"hello")
    assert connection.frames(1) == [b"hello"]
    connection.link.reply(0x8001, b"hello yourself", min_response_ms=PACE_ms)
    connection.link.reply(0x8001, b"and good bye")
    assert connection.receive() == b"hello yourself"
    assert time.monotonic() - asked_at >= PACE_ms / 1000
    assert connection.receive() == b"and good bye"
    assert connection.link.stats().held == 1


def test_a_request_that_comes_while_an_answer_waits_is_answered_after_it(connect):
    connection = connect()
    connection.link.publish(template(iso2, current_demand_res(iso2)), min_response_ms=PACE_ms)
    connection.send(DEMAND[iso2])
    connection.send(DEMAND[iso2])
    answers = [exi.decode(connection.receive(), "iso2") for _ in range(2)]
    assert answers[0] == answers[1]
    assert connection.link.stats().answered == 2


def test_the_end_does_not_wait(connect):
    connection = connect()
    connection.link.publish(template(iso2, current_demand_res(iso2)), min_response_ms=1 << 20)
    connection.send(DEMAND[iso2])
    while connection.link.stats().held == 0:
        time.sleep(0.001)
    connection.link.abort()
    assert connection.closed().reason == CloseReason.CLOSED_BY_US
