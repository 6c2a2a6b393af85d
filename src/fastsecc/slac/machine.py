"""The EVSE's side of SLAC: frames, the control pilot, commands and the time go in, frames and vars come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from fastsecc.errors import FrameError
from fastsecc.slac import frames, vendor
from fastsecc.slac.api import SlacOutput, SlacSettings, SlacState
from fastsecc.slac.chip_reset import ChipReset
from fastsecc.slac.context import SlacContext
from fastsecc.slac.down import Down
from fastsecc.slac.frames import parse
from fastsecc.slac.link_wait import LinkWait
from fastsecc.slac.matched import Matched
from fastsecc.slac.matching import Matching
from fastsecc.slac.modem import COOKIE_OCTETS, Modem
from fastsecc.slac.set_key import SetKey
from fastsecc.slac.state import Behaviour, State
from fastsecc.slac.unmatched import Unmatched

BEHAVIOURS: Final[Mapping[State, type[Behaviour]]] = {
    State.DOWN: Down,
    State.SET_KEY: SetKey,
    State.CHIP_RESET: ChipReset,
    State.UNMATCHED: Unmatched,
    State.MATCHING: Matching,
    State.LINK_WAIT: LinkWait,
    State.MATCHED: Matched,
}
WAKES_MAX: Final = len(State)

TAKEN: Final = tuple(
    kind.MMTYPE
    for kind in (
        frames.CM_SLAC_PARM_REQ,
        frames.CM_START_ATTEN_CHAR_IND,
        frames.CM_MNBC_SOUND_IND,
        frames.CM_ATTEN_PROFILE_IND,
        frames.CM_ATTEN_CHAR_RSP,
        frames.CM_VALIDATE_REQ,
        frames.CM_SLAC_MATCH_REQ,
        frames.CM_SET_KEY_CNF,
        frames.CM_AMP_MAP_REQ,
        frames.CM_AMP_MAP_CNF,
        vendor.VS_OP_ATTRIBUTES_CNF,
        vendor.VS_PL_LINK_STATUS_CNF,
        vendor.VS_RS_DEV_CNF,
        vendor.NSCM_GET_VERSION_CNF,
        vendor.NSCM_GET_D_LINK_STATUS_CNF,
    )
)
"""MMTYPEs of the messages that the machine takes; all others can be left out before they reach it."""


class SlacMachine:
    """SLAC of one connector; each input returns what it leads to.

    The time never goes back: an input with an earlier time than the newest is taken for one at the newest.
    """

    def __init__(self, settings: SlacSettings) -> None:
        """Begin without an interface."""
        self._context = SlacContext(settings, Modem())
        self._where = State.DOWN
        self._behaviour: Behaviour = Down(self._context)
        self._published: SlacState | None = None
        self.dlink_ready = False
        """What var `dlink_ready` says: there is a logical network with an EV in it."""

    @property
    def state(self) -> SlacState:
        """Give what var `state` says."""
        return self._behaviour.published

    @property
    def where(self) -> State:
        """Give the state proper."""
        return self._where

    @property
    def deadline(self) -> float | None:
        """When `wake` is due; None: nothing happens by itself."""
        return self._behaviour.deadline

    # the interface

    def interface_up(self, mac: bytes, now: float) -> SlacOutput:
        """Begin with an interface, or with one that came back.

        Args:
            mac: its address.
            now: monotonic seconds.
        """
        context = self._context

        def up() -> State:
            context.mac = mac
            context.modem.forget(context.random(COOKIE_OCTETS))
            if context.failed and context.bcd:
                context.start_init_timer()
            context.failed = False
            return State.SET_KEY

        return self._handle(now, up)

    def interface_down(self, now: float) -> SlacOutput:
        """Go on without an interface."""
        return self._handle(now, lambda: State.DOWN)

    def frame(self, octets: bytes, now: float) -> SlacOutput:
        """Take an Ethernet frame.

        Args:
            octets: from the destination's address on.
            now: when it came.
        """
        return self._handle(now, lambda: self._take(octets))

    def wake(self, now: float) -> SlacOutput:
        """Let the deadline take effect if it has come."""
        return self._handle(now, lambda: None)

    # the control pilot and commands

    def enter_bcd(self, now: float) -> SlacOutput:
        """Take that the control pilot is in B, C or D: an EV is there and expected to begin."""
        return self._control_pilot(now, True)

    def leave_bcd(self, now: float) -> SlacOutput:
        """Take that the control pilot is in A, E or F."""
        return self._control_pilot(now, False)

    def reset(self, now: float) -> SlacOutput:
        """Begin anew with another key."""
        context = self._context

        def reset() -> State | None:
            context.failed = False
            if context.bcd:
                context.start_init_timer()
            return self._behaviour.reset()

        return self._handle(now, reset)

    def dlink_terminate(self, now: float) -> SlacOutput:
        """Leave the logical network: the session above has ended."""
        return self._handle(now, self._leave_network)

    def dlink_error(self, now: float) -> SlacOutput:
        """Leave the logical network: the session above failed."""
        return self._handle(now, self._leave_network)

    def dlink_pause(self, now: float) -> SlacOutput:
        """Keep the logical network: the EV comes back to its session."""
        context = self._context

        def pause() -> None:
            context.paused = context.match is not None

        return self._handle(now, pause)

    # how an input is handled

    def _handle(self, now: float, step: Callable[[], State | None]) -> SlacOutput:
        """Let deadlines pass that came before the input, then take it."""
        context = self._context
        context.now = max(now, context.now)
        context.out = out = SlacOutput()
        self._pass_deadlines()
        self._go(step())
        self._publish()
        return out

    def _pass_deadlines(self) -> None:
        """Wake each state once at the most; what is due again then waits for the next input."""
        for _ in range(WAKES_MAX):
            deadline = self._behaviour.deadline
            if deadline is None or deadline > self._context.now:
                return
            self._go(self._behaviour.wake())

    def _go(self, state: State | None) -> None:
        while state is not None:
            self._where = state
            self._behaviour = BEHAVIOURS[state](self._context)
            state = self._behaviour.enter()

    def _take(self, octets: bytes) -> State | None:
        context = self._context
        if self._where is State.DOWN:
            return None
        try:
            frame = parse(octets)
        except FrameError as error:
            context.ignore(f"{error.message}: {error.field}")
            return None
        if not context.is_addressed(frame):
            return None
        if frame.destination == context.mac and (learnt := context.modem.hear(frame)) is not None:
            context.log(learnt)
        return self._behaviour.frame(frame)

    def _control_pilot(self, now: float, bcd: bool) -> SlacOutput:
        def follow() -> State | None:
            self._context.set_bcd(bcd)
            return self._behaviour.control_pilot()

        return self._handle(now, follow)

    def _leave_network(self) -> State | None:
        return self._behaviour.leave_network()

    def _publish(self) -> None:
        """Publish what has changed: an end before the state, a beginning after it."""
        context = self._context
        ready = self._where is State.MATCHED
        if self.dlink_ready and not ready:
            context.out.publish("dlink_ready", False)
        if self._published is not self.state and (self._published is not None or self._where is not State.DOWN):
            self._published = self.state
            context.out.publish("state", self.state)
        if ready and not self.dlink_ready:
            context.out.publish("dlink_ready", True)
        self.dlink_ready = ready
