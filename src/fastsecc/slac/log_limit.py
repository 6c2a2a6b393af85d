"""Keep what anybody on the line can cause from filling the log."""

from __future__ import annotations

from typing import Final

LOG_INTERVAL_s: Final = 10.0
LOG_LINES_MAX: Final = 5
"""Lines of a kind in an interval."""


class LogLimit:
    """Let a few lines of a kind through in an interval, and count the others."""

    def __init__(self) -> None:
        self._kinds: dict[str, tuple[float, int]] = {}
        """When the interval of a kind began, and how many lines it has had."""

    def line(self, kind: str, line: str, now: float) -> str | None:
        """Give the line to log; None: there were enough of them.

        Args:
            kind: what lines are counted by; nothing that a sender may choose freely.
            line: the line.
            now: monotonic seconds.
        """
        begun, count = self._kinds.get(kind, (now, 0))
        left_out = 0
        if now - begun >= LOG_INTERVAL_s:
            begun, count, left_out = now, 0, max(count - LOG_LINES_MAX, 0)
        self._kinds[kind] = (begun, count + 1)
        if count >= LOG_LINES_MAX:
            return None
        return f"{line} (and {left_out} like it before)" if left_out else line
