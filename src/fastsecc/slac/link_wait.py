"""The EV has the key, and the modem is asked whether it has joined."""

from __future__ import annotations

from fastsecc.slac.api import SlacState
from fastsecc.slac.context import SlacContext
from fastsecc.slac.frames import Frame
from fastsecc.slac.joined import Joined
from fastsecc.slac.modem import link_status
from fastsecc.slac.state import State


class LinkWait(Joined):
    """Ask again and again until there is a link, or TT_match_join is over."""

    def __init__(self, context: SlacContext) -> None:
        super().__init__(context)
        self._join_due = context.now + context.settings.link_status_timeout_s
        self._poll_due = context.now

    @property
    def published(self) -> SlacState:
        """Say that the EV is not matched yet."""
        return SlacState.MATCHING

    @property
    def deadline(self) -> float | None:
        """Give the next question, or the end of TT_match_join."""
        return min(self._join_due, self._poll_due)

    def enter(self) -> State | None:
        """Ask for the first time."""
        context = self.context
        if context.modem.link_question() is None:
            context.warn("the link is not watched: the modem's vendor is not known")
            return State.MATCHED
        self._ask()
        return None

    def wake(self) -> State | None:
        """Ask again, or take the key back."""
        context = self.context
        if context.now >= self._join_due:
            context.match_failed("no link within TT_match_join")
            return State.SET_KEY
        self._ask()
        return None

    def frame(self, frame: Frame) -> State | None:
        """Take the modem's answer."""
        status = link_status(frame.mme)
        if status is None:
            return super().frame(frame)
        return State.MATCHED if status and self.context.is_from_modem(frame) else None

    def begins_again(self) -> State | None:
        """Take a new key: the EV never heard CM_SLAC_MATCH.CNF; it repeats its request until the key is set."""
        self.context.start_init_timer()
        return State.SET_KEY

    def _ask(self) -> None:
        context = self.context
        question = context.modem.link_question()
        assert question is not None
        context.tell_modem(question)
        self._poll_due = context.now + context.settings.link_status_retry_s
