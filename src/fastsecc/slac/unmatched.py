"""The key is set, and no EV is to be matched: none is there, or trying is over."""

from __future__ import annotations

from fastsecc.slac.state import Behaviour, State


class Unmatched(Behaviour):
    """Wait for the control pilot, without any deadline."""

    def enter(self) -> State | None:
        """Go on at once with an EV that is there already."""
        return self.control_pilot()

    def control_pilot(self) -> State | None:
        """Be ready for an EV, unless one that did not begin is still there.

        TT_EVSE_SLAC_init begins anew if it ended while nobody could have been answered.
        """
        context = self.context
        if not context.bcd or context.failed:
            return None
        if context.init_due is not None and context.init_due <= context.now:
            context.start_init_timer()
        return State.MATCHING
