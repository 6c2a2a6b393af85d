"""ISO 15118-20 ScheduleExchange: what the EV needs by when, and what power it may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastsecc.messages import iso20
from fastsecc.sim.ev import iso20_pnc
from fastsecc.sim.ev.common import ask_until_finished
from fastsecc.sim.ev.phase import Phase, StopSession
from fastsecc.sim.ev.timers import V2G_EVCC_Ongoing_Timeout_s
from fastsecc.sim.ev.values import rational, total

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev

MAXIMUM_SUPPORTING_POINTS = 1024


def schedule_exchange(ev: Ev) -> Phase[None]:
    """Exchange needs and schedules before the charge.

    Raises:
        StopSession: the SECC has nothing to give now, and the EV is to come back later.
    """
    response = yield from ask_until_finished(ev, lambda: request(ev), V2G_EVCC_Ongoing_Timeout_s)
    take(ev, response)
    if response.GoToPause:
        ev.asked_to_pause = True
        raise StopSession("the EVSE asked to pause", problem=False)


def request(ev: Ev) -> iso20.ScheduleExchangeReq:
    """Say what the EV needs."""
    dynamic = ev.settings.control == "dynamic"
    return iso20.ScheduleExchangeReq(
        Header=ev.header,
        MaximumSupportingPoints=MAXIMUM_SUPPORTING_POINTS,
        Dynamic_SEReqControlMode=_dynamic(ev) if dynamic else None,
        Scheduled_SEReqControlMode=None if dynamic else _scheduled(ev),
    )


def energy_requests(ev: Ev) -> dict[str, iso20.RationalNumberType]:
    """Say how much energy the EV needs: to its target, at most, and at least; what it has to spare is negative."""
    battery = ev.battery
    spare_wh = (battery.soc_percent - ev.settings.minimum_soc_percent) / 100 * battery.capacity_wh
    return {
        "EVTargetEnergyRequest": rational(battery.energy_to_wh(ev.target_soc_percent), 0),
        "EVMaximumEnergyRequest": rational(battery.energy_request_wh, 0),
        "EVMinimumEnergyRequest": rational(-spare_wh, 0),
    }


def v2x_energy_requests(ev: Ev) -> dict[str, iso20.RationalNumberType]:
    """Say how much energy may be taken from and brought back to the EV while it is used as a buffer."""
    energy = energy_requests(ev)
    return {
        "EVMaximumV2XEnergyRequest": energy["EVTargetEnergyRequest"],
        "EVMinimumV2XEnergyRequest": energy["EVMinimumEnergyRequest"],
    }


def _scheduled(ev: Ev) -> iso20.Scheduled_SEReqControlModeType:
    energy = energy_requests(ev)
    return iso20.Scheduled_SEReqControlModeType(
        DepartureTime=ev.settings.departure_time_s,
        EVTargetEnergyRequest=energy["EVTargetEnergyRequest"],
        EVMaximumEnergyRequest=energy["EVMaximumEnergyRequest"],
        EVMinimumEnergyRequest=energy["EVMinimumEnergyRequest"],
    )


def _dynamic(ev: Ev) -> iso20.Dynamic_SEReqControlModeType:
    return iso20.Dynamic_SEReqControlModeType(
        DepartureTime=ev.settings.departure_time_s,
        MinimumSOC=int(ev.settings.minimum_soc_percent),
        TargetSOC=int(ev.target_soc_percent),
        **energy_requests(ev),
        **(v2x_energy_requests(ev) if ev.settings.bidirectional else {}),
    )


def take(ev: Ev, response: iso20.ScheduleExchangeRes) -> None:
    """Keep the first schedule, or the needs that the SECC knows better.

    Raises:
        EvError: prices are signed, but not by the contract's provider.
        StopSession: the answer is in another control mode.
    """
    iso20_pnc.check_prices(ev, response)
    scheduled, dynamic = response.Scheduled_SEResControlMode, response.Dynamic_SEResControlMode
    if (dynamic is None) is (ev.settings.control == "dynamic"):
        raise StopSession(f"ScheduleExchange: answered in another control mode than {ev.settings.control}")
    if dynamic is not None:
        take_needs(ev, dynamic)
    if scheduled is not None:
        first = scheduled.ScheduleTuple[0]
        ev.terms.schedule_tuple_id = first.ScheduleTupleID
        entries = first.ChargingSchedule.PowerSchedule.PowerScheduleEntries.PowerScheduleEntry
        ev.terms.schedule = [(entry.Duration, total(entry, "Power") or 0.0) for entry in entries]


def take_needs(ev: Ev, mode: Any) -> None:
    """Heed what the SECC says of departure and state of charge, in any message of the dynamic control mode."""
    if mode.DepartureTime is not None:
        ev.terms.departure_time_s = mode.DepartureTime
    if mode.TargetSOC is not None:
        ev.target_soc_percent = float(mode.TargetSOC)
