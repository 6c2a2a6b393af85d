"""Elements that several ISO 15118-2 responses have: physical values and statuses."""

from __future__ import annotations

from fastsecc.messages.iso2 import (
    AC_EVSEStatusType,
    DC_EVSEStatusCodeType,
    DC_EVSEStatusType,
    EVSENotificationType,
    EVSEStatusType,
    IsolationLevelType,
    MeterInfoType,
    PhysicalValueType,
    UnitSymbolType,
)
from fastsecc.session.context import Context
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.loop import meter_sequence
from fastsecc.session.physical import physical
from fastsecc.session.status import Phase, notification, status_code

METER_ID_CHARS = 32


def volts(value: float) -> PhysicalValueType:
    """Say a voltage with one decimal."""
    return physical(PhysicalValueType, UnitSymbolType.V, value, 1)


def amperes(value: float, decimals: int = 1) -> PhysicalValueType:
    """Say a current."""
    return physical(PhysicalValueType, UnitSymbolType.A, value, decimals)


def watts(value: float) -> PhysicalValueType:
    """Say a power in whole watts."""
    return physical(PhysicalValueType, UnitSymbolType.W, value)


def watt_hours(value: float) -> PhysicalValueType:
    """Say an energy in whole watt-hours."""
    return physical(PhysicalValueType, UnitSymbolType.Wh, value)


def dc_status(
    context: Context,
    phase: Phase,
    *,
    stale: bool = False,
    finished: bool = False,
    failed: bool = False,
) -> DC_EVSEStatusType:
    """Say how a DC charger is.

    Args:
        phase: which message it stands in.
        stale: for an answer that too old values lead to.
        finished: the cable check is over well.
        failed: the response is FAILED and does without what is optional.
    """
    return DC_EVSEStatusType(
        NotificationMaxDelay=0,
        EVSENotification=EVSENotificationType(notification(context, stale=stale)),
        EVSEIsolationStatus=None if failed else IsolationLevelType(context.charger.isolation_status),
        EVSEStatusCode=DC_EVSEStatusCodeType(status_code(context, phase, stale=stale, finished=finished)),
    )


def ac_status(context: Context) -> AC_EVSEStatusType:
    """Say how an AC charger is."""
    return AC_EVSEStatusType(
        NotificationMaxDelay=0,
        EVSENotification=EVSENotificationType(notification(context)),
        RCD=context.charger.rcd_error,
    )


def evse_status(context: Context, phase: Phase, *, failed: bool = False) -> EVSEStatusType:
    """Say how the charger is, AC or DC."""
    return ac_status(context) if context.energy_kind == "ac" else dc_status(context, phase, failed=failed)


def meter_info(context: Iso2Context) -> MeterInfoType | None:
    """Give the meter reading that the EV has not got yet."""
    meter = context.charger.meter
    if meter is None or not meter_sequence(context):
        return None
    return MeterInfoType(MeterID=meter.meter_id[:METER_ID_CHARS], MeterReading=max(0, meter.energy_wh))
