"""What an ISO 15118-2 session remembers beyond what all sessions do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from fastsecc.messages import iso2
from fastsecc.session.api import PausedIso2
from fastsecc.session.context import Context
from fastsecc.session.iso2.contract import ShownContract

V2H_MINIMUM_SOC_percent: Final = 20
"""Down to where a home may discharge an EV that does not say."""


@dataclass(slots=True, kw_only=True)
class Iso2Context(Context):
    """Context of an ISO 15118-2 session."""

    resumable: PausedIso2 | None = None
    """What a paused session left; None once another session was set up."""
    joined: PausedIso2 | None = None
    """The paused session that this one goes on with."""
    secure: bool = False
    """The connection has TLS."""
    payment_options: tuple[iso2.PaymentOptionType, ...] = ()
    """As they were offered; empty: not yet."""
    certificate_service: bool = False
    """An EV may come for a contract certificate."""
    contract: ShownContract | None = None
    """Of an EV that pays by it; None: none yet, or not one that it could prove to be its own."""
    meter_shown: iso2.MeterInfoType | None = None
    """What the EV has to give a receipt for."""
    payment_option: str = ""
    """What the EV selected."""
    asked_to_pay_at: float = 0.0
    """When the EV selected it: an authorization that came before does not count."""
    charge_service: iso2.ChargeServiceType | None = None
    """As it was offered."""
    energy_transfer_mode: str = ""
    """What the EV asked for."""
    schedule: iso2.SAScheduleListType | None = None
    sa_schedule_tuple_id: int = 1
    """What the EV chose."""
    sae_mode: str = field(init=False)
    """SAE J2847/2 service that is offered, V2G or V2H, as the charger was set up when the session began."""
    sae_active: bool = False
    """The EV selected it."""
    v2h_discovered: bool = False
    """The first ChargeParameterDiscoveryReq in V2H mode has come."""
    v2h_minimum_soc_percent: int = V2H_MINIMUM_SOC_percent
    soc_percent: int | None = None
    """EVRESSSOC of the newest charge-loop request."""

    def __post_init__(self) -> None:
        self.sae_mode = self.charger.sae_j2847_mode
