"""The streams of ISO 15118-20: frames of every payload type, and the charge loop beside the multiplexed ones."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from fastsecc import exi
from fastsecc._link import V2GTP_EXI, Frame
from fastsecc.messages import iso2
from fastsecc.session.api import LoopTemplate

SESSION_ID = bytes(range(1, 9))
MAIN_STREAM = (0x8002, 0x8003, 0x8004, 0x8005, 0x8006)
SIDE_STREAMS = (0x8101, 0x8102, 0x8103, 0x8104)
ALL = (V2GTP_EXI, *MAIN_STREAM, *SIDE_STREAMS)
DC = 0x8004


def message(body: Any) -> Any:
    return iso2.V2G_Message(Header=iso2.MessageHeaderType(SessionID=SESSION_ID), Body=iso2.BodyType(BodyElement=body))


LOOP = exi.encode(message(iso2.ChargingStatusReq()))
RESPONSE = message(
    iso2.ChargingStatusRes(
        ResponseCode=iso2.ResponseCodeType.OK,
        EVSEID="ZZ00000",
        SAScheduleTupleID=1,
        AC_EVSEStatus=iso2.AC_EVSEStatusType(
            NotificationMaxDelay=0, EVSENotification=iso2.EVSENotificationType.None_, RCD=False
        ),
    )
)
ANSWER = exi.encode(RESPONSE)


@pytest.fixture
def armed(connect: Any) -> Any:
    """A link with all streams, its charge loop on 0x8004: what is in the messages does not matter to streams."""
    connection = connect(payload_types=ALL)
    template = LoopTemplate(
        request=iso2.ChargingStatusReq,
        session_id=SESSION_ID,
        fresh=RESPONSE,
        stale=RESPONSE,
        fresh_until=float("inf"),
        meter_sequence=0,
    )
    connection.link.publish(dataclasses.replace(template, payload_type=DC))
    return connection


@pytest.mark.parametrize("payload_type", ALL)
def test_every_stream_carries_frames_both_ways(connect, payload_type):
    connection = connect(payload_types=ALL)
    connection.send(b"request", payload_type=payload_type)
    connection.frames(1)
    assert connection.all(Frame) == [Frame(payload_type, b"request", 1)]
    connection.link.reply(payload_type, b"response")
    assert connection.receive(payload_type) == b"response"


def test_the_loop_is_answered_on_its_stream(armed):
    assert armed.ask(LOOP, DC) == ANSWER
    assert armed.progress().payload_type == DC


@pytest.mark.parametrize("payload_type", [t for t in ALL if t != DC])
def test_a_loop_request_on_another_stream_is_pythons(armed, payload_type):
    armed.send(LOOP, payload_type=payload_type)
    assert armed.frames(1) == [LOOP]
    assert armed.link.stats().answered == 0


@pytest.mark.parametrize("payload_type", SIDE_STREAMS)
def test_the_loop_goes_on_beside_a_multiplexed_request(armed, payload_type):
    armed.send(b"metering", payload_type=payload_type)
    assert armed.frames(1) == [b"metering"]
    assert [armed.ask(LOOP, DC) for _ in range(3)] == [ANSWER] * 3
    armed.link.reply(payload_type, b"confirmed")
    assert armed.receive(payload_type) == b"confirmed"
    assert armed.ask(LOOP, DC) == ANSWER
    assert armed.link.stats().handed_over == 1


@pytest.mark.parametrize("payload_type", MAIN_STREAM)
def test_the_loop_waits_for_the_answer_to_a_request_of_the_main_stream(armed, payload_type):
    armed.send(b"power delivery", payload_type=payload_type)
    armed.send(LOOP, payload_type=DC)
    assert armed.frames(2) == [b"power delivery", LOOP]


@pytest.mark.parametrize("payload_type", SIDE_STREAMS)
def test_a_multiplexed_reply_settles_nothing(armed, payload_type):
    """However many frames Python has taken by then: what it owes on the main stream it still owes."""
    armed.send(b"power delivery", payload_type=0x8002)
    armed.send(b"metering", payload_type=payload_type)
    armed.frames(2)
    armed.link.reply(payload_type, b"confirmed")
    assert armed.receive(payload_type) == b"confirmed"
    armed.send(LOOP, payload_type=DC)
    assert armed.frames(3)[2] == LOOP
    armed.link.reply(0x8002, b"delivered")
    assert armed.receive(0x8002) == b"delivered"
    assert armed.ask(LOOP, DC) == ANSWER
