"""ISO 15118-20 PowerDelivery: begin, end, standby, another schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastsecc.messages import iso20
from fastsecc.sim.ev.ac import max_power_w
from fastsecc.sim.ev.phase import Phase, StopSession
from fastsecc.sim.ev.values import rational

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev

SEPARATED = 2
"""Value of parameter `BPTChannel`: one channel for charging, another for discharging."""


def power_delivery(ev: Ev, progress: iso20.ChargeProgressType, payload_type: int | None = None) -> Phase[str]:
    """Tell the SECC what is next, and give its ResponseCode.

    Raises:
        StopSession: the EVSE wants to stop.
    """
    starts = progress in (iso20.ChargeProgressType.Start, iso20.ChargeProgressType.ScheduleRenegotiation)
    if starts:
        ev.terms.channel = channel(ev)
    response: iso20.PowerDeliveryRes = yield from ev.ask(
        iso20.PowerDeliveryReq(
            Header=ev.header,
            EVProcessing=iso20.ProcessingType.Finished,
            ChargeProgress=progress,
            EVPowerProfile=power_profile(ev) if starts else None,
            BPT_ChannelSelection=ev.terms.channel if starts else None,
        ),
        payload_type,
    )
    if progress is iso20.ChargeProgressType.Start or progress is iso20.ChargeProgressType.Stop:
        ev.stop_charge()
        ev.charging = progress is iso20.ChargeProgressType.Start
    if starts and response.EVSEStatus is not None:
        notification = response.EVSEStatus.EVSENotification
        ev.asked_to_pause = notification == iso20.EvseNotificationType.Pause
        raise StopSession(f"the EVSE asked for {notification} at {ev.phase}", problem=False)
    return response.ResponseCode


def channel(ev: Ev) -> iso20.ChannelSelectionType | None:
    """Choose the channel for what the EV wants now; None: charging and discharging share one."""
    if not ev.settings.bidirectional or ev.terms.parameters.get("BPTChannel") != SEPARATED:
        return None
    return iso20.ChannelSelectionType.Discharge if ev.discharges else iso20.ChannelSelectionType.Charge


def power_profile(ev: Ev) -> iso20.EVPowerProfileType:
    """Say what the EV will take: as much as it can of what it may."""
    wanted_w = max_power_w(ev) if ev.settings.is_ac else ev.battery.max_power_w
    schedule = ev.terms.schedule or [(ev.settings.departure_time_s, wanted_w)]
    entries = [
        iso20.PowerScheduleEntryType(Duration=duration_s, Power=rational(min(power_w, wanted_w), 0))
        for duration_s, power_w in schedule
    ]
    scheduled = iso20.Scheduled_EVPPTControlModeType(SelectedScheduleTupleID=ev.terms.schedule_tuple_id)
    dynamic = ev.settings.control == "dynamic"
    return iso20.EVPowerProfileType(
        TimeAnchor=ev.header.TimeStamp,
        Dynamic_EVPPTControlMode=iso20.Dynamic_EVPPTControlModeType() if dynamic else None,
        Scheduled_EVPPTControlMode=None if dynamic else scheduled,
        EVPowerProfileEntries=iso20.EVPowerProfileEntryListType(EVPowerProfileEntry=entries),
    )
