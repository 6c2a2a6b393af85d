"""The schedule that was offered, and the EV's power profile that has to keep to it.

Both begin at a time of day. Where they do not overlap, as when the EV counts from 1970, nothing can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import (
    EVPowerProfileType,
    PowerScheduleEntryType,
    PowerScheduleType,
    ScheduleTupleType,
)
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.numbers import optional_float, to_float

EXCESS = 1.05
"""Measured power may be so many times what the profile says: meters and supplies have their tolerances."""


@dataclass(frozen=True, slots=True)
class Span:
    """A power and when it holds, Unix seconds; negative: from the EV."""

    start: float
    end: float
    power_w: float


def check_profile(profile: EVPowerProfileType, context: Iso20Context) -> None:
    """Refuse a profile that does not belong to what was offered, or takes or gives more.

    Raises:
        ProtocolError: FAILED_ScheduleSelectionInvalid or FAILED_EVPowerProfileInvalid.
    """
    selection, schedule = profile.Scheduled_EVPPTControlMode, context.charge.schedule
    if (selection is not None) is not (context.service.control_mode == "Scheduled"):
        raise ProtocolError("FAILED_EVPowerProfileInvalid", "it is of the other control mode")
    if selection is None:
        return
    if schedule is None or selection.SelectedScheduleTupleID != schedule.ScheduleTupleID:
        raise ProtocolError(
            "FAILED_ScheduleSelectionInvalid", f"schedule {selection.SelectedScheduleTupleID} was not offered"
        )
    allowed = [*_charging(schedule), *_discharging(schedule)]
    for promised in spans(profile.TimeAnchor, profile.EVPowerProfileEntries.EVPowerProfileEntry):
        _check_span(promised, allowed)


def _check_span(promised: Span, allowed: list[Span]) -> None:
    discharges = promised.power_w < 0
    for span in allowed:
        overlaps = promised.start < span.end and span.start < promised.end
        same_direction = (span.power_w < 0) is discharges
        if overlaps and same_direction and abs(promised.power_w) > abs(span.power_w):
            raise ProtocolError(
                "FAILED_EVPowerProfileInvalid", f"{promised.power_w:g} W where {span.power_w:g} W is allowed"
            )
    if discharges and not any(span.power_w < 0 for span in allowed):
        raise ProtocolError("FAILED_EVPowerProfileInvalid", f"{promised.power_w:g} W: no discharging was offered")


def is_exceeded(context: Iso20Context) -> bool:
    """Tell whether more power flows than the EV's profile says for now."""
    profile, power_w = context.charge.profile, _present_power_w(context)
    if profile is None or power_w is None:
        return False
    now = context.unix_s
    for span in spans(profile.TimeAnchor, profile.EVPowerProfileEntries.EVPowerProfileEntry):
        if span.start <= now < span.end:
            towards = -1 if span.power_w < 0 else 1
            return power_w * towards > abs(span.power_w) * EXCESS
    return False


def _present_power_w(context: Iso20Context) -> float | None:
    charger = context.charger
    if context.energy_kind == "dc":
        return charger.present_voltage_v * charger.present_current_a
    return None if charger.ac_present_power is None else charger.ac_present_power.total_w


def spans(anchor: int, entries: list[PowerScheduleEntryType]) -> Iterator[Span]:
    """Give the times and powers of a schedule or profile."""
    start = float(anchor)
    for entry in entries:
        parts = (to_float(entry.Power), optional_float(entry.Power_L2), optional_float(entry.Power_L3))
        yield Span(start, start + entry.Duration, sum(part for part in parts if part is not None))
        start += entry.Duration


def _charging(schedule: ScheduleTupleType) -> list[Span]:
    return _lasting(schedule.ChargingSchedule.PowerSchedule)


def _discharging(schedule: ScheduleTupleType) -> list[Span]:
    if schedule.DischargingSchedule is None:
        return []
    given = _lasting(schedule.DischargingSchedule.PowerSchedule)
    return [Span(span.start, span.end, -abs(span.power_w)) for span in given]


def _lasting(schedule: PowerScheduleType) -> list[Span]:
    """Give a schedule's spans; its last entry holds for ever."""
    found = list(spans(schedule.TimeAnchor, schedule.PowerScheduleEntries.PowerScheduleEntry))
    return [*found[:-1], Span(found[-1].start, inf, found[-1].power_w)]
