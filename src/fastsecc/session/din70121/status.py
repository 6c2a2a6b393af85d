"""What every DC response says of the charger: DC_EVSEStatus, present values, the charger's name."""

from __future__ import annotations

from fastsecc.charger.state import ChargerState
from fastsecc.messages import din70121 as din
from fastsecc.session.context import Context
from fastsecc.session.physical import physical
from fastsecc.session.status import Phase, notification, status_code

EVSE_ID_MAX_octets = 32


def dc_status(
    context: Context, phase: Phase, *, stale: bool = False, finished: bool = False, stop: bool = False
) -> din.DC_EVSEStatusType:
    """Build DC_EVSEStatus.

    Args:
        stale: values are too old to be relied on.
        finished: the phase is over well.
        stop: ask the EV to stop, whatever else is.
    """
    stale = stale or context.stale_at is not None
    return din.DC_EVSEStatusType(
        EVSEIsolationStatus=isolation(context),
        EVSEStatusCode=din.DC_EVSEStatusCodeType(status_code(context, phase, stale=stale, finished=finished)),
        NotificationMaxDelay=0,
        EVSENotification=din.EVSENotificationType("StopCharging" if stop else notification(context, stale=stale)),
    )


def isolation(context: Context) -> din.IsolationLevelType:
    """Give EVSEIsolationStatus; the settings say what stands for `No_IMD`, which DIN 70121 has no word for."""
    status = context.charger.isolation_status
    return din.IsolationLevelType(context.settings.din_isolation_without_imd if status == "No_IMD" else status)


def present_voltage(charger: ChargerState) -> din.PhysicalValueType:
    """Build EVSEPresentVoltage."""
    return physical(din.PhysicalValueType, din.UnitSymbolType.V, charger.present_voltage_v, 1)


def present_current(charger: ChargerState) -> din.PhysicalValueType:
    """Build EVSEPresentCurrent."""
    return physical(din.PhysicalValueType, din.UnitSymbolType.A, charger.present_current_a, 1)


def evse_id(charger: ChargerState) -> bytes:
    """Give EVSEID: the characters of the id for DIN 70121 if there is one, else of the other, cut to what it holds."""
    return (charger.evse_id_din or charger.evse_id).encode("ascii", "replace")[:EVSE_ID_MAX_octets]
