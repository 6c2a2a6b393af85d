"""The charger's condition as DC messages say it: EVSEStatusCode and EVSENotification by phase (section D.0.4)."""

from __future__ import annotations

from enum import Enum

from fastsecc.session.context import Context

EVSE_ERRORS = {
    "Error_UtilityInterruptEvent": "EVSE_UtilityInterruptEvent",
    "Error_Malfunction": "EVSE_Malfunction",
}


class Phase(Enum):
    """Which messages a status stands in."""

    PARAMETER = "ChargeParameterDiscovery"
    ISOLATION = "CableCheck"
    PRECHARGE = "PreCharge"
    CHARGE = "PowerDelivery, CurrentDemand"
    WELDING = "WeldingDetection"


WELL = {
    Phase.PARAMETER: "EVSE_Ready",
    Phase.ISOLATION: "EVSE_IsolationMonitoringActive",
    Phase.PRECHARGE: "EVSE_Ready",
    Phase.CHARGE: "EVSE_Ready",
    Phase.WELDING: "EVSE_NotReady",
}
"""EVSEStatusCode of a charger that is well."""


def status_code(context: Context, phase: Phase, *, stale: bool = False, finished: bool = False) -> str:
    """Give the EVSEStatusCode's name.

    Args:
        stale: for an answer that too old values lead to, if there were any.
        finished: the phase is over well (cable check): it is ready, even while a stop is asked for.
    """
    charger = context.charger
    if charger.emergency:
        return "EVSE_EmergencyShutdown"
    if stale or context.stale_at is not None:
        return "EVSE_Malfunction"
    if charger.evse_error in EVSE_ERRORS:
        return EVSE_ERRORS[charger.evse_error]
    if finished:
        return "EVSE_Ready"
    stopped = context.power_off and phase in (Phase.CHARGE, Phase.WELDING)
    return "EVSE_Shutdown" if charger.shutdown or stopped else WELL[phase]


def notification(context: Context, *, stale: bool = False) -> str:
    """Give the EVSENotification's name."""
    return "StopCharging" if stale or context.stop_announced else "None"
