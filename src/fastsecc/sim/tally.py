"""What a session consisted of, in numbers: messages and vars by name, answer times."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

LOOP_PHASES = ("CurrentDemand", "ChargingStatus", "AC_ChargeLoop", "DC_ChargeLoop")


@dataclass(frozen=True, slots=True)
class Times:
    """Answer times of some exchanges."""

    count: int
    median_s: float
    p99_s: float
    max_s: float

    @classmethod
    def of(cls, times_s: Sequence[float]) -> Times:
        """Sum answer times up; there is at least one."""
        ordered = sorted(times_s)
        last = len(ordered) - 1
        return cls(len(ordered), ordered[last // 2], ordered[round(0.99 * last)], ordered[last])

    def to_json(self) -> dict[str, float]:
        """Give the times in milliseconds."""
        return {
            "count": self.count,
            "median_ms": round(self.median_s * 1000, 3),
            "p99_ms": round(self.p99_s * 1000, 3),
            "max_ms": round(self.max_s * 1000, 3),
        }


@dataclass(slots=True)
class Tally:
    """Counts while a session goes on."""

    variables: Counter[str] = field(default_factory=Counter)
    _times_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def exchange(self, phase: str, answer_time_s: float) -> None:
        """Count an exchange, by the request's name without `Req`."""
        self._times_s[phase].append(answer_time_s)

    def variable(self, name: str) -> None:
        """Count a var."""
        self.variables[name] += 1

    @property
    def messages(self) -> dict[str, int]:
        """Exchanges by phase, in the order in which these first came."""
        return {phase: len(times_s) for phase, times_s in self._times_s.items()}

    @property
    def loop(self) -> Times | None:
        """Answer times of the charge loop."""
        times_s = [time_s for phase in LOOP_PHASES for time_s in self._times_s.get(phase, ())]
        return Times.of(times_s) if times_s else None

    @property
    def others(self) -> Times | None:
        """Answer times of everything else."""
        times_s = [time_s for phase, times in self._times_s.items() if phase not in LOOP_PHASES for time_s in times]
        return Times.of(times_s) if times_s else None

    def to_json(self) -> dict[str, Any]:
        """Give it all."""
        return {
            "messages": self.messages,
            "variables": dict(self.variables),
            "loop": self.loop.to_json() if self.loop else None,
            "others": self.others.to_json() if self.others else None,
        }
