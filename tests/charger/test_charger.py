"""Charger: cmds in, vars and errors out, whatever a subscriber does."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.charger.charger import COMMUNICATION_FAULT, Charger
from fastsecc.charger.state import ChargerState
from fastsecc.charger.types import DcEvMaximumLimits, DcEvTargetValues
from fastsecc.errors import CommandError, VariableError

NOW = 5.0


class Listener:
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def variable(self, name: str, value: Any) -> None:
        self.heard.append((name, value))

    def error(self, error: str, message: str | None) -> None:
        self.heard.append((error, message))


def test_a_cmd_takes_effect_before_the_connector_hears_of_it() -> None:
    charger = Charger("left")
    seen: list[tuple[str, float, bool]] = []
    charger.on_command = lambda name, now: seen.append((name, now, charger.state.dlink_ready))
    assert charger.command("dlink_ready", {"value": True}, NOW) is None
    assert charger.command("update_supported_app_protocols", {"supported_app_protocols": {"app_protocols": []}}, NOW)
    assert seen == [("dlink_ready", NOW, True), ("update_supported_app_protocols", NOW, True)]


def test_a_refused_cmd_is_not_heard_of() -> None:
    charger = Charger("left")
    charger.on_command = lambda name, now: pytest.fail(f"{name} was refused")
    with pytest.raises(CommandError):
        charger.command("dlink_ready", {}, NOW)


def test_cmds_are_kept_while_nothing_runs_and_a_failing_connector_harms_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    state = ChargerState()
    charger = Charger("left", state)
    charger.command("receipt_is_required", {"receipt_required": True}, NOW)

    def fail(name: str, now: float) -> None:
        raise RuntimeError(name)

    charger.on_command = fail
    charger.command("dlink_ready", {"value": True}, NOW)
    assert (state.receipt_required, state.dlink_ready) == (True, True)
    assert "left: dlink_ready took effect" in caplog.text


def test_vars_reach_every_subscriber_in_order_even_if_one_fails(caplog: pytest.LogCaptureFixture) -> None:
    charger, first, last = Charger("left"), Listener(), Listener()

    def fail(name: str, value: Any) -> None:
        raise RuntimeError(name)

    charger.subscribe(first.variable)
    charger.subscribe(fail)
    unsubscribe = charger.subscribe(last.variable)
    charger.publish("start_cable_check")
    charger.publish("dc_ev_target_voltage_current", DcEvTargetValues(400, 10))
    unsubscribe()
    unsubscribe()
    charger.publish("dlink_terminate")
    target = ("dc_ev_target_voltage_current", {"dc_ev_target_voltage": 400.0, "dc_ev_target_current": 10.0})
    assert first.heard == [("start_cable_check", None), target, ("dlink_terminate", None)]
    assert last.heard == [("start_cable_check", None), target]
    assert charger.last == {"start_cable_check": None, target[0]: target[1], "dlink_terminate": None}
    assert caplog.text.count("a subscriber failed") == 3


def test_what_a_subscriber_sets_off_is_heard_after_what_it_heard() -> None:
    charger, listener = Charger("left"), Listener()

    def answer(name: str, value: Any) -> None:
        if name == "require_auth_eim":
            charger.publish("start_cable_check")

    charger.subscribe(answer)
    charger.subscribe(listener.variable)
    charger.publish("require_auth_eim")
    assert [name for name, _ in listener.heard] == ["require_auth_eim", "start_cable_check"]


@pytest.mark.parametrize(
    ("name", "payload"), [("evcc_id", "nonsense"), ("no_such_var", None), ("dc_full_soc", float("nan"))]
)
def test_what_cannot_be_published_is_logged_and_dropped(
    name: str, payload: Any, caplog: pytest.LogCaptureFixture
) -> None:
    charger, listener = Charger("left"), Listener()
    charger.subscribe(listener.variable)
    charger.publish(name, payload)
    assert listener.heard == []
    assert charger.last == {}
    assert f"left: not published: {name}" in caplog.text


def test_a_number_beyond_its_range_is_published_as_the_ranges_end_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    charger = Charger("left")
    for _ in range(3):
        charger.publish("dc_ev_maximum_limits", DcEvMaximumLimits(500, 500_000, 1000))
    assert charger.last["dc_ev_maximum_limits"]["dc_ev_maximum_power_limit"] == 350_000
    assert caplog.text.count("end of the range") == 1


@pytest.mark.parametrize("bidirectional", [{"sae_j2847_mode": "V2G"}, {"energy_transfer_modes": ("DC", "DC_BPT")}])
def test_a_charger_that_discharges_passes_the_evs_negative_current_on(bidirectional: dict[str, Any]) -> None:
    charger = Charger("left")
    charger.publish("dc_ev_target_voltage_current", DcEvTargetValues(400, -50))
    assert charger.last["dc_ev_target_voltage_current"]["dc_ev_target_current"] == -2
    charger = Charger("left", ChargerState(**bidirectional))
    charger.publish("dc_ev_target_voltage_current", DcEvTargetValues(400, -50))
    assert charger.last["dc_ev_target_voltage_current"]["dc_ev_target_current"] == -50
    charger.publish("dc_ev_maximum_limits", DcEvMaximumLimits(-50, 500_000, 1000))
    assert list(charger.last["dc_ev_maximum_limits"].values()) == [-50, 350_000, 1000]


def test_the_protocols_of_the_configuration_are_announced_even_if_a_cmd_restricts_them() -> None:
    charger = Charger("left")
    charger.command("update_supported_app_protocols", {"supported_app_protocols": {"app_protocols": []}}, NOW)
    charger.announce_app_protocols()
    assert charger.last == {
        "supported_app_protocols_secc": {"app_protocols": ["DIN70121", "ISO15118D2", "ISO15118D20"]}
    }


def test_an_error_is_raised_once_a_message_and_cleared_once() -> None:
    charger, listener = Charger("left"), Listener()
    charger.subscribe(listener.variable)
    charger.subscribe(listener.variable, listener.error)
    charger.clear_error(COMMUNICATION_FAULT)
    for message in ("Device eth1: missing", "Device eth1: missing", "Device eth1: down"):
        charger.raise_error(COMMUNICATION_FAULT, message)
    assert charger.errors == {COMMUNICATION_FAULT: "Device eth1: down"}
    charger.clear_error(COMMUNICATION_FAULT)
    charger.clear_error(COMMUNICATION_FAULT)
    assert listener.heard == [
        (COMMUNICATION_FAULT, "Device eth1: missing"),
        (COMMUNICATION_FAULT, "Device eth1: down"),
        (COMMUNICATION_FAULT, None),
    ]
    with pytest.raises(VariableError, match="no error of the interface"):
        charger.raise_error("generic/Mood", "bad")
