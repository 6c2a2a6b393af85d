"""How a session is shown: in a terminal, as plain lines, as JSON lines."""

from __future__ import annotations

import io
import json

import pytest

from fastsecc.sim.battery import Battery
from fastsecc.sim.ev import Ev, EvSettings
from fastsecc.sim.ev.runner import Exchange
from fastsecc.sim.watch import CLEAR_LINE, GREEN, RED, JsonWatch, TextWatch, describe
from tests.sim.scripted_iso20 import ScriptedIso20Secc
from tests.sim.scripted_secc import ScriptedSecc


class Terminal(io.StringIO):
    """A terminal of 100 columns."""

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


def watch(kind, out, settings=None, step_s=0.3, change=None):
    """Let a scripted session be watched on a fake clock; gives the lines."""
    settings = settings or EvSettings(protocol="iso2", cycles=10, think_s=step_s)
    ev, secc = Ev(settings, Battery(time_lapse=100)), ScriptedSecc(settings.protocol, settings.energy)
    secc.change = change or {}
    watcher = kind(ev, out, "a session")
    watcher.begin()
    now, request = 0.0, ev.start(0.0)
    while request is not None:
        now = request.send_at + 0.001
        answer = secc.answer(request.message)
        asked, request = request.name, ev.receive(answer, now)
        body = answer.Body.BodyElement if hasattr(answer, "Body") else answer
        watcher.on_exchange(Exchange(asked, body, 0.001, now))
    watcher.on_variable("evcc_id", "02:FA:57:EC:C0:01")
    watcher.end(ev.result)
    return out.getvalue()


def test_plain_lines_one_a_phase_and_the_loop_once_a_second():
    text = watch(TextWatch, io.StringIO())
    assert "\x1b" not in text
    assert "\r" not in text
    lines = text.splitlines()
    phases = [line.split()[2] for line in lines[1:] if line.split()[1:2] == ["s"]]
    assert phases[:4] == ["supportedAppProtocol", "SessionSetup", "ServiceDiscovery", "PaymentServiceSelection"]
    assert 3 <= phases.count("CurrentDemand") <= 5
    assert phases[-2:] == ["WeldingDetection", "SessionStop"]
    assert any("isolation Valid" in line for line in lines)
    assert any("vars      evcc_id 1" in line for line in lines)
    assert any("charge loop: 10, median 1.00 ms, p99 1.00 ms, max 1.00 ms" in line for line in lines)
    assert any("time lapse 100x" in line for line in lines)
    assert "done: 10 charge-loop cycles done" in lines


def test_a_terminal_gets_lines_that_are_updated_in_place():
    text = watch(TextWatch, Terminal())
    assert text.count(CLEAR_LINE) == 10 + 12, "one for each exchange"
    loop = next(line for line in text.split("\n") if "CurrentDemand x" in line).split(CLEAR_LINE)[1:]
    assert len(loop) == 10
    assert all(" V " in line and " kW" in line and "%" in line for line in loop)
    assert max(map(len, loop)) < 100
    assert GREEN + "done" in text


@pytest.mark.parametrize(("columns", "cells"), [(79, 0), (90, 12), (200, 20)])
def test_bar_takes_what_the_terminal_leaves(monkeypatch, columns, cells):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = watch(TextWatch, Terminal()).split(CLEAR_LINE)
    loop = [line for line in lines if "CurrentDemand x" in line and "kW" in line]
    assert all(line.count("#") + line.count(".") - 6 == pytest.approx(cells, abs=2) for line in loop[:-1])
    assert max(map(len, loop[:-1])) < columns


def test_state_of_charge_bar_grows():
    settings = EvSettings(protocol="iso2", cycles=30, think_s=1.0)
    lines = [line for line in watch(TextWatch, io.StringIO(), settings).splitlines() if "CurrentDemand x" in line]
    filled = [line.count("#") for line in lines]
    assert filled == sorted(filled)
    assert filled[-1] > filled[0]


def test_unicode_where_the_output_has_it():
    class Utf8(Terminal):
        encoding = "UTF-8"

    assert "█" in watch(TextWatch, Utf8())
    assert "█" not in watch(TextWatch, Terminal())


def test_ongoing_answers_share_a_line():
    def wait(response, nth):
        response.EVSEProcessing = ScriptedSecc().m.EVSEProcessingType("Ongoing" if nth < 4 else "Finished")

    text = watch(TextWatch, io.StringIO(), change={"AuthorizationReq": wait})
    lines = [line for line in text.splitlines() if "s  Authorization" in line]
    assert len(lines) == 1
    assert "Authorization x4" in lines[0]


def test_failure_is_said_in_red():
    def fault(response, nth):
        response.DC_EVSEStatus.EVSEIsolationStatus = "Fault"

    text = watch(TextWatch, Terminal(), change={"CableCheckReq": fault})
    assert RED + "failed: CableCheck: isolation Fault" in text
    assert "charge loop: none" in text


def test_nothing_happened():
    out = io.StringIO()
    ev = Ev(EvSettings())
    ev.problem = "no SECC"
    TextWatch(ev, out, "a session").end(ev.result)
    assert out.getvalue() == "failed: no SECC\n"


def test_json_lines():
    *events, summary = map(json.loads, watch(JsonWatch, io.StringIO()).splitlines())
    assert events.pop() == {"event": "var", "name": "evcc_id", "value": "02:FA:57:EC:C0:01"}
    assert {event["event"] for event in events} == {"exchange"}
    loop = [event for event in events if event["request"] == "CurrentDemandReq"]
    assert len(loop) == 10
    assert loop[-1]["soc_percent"] > loop[0]["soc_percent"]
    assert loop[-1]["power_w"] > 0
    assert events[0] == {
        "event": "exchange",
        "at_s": 0.001,
        "request": "supportedAppProtocolReq",
        "response": "supportedAppProtocolRes",
        "code": "OK_SuccessfulNegotiation",
        "answer_ms": 1.0,
    }
    assert summary["event"] == "summary"
    assert summary["ok"]
    assert summary["session_id"] == "0102030405060708"
    assert summary["messages"]["CurrentDemand"] == 10
    assert summary["loop"] == {"count": 10, "median_ms": 1.0, "p99_ms": 1.0, "max_ms": 1.0}


def watch_iso20(kind, **wishes):
    """Let a scripted ISO 15118-20 session be watched."""
    settings = EvSettings(protocol="iso20", cycles=20, think_s=0.2, **wishes)
    ev, secc, out = Ev(settings, Battery(soc_percent=50)), ScriptedIso20Secc(settings), io.StringIO()
    watcher = kind(ev, out, describe(settings))
    watcher.begin()
    now, request = 0.0, ev.start(0.0)
    while request is not None:
        now = request.send_at + 0.001
        answer, asked = secc.answer(request), request.name
        request = ev.receive(answer, now)
        watcher.on_exchange(Exchange(asked, answer, 0.001, now))
    watcher.end(ev.result)
    return out.getvalue()


def test_iso20_session():
    text = watch_iso20(TextWatch, energy="dc-bpt", discharge_after_cycles=5, discharge_cycles=10)
    lines = text.splitlines()
    assert lines[0] == "ISO 15118-20, DC BPT, scheduled control, external payment"
    loop = [line for line in lines if "DC_ChargeLoop x" in line]
    assert any(" -50.0 A  -18" in line for line in loop)
    assert len({line.index(" kW") for line in loop}) == 1, "negative numbers are in line, too"
    assert any("DC_PreCharge" in line and line.endswith(" V") for line in lines)
    assert "charge loop: 20, median 1.00 ms" in " ".join(text.split())
    assert " kWh taken, 0." in text
    assert " kWh given back" in " ".join(text.split())


def test_iso20_json_lines():
    text = watch_iso20(JsonWatch, energy="ac-bpt", discharge_after_cycles=0, discharge_cycles=99)
    *events, summary = map(json.loads, text.splitlines())
    loop = [event for event in events if event["request"] == "AC_ChargeLoopReq"]
    assert loop[-1]["power_w"] == -5000
    assert summary["energy_wh"] < 0 < summary["discharged_wh"]
    assert (summary["protocol"], summary["energy"], summary["loop"]["count"]) == ("iso20", "ac-bpt", 20)
