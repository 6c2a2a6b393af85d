"""The car's side of SLAC, from CM_SLAC_PARM.REQ to the link, with the standard's timers and repeats.

It reads no clock and touches no socket. The way through SLAC is one script; it yields the time until which it waits,
and is given the message that has come, or None when that time is there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from fastsecc.errors import FrameError
from fastsecc.sim.plc.cars import SlacEvSettings
from fastsecc.slac.addresses import BROADCAST, LOCALCAST
from fastsecc.slac.frames import (
    AAG_GROUPS,
    CM_AMP_MAP_CNF,
    CM_AMP_MAP_REQ,
    CM_ATTEN_CHAR_IND,
    CM_ATTEN_CHAR_RSP,
    CM_ATTEN_PROFILE_IND,
    CM_MNBC_SOUND_IND,
    CM_SET_KEY_CNF,
    CM_SET_KEY_REQ,
    CM_SLAC_MATCH_CNF,
    CM_SLAC_MATCH_REQ,
    CM_SLAC_PARM_CNF,
    CM_SLAC_PARM_REQ,
    CM_START_ATTEN_CHAR_IND,
    parse,
)
from fastsecc.slac.keys import nid
from fastsecc.slac.mme import Frame, Mme
from fastsecc.slac.timers import C_EV_match_MNBC, C_EV_match_retry, TT_match_join_s, TT_match_response_s
from fastsecc.slac.vendor import VS_PL_LINK_STATUS_CNF, VS_PL_LINK_STATUS_REQ

C_EV_start_atten_char_inds: Final = 3
TT_EV_atten_results_s: Final = 1.2
"""From the first CM_START_ATTEN_CHAR.IND until all results are there."""
TT_matching_rate_s: Final = 0.4
"""Between two runs."""
TT_matching_repetition_s: Final = 10.0
"""How long new runs are begun."""
LINK_POLL_s: Final = 0.05
TESLA_RUN_ID: Final = b"TESLA EV"

T = TypeVar("T")
M = TypeVar("M", bound=Mme)
Script = Generator[float, Frame | None, T]
Look = Callable[[Frame], None]


class SlacFailure(Exception):
    """One run has failed, for this reason."""


@dataclass(slots=True, frozen=True)
class Step:
    """One step of the way, done."""

    name: str
    """The message that was sent, without `.REQ` or `.IND`; `link` for the last one."""
    answer_s: float | None
    """From the last time it was sent to the answer; None: there is none."""
    text: str = ""


@dataclass(slots=True)
class SlacEvOutput:
    """What one input leads to."""

    frames: list[bytes] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


@dataclass(slots=True)
class SlacResult:
    """How far it came."""

    linked: bool = False
    reason: str = ""
    """Why the last run failed."""
    runs: int = 0
    evse_mac: bytes = b""
    attenuation_db: float = 0.0
    matched_at: float = 0.0
    """When CM_SLAC_MATCH.CNF came."""


class SlacEv:
    """One car that is being plugged in."""

    def __init__(
        self, mac: bytes, settings: SlacEvSettings | None = None, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        """Make it.

        Args:
            mac: its address.
            settings: its habits; None takes the standard's.
            random: gives octets that nobody can guess.
        """
        self.mac = mac
        self.settings = settings or SlacEvSettings()
        self.result = SlacResult()
        self.deadline: float | None = None
        """When `wake` is due; None once it is over."""
        self._random = random
        self._script: Script[None] | None = None
        self._now = 0.0
        self._output = SlacEvOutput()
        self._run_id = b""
        self._chargers: set[bytes] = set()
        self._results: dict[bytes, float] = {}
        """Mean attenuation by charger."""
        self._result_at = 0.0
        """When the newest of them came first."""

    def start(self, now: float) -> SlacEvOutput:
        """Plug in."""
        self._script = self._match(now)
        return self._advance(None, now)

    def frame(self, octets: bytes, now: float) -> SlacEvOutput:
        """Take a frame; what is not for this car is ignored."""
        try:
            frame = parse(octets)
        except FrameError:
            return SlacEvOutput()
        if frame.destination not in (self.mac, BROADCAST) or frame.source == self.mac:
            return SlacEvOutput()
        return self._advance(frame, now)

    def wake(self, now: float) -> SlacEvOutput:
        """Let time pass."""
        return self._advance(None, now) if self.deadline is not None and self.deadline <= now else SlacEvOutput()

    def leave(self) -> list[bytes]:
        """Unplug: give the modem another key."""
        self._script = self.deadline = None
        self._output = SlacEvOutput()
        self._set_key(self._random(16))
        return self._output.frames

    def _advance(self, frame: Frame | None, now: float) -> SlacEvOutput:
        self._now, self._output = now, SlacEvOutput()
        if self._script is not None:
            try:
                self.deadline = next(self._script) if self.deadline is None else self._script.send(frame)
            except StopIteration:
                self._script = self.deadline = None
        elif frame is not None:
            self._take(frame)
        return self._output

    # the script

    def _match(self, begin: float) -> Script[None]:
        while True:
            self.result.runs += 1
            try:
                yield from self._run()
            except SlacFailure as failure:
                self.result.reason = str(failure)
            else:
                self.result.linked, self.result.reason = True, ""
                return
            if self._now + TT_matching_rate_s > begin + TT_matching_repetition_s:
                return
            yield from self._pause(self._now + TT_matching_rate_s)

    def _run(self) -> Script[None]:
        self._run_id = self._new_run_id()
        self._chargers.clear()
        self._results.clear()
        yield from self._ask_for_parameters()
        results_due = self._now + TT_EV_atten_results_s
        yield from self._sound()
        yield from self._await_results(results_due)
        yield from self._pause(self._now + self.settings.rsp_to_match_s)
        confirmation = yield from self._ask_for_match(self._choice())
        yield from self._join(confirmation)

    def _ask_for_parameters(self) -> Script[None]:
        request = CM_SLAC_PARM_REQ(RunID=self._run_id)
        yield from self._ask(request, BROADCAST, lambda: bool(self._chargers))
        yield from self._pause(self._now + self.settings.cnf_to_start_s)

    def _sound(self) -> Script[None]:
        for _ in range(C_EV_start_atten_char_inds):
            self._send(CM_START_ATTEN_CHAR_IND(FORWARDING_STA=self.mac, RunID=self._run_id), BROADCAST)
            yield from self._pause(self._now + self.settings.batch_interval_s)
        for left in reversed(range(C_EV_match_MNBC)):
            self._send(CM_MNBC_SOUND_IND(CNT=left, RunID=self._run_id, Rnd=self._random(16)), BROADCAST)
            if self.settings.profile_db is not None:
                profile = bytes([round(self.settings.profile_db)] * AAG_GROUPS)
                self._send(CM_ATTEN_PROFILE_IND(PEV_MAC=self.mac, AAG=profile), BROADCAST)
            if left:
                yield from self._pause(self._now + self.settings.batch_interval_s)
        self._note_step("CM_MNBC_SOUND", None, f"{C_EV_match_MNBC} sounds")

    def _await_results(self, until: float) -> Script[None]:
        """Wait for the results of all chargers that are known, or as long as the standard says."""
        begin = self._now
        while self.settings.waits_for_all_results or len(self._results) < len(self._chargers):
            frame = yield until
            if frame is None:
                break
            self._take(frame)
        if not self._results:
            raise SlacFailure("no charger has said how well it hears the car")
        self._note_step("CM_ATTEN_CHAR", self._result_at - begin, self._heard)

    def _choice(self) -> bytes:
        """Choose the charger that hears the car best."""
        evse_mac, attenuation_db = min(self._results.items(), key=lambda result: result[1])
        self.result.attenuation_db = attenuation_db
        if attenuation_db > self.settings.max_attenuation_db:
            raise SlacFailure(f"the nearest charger is {attenuation_db:.1f} dB away: it is a neighbour's")
        return evse_mac

    def _ask_for_match(self, evse_mac: bytes) -> Script[CM_SLAC_MATCH_CNF]:
        request = CM_SLAC_MATCH_REQ(PEV_MAC=self.mac, EVSE_MAC=evse_mac, RunID=self._run_id)
        found: list[CM_SLAC_MATCH_CNF] = []

        def is_answer(frame: Frame) -> None:
            mme = frame.mme
            if isinstance(mme, CM_SLAC_MATCH_CNF) and frame.source == evse_mac and mme.RunID == self._run_id:
                found.append(mme)

        yield from self._ask(request, evse_mac, lambda: bool(found), is_answer)
        self.result.evse_mac, self.result.matched_at = evse_mac, self._now
        return found[0]

    def _join(self, confirmation: CM_SLAC_MATCH_CNF) -> Script[None]:
        """Give the key to the modem and wait for the link; without a modem there is nothing to wait for."""
        begin = self._now
        for _ in range(1 + C_EV_match_retry):
            self._set_key(confirmation.NMK, confirmation.NID)
            if (yield from self._wait_for(CM_SET_KEY_CNF, TT_match_response_s)) is not None:
                break
        else:
            self._note_step("link", None, "no modem")
            return
        while self._now < begin + TT_match_join_s:
            self._send(VS_PL_LINK_STATUS_REQ(), LOCALCAST)
            status = yield from self._wait_for(VS_PL_LINK_STATUS_CNF, LINK_POLL_s)
            if status is not None and status.LinkStatus == 1:
                self._note_step("link", self._now - begin)
                return
            yield from self._pause(self._now + LINK_POLL_s)
        raise SlacFailure(f"no link within {TT_match_join_s:g} s")

    # what the script is made of

    def _ask(
        self,
        request: Mme,
        destination: bytes,
        answered: Callable[[], bool],
        look: Callable[[Frame], None] | None = None,
    ) -> Script[None]:
        """Send a request until it is answered, as often as the standard says."""
        name = request.NAME.partition(".")[0]
        for _ in range(1 + C_EV_match_retry):
            self._send(request, destination)
            sent_at = self._now
            while (frame := (yield sent_at + TT_match_response_s)) is not None:
                self._take(frame)
                if look is not None:
                    look(frame)
                if answered():
                    self._note_step(name, self._now - sent_at)
                    return
        raise SlacFailure(f"{request.NAME} was not answered")

    def _pause(self, until: float) -> Script[None]:
        """Wait, and take what comes meanwhile."""
        while (frame := (yield until)) is not None:
            self._take(frame)

    def _wait_for(self, kind: type[M], seconds: float) -> Script[M | None]:
        """Wait for the modem's answer."""
        until = self._now + seconds
        while (frame := (yield until)) is not None:
            if isinstance(frame.mme, kind):
                return frame.mme
            self._take(frame)
        return None

    def _take(self, frame: Frame) -> None:
        """Do what a message asks for, whenever it comes."""
        match frame.mme:
            case CM_SLAC_PARM_CNF() as mme if mme.RunID == self._run_id:
                self._chargers.add(frame.source)
            case CM_ATTEN_CHAR_IND() as mme if mme.RunID == self._run_id and self.mac == mme.SOURCE_ADDRESS:
                self._answer_result(frame.source, mme)
            case CM_AMP_MAP_REQ():
                self._send(CM_AMP_MAP_CNF(), frame.source)

    def _answer_result(self, charger: bytes, result: CM_ATTEN_CHAR_IND) -> None:
        if charger not in self._results:
            self._result_at = self._now
        elif not self.settings.answers_repeats:
            return
        self._results[charger] = sum(result.AAG) / len(result.AAG) if result.AAG else 0.0
        self._send(CM_ATTEN_CHAR_RSP(SOURCE_ADDRESS=self.mac, RunID=self._run_id), charger)

    def _set_key(self, nmk: bytes, network: bytes | None = None) -> None:
        nonce = self._random(4)
        self._send(CM_SET_KEY_REQ(MyNonce=nonce, NID=nid(nmk) if network is None else network, NewKey=nmk), LOCALCAST)

    def _send(self, mme: Mme, destination: bytes) -> None:
        self._output.frames.append(mme.encode(self.mac, destination))

    def _note_step(self, name: str, answer_s: float | None, text: str = "") -> None:
        self._output.steps.append(Step(name, answer_s, text))

    @property
    def _heard(self) -> str:
        return ", ".join(f"{db:.1f} dB" for db in sorted(self._results.values()))

    def _new_run_id(self) -> bytes:
        match self.settings.run_id:
            case "tesla":
                return TESLA_RUN_ID
            case "mac":
                return self.mac + bytes(2)
            case _:
                return self._random(8)
