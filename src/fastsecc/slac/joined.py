"""What is common to the time after CM_SLAC_MATCH.CNF: the EV has the key."""

from __future__ import annotations

from fastsecc.slac import checks
from fastsecc.slac.frames import CM_AMP_MAP_CNF, CM_AMP_MAP_REQ, CM_SLAC_MATCH_REQ, CM_SLAC_PARM_REQ, Frame
from fastsecc.slac.state import Behaviour, State


class Joined(Behaviour):
    """Repeat CM_SLAC_MATCH.CNF, answer CM_AMP_MAP.REQ, and leave with a new key."""

    def control_pilot(self) -> State | None:
        """Leave the logical network when the EV has gone."""
        return None if self.context.bcd else State.SET_KEY

    def leave_network(self) -> State | None:
        """Leave the logical network; an EV that is still there may match again."""
        return State.SET_KEY

    def frame(self, frame: Frame) -> State | None:
        """Take what the EV says about its match."""
        match = self.context.match
        mme = frame.mme
        if match is None or frame.source != match.ev_mac:
            return None
        if isinstance(mme, CM_SLAC_PARM_REQ):
            return self.begins_again()
        if frame.destination == self.context.mac:
            if isinstance(mme, CM_SLAC_MATCH_REQ):
                self._repeat_match_cnf(mme)
            elif isinstance(mme, CM_AMP_MAP_REQ):
                self._answer_amp_map(frame, mme)
        return None

    def begins_again(self) -> State | None:
        """Take that the EV wants to be matched as if it never had been."""
        return None

    def _repeat_match_cnf(self, mme: CM_SLAC_MATCH_REQ) -> None:
        """Answer the EV that has not heard it, as often as it asks."""
        context, match = self.context, self.context.match
        assert match is not None
        wrong = checks.match_req(mme, match.ev_mac, context.mac, context.settings.quirks)
        if wrong is None and mme.RunID != match.run_id:
            wrong = "RunID"
        if wrong is None:
            context.send(match.cnf, match.ev_mac)
        else:
            context.ignore(f"{mme.NAME}: {wrong}")

    def _answer_amp_map(self, frame: Frame, mme: CM_AMP_MAP_REQ) -> None:
        """Accept the EV's wishes for its receiver; that our modem follows them is its own affair."""
        if mme.AMLEN == 0:
            self.context.ignore(f"{mme.NAME}: AMLEN")
        else:
            self.context.send(CM_AMP_MAP_CNF(), frame.source, frame.mmv)
