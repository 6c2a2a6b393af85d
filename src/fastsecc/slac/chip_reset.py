"""The modem is restarted, so that it begins with the new key and nothing else."""

from __future__ import annotations

from typing import Final

from fastsecc.slac import vendor
from fastsecc.slac.context import SlacContext
from fastsecc.slac.frames import Frame
from fastsecc.slac.state import Behaviour, State

CHIP_BOOT_s: Final = 10.0
"""A restart may take the interface away; when that comes back, it is not the time for the next one."""


class ChipReset(Behaviour):
    """Wait, ask for the restart, and wait until the modem says that it does so."""

    def __init__(self, context: SlacContext) -> None:
        super().__init__(context)
        self._deadline: float | None = None
        self._asked = False

    @property
    def deadline(self) -> float | None:
        """Give the end of the delay, then that of the wait for an answer."""
        return self._deadline

    def enter(self) -> State | None:
        """Begin the delay."""
        context = self.context
        if context.chip_reset_at is not None and context.now - context.chip_reset_at < CHIP_BOOT_s:
            return State.UNMATCHED
        self._deadline = context.now + context.settings.chip_reset_delay_s
        return None

    def wake(self) -> State | None:
        """Ask; or go on when there is no answer."""
        context = self.context
        if self._asked:
            return State.UNMATCHED
        restart = context.modem.restart()
        if restart is None:
            context.warn("the modem is not restarted: its vendor is not known")
            return State.UNMATCHED
        context.tell_modem(restart)
        context.chip_reset_at = context.now
        self._asked = True
        self._deadline = context.now + context.settings.chip_reset_timeout_s
        return None

    def frame(self, frame: Frame) -> State | None:
        """Take the answer; Lumissil's modems give none."""
        if not self._asked or not isinstance(frame.mme, vendor.VS_RS_DEV_CNF):
            return None
        return State.UNMATCHED if self.context.is_from_modem(frame) else None
