"""V2G_Message, the envelope of every ISO 15118-2:2014 message (V2G_CI_MsgDef)."""

from __future__ import annotations

from fastsecc.messages.iso2 import body as b
from fastsecc.messages.iso2 import header as h
from fastsecc.messages.schema import ElementTable, Ref, Type

NAMESPACE = "urn:iso:15118:2:2013:MsgDef"
REF = Ref(NAMESPACE)


class V2G_Message(Type):
    Header: h.MessageHeaderType
    Body: b.BodyType


ELEMENTS: ElementTable = {
    "V2G_Message": V2G_Message,
}
