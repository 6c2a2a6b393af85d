"""ChargingStatus: the AC charge loop."""

from __future__ import annotations

from fastsecc.messages.iso2 import ChargingStatusReq, ChargingStatusRes, PaymentOptionType, ResponseCodeType
from fastsecc.session import loop
from fastsecc.session.context import Answer
from fastsecc.session.iso2 import metering_receipt
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.states import State
from fastsecc.session.iso2.values import ac_status, amperes, meter_info
from fastsecc.session.loop import Loop


def respond(context: Iso2Context, stale: bool) -> ChargingStatusRes:
    """Build ChargingStatusRes; with external payment there are no receipts, and the current may be limited."""
    external = context.payment_option == PaymentOptionType.ExternalPayment
    return ChargingStatusRes(
        ResponseCode=ResponseCodeType.OK,
        EVSEID=context.charger.evse_id,
        SAScheduleTupleID=context.sa_schedule_tuple_id,
        EVSEMaxCurrent=amperes(context.charger.ac_max_current_a) if external else None,
        MeterInfo=meter_info(context),
        ReceiptRequired=metering_receipt.is_wanted(context),
        AC_EVSEStatus=ac_status(context),
    )


def report(request: ChargingStatusReq, context: Iso2Context) -> None:
    """Publish nothing: the request is empty."""


LOOP = Loop(ChargingStatusReq, respond, report, State.CHARGING_STATUS_OR_POWER_DELIVERY)


def handle(request: ChargingStatusReq, context: Iso2Context) -> Answer:
    """Answer ChargingStatusReq."""
    return metering_receipt.expect(loop.handle(LOOP, request, context), context)
