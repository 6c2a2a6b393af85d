"""supportedAppProtocol: the first exchange of every connection (ISO 15118-2, 8.2; DIN SPEC 70121; ISO 15118-20)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastsecc.messages.schema import ElementTable, Length, Occurs, Range, Ref, Type, UnsignedByte, UnsignedInt

NAMESPACE = "urn:iso:15118:2:2010:AppProtocol"
LOCAL_NAMESPACE = ""  # this schema alone leaves its local elements unqualified
REF = Ref(NAMESPACE)

IdType = UnsignedByte
ProtocolNameType = Annotated[str, Length(30)]
ProtocolNamespaceType = Annotated[str, Length(100)]
PriorityType = Annotated[UnsignedByte, Range(1, 20)]


class ResponseCodeType(StrEnum):
    OK_SuccessfulNegotiation = "OK_SuccessfulNegotiation"
    OK_SuccessfulNegotiationWithMinorDeviation = "OK_SuccessfulNegotiationWithMinorDeviation"
    Failed_NoNegotiation = "Failed_NoNegotiation"


class AppProtocolType(Type):
    ProtocolNamespace: ProtocolNamespaceType
    VersionNumberMajor: UnsignedInt
    VersionNumberMinor: UnsignedInt
    SchemaID: IdType
    Priority: PriorityType


class supportedAppProtocolReq(Type):
    AppProtocol: Annotated[list[AppProtocolType], Occurs(1, 20)]


class supportedAppProtocolRes(Type):
    ResponseCode: ResponseCodeType
    SchemaID: IdType | None = None


ELEMENTS: ElementTable = {
    "supportedAppProtocolReq": supportedAppProtocolReq,
    "supportedAppProtocolRes": supportedAppProtocolRes,
}
