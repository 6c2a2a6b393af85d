"""What kind of charger is simulated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fastsecc.sim.power import AcRatings, DcRatings


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """One simulated charger: its outlet, and how its operator decides."""

    energy: Literal["dc", "ac"] = "dc"
    evse_id: str = "DE*FSC*E0001*1"
    evse_id_din: str | None = None
    dc: DcRatings = field(default_factory=DcRatings)
    ac: AcRatings = field(default_factory=AcRatings)
    authorization: Literal["auto", "delayed", "refused"] = "auto"
    """auto: accept at once; delayed: accept after `authorization_delay_s`; refused: refuse at once."""
    authorization_delay_s: float = 3.0
    receipt_required: bool = False
    debug_mode: bool = False
    """Publish `v2g_messages` and its kin."""
    meter_id: str = "FASTSECC-SIM-1"
    step_s: float = 0.02
    """How often the power electronics are computed while there is a session."""
    present_values_period_s: float = 0.1
    meter_period_s: float = 1.0
    current_regulation_tolerance_a: float = 2.0
    peak_current_ripple_a: float = 1.0
    energy_to_be_delivered_wh: float = 10_000.0
    time_lapse: float = 1.0
    """How much faster than the clock the meter counts, for a bench session that shows a whole charge."""
