"""Recorded sessions of real cars: JSON lines of SLAC frames, SDP and V2G messages in order of time.

One line is one record: `t` in seconds, `kind` slac, sdp or v2g, `hex` the octets (SLAC without Ethernet header, SDP
and V2G without V2GTP header), for sdp and v2g `dir` req (from the EV) or res, for v2g also the payload type: `type` in
hexadecimal or `payload_type` as a number, which goes before it. Of ISO 15118-20 it tells the grammar.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from fastsecc.errors import ConfigError

CAPTURE_LINE_MAX_octets = 1 << 20
"""A longer line is no record: the largest V2GTP payload that any EV sends is a few kilobytes."""


class Kind(StrEnum):
    """What a record holds."""

    SLAC = "slac"
    SDP = "sdp"
    V2G = "v2g"


class Direction(StrEnum):
    """Who sent an SDP or V2G message."""

    REQUEST = "req"
    RESPONSE = "res"


@dataclass(frozen=True, slots=True)
class Record:
    """One frame or message of a capture."""

    line: int
    """Where it stands in its file, from 1."""
    at_s: float
    kind: Kind
    direction: Direction | None
    payload_type: int | None
    """V2GTP payload type of a V2G message."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request of the EV and what the recorded charger answered; None: nothing before the next request."""

    request: Record
    response: Record | None


class _Line(msgspec.Struct):
    t: Annotated[float, msgspec.Meta(ge=0)]
    kind: Kind
    hex: str
    dir: Direction | None = None
    type: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-fA-F]{4}\Z")] | None = None
    payload_type: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)] | None = None


def read(path: Path) -> list[Record]:
    """Read a capture file.

    Raises:
        ConfigError: the file cannot be read, or a line is no record; names file and line.
    """
    try:
        with path.open("rb") as lines:
            return list(_records(path, lines))
    except OSError as error:
        raise ConfigError(error.strerror or str(error), file=path) from None


def exchanges(records: Iterable[Record]) -> Iterator[Exchange]:
    """Pair each V2G request with its response, that of the same payload type where several are under way.

    A response that nothing asked for is left out, and of several the last is taken: an answer on a connection that the
    EV has given up may come first.
    """
    requests: list[Record] = []
    responses: dict[int, Record] = {}
    latest: dict[int | None, int] = {}
    for record in records:
        if record.kind is not Kind.V2G:
            continue
        if record.direction is Direction.RESPONSE:
            responses[latest.get(record.payload_type, len(requests) - 1)] = record
            continue
        latest[record.payload_type] = len(requests)
        requests.append(record)
    for number, request in enumerate(requests):
        yield Exchange(request, responses.get(number))


def _records(path: Path, lines: Iterable[bytes]) -> Iterator[Record]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _record(number, line)
        except (msgspec.DecodeError, ValueError) as error:
            raise ConfigError(f"no capture record: {error}", file=path, line=number) from None


def _record(number: int, line: bytes) -> Record:
    if len(line) > CAPTURE_LINE_MAX_octets:
        raise ValueError(f"longer than {CAPTURE_LINE_MAX_octets} octets")
    fields = _DECODER.decode(line)
    if fields.kind is not Kind.SLAC and fields.dir is None:
        raise ValueError("`dir` is missing")
    payload_type = int(fields.type, 16) if fields.type and fields.payload_type is None else fields.payload_type
    return Record(number, fields.t, fields.kind, fields.dir, payload_type, bytes.fromhex(fields.hex))


_DECODER = msgspec.json.Decoder(_Line)
