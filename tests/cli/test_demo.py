"""`fastsecc demo`: a whole session, and what this version does not have."""

from __future__ import annotations

import json
import socket

import pytest

from fastsecc.cli.main import main
from fastsecc.errors import InterfaceError
from fastsecc.sim import demo as simulated
from fastsecc.sim.demo import Demo
from fastsecc.sim.plc import network


@pytest.fixture
def no_root(monkeypatch):
    """Be nobody who may make network namespaces."""

    def refuse():
        raise InterfaceError("veth", "a network namespace needs root: Operation not permitted")

    monkeypatch.setattr(network, "charger_and_car", refuse)


@pytest.fixture
def root():
    """Be somebody who may."""
    try:
        with network.charger_and_car():
            pass
    except InterfaceError as refusal:
        pytest.skip(refusal.reason)


def unwrapped(out):
    """Undo the breaking of lines."""
    return " ".join(out.split())


@pytest.mark.parametrize(("protocol", "energy"), [("din", "dc"), ("iso2", "ac")])
def test_demo_plugs_in_matches_and_charges_as_root(capsys, root, protocol, energy):
    before = sorted(name for _, name in socket.if_nameindex())
    assert main(["demo", "--protocol", protocol, "--energy", energy, "--cycles", "5", "--think-ms", "1"]) == 0
    assert sorted(name for _, name in socket.if_nameindex()) == before
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("SECC and EV in one process, over a simulated powerline")
    assert [line.split()[1] for line in lines if line.startswith("SLAC")] == [
        *("CM_SLAC_PARM", "CM_MNBC_SOUND", "CM_ATTEN_CHAR", "CM_SLAC_MATCH", "link")
    ]
    assert "done: 5 charge-loop cycles done" in lines


def test_demo_without_root_says_that_slac_was_skipped_and_why(capsys, no_root):
    assert main(["demo", "--cycles", "3", "--think-ms", "1", "--json"]) == 0
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (first["step"], first["text"]) == (
        "skipped",
        "a network namespace needs root: Operation not permitted",
    )


@pytest.mark.parametrize(("protocol", "energy"), [("din", "dc"), ("iso2", "ac")])
def test_demo_shows_a_session(capsys, no_root, protocol, energy):
    assert main(["demo", "--protocol", protocol, "--energy", energy, "--cycles", "5", "--think-ms", "1"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].startswith("fastsecc demo: ")
    assert "done: 5 charge-loop cycles done" in lines
    assert "dlink_terminate 1" in unwrapped(out)


def test_demo_over_tls(capsys):
    assert main(["demo", "--tls", "--energy", "ac", "--cycles", "3", "--think-ms", "1"]) == 0
    out = capsys.readouterr().out
    assert "external payment, TLS 1.2; SECC and EV in one process" in out
    assert "done: 3 charge-loop cycles done" in out


@pytest.mark.parametrize("energy", ["dc", "ac"])
def test_demo_of_plug_and_charge(capsys, energy):
    """Over TLS, with receipts."""
    assert main(["demo", "--auth", "pnc", "--energy", energy, "--cycles", "20", "--think-ms", "60"]) == 0
    out = capsys.readouterr().out
    assert f"ISO 15118-2, {energy.upper()}, Plug & Charge, TLS 1.2; SECC and EV in one process" in out
    assert "done: 20 charge-loop cycles done" in out
    assert "require_auth_pnc 1" in unwrapped(out)
    assert "MeteringReceipt" in out


@pytest.mark.parametrize(("energy", "control"), [("dc", "scheduled"), ("ac", "dynamic"), ("dc-bpt", "scheduled")])
def test_demo_of_plug_and_charge_with_iso20(capsys, energy, control):
    """Over TLS 1.3, with a P-521 contract that signs for the meter."""
    options = ["--protocol", "iso20", "--energy", energy, "--control", control, "--auth", "pnc"]
    assert main(["demo", *options, "--cycles", "20", "--think-ms", "60"]) == 0
    captured = capsys.readouterr()
    assert "Plug & Charge, TLS 1.3; SECC and EV in one process" in captured.out
    assert "done: 20 charge-loop cycles done" in captured.out
    assert "require_auth_pnc 1" in unwrapped(captured.out)
    assert "MeteringConfirmation 1" in unwrapped(captured.out)
    assert captured.err == ""


@pytest.mark.parametrize(
    ("energy", "control", "title"),
    [
        ("dc", "dynamic", "DC, dynamic control"),
        ("ac", "scheduled", "AC, scheduled control"),
        ("dc-bpt", "scheduled", "DC BPT, scheduled control"),
        ("ac-bpt", "dynamic", "AC BPT, dynamic control"),
        ("mcs", "scheduled", "MCS, scheduled control"),
        ("mcs-bpt", "dynamic", "MCS BPT, dynamic control"),
    ],
)
def test_demo_of_iso20_is_over_tls(capsys, energy, control, title):
    bidirectional = energy.endswith("-bpt")
    cycles = "100" if bidirectional else "10"
    options = ["--protocol", "iso20", "--energy", energy, "--control", control]
    assert main(["demo", *options, "--cycles", cycles, "--think-ms", "30"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].startswith(f"fastsecc demo: ISO 15118-20, {title}, external payment, TLS 1.3; ")
    assert f"done: {cycles} charge-loop cycles done" in lines
    assert "dlink_terminate 1" in unwrapped(out)
    assert ("kWh given back" in unwrapped(out)) is bidirectional


def test_demo_of_iso20_in_plain(capsys):
    assert main(["demo", "--protocol", "iso20", "--allow-plain-iso20", "--cycles", "3", "--think-ms", "1"]) == 0
    out = capsys.readouterr().out
    assert "external payment; SECC and EV" in out
    assert "done: 3 charge-loop cycles done" in out


def test_demo_of_sae_j2847(capsys):
    """An EV of ISO 15118-2 that gives energy back: its limits are negative meanwhile."""
    assert main(["demo", "--energy", "dc-bpt", "--cycles", "100", "--think-ms", "30"]) == 0
    out = capsys.readouterr().out
    assert "ISO 15118-2, DC BPT, external payment" in out
    assert "kWh given back" in " ".join(out.split())
    assert "sae_bidi_mode_active 1" in " ".join(out.split())


def test_demo_as_json(capsys):
    assert main(["demo", "--protocol", "iso2", "--energy", "ac", "--auth", "eim", "--cycles", "3", "--json"]) == 0
    *events, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert summary["ok"]
    assert summary["loop"]["count"] == 3
    assert [event["request"] for event in events if event["event"] == "exchange"][-1] == "SessionStopReq"
    assert events[-1] == {"event": "var", "name": "dlink_terminate", "value": None}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--auth", "both"], "'both' is none of eim, pnc"),
        (["--protocol", "chademo"], "'chademo' is none of din, iso2, iso20"),
        (["--cycles", "0"], "0 is not at least 1"),
        (["--think-ms", "soon"], "'soon' is no number"),
    ],
)
def test_what_this_version_does_not_have_is_refused_in_one_line(capsys, options, reason):
    with pytest.raises(SystemExit) as end:
        main(["demo", *options])
    assert end.value.code == 2
    assert reason in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--protocol", "din", "--energy", "ac"], "DIN SPEC 70121 charges with DC only"),
        (["--protocol", "iso2", "--energy", "mcs"], "ISO 15118-2 knows DC and AC"),
        (["--protocol", "iso2", "--control", "dynamic"], "ISO 15118-2 knows no dynamic control mode"),
        (["--protocol", "iso20", "--think-ms", "300"], "ISO 15118-20 gives an EV 250 ms in the charge loop"),
    ],
)
def test_what_a_protocol_does_not_have(capsys, options, reason):
    assert main(["demo", *options]) == 2
    assert reason in capsys.readouterr().err


def test_failed_session_is_exit_code_1(capsys, monkeypatch, no_root):
    async def fail(ev, link, on_exchange, tls):
        ev.problem = "no luck"

    monkeypatch.setattr(simulated, "charge", fail)
    assert main(["demo"]) == 1
    assert "failed: no luck" in capsys.readouterr().out


def test_no_loopback_address_is_said_plainly(capsys, monkeypatch, no_root):
    def refuse():
        raise InterfaceError("lo", "the demo needs the IPv6 loopback address ::1")

    monkeypatch.setattr(simulated, "_free_udp_port", refuse)
    assert main(["demo"]) == 2
    assert "needs the IPv6 loopback address" in capsys.readouterr().err


def test_connector_that_does_not_get_ready_is_said_plainly(capsys, monkeypatch, no_root):
    monkeypatch.setattr(simulated, "LOOPBACK", "nowhere0")
    monkeypatch.setattr(simulated, "READY_TIMEOUT_s", 0.05)
    assert main(["demo"]) == 2
    assert "nowhere0" in capsys.readouterr().err


@pytest.mark.parametrize("energy", ["dc", "ac", "dc-bpt", "mcs"])
@pytest.mark.parametrize(("cycles", "think_s"), [(80, 0.1), (1000, 0.0), (100_000, 1.0)])
def test_time_lapse_shows_most_of_a_charge(energy, cycles, think_s):
    """As long as the clock is not slower than the session: then it is shown as it is."""
    demo = Demo(energy=energy, cycles=cycles, think_s=think_s)
    assert demo.time_lapse >= 1
    if cycles < 100_000:
        assert demo.time_lapse > 50
