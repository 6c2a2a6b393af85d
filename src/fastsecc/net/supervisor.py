"""What a service manager is told of us, as sd_notify(3) has it: ready, alive, stopping."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Mapping
from typing import Final

log = logging.getLogger(__name__)

MICROSECOND_s: Final = 1e-6
PINGS_A_PERIOD: Final = 3
"""One may be late without the manager thinking us dead."""


class Supervisor:
    """The service manager that started this process; without one everything here does nothing."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Read who it is.

        Args:
            environment: where NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID stand.
        """
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._ping_s = _watchdog_s(environment) / PINGS_A_PERIOD
        self._timer: asyncio.TimerHandle | None = None

    def ready(self) -> None:
        """Say that the start is over, and from now on that we live; needs a running event loop."""
        self.tell("READY=1")
        if self._ping_s:
            self._ping()

    def stopping(self) -> None:
        """Say that the end has begun; the watchdog is answered on until the loop is closed."""
        self.tell("STOPPING=1")

    def close(self) -> None:
        """Say nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def tell(self, *lines: str) -> None:
        """Send lines of the protocol, such as `STATUS=…`."""
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as end:
                end.sendto("\n".join(lines).encode(), self._address)
        except OSError as refusal:
            log.warning("the service manager cannot be told %s: %s", lines[0], refusal.strerror or refusal)

    def _ping(self) -> None:
        # From the loop, on purpose: a process whose loop does not turn is one to start anew.
        self.tell("WATCHDOG=1")
        self._timer = asyncio.get_running_loop().call_later(self._ping_s, self._ping)


def _address(text: str) -> str | None:
    """Give a socket's path; `@` begins an abstract name."""
    if text[:1] not in ("/", "@"):
        return None
    return "\0" + text[1:] if text[0] == "@" else text


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """Give the time after which silence means death; 0: nobody waits for us."""
    period_us = environment.get("WATCHDOG_USEC", "")
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()) or not period_us.isdecimal():
        return 0.0
    return int(period_us) * MICROSECOND_s
