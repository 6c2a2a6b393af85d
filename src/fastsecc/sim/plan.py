"""When the operator of a bidirectional outlet wants energy, and when it gives."""

from __future__ import annotations

from dataclasses import dataclass

from fastsecc.sim.settings import SimulatorSettings


@dataclass(slots=True)
class Plan:
    """Charge, discharge for a while, charge on."""

    settings: SimulatorSettings
    now: float = 0.0
    _began_at: float | None = None

    def begin(self) -> None:
        """Note that energy begins to flow, unless it has before in this session."""
        if self._began_at is None:
            self._began_at = self.now

    def end(self) -> None:
        """Forget the session."""
        self._began_at = None

    @property
    def discharges(self) -> bool:
        """Tell whether energy is to flow back now."""
        after_s = self.settings.discharge_after_s
        if self._began_at is None or after_s is None or not self.settings.bidirectional:
            return False
        return after_s <= self.now - self._began_at < after_s + self.settings.discharge_s
