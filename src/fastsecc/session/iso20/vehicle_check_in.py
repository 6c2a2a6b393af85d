"""VehicleCheckIn: the EV tells how far it has come with parking, beside the other messages."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import ResponseCodeType, VehicleCheckInReq, VehicleCheckInRes
from fastsecc.session.context import Answer
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.vas import parks


def handle(request: VehicleCheckInReq, context: Iso20Context) -> Answer:
    """Answer VehicleCheckInReq; where the EV has to stand for a conductive connector is not measured."""
    if not parks("VehicleCheckIn", context.selected_vas):
        raise ProtocolError("FAILED_SequenceError", "no check-in is selected")
    return Answer(VehicleCheckInRes(Header=context.header, ResponseCode=ResponseCodeType.OK))
