"""The schedule that ChargeParameterDiscoveryRes offers, and the EV's charging profile that has to keep to it."""

from __future__ import annotations

from collections.abc import Iterator

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso2 import (
    ChargeParameterDiscoveryReq,
    ChargingProfileType,
    PMaxScheduleEntryType,
    PMaxScheduleType,
    RelativeTimeIntervalType,
    SAScheduleListType,
    SAScheduleTupleType,
)
from fastsecc.session.iso2 import sales_tariff
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.values import watts
from fastsecc.session.physical import to_float

SCHEDULE_s = 86_400
"""Length of a schedule without DepartureTime [V2G2-304], and of the longest interval that can be said."""
NO_ENERGY_SCHEDULE_s = 1800
MAX_SCHEDULE_ENTRIES = 12
SA_SCHEDULE_TUPLE_ID = 1
PHASES = {"AC_single_phase_core": 1, "AC_three_phase_core": 3}


def offer(request: ChargeParameterDiscoveryReq, context: Iso2Context) -> SAScheduleListType:
    """Give the schedule, which starts now [V2G2-761] and offers what the charger can do.

    A resumed session gets that of the paused one the first time it asks.
    """
    if context.joined is not None and context.schedule is None and context.joined.sa_schedule_list is not None:
        joined: SAScheduleListType = context.joined.sa_schedule_list
        return joined
    most = min(MAX_SCHEDULE_ENTRIES, request.MaxEntriesSAScheduleTuple or MAX_SCHEDULE_ENTRIES)
    duration_s = _duration_s(request, context)
    entries = [
        PMaxScheduleEntryType(
            TimeInterval=RelativeTimeIntervalType(start=start, duration=duration), PMax=watts(maximum_power_w(context))
        )
        for start, duration in _intervals(duration_s, most)
    ]
    pmax = PMaxScheduleType(PMaxScheduleEntry=entries)
    schedule = SAScheduleTupleType(
        SAScheduleTupleID=SA_SCHEDULE_TUPLE_ID,
        PMaxSchedule=pmax,
        SalesTariff=sales_tariff.tariff(context, SA_SCHEDULE_TUPLE_ID, duration_s, most),
    )
    return SAScheduleListType(SAScheduleTuple=[schedule])


def maximum_power_w(context: Iso2Context) -> float:
    """Give the power of the schedule: of the supply in DC, of the mode's phases in AC."""
    if context.energy_kind == "dc":
        return context.charger.capabilities.max_power_w
    phases = PHASES.get(context.energy_transfer_mode, 1)
    return nominal_current_a(context) * context.charger.ac_nominal_voltage_v * phases


def nominal_current_a(context: Iso2Context) -> float:
    """Give the current of one phase: the total power is the sum over the charger's phases."""
    power = context.charger.ac_maximum_power
    if power is None:
        return context.charger.ac_max_current_a
    given = sum(phase is not None for phase in (power.l1_w, power.l2_w, power.l3_w))
    phases = given or max((PHASES.get(mode, 1) for mode in context.energy_transfer_modes), default=1)
    return power.total_w / phases / context.charger.ac_nominal_voltage_v


def _duration_s(request: ChargeParameterDiscoveryReq, context: Iso2Context) -> int:
    if context.charger.no_energy_pause is not None:
        return NO_ENERGY_SCHEDULE_s
    return request.EVChargeParameter.DepartureTime or SCHEDULE_s  # [V2G2-303]: as long as the EV stays


def _intervals(total_s: int, most: int) -> Iterator[tuple[int, int]]:
    """Cut a duration into intervals that can be said; what does not fit into as many as allowed is left out."""
    for start in range(0, total_s, SCHEDULE_s)[:most]:
        yield start, min(SCHEDULE_s, total_s - start)


def check_profile(profile: ChargingProfileType, tuple_id: int, context: Iso2Context) -> None:
    """Refuse a charging profile that takes more than its schedule allows [V2G2-224], [V2G2-225], [V2G2-478].

    Raises:
        ProtocolError: FAILED_ChargingProfileInvalid.
    """
    entries = profile.ProfileEntry
    ends = [entry.ChargingProfileEntryStart for entry in entries[1:]] + [None]
    for entry, end in zip(entries, ends, strict=True):
        power = to_float(entry.ChargingProfileEntryMaxPower)
        most = _least_power_w(_tuple(tuple_id, context), entry.ChargingProfileEntryStart, end)
        if power > most:
            raise ProtocolError(
                "FAILED_ChargingProfileInvalid",
                f"{power:g} W from second {entry.ChargingProfileEntryStart} on, of {most:g} W",
            )


def knows_tuple(tuple_id: int, context: Iso2Context) -> bool:
    """Tell whether a schedule of this id was offered."""
    return context.schedule is not None and any(
        offered.SAScheduleTupleID == tuple_id for offered in context.schedule.SAScheduleTuple
    )


def _tuple(tuple_id: int, context: Iso2Context) -> SAScheduleTupleType:
    assert context.schedule is not None
    return next(offered for offered in context.schedule.SAScheduleTuple if offered.SAScheduleTupleID == tuple_id)


def _least_power_w(schedule: SAScheduleTupleType, start: int, end: int | None) -> float:
    """Give the least power that a schedule allows in a span; its last entry holds for ever."""
    entries = schedule.PMaxSchedule.PMaxScheduleEntry
    starts = [_start(entry) for entry in entries]
    spans = zip(entries, starts, [*starts[1:], None], strict=True)
    powers = [
        to_float(entry.PMax)
        for entry, begins, ends in spans
        if (end is None or begins < end) and (ends is None or start < ends)
    ]
    return min(powers, default=to_float(entries[-1].PMax))


def _start(entry: PMaxScheduleEntryType) -> int:
    interval = entry.TimeInterval
    assert isinstance(interval, RelativeTimeIntervalType)
    return interval.start
