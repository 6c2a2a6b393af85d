"""There is no interface."""

from __future__ import annotations

from fastsecc.slac.state import Behaviour, State


class Down(Behaviour):
    """Wait for the interface; the control pilot is remembered meanwhile."""

    def enter(self) -> State | None:
        """Forget the EV; the key is taken back as soon as the modem can be reached."""
        self.context.match = None
        self.context.paused = False
        return None

    def reset(self) -> State | None:
        """Stay: a new key comes with the interface."""
        return None
