"""MeteringReceipt: an EV with a contract signs the meter reading that it was shown."""

from __future__ import annotations

from dataclasses import replace

from fastsecc.errors import ProtocolError, SignatureError
from fastsecc.messages.iso2 import (
    ChargingStatusRes,
    CurrentDemandRes,
    MeteringReceiptReq,
    MeteringReceiptRes,
    PaymentOptionType,
    ResponseCodeType,
)
from fastsecc.security.signature import ISO2, Part, verify
from fastsecc.session.context import Answer
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.states import State
from fastsecc.session.iso2.values import evse_status, meter_info
from fastsecc.session.status import Phase


def is_wanted(context: Iso2Context) -> bool:
    """Tell whether the EV has to sign for the meter reading that it is shown next."""
    contract = context.payment_option == PaymentOptionType.Contract
    return contract and context.charger.receipt_required and meter_info(context) is not None


def expect(answer: Answer, context: Iso2Context) -> Answer:
    """Let nothing but the receipt follow a charge-loop response that asks for one."""
    response = answer.response
    assert isinstance(response, CurrentDemandRes | ChargingStatusRes)
    if not response.ReceiptRequired:
        return answer
    context.meter_shown = response.MeterInfo
    return replace(answer, next=State.METERING_RECEIPT)


def handle(request: MeteringReceiptReq, context: Iso2Context) -> Answer:
    """Answer MeteringReceiptReq."""
    _check(request, context)
    response = MeteringReceiptRes(ResponseCode=ResponseCodeType.OK, EVSEStatus=evse_status(context, Phase.CHARGE))
    ac = context.energy_kind == "ac"
    return Answer(response, State.CHARGING_STATUS_OR_POWER_DELIVERY if ac else State.CURRENT_DEMAND_OR_POWER_DELIVERY)


def _check(request: MeteringReceiptReq, context: Iso2Context) -> None:
    """Refuse a receipt for something else, or by somebody else."""
    assert context.contract is not None
    told = (request.SessionID, request.SAScheduleTupleID or context.sa_schedule_tuple_id, request.MeterInfo)
    if told != (context.session_id, context.sa_schedule_tuple_id, context.meter_shown):
        raise ProtocolError("FAILED_MeteringSignatureNotValid", "the receipt is not for what was shown")
    try:
        verify(context.received_signature, [Part(request)], context.contract.contract.public_key, ISO2)
    except SignatureError as error:
        raise ProtocolError("FAILED_MeteringSignatureNotValid", str(error)) from None
