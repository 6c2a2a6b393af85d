"""AC phases of ISO 15118-2: parameters and the charge loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastsecc.messages import iso2
from fastsecc.sim.ev import pnc_iso2
from fastsecc.sim.ev.common import loop_end, obey
from fastsecc.sim.ev.phase import LoopEnd, Phase, StopSession
from fastsecc.sim.ev.values import number

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev


def phases(ev: Ev) -> int:
    """Give the number of phases that the EV charges with."""
    return 1 if ev.single_phase else ev.settings.ac_phases


def max_power_w(ev: Ev) -> float:
    """Give the power that the EV takes at most from this EVSE."""
    return phases(ev) * ev.evse_max_voltage_v * min(ev.evse_max_current_a, ev.settings.ac_max_current_a)


def charge_parameter(ev: Ev) -> iso2.AC_EVChargeParameterType:
    """Say what the EV can take."""
    wishes = ev.settings
    return iso2.AC_EVChargeParameterType(
        DepartureTime=wishes.departure_time_s,
        EAmount=ev.physical("Wh", ev.battery.energy_request_wh, 0),
        EVMaxVoltage=ev.physical("V", wishes.ac_max_voltage_v),
        EVMaxCurrent=ev.physical("A", wishes.ac_max_current_a),
        EVMinCurrent=ev.physical("A", wishes.ac_min_current_a),
    )


def take_charge_parameter(ev: Ev, evse: Any) -> None:
    """Keep what the EVSE can give.

    Raises:
        StopSession: that is less than this EV needs, or the EVSE wants to stop.
    """
    obey(ev, evse.AC_EVSEStatus)
    ev.evse_max_voltage_v = number(evse.EVSENominalVoltage)
    ev.evse_max_current_a = number(evse.EVSEMaxCurrent)
    if ev.evse_max_current_a < ev.settings.ac_min_current_a:
        raise StopSession(f"the EVSE gives {ev.evse_max_current_a:g} A, less than {ev.settings.ac_min_current_a:g} A")


def charging_status(ev: Ev) -> Phase[LoopEnd]:
    """Charge until someone wants to stop or to renegotiate.

    Raises:
        StopSession: the residual current device has tripped.
    """
    while True:
        response: iso2.ChargingStatusRes = yield from ev.ask(iso2.ChargingStatusReq())
        ev.cycles += 1
        _take_loop_values(ev, response)
        ev.charge()
        if response.ReceiptRequired:
            yield from pnc_iso2.metering_receipt(ev, response)
        end = loop_end(ev, response.AC_EVSEStatus)
        if end is not None:
            return end


def _take_loop_values(ev: Ev, response: iso2.ChargingStatusRes) -> None:
    if response.AC_EVSEStatus.RCD:
        raise StopSession("the residual current device has tripped")
    if response.EVSEMaxCurrent is not None:
        ev.evse_max_current_a = number(response.EVSEMaxCurrent)
    ev.present_voltage_v = ev.evse_max_voltage_v
    ev.present_current_a = 0.0 if ev.battery.full else min(ev.evse_max_current_a, ev.settings.ac_max_current_a)
