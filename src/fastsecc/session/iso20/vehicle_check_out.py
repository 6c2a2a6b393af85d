"""VehicleCheckOut: the EV tells when it wants to leave and when it has left, beside the other messages."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import (
    EvCheckOutStatusType,
    EvseCheckOutStatusType,
    ResponseCodeType,
    VehicleCheckOutReq,
    VehicleCheckOutRes,
)
from fastsecc.session.context import Answer
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.vas import parks


def handle(request: VehicleCheckOutReq, context: Iso20Context) -> Answer:
    """Answer VehicleCheckOutReq."""
    if not parks("VehicleCheckOut", context.selected_vas):
        raise ProtocolError("FAILED_SequenceError", "no check-out is selected")
    left = request.EVCheckOutStatus is EvCheckOutStatusType.Completed
    return Answer(
        VehicleCheckOutRes(
            Header=context.header,
            ResponseCode=ResponseCodeType.OK,
            EVSECheckOutStatus=EvseCheckOutStatusType.Completed if left else EvseCheckOutStatusType.Scheduled,
        )
    )
