"""V2GTP payload types of EXI messages: which namespace a frame's payload is of."""

from __future__ import annotations

from collections.abc import Mapping

from fastsecc.messages.reflection import namespace_of as namespace_of_class
from fastsecc.messages.schema import Type

EXI = 0x8001
"""supportedAppProtocol, DIN SPEC 70121 and ISO 15118-2: their messages tell themselves apart."""
ISO20_COMMON = 0x8002
ISO20_AC = 0x8003
ISO20_DC = 0x8004
ISO20_ACDP = 0x8005
ISO20_WPT = 0x8006
# Streams beside the charge loop: their messages may come while one of the others is waited for.
SCHEDULE_RENEGOTIATION = 0x8101
METERING_CONFIRMATION = 0x8102
ACDP_SYSTEM_STATUS = 0x8103
PARKING_STATUS = 0x8104

NAMESPACES: Mapping[int, str] = {
    ISO20_COMMON: "iso20",
    ISO20_AC: "iso20-ac",
    ISO20_DC: "iso20-dc",
    ISO20_ACDP: "iso20-acdp",
    ISO20_WPT: "iso20-wpt",
    SCHEDULE_RENEGOTIATION: "iso20",
    METERING_CONFIRMATION: "iso20",
    ACDP_SYSTEM_STATUS: "iso20-acdp",
    PARKING_STATUS: "iso20",
}
"""The namespace of every payload type that has only one."""
_MAINSTREAM = {NAMESPACES[payload_type]: payload_type for payload_type in sorted(NAMESPACES, reverse=True)}


def is_exi(payload_type: int) -> bool:
    """Tell whether a payload is an EXI message."""
    return payload_type == EXI or payload_type in NAMESPACES


def namespace_of(payload_type: int) -> str | None:
    """Name the namespace of a payload; None if it is not told by the payload type (EXI), or there is no such type."""
    return NAMESPACES.get(payload_type)


def payload_type_of(message: Type) -> int:
    """Give the payload type that a message is sent with, unless it answers one of a stream beside the charge loop."""
    return _MAINSTREAM.get(namespace_of_class(type(message)), EXI)
