"""DC_ChargeParameterDiscovery: what the EV can take and the supply can give, and the other way round."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import ResponseCodeType
from fastsecc.messages.iso20.dc import (
    BPT_DC_CPDReqEnergyTransferModeType,
    BPT_DC_CPDResEnergyTransferModeType,
    DC_ChargeParameterDiscoveryReq,
    DC_ChargeParameterDiscoveryRes,
    DC_CPDReqEnergyTransferModeType,
    DC_CPDResEnergyTransferModeType,
)
from fastsecc.session.context import Answer
from fastsecc.session.iso20 import reports
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.limits import NO_DISCHARGE, DcRange, dc_capabilities, discharge_sign
from fastsecc.session.iso20.numbers import rational, to_float
from fastsecc.session.iso20.parameter_check import check_parameters
from fastsecc.session.iso20.states import State


def handle(request: DC_ChargeParameterDiscoveryReq, context: Iso20Context) -> Answer:
    """Answer DC_ChargeParameterDiscoveryReq; the limits are what the supply can do at all."""
    parameters, supply = request.DC_CPDReqEnergyTransferMode, dc_capabilities(context)
    check_parameters(parameters, BPT_DC_CPDReqEnergyTransferModeType, context)
    _check_reach(parameters, supply)
    if context.service.bpt and supply.discharge == NO_DISCHARGE:
        raise ProtocolError("FAILED", "the supply has no discharge limits")
    reports.dc_parameters(context, parameters)
    response = DC_ChargeParameterDiscoveryRes(
        Header=context.header,
        ResponseCode=ResponseCodeType.OK,
        DC_CPDResEnergyTransferMode=_limits(supply, context),
    )
    context.charge.limits = parameters, response.DC_CPDResEnergyTransferMode
    return Answer(response, State.SCHEDULE_EXCHANGE)


def _check_reach(parameters: DC_CPDReqEnergyTransferModeType, supply: DcRange) -> None:
    """Refuse what the supply can never reach."""
    voltage, least = to_float(parameters.EVMaximumVoltage), to_float(parameters.EVMinimumVoltage)
    current = to_float(parameters.EVMaximumChargeCurrent)
    if voltage < supply.min_voltage_v or least > supply.max_voltage_v:
        raise ProtocolError(
            "FAILED_WrongChargeParameter",
            f"{least:g} to {voltage:g} V, the supply has {supply.min_voltage_v:g} to {supply.max_voltage_v:g} V",
        )
    if current < supply.min_current_a:
        raise ProtocolError(
            "FAILED_WrongChargeParameter", f"{current:g} A at most, the supply has {supply.min_current_a:g} A at least"
        )


def _limits(supply: DcRange, context: Iso20Context) -> DC_CPDResEnergyTransferModeType:
    charge = {
        "EVSEMaximumChargePower": rational(supply.max_power_w),
        "EVSEMinimumChargePower": rational(supply.min_power_w),
        "EVSEMaximumChargeCurrent": rational(supply.max_current_a),
        "EVSEMinimumChargeCurrent": rational(supply.min_current_a),
        "EVSEMaximumVoltage": rational(supply.max_voltage_v),
        "EVSEMinimumVoltage": rational(supply.min_voltage_v),
    }
    if not context.service.bpt:
        return DC_CPDResEnergyTransferModeType(**charge)
    sign, discharge = discharge_sign(context), supply.discharge
    return BPT_DC_CPDResEnergyTransferModeType(
        **charge,
        EVSEMaximumDischargePower=rational(sign * discharge.max_power_w),
        EVSEMinimumDischargePower=rational(sign * discharge.min_power_w),
        EVSEMaximumDischargeCurrent=rational(sign * discharge.max_current_a),
        EVSEMinimumDischargeCurrent=rational(sign * discharge.min_current_a),
    )
