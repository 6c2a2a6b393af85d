"""One EV's connection: carries messages between the link thread and the session, in the order that each relies on."""

from __future__ import annotations

import asyncio
import base64
import logging
import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from fastsecc import exi
from fastsecc._link import Closed, CloseMode, CloseReason, Frame, Handshake, Ignored
from fastsecc.charger.payloads import V2gMessages
from fastsecc.errors import CodecError, DecodeError
from fastsecc.net.pacing import Pacing
from fastsecc.session.api import Close, LoopProgress, Output, Variable

if TYPE_CHECKING:
    from fastsecc._link import Link, LinkProgress, LinkStats
    from fastsecc.charger.charger import Charger
    from fastsecc.messages.schema import Type
    from fastsecc.session.session import Session

log = logging.getLogger(__name__)

CLOSE_MODES = {None: CloseMode.KEEP, Close.AFTER_EV: CloseMode.AFTER_EV, Close.NOW: CloseMode.NOW}
USUAL_ENDINGS = frozenset({CloseReason.EV_CLOSED, CloseReason.CLOSED_BY_US})
V2GTP_HEADER = struct.Struct(">BBHI")
NO_PACING = Pacing()
TIMER_SLACK_s = 0.001
"""Loops count in whole milliseconds: a timer that fires early would find nothing due."""


class Connection:
    """A link and its session. Everything happens in the event loop's thread."""

    def __init__(
        self,
        link: Link,
        session: Session,
        charger: Charger,
        ended: Callable[[], None],
        pacing: Pacing = NO_PACING,
        *,
        tls: bool = False,
    ) -> None:
        """Make a connection.

        Args:
            link: its thread runs already.
            session: a fresh one.
            charger: whom vars are published to.
            ended: called once, after the last var.
            pacing: how long responses wait.
            tls: the link begins with a handshake.
        """
        self.link = link
        self.session = session
        self.charger = charger
        self._ended = ended
        self._pacing = pacing
        self.alive = True
        """False once the link has closed."""
        self.handshake: Handshake | None = None
        """How the connection is secured, as soon as it is."""
        self._handshaking = tls
        self._armed = False
        self._timer: asyncio.TimerHandle | None = None
        self._frame = 0
        self._request: bytes | None = None
        """The newest request, a whole frame, for `v2g_messages`."""
        self._foreign: set[int] = set()
        """Payload types of frames that the session has no use for."""

    def start(self) -> None:
        """Begin to carry; needs a running event loop."""
        asyncio.get_running_loop().add_reader(self.link.fileno(), self._on_link)
        self._set_timer()

    def wake(self) -> None:
        """Let the session see what cmds or the passing of time have changed."""
        if self.alive:
            self._on_link()  # else a timer could fire on an EV that spoke in time, while we were busy
        if self.alive:
            self._feed(self.session.wake)

    def abort(self) -> None:
        """Close without a word; the end is told when the link has closed."""
        self.link.abort()

    def _on_link(self) -> None:
        events = self.link.take()
        self._take_progress()
        for event in events:
            match event:
                case Frame():
                    self._on_frame(event)
                case Handshake():
                    self._on_handshake(event)
                case Ignored():
                    log.warning("%s: the EV sent a frame that is ignored: %s", self.charger.connector, event.fault)
                case Closed():
                    self._on_closed(event)

    def _on_handshake(self, handshake: Handshake) -> None:
        """Note how secure is what follows: ISO 15118-20 depends on it, the other protocols do not.

        An EV that can do more than ISO 15118-2 wants (TLS 1.3) charges with it all the same, and one that chooses DIN
        SPEC 70121, which knows no TLS, is not turned away for being more careful than it must.
        """
        self._handshaking = False
        self.handshake = handshake
        log.info("%s: TLS: %s", self.charger.connector, _security(handshake))
        self.session.secured(handshake.version, handshake.client_certificate)

    def _take_progress(self) -> None:
        progress = self.link.progress()
        if progress is not None:
            self._on_progress(progress)

    def _on_progress(self, progress: LinkProgress) -> None:
        self._request = _frame(progress.payload_type, progress.request)

        def report(now: float) -> Output:
            namespace = self.session.namespace_for(progress.payload_type)
            assert namespace is not None
            request = exi.decode(progress.request, namespace)
            told = LoopProgress(
                answered=progress.answered,
                request=request,
                at=progress.at,
                meter_sequence_sent=progress.meter_sequence_sent,
                stale=progress.stale,
                meter_requests=progress.meter_requests,
            )
            return self.session.loop_progress(told, now)

        self._feed(report)

    def _on_frame(self, frame: Frame) -> None:
        self._frame = frame.sequence
        namespace = self.session.namespace_for(frame.payload_type)
        if namespace is None:
            self._ignore(frame)
            return
        self._request = _frame(frame.payload_type, frame.payload)
        try:
            decoded = exi.decode_flagged(frame.payload, namespace)
        except DecodeError as error:
            fault = error.with_traceback(None)  # its frames would hold this connection until a garbage collection
            log.warning("%s: no %s message: %s: %s", self.charger.connector, namespace, error, frame.payload.hex())
            self._feed(lambda now: self.session.undecodable(fault, now))
            return
        for deviation in decoded.deviations:
            log.info("%s: %s: %s", self.charger.connector, type(decoded.message).__name__, deviation)
        self._feed(lambda now: self.session.receive(decoded.message, now, frame.payload_type, frame.payload))

    def _ignore(self, frame: Frame) -> None:
        """Leave a frame without an answer whose payload type is none of the protocol's; the log has the first."""
        if frame.payload_type not in self._foreign:
            self._foreign.add(frame.payload_type)
            ignored = f"payload type 0x{frame.payload_type:04x}"
            log.warning("%s: the EV sent a frame that is ignored: %s", self.charger.connector, ignored)

    def _on_closed(self, closed: Closed) -> None:
        self.alive = False
        asyncio.get_running_loop().remove_reader(self.link.fileno())
        if self._timer is not None:
            self._timer.cancel()
        handshake_failed = self._handshaking and closed.reason is not CloseReason.CLOSED_BY_US
        self._feed(lambda now: self.session.closed(now, handshake_failed=handshake_failed))
        level = logging.INFO if closed.reason in USUAL_ENDINGS else logging.WARNING
        log.log(level, "%s: connection closed: %s", self.charger.connector, _summary(closed, self.link.stats()))
        self._ended()

    def _feed(self, handle: Callable[[float], Output]) -> None:
        """Let the session handle an input and carry out what it says; a failure of ours ends this connection only."""
        now = time.monotonic()
        try:
            self._carry_out(handle(now), now)
        except Exception:
            log.exception("%s: the session failed, its connection is closed", self.charger.connector)
            self.link.abort()

    def _carry_out(self, output: Output, now: float) -> None:
        for line in output.log:
            log.info("%s: %s", self.charger.connector, line)
        for line in output.warnings:
            log.warning("%s: %s", self.charger.connector, line)
        octets = output.response_exi
        if octets is None and output.response is not None:
            octets = self._encode(output.response)
        frame = None if octets is None else _frame(output.payload_type, octets)
        for variable in output.variables:
            self.charger.publish(variable.name, self._payload(variable, frame))
        if not self.alive:
            return
        self._arm(now)  # before the reply: from then on the link thread answers by itself
        self._send(octets, output.payload_type, CLOSE_MODES[output.close], self._pacing.response_ms(output.response))
        self._set_timer()

    def _encode(self, response: Type) -> bytes:
        octets: bytes = exi.encode(response)
        return octets

    def _payload(self, variable: Variable, response: bytes | None) -> Any:
        """Give a var's payload; `v2g_messages` gets the octets that only we know, in debug mode."""
        payload = variable.payload
        if not isinstance(payload, V2gMessages) or not self.charger.state.debug_mode:
            return payload
        frame = response if payload.id.endswith("Res") else self._request
        if frame is None:
            return payload
        return msgspec.structs.replace(payload, exi=frame.hex(), exi_base64=base64.b64encode(frame).decode())

    def _arm(self, now: float) -> None:
        template = self.session.loop_template(now)
        if template is None:
            if self._armed:
                self.link.disarm()
            self._armed = False
            return
        try:
            self.link.publish(template, self._pacing.template_ms(template))
            self._armed = True
        except (CodecError, ValueError) as error:  # then every request comes to the session
            log.error("%s: the charge loop is answered slowly: %s", self.charger.connector, error)
            self.link.disarm()
            self._armed = False

    def _send(self, octets: bytes | None, payload_type: int, close: CloseMode, min_response_ms: int) -> None:
        if octets is not None:
            self.link.reply(payload_type, octets, close, settles=self._frame, min_response_ms=min_response_ms)
        elif close is not CloseMode.KEEP:
            self.link.close(close)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.session.deadline
        if deadline is not None:
            delay = max(0.0, deadline - time.monotonic()) + TIMER_SLACK_s
            self._timer = asyncio.get_running_loop().call_later(delay, self.wake)


def _frame(payload_type: int, payload: bytes) -> bytes:
    return V2GTP_HEADER.pack(0x01, 0xFE, payload_type, len(payload)) + payload


def _security(handshake: Handshake) -> str:
    """Say in one line what was agreed, and with whom."""
    agreed = f"{handshake.version} {handshake.cipher}, {handshake.group}, chain {handshake.chain}"
    if handshake.client_certificate is None:
        return f"{agreed}, no client certificate"
    from fastsecc.security import files

    return f"{agreed}, client certificate {files.subject(handshake.client_certificate)}"


def _summary(closed: Closed, stats: LinkStats) -> str:
    ending = f"{closed.reason} ({closed.detail})" if closed.detail else str(closed.reason)
    loop = f", {stats.answered} answered by the link in {stats.slowest_us} us at most" if stats.answered else ""
    return f"{ending}; {stats.frames} frames{loop}"
