"""What kind of charger is simulated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fastsecc.sim.power import AcRatings, DcRatings, McsRatings

Auth = Literal["eim", "pnc", "both"]
Energy = Literal["dc", "ac", "dc-bpt", "ac-bpt", "mcs", "mcs-bpt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """One simulated charger: its outlet, and how its operator decides."""

    energy: Energy = "dc"
    auth: Auth = "eim"
    """How it is paid: externally, by a contract that the EV brings (Plug & Charge, over TLS only), or either."""
    evse_id: str = "DE*FSC*E0001*1"
    evse_id_din: str | None = None
    dc: DcRatings = field(default_factory=DcRatings)
    mcs: McsRatings = field(default_factory=McsRatings)
    """In place of `dc`, for a megawatt outlet."""
    ac: AcRatings = field(default_factory=AcRatings)
    authorization: Literal["auto", "delayed", "refused"] = "auto"
    """auto: accept at once; delayed: accept after `authorization_delay_s`; refused: refuse at once."""
    authorization_delay_s: float = 3.0
    sae_j2847_mode: Literal["None", "V2G", "V2H"] = "None"
    """Offer an ISO 15118-2 EV to discharge by SAE J2847/2."""
    discharge_after_s: float | None = None
    """A bidirectional outlet takes energy back so long after the EV began to charge; None: never."""
    discharge_s: float = 10.0
    """And does it for so long."""
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

    @property
    def payment_options(self) -> list[str]:
        """List them as the charger's interface names them, the best first."""
        contract = [] if self.auth == "eim" else ["Contract"]
        return contract if self.auth == "pnc" else [*contract, "ExternalPayment"]

    @property
    def is_ac(self) -> bool:
        """Tell whether the outlet gives AC."""
        return self.energy.startswith("ac")

    @property
    def is_megawatt(self) -> bool:
        """Tell whether the outlet is one of the Megawatt Charging System."""
        return self.energy.startswith("mcs")

    @property
    def bidirectional(self) -> bool:
        """Tell whether the outlet takes energy back, too."""
        return self.energy.endswith("-bpt")

    @property
    def dc_ratings(self) -> DcRatings:
        """Ratings of a DC outlet of the kind."""
        return self.mcs if self.is_megawatt else self.dc
