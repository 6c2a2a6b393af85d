"""One EV's attempt to match, from its CM_SLAC_PARM.REQ on: it is one of several, as neighbours' EVs are heard too."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from fastsecc.slac import checks
from fastsecc.slac.addresses import text
from fastsecc.slac.api import SlacSettings
from fastsecc.slac.attenuation import Attenuation
from fastsecc.slac.frames import (
    CM_ATTEN_CHAR_IND,
    CM_ATTEN_CHAR_RSP,
    CM_SLAC_PARM_CNF,
    CM_START_ATTEN_CHAR_IND,
)
from fastsecc.slac.timers import (
    C_EV_match_MNBC,
    C_EV_match_retry,
    TT_EVSE_match_MNBC_s,
    TT_EVSE_match_session_s,
    TT_match_response_s,
    TT_match_sequence_s,
)

DOUBLE_WITHIN_s: Final = 0.01
"""A profile that follows another one sooner, with the same values and no sound in between, is the same frame again:
sounds are 20 ms apart at the least."""


class Stage(IntEnum):
    """What the session waits for."""

    START_ATTEN_CHAR = 0
    SOUNDS = 1
    ATTEN_CHAR_RSP = 2
    MATCH = 3


class MatchingSession:
    """What is known of one EV and one run of it; a session that is `over` is forgotten."""

    def __init__(self, ev_mac: bytes, run_id: bytes, settings: SlacSettings, now: float) -> None:
        self.ev_mac = ev_mac
        self.run_id = run_id
        self.since = now
        self.stage = Stage.START_ATTEN_CHAR
        self.deadline = now + TT_match_sequence_s
        self.over = False
        self._settings = settings
        self._attenuation = Attenuation()
        self._sounds: set[int] = set()
        self._newest: tuple[bytes, float, int] | None = None
        """The profile that came last, when, and how many sounds had been heard."""
        self._result: CM_ATTEN_CHAR_IND | None = None
        self._repeats_left = C_EV_match_retry
        self._answered_wrongly = False

    def __str__(self) -> str:
        return f"EV {text(self.ev_mac)} run {self.run_id.hex()}"

    def parm_cnf(self) -> CM_SLAC_PARM_CNF:
        """Give the answer to CM_SLAC_PARM.REQ."""
        return CM_SLAC_PARM_CNF(FORWARDING_STA=self.ev_mac, RunID=self.run_id)

    def start_atten_char(self, mme: CM_START_ATTEN_CHAR_IND, now: float) -> str | None:
        """Begin to collect; name the field that is wrong."""
        wrong = checks.start_atten_char(mme, self.ev_mac)
        if wrong is None and self.stage is Stage.START_ATTEN_CHAR:
            self._wait(Stage.SOUNDS, now + TT_EVSE_match_MNBC_s)
        return wrong

    def sound(self, countdown: int) -> None:
        """Hear a sound; what counts is the profile that the modem makes of it."""
        if self.stage is Stage.SOUNDS:
            self._sounds.add(countdown)

    def profile(self, aag: bytes, now: float) -> CM_ATTEN_CHAR_IND | None:
        """Add what the modem measured; the tenth gives the result that is to be sent at once."""
        if self.stage is not Stage.SOUNDS or self._is_double(aag, now):
            return None
        self._attenuation.add(aag)
        return self._evaluate(now) if self._attenuation.profiles >= C_EV_match_MNBC else None

    def atten_char_rsp(self, mme: CM_ATTEN_CHAR_RSP, now: float) -> str | None:
        """Take that the result has come; name the field that is wrong."""
        wrong = checks.atten_char_rsp(mme, self.ev_mac, self._settings.quirks)
        if self.stage is Stage.ATTEN_CHAR_RSP:
            if wrong is None:
                self._wait(Stage.MATCH, now + TT_EVSE_match_session_s)
            self._answered_wrongly |= wrong is not None
        return wrong

    def goes_on(self, now: float) -> bool:
        """Tell whether the request that follows CM_ATTEN_CHAR.RSP may be taken; if that was lost, the request says it.

        It is not missed after the last repeat: then the EV did not answer.
        """
        if self.stage is Stage.ATTEN_CHAR_RSP and self._repeats_left and not self._answered_wrongly:
            self._wait(Stage.MATCH, now + TT_EVSE_match_session_s)
        return self.stage is Stage.MATCH

    def wake(self, now: float) -> CM_ATTEN_CHAR_IND | None:
        """Let the deadline take effect: TT_EVSE_match_MNBC ends with a result, TT_match_response with a repeat."""
        if self.stage is Stage.SOUNDS:
            return self._evaluate(now)
        if self.stage is Stage.ATTEN_CHAR_RSP and self._repeats_left:
            self._repeats_left -= 1
            self.deadline = now + TT_match_response_s
            return self._result
        self.over = True
        return None

    def why_over(self) -> str:
        """Say what the EV did not send."""
        return {
            Stage.START_ATTEN_CHAR: "no CM_START_ATTEN_CHAR.IND within TT_match_sequence",
            Stage.ATTEN_CHAR_RSP: "no CM_ATTEN_CHAR.RSP after C_EV_match_retry",
            Stage.MATCH: "no CM_SLAC_MATCH.REQ within TT_EVSE_match_session",
        }.get(self.stage, "")

    def heard(self) -> str:
        """Say what the result was made of."""
        result, attenuation = self._result, self._attenuation
        assert result is not None
        if not attenuation.measured:
            return f"{len(self._sounds)} sounds, {attenuation.profiles} profiles, none with attenuation"
        return f"{attenuation.measured} profiles, mean {sum(result.AAG) / len(result.AAG):.1f} dB"

    @property
    def unmeasured(self) -> bool:
        """Tell whether the modem gave no attenuation at all."""
        return self._attenuation.measured == 0

    def _wait(self, stage: Stage, deadline: float) -> None:
        self.stage = stage
        self.deadline = deadline

    def _is_double(self, aag: bytes, now: float) -> bool:
        newest, self._newest = self._newest, (aag, now, len(self._sounds))
        if newest is None or not self._sounds:
            return False
        return newest[0] == aag and newest[2] == len(self._sounds) and now - newest[1] < DOUBLE_WITHIN_s

    def _evaluate(self, now: float) -> CM_ATTEN_CHAR_IND:
        settings = self._settings
        aag = self._attenuation.mean(settings.sounding_attenuation_adjustment_db, settings.unknown_attenuation_db)
        self._result = CM_ATTEN_CHAR_IND(
            SOURCE_ADDRESS=self.ev_mac, RunID=self.run_id, NUM_SOUNDS=self._attenuation.profiles, AAG=aag
        )
        self._wait(Stage.ATTEN_CHAR_RSP, now + TT_match_response_s)
        return self._result
