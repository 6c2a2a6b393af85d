"""The charge loop: which requests are answered natively, with what, and what Python hears of it."""

from __future__ import annotations

import os
import random
import select
import time
from types import SimpleNamespace
from typing import Any

import pytest

from fastsecc import exi
from fastsecc._link import CloseMode, Frame
from fastsecc.errors import CodecError
from fastsecc.messages import din70121 as din
from fastsecc.messages import iso2
from fastsecc.session.api import LoopTemplate
from fastsecc.session.loop import answer_from_template

SESSION_ID = bytes(range(1, 9))
FOR_EVER = float("inf")
LONG_ms = 3_600_000
"""An interval that no test lives to see the end of."""


def value(protocol: Any, unit: str, number: int, multiplier: int = 0) -> Any:
    return protocol.PhysicalValueType(Multiplier=multiplier, Unit=protocol.UnitSymbolType[unit], Value=number)


def message(protocol: Any, body: Any, session_id: bytes = SESSION_ID, **header: Any) -> Any:
    return protocol.V2G_Message(
        Header=protocol.MessageHeaderType(SessionID=session_id, **header), Body=protocol.BodyType(BodyElement=body)
    )


def current_demand_req(protocol: Any, current: Any = None, voltage: Any = None, **more: Any) -> Any:
    return protocol.CurrentDemandReq(
        DC_EVStatus=protocol.DC_EVStatusType(
            EVReady=True, EVErrorCode=protocol.DC_EVErrorCodeType.NO_ERROR, EVRESSSOC=50
        ),
        EVTargetCurrent=current or value(protocol, "A", 100),
        ChargingComplete=False,
        EVTargetVoltage=voltage or value(protocol, "V", 400),
        **more,
    )


def current_demand_res(protocol: Any, code: str = "OK", **more: Any) -> Any:
    if protocol is iso2:
        more = {"EVSEID": "ZZ00000", "SAScheduleTupleID": 1} | more
    return protocol.CurrentDemandRes(
        ResponseCode=protocol.ResponseCodeType[code],
        DC_EVSEStatus=protocol.DC_EVSEStatusType(
            NotificationMaxDelay=0,
            EVSENotification=protocol.EVSENotificationType.None_,
            EVSEStatusCode=protocol.DC_EVSEStatusCodeType.EVSE_Ready,
        ),
        EVSEPresentVoltage=value(protocol, "V", 3999, -1),
        EVSEPresentCurrent=value(protocol, "A", 99),
        EVSECurrentLimitAchieved=False,
        EVSEVoltageLimitAchieved=False,
        EVSEPowerLimitAchieved=False,
        **more,
    )


def charging_status_res(**more: Any) -> Any:
    return iso2.ChargingStatusRes(
        ResponseCode=iso2.ResponseCodeType.OK,
        EVSEID="ZZ00000",
        SAScheduleTupleID=1,
        AC_EVSEStatus=iso2.AC_EVSEStatusType(
            NotificationMaxDelay=0, EVSENotification=iso2.EVSENotificationType.None_, RCD=False
        ),
        **more,
    )


def meter_info(reading: int) -> Any:
    return iso2.MeterInfoType(MeterID="meter", MeterReading=reading)


def template(
    protocol: Any, fresh: Any, stale: Any = None, fresh_until: float = FOR_EVER, meter_sequence: int = 0
) -> LoopTemplate:
    return LoopTemplate(
        request=protocol.ChargingStatusReq if hasattr(fresh, "AC_EVSEStatus") else protocol.CurrentDemandReq,
        session_id=SESSION_ID,
        fresh=message(protocol, fresh),
        stale=message(protocol, stale or fresh),
        fresh_until=fresh_until,
        meter_sequence=meter_sequence,
    )


def namespace(protocol: Any) -> str:
    return "din" if protocol is din else "iso2"


def ask(connection: Any, protocol: Any, body: Any) -> Any:
    """Ask as the EV and return the body element of the answer."""
    answer: Any = exi.decode(connection.ask(exi.encode(message(protocol, body))), namespace(protocol))
    assert answer.Header.SessionID == SESSION_ID
    return answer.Body.BodyElement


def assert_handed_over(connection: Any, request: bytes) -> None:
    """A request that the link does not answer comes to Python, whose answer is sent."""
    before = len(connection.all(Frame))
    connection.send(request)
    assert connection.frames(before + 1)[before:] == [request]
    connection.link.reply(0x8001, b"from Python")
    assert connection.receive() == b"from Python"


DEMAND = {protocol: exi.encode(message(protocol, current_demand_req(protocol))) for protocol in (din, iso2)}
STATUS = exi.encode(message(iso2, iso2.ChargingStatusReq()))
protocols = pytest.mark.parametrize("protocol", [din, iso2], ids=namespace)


@protocols
def test_current_demand_is_answered(connect, protocol):
    """DC_CurrentDemand_001."""
    connection = connect()
    response = current_demand_res(protocol)
    connection.link.publish(template(protocol, response))
    assert ask(connection, protocol, current_demand_req(protocol)) == response
    stats = connection.link.stats()
    assert (stats.frames, stats.answered, stats.handed_over, stats.answered_stale) == (1, 1, 0, 0)


def test_charging_status_is_answered(connect):
    """AC_ChargingStatus_001."""
    connection = connect()
    response = charging_status_res(ReceiptRequired=False)
    connection.link.publish(template(iso2, response))
    assert ask(connection, iso2, iso2.ChargingStatusReq()) == response


def test_answers_come_in_order_and_whole(connect, frame):
    """Many requests in one segment."""
    connection = connect()
    connection.link.publish(template(iso2, current_demand_res(iso2)))
    connection.ev.sendall(frame(DEMAND[iso2]) * 50)
    answers = {connection.receive() for _ in range(50)}
    assert len(answers) == 1
    assert connection.progress().answered == 50


def test_not_armed(connect):
    connection = connect()
    assert_handed_over(connection, DEMAND[iso2])
    connection.link.publish(template(iso2, current_demand_res(iso2)))
    ask(connection, iso2, current_demand_req(iso2))
    connection.link.disarm()
    assert_handed_over(connection, DEMAND[iso2])


def odd_requests() -> list[Any]:
    other_session = message(iso2, current_demand_req(iso2), bytes(8))
    notification = iso2.NotificationType(FaultCode=iso2.FaultCodeType.ParsingError)
    return [
        pytest.param(exi.encode(other_session), id="DC_CurrentDemand_004"),
        pytest.param(exi.encode(message(iso2, current_demand_req(iso2), SESSION_ID[:7])), id="short session id"),
        pytest.param(STATUS, id="other request"),
        pytest.param(exi.encode(message(iso2, current_demand_req(iso2), Notification=notification)), id="Notification"),
        pytest.param(exi.encode(message(iso2, current_demand_res(iso2))), id="a response"),
        pytest.param(DEMAND[iso2][:-3], id="truncated"),
        pytest.param(DEMAND[din], id="other protocol"),
        pytest.param(b"\x80" + bytes(600), id="too long"),
        pytest.param(b"noise", id="noise"),
    ]


@pytest.mark.parametrize("request_octets", odd_requests())
def test_odd_requests_are_pythons(connect, request_octets):
    connection = connect()
    connection.link.publish(template(iso2, current_demand_res(iso2)))
    assert_handed_over(connection, request_octets)
    assert ask(connection, iso2, current_demand_req(iso2)).ResponseCode == iso2.ResponseCodeType.OK
    assert connection.link.stats().refused == 1


def test_nothing_is_answered_before_python_has_answered(connect, frame):
    """Python's answer comes first, and requests behind it keep their order."""
    connection = connect()
    connection.link.publish(template(iso2, current_demand_res(iso2)))
    connection.ev.sendall(frame(b"odd") + frame(DEMAND[iso2]) * 2)
    assert connection.frames(3) == [b"odd", DEMAND[iso2], DEMAND[iso2]]
    first, second, third = connection.all(Frame)
    connection.link.reply(0x8001, b"1", settles=first.sequence)
    assert connection.receive() == b"1"
    connection.link.reply(0x8001, b"2", settles=second.sequence)
    assert connection.receive() == b"2"
    assert_handed_over(connection, DEMAND[iso2])
    connection.link.reply(0x8001, b"3", settles=third.sequence)
    assert connection.receive() == b"3"
    ask(connection, iso2, current_demand_req(iso2))


def test_a_frame_that_python_never_answers_is_settled_with_the_next(connect):
    connection = connect()
    connection.link.publish(template(iso2, current_demand_res(iso2)))
    connection.send(b"odd, and ignored")
    connection.frames(1)
    assert_handed_over(connection, DEMAND[iso2])
    ask(connection, iso2, current_demand_req(iso2))


@protocols
def test_stale_after_fresh_until(connect, protocol):
    fresh, stale = current_demand_res(protocol), current_demand_res(protocol, "FAILED")
    connection = connect(report_interval_ms=0)
    connection.link.publish(template(protocol, fresh, stale, time.monotonic() + LONG_ms))
    assert ask(connection, protocol, current_demand_req(protocol)) == fresh
    assert not connection.progress().stale
    connection.link.publish(template(protocol, fresh, stale, time.monotonic() - 0.001))
    assert ask(connection, protocol, current_demand_req(protocol)) == stale
    progress = connection.progress()
    assert progress.stale
    assert progress.answered == 2
    connection.link.publish(template(protocol, fresh, stale))
    assert ask(connection, protocol, current_demand_req(protocol)) == fresh
    assert connection.link.progress().stale, "it stays true"
    assert connection.link.stats().answered_stale == 1


@pytest.mark.parametrize("fresh_until", [0.0, -1.0, float("-inf"), float("nan")])
def test_times_that_are_none_are_stale(connect, fresh_until):
    connection = connect()
    stale = current_demand_res(iso2, "FAILED")
    connection.link.publish(template(iso2, current_demand_res(iso2), stale, fresh_until))
    assert ask(connection, iso2, current_demand_req(iso2)) == stale


@pytest.mark.parametrize(
    ("response", "request_body"),
    [
        pytest.param(
            current_demand_res(iso2, MeterInfo=meter_info(7)), current_demand_req(iso2), id="DC_CurrentDemand_006"
        ),
        pytest.param(
            charging_status_res(MeterInfo=meter_info(7)), iso2.ChargingStatusReq(), id="AC_ChargingStatus_006"
        ),
    ],
)
def test_meter_info_is_sent_once_a_sequence(connect, response, request_body):
    connection = connect(report_interval_ms=0)

    def readings(sequence: int) -> list[int | None]:
        connection.link.publish(template(iso2, response, meter_sequence=sequence))
        answers = [ask(connection, iso2, request_body) for _ in range(3)]
        return [answer.MeterInfo and answer.MeterInfo.MeterReading for answer in answers]

    assert readings(0) == [None, None, None]
    assert readings(5) == [7, None, None]
    assert readings(5) == [None, None, None]
    assert readings(6) == [7, None, None]
    assert connection.link.progress().meter_sequence_sent == 6


def test_without_meter_info_no_sequence_counts_as_sent(connect):
    connection = connect()
    connection.link.publish(template(iso2, current_demand_res(iso2), meter_sequence=5))
    ask(connection, iso2, current_demand_req(iso2))
    assert connection.progress().meter_sequence_sent == 0


def test_receipt(connect):
    """DC_CurrentDemand_002: once a receipt was asked for, Python answers until it has dealt with something."""
    connection = connect()
    response = current_demand_res(iso2, ReceiptRequired=True)
    connection.link.publish(template(iso2, response))
    assert ask(connection, iso2, current_demand_req(iso2)) == response
    connection.link.publish(template(iso2, response))
    assert_handed_over(connection, DEMAND[iso2])
    assert ask(connection, iso2, current_demand_req(iso2)) == response


def test_receipt_not_required(connect):
    connection = connect()
    response = current_demand_res(iso2, ReceiptRequired=False)
    connection.link.publish(template(iso2, response))
    for _ in range(3):
        assert ask(connection, iso2, current_demand_req(iso2)) == response


def random_value(rng: random.Random, protocol: Any, unit: str) -> Any:
    """Small numbers with any multiplier, so that targets and maxima often meet."""
    multiplier = rng.randint(-3, 3)
    number = rng.choice([rng.randint(0, 9) * 10 ** rng.randint(0, 3), rng.randint(-32768, 32767)])
    return value(protocol, unit, number, multiplier)


def random_limits(rng: random.Random, protocol: Any) -> dict[str, Any]:
    units = {"EVSEMaximumVoltageLimit": "V", "EVSEMaximumCurrentLimit": "A", "EVSEMaximumPowerLimit": "W"}
    return {name: random_value(rng, protocol, unit) for name, unit in units.items() if rng.random() < 0.8}


@protocols
@pytest.mark.parametrize("seed", range(5))
def test_same_answer_as_the_state_machine(connect, protocol, seed):
    """Hundreds of random templates, each asked a few random requests."""
    rng = random.Random(seed)
    connection = connect()
    meter_sent = 0
    for sequence in range(150):
        more = random_limits(rng, protocol)
        if protocol is iso2 and rng.random() < 0.5:
            more["MeterInfo"] = meter_info(sequence)
        chosen = template(
            protocol,
            current_demand_res(protocol, **more),
            current_demand_res(protocol, "FAILED", **random_limits(rng, protocol)),
            rng.choice([FOR_EVER, 0.0]),
            rng.choice([0, sequence]),
        )
        connection.link.publish(chosen)
        for _ in range(3):
            asked = current_demand_req(protocol, random_value(rng, protocol, "A"), random_value(rng, protocol, "V"))
            expected = answer_from_template(chosen, message(protocol, asked), time.monotonic(), meter_sent)
            if getattr(expected.Body.BodyElement, "MeterInfo", None) is not None:
                meter_sent = chosen.meter_sequence
            assert ask(connection, protocol, asked) == expected.Body.BodyElement
    assert connection.link.stats().answered == 450


def signals(connection: Any) -> int:
    """Count the signals since the last look; taking them as `take` does."""
    try:
        return os.eventfd_read(connection.link.fileno())
    except BlockingIOError:
        return 0


def test_identical_requests_wake_python_once(connect):
    connection = connect(report_interval_ms=0, heartbeat_ms=LONG_ms)
    connection.link.publish(template(iso2, current_demand_res(iso2)))
    for _ in range(50):
        ask(connection, iso2, current_demand_req(iso2))
    connection.link.close(CloseMode.NOW)
    connection.ev.close()
    assert connection.link.join(10)
    assert signals(connection) == 2, "the first answer and the end"
    progress = connection.link.progress()
    assert progress.answered == 50
    assert progress.request == DEMAND[iso2]


def test_changes_wake_python_at_most_once_an_interval(connect):
    connection = connect(report_interval_ms=LONG_ms, heartbeat_ms=0)
    connection.link.publish(template(iso2, current_demand_res(iso2)))
    for amperes in range(50):
        ask(connection, iso2, current_demand_req(iso2, value(iso2, "A", amperes)))
    newest = exi.encode(message(iso2, current_demand_req(iso2, value(iso2, "A", 49))))
    assert connection.progress().request == newest
    connection.link.abort()
    assert connection.link.join(10)
    assert signals(connection) == 1, "the end"


def test_a_change_within_the_interval_is_told_when_it_is_over(connect):
    connection = connect(report_interval_ms=20, heartbeat_ms=LONG_ms)
    connection.link.publish(template(iso2, current_demand_res(iso2)))
    for amperes in range(20):
        ask(connection, iso2, current_demand_req(iso2, value(iso2, "A", amperes)))
    newest = exi.encode(message(iso2, current_demand_req(iso2, value(iso2, "A", 19))))
    while connection.progress().request != newest:
        pass
    assert connection.link.progress() is None


def test_heartbeat(connect):
    connection = connect(report_interval_ms=0, heartbeat_ms=0)
    connection.link.publish(template(iso2, current_demand_res(iso2)))
    for answered in range(1, 6):
        ask(connection, iso2, current_demand_req(iso2))
        assert connection.progress().answered == answered


def test_progress_is_up_to_date_when_a_frame_is_handed_over(connect, frame):
    connection = connect(report_interval_ms=LONG_ms, heartbeat_ms=LONG_ms)
    connection.link.publish(template(iso2, current_demand_res(iso2)))
    connection.ev.sendall(frame(DEMAND[iso2]) * 9 + frame(b"odd"))
    connection.frames(1)
    before = time.monotonic()
    progress = connection.link.progress()
    assert progress.answered == 9
    assert before - 10 < progress.at <= before


def test_no_progress_no_news(connect):
    connection = connect()
    assert connection.link.progress() is None
    connection.link.publish(template(iso2, current_demand_res(iso2)))
    assert connection.link.progress() is None
    assert select.select([connection.link], [], [], 0)[0] == []


def test_templates_that_cannot_be(connect):
    """They raise, and the one before stays."""
    connection = connect()
    good = template(iso2, current_demand_res(iso2))
    connection.link.publish(good)
    with pytest.raises(ValueError, match="fresh and stale"):
        connection.link.publish(template(iso2, current_demand_res(iso2), charging_status_res()))
    with pytest.raises(ValueError, match="fresh and stale"):
        connection.link.publish(template(iso2, current_demand_req(iso2)))
    with pytest.raises((CodecError, TypeError, ValueError)):
        connection.link.publish(template(iso2, iso2.SessionStopRes(ResponseCode=iso2.ResponseCodeType.OK)))
    with pytest.raises(AttributeError):
        connection.link.publish(SimpleNamespace(session_id=b""))
    long_id = SimpleNamespace(
        **{name: getattr(good, name) for name in LoopTemplate.__slots__} | {"session_id": bytes(9)}
    )
    with pytest.raises(ValueError, match="session_id"):
        connection.link.publish(long_id)
    ask(connection, iso2, current_demand_req(iso2))


def test_publishing_while_the_ev_asks(connect):
    """Every answer is one whole template: its two present values always belong together."""
    connection = connect()
    rng = random.Random(1)

    def publish(number: int) -> None:
        response = current_demand_res(iso2)
        response.EVSEPresentVoltage = value(iso2, "V", number)
        response.EVSEPresentCurrent = value(iso2, "A", number)
        connection.link.publish(template(iso2, response))

    publish(0)
    newest = 0
    for number in range(1, 500):
        connection.send(DEMAND[iso2])
        for _ in range(rng.randint(1, 3)):
            publish(number)
        answer: Any = exi.decode(connection.receive(), "iso2")
        body = answer.Body.BodyElement
        assert body.EVSEPresentVoltage.Value == body.EVSEPresentCurrent.Value >= newest
        newest = body.EVSEPresentVoltage.Value
