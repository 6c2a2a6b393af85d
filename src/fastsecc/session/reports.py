"""Vars that DC requests lead to in DIN 70121 and ISO 15118-2 alike, and what both do with the EV's id and times.

`change` means: published only when the value differs from the newest one of the session; the first always is.
"""

from __future__ import annotations

from typing import Any

from fastsecc.charger.enums import DcEvErrorCode
from fastsecc.charger.payloads import DcEvMaximumLimits, DcEvRemainingTime, DcEvStatus, DcEvTargetValues
from fastsecc.charger.shape import timestamp
from fastsecc.session.context import Context
from fastsecc.session.physical import optional_float, to_float

MAC_OCTETS = 6
DIN_EVCCID_OCTETS = 8
"""DIN 70121 allows eight octets; cars fill those behind their MAC address with zeros."""
SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def evcc_id(context: Context, octets: bytes) -> None:
    """Publish the EV's MAC address; an id that is none is logged."""
    if len(octets) not in (MAC_OCTETS, DIN_EVCCID_OCTETS):
        context.log(f"EVCCID {octets.hex()} is no MAC address: not published")
        return
    context.publish("evcc_id", octets[:MAC_OCTETS].hex(":").upper())


def dc_ev_status(context: Context, status: Any) -> None:
    """Publish a DC_EVStatus on change."""
    context.publish_change(
        "dc_ev_status",
        DcEvStatus(
            dc_ev_ready=status.EVReady,
            dc_ev_error_code=DcEvErrorCode(status.EVErrorCode),
            dc_ev_ress_soc=float(status.EVRESSSOC),
            dc_ev_cabin_conditioning=getattr(status, "EVCabinConditioning", None),
            dc_ev_ress_conditioning=getattr(status, "EVRESSConditioning", None),
        ),
    )


def dc_ev_maximum_limits(context: Context, message: Any) -> None:
    """Publish EVMaximumCurrentLimit and its kin when any that the message has changed: then all that it has."""
    limits = {
        "dc_ev_maximum_current_limit": optional_float(message.EVMaximumCurrentLimit),
        "dc_ev_maximum_power_limit": optional_float(message.EVMaximumPowerLimit),
        "dc_ev_maximum_voltage_limit": optional_float(message.EVMaximumVoltageLimit),
    }
    present = {name: value for name, value in limits.items() if value is not None}
    changes = [context.changed(name, value) for name, value in present.items()]
    if any(changes):
        context.publish("dc_ev_maximum_limits", DcEvMaximumLimits(**present))


def dc_ev_target(context: Context, message: Any) -> None:
    """Publish EVTargetVoltage and EVTargetCurrent on change."""
    context.publish_change(
        "dc_ev_target_voltage_current",
        DcEvTargetValues(
            dc_ev_target_voltage=to_float(message.EVTargetVoltage),
            dc_ev_target_current=to_float(message.EVTargetCurrent),
        ),
    )


def dc_energy(context: Context, parameters: Any) -> None:
    """Publish what a DC_EVChargeParameter says of the battery, each time."""
    for name, value in (
        ("dc_ev_energy_capacity", optional_float(parameters.EVEnergyCapacity)),
        ("dc_ev_energy_request", optional_float(parameters.EVEnergyRequest)),
        ("dc_full_soc", parameters.FullSOC),
        ("dc_bulk_soc", parameters.BulkSOC),
    ):
        if value is not None:
            context.publish(name, float(value))


def dc_charging_complete(context: Context, message: Any, *, each: bool) -> None:
    """Publish ChargingComplete and BulkChargingComplete, each time or on change."""
    for name, value in (
        ("dc_charging_complete", message.ChargingComplete),
        ("dc_bulk_charging_complete", message.BulkChargingComplete),
    ):
        if value is not None and (context.changed(name, value) or each):
            context.publish(name, value)


def dc_ev_remaining_time(context: Context, message: Any) -> None:
    """Publish when the battery will be full, as times of day; only what changed in the EV's seconds."""
    changed = {
        name: time_of_day(context, seconds)
        for name, value in (
            ("ev_remaining_time_to_full_soc", message.RemainingTimeToFullSoC),
            ("ev_remaining_time_to_full_bulk_soc", message.RemainingTimeToBulkSoC),
        )
        if value is not None
        and (seconds := to_float(value) * SECONDS.get(value.Unit or "s", 1.0)) is not None
        and context.changed(name, seconds)
    }
    times = {name: time for name, time in changed.items() if time is not None}
    if times:
        context.publish("dc_ev_remaining_time", DcEvRemainingTime(**times))


def time_of_day(context: Context, seconds: float) -> str | None:
    """Give the time of day in so many seconds; None when the clock is not known or no calendar reaches so far."""
    clock = context.settings.wall_clock_s
    try:
        return None if clock is None else timestamp(clock() + seconds)
    except (ValueError, OverflowError):
        return None


def current_demand(request: Any, context: Context) -> None:
    """Publish what a CurrentDemandReq says (vars 25 to 30 and 39)."""
    if context.previous_name == "PowerDeliveryReq":
        context.charging = True
        context.publish("current_demand_started")
    dc_ev_target(context, request)
    dc_ev_maximum_limits(context, request)
    dc_ev_status(context, request.DC_EVStatus)
    dc_ev_remaining_time(context, request)
    dc_charging_complete(context, request, each=False)


def current_demand_finished(context: Context) -> None:
    """Publish the end of a DC charge."""
    context.charging = False
    context.publish("current_demand_finished")
    context.publish("dc_open_contactor")
