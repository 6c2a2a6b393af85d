"""Messages of production cars and chargers: all are decoded, and encoded to the octets that were on the wire."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from fastsecc.errors import EncodeError
from fastsecc.exi import decode_flagged, encode, from_json, to_json
from fastsecc.exi.detect import detect


def messages(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Read the distinct EXI messages of all captures."""
    for path in sorted(folder.glob("*.jsonl")):
        seen = set()
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record["kind"] == "v2g" and record["hex"] not in seen:
                seen.add(record["hex"])
                yield path.stem, bytes.fromhex(record["hex"])


def outcome(octets: bytes) -> str:
    """Decode a message and encode it again; say how that went."""
    namespace = detect(octets)
    decoded = decode_flagged(octets, namespace)
    assert from_json(to_json(decoded.message), namespace) == decoded.message
    try:
        again = encode(decoded.message)
    except EncodeError:
        again = b""
    what = "same octets" if again == octets else "other octets"
    return ", ".join([what, *(f"{path} {reason}".strip() for path, _, reason in decoded.deviations)])


EXCEPTIONS = {
    # The scope is made of NULs: understood, and written as it came.
    "bmw_ix_fw_11_2022_64_car_stops_soc_too_close_to_target": {
        "same octets, V2G_Message/Body/ServiceDiscoveryReq/ServiceScope character that XML does not allow": 1
    },
    "bmw_ix_fw_11_2022_64_iso2": {
        "same octets, V2G_Message/Body/ServiceDiscoveryReq/ServiceScope character that XML does not allow": 1
    },
    # A profile for four phases, where the schema allows three: understood, but never written.
    "seres_2_iso2_dc": {
        "other octets, V2G_Message/Body/PowerDeliveryReq/ChargingProfile/ProfileEntry/"
        "ChargingProfileEntryMaxNumberOfPhasesInUse value outside the schema's range": 1
    },
    # A NUL after the end of ContractAuthenticationReq.
    "tesla_model_y_11_1_din_2023_01_18_tesla_y_infypower_teslay_dc_infy_0": {"other octets, octets after the end": 1},
}
"""What is not encoded to the octets that were on the wire, or deviates from the schema."""


def test_own_captures(data: Path) -> None:
    assert Counter(outcome(octets) for _, octets in messages(data / "captures")) == {"same octets": 147}


def test_all_captures(shared: Path) -> None:
    count = 0
    exceptions: dict[str, dict[str, int]] = {}
    for name, octets in messages(shared / "captures"):
        result = outcome(octets)
        count += 1
        if result != "same octets":
            exceptions.setdefault(name, {})[result] = exceptions.get(name, {}).get(result, 0) + 1
    assert exceptions == EXCEPTIONS
    assert count == 2935
