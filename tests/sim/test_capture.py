"""Capture files: what is read, and how a bad line is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastsecc.errors import ConfigError
from fastsecc.sim import capture

REQUEST = '{"t":1.5,"kind":"v2g","dir":"req","type":"8001","hex":"8000ab"}'
RESPONSE = '{"t":1.6,"kind":"v2g","dir":"res","type":"8001","hex":"80400040"}'
SLAC = '{"t":0.0,"kind":"slac","src":"0E:75:70:07:3E:5E","dst":"00:B0:52:00:00:01","hex":"0108"}'
SDP = '{"t":0.1,"kind":"sdp","dir":"req","hex":"1000"}'


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "car.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_reads_every_kind_of_record(tmp_path: Path) -> None:
    records = capture.read(written(tmp_path, SLAC, SDP, "", REQUEST))
    assert [(record.line, record.kind) for record in records] == [(1, "slac"), (2, "sdp"), (4, "v2g")]
    assert records[0].direction is None
    assert records[1].direction is capture.Direction.REQUEST
    assert records[2] == capture.Record(
        line=4,
        at_s=1.5,
        kind=capture.Kind.V2G,
        direction=capture.Direction.REQUEST,
        payload_type=0x8001,
        data=b"\x80\x00\xab",
    )


def test_pairs_requests_with_responses(tmp_path: Path) -> None:
    path = written(tmp_path, RESPONSE, REQUEST, SLAC, RESPONSE, RESPONSE, REQUEST, REQUEST, RESPONSE, REQUEST)
    pairs = [
        (pair.request.line, pair.response.line if pair.response else None)
        for pair in capture.exchanges(capture.read(path))
    ]
    assert pairs == [(2, 5), (6, None), (7, 8), (9, None)]


def test_pairs_within_a_payload_type(tmp_path: Path) -> None:
    loop, schedule = (REQUEST.replace("8001", each) for each in ("8004", "8101"))
    answers = (RESPONSE.replace("8001", each) for each in ("8004", "8101"))
    pairs = capture.exchanges(capture.read(written(tmp_path, loop, schedule, *answers)))
    assert [(pair.request.line, pair.response and pair.response.line) for pair in pairs] == [(1, 3), (2, 4)]


def test_a_payload_type_as_a_number_goes_first(tmp_path: Path) -> None:
    as_number = REQUEST.replace("{", '{"payload_type":32772,')
    alone = as_number.replace('"type":"8001",', "")
    assert [record.payload_type for record in capture.read(written(tmp_path, as_number, alone))] == [0x8004, 0x8004]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "malformed"),
        ("[]", "object"),
        ('{"kind":"v2g","dir":"req","hex":"80"}', "`t`"),
        ('{"t":0,"kind":"v2g","hex":"80"}', "`dir` is missing"),
        ('{"t":0,"kind":"lin","hex":"80"}', "lin"),
        ('{"t":0,"kind":"sdp","dir":"req","hex":"8"}', "fromhex"),
        ('{"t":0,"kind":"v2g","dir":"req","type":"80","hex":"80"}', "type"),
        ('{"t":0,"kind":"v2g","dir":"req","payload_type":65536,"hex":"80"}', "payload_type"),
        ('{"t":0,"kind":"slac","hex":"' + "00" * (1 << 20) + '"}', "longer than"),
    ],
)
def test_names_file_and_line_of_what_is_no_record(tmp_path: Path, line: str, reason: str) -> None:
    path = written(tmp_path, SDP, line)
    with pytest.raises(ConfigError, match=f"{path}:2: .*{reason}") as caught:
        capture.read(path)
    assert caught.value.line == 2


def test_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.jsonl: No such file"):
        capture.read(tmp_path / "nothing.jsonl")


def test_names_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "binary"
    path.write_bytes(b"\xff\xfe\x00\n")
    with pytest.raises(ConfigError, match="binary:1: no capture record"):
        capture.read(path)
