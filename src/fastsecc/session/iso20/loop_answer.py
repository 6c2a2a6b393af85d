"""What the link thread puts into a prepared charge-loop response of ISO 15118-20: the same in Python."""

from __future__ import annotations

from typing import Any

import msgspec

from fastsecc.messages.iso20.dc import Scheduled_DC_CLReqControlModeType
from fastsecc.session.iso20.numbers import optional_float, to_float
from fastsecc.session.physical import reaches


def answer(source: Any, request: Any, unix_s: int) -> Any:
    """Complete a response.

    Args:
        source: DC_ChargeLoopRes or AC_ChargeLoopRes.
        request: its request, in the control mode of the response.
        unix_s: what the header says the time is.
    """
    response = msgspec.structs.replace(source, Header=msgspec.structs.replace(source.Header, TimeStamp=unix_s))
    if not request.MeterInfoRequested:
        response.MeterInfo = None
    if isinstance(request.CLReqControlMode, Scheduled_DC_CLReqControlModeType):
        _set_limits_achieved(response, request.CLReqControlMode)
    return response


def _set_limits_achieved(response: Any, asked: Scheduled_DC_CLReqControlModeType) -> None:
    """Compare what the EV asks for with the limits that the response states."""
    stated = response.CLResControlMode
    current, voltage = to_float(asked.EVTargetCurrent), to_float(asked.EVTargetVoltage)
    response.EVSECurrentLimitAchieved = reaches(current, optional_float(stated.EVSEMaximumChargeCurrent))
    response.EVSEVoltageLimitAchieved = reaches(voltage, optional_float(stated.EVSEMaximumVoltage))
    response.EVSEPowerLimitAchieved = reaches(voltage * current, optional_float(stated.EVSEMaximumChargePower))
