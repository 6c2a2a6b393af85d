"""MeteringConfirmation: the EV repeats the meter reading that it got, on its own stream or the main one."""

from __future__ import annotations

from fastsecc.errors import ProtocolError, SignatureError
from fastsecc.messages.iso20 import (
    MeteringConfirmationReq,
    MeteringConfirmationRes,
    ResponseCodeType,
    SignedMeteringDataType,
)
from fastsecc.security.signature import Part, verify
from fastsecc.session.context import Answer
from fastsecc.session.contract import Contract
from fastsecc.session.iso20 import contract_chain
from fastsecc.session.iso20.context import Iso20Context


def handle(request: MeteringConfirmationReq, context: Iso20Context) -> Answer:
    """Answer MeteringConfirmationReq; with external payment there is no contract whose signature could be verified."""
    data = request.SignedMeteringData
    if reason := _deviation(data, context):
        raise ProtocolError("FAILED_MeteringSignatureNotValid", reason)
    if context.contract is not None:
        _verify(data, context.contract, context)
    context.charge.confirmed_wh = data.MeterInfo.ChargedEnergyReadingWh
    context.charge.confirmed_at = context.now
    return Answer(MeteringConfirmationRes(Header=context.header, ResponseCode=ResponseCodeType.OK))


def _verify(data: SignedMeteringDataType, contract: Contract, context: Iso20Context) -> None:
    try:
        verify(context.received_signature, [Part(data)], contract.public_key, contract_chain.algorithms(context))
    except SignatureError as error:
        raise ProtocolError("FAILED_MeteringSignatureNotValid", str(error)) from None


def _deviation(data: SignedMeteringDataType, context: Iso20Context) -> str:
    """Say what differs from what the EV was told; empty: nothing does."""
    meter, selection = context.charger.meter, data.Scheduled_SMDTControlMode
    if data.Receipt is not None:
        return "a receipt, and there was none"
    if data.SessionID != context.session_id:
        return f"session {data.SessionID.hex()}"
    if meter is None or data.MeterInfo.MeterID != meter.meter_id:
        return f"meter {data.MeterInfo.MeterID}"
    if data.MeterInfo.ChargedEnergyReadingWh > meter.energy_wh:
        return f"{data.MeterInfo.ChargedEnergyReadingWh} Wh, the meter shows {meter.energy_wh} Wh"
    if (selection is not None) is not (context.service.control_mode == "Scheduled"):
        return "the other control mode"
    offered = context.charge.schedule
    if selection is not None and (offered is None or selection.SelectedScheduleTupleID != offered.ScheduleTupleID):
        return f"schedule {selection.SelectedScheduleTupleID}"
    return ""
