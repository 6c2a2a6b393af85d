"""What a session remembers from ScheduleExchange on, until the EV stops or chooses another service."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

from fastsecc.messages.iso20 import EVPowerProfileType, ScheduleTupleType


@dataclass(slots=True)
class Charge:
    """One charge."""

    limits: tuple[Any, Any] = (None, None)
    """What ChargeParameterDiscovery said: the EV's, and ours."""
    schedule: ScheduleTupleType | None = None
    """What ScheduleExchangeRes offered in the scheduled control mode."""
    pre_charge_target_v: float | None = None
    """What the newest DC_PreChargeReq asked for."""
    departure_at: float | None = None
    """When the site wants the EV to go, monotonic seconds."""
    profile: EVPowerProfileType | None = None
    """What the EV promised in PowerDeliveryReq; only in the scheduled control mode."""
    started: bool = False
    """PowerDeliveryReq that starts was accepted."""
    standby: bool = False
    loop_begun: bool = False
    """Var `current_demand_started` was published, and nothing ended it."""
    confirmed_wh: int | None = None
    """Meter reading that the EV confirmed last."""
    confirmed_at: float = -inf
    """When it did, monotonic seconds."""
    dynamic_values_at: float = -inf
    """When var `d20_dc_dynamic_charge_mode` was published last, monotonic seconds."""
