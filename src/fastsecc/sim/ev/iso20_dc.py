"""DC phases of ISO 15118-20, for DC, MCS and both with BPT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastsecc.messages import iso20
from fastsecc.messages.iso20 import dc
from fastsecc.sim.ev.common import ask_until_finished
from fastsecc.sim.ev.dc import SAFE_VOLTAGE_V
from fastsecc.sim.ev.iso20_schedule import energy_requests, v2x_energy_requests
from fastsecc.sim.ev.phase import Phase, StopSession
from fastsecc.sim.ev.timers import (
    V2G_EVCC_CableCheck_Timeout_s,
    V2G_EVCC_PreCharge_Timeout_s,
    WELDING_DETECTION_TIMEOUT_s,
)
from fastsecc.sim.ev.values import number, rational

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev

ZERO = rational(0.0)


def charge_parameter_discovery(ev: Ev) -> Phase[None]:
    """Exchange limits.

    Raises:
        StopSession: the EVSE's are of no use to this battery.
    """
    battery = ev.battery
    limits = {
        "EVMaximumChargePower": rational(battery.max_power_w, 0),
        "EVMinimumChargePower": ZERO,
        "EVMaximumChargeCurrent": rational(battery.max_current_a),
        "EVMinimumChargeCurrent": ZERO,
        "EVMaximumVoltage": rational(battery.max_voltage_v),
        "EVMinimumVoltage": rational(battery.empty_voltage_v),
    }
    target = int(ev.target_soc_percent)
    if ev.settings.bidirectional:
        mode: dc.DC_CPDReqEnergyTransferModeType = dc.BPT_DC_CPDReqEnergyTransferModeType(
            **limits, TargetSOC=target, **_discharge_limits(ev), EVMinimumDischargeCurrent=ZERO
        )
    else:
        mode = dc.DC_CPDReqEnergyTransferModeType(**limits, TargetSOC=target)
    request = dc.DC_ChargeParameterDiscoveryReq(Header=ev.header, DC_CPDReqEnergyTransferMode=mode)
    response = yield from ev.ask(request)
    _take_charge_parameters(ev, response.DC_CPDResEnergyTransferMode)


def _discharge_limits(ev: Ev) -> dict[str, iso20.RationalNumberType]:
    return {
        "EVMaximumDischargePower": rational(ev.battery.max_discharge_power_w, 0),
        "EVMinimumDischargePower": ZERO,
        "EVMaximumDischargeCurrent": rational(ev.battery.max_discharge_current_a),
    }


def _take_charge_parameters(ev: Ev, evse: dc.DC_CPDResEnergyTransferModeType) -> None:
    ev.evse_max_power_w = number(evse.EVSEMaximumChargePower)
    ev.evse_max_current_a = number(evse.EVSEMaximumChargeCurrent)
    ev.evse_max_voltage_v = number(evse.EVSEMaximumVoltage)
    if isinstance(evse, dc.BPT_DC_CPDResEnergyTransferModeType):
        ev.terms.evse_max_discharge_power_w = abs(number(evse.EVSEMaximumDischargePower))
        ev.terms.evse_max_discharge_current_a = abs(number(evse.EVSEMaximumDischargeCurrent))
    lowest_v, voltage_v = number(evse.EVSEMinimumVoltage), ev.battery.open_circuit_voltage_v
    if not lowest_v <= voltage_v <= ev.evse_max_voltage_v:
        raise StopSession(f"the EVSE gives {lowest_v:g} to {ev.evse_max_voltage_v:g} V, the battery has {voltage_v:g}")


def cable_check(ev: Ev) -> Phase[None]:
    """Let the EVSE check the cable."""
    yield from ask_until_finished(ev, lambda: dc.DC_CableCheckReq(Header=ev.header), V2G_EVCC_CableCheck_Timeout_s)


def pre_charge(ev: Ev) -> Phase[None]:
    """Wait until the EVSE's voltage is close enough to the battery's to close the EV's contactors, and say so.

    Raises:
        StopSession: it took too long.
    """
    until = ev.now + V2G_EVCC_PreCharge_Timeout_s["iso20"]
    target_v = ev.battery.open_circuit_voltage_v
    close = False
    while True:
        request = dc.DC_PreChargeReq(
            Header=ev.header,
            EVProcessing=_processing(finished=close),
            EVPresentVoltage=rational(ev.present_voltage_v),
            EVTargetVoltage=rational(target_v),
        )
        response: dc.DC_PreChargeRes = yield from ev.ask(request)
        if close:
            return
        ev.present_voltage_v = number(response.EVSEPresentVoltage)
        close = abs(ev.present_voltage_v - target_v) <= ev.settings.pre_charge_tolerance_v
        if not close and ev.now > until:
            raise StopSession(f"PreCharge: {ev.present_voltage_v:g} V instead of {target_v:g} V")


def target_current_a(ev: Ev) -> float:
    """Give the current to ask for with a schedule: what the battery wants, within what the EVSE can; negative: out."""
    battery, terms = ev.battery, ev.terms
    voltage_v = battery.open_circuit_voltage_v
    if terms.standby_left:
        return 0.0
    if ev.discharges:
        limit_a = min(terms.evse_max_discharge_current_a, terms.evse_max_discharge_power_w / voltage_v)
        return -min(battery.available_current_a, limit_a)
    power_w = min(ev.evse_max_power_w or 0.0, terms.schedule_w)
    return max(0.0, min(battery.target_current_a, ev.evse_max_current_a, power_w / voltage_v))


def control_mode(ev: Ev) -> iso20.CLReqControlModeType:
    """Say what the EV wants now."""
    return _dynamic_control_mode(ev) if ev.settings.control == "dynamic" else _scheduled_control_mode(ev)


def _scheduled_control_mode(ev: Ev) -> dc.Scheduled_DC_CLReqControlModeType:
    target_a = target_current_a(ev)
    target_v = min(ev.battery.terminal_voltage_v(target_a), ev.evse_max_voltage_v)
    common = {
        **energy_requests(ev),
        "EVTargetCurrent": rational(target_a),
        "EVTargetVoltage": rational(target_v),
        **_charge_limits(ev, ev.battery.max_current_a),
    }
    if ev.settings.bidirectional:
        return dc.BPT_Scheduled_DC_CLReqControlModeType(**common, **_discharge_limits(ev))
    return dc.Scheduled_DC_CLReqControlModeType(**common)


def _dynamic_control_mode(ev: Ev) -> dc.Dynamic_DC_CLReqControlModeType:
    """Leave the current to the EVSE, within what the battery can take at the moment."""
    current_a = 0.0 if ev.terms.standby_left else ev.battery.target_current_a
    common = {**energy_requests(ev), **_charge_limits(ev, current_a)}
    departure_time = ev.settings.departure_time_s
    if ev.settings.bidirectional:
        return dc.BPT_Dynamic_DC_CLReqControlModeType(
            DepartureTime=departure_time, **common, **_discharge_limits(ev), **v2x_energy_requests(ev)
        )
    return dc.Dynamic_DC_CLReqControlModeType(DepartureTime=departure_time, **common)


def _charge_limits(ev: Ev, current_a: float) -> dict[str, iso20.RationalNumberType]:
    battery = ev.battery
    return {
        "EVMaximumChargePower": rational(battery.max_power_w, 0),
        "EVMinimumChargePower": ZERO,
        "EVMaximumChargeCurrent": rational(current_a),
        "EVMaximumVoltage": rational(battery.max_voltage_v),
        "EVMinimumVoltage": rational(battery.empty_voltage_v),
    }


def charge_loop_request(ev: Ev, *, display: iso20.DisplayParametersType, meter_info: bool) -> dc.DC_ChargeLoopReq:
    """Make a charge-loop request."""
    return dc.DC_ChargeLoopReq(
        Header=ev.header,
        DisplayParameters=display,
        MeterInfoRequested=meter_info,
        EVPresentVoltage=rational(ev.battery.terminal_voltage_v(ev.present_current_a)),
        CLReqControlMode=control_mode(ev),
    )


def take_loop_values(ev: Ev, response: dc.DC_ChargeLoopRes) -> None:
    """Keep what flows and what the EVSE can give and take."""
    ev.present_voltage_v = number(response.EVSEPresentVoltage)
    ev.present_current_a = number(response.EVSEPresentCurrent)
    mode = response.CLResControlMode
    for name, limit in (
        ("evse_max_power_w", getattr(mode, "EVSEMaximumChargePower", None)),
        ("evse_max_current_a", getattr(mode, "EVSEMaximumChargeCurrent", None)),
        ("evse_max_voltage_v", getattr(mode, "EVSEMaximumVoltage", None)),
    ):
        if limit is not None:
            setattr(ev, name, number(limit))
    for name, limit in (
        ("evse_max_discharge_power_w", getattr(mode, "EVSEMaximumDischargePower", None)),
        ("evse_max_discharge_current_a", getattr(mode, "EVSEMaximumDischargeCurrent", None)),
    ):
        if limit is not None:
            setattr(ev.terms, name, abs(number(limit)))


def welding_detection(ev: Ev) -> Phase[None]:
    """Watch the voltage fall with open contactors; a voltage that stays is a problem, but no reason not to stop."""
    until = ev.now + WELDING_DETECTION_TIMEOUT_s
    finished = not ev.settings.welding_detection
    while True:
        request = dc.DC_WeldingDetectionReq(Header=ev.header, EVProcessing=_processing(finished=finished))
        response: dc.DC_WeldingDetectionRes = yield from ev.ask(request)
        if finished:
            return
        ev.present_voltage_v = number(response.EVSEPresentVoltage)
        finished = ev.present_voltage_v < SAFE_VOLTAGE_V
        if not finished and ev.now > until:
            ev.problem = f"WeldingDetection: still {ev.present_voltage_v:g} V"
            finished = True


def _processing(*, finished: bool) -> iso20.ProcessingType:
    return iso20.ProcessingType.Finished if finished else iso20.ProcessingType.Ongoing
