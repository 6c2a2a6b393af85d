"""What kind of EV is simulated and what it wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProtocolName = Literal["din", "iso2", "iso20"]
EnergyName = Literal["dc", "ac", "dc-bpt", "ac-bpt", "mcs", "mcs-bpt"]
ControlName = Literal["scheduled", "dynamic"]


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
    minimum_soc_percent: float = 10.0
    """Below it the EV gives nothing back."""
    think_s: float = 0.1
    """Time between an answer and the next request."""
    pause: bool = False
    """End with SessionStop(Pause) (ISO 15118-2 and -20)."""
    resume_session_id: bytes | None = None
    """Session to join again; anything but OK_OldSessionJoined is a failure then."""
    renegotiate_after_cycles: int | None = None
    """Ask for renegotiation (ISO 15118-20: of the schedule) after so many charge-loop requests."""
    auth: Literal["eim", "pnc"] = "eim"
    """Pay at the charger, or by the contract in the EV's wallet."""
    certificate: Literal["install", "update"] | None = None
    """Get a contract certificate first; ISO 15118-20 knows only `install`."""
    welding_detection: bool = True
    pre_charge_tolerance_v: float = 20.0
    ac_phases: int = 3
    ac_max_current_a: float = 16.0
    ac_min_current_a: float = 6.0
    ac_max_voltage_v: float = 400.0
    departure_time_s: int = 3600

    # what follows is of ISO 15118-20
    control: ControlName = "scheduled"
    mobility_needs: Literal["EVCC", "EVCC_SECC"] = "EVCC"
    """Who says when the EV leaves and how full it must be."""
    pricing: Literal["none", "absolute", "levels"] | None = None
    """None: what the charger likes best."""
    value_added_services: bool = False
    """Select every one that is offered."""
    discharge_after_cycles: int | None = None
    """With the scheduled control mode, give energy back after so many charge-loop requests; None: never."""
    discharge_cycles: int = 20
    """And for so many."""
    renegotiate_beside_loop: bool = True
    """Renegotiate the schedule on its own stream while the charge loop goes on; False: leave the loop for it."""
    renegotiate_service_after_cycles: int | None = None
    """Ask for service renegotiation after so many charge-loop requests."""
    standby_after_cycles: int | None = None
    """Go to standby after so many charge-loop requests."""
    standby_cycles: int = 10
    """And stay there for so many."""
    meter_info_every_cycles: int = 10
    """How often the EV wants to see the meter."""
    confirm_meter_after_cycles: int | None = None
    """Confirm a meter reading after so many charge-loop requests."""

    @property
    def is_ac(self) -> bool:
        """Tell whether the EV charges with AC."""
        return self.energy.startswith("ac")

    @property
    def is_megawatt(self) -> bool:
        """Tell whether the EV charges by the Megawatt Charging System."""
        return self.energy.startswith("mcs")

    @property
    def bidirectional(self) -> bool:
        """Tell whether the EV gives energy back, too."""
        return self.energy.endswith("-bpt")
