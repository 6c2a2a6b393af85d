"""A line with stations on a clock of its own: a machine, its modem and EVs, and faults by message and count."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from fastsecc.errors import FrameError
from fastsecc.slac import frames
from fastsecc.slac.addresses import BROADCAST, LOCALCAST
from fastsecc.slac.api import SlacSettings
from fastsecc.slac.frames import Frame, parse
from fastsecc.slac.machine import SlacMachine
from fastsecc.slac.mme import Mme
from fastsecc.slac.timers import C_EV_match_retry, TT_match_response_s
from tests.slac.bench import EV, EVSE, MODEM, RUN, draws

HOP_s = 0.0025
"""How long a frame takes to the other end, and to the own modem."""
BATCH_INTERVAL_s = 0.02
TT_EV_atten_results_s = 1.2

Fault = Callable[[Frame, int, bytes], list[bytes]]
"""Takes a frame, how many of its kind came before it, and its octets; gives the octets that arrive."""


@dataclass(frozen=True)
class Wait:
    """What an EV waits for: a message of a kind, or (None) only the time."""

    kind: type[Mme] | None
    seconds: float


Script = Generator[Wait | Mme, Frame | None, Any]
"""An EV: it yields messages to send and waits; a wait gives the frame, or None when it is over."""


@dataclass
class Ev:
    """An EV that follows ISO 15118-3, with the repeats that are an EV's; `result` is what it got in the end."""

    mac: bytes = EV
    run: bytes = RUN
    answers_repeats: bool = True
    """Answer CM_ATTEN_CHAR.IND again when it is repeated."""
    result: frames.CM_SLAC_MATCH_CNF | None = None
    aag: bytes = b""
    num_sounds: int = 0
    finished: bool = False

    def script(self) -> Script:
        """Match."""
        evse = yield from self._parm()
        if evse is None:
            return
        for _ in range(3):
            yield frames.CM_START_ATTEN_CHAR_IND(FORWARDING_STA=self.mac, RunID=self.run)
            yield Wait(None, BATCH_INTERVAL_s)
        for countdown in reversed(range(10)):
            yield frames.CM_MNBC_SOUND_IND(CNT=countdown, RunID=self.run, Rnd=bytes(16))
            yield Wait(None, BATCH_INTERVAL_s)
        frame = yield Wait(frames.CM_ATTEN_CHAR_IND, TT_EV_atten_results_s - 13 * BATCH_INTERVAL_s)
        if frame is None:
            return
        assert isinstance(frame.mme, frames.CM_ATTEN_CHAR_IND)
        self.aag, self.num_sounds = frame.mme.AAG, frame.mme.NUM_SOUNDS
        yield frames.CM_ATTEN_CHAR_RSP(SOURCE_ADDRESS=self.mac, RunID=self.run)
        for _ in range(1 + C_EV_match_retry):
            yield frames.CM_SLAC_MATCH_REQ(PEV_MAC=self.mac, EVSE_MAC=evse, RunID=self.run)
            frame = yield Wait(frames.CM_SLAC_MATCH_CNF, TT_match_response_s)
            if frame is not None:
                assert isinstance(frame.mme, frames.CM_SLAC_MATCH_CNF)
                self.result = frame.mme
                return

    def _parm(self) -> Generator[Wait | Mme, Frame | None, bytes | None]:
        for _ in range(1 + C_EV_match_retry):
            yield frames.CM_SLAC_PARM_REQ(RunID=self.run)
            frame = yield Wait(frames.CM_SLAC_PARM_CNF, TT_match_response_s)
            if frame is not None:
                return frame.source
        return None


TO_ALL = (frames.CM_SLAC_PARM_REQ, frames.CM_START_ATTEN_CHAR_IND, frames.CM_MNBC_SOUND_IND)


@dataclass
class _Running:
    ev: Ev
    script: Script
    wait: Wait | None = None
    ticket: int = 0
    mailbox: list[Frame] = field(default_factory=list)


class Line:
    """Everything on one line."""

    def __init__(self, *evs: Ev, fault: Fault | None = None, **settings: Any) -> None:
        octets = draws()
        settings.setdefault("random", lambda n: bytes(next(octets) for _ in range(n)))
        self.machine = SlacMachine(SlacSettings(**settings))
        self.now = 0.0
        self.variables: list[tuple[str, Any]] = []
        self.sent: Counter[str] = Counter()
        self._fault = fault or (lambda _frame, _before, octets: [octets])
        self._seen: Counter[str] = Counter()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._tickets = count()
        self._evs = [_Running(ev, ev.script()) for ev in evs]

    def run(self, seconds: float = 30.0, *, plug_in_at_s: float = 0.5) -> None:
        """Start, plug in, let all EVs begin, and go on until nothing happens any more or the time is over."""
        self._at(0.0, lambda: self._machine("interface_up", EVSE))
        self._at(plug_in_at_s, lambda: self._machine("enter_bcd"))
        for running in self._evs:
            self._at(plug_in_at_s + 0.1, lambda running=running: self._resume(running, None))  # type: ignore[misc]
        while True:
            due = self.machine.deadline
            at = self._events[0][0] if self._events else None
            if due is not None and (at is None or due <= at):
                if due > seconds:
                    return
                self.now = max(due, self.now)
                self._machine("wake")
            elif at is None or at > seconds:
                return
            else:
                self.now, _, event = heapq.heappop(self._events)
                event()

    @property
    def last(self) -> dict[str, Any]:
        """Give the newest value of each var."""
        return dict(self.variables)

    def _at(self, when: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._tickets), event))

    def _machine(self, name: str, *arguments: Any) -> None:
        out = getattr(self.machine, name)(*arguments, self.now)
        self.variables += [(variable.name, variable.payload) for variable in out.variables]
        for octets in out.frames:
            self._transmit(octets)

    def _transmit(self, octets: bytes) -> None:
        frame = parse(octets)
        name = frame.mme.NAME
        self.sent[name] += 1
        for arriving in self._fault(frame, self._seen[name], octets):
            self._at(self.now + HOP_s, lambda arriving=arriving: self._arrive(frame, arriving))  # type: ignore[misc]
        self._seen[name] += 1

    def _arrive(self, sent: Frame, octets: bytes) -> None:
        if sent.destination == LOCALCAST:
            return self._modem(octets)
        if sent.source != EVSE:
            self._machine("frame", octets)
            if isinstance(sent.mme, frames.CM_MNBC_SOUND_IND):
                profile = frames.CM_ATTEN_PROFILE_IND(PEV_MAC=sent.source, AAG=bytes([23]) * frames.AAG_GROUPS)
                self._transmit(profile.encode(MODEM, BROADCAST))
            return None
        for running in self._evs:
            if running.ev.mac == sent.destination:
                self._deliver(running, octets)
        return None

    def _modem(self, octets: bytes) -> None:
        try:
            mme = parse(octets).mme
        except FrameError:
            return
        if isinstance(mme, frames.CM_SET_KEY_REQ):
            cnf = frames.CM_SET_KEY_CNF(Result=1, MyNonce=bytes(4), YourNonce=mme.MyNonce)
            self._transmit(cnf.encode(MODEM, EVSE))

    def _deliver(self, running: _Running, octets: bytes) -> None:
        try:
            frame = parse(octets)
        except FrameError:  # what a fault left of it
            return
        if getattr(frame.mme, "RunID", running.ev.run) != running.ev.run:
            return
        wait = running.wait
        if wait is not None and wait.kind is not None and isinstance(frame.mme, wait.kind):
            self._resume(running, frame)
        elif isinstance(frame.mme, frames.CM_ATTEN_CHAR_IND) and wait is not None and wait.kind is None:
            running.mailbox.append(frame)
        elif isinstance(frame.mme, frames.CM_ATTEN_CHAR_IND) and running.ev.answers_repeats and running.ev.aag:
            self._say(running.ev, frames.CM_ATTEN_CHAR_RSP(SOURCE_ADDRESS=running.ev.mac, RunID=running.ev.run))

    def _resume(self, running: _Running, frame: Frame | None) -> None:
        running.wait = None
        running.ticket += 1
        ticket = running.ticket
        try:
            step = running.script.send(frame) if running.ticket > 1 else next(running.script)
            while not isinstance(step, Wait):
                self._say(running.ev, step)
                step = next(running.script)
        except StopIteration:
            running.ev.finished = True
            return
        early = next((frame for frame in running.mailbox if step.kind and isinstance(frame.mme, step.kind)), None)
        running.wait = step
        if early is not None:
            running.mailbox.clear()
            self._resume(running, early)
            return

        def over() -> None:
            if running.ticket == ticket:
                self._resume(running, None)

        self._at(self.now + step.seconds, over)

    def _say(self, ev: Ev, mme: Mme) -> None:
        self._transmit(mme.encode(ev.mac, BROADCAST if isinstance(mme, TO_ALL) else EVSE))
