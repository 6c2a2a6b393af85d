"""How the interface's types are written down: omitted instead of null, lenient for arguments, strict for payloads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec


class Shape(msgspec.Struct, omit_defaults=True):
    """A JSON object of the interface; unknown members are ignored, optional ones omitted when None."""


class Payload(Shape, forbid_unknown_fields=True):
    """A JSON object that is only published: it has no members but its own."""


def _span(unit: str, low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return unit
    ends = ("" if end is None else f"{end:g}" if abs(end) < 1e6 else f"{end:.0f}" for end in (low, high))
    return f"{unit} {'..'.join(ends)}".strip()


def unit(name: str, low: float | None = None, high: float | None = None) -> msgspec.Meta:
    """Describe a number of an argument: its unit, and the range of EVerest's schema, which is not enforced."""
    return msgspec.Meta(description=_span(name, low, high))


def limited(name: str, low: float | None = None, high: float | None = None) -> msgspec.Meta:
    """Describe a number of a payload: its unit, and the range that is enforced."""
    return msgspec.Meta(ge=low, le=high, description=_span(name, low, high))


Timestamp = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d(\.\d+)?(Z|[+-][0-2]\d:[0-5]\d)\Z",
        description="RFC 3339 date-time",
    ),
]
"""An absolute time, RFC 3339."""

MacAddress = Annotated[str, msgspec.Meta(pattern=r"^[A-F0-9]{2}(:[A-F0-9]{2}){5}\Z", description="AA:BB:CC:DD:EE:FF")]
"""Six octets in upper-case hexadecimal with colons."""


def timestamp(unix_s: float) -> str:
    """Write Unix seconds as the interface does: UTC, whole seconds, `YYYY-MM-DDTHH:MM:SSZ`."""
    return datetime.fromtimestamp(int(unix_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
