"""DC phases, which are the same in DIN SPEC 70121 and ISO 15118-2: cable check, pre-charge, charge loop, welding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastsecc.sim.ev import pnc_iso2, sae_j2847
from fastsecc.sim.ev.common import ask_until_finished, loop_end, obey
from fastsecc.sim.ev.phase import LoopEnd, Phase, StopSession
from fastsecc.sim.ev.timers import (
    V2G_EVCC_CableCheck_Timeout_s,
    V2G_EVCC_PreCharge_Timeout_s,
    WELDING_DETECTION_TIMEOUT_s,
)
from fastsecc.sim.ev.values import number

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev

PRE_CHARGE_CURRENT_A = 1.0
SAFE_VOLTAGE_V = 60.0
GOOD_ISOLATION = ("Valid", "Warning", "No_IMD", None)
"""Isolation with which this EV charges; DIN SPEC 70121 has no `No_IMD`, and the element is optional."""


def ev_status(ev: Ev) -> Any:
    """Say how the EV is."""
    m = ev.messages
    return m.DC_EVStatusType(
        EVReady=True, EVErrorCode=m.DC_EVErrorCodeType.NO_ERROR, EVRESSSOC=int(ev.battery.soc_percent)
    )


def charge_parameter(ev: Ev) -> Any:
    """Say what the EV can take."""
    battery = ev.battery
    bulk_percent = ev.settings.minimum_soc_percent if sae_j2847.feeds_home(ev) else battery.bulk_soc_percent
    return ev.messages.DC_EVChargeParameterType(
        DC_EVStatus=ev_status(ev),
        **maximum_limits(ev),
        EVEnergyCapacity=ev.physical("Wh", battery.capacity_wh, 0),
        EVEnergyRequest=ev.physical("Wh", battery.energy_request_wh, 0),
        FullSOC=100,
        BulkSOC=int(bulk_percent),
    )


def maximum_limits(ev: Ev) -> dict[str, Any]:
    """Say how much the EV can take; while it feeds a home it says, with negative numbers, what it can give."""
    battery = ev.battery
    current_a, power_w = battery.max_current_a, battery.max_power_w
    if sae_j2847.feeds_home(ev):
        current_a, power_w = -battery.max_discharge_current_a, -battery.max_discharge_power_w
    return {
        "EVMaximumCurrentLimit": ev.physical("A", current_a),
        "EVMaximumPowerLimit": ev.physical("W", power_w, 0),
        "EVMaximumVoltageLimit": ev.physical("V", battery.max_voltage_v),
    }


def take_charge_parameter(ev: Ev, evse: Any) -> None:
    """Keep what the EVSE can give.

    Raises:
        StopSession: that is of no use to this battery, or the EVSE wants to stop.
    """
    obey(ev, evse.DC_EVSEStatus)
    ev.evse_max_voltage_v = number(evse.EVSEMaximumVoltageLimit)
    ev.evse_max_current_a = number(evse.EVSEMaximumCurrentLimit)
    power = evse.EVSEMaximumPowerLimit
    ev.evse_max_power_w = None if power is None else number(power)
    lowest_v, voltage_v = number(evse.EVSEMinimumVoltageLimit), ev.battery.open_circuit_voltage_v
    if not lowest_v <= voltage_v <= ev.evse_max_voltage_v:
        raise StopSession(f"the EVSE gives {lowest_v:g} to {ev.evse_max_voltage_v:g} V, the battery has {voltage_v:g}")


def cable_check(ev: Ev) -> Phase[None]:
    """Let the EVSE check the cable.

    Raises:
        StopSession: it took too long, or the isolation is bad.
    """

    def request() -> Any:
        return ev.messages.CableCheckReq(DC_EVStatus=ev_status(ev))

    response = yield from ask_until_finished(ev, request, V2G_EVCC_CableCheck_Timeout_s)
    obey(ev, response.DC_EVSEStatus)
    if response.DC_EVSEStatus.EVSEStatusCode != "EVSE_Ready":
        raise StopSession(f"CableCheck: finished with {response.DC_EVSEStatus.EVSEStatusCode}")
    isolation = response.DC_EVSEStatus.EVSEIsolationStatus
    if isolation not in GOOD_ISOLATION:
        raise StopSession(f"CableCheck: isolation {isolation}")


def pre_charge(ev: Ev) -> Phase[None]:
    """Wait until the EVSE's voltage is close enough to the battery's to close the EV's contactors.

    Raises:
        StopSession: it took too long, or the EVSE wants to stop.
    """
    until = ev.now + V2G_EVCC_PreCharge_Timeout_s[ev.settings.protocol]
    target_v = ev.battery.open_circuit_voltage_v
    while True:
        request = ev.messages.PreChargeReq(
            DC_EVStatus=ev_status(ev),
            EVTargetVoltage=ev.physical("V", target_v),
            EVTargetCurrent=ev.physical("A", PRE_CHARGE_CURRENT_A),
        )
        response = yield from ev.ask(request)
        obey(ev, response.DC_EVSEStatus)
        ev.present_voltage_v = number(response.EVSEPresentVoltage)
        if abs(ev.present_voltage_v - target_v) <= ev.settings.pre_charge_tolerance_v:
            return
        if ev.now > until:
            raise StopSession(f"PreCharge: {ev.present_voltage_v:g} V instead of {target_v:g} V")


def power_delivery_parameter(ev: Ev) -> Any:
    """Say how far the charge is, with PowerDelivery."""
    return ev.messages.DC_EVPowerDeliveryParameterType(
        DC_EVStatus=ev_status(ev),
        BulkChargingComplete=ev.battery.bulk_full,
        ChargingComplete=ev.battery.soc_percent >= ev.settings.target_soc_percent,
    )


def target_current_a(ev: Ev) -> float:
    """Give the current to ask for: what the battery wants, within what the EVSE can give, or wants from it."""
    if ev.evse_max_current_a < 0 or sae_j2847.feeds_home(ev):
        return sae_j2847.discharge_current_a(ev)
    target_a = min(ev.battery.target_current_a, ev.evse_max_current_a)
    if ev.evse_max_power_w is not None:
        target_a = min(target_a, ev.evse_max_power_w / ev.battery.open_circuit_voltage_v)
    return max(0.0, target_a)


def current_demand_request(ev: Ev) -> Any:
    """Ask for current."""
    battery, target_a = ev.battery, target_current_a(ev)
    target_v = min(battery.open_circuit_voltage_v + target_a * battery.resistance_ohm, ev.evse_max_voltage_v)
    power_w = max(0.0, target_v * target_a)
    return ev.messages.CurrentDemandReq(
        DC_EVStatus=ev_status(ev),
        EVTargetCurrent=ev.physical("A", target_a),
        **maximum_limits(ev),
        BulkChargingComplete=battery.bulk_full,
        ChargingComplete=battery.soc_percent >= ev.settings.target_soc_percent,
        RemainingTimeToFullSoC=ev.physical("s", battery.seconds_to(100.0, power_w), 0),
        RemainingTimeToBulkSoC=ev.physical("s", battery.seconds_to(battery.bulk_soc_percent, power_w), 0),
        EVTargetVoltage=ev.physical("V", target_v),
    )


def current_demand(ev: Ev) -> Phase[LoopEnd]:
    """Charge until someone wants to stop or to renegotiate.

    Raises:
        StopSession: the EVSE says that it cannot go on.
    """
    while True:
        response = yield from ev.ask(current_demand_request(ev))
        ev.cycles += 1
        _take_loop_values(ev, response)
        ev.charge()
        if getattr(response, "ReceiptRequired", False):
            yield from pnc_iso2.metering_receipt(ev, response)
        end = loop_end(ev, response.DC_EVSEStatus)
        if end is not None:
            return end


def _take_loop_values(ev: Ev, response: Any) -> None:
    ev.present_voltage_v = number(response.EVSEPresentVoltage)
    ev.present_current_a = number(response.EVSEPresentCurrent)
    if response.EVSEMaximumVoltageLimit is not None:
        ev.evse_max_voltage_v = number(response.EVSEMaximumVoltageLimit)
    if response.EVSEMaximumCurrentLimit is not None:
        ev.evse_max_current_a = number(response.EVSEMaximumCurrentLimit)
    if response.EVSEMaximumPowerLimit is not None:
        ev.evse_max_power_w = number(response.EVSEMaximumPowerLimit)


def welding_detection(ev: Ev) -> Phase[None]:
    """Watch the voltage fall with open contactors; a voltage that stays is a problem, but no reason not to stop."""
    until = ev.now + WELDING_DETECTION_TIMEOUT_s
    while ev.settings.welding_detection:
        response = yield from ev.ask(ev.messages.WeldingDetectionReq(DC_EVStatus=ev_status(ev)))
        ev.present_voltage_v = number(response.EVSEPresentVoltage)
        if ev.present_voltage_v < SAFE_VOLTAGE_V:
            return
        if ev.now > until:
            ev.problem = f"WeldingDetection: still {ev.present_voltage_v:g} V"
            return
