"""The charge loops of ISO 15118-20: the same answers as the session's, in every control mode."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastsecc import exi
from fastsecc._link import Frame
from fastsecc.errors import EncodeError
from fastsecc.messages import iso20
from fastsecc.messages.payload_types import ISO20_AC, ISO20_DC, METERING_CONFIRMATION
from fastsecc.session.api import LoopTemplate
from fastsecc.session.loop import answer_from_template
from tests.strategies import messages

SESSION_ID = bytes(range(1, 9))
FOR_EVER = float("inf")
STREAMS = (ISO20_AC, ISO20_DC, METERING_CONFIRMATION)
MODES = ("Scheduled", "BPT_Scheduled", "Dynamic", "BPT_Dynamic")
COMPARED = {
    "EVTargetCurrent",
    "EVTargetVoltage",
    "EVSEMaximumChargeCurrent",
    "EVSEMaximumVoltage",
    "EVSEMaximumChargePower",
}
EXAMPLES = 25
every_loop = pytest.mark.parametrize(("energy", "mode"), [(energy, mode) for energy in ("AC", "DC") for mode in MODES])


def element(energy: str, name: str) -> Any:
    """Find a class of the messages of AC or DC."""
    return getattr(iso20.ac if energy == "AC" else iso20.dc, name)


def stream(energy: str) -> int:
    return ISO20_AC if energy == "AC" else ISO20_DC


def rational(value: int, exponent: int = 0) -> Any:
    return iso20.RationalNumberType(Exponent=exponent, Value=value)


HEADERS = st.builds(
    iso20.MessageHeaderType, SessionID=st.just(SESSION_ID), TimeStamp=st.integers(0, 2**64 - 1), Signature=st.none()
)
RECEIPTS = st.builds(
    iso20.ReceiptType, TimeAnchor=st.integers(0, 2**64 - 1), EnergyCosts=st.none() | messages(iso20.DetailedCostType)
)
METERS = st.builds(
    lambda meter, meter_id: msgspec.structs.replace(meter, MeterID=meter_id),
    messages(iso20.MeterInfoType),
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=32),
)
OFTEN_EQUAL = st.builds(rational, st.sampled_from([-400, -40, 0, 1, 4, 40, 399, 400, 4000, 32767]), st.integers(-3, 3))


@st.composite
def control_modes(draw: st.DrawFn, energy: str, mode: str, direction: str) -> Any:
    """Draw a control mode whose targets and limits often meet."""
    drawn = draw(messages(element(energy, f"{mode}_{energy}_CL{direction}ControlModeType")))
    for name in COMPARED & set(drawn.__struct_fields__):
        if getattr(drawn, name) is not None and draw(st.booleans()):
            setattr(drawn, name, draw(OFTEN_EQUAL))
    return drawn


def requests(energy: str, mode: str) -> st.SearchStrategy[Any]:
    own = {"EVPresentVoltage": messages(iso20.RationalNumberType)} if energy == "DC" else {}
    return st.builds(
        element(energy, f"{energy}_ChargeLoopReq"),
        Header=HEADERS,
        DisplayParameters=st.none() | messages(iso20.DisplayParametersType),
        MeterInfoRequested=st.booleans(),
        CLReqControlMode=control_modes(energy, mode, "Req"),
        **own,
    )


def responses(energy: str, mode: str) -> st.SearchStrategy[Any]:
    number = messages(iso20.RationalNumberType)
    flags = {f"EVSE{name}LimitAchieved": st.just(False) for name in ("Power", "Current", "Voltage")}
    own = {"EVSETargetFrequency": st.none() | number}
    if energy == "DC":
        own = {"EVSEPresentCurrent": number, "EVSEPresentVoltage": number, **flags}
    return st.builds(
        element(energy, f"{energy}_ChargeLoopRes"),
        Header=HEADERS,
        ResponseCode=st.sampled_from(iso20.ResponseCodeType),
        EVSEStatus=st.none() | messages(iso20.EVSEStatusType),
        MeterInfo=st.none() | METERS,
        Receipt=st.none() | RECEIPTS,
        CLResControlMode=control_modes(energy, mode, "Res"),
        **own,
    )


def template(
    energy: str, fresh: Any, stale: Any = None, fresh_until: float = FOR_EVER, meter_sequence: int = 1
) -> LoopTemplate:
    return LoopTemplate(
        request=element(energy, f"{energy}_ChargeLoopReq"),
        session_id=SESSION_ID,
        fresh=fresh,
        stale=stale or fresh,
        fresh_until=fresh_until,
        meter_sequence=meter_sequence,
        payload_type=stream(energy),
    )


def ask(connection: Any, energy: str, request: Any) -> Any:
    octets = connection.ask(exi.encode(request), stream(energy))
    return exi.decode(octets, f"iso20-{energy.lower()}")


def check_answer(connection: Any, energy: str, published: LoopTemplate, request: Any) -> None:
    """Compare with the session's answer; the time is that of the answer."""
    before = int(time.time())
    answer = ask(connection, energy, request)
    assert before <= answer.Header.TimeStamp <= time.time()
    assert answer == answer_from_template(published, request, time.monotonic(), 0, answer.Header.TimeStamp)


@every_loop
def test_same_answer_as_the_session(connect: Any, energy: str, mode: str) -> None:
    connection = connect(payload_types=STREAMS)
    sequences = iter(range(1, 1_000_000))

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        responses(energy, mode),
        responses(energy, mode),
        st.sampled_from([FOR_EVER, 0.0]),
        st.lists(requests(energy, mode), min_size=1, max_size=3),
    )
    def check(fresh: Any, stale: Any, fresh_until: float, asked: list[Any]) -> None:
        published = template(energy, fresh, stale, fresh_until, next(sequences))
        connection.link.publish(published)
        for request in asked:
            check_answer(connection, energy, published, request)

    check()
    assert connection.all(Frame) == []


def plain_mode(energy: str, mode: str, direction: str) -> Any:
    """Build a control mode with nothing but what it must have."""
    cls = element(energy, f"{mode}_{energy}_CL{direction}ControlModeType")
    return cls(**{field.name: rational(0) for field in msgspec.structs.fields(cls) if field.required})


def header(session_id: bytes = SESSION_ID) -> Any:
    return iso20.MessageHeaderType(SessionID=session_id, TimeStamp=1)


def loop_req(
    energy: str = "DC", mode: str = "Scheduled", session_id: bytes = SESSION_ID, *, meter: bool = False
) -> Any:
    own = {"EVPresentVoltage": rational(400)} if energy == "DC" else {}
    return element(energy, f"{energy}_ChargeLoopReq")(
        Header=header(session_id),
        MeterInfoRequested=meter,
        CLReqControlMode=plain_mode(energy, mode, "Req"),
        **own,
    )


def loop_res(energy: str = "DC", mode: str = "Scheduled", **more: Any) -> Any:
    own: dict[str, Any] = {}
    if energy == "DC":
        own = {f"EVSE{name}LimitAchieved": False for name in ("Power", "Current", "Voltage")}
        own |= {"EVSEPresentCurrent": rational(0), "EVSEPresentVoltage": rational(400)}
    return element(energy, f"{energy}_ChargeLoopRes")(
        Header=header(),
        ResponseCode=iso20.ResponseCodeType.OK,
        CLResControlMode=plain_mode(energy, mode, "Res"),
        **own,
        **more,
    )


METER = iso20.MeterInfoType(MeterID="meter", ChargedEnergyReadingWh=7)


@every_loop
def test_a_request_in_another_control_mode_is_pythons(connect: Any, energy: str, mode: str) -> None:
    """The session answers it FAILED."""
    connection = connect(payload_types=STREAMS)
    connection.link.publish(template(energy, loop_res(energy, mode)))
    others = [other for other in MODES if other != mode]
    for sequence, other in enumerate(others, start=1):
        octets = exi.encode(loop_req(energy, other))
        connection.send(octets, payload_type=stream(energy))
        assert connection.frames(sequence)[-1] == octets
        connection.link.reply(stream(energy), b"from Python")
        assert connection.receive(stream(energy)) == b"from Python"
    assert ask(connection, energy, loop_req(energy, mode)).CLResControlMode == plain_mode(energy, mode, "Res")


@pytest.mark.parametrize(
    ("request_message", "payload_type"),
    [
        pytest.param(loop_req(session_id=bytes(8)), ISO20_DC, id="another session"),
        pytest.param(loop_req(), ISO20_AC, id="another stream"),
        pytest.param(loop_req(), METERING_CONFIRMATION, id="a multiplexed stream"),
        pytest.param(loop_req("AC"), ISO20_DC, id="another grammar"),
        pytest.param(iso20.dc.DC_CableCheckReq(Header=header()), ISO20_DC, id="another request"),
        pytest.param(loop_res(), ISO20_DC, id="a response"),
    ],
)
def test_odd_requests_are_pythons(connect: Any, request_message: Any, payload_type: int) -> None:
    connection = connect(payload_types=STREAMS)
    connection.link.publish(template("DC", loop_res()))
    octets = exi.encode(request_message)
    connection.send(octets, payload_type=payload_type)
    assert connection.frames(1) == [octets]
    assert connection.link.stats().answered == 0


@pytest.mark.parametrize("energy", ["AC", "DC"])
def test_the_meter_is_read_whenever_the_ev_asks(connect: Any, energy: str) -> None:
    """And not otherwise, however often the same reading was sent."""
    connection = connect(payload_types=STREAMS)
    connection.link.publish(template(energy, loop_res(energy, MeterInfo=METER), meter_sequence=5))
    wishes = [False, True, False, True, True]
    readings = [ask(connection, energy, loop_req(energy, meter=wish)).MeterInfo for wish in wishes]
    assert readings == [METER if wish else None for wish in wishes]
    progress = connection.link.progress() or connection.progress()
    assert (progress.meter_sequence_sent, progress.payload_type) == (5, stream(energy))
    assert progress.meter_requests == 3


def test_without_a_reading_there_is_none_to_ask_for(connect: Any) -> None:
    connection = connect(payload_types=STREAMS)
    connection.link.publish(template("DC", loop_res(), meter_sequence=5))
    assert ask(connection, "DC", loop_req(meter=True)).MeterInfo is None
    assert connection.progress().meter_sequence_sent == 0


def test_templates_that_cannot_be(connect: Any) -> None:
    """They raise, and the one before stays."""
    connection = connect(payload_types=STREAMS)
    connection.link.publish(template("DC", loop_res()))
    with pytest.raises(ValueError, match="fresh and stale"):
        connection.link.publish(template("DC", loop_res(), loop_res(mode="Dynamic")))
    with pytest.raises(ValueError, match="fresh and stale"):
        connection.link.publish(template("DC", loop_req()))
    tax = iso20.DetailedTaxType(TaxRuleID=1, Amount=rational(1))
    receipt = iso20.ReceiptType(TimeAnchor=1, TaxCosts=[tax])
    with pytest.raises(EncodeError, match="not a message of the charge loop"):
        connection.link.publish(template("DC", loop_res(Receipt=receipt)))
    assert ask(connection, "DC", loop_req()).ResponseCode == "OK"
