"""What AC and DC charge loops have in common: the selected control mode, and what it asks of a response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import (
    CLReqControlModeType,
    CLResControlModeType,
    EvseNotificationType,
    EVSEStatusType,
    ResponseCodeType,
)
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.meter import must_be_confirmed
from fastsecc.session.iso20.mobility_needs import mobility_needs
from fastsecc.session.iso20.power_profile import is_exceeded
from fastsecc.session.iso20.status import evse_status

AckMaxDelay_s = 30
"""How long the EV may take to follow mobility needs that the charger gives."""

METERING_NotificationMaxDelay_s = 60
"""How long it may take to confirm a meter reading."""

Pair = tuple[type[CLReqControlModeType], type[CLResControlModeType]]
Modes = Mapping[tuple[str, bool], Pair]
"""(Control mode, bidirectional) -> class in the request, and in the response."""


def selected_mode(modes: Modes, context: Iso20Context) -> Pair:
    """Give the classes of the selected service and control mode."""
    return modes[context.service.control_mode, context.service.bpt]


def check_control_mode(mode: CLReqControlModeType, modes: Modes, context: Iso20Context) -> None:
    """Refuse what was not selected.

    Raises:
        ProtocolError: FAILED.
    """
    expected, _ = selected_mode(modes, context)
    if type(mode) is not expected:
        raise ProtocolError("FAILED", f"{type(mode).__name__} in place of {expected.__name__}")


def loop_needs(context: Iso20Context) -> dict[str, Any]:
    """Give the site's mobility needs as the charge loop says them, with the time to follow."""
    needs = mobility_needs(context) if context.service.control_mode == "Dynamic" else {}
    return {**needs, "AckMaxDelay": AckMaxDelay_s} if needs else {}


def loop_code(context: Iso20Context) -> ResponseCodeType:
    """Warn the EV that takes or gives more than its power profile says."""
    return ResponseCodeType.WARNING_EVPowerProfileViolation if is_exceeded(context) else ResponseCodeType.OK


def loop_status(context: Iso20Context, *, stale: bool) -> EVSEStatusType | None:
    """Say what the EV has to do: end or interrupt the charge, or else to sign for the meter reading."""
    status = evse_status(context, stale=stale)
    if status is None and must_be_confirmed(context):
        return EVSEStatusType(
            NotificationMaxDelay=METERING_NotificationMaxDelay_s,
            EVSENotification=EvseNotificationType.MeteringConfirmation,
        )
    return status
