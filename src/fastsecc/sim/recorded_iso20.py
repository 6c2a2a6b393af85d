"""Recorded messages of ISO 15118-20: which of its grammars each is of."""

from __future__ import annotations

from collections.abc import Iterator

from fastsecc import exi
from fastsecc.errors import DecodeError
from fastsecc.exi import Decoded
from fastsecc.messages import payload_types
from fastsecc.messages.iso20.common_types import V2GMessageType, V2GRequestType, V2GResponseType
from fastsecc.sim.capture import Direction, Record

COMMON = "iso20"


def is_iso20(namespace: str | None) -> bool:
    """Tell whether a namespace is one of ISO 15118-20."""
    return namespace is not None and namespace.startswith(COMMON)


def decode(record: Record, chosen: str) -> Decoded | None:
    """Decode a message in the grammar that its payload type tells.

    Without one it is the first grammar in which the octets are a message without deviations, common messages before
    those of the energy: a wrong grammar may make something of them, too.

    Args:
        record: a request or response after supportedAppProtocol.
        chosen: namespace of the protocol that the recorded charger chose.

    Returns:
        The message; None if there is none.
    """
    told = None if record.payload_type is None else payload_types.namespace_of(record.payload_type)
    if told is not None:
        return _decoded(record, told)
    return next(_fitting(record, chosen), None)


def _fitting(record: Record, chosen: str) -> Iterator[Decoded]:
    kind: type[V2GMessageType] = V2GRequestType if record.direction is Direction.REQUEST else V2GResponseType
    for namespace in dict.fromkeys((COMMON, chosen)):
        decoded = _decoded(record, namespace)
        if decoded is not None and isinstance(decoded.message, kind) and not decoded.deviations:
            yield decoded


def _decoded(record: Record, namespace: str) -> Decoded | None:
    try:
        return exi.decode_flagged(record.data, namespace)
    except DecodeError:
        return None
