"""A SLAC machine with a clock: what comes in is handed over, what comes out is sent, published and waited for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic

from fastsecc.slac.api import SlacOutput, SlacState
from fastsecc.slac.machine import SlacMachine

Send = Callable[[bytes], None]
"""Takes an Ethernet frame that is to leave."""
OnOutput = Callable[[SlacOutput], None]
"""Takes what is to be published and logged, after the frames have left."""


class SlacDriver:
    """Run a machine on anything that carries frames: a port, or a medium in memory.

    There is one timer, and none while the machine waits for nothing. Whoever takes an output may give the next command
    at once: what that leads to is published after it.
    """

    def __init__(self, machine: SlacMachine, send: Send, on_output: OnOutput) -> None:
        self.machine = machine
        self._send = send
        self._on_output = on_output
        self._outputs: deque[SlacOutput] = deque()
        self._publishing = False
        self._timer: asyncio.TimerHandle | None = None
        self._due: float | None = None

    @property
    def state(self) -> SlacState:
        """Give what var `state` says."""
        return self.machine.state

    def up(self, mac: bytes) -> None:
        """Begin with an interface, or with one that came back."""
        self._take(self.machine.interface_up(mac, monotonic()))

    def down(self) -> None:
        """Go on without an interface."""
        self._take(self.machine.interface_down(monotonic()))

    def on_frame(self, octets: bytes, at_s: float | None = None) -> None:
        """Hand a frame over.

        Args:
            octets: from the destination's address on.
            at_s: when it came, monotonic seconds; None: now.
        """
        self._take(self.machine.frame(octets, monotonic() if at_s is None else at_s))

    def enter_bcd(self) -> None:
        """See the cmd of the slac interface."""
        self._take(self.machine.enter_bcd(monotonic()))

    def leave_bcd(self) -> None:
        """See the cmd of the slac interface."""
        self._take(self.machine.leave_bcd(monotonic()))

    def reset(self) -> None:
        """See the cmd of the slac interface."""
        self._take(self.machine.reset(monotonic()))

    def dlink_terminate(self) -> None:
        """See the cmd of the slac interface."""
        self._take(self.machine.dlink_terminate(monotonic()))

    def dlink_error(self) -> None:
        """See the cmd of the slac interface."""
        self._take(self.machine.dlink_error(monotonic()))

    def dlink_pause(self) -> None:
        """See the cmd of the slac interface."""
        self._take(self.machine.dlink_pause(monotonic()))

    def stop(self) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._due = None

    def _take(self, output: SlacOutput) -> None:
        for frame in output.frames:
            self._send(frame)
        self._wait()
        self._outputs.append(output)
        if self._publishing:
            return
        self._publishing = True
        try:
            while self._outputs:
                self._on_output(self._outputs.popleft())
        finally:
            self._publishing = False

    def _wait(self) -> None:
        due = self.machine.deadline
        if due == self._due and self._timer is not None:
            return
        self.stop()
        if due is not None:
            delay = max(due - monotonic(), 0.0)
            self._due = due
            self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._take(self.machine.wake(monotonic()))
