"""What kind of EV is simulated and what it wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProtocolName = Literal["din", "iso2"]
EnergyName = Literal["dc", "ac"]


@dataclass(frozen=True, slots=True)
class EvSettings:
    """One session's wishes."""

    protocol: ProtocolName = "iso2"
    energy: EnergyName = "dc"
    evcc_id: bytes = bytes.fromhex("02fa57ecc001")
    """A locally administered MAC address."""
    cycles: int | None = None
    """Charge-loop requests to send; None: charge up to `target_soc_percent`."""
    target_soc_percent: float = 100.0
    think_s: float = 0.1
    """Time between an answer and the next request."""
    pause: bool = False
    """End with SessionStop(Pause) (ISO 15118-2)."""
    resume_session_id: bytes | None = None
    """Session to join again; anything but OK_OldSessionJoined is a failure then."""
    renegotiate_after_cycles: int | None = None
    """Ask for renegotiation after so many charge-loop requests (ISO 15118-2)."""
    welding_detection: bool = True
    pre_charge_tolerance_v: float = 20.0
    ac_phases: int = 3
    ac_max_current_a: float = 16.0
    ac_min_current_a: float = 6.0
    ac_max_voltage_v: float = 400.0
    departure_time_s: int = 3600
