"""ScheduleExchange: how much power when, or what the site needs in the dynamic control mode."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastsecc.charger.state import AcPower
from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import (
    ChargingScheduleType,
    Dynamic_SEResControlModeType,
    PowerScheduleEntryListType,
    PowerScheduleEntryType,
    PowerScheduleType,
    ProcessingType,
    ResponseCodeType,
    Scheduled_SEResControlModeType,
    ScheduleExchangeReq,
    ScheduleExchangeRes,
    ScheduleTupleType,
)
from fastsecc.session.api import V2G_SECC_Ongoing_Performance_Time_s
from fastsecc.session.context import Answer
from fastsecc.session.iso20 import charging_needs
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.limits import ac_maximum, by_phase, dc_budget, discharge_sign
from fastsecc.session.iso20.mobility_needs import mobility_needs
from fastsecc.session.iso20.price_schedules import PriceSchedule, flat_price_level, price_schedule, signature
from fastsecc.session.iso20.states import State

SCHEDULE_s = 86_400
NO_ENERGY_SCHEDULE_s = 1800
SCHEDULE_TUPLE_ID = 1


def handle(request: ScheduleExchangeReq, context: Iso20Context) -> Answer:
    """Answer ScheduleExchangeReq: Ongoing while there is no power to offer in the scheduled control mode."""
    repeats = context.first_of(ScheduleExchangeReq)
    seconds = context.running_for(ScheduleExchangeReq)
    response = _respond(request, context)
    if not repeats:
        charging_needs.publish(request, context)
    if response.EVSEProcessing is ProcessingType.Finished:
        return Answer(response, _next(context))
    if seconds >= V2G_SECC_Ongoing_Performance_Time_s:
        raise ProtocolError("FAILED", f"no power to offer for {seconds:.0f} s")
    return Answer(response)


def handle_aside(request: ScheduleExchangeReq, context: Iso20Context) -> Answer:
    """Answer ScheduleExchangeReq on the schedule renegotiation stream, while the charge loop goes on."""
    response = _respond(request, context)
    charging_needs.publish(request, context)
    return Answer(response)


def _respond(request: ScheduleExchangeReq, context: Iso20Context) -> ScheduleExchangeRes:
    scheduled = context.service.control_mode == "Scheduled"
    if (request.Scheduled_SEReqControlMode is not None) is not scheduled:
        raise ProtocolError("FAILED", f"the selected control mode is {context.service.control_mode}")
    no_energy = context.charger.no_energy_pause
    waits = scheduled and no_energy is None and not _power(context).total_w > 0
    response = ScheduleExchangeRes(
        Header=context.header,
        ResponseCode=ResponseCodeType.OK,
        EVSEProcessing=ProcessingType.Ongoing if waits else ProcessingType.Finished,
        GoToPause=True if no_energy == "PauseBeforeCableCheck" else None,
        **(_scheduled(request, context) if scheduled else _dynamic(request, context)),
    )
    response.Header.Signature = signature(list(_price_schedules(response)), context)
    return response


def _price_schedules(response: ScheduleExchangeRes) -> Iterator[PriceSchedule]:
    """Find every price schedule of a response."""
    scheduled = response.Scheduled_SEResControlMode
    offered: list[Any] = [] if scheduled is None else [tuple_.ChargingSchedule for tuple_ in scheduled.ScheduleTuple]
    if scheduled is not None:
        offered += [tuple_.DischargingSchedule for tuple_ in scheduled.ScheduleTuple]
    for holder in (*offered, response.Dynamic_SEResControlMode):
        for name in ("AbsolutePriceSchedule", "PriceLevelSchedule"):
            if (found := getattr(holder, name, None)) is not None:
                yield found


def _next(context: Iso20Context) -> State:
    """Go on; a charge that runs already has done the cable check and the pre-charge."""
    if context.energy_kind == "dc" and not context.charge.started:
        return State.DC_CABLE_CHECK
    return State.POWER_DELIVERY


def _dynamic(request: ScheduleExchangeReq, context: Iso20Context) -> dict[str, Any]:
    prices = price_schedule(context, SCHEDULE_s, request.MaximumSupportingPoints)
    return {"Dynamic_SEResControlMode": Dynamic_SEResControlModeType(**mobility_needs(context), **prices)}


def _scheduled(request: ScheduleExchangeReq, context: Iso20Context) -> dict[str, Any]:
    duration_s = SCHEDULE_s if context.charger.no_energy_pause is None else NO_ENERGY_SCHEDULE_s
    prices = price_schedule(context, duration_s, request.MaximumSupportingPoints)
    charging = ChargingScheduleType(PowerSchedule=_schedule(context, duration_s, _power(context)), **prices)
    offered = ScheduleTupleType(
        ScheduleTupleID=SCHEDULE_TUPLE_ID,
        ChargingSchedule=charging,
        DischargingSchedule=_discharging(context, duration_s),
    )
    context.charge.schedule = offered
    return {"Scheduled_SEResControlMode": Scheduled_SEResControlModeType(ScheduleTuple=[offered])}


def _discharging(context: Iso20Context, duration_s: int) -> ChargingScheduleType | None:
    if not context.service.bpt:
        return None
    sign = discharge_sign(context)
    power = _schedule(context, duration_s, _discharge_power(context), sign)
    return ChargingScheduleType(PowerSchedule=power, **flat_price_level(context, duration_s))


def _schedule(context: Iso20Context, duration_s: int, power: AcPower, sign: int = 1) -> PowerScheduleType:
    entry = PowerScheduleEntryType(Duration=duration_s, **by_phase("Power", power, sign))
    return PowerScheduleType(
        TimeAnchor=context.unix_s,
        PowerScheduleEntries=PowerScheduleEntryListType(PowerScheduleEntry=[entry]),
    )


def _power(context: Iso20Context) -> AcPower:
    return ac_maximum(context) if context.energy_kind == "ac" else AcPower(dc_budget(context).max_power_w)


def _discharge_power(context: Iso20Context) -> AcPower:
    if context.energy_kind == "ac":
        return context.charger.ac_maximum_discharge_power or AcPower(0.0)
    return AcPower(dc_budget(context).discharge.max_power_w)
