"""AC_ChargeParameterDiscovery: what the EV can take and the grid can give, and the other way round."""

from __future__ import annotations

from typing import Any

from fastsecc.charger.state import AcPower
from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import ResponseCodeType
from fastsecc.messages.iso20.ac import (
    AC_ChargeParameterDiscoveryReq,
    AC_ChargeParameterDiscoveryRes,
    AC_CPDResEnergyTransferModeType,
    BPT_AC_CPDReqEnergyTransferModeType,
    BPT_AC_CPDResEnergyTransferModeType,
)
from fastsecc.session.context import Answer
from fastsecc.session.iso20 import reports
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.limits import ac_maximum, by_phase, discharge_sign
from fastsecc.session.iso20.numbers import optional_rational, rational
from fastsecc.session.iso20.parameter_check import check_parameters
from fastsecc.session.iso20.states import State

NO_POWER = AcPower(0.0)


def handle(request: AC_ChargeParameterDiscoveryReq, context: Iso20Context) -> Answer:
    """Answer AC_ChargeParameterDiscoveryReq."""
    parameters = request.AC_CPDReqEnergyTransferMode
    check_parameters(parameters, BPT_AC_CPDReqEnergyTransferModeType, context)
    limits = _limits(context)
    reports.ac_parameters(context, parameters)
    context.charge.limits = parameters, limits
    response = AC_ChargeParameterDiscoveryRes(
        Header=context.header, ResponseCode=ResponseCodeType.OK, AC_CPDResEnergyTransferMode=limits
    )
    return Answer(response, State.SCHEDULE_EXCHANGE)


def _limits(context: Iso20Context) -> AC_CPDResEnergyTransferModeType:
    charger, grid = context.charger, context.charger.ac_grid
    charge: dict[str, Any] = {
        **by_phase("EVSEMaximumChargePower", ac_maximum(context)),
        **by_phase("EVSEMinimumChargePower", charger.ac_minimum_power or NO_POWER),
        "EVSENominalFrequency": rational(charger.ac_nominal_frequency_hz),
        "MaximumPowerAsymmetry": optional_rational(grid.max_power_asymmetry_w),
        "EVSEPowerRampLimitation": optional_rational(grid.power_ramp_limitation),
        **by_phase("EVSEPresentActivePower", charger.ac_present_power),
    }
    if not context.service.bpt:
        return AC_CPDResEnergyTransferModeType(**charge)
    return BPT_AC_CPDResEnergyTransferModeType(**charge, **_discharge(context))


def _discharge(context: Iso20Context) -> dict[str, Any]:
    charger, sign = context.charger, discharge_sign(context)
    if charger.ac_maximum_discharge_power is None:
        raise ProtocolError("FAILED", "the charger has no discharge limits")
    return {
        **by_phase("EVSEMaximumDischargePower", charger.ac_maximum_discharge_power, sign),
        **by_phase("EVSEMinimumDischargePower", charger.ac_minimum_discharge_power or NO_POWER, sign),
    }
