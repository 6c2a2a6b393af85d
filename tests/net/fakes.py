"""A link without a thread and a session without a protocol: they note what they are told and say what a test wants."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any, ClassVar

from fastsecc._link import Closed, CloseMode, CloseReason, Frame, LinkProgress, LinkStats
from fastsecc.charger.state import ChargerState
from fastsecc.session.api import Output

NEVER = 9e9


class FakeLink:
    """Stands in for `fastsecc._link.Link`."""

    def __init__(self, fd: int = -1) -> None:
        self.fd = fd
        self.calls: list[tuple[Any, ...]] = []
        self.events: list[Any] = []
        self.news: LinkProgress | None = None
        self.publish_fails = False
        self.waits: list[int] = []
        """Minimum intervals of replies and templates."""
        self._notify = os.eventfd(0, os.EFD_NONBLOCK)

    def fileno(self) -> int:
        return self._notify

    def give(self, *events: Any) -> None:
        """Let the EV's side do something."""
        self.events.extend(events)
        os.eventfd_write(self._notify, 1)

    def frame(self, payload: bytes, sequence: int = 1, payload_type: int = 0x8001) -> None:
        self.give(Frame(payload_type, payload, sequence))

    def close_by_ev(self) -> None:
        self.give(Closed(CloseReason.EV_CLOSED, ""))

    def take(self) -> list[Any]:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._notify)
        events, self.events = self.events, []
        return events

    def progress(self) -> LinkProgress | None:
        news, self.news = self.news, None
        return news

    def reply(
        self, payload_type: int, payload: bytes, close: int = 0, *, settles: int | None = None, min_response_ms: int = 0
    ) -> None:
        self.waits.append(min_response_ms)
        self.calls.append(("reply", payload_type, payload, CloseMode(close), settles))

    def publish(self, template: Any, min_response_ms: int = 0) -> None:
        self.waits.append(min_response_ms)
        if self.publish_fails:
            raise ValueError("no such template")
        self.calls.append(("publish", template))

    def disarm(self) -> None:
        self.calls.append(("disarm",))

    def close(self, how: int = 1) -> None:
        self.calls.append(("close", CloseMode(how)))

    def abort(self) -> None:
        if ("abort",) in self.calls:
            return
        self.calls.append(("abort",))
        self.give(Closed(CloseReason.CLOSED_BY_US, "aborted"))

    def stats(self) -> LinkStats:
        return LinkStats(3, {}, 2, 1, 0, 0, 0, 90)

    def dispose(self) -> None:
        os.close(self._notify)
        if self.fd >= 0:
            os.close(self.fd)


class FakeSession:
    """Stands in for `fastsecc.session.session.Session`; `answers` maps an input's name to what it leads to."""

    NAMESPACES: ClassVar = {0x8001: "sap", 0x8002: "common", 0x8102: "common"}

    def __init__(self, state: ChargerState | None = None, now: float = 0.0, paused: Any = None) -> None:
        if state is not None:
            state.begin_connection()
        self.state = state
        self.resumes = paused
        self.paused: Any = None
        self.deadline: float | None = None
        self.template: Any = None
        self.inputs: list[Any] = []
        self.payload_types: list[int] = []
        """Of the messages received."""
        self.received_exi = b""
        """Octets of the newest."""
        self.answers: dict[str, Callable[[], Output]] = {}
        self.security: tuple[str, bytes | None] | None = None

    def namespace_for(self, payload_type: int) -> str | None:
        return self.NAMESPACES.get(payload_type)

    def secured(self, version: str, vehicle_certificate: bytes | None) -> None:
        self.security = version, vehicle_certificate

    def _answer(self, name: str, *given: Any) -> Output:
        self.inputs.append((name, *given))
        return self.answers.get(name, Output)()

    def receive(self, message: Any, now: float, payload_type: int, exi: bytes) -> Output:
        self.payload_types.append(payload_type)
        self.received_exi = exi
        return self._answer("receive", message)

    def undecodable(self, error: Exception, now: float) -> Output:
        return self._answer("undecodable", str(error))

    def loop_progress(self, progress: Any, now: float) -> Output:
        return self._answer("loop_progress", progress.request, progress.answered)

    def wake(self, now: float) -> Output:
        return self._answer("wake")

    def closed(self, now: float, *, handshake_failed: bool = False) -> Output:
        self.handshake_failed = handshake_failed
        if self.state is not None:
            self.state.reset_session()
        return self._answer("closed")

    def loop_template(self, now: float) -> Any:
        return self.template
