"""Replay what a car asked of another charger: what do we answer, beside what that charger answered?

The recorded requests go to our session core in their order, with our session id in the place of the recorded one, while
a `RecordedCharger` behind the core says what the recorded charger must have been told. Sessions of ISO 15118-20 are
only listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fastsecc import exi
from fastsecc.charger.state import ChargerState
from fastsecc.errors import DecodeError
from fastsecc.exi import Decoded, Deviation
from fastsecc.messages import app_protocol as sap
from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.messages.payload_types import EXI
from fastsecc.messages.schema import Type
from fastsecc.session.api import Output, Paused, SessionSettings
from fastsecc.session.session import Session
from fastsecc.sim import recorded_iso20
from fastsecc.sim.capture import Exchange, Record, exchanges
from fastsecc.sim.difference import Difference, differences
from fastsecc.sim.recorded_charger import Answered, RecordedCharger

PAUSE_MAX_s = 50.0
"""Longest time between two requests: captures are thinned, and a gap in one is no reason for a sequence timeout."""


class Verdict(StrEnum):
    """How our answer stands beside the recorded one."""

    SAME = "same"
    """Both accept, or both refuse with the same code."""
    ACCEPTED = "accepted"
    """We accept what was refused."""
    REFUSED = "refused"
    """We refuse what was accepted."""
    OTHER_CODE = "other code"
    """Both refuse, with different codes."""
    OTHER_MESSAGE = "other message"
    UNRECORDED = "unrecorded"
    """There is no recorded answer to compare with."""
    UNANSWERED = "unanswered"
    """We answer nothing to what was answered."""
    ENDED = "ended"
    """Our connection had ended before, with a refusal."""
    LISTED = "listed"
    """Of a session of ISO 15118-20, which is not replayed."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side's answer to a request."""

    body: Type | None
    """The response, for V2G messages its body element; None: no answer, or one that cannot be decoded."""

    @property
    def name(self) -> str:
        """Name of the message; empty if there is none."""
        return "" if self.body is None else type(self.body).__name__

    @property
    def code(self) -> str:
        """Its response code; empty if there is none."""
        return str(getattr(self.body, "ResponseCode", ""))

    @property
    def accepts(self) -> bool:
        """Tell whether it is an OK code."""
        return self.code.startswith("OK")


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded request and both answers to it."""

    line: int
    """Where the request stands in the capture."""
    at_s: float
    connection: int
    """Count of the connection, from 1."""
    request: str
    """Name of the request, "?" if it cannot be decoded."""
    recorded: Side
    ours: Side
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    """What the EV's request has that its schema does not allow."""
    log: tuple[str, ...] = ()
    """What our session tells the operator."""

    @property
    def is_worse(self) -> bool:
        """Tell whether we refuse, or do not answer, what was accepted; not what comes after our refusal."""
        compared = self.verdict not in (Verdict.ENDED, Verdict.LISTED)
        return compared and self.recorded.accepts and not self.ours.accepts


@dataclass(slots=True)
class _Memory:
    """What outlives a connection."""

    charger: ChargerState
    settings: SessionSettings
    now: float = 0.0
    at_s: float | None = None
    session_ids: dict[bytes, bytes] = field(default_factory=dict)
    """Recorded session id -> ours."""
    paused: Paused | None = None


def replay(records: Iterable[Record], settings: SessionSettings | None = None) -> list[Step]:
    """Replay a capture.

    Args:
        records: of one capture, in order.
        settings: of the session core; None: the defaults, but FAILED responses leave the end to the EV, as the
            chargers in the captures do.

    Raises:
        EncodeError: the session core gave an answer that its schema does not allow.
    """
    memory = _Memory(ChargerState(), settings or SessionSettings(close_on_failed=False))
    return [
        step
        for number, connection in enumerate(_connections(exchanges(records)), start=1)
        for step in _steps(number, connection, memory)
    ]


def _steps(number: int, connection: Sequence[Exchange], memory: _Memory) -> Iterator[Step]:
    first = connection[0]
    request, response = _decode(first.request, "sap"), first.response and _decode(first.response, "sap")
    chosen = _chosen(request, response) if isinstance(request, sap.supportedAppProtocolReq) else None
    if chosen is None or not recorded_iso20.is_iso20(chosen):
        return _Connection(number, connection, memory).steps()
    return _listed(number, connection, chosen)


def _listed(number: int, recorded: Sequence[Exchange], chosen: str) -> Iterator[Step]:
    """Say what was asked and answered in a session of ISO 15118-20."""
    for index, exchange in enumerate(recorded):
        namespace = chosen if index else "sap"
        request = _decode_flagged(exchange.request, namespace)
        yield Step(
            line=exchange.request.line,
            at_s=exchange.request.at_s,
            connection=number,
            request="?" if request is None else type(request.message).__name__,
            recorded=Side(None if exchange.response is None else _decode(exchange.response, namespace)),
            ours=Side(None),
            verdict=Verdict.LISTED,
            deviations=() if request is None else request.deviations,
        )


def _connections(all_exchanges: Iterable[Exchange]) -> Iterator[list[Exchange]]:
    """Part exchanges at each supportedAppProtocolReq."""
    connection: list[Exchange] = []
    for exchange in all_exchanges:
        may_be_first = exchange.request.payload_type in (None, EXI)
        if connection and may_be_first and isinstance(_decode(exchange.request, "sap"), sap.supportedAppProtocolReq):
            yield connection
            connection = []
        connection.append(exchange)
    if connection:
        yield connection


class _Connection:
    """One recorded TCP connection, played to a session of its own."""

    def __init__(self, number: int, recorded: Sequence[Exchange], memory: _Memory) -> None:
        self._number = number
        self._exchanges = recorded
        self._memory = memory
        self._answered = _decoded(recorded)
        self._charger = RecordedCharger(memory.charger, self._answered, memory.now)
        self._session = Session(memory.charger, memory.settings, memory.now, memory.paused)
        self._ended = False

    def steps(self) -> Iterator[Step]:
        """Play every request."""
        for index, exchange in enumerate(self._exchanges):
            self._let_time_pass(exchange.request.at_s)
            yield self._step(index, exchange)
        self._session.closed(self._memory.now)
        self._memory.paused = self._session.paused

    def _let_time_pass(self, at_s: float) -> None:
        before = self._memory.at_s
        self._memory.at_s = at_s
        self._memory.now += min(PAUSE_MAX_s, max(0.0, at_s - before)) if before is not None else PAUSE_MAX_s

    def _step(self, index: int, exchange: Exchange) -> Step:
        recorded = Side(self._answered[index].response)
        request = self._answered[index].request
        ended = self._ended
        output, deviations = (Output(), ()) if ended else self._play(index, exchange.request)
        ours = Side(_body(output.response))
        if output.response is not None:
            exi.encode(output.response)
        self._learn_session_id(exchange)
        compared = differences(recorded.body, ours.body) if recorded.body and ours.body else ()
        return Step(
            line=exchange.request.line,
            at_s=exchange.request.at_s,
            connection=self._number,
            request="?" if request is None else type(request).__name__,
            recorded=recorded,
            ours=ours,
            verdict=Verdict.ENDED if ended else _judge(recorded, ours),
            differences=tuple(compared),
            deviations=deviations,
            log=(*output.log, *output.warnings),
        )

    def _play(self, index: int, record: Record) -> tuple[Output, tuple[Deviation, ...]]:
        now = self._memory.now
        try:
            decoded = exi.decode_flagged(record.data, self._session.namespace)
        except DecodeError as error:
            return self._followed(self._session.undecodable(error, now)), ()
        self._charger.before(index, now)
        output = self._session.receive(self._with_our_session_id(decoded.message), now)
        if output.response is None and output.close is None:
            self._charger.held(now)
            output = self._session.wake(now)
        return self._followed(output), decoded.deviations

    def _followed(self, output: Output) -> Output:
        self._ended |= output.close is not None
        return output

    def _with_our_session_id(self, message: Any) -> Any:
        ids = self._memory.session_ids
        header = getattr(message, "Header", None)
        if header is not None:
            header.SessionID = ids.get(header.SessionID, header.SessionID)
        body = _body(message)
        if hasattr(body, "SessionID"):
            body.SessionID = ids.get(body.SessionID, body.SessionID)
        return message

    def _learn_session_id(self, exchange: Exchange) -> None:
        response = self._whole(exchange.response)
        header = getattr(response, "Header", None)
        if header is not None and any(header.SessionID):
            self._memory.session_ids.setdefault(header.SessionID, self._session.session_id)

    def _whole(self, record: Record | None) -> Any:
        return None if record is None else _decode(record, self._session.namespace)


def _judge(recorded: Side, ours: Side) -> Verdict:
    if not recorded.code:
        return Verdict.UNRECORDED
    if not ours.code:
        return Verdict.UNANSWERED
    if recorded.name != ours.name:
        return Verdict.OTHER_MESSAGE
    if recorded.accepts != ours.accepts:
        return Verdict.ACCEPTED if ours.accepts else Verdict.REFUSED
    return Verdict.SAME if ours.accepts or recorded.code == ours.code else Verdict.OTHER_CODE


def _decoded(recorded: Sequence[Exchange]) -> list[Answered]:
    """Decode both sides of a connection, in the namespace that the recorded charger chose."""
    answered: list[Answered] = []
    namespace = "sap"
    for exchange in recorded:
        request = _decode(exchange.request, namespace)
        response = None if exchange.response is None else _decode(exchange.response, namespace)
        answered.append(Answered(_body(request), _body(response)))
        if isinstance(request, sap.supportedAppProtocolReq):
            namespace = _chosen(request, response) or namespace
    return answered


def _chosen(request: sap.supportedAppProtocolReq, response: Any) -> str | None:
    """Name the namespace that a recorded charger chose; None if it chose none, or one that we do not speak."""
    by_uri = {namespace.uri: name for name, namespace in NAMESPACES.items()}
    schema_id = getattr(response, "SchemaID", None)
    chosen = (by_uri.get(each.ProtocolNamespace) for each in request.AppProtocol if each.SchemaID == schema_id)
    return next(chosen, None)


def _decode(record: Record, namespace: str) -> Any:
    decoded = _decode_flagged(record, namespace)
    return None if decoded is None else decoded.message


def _decode_flagged(record: Record, namespace: str) -> Decoded | None:
    if recorded_iso20.is_iso20(namespace):
        return recorded_iso20.decode(record, namespace)
    try:
        return exi.decode_flagged(record.data, namespace)
    except DecodeError:
        return None


def _body(message: Any) -> Any:
    """Give the body element of a V2G message; other messages are their own."""
    body = getattr(message, "Body", None)
    return message if body is None else body.BodyElement
