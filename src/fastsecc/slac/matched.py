"""An EV is in our logical network: the session above SLAC can begin."""

from __future__ import annotations

import math

from fastsecc.slac.api import LinkLoss, SlacState
from fastsecc.slac.context import SlacContext
from fastsecc.slac.frames import CM_AMP_MAP_CNF, CM_AMP_MAP_REQ, Frame
from fastsecc.slac.joined import Joined
from fastsecc.slac.modem import link_status
from fastsecc.slac.state import State
from fastsecc.slac.timers import C_EV_match_retry, TT_match_response_s


class Matched(Joined):
    """Keep the link; nothing is sent by itself unless it is to be watched, or the EV asked for other amplitudes."""

    def __init__(self, context: SlacContext) -> None:
        super().__init__(context)
        self._amp_map_due = math.inf
        self._amp_maps_left = 0
        self._poll_due = math.inf
        self._answers_without_link = 0

    @property
    def published(self) -> SlacState:
        """Say so."""
        return SlacState.MATCHED

    @property
    def deadline(self) -> float | None:
        """Give the next question to the modem or the EV, if there is any."""
        due = min(self._amp_map_due, self._poll_due)
        return due if due < math.inf else None

    def enter(self) -> State | None:
        """Begin to watch."""
        context = self.context
        context.error_routines = 0
        if context.settings.link_status_detection and context.modem.link_question() is not None:
            self._poll_due = context.now + context.settings.link_status_poll_s
        if context.settings.amp_map:
            self._amp_maps_left = 1 + C_EV_match_retry
            self._ask_amp_map()
        return None

    def wake(self) -> State | None:
        """Ask again."""
        context = self.context
        if context.now >= self._amp_map_due:
            self._ask_amp_map()
        if context.now >= self._poll_due:
            question = context.modem.link_question()
            assert question is not None
            context.tell_modem(question)
            self._poll_due = context.now + context.settings.link_status_poll_s
        return None

    def frame(self, frame: Frame) -> State | None:
        """Take the modem's answers, and the EV's."""
        status = link_status(frame.mme)
        if status is not None:
            return self._link(status) if self.context.is_from_modem(frame) else None
        match = self.context.match
        if isinstance(frame.mme, CM_AMP_MAP_CNF) and match is not None and frame.source == match.ev_mac:
            if frame.mme.Result == 0:
                self._amp_map_due = math.inf
            return None
        return super().frame(frame)

    def begins_again(self) -> State | None:
        """Take a new key if the EV forgot the old one while it was paused; otherwise it is not answered."""
        if not self.context.paused:
            self.context.ignore("CM_SLAC_PARM.REQ of the EV that is matched")
            return None
        self.context.start_init_timer()
        return State.SET_KEY

    def _link(self, up: bool) -> State | None:
        """Believe in the loss of the link when it was said often enough."""
        context = self.context
        if up and self._answers_without_link:
            context.paused = False
        self._answers_without_link = 0 if up else self._answers_without_link + 1
        if self._answers_without_link < context.settings.link_status_debounce or context.paused:
            return None
        if context.settings.link_loss is LinkLoss.ERROR_ROUTINE:
            context.fail("the link to the EV is lost")
        else:
            context.warn("the link to the EV is lost")
        return State.SET_KEY

    def _ask_amp_map(self) -> None:
        context = self.context
        if self._amp_maps_left == 0:
            self._amp_map_due = math.inf
            context.log(f"EV does not take {CM_AMP_MAP_REQ.NAME}")
            return
        assert context.match is not None
        assert context.settings.amp_map is not None
        self._amp_maps_left -= 1
        self._amp_map_due = context.now + TT_match_response_s
        amplitudes = context.settings.amp_map
        context.send(CM_AMP_MAP_REQ(AMLEN=2 * len(amplitudes), AMDATA=amplitudes), context.match.ev_mac)
