"""The header of every ISO 15118-2:2014 message (V2G_CI_MsgHeader)."""

from __future__ import annotations

from typing import Annotated

from fastsecc.messages import xmldsig as ds
from fastsecc.messages.iso2 import datatypes as t
from fastsecc.messages.schema import ElementTable, Ref, Type

NAMESPACE = "urn:iso:15118:2:2013:MsgHeader"
REF = Ref(NAMESPACE)


class MessageHeaderType(Type):
    SessionID: t.SessionIDType
    Notification: t.NotificationType | None = None
    Signature: Annotated[ds.SignatureType | None, ds.REF] = None


ELEMENTS: ElementTable = {}
