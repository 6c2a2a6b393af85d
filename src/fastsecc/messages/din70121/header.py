"""The header of every DIN SPEC 70121:2014 message (V2G_CI_MsgHeader)."""

from __future__ import annotations

from typing import Annotated

from fastsecc.messages import xmldsig as ds
from fastsecc.messages.din70121 import datatypes as t
from fastsecc.messages.schema import ElementTable, Ref, Type

NAMESPACE = "urn:din:70121:2012:MsgHeader"
REF = Ref(NAMESPACE)


class MessageHeaderType(Type):
    SessionID: t.SessionIDType
    Notification: t.NotificationType | None = None
    Signature: Annotated[ds.SignatureType | None, ds.REF] = None


ELEMENTS: ElementTable = {}
