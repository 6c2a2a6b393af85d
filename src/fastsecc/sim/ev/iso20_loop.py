"""The charge loop of ISO 15118-20: what flows, what the EVSE asks for, and what the EV wishes for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastsecc.messages import iso20
from fastsecc.messages.payload_types import METERING_CONFIRMATION, SCHEDULE_RENEGOTIATION
from fastsecc.sim.ev import iso20_ac, iso20_dc, iso20_pnc, iso20_schedule
from fastsecc.sim.ev.common import has_enough
from fastsecc.sim.ev.iso20_power_delivery import channel, power_delivery
from fastsecc.sim.ev.phase import LoopEnd, Phase, StopSession
from fastsecc.sim.ev.timers import V2G_EVCC_Ongoing_Timeout_s
from fastsecc.sim.ev.values import rational

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev

Notification = iso20.EvseNotificationType
Progress = iso20.ChargeProgressType


def charge_loop(ev: Ev) -> Phase[LoopEnd]:
    """Charge, and discharge, until someone wants to stop, to pause or to renegotiate the service."""
    while True:
        notification = yield from cycle(ev)
        end = yield from _obey(ev, notification)
        if end is None:
            end = yield from _follow_wishes(ev)
        if end is not None:
            return end


def cycle(ev: Ev) -> Phase[str | None]:
    """Make one charge-loop exchange, and give what the EVSE asks for."""
    side = iso20_ac if ev.settings.is_ac else iso20_dc
    wants_meter_info = ev.cycles % ev.settings.meter_info_every_cycles == 0
    request = side.charge_loop_request(ev, display=display_parameters(ev), meter_info=wants_meter_info)
    response: Any = yield from ev.ask(request)
    ev.cycles += 1
    side.take_loop_values(ev, response)
    if ev.settings.control == "dynamic":
        iso20_schedule.take_needs(ev, response.CLResControlMode)
    ev.terms.meter_info = response.MeterInfo or ev.terms.meter_info
    ev.charge()
    return None if response.EVSEStatus is None else str(response.EVSEStatus.EVSENotification)


def display_parameters(ev: Ev) -> iso20.DisplayParametersType:
    """Say what a screen may show."""
    battery, target = ev.battery, ev.target_soc_percent
    power_w = max(0.0, ev.power_w)
    return iso20.DisplayParametersType(
        PresentSOC=int(battery.soc_percent),
        MinimumSOC=int(ev.settings.minimum_soc_percent),
        TargetSOC=int(target),
        MaximumSOC=100,
        RemainingTimeToTargetSOC=int(battery.seconds_to(target, power_w)),
        RemainingTimeToMaximumSOC=int(battery.seconds_to(100.0, power_w)),
        ChargingComplete=battery.soc_percent >= target,
        BatteryEnergyCapacity=rational(battery.capacity_wh, 0),
        InletHot=False,
    )


def _obey(ev: Ev, notification: str | None) -> Phase[LoopEnd | None]:
    match notification:
        case Notification.Terminate:
            ev.reason = "the EVSE asked to stop"
            return LoopEnd.STOP
        case Notification.Pause:
            ev.reason, ev.asked_to_pause = "the EVSE asked to pause", True
            return LoopEnd.STOP
        case Notification.ServiceRenegotiation:
            return LoopEnd.RENEGOTIATE_SERVICE
        case Notification.ScheduleRenegotiation:
            yield from renegotiate_schedule(ev)
        case Notification.MeteringConfirmation:
            yield from confirm_meter(ev)
        case Notification.ExitStandby if ev.terms.standby_left:
            yield from leave_standby(ev)
    return None


def _follow_wishes(ev: Ev) -> Phase[LoopEnd | None]:
    wishes = ev.settings
    if has_enough(ev):
        return LoopEnd.STOP
    if ev.cycles == wishes.renegotiate_service_after_cycles:
        return LoopEnd.RENEGOTIATE_SERVICE
    if ev.cycles == wishes.renegotiate_after_cycles:
        yield from renegotiate_schedule(ev)
    if ev.cycles == wishes.confirm_meter_after_cycles:
        yield from confirm_meter(ev)
    if ev.cycles == wishes.standby_after_cycles:
        yield from enter_standby(ev)
    elif ev.terms.standby_left:
        ev.terms.standby_left -= 1
        if not ev.terms.standby_left:
            yield from leave_standby(ev)
    elif ev.terms.channel is not channel(ev):
        yield from power_delivery(ev, Progress.Start)
    return None


def renegotiate_schedule(ev: Ev) -> Phase[None]:
    """Exchange schedules anew, and say what the EV makes of the new one."""
    if ev.settings.renegotiate_beside_loop:
        yield from _renegotiate_beside_loop(ev)
        return
    code = yield from power_delivery(ev, Progress.ScheduleRenegotiation)
    if code.startswith("OK"):
        yield from iso20_schedule.schedule_exchange(ev)
        yield from power_delivery(ev, Progress.Start)


def _renegotiate_beside_loop(ev: Ev) -> Phase[None]:
    """Use the stream beside the charge loop, which goes on meanwhile.

    Raises:
        StopSession: it took too long.
    """
    until = ev.now + V2G_EVCC_Ongoing_Timeout_s
    while True:
        response: iso20.ScheduleExchangeRes = yield from ev.ask(iso20_schedule.request(ev), SCHEDULE_RENEGOTIATION)
        if response.EVSEProcessing == "Finished":
            break
        if ev.now > until:
            raise StopSession(f"ScheduleExchange: not finished within {V2G_EVCC_Ongoing_Timeout_s:g} s")
        yield from cycle(ev)
    iso20_schedule.take(ev, response)
    yield from power_delivery(ev, Progress.ScheduleRenegotiation, SCHEDULE_RENEGOTIATION)


def confirm_meter(ev: Ev) -> Phase[None]:
    """Confirm the newest meter reading that there is."""
    if ev.terms.meter_info is None:
        return
    dynamic = ev.settings.control == "dynamic"
    scheduled = iso20.Scheduled_SMDTControlModeType(SelectedScheduleTupleID=ev.terms.schedule_tuple_id)
    data = iso20.SignedMeteringDataType(
        Id="meter",
        SessionID=ev.session_id,
        MeterInfo=ev.terms.meter_info,
        Dynamic_SMDTControlMode=iso20.Dynamic_SMDTControlModeType() if dynamic else None,
        Scheduled_SMDTControlMode=None if dynamic else scheduled,
    )
    yield from ev.ask(iso20_pnc.confirmation(ev, data), METERING_CONFIRMATION)


def enter_standby(ev: Ev) -> Phase[None]:
    """Take nothing for a while, where the SECC allows that."""
    code = yield from power_delivery(ev, Progress.Standby)
    if code.startswith("OK"):
        ev.terms.standby_left = ev.settings.standby_cycles


def leave_standby(ev: Ev) -> Phase[None]:
    """Charge on."""
    ev.terms.standby_left = 0
    yield from power_delivery(ev, Progress.Start)
