"""An EV is there: those that begin are answered, and one of them is given the key."""

from __future__ import annotations

from typing import Final

from fastsecc.slac import checks, frames
from fastsecc.slac.addresses import text
from fastsecc.slac.api import SlacState, Validation
from fastsecc.slac.context import Match, SlacContext
from fastsecc.slac.frames import Frame
from fastsecc.slac.matching_session import MatchingSession, Stage
from fastsecc.slac.state import Behaviour, State

MATCHING_SESSIONS_MAX: Final = 4
"""EVs that are answered at the same time: the own one and neighbours'."""
VALIDATION_RESULT: Final = {Validation.FAILURE: 3, Validation.NOT_REQUIRED: 4}


class Matching(Behaviour):
    """Take CM_SLAC_PARM.REQ, sounds and CM_SLAC_MATCH.REQ of several EVs."""

    def __init__(self, context: SlacContext) -> None:
        super().__init__(context)
        self.sessions: dict[tuple[bytes, bytes], MatchingSession] = {}
        """By EV and RunID: Tesla's RunID is always the same, and many EVs' is their address."""

    @property
    def published(self) -> SlacState:
        """Say MATCHING once an EV has begun."""
        return SlacState.MATCHING if self.sessions else SlacState.UNMATCHED

    @property
    def deadline(self) -> float | None:
        """Give the end of TT_EVSE_SLAC_init, or the first of the sessions'."""
        if not self.sessions:
            return self.context.init_due
        return min(session.deadline for session in self.sessions.values())

    def wake(self) -> State | None:
        """End TT_EVSE_SLAC_init, or what the sessions wait for."""
        context = self.context
        if not self.sessions:
            context.fail("no CM_SLAC_PARM.REQ within TT_EVSE_SLAC_init")
            return State.UNMATCHED
        for key, session in list(self.sessions.items()):
            if session.deadline > context.now:
                continue
            result = session.wake(context.now)
            if result is not None:
                self._send_result(session, result)
            if session.over:
                del self.sessions[key]
                self._ended(session)
        return State.UNMATCHED if context.failed else None

    def control_pilot(self) -> State | None:
        """Forget the EVs when ours has left: no key was given out."""
        return None if self.context.bcd else State.UNMATCHED

    def frame(self, frame: Frame) -> State | None:
        """Take a message of an EV, or the modem's profile."""
        mme = frame.mme
        match mme:
            case frames.CM_SLAC_PARM_REQ():
                self._parm_req(frame, mme)
            case frames.CM_START_ATTEN_CHAR_IND():
                self._start_atten_char(frame, mme)
            case frames.CM_MNBC_SOUND_IND():
                if (session := self._session(frame, mme.RunID)) is not None:
                    session.sound(mme.CNT)
            case frames.CM_ATTEN_PROFILE_IND():
                self._profile(frame, mme)
            case frames.CM_ATTEN_CHAR_RSP():
                self._atten_char_rsp(frame, mme)
            case frames.CM_VALIDATE_REQ():
                self._validate(frame, mme)
            case frames.CM_SLAC_MATCH_REQ():
                return self._match_req(frame, mme)
        return None

    # what EVs send

    def _parm_req(self, frame: Frame, mme: frames.CM_SLAC_PARM_REQ) -> None:
        """Answer an EV; the same run again begins anew [V2G3-A09-16]."""
        context = self.context
        if self._is_wrong(frame, checks.parm_req(mme)):
            return
        key = (frame.source, mme.RunID)
        if key not in self.sessions and not self._make_room(frame.source):
            context.ignore(f"{mme.NAME}: {MATCHING_SESSIONS_MAX} EVs are being matched")
            return
        self.sessions[key] = session = MatchingSession(*key, context.settings, context.now)
        context.send(session.parm_cnf(), frame.source)
        context.log_often(mme.NAME, f"{mme.NAME} from EV {text(frame.source)}")

    def _start_atten_char(self, frame: Frame, mme: frames.CM_START_ATTEN_CHAR_IND) -> None:
        session = self._session(frame, mme.RunID)
        if session is not None:
            self._is_wrong(frame, session.start_atten_char(mme, self.context.now))

    def _profile(self, frame: Frame, mme: frames.CM_ATTEN_PROFILE_IND) -> None:
        """Give a profile to its EV; it has no RunID."""
        if not self.context.is_from_modem(frame):
            return
        for session in self.sessions.values():
            if session.ev_mac == mme.PEV_MAC:
                result = session.profile(mme.AAG, self.context.now)
                if result is not None:
                    self._send_result(session, result)

    def _atten_char_rsp(self, frame: Frame, mme: frames.CM_ATTEN_CHAR_RSP) -> None:
        session = self._session(frame, mme.RunID)
        if session is not None and self._is_unicast(frame):
            self._is_wrong(frame, session.atten_char_rsp(mme, self.context.now))

    def _validate(self, frame: Frame, mme: frames.CM_VALIDATE_REQ) -> None:
        """Say that toggles are not counted; the message has no RunID."""
        context = self.context
        if not self._is_unicast(frame) or self._is_wrong(frame, "SignalType" if mme.SignalType else None):
            return
        theirs = [session for session in self.sessions.values() if session.ev_mac == frame.source]
        due = [session for session in theirs if session.goes_on(context.now)]
        if due:
            cnf = frames.CM_VALIDATE_CNF(Result=VALIDATION_RESULT[context.settings.validation])
            context.send(cnf, frame.source)

    def _match_req(self, frame: Frame, mme: frames.CM_SLAC_MATCH_REQ) -> State | None:
        """Give the key to the EV, and forget all others."""
        context = self.context
        session = self._session(frame, mme.RunID)
        if session is None or not self._is_unicast(frame):
            return None
        if self._is_wrong(frame, checks.match_req(mme, frame.source, context.mac, context.settings.quirks)):
            return None
        if not session.goes_on(context.now):
            context.ignore(f"{mme.NAME}: not due")
            return None
        assert context.key is not None
        cnf = frames.CM_SLAC_MATCH_CNF(
            PEV_MAC=frame.source,
            EVSE_MAC=context.mac,
            RunID=mme.RunID,
            NID=context.key.nid,
            NMK=context.key.nmk,
        )
        context.match = Match(frame.source, mme.RunID, cnf)
        context.init_due = None
        context.send(cnf, frame.source)
        context.log(
            f"{session}: CM_SLAC_MATCH.CNF {context.now - session.since:.3f} s after the first CM_SLAC_PARM.REQ"
        )
        if context.settings.publish_mac_on_match_cnf:
            context.out.publish("ev_mac_address", text(frame.source))
        return State.LINK_WAIT if context.settings.link_status_detection else State.MATCHED

    # sessions

    def _session(self, frame: Frame, run_id: bytes) -> MatchingSession | None:
        session = self.sessions.get((frame.source, run_id))
        if session is None:
            self.context.ignore(f"{frame.mme.NAME} of an EV or run that is not being matched")
        return session

    def _make_room(self, ev_mac: bytes) -> bool:
        """Forget the least advanced run of the same EV, or an EV that has only just asked; tell whether one can come.

        Who has begun to sound is not pushed out by strangers.
        """
        if len(self.sessions) < MATCHING_SESSIONS_MAX:
            return True
        same = [session for session in self.sessions.values() if session.ev_mac == ev_mac]
        early = [session for session in self.sessions.values() if session.stage is Stage.START_ATTEN_CHAR]
        out = min(same or early, key=lambda session: (session.stage, session.since), default=None)
        if out is not None:
            del self.sessions[out.ev_mac, out.run_id]
        return out is not None

    def _send_result(self, session: MatchingSession, result: frames.CM_ATTEN_CHAR_IND) -> None:
        self.context.send(result, session.ev_mac)
        self.context.log_often(result.NAME, f"EV {text(session.ev_mac)}: {session.heard()}")
        if session.unmeasured:
            self.context.ignore("sounds: the modem gave no attenuation of them")

    def _ended(self, session: MatchingSession) -> None:
        why = f"{session}: {session.why_over()}"
        if self.sessions:
            self.context.log_often("match failed", why)
        else:
            self.context.match_failed(why)

    def _is_wrong(self, frame: Frame, field: str | None) -> bool:
        if field is not None:
            self.context.ignore(f"{frame.mme.NAME}: {field}")
        return field is not None

    def _is_unicast(self, frame: Frame) -> bool:
        if frame.destination != self.context.mac:
            self.context.ignore(f"{frame.mme.NAME} to all")
        return frame.destination == self.context.mac
