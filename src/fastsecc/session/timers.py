"""Deadlines of a session by name; the earliest is what the session waits for."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Timers:
    """Named deadlines, seconds of the monotonic clock."""

    _due: dict[str, float] = field(default_factory=dict)

    def start(self, name: str, due: float) -> None:
        """Set a deadline, in place of one of that name."""
        self._due[name] = due

    def stop(self, name: str) -> None:
        """Forget a deadline."""
        self._due.pop(name, None)

    def stop_all(self) -> None:
        """Forget every deadline."""
        self._due.clear()

    def running(self, name: str) -> bool:
        """Tell whether a deadline is set."""
        return name in self._due

    def expired(self, name: str, now: float) -> bool:
        """Tell whether a deadline is set and has come."""
        return name in self._due and now >= self._due[name]

    @property
    def earliest(self) -> float | None:
        """Give the next deadline."""
        return min(self._due.values(), default=None)
