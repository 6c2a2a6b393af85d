"""DC_ChargeLoop, in both control modes, to the EV and from it; the megawatt services have the same messages."""

from __future__ import annotations

from typing import Any

from fastsecc.messages.iso20 import CLResControlModeType
from fastsecc.messages.iso20 import dc as messages
from fastsecc.messages.iso20.dc import DC_ChargeLoopReq, DC_ChargeLoopRes
from fastsecc.messages.payload_types import ISO20_DC
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
from fastsecc.session.iso20.limits import DcRange, dc_budget, discharge_sign
from fastsecc.session.iso20.meter import meter_info
from fastsecc.session.iso20.numbers import rational
from fastsecc.session.iso20.states import State
from fastsecc.session.loop import Loop

MODES: Modes = {
    ("Scheduled", False): (messages.Scheduled_DC_CLReqControlModeType, messages.Scheduled_DC_CLResControlModeType),
    ("Scheduled", True): (
        messages.BPT_Scheduled_DC_CLReqControlModeType,
        messages.BPT_Scheduled_DC_CLResControlModeType,
    ),
    ("Dynamic", False): (messages.Dynamic_DC_CLReqControlModeType, messages.Dynamic_DC_CLResControlModeType),
    ("Dynamic", True): (messages.BPT_Dynamic_DC_CLReqControlModeType, messages.BPT_Dynamic_DC_CLResControlModeType),
}
"""Control mode and whether the service is bidirectional -> what the request has, and the response."""


def check(request: DC_ChargeLoopReq, context: Iso20Context) -> None:
    """Refuse another control mode than the selected one."""
    check_control_mode(request.CLReqControlMode, MODES, context)


def respond(context: Iso20Context, stale: bool) -> DC_ChargeLoopRes:
    """Build DC_ChargeLoopRes, but for what the request decides: limit-achieved flags, whether MeterInfo is wanted."""
    charger = context.charger
    return DC_ChargeLoopRes(
        Header=context.header,
        ResponseCode=loop_code(context),
        EVSEStatus=loop_status(context, stale=stale),
        MeterInfo=meter_info(context),
        EVSEPresentCurrent=rational(charger.present_current_a),
        EVSEPresentVoltage=rational(charger.present_voltage_v),
        EVSEPowerLimitAchieved=False,
        EVSECurrentLimitAchieved=False,
        EVSEVoltageLimitAchieved=False,
        CLResControlMode=_control_mode(context),
    )


def _control_mode(context: Iso20Context) -> CLResControlModeType:
    _, response = selected_mode(MODES, context)
    budget = dc_budget(context)
    values = {
        "EVSEMaximumChargePower": rational(budget.max_power_w),
        "EVSEMinimumChargePower": rational(budget.min_power_w),
        "EVSEMaximumChargeCurrent": rational(budget.max_current_a),
        "EVSEMaximumVoltage": rational(budget.max_voltage_v),
    }
    mode: CLResControlModeType = response(**values, **_discharge(context, budget), **loop_needs(context))
    return mode


def _discharge(context: Iso20Context, budget: DcRange) -> dict[str, Any]:
    if not context.service.bpt:
        return {}
    sign, discharge = discharge_sign(context), budget.discharge
    return {
        "EVSEMaximumDischargePower": rational(sign * discharge.max_power_w),
        "EVSEMinimumDischargePower": rational(sign * discharge.min_power_w),
        "EVSEMaximumDischargeCurrent": rational(sign * discharge.max_current_a),
        "EVSEMinimumVoltage": rational(budget.min_voltage_v),
    }


LOOP = Loop(DC_ChargeLoopReq, respond, reports.dc_loop, State.DC_CHARGE_LOOP, check=check, payload_type=ISO20_DC)


def handle(request: DC_ChargeLoopReq, context: Iso20Context) -> Answer:
    """Answer DC_ChargeLoopReq."""
    return loop.handle(LOOP, request, context)
