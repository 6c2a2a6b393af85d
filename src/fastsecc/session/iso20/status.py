"""The charger's wishes as responses of ISO 15118-20 say them: EVSEStatus (section D.5 of the interface's semantics)."""

from __future__ import annotations

from fastsecc.messages.iso20 import EvseNotificationType, EVSEStatusType
from fastsecc.session.context import Context

PAUSE_NotificationMaxDelay_s = 60


def terminates(context: Context) -> bool:
    """Tell whether the EV has to end the charge."""
    charger = context.charger
    wrong = charger.rcd_error or charger.contactor_error or charger.evse_error is not None
    return wrong or charger.shutdown or context.stop_announced


def evse_status(context: Context, *, stale: bool = False) -> EVSEStatusType | None:
    """Say what the EV has to do; None, which is the usual: nothing.

    Args:
        stale: for an answer that too old values lead to.
    """
    if stale or terminates(context):
        return EVSEStatusType(NotificationMaxDelay=0, EVSENotification=EvseNotificationType.Terminate)
    if context.charger.pause_requested or context.charger.no_energy_pause is not None:
        return EVSEStatusType(
            NotificationMaxDelay=PAUSE_NotificationMaxDelay_s, EVSENotification=EvseNotificationType.Pause
        )
    return None
