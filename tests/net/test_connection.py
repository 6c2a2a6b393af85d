"""What a connection does in which order, with a fake link, session and codec."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
import weakref
from collections.abc import Callable, Coroutine, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from fastsecc._link import CloseMode, Fault, Handshake, Ignored, LinkProgress
from fastsecc.charger.charger import Charger
from fastsecc.charger.payloads import V2gMessages, message_id
from fastsecc.errors import DecodeError, EncodeError
from fastsecc.net import connection
from fastsecc.net.connection import Connection
from fastsecc.session.api import Close, Output, Variable
from tests.net.fakes import FakeLink, FakeSession

Step = Callable[["Bench"], Coroutine[Any, Any, None]]


class FakeCodec:
    """Messages are text; `bad` cannot be decoded, `odd` deviates, `unsaid` cannot be encoded."""

    def decode_flagged(self, data: bytes, namespace: str) -> Any:
        if data == b"bad":
            raise DecodeError("/x", 7, "no such event")
        return SimpleNamespace(
            message=f"{namespace}:{data.decode()}", deviations=["over-long"] if data == b"odd" else []
        )

    def decode(self, data: bytes, namespace: str) -> Any:
        return self.decode_flagged(data, namespace).message

    def encode(self, message: Any) -> bytes:
        if message == "unsaid":
            raise EncodeError("/x", "too long")
        return str(message).encode()


class Waits:
    """As many milliseconds as the response has letters."""

    def response_ms(self, response: Any) -> int:
        return len(response)

    def template_ms(self, template: Any) -> int:
        return len(template)


class Bench:
    """A connection and all that it touches; what link and charger see is noted in one order."""

    def __init__(self) -> None:
        self.link = FakeLink()
        self.session = FakeSession()
        self.charger = Charger("1")
        self.ended = 0
        self.charger.subscribe(lambda name, value: self.link.calls.append(("var", name, value)))
        self.connection: Any = Connection(self.link, self.session, self.charger, self._on_ended)  # type: ignore[arg-type]

    def _on_ended(self) -> None:
        self.ended += 1

    @property
    def calls(self) -> list[tuple[Any, ...]]:
        return self.link.calls

    async def turn(self) -> None:
        """Let the loop see what was given."""
        for _ in range(4):
            await asyncio.sleep(0)


@pytest.fixture
def bench(monkeypatch) -> Iterator[Bench]:
    monkeypatch.setattr(connection, "exi", FakeCodec())
    bench = Bench()
    yield bench
    bench.link.dispose()


def run(bench: Bench, steps: Step) -> None:
    async def all_steps() -> None:
        bench.connection.start()
        await steps(bench)

    asyncio.run(asyncio.wait_for(all_steps(), 5))


def output(response: Any = None, *variables: str, close: Close | None = None) -> Callable[[], Output]:
    return lambda: Output([Variable(name) for name in variables], response, close=close)


def test_vars_go_before_the_template_and_that_before_the_reply(bench: Bench) -> None:
    async def steps(bench: Bench) -> None:
        bench.session.answers["receive"] = output("res", "start_cable_check", "start_pre_charge")
        bench.session.template = "template"
        bench.link.frame(b"req", sequence=3)
        await bench.turn()

    run(bench, steps)
    assert bench.session.inputs == [("receive", "sap:req")]
    assert bench.calls == [
        ("var", "start_cable_check", None),
        ("var", "start_pre_charge", None),
        ("publish", "template"),
        ("reply", 0x8001, b"res", CloseMode.KEEP, 3),
    ]


def test_what_the_link_answered_is_reported_before_the_frames_that_follow(bench: Bench) -> None:
    async def steps(bench: Bench) -> None:
        bench.link.news = LinkProgress(5, b"loop", 1.0, 0, False)
        bench.link.frame(b"stop")
        await bench.turn()

    run(bench, steps)
    assert bench.session.inputs == [("loop_progress", "sap:loop", 5), ("receive", "sap:stop")]


def test_a_timer_fires_only_after_the_session_has_heard_of_the_loop(bench: Bench) -> None:
    async def steps(bench: Bench) -> None:
        bench.link.news = LinkProgress(5, b"loop", 1.0, 0, False)
        bench.connection.wake()

    run(bench, steps)
    assert bench.session.inputs == [("loop_progress", "sap:loop", 5), ("wake",)]


def test_a_timer_fires_only_after_the_session_has_heard_what_came_before(bench: Bench) -> None:
    async def steps(bench: Bench) -> None:
        bench.link.frame(b"req")
        bench.connection.wake()
        bench.link.close_by_ev()
        bench.connection.wake()

    run(bench, steps)
    assert [name for name, *_ in bench.session.inputs] == ["receive", "wake", "closed"]


def test_the_template_is_withdrawn_before_the_reply_that_ends_the_loop(bench: Bench) -> None:
    async def steps(bench: Bench) -> None:
        bench.session.template = "template"
        bench.connection.wake()
        bench.session.template = None
        bench.session.answers["receive"] = output("res")
        bench.link.frame(b"req")
        bench.link.frame(b"req", 2)
        await bench.turn()

    run(bench, steps)
    assert [call[0] for call in bench.calls] == ["publish", "disarm", "reply", "reply"]


def test_a_template_the_link_does_not_take_leaves_the_loop_to_the_session(bench: Bench, caplog) -> None:
    async def steps(bench: Bench) -> None:
        bench.session.template = "template"
        bench.link.publish_fails = True
        bench.connection.wake()

    run(bench, steps)
    assert bench.calls == [("disarm",)]
    assert "answered slowly: no such template" in caplog.text


def test_octets_that_are_no_message_get_no_answer(bench: Bench, caplog) -> None:
    async def steps(bench: Bench) -> None:
        bench.link.frame(b"bad")
        await bench.turn()

    run(bench, steps)
    assert bench.session.inputs == [("undecodable", "/x: bit 7: no such event")]
    assert bench.calls == []
    assert b"bad".hex() in caplog.text


def test_octets_that_are_no_message_leave_nothing_to_collect(bench: Bench) -> None:
    """A connection's file descriptors are freed with it, not at the next garbage collection."""

    async def steps(bench: Bench) -> None:
        bench.link.frame(b"bad")
        bench.link.close_by_ev()
        await bench.turn()

    connection = weakref.ref(bench.connection)
    gc.disable()
    try:
        run(bench, steps)
        bench.connection = None
        assert connection() is None
    finally:
        gc.enable()


def test_what_nobody_should_miss_is_a_warning(bench: Bench, caplog) -> None:
    async def steps(bench: Bench) -> None:
        bench.session.answers["wake"] = lambda: Output(log=["by the way"], warnings=["values are old"])
        bench.connection.wake()

    with caplog.at_level(logging.WARNING):
        run(bench, steps)
    assert [record.getMessage() for record in caplog.records] == ["1: values are old"]


def test_a_deviation_from_the_schema_is_logged(bench: Bench, caplog) -> None:
    async def steps(bench: Bench) -> None:
        bench.link.frame(b"odd")
        await bench.turn()

    with caplog.at_level(logging.INFO):
        run(bench, steps)
    assert "over-long" in caplog.text
    assert bench.session.inputs == [("receive", "sap:odd")]


@pytest.mark.parametrize(
    ("response", "close", "call"),
    [
        ("res", Close.NOW, ("reply", 0x8001, b"res", CloseMode.NOW, 1)),
        ("res", Close.AFTER_EV, ("reply", 0x8001, b"res", CloseMode.AFTER_EV, 1)),
        (None, Close.NOW, ("close", CloseMode.NOW)),
        (None, Close.AFTER_EV, ("close", CloseMode.AFTER_EV)),
    ],
)
def test_the_session_says_how_the_connection_ends(bench: Bench, response: Any, close: Close, call: Any) -> None:
    async def steps(bench: Bench) -> None:
        bench.session.answers["receive"] = output(response, close=close)
        bench.link.frame(b"req")
        await bench.turn()

    run(bench, steps)
    assert bench.calls == [call]


def test_a_deadline_wakes_the_session_not_before_it_is_due(bench: Bench) -> None:
    woken_at: list[float] = []
    due = time.monotonic() + 0.02

    async def steps(bench: Bench) -> None:
        woken = asyncio.Event()

        def on_wake() -> Output:
            bench.session.deadline = None
            woken_at.append(time.monotonic())
            woken.set()
            return Output(response="held")

        bench.session.answers["wake"] = on_wake
        bench.session.deadline = due
        bench.link.frame(b"req")
        await woken.wait()

    run(bench, steps)
    assert woken_at[0] >= due
    assert bench.calls == [("reply", 0x8001, b"held", CloseMode.KEEP, 1)]


def test_the_end_is_published_and_nothing_is_sent_after_it(bench: Bench) -> None:
    async def steps(bench: Bench) -> None:
        bench.session.deadline = time.monotonic() + 60
        bench.session.answers["closed"] = output("late", "current_demand_finished", "dlink_error")
        bench.link.frame(b"req")
        bench.link.close_by_ev()
        await bench.turn()
        bench.connection.wake()

    run(bench, steps)
    assert bench.calls == [("var", "current_demand_finished", None), ("var", "dlink_error", None)]
    assert [name for name, *_ in bench.session.inputs] == ["receive", "closed"]
    assert (bench.ended, bench.connection.alive) == (1, False)


def test_a_failure_of_the_session_ends_its_connection_only(bench: Bench, caplog) -> None:
    def fail() -> Output:
        raise RuntimeError("a mistake of ours")

    async def steps(bench: Bench) -> None:
        bench.session.answers["receive"] = fail
        bench.link.frame(b"req")
        await bench.turn()
        await bench.turn()

    run(bench, steps)
    assert bench.calls == [("abort",)]
    assert bench.ended == 1
    assert "a mistake of ours" in caplog.text


def test_a_response_that_cannot_be_encoded_ends_the_connection(bench: Bench, caplog) -> None:
    async def steps(bench: Bench) -> None:
        bench.session.answers["receive"] = output("unsaid", "start_cable_check")
        bench.link.frame(b"req")
        await bench.turn()

    run(bench, steps)
    assert bench.calls == [("abort",)]
    assert "/x: too long" in caplog.text


def test_the_octets_of_a_back_end_go_to_the_ev_as_they_are(bench: Bench) -> None:
    """And those of the EV to the session, which may have to show them to a back end."""

    async def steps(bench: Bench) -> None:
        bench.session.answers["receive"] = lambda: Output(response="unsaid", response_exi=b"as it came")
        bench.link.frame(b"req")
        await bench.turn()

    run(bench, steps)
    assert bench.calls == [("reply", 0x8001, b"as it came", CloseMode.KEEP, 1)]
    assert bench.session.received_exi == b"req"


def test_an_ignored_frame_is_logged(bench: Bench, caplog) -> None:
    async def steps(bench: Bench) -> None:
        bench.link.give(Ignored(Fault.BAD_VERSION))
        await bench.turn()

    run(bench, steps)
    assert "ignored: bad_version" in caplog.text
    assert bench.session.inputs == []


def test_v2g_messages_carry_the_octets_with_their_header(bench: Bench) -> None:
    def answer() -> Output:
        ids = ("CurrentDemandReq", "CurrentDemandRes")
        return Output([Variable("v2g_messages", V2gMessages(id=message_id(name))) for name in ids], "res")

    bench.charger.state.debug_mode = True

    async def steps(bench: Bench) -> None:
        bench.session.answers["receive"] = answer
        bench.link.frame(b"req")
        await bench.turn()

    run(bench, steps)
    request, response = (value for kind, _, value in bench.calls[:2] if kind == "var")
    assert request == {"id": "CurrentDemandReq", "exi": "01fe800100000003726571", "exi_base64": "Af6AAQAAAANyZXE="}
    assert (response["id"], response["exi"]) == ("CurrentDemandRes", "01fe800100000003726573")


def test_messages_keep_to_their_streams(bench: Bench) -> None:
    """The grammar follows from the payload type; the session says on which stream it answers."""

    async def steps(bench: Bench) -> None:
        bench.session.answers["receive"] = lambda: Output(response="res", payload_type=0x8102)
        bench.link.frame(b"req", payload_type=0x8102)
        await bench.turn()

    run(bench, steps)
    assert bench.session.inputs == [("receive", "common:req")]
    assert bench.session.payload_types == [0x8102]
    assert bench.calls == [("reply", 0x8102, b"res", CloseMode.KEEP, 1)]


def test_a_frame_of_no_use_to_the_session_is_ignored(bench: Bench, caplog) -> None:
    async def steps(bench: Bench) -> None:
        for sequence in (1, 2):
            bench.link.frame(b"req", sequence, payload_type=0x8005)
            await bench.turn()

    run(bench, steps)
    assert bench.session.inputs == []
    assert bench.calls == []
    assert caplog.text.count("ignored: payload type 0x8005") == 1


def test_what_the_link_answered_is_read_with_its_streams_grammar(bench: Bench) -> None:
    async def steps(bench: Bench) -> None:
        bench.link.news = LinkProgress(5, b"loop", 1.0, 0, False, 0x8002)
        bench.connection.wake()

    run(bench, steps)
    assert bench.session.inputs == [("loop_progress", "common:loop", 5), ("wake",)]


def test_the_session_hears_how_secure_the_connection_is(bench: Bench) -> None:
    async def steps(bench: Bench) -> None:
        bench.link.give(Handshake("TLSv1.3", "", "", "", None))
        bench.link.frame(b"req")
        await bench.turn()

    run(bench, steps)
    assert bench.session.security == ("TLSv1.3", None)
    assert bench.session.inputs == [("receive", "sap:req")]


def test_v2g_messages_of_a_stream_carry_its_payload_type(bench: Bench) -> None:
    def answer() -> Output:
        ids = ("DC_ChargeLoopReq", "DC_ChargeLoopRes")
        variables = [Variable("v2g_messages", V2gMessages(id=message_id(name))) for name in ids]
        return Output(variables, "res", payload_type=0x8002)

    bench.charger.state.debug_mode = True

    async def steps(bench: Bench) -> None:
        bench.session.answers["receive"] = answer
        bench.link.frame(b"req", payload_type=0x8102)
        await bench.turn()

    run(bench, steps)
    published = [value["exi"] for kind, _, value in bench.calls[:2] if kind == "var"]
    assert published == ["01fe810200000003726571", "01fe800200000003726573"]


def test_v2g_messages_of_what_was_not_received_have_no_octets(bench: Bench) -> None:
    async def steps(bench: Bench) -> None:
        message = Variable("v2g_messages", V2gMessages(id=message_id("")))
        bench.session.answers["wake"] = lambda: Output([message])
        bench.connection.wake()

    run(bench, steps)
    assert bench.calls == [("var", "v2g_messages", {"id": "UnknownMessage"})]


def test_v2g_messages_have_no_octets_without_debug_mode(bench: Bench) -> None:
    async def steps(bench: Bench) -> None:
        message = Variable("v2g_messages", V2gMessages(id=message_id("SessionSetupReq")))
        bench.session.answers["receive"] = lambda: Output([message])
        bench.link.frame(b"req")
        await bench.turn()

    run(bench, steps)
    assert bench.calls[0] == ("var", "v2g_messages", {"id": "SessionSetupReq"})


def test_replies_and_templates_wait_as_configured(bench: Bench) -> None:
    async def steps(bench: Bench) -> None:
        bench.connection._pacing = Waits()
        bench.session.answers["receive"] = output("res")
        bench.session.template = "looped"
        bench.link.frame(b"req")
        await bench.turn()

    run(bench, steps)
    assert bench.link.waits == [len("looped"), len("res")]
