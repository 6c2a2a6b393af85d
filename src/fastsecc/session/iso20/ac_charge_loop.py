"""AC_ChargeLoop, in both control modes, to the EV and from it."""

from __future__ import annotations

from typing import Any

from fastsecc.charger.state import AcPower, AcReactivePower
from fastsecc.messages.iso20 import CLResControlModeType
from fastsecc.messages.iso20 import ac as messages
from fastsecc.messages.iso20.ac import AC_ChargeLoopReq, AC_ChargeLoopRes
from fastsecc.messages.payload_types import ISO20_AC
from fastsecc.session import loop
from fastsecc.session.context import Answer
from fastsecc.session.iso20 import reports
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.control_modes import (
    Modes,
    check_control_mode,
    loop_code,
    loop_needs,
    loop_status,
    selected_mode,
)
from fastsecc.session.iso20.limits import by_phase
from fastsecc.session.iso20.meter import meter_info
from fastsecc.session.iso20.numbers import optional_rational
from fastsecc.session.iso20.states import State
from fastsecc.session.loop import Loop

MODES: Modes = {
    ("Scheduled", False): (messages.Scheduled_AC_CLReqControlModeType, messages.Scheduled_AC_CLResControlModeType),
    ("Scheduled", True): (
        messages.BPT_Scheduled_AC_CLReqControlModeType,
        messages.BPT_Scheduled_AC_CLResControlModeType,
    ),
    ("Dynamic", False): (messages.Dynamic_AC_CLReqControlModeType, messages.Dynamic_AC_CLResControlModeType),
    ("Dynamic", True): (messages.BPT_Dynamic_AC_CLReqControlModeType, messages.BPT_Dynamic_AC_CLResControlModeType),
}
"""Control mode and whether the service is bidirectional -> what the request has, and the response."""
NO_TARGET = AcPower(0.0)
"""A dynamic response has to name a target: without one the EV is to take nothing."""


def check(request: AC_ChargeLoopReq, context: Iso20Context) -> None:
    """Refuse another control mode than the selected one."""
    check_control_mode(request.CLReqControlMode, MODES, context)


def respond(context: Iso20Context, stale: bool) -> AC_ChargeLoopRes:
    """Build AC_ChargeLoopRes, but for what the request decides: whether MeterInfo is wanted."""
    return AC_ChargeLoopRes(
        Header=context.header,
        ResponseCode=loop_code(context),
        EVSEStatus=loop_status(context, stale=stale),
        MeterInfo=meter_info(context),
        EVSETargetFrequency=optional_rational(context.charger.ac_target_frequency_hz),
        CLResControlMode=_control_mode(context),
    )


def _control_mode(context: Iso20Context) -> CLResControlModeType:
    _, response = selected_mode(MODES, context)
    charger = context.charger
    needed = NO_TARGET if context.service.control_mode == "Dynamic" else None
    values: dict[str, Any] = {
        **by_phase("EVSETargetActivePower", charger.ac_target_power or needed),
        **by_phase("EVSETargetReactivePower", _as_power(charger.ac_target_reactive_power)),
        **by_phase("EVSEPresentActivePower", charger.ac_present_power),
        **loop_needs(context),
    }
    mode: CLResControlModeType = response(**values)
    return mode


def _as_power(reactive: AcReactivePower | None) -> AcPower | None:
    return None if reactive is None else AcPower(reactive.total_var, reactive.l1_var, reactive.l2_var, reactive.l3_var)


LOOP = Loop(AC_ChargeLoopReq, respond, reports.ac_loop, State.AC_CHARGE_LOOP, check=check, payload_type=ISO20_AC)


def handle(request: AC_ChargeLoopReq, context: Iso20Context) -> Answer:
    """Answer AC_ChargeLoopReq."""
    return loop.handle(LOOP, request, context)
