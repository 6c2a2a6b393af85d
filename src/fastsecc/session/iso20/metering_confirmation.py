"""MeteringConfirmation: the EV repeats the meter reading that it got, on its own stream or the main one."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import (
    MeteringConfirmationReq,
    MeteringConfirmationRes,
    ResponseCodeType,
    SignedMeteringDataType,
)
from fastsecc.session.context import Answer
from fastsecc.session.iso20.context import Iso20Context


def handle(request: MeteringConfirmationReq, context: Iso20Context) -> Answer:
    """Answer MeteringConfirmationReq; with external payment there is no contract whose signature could be verified."""
    if reason := _deviation(request.SignedMeteringData, context):
        raise ProtocolError("FAILED_MeteringSignatureNotValid", reason)
    return Answer(MeteringConfirmationRes(Header=context.header, ResponseCode=ResponseCodeType.OK))


def _deviation(data: SignedMeteringDataType, context: Iso20Context) -> str:
    """Say what differs from what the EV was told; empty: nothing does."""
    meter, selection = context.charger.meter, data.Scheduled_SMDTControlMode
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
