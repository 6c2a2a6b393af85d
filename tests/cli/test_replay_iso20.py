"""`fastsecc replay` of sessions of ISO 15118-20, recorded from sessions in memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fastsecc import exi
from fastsecc.cli.main import main
from fastsecc.sim.ev import Ev, EvSettings
from fastsecc.sim.ev.settings import EnergyName
from fastsecc.sim.settings import SimulatorSettings
from tests.sim.bench import Bench

Output = pytest.CaptureFixture[str]
COMMON, AC, DC = 0x8002, 0x8003, 0x8004
STREAMS = {"AC": AC, "DC": DC, "su": 0x8001}
"""Payload types of messages by how their names begin; others are common ones."""


def record(path: Path, energy: EnergyName, *, payload_types: bool) -> list[str]:
    """Write the capture of a charge in memory; give the names of its requests."""
    wishes = EvSettings(protocol="iso20", energy=energy, cycles=4, renegotiate_after_cycles=2)
    bench = Bench(SimulatorSettings(energy=energy))
    assert bench.charge(Ev(wishes)).ok
    lines = []
    for (name, request), (_, response) in zip(bench.requests, bench.exchanged, strict=True):
        told = {"payload_type": STREAMS.get(name[:2], COMMON)} if payload_types else {}
        for direction, message in (("req", request), ("res", response)):
            one = {"t": 0.0, "kind": "v2g", "dir": direction, "hex": exi.encode(message).hex(), **told}
            lines.append(json.dumps(one))
    path.write_text("\n".join(lines))
    return [name for name, _ in bench.requests]


@pytest.mark.parametrize("energy", ["dc", "ac", "dc-bpt"])
@pytest.mark.parametrize("payload_types", [True, False], ids=["payload types", "none"])
def test_a_session_of_iso20_is_listed(tmp_path: Path, capsys: Output, energy: EnergyName, payload_types: bool) -> None:
    path = tmp_path / "car.jsonl"
    names = record(path, energy, payload_types=payload_types)
    assert main(["replay", "--json", str(path)]) == 0
    *steps, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert [step["request"] for step in steps] == names
    assert [step["recorded"]["message"] for step in steps] == [name.removesuffix("Req") + "Res" for name in names]
    assert all(step["recorded"]["response_code"].startswith("OK") for step in steps)
    assert not any(step["deviations"] for step in steps)
    assert summary["summary"] == {"listed": len(names)}


def test_it_is_said_that_nothing_is_replayed(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "car.jsonl"
    names = record(path, "dc", payload_types=False)
    assert main(["replay", str(path)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[1] == "sessions of ISO 15118-20 are not replayed, only listed"
    assert any(
        line.split()[1:] == ["SessionSetupReq", "OK_NewSessionEstablished", "(not", "replayed)"] for line in shown
    )
    assert shown[-1] == f"{len(names)} listed, not replayed"


def test_deviations_count_only_where_the_payload_type_tells_the_grammar(tmp_path: Path, capsys: Output) -> None:
    """Without it, what does not quite fit is no message."""
    path = tmp_path / "car.jsonl"
    for payload_types, request in ((True, "SessionSetupReq"), (False, "?")):
        record(path, "dc", payload_types=payload_types)
        lines = path.read_text().splitlines()
        lines[2] = lines[2].replace('", "payload', '00", "payload') if payload_types else lines[2][:-2] + '00"}'
        path.write_text("\n".join(lines))
        assert main(["replay", "--json", str(path)]) == 0
        step = json.loads(capsys.readouterr().out.splitlines()[1])
        assert step["request"] == request
        assert [one["what"] for one in step["deviations"]] == ["octets after the end"] * payload_types
