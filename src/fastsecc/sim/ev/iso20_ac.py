"""AC phases of ISO 15118-20, for AC and AC with BPT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastsecc.messages import iso20
from fastsecc.messages.iso20 import ac
from fastsecc.sim.ev.ac import max_power_w, phases
from fastsecc.sim.ev.iso20_schedule import energy_requests, v2x_energy_requests
from fastsecc.sim.ev.phase import Phase, StopSession
from fastsecc.sim.ev.values import rational, total

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev

ZERO = rational(0.0)


def charge_parameter_discovery(ev: Ev) -> Phase[None]:
    """Exchange limits.

    Raises:
        StopSession: the EVSE gives less than this EV needs.
    """
    ev.evse_max_current_a = ev.settings.ac_max_current_a
    limits = _charge_limits(ev)
    if ev.settings.bidirectional:
        mode: ac.AC_CPDReqEnergyTransferModeType = ac.BPT_AC_CPDReqEnergyTransferModeType(
            **limits, **_discharge_limits(ev)
        )
    else:
        mode = ac.AC_CPDReqEnergyTransferModeType(**limits)
    request = ac.AC_ChargeParameterDiscoveryReq(Header=ev.header, AC_CPDReqEnergyTransferMode=mode)
    response = yield from ev.ask(request)
    evse = response.AC_CPDResEnergyTransferMode
    ev.evse_max_power_w = total(evse, "EVSEMaximumChargePower") or 0.0
    ev.terms.evse_max_discharge_power_w = abs(total(evse, "EVSEMaximumDischargePower") or 0.0)
    least_w = min_power_w(ev)
    if ev.evse_max_power_w < least_w:
        raise StopSession(f"the EVSE gives {ev.evse_max_power_w:g} W, less than {least_w:g} W")


def min_power_w(ev: Ev) -> float:
    """Give the least power that the EV can charge with."""
    return phases(ev) * ev.evse_max_voltage_v * ev.settings.ac_min_current_a


def _charge_limits(ev: Ev) -> dict[str, iso20.RationalNumberType]:
    """Of all phases together: this EV loads them alike."""
    return {
        "EVMaximumChargePower": rational(0.0 if ev.battery.full else max_power_w(ev), 0),
        "EVMinimumChargePower": rational(min_power_w(ev), 0),
    }


def _discharge_limits(ev: Ev) -> dict[str, iso20.RationalNumberType]:
    return {"EVMaximumDischargePower": rational(max_power_w(ev), 0), "EVMinimumDischargePower": ZERO}


def target_power_w(ev: Ev) -> float:
    """Choose the power of the moment; negative: out of the EV."""
    terms, most_w = ev.terms, min(max_power_w(ev), ev.evse_max_power_w or 0.0)
    give_w = min(max_power_w(ev), terms.evse_max_discharge_power_w) if ev.settings.bidirectional else 0.0
    if terms.standby_left:
        return 0.0
    if ev.settings.control == "dynamic":
        wanted_w = terms.target_w or 0.0
    else:
        cap_w = float("inf") if terms.target_w is None else abs(terms.target_w)
        wanted_w = -min(give_w, cap_w) if ev.discharges else min(most_w, terms.schedule_w, cap_w)
    if wanted_w > 0 and ev.battery.full:
        return 0.0
    return max(-give_w, min(most_w, wanted_w))


def control_mode(ev: Ev) -> iso20.CLReqControlModeType:
    """Say what the EV takes now and what it could take."""
    present = {"EVPresentActivePower": rational(ev.power_w, 0)}
    common = {**energy_requests(ev), **_charge_limits(ev), **present}
    if ev.settings.control == "dynamic":
        needs = {**common, "EVPresentReactivePower": ZERO}
        departure_time = ev.settings.departure_time_s
        if ev.settings.bidirectional:
            return ac.BPT_Dynamic_AC_CLReqControlModeType(
                DepartureTime=departure_time, **needs, **_discharge_limits(ev), **v2x_energy_requests(ev)
            )
        return ac.Dynamic_AC_CLReqControlModeType(DepartureTime=departure_time, **needs)
    if ev.settings.bidirectional:
        return ac.BPT_Scheduled_AC_CLReqControlModeType(**common, **_discharge_limits(ev))
    return ac.Scheduled_AC_CLReqControlModeType(**common)


def charge_loop_request(ev: Ev, *, display: iso20.DisplayParametersType, meter_info: bool) -> ac.AC_ChargeLoopReq:
    """Make a charge-loop request."""
    return ac.AC_ChargeLoopReq(
        Header=ev.header, DisplayParameters=display, MeterInfoRequested=meter_info, CLReqControlMode=control_mode(ev)
    )


def take_loop_values(ev: Ev, response: ac.AC_ChargeLoopRes) -> None:
    """Heed the EVSE's target; the EV's charger follows it at once."""
    ev.terms.target_w = total(response.CLResControlMode, "EVSETargetActivePower")
    ev.present_voltage_v = ev.evse_max_voltage_v
    ev.present_current_a = target_power_w(ev) / (phases(ev) * ev.evse_max_voltage_v)
