"""What the state machines of the protocols share: who may say what when, refusals, timers, stops.

A protocol gives its tables; `Machine` takes care that every request in every state gets its paired response, that a
FAILED response never leads on, and that nothing waits for ever.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, ClassVar

from fastsecc.charger.payloads import V2gMessages, message_id
from fastsecc.errors import ProtocolError
from fastsecc.messages.payload_types import EXI
from fastsecc.messages.schema import Type
from fastsecc.session import loop, refusal
from fastsecc.session.api import (
    Close,
    LoopProgress,
    LoopTemplate,
    Output,
    Paused,
    STOP_CHARGING_GRACE_s,
)
from fastsecc.session.context import AgeingValue, Answer, Context, LinkAction
from fastsecc.session.timers import Timers

SEQUENCE = "V2G_SECC_Sequence_Timeout"
COMMUNICATION_SETUP = "V2G_SECC_CommunicationSetup_Timeout"
EMERGENCY = "emergency shutdown"
HOLD = "held response"
GRACE = "stop_charging grace"
FRESHNESS = "age of the charger's values"

EMERGENCY_CLOSE_s = 3.0
"""After an emergency shutdown the connection is closed even if the EV asks for nothing that could be refused."""

Handler = Callable[[Any, Any], Answer]
"""Takes a request (in DIN 70121 and ISO 15118-2 its body element) and the context."""
StateTable = Mapping[Enum, Mapping[type[Type], Handler]]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request on its way to its handler."""

    body: Any
    """Its body element; the message itself in ISO 15118-20."""
    session_id: bytes
    response: type[Type]
    """What answers it."""
    payload_type: int
    """The V2GTP stream that it came on, and that its response goes out on."""
    signature: Any = None
    """In its header."""
    exi: bytes = b""
    """Its octets, without V2GTP header."""
    out_of_turn: bool = False
    """It came while another waited for its response."""


class Machine(ABC):
    """One protocol session, from SessionSetup to SessionStop.

    A subclass gives the class attributes and `known`; handlers raise ProtocolError for a refusal, or return an Answer.
    """

    selected_name: str
    """Value of var `selected_protocol`."""
    namespace: ClassVar[str]
    """EXI namespace of the requests."""
    session_setup: ClassVar[type[Type]]
    """Class of the first request, which needs no session id."""
    start: ClassVar[Enum]
    link_action_on_loss: ClassVar[LinkAction] = LinkAction.ERROR
    """What becomes of the data link when no SessionStop ended the session."""
    tells_failure: ClassVar[bool] = True
    """Var `hlc_session_failed` says why such a session ended."""
    unknown_session_first: ClassVar[bool] = False
    """A wrong session id wins over a wrong place in the sequence (DIN 70121)."""

    def __init__(self, context: Context, timers: Timers, table: StateTable, loops: Mapping[Enum, loop.Loop]) -> None:
        """Begin after supportedAppProtocol.

        Args:
            context: the session's.
            timers: the connection's, with the communication set-up timer running.
            table: which state takes which requests, and who handles them; a state without entry takes none.
            loops: states in which charge-loop requests are due.
        """
        self.context = context
        self.timers = timers
        self.table = table
        self.loops = loops
        self.state = self.start
        self.link_action = self.link_action_on_loss
        self.last_request = "supportedAppProtocol"
        """Name of the newest request without `Req`."""
        self.closing = False
        self.ended = False
        """SessionStop was answered."""
        self._held: Incoming | None = None
        self._answered_by_link = 0
        self._published_oldest: AgeingValue | None = None
        """What ends the freshness of the newest template; newer values may have come since."""

    @abstractmethod
    def known(self, response: type[Type], request: Any) -> Mapping[str, Any]:
        """Give values of mandatory elements that are better than neutral ones in a refusal."""

    @property
    def paused(self) -> Paused | None:
        """What a session that paused leaves for the next; None: it cannot pause."""
        return None

    def namespace_for(self, payload_type: int) -> str | None:
        """Give the EXI namespace of a V2GTP payload type; None: the protocol does not have it."""
        return self.namespace if payload_type == EXI else None

    # inputs

    def receive(self, message: Any, now: float, payload_type: int = EXI, exi: bytes = b"") -> Output:
        """Handle a message from the EV."""
        out = self._begin(now)
        incoming = self._incoming(message, payload_type)
        if self.closing or incoming is None:
            out.log.append(f"{type(_body(message)).__name__} is not answered")
            return out
        self.last_request = _name(incoming.body)
        self._announce(incoming.body)
        self._take(replace(incoming, signature=message.Header.Signature, exi=exi))
        return out

    def wake(self, now: float) -> Output:
        """Let a deadline or a cmd take effect."""
        out = self._begin(now)
        if self.over:
            return out
        for timer in (COMMUNICATION_SETUP, SEQUENCE, EMERGENCY):
            if self.timers.expired(timer, now):  # closed without a response
                self._expire(timer)
                return out
        if self._held is not None:
            incoming, self._held = self._held, None
            self._process(incoming)
        return out

    def loop_progress(self, progress: LoopProgress, now: float) -> Output:
        """Follow what the link thread answered."""
        out = self._begin(now)
        current = self.loops.get(self.state)
        if self.closing or current is None or progress.answered <= self._answered_by_link:
            return out
        self._answered_by_link = progress.answered
        self.context.meter_sent = max(self.context.meter_sent, progress.meter_sequence_sent)
        if progress.stale:
            self._turn_stale(progress.at, self._published_oldest)
        request = _body(progress.request)
        self.last_request = _name(request)
        self._announce(request)
        current.report(request, self.context)
        self._follow(request, current.next)
        self.timers.start(SEQUENCE, progress.at + self.sequence_timeout_s(request))
        return out

    def loop_template(self, now: float) -> LoopTemplate | None:
        """Give what the link thread is to answer with; None while every request has to come to the state machine."""
        context = self.context
        context.now = now
        self._published_oldest = context.oldest
        current = self.loops.get(self.state)
        if current is None or self.closing or context.charger.emergency or context.grace_is_over:
            return None
        return loop.template(current, context)

    @property
    def over(self) -> bool:
        """Tell whether the session has ended: by SessionStop, or because the connection is being closed."""
        return self.closing or self.ended

    # answers

    def sequence_timeout_s(self, request: Any) -> float:
        """Give how long the EV may be silent after the response to a request."""
        return self.context.settings.sequence_timeout_s

    def _begin(self, now: float) -> Output:
        out = Output()
        self.context.now, self.context.out = now, out
        if not self.over:
            self._watch(now)
        return out

    def _incoming(self, message: Any, payload_type: int) -> Incoming | None:
        """Pair a request with its response; None for what is no request.

        The schema lets a document be any of its global elements, not only a V2G_Message.
        """
        if not isinstance(message, self.context.messages.V2G_Message):
            return None
        body = _body(message)
        response = getattr(self.context.messages, _name(body) + "Res", None)
        if response is None or not type(body).__name__.endswith("Req"):
            return None
        return Incoming(body, message.Header.SessionID, response, payload_type)

    def _take(self, incoming: Incoming) -> None:
        """Let a new request take the place of one that waits."""
        interrupted, self._held = self._held is not None, None
        self._process(replace(incoming, out_of_turn=interrupted))

    def _process(self, incoming: Incoming) -> None:
        answer = self._answer(incoming)
        if answer.response is None:
            self._hold(incoming, answer)
        else:
            self._respond(incoming, answer)

    def _answer(self, incoming: Incoming) -> Answer:
        request, context = incoming.body, self.context
        context.received_session_id, context.received_signature = incoming.session_id, incoming.signature
        context.received_exi = incoming.exi
        try:
            handler = self._admit(incoming)
            return handler(request, self.context)
        except ProtocolError as refused:
            self.context.log(f"{type(request).__name__}: {refused}")
            known = self.known(incoming.response, request)
            return Answer(refusal.refuse(incoming.response, refused.response_code, known))

    def _admit(self, incoming: Incoming) -> Handler:
        """Find the handler of a request, or refuse it."""
        request, session_id = incoming.body, incoming.session_id
        handler = None if incoming.out_of_turn else self._handler(incoming)
        stranger = self._is_stranger(request, session_id)
        if stranger and (self.unknown_session_first or handler is not None):  # [V2G2-460], [V2G-DC-391]
            raise ProtocolError("FAILED_UnknownSession", f"session {session_id.hex() or 'without id'}")
        if handler is None:
            raise ProtocolError("FAILED_SequenceError", f"in state {self.state.name}")  # [V2G2-538], [V2G-DC-390]
        if self.context.charger.emergency:
            raise ProtocolError("FAILED", "emergency shutdown")
        if self.context.grace_is_over:
            raise ProtocolError("FAILED", "the EV did not follow the request to stop")
        return handler

    def _handler(self, incoming: Incoming) -> Handler | None:
        return self.table.get(self.state, {}).get(type(incoming.body))

    def _is_stranger(self, request: Any, session_id: bytes) -> bool:
        """Compare session ids; zero is an id like any other, and before SessionSetup there is none to compare."""
        if isinstance(request, self.session_setup) or self.state is self.start:
            return False
        return session_id != self.context.session_id

    def _respond(self, incoming: Incoming, answer: Answer) -> None:
        response: Any = answer.response
        request, context = incoming.body, self.context
        context.waiting_since = None
        self.timers.stop(HOLD)
        self.timers.start(SEQUENCE, context.now + self.sequence_timeout_s(request))
        if isinstance(request, self.session_setup):
            self.timers.stop(COMMUNICATION_SETUP)
        self._send(incoming, answer)
        if answer.link is not None:
            self.link_action = answer.link
            self.ended = True
        if response.ResponseCode.startswith("FAILED"):
            self._fail(response.ResponseCode)
        else:
            self._follow(request, answer.next)
        if self.over and not self.closing:
            context.out.close = Close.AFTER_EV
            self.timers.stop_all()

    def _send(self, incoming: Incoming, answer: Answer) -> None:
        assert answer.response is not None
        out, passed = self.context.out, answer.passed
        if passed is None:
            out.response = self.context.wrap(answer.response, answer.signature)
        else:
            out.response, out.response_exi = passed.message, passed.exi
        out.payload_type = incoming.payload_type
        self._announce(answer.response)

    def _fail(self, code: str) -> None:
        """End the session with a FAILED response [V2G2-539], [V2G-DC-665]."""
        if self.context.settings.close_on_failed or code == "FAILED_SequenceError":
            self._close(Close.NOW, f"answered {code}")

    def _follow(self, request: Any, state: Enum | None) -> None:
        """Take the transition that an OK response leads to."""
        self.context.previous = type(request)
        if state is None or state is self.state:
            return
        if state in self.loops and self.state not in self.loops:
            self.context.loop_since = self.context.now
        self.state = state
        self._watch(self.context.now)

    def _hold(self, incoming: Incoming, answer: Answer) -> None:
        assert answer.hold_until is not None
        self._held = replace(incoming, out_of_turn=False)
        if self.context.waiting_since is None:
            self.context.waiting_since = self.context.now
        self.timers.stop(SEQUENCE)
        self.timers.start(HOLD, answer.hold_until)

    def _expire(self, timer: str) -> None:
        self._close(Close.NOW, f"{timer} expired")

    def _close(self, how: Close, why: str) -> None:
        self.closing = True
        self.context.out.close = how
        self.context.log(f"connection ends: {why}")
        self.timers.stop_all()

    # conditions

    def _watch(self, now: float) -> None:
        """Notice what has become true by the passing of time or by cmds, and set the deadlines for what may."""
        context = self.context
        in_loop = self.state in self.loops
        if in_loop and context.stale_at is None and now >= context.fresh_until:
            self._turn_stale(now, context.oldest)
        ages = in_loop and context.stale_at is None and context.oldest is not None
        self._set(FRESHNESS, context.fresh_until if ages else None)
        stop_since = context.stop_since
        insists = in_loop and stop_since is not None and not context.grace_is_over
        self._set(GRACE, stop_since + STOP_CHARGING_GRACE_s if insists and stop_since is not None else None)
        if context.charger.emergency and context.settings.close_on_failed and not self.timers.running(EMERGENCY):
            self.timers.start(EMERGENCY, now + EMERGENCY_CLOSE_s)

    def _set(self, name: str, due: float | None) -> None:
        if due is None:
            self.timers.stop(name)
        else:
            self.timers.start(name, due)

    def _turn_stale(self, at: float, oldest: AgeingValue | None) -> None:
        if self.context.stale_at is not None or oldest is None:
            return
        self.context.stale_at = at
        self.context.warn(f"{oldest.name} {at - oldest.at:.1f} s old: stopping")

    def _announce(self, body: Any) -> None:
        """Publish which message was received or is about to be sent."""
        if self.context.charger.debug_mode:
            self.context.publish("v2g_messages", V2gMessages(id=message_id(type(body).__name__)))


def _body(message: Any) -> Any:
    """Give the body element; of a document that is no V2G_Message, the document."""
    return message.Body.BodyElement if hasattr(message, "Body") else message


def _name(body: Any) -> str:
    return type(body).__name__.removesuffix("Req")
