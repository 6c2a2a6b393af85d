"""V2G_Message, the envelope of every DIN SPEC 70121:2014 message (V2G_CI_MsgDef)."""

from __future__ import annotations

from typing import Annotated

from fastsecc.messages.din70121 import header as h
from fastsecc.messages.schema import ElementTable, Ref, Type

NAMESPACE = "urn:din:70121:2012:MsgDef"
REF = Ref(NAMESPACE)


class BodyType(Type):
    BodyElement: Annotated[BodyBaseType | None, REF] = None


class BodyBaseType(Type):
    ABSTRACT = True


class V2G_Message(Type):
    Header: h.MessageHeaderType
    Body: BodyType


ELEMENTS: ElementTable = {
    "BodyElement": BodyBaseType,
    "V2G_Message": V2G_Message,
}
