"""What an ISO 15118-20 EV and its EVSE have agreed on so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastsecc.messages import iso20


@dataclass(slots=True, kw_only=True)
class Terms:
    """Service, schedule and limits of one session."""

    service_id: int = 0
    parameter_set_id: int = 0
    parameters: dict[str, object] = field(default_factory=dict)
    """Of the selected service's parameter set, by name."""
    value_added_services: list[int] = field(default_factory=list)
    service_renegotiation: bool = False
    """The SECC supports it."""
    departure_time_s: int = 0
    schedule_tuple_id: int = 1
    schedule: list[tuple[int, float]] = field(default_factory=list)
    """Seconds and watts of each step; without one the EV takes what it can."""
    evse_max_discharge_power_w: float = 0.0
    evse_max_discharge_current_a: float = 0.0
    target_w: float | None = None
    """AC power that the EVSE asks for; negative: out of the EV."""
    meter_info: iso20.MeterInfoType | None = None
    """Newest reading of the EVSE's meter."""
    channel: iso20.ChannelSelectionType | None = None
    """Where charging and discharging have one each: the one in use."""
    standby_left: int = 0
    """Charge-loop requests until standby is over."""

    @property
    def schedule_w(self) -> float:
        """Power of the schedule's first step."""
        return self.schedule[0][1] if self.schedule else float("inf")
