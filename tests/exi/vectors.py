"""Records of EXI messages, and what the tests ask of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMESPACES = {
    "app": "sap",
    "din": "din",
    "iso2": "iso2",
    "cm": "iso20",
    "ac": "iso20-ac",
    "dc": "iso20-dc",
    "acdp": "iso20-acdp",
    "wpt": "iso20-wpt",
    "xmldsig": "xmldsig",
}
"""Our name of a namespace, by the name that the records use."""


@dataclass(frozen=True, slots=True)
class Vector:
    """One EXI message and what it holds; `json` is None where a record says nothing about the content."""

    id: str
    namespace: str
    fragment: bool
    octets: bytes
    json: dict[str, Any] | None
    record: dict[str, Any]

    @property
    def element(self) -> str:
        """The name of the root element."""
        assert self.json is not None
        return next(iter(self.json))

    @property
    def status(self) -> str:
        """How the oracles agree on the octets; records of real traffic say it for each oracle."""
        return str(self.record.get("status", "real"))


def read(path: Path) -> Iterator[Vector]:
    """Read the records of the namespaces that fastsecc speaks."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            record = json.loads(line)
            if record["schema"] in NAMESPACES:
                yield _vector(record, f"{path.stem}:{number}")


def _vector(record: dict[str, Any], place: str) -> Vector:
    content = record.get("json") or record.get("exificient", {}).get("json")
    return Vector(
        id=f"{place} {record.get('id', record.get('msg', ''))}",
        namespace=NAMESPACES[record["schema"]],
        fragment=record.get("mode") == "frag",
        octets=bytes.fromhex(record["exi"]),
        json=content,
        record=record,
    )
