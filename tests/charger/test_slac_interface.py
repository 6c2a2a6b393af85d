"""EVerest's `slac` interface: what it takes, what it refuses, what it publishes."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.charger.charger import COMMUNICATION_FAULT
from fastsecc.charger.slac_interface import COMMANDS, VARIABLES, SlacInterface
from fastsecc.errors import CommandError, VariableError


@pytest.fixture
def slac() -> SlacInterface:
    interface = SlacInterface("1")
    interface.calls = []  # type: ignore[attr-defined]
    interface.on_command = lambda name, now: interface.calls.append((name, now))  # type: ignore[attr-defined]
    return interface


def test_it_has_everests_six_cmds_and_four_vars() -> None:
    assert list(COMMANDS) == ["reset", "enter_bcd", "leave_bcd", "dlink_terminate", "dlink_error", "dlink_pause"]
    assert list(VARIABLES) == ["state", "dlink_ready", "request_error_routine", "ev_mac_address"]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "reset"])
def test_a_cmd_reaches_slac(slac: Any, name: str) -> None:
    slac.command(name, {"unknown": "member"}, 7.0)
    assert slac.calls == [(name, 7.0)]


@pytest.mark.parametrize(("enable", "resets"), [(False, True), (True, False)])
def test_reset_takes_effect_with_enable_false_only(slac: Any, enable: bool, resets: bool) -> None:
    slac.command("reset", {"enable": enable}, 7.0)
    assert slac.calls == [("reset", 7.0)] * resets


@pytest.mark.parametrize(
    ("name", "args", "reason"),
    [
        ("reset", {}, "reset: enable: is missing"),
        ("reset", {"enable": 0}, "reset: enable: Expected `bool`, got `int`"),
        ("reset", [], "reset: Expected `object`, got `array`"),
        ("enter", {}, "enter: is no command; the nearest is enter_bcd"),
    ],
)
def test_what_cannot_be_used_is_refused(slac: Any, name: str, args: Any, reason: str) -> None:
    with pytest.raises(CommandError) as refusal:
        slac.command(name, args, 7.0)
    assert str(refusal.value) == reason
    assert slac.calls == []


def test_a_cmd_before_slac_runs_is_refused() -> None:
    with pytest.raises(CommandError, match="enter_bcd: SLAC does not run"):
        SlacInterface("1").command("enter_bcd", {}, 7.0)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("state", "MATCHING"),
        ("dlink_ready", False),
        ("request_error_routine", None),
        ("ev_mac_address", "00:7D:FA:01:02:03"),
    ],
)
def test_a_var_is_published_and_kept(slac: SlacInterface, name: str, payload: Any) -> None:
    heard: list[Any] = []
    slac.subscribe(lambda *event: heard.append(event))
    slac.publish(name, payload)
    assert heard == [(name, payload)]
    assert slac.last == {name: payload}


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("state", "matched"),
        ("dlink_ready", 1),
        ("request_error_routine", True),
        ("ev_mac_address", "00:7d:fa:01:02:03"),
        ("ev_mac_address", None),
        ("nid", "b0f2e695666b03"),
    ],
)
def test_what_would_break_the_interface_is_not_published(slac: SlacInterface, name: str, payload: Any, caplog) -> None:
    slac.publish(name, payload)
    assert slac.last == {}
    assert "1: not published: " in caplog.text


def test_errors_are_raised_once_and_cleared(slac: SlacInterface) -> None:
    heard: list[Any] = []
    slac.subscribe(lambda *event: None, lambda *event: heard.append(event))
    for _ in range(2):
        slac.raise_error(COMMUNICATION_FAULT, "the modem is silent")
    slac.clear_error(COMMUNICATION_FAULT)
    assert heard == [(COMMUNICATION_FAULT, "the modem is silent"), (COMMUNICATION_FAULT, None)]
    with pytest.raises(VariableError):
        slac.raise_error("slac/Nosuch", "x")
