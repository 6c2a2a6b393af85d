"""The SLAC part of the captures, as Ethernet frames."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastsecc.slac.mme import ETHERTYPE
from tests.conftest import DATA, SHARED


@dataclass(frozen=True)
class RecordedFrame:
    """One frame, and when it was recorded."""

    at_s: float
    octets: bytes


def captures() -> list[Path]:
    """Give all captures there are: those beside the repository if they are there, else its own choice of them."""
    folder = SHARED / "captures"
    return sorted((folder if folder.is_dir() else DATA / "captures").glob("*.jsonl"))


@cache
def slac_frames(path: Path) -> list[RecordedFrame]:
    """Give the SLAC frames of a capture, in order of time."""
    found = []
    for line in path.read_text().splitlines():
        record = json.loads(line)
        if record["kind"] == "slac":
            addresses = bytes.fromhex(f"{record['dst']}{record['src']}".replace(":", ""))
            found.append(RecordedFrame(record["t"], addresses + ETHERTYPE + bytes.fromhex(record["hex"])))
    return sorted(found, key=lambda frame: frame.at_s)
