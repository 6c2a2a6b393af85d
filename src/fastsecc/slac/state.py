"""The states of the machine, and what one of them is made of."""

from __future__ import annotations

from enum import Enum, auto

from fastsecc.slac.api import SlacState
from fastsecc.slac.context import SlacContext
from fastsecc.slac.frames import Frame


class State(Enum):
    """Where the machine is."""

    DOWN = auto()
    SET_KEY = auto()
    CHIP_RESET = auto()
    UNMATCHED = auto()
    MATCHING = auto()
    LINK_WAIT = auto()
    MATCHED = auto()


class Behaviour:
    """What the machine does in one state; each input gives the state that follows, or None to stay."""

    def __init__(self, context: SlacContext) -> None:
        self.context = context

    @property
    def published(self) -> SlacState:
        """Give what var `state` says."""
        return SlacState.UNMATCHED

    @property
    def deadline(self) -> float | None:
        """When `wake` is due."""
        return None

    def enter(self) -> State | None:
        """Begin."""
        return None

    def frame(self, frame: Frame) -> State | None:
        """Take a message that is addressed to us."""
        return None

    def wake(self) -> State | None:
        """Let the deadline take effect."""
        return None

    def control_pilot(self) -> State | None:
        """Follow the control pilot; `context.bcd` is what it is now."""
        return None

    def reset(self) -> State | None:
        """Begin with a new key."""
        return State.SET_KEY

    def leave_network(self) -> State | None:
        """Take the key back from the EV that has it."""
        return None
