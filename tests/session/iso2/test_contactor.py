"""PowerDelivery(Start) in AC: the response is held back until the contactor is closed."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.session.api import AC_CONTACTOR_TIMEOUT_s


@pytest.fixture
def waiting(way: Any, ev: Any) -> Any:
    """A drive whose PowerDeliveryRes is held back."""
    drive = way("ac").to("POWER_DELIVERY")
    step = drive.send(ev.power("Start"))
    assert (step.output.response, step.names) == (None, ["v2g_setup_finished", "ac_close_contactor"])
    return drive


def test_the_response_follows_the_contactor(waiting: Any, ev: Any) -> None:
    assert waiting.command("update_ac_max_current", max_current=16.0).output.response is None
    assert waiting.command("ac_contactor_closed", status=False).output.response is None
    step = waiting.command("ac_contactor_closed", status=True)
    assert (step.code, step.names) == ("OK", [])
    waiting.ok(ev.charging_status())


def test_a_contactor_that_does_not_close(waiting: Any) -> None:
    """EVV2G-035, RISE-017."""
    assert waiting.wait(AC_CONTACTOR_TIMEOUT_s - 0.01).output.response is None
    step = waiting.wait(0.02)
    assert (step.code, step.closes) == ("FAILED_ContactorError", True)
    names = waiting.close().names
    assert names == ["current_demand_finished", "ac_open_contactor", "hlc_session_failed", "dlink_error"]


def test_a_closed_contactor_is_not_waited_for(way: Any, ev: Any) -> None:
    drive = way("ac").to("POWER_DELIVERY")
    drive.command("ac_contactor_closed", status=True)
    step = drive.send(ev.power("Start"))
    assert (step.code, step.names) == ("OK", ["v2g_setup_finished"])


def test_an_emergency_ends_the_wait(waiting: Any) -> None:
    step = waiting.command("send_error", error="Error_EmergencyShutdown")
    assert (step.code, step.closes) == ("FAILED", True)


def test_a_stop_ends_the_wait(waiting: Any) -> None:
    step = waiting.command("stop_charging", stop=True)
    assert (step.code, step.closes) == ("FAILED_PowerDeliveryNotApplied", True)


def test_an_ev_that_does_not_wait_for_its_response(waiting: Any, ev: Any) -> None:
    step = waiting.send(ev.charging_status())
    assert (step.code, step.closes) == ("FAILED_SequenceError", True)
    assert waiting.command("ac_contactor_closed", status=True).output.response is None


def test_the_sequence_timeout_begins_with_the_response(waiting: Any) -> None:
    waiting.wait(2.0)
    waiting.command("ac_contactor_closed", status=True)
    assert waiting.wait(59.9).output.close is None
    assert waiting.wait(0.2).closes


def test_a_lost_connection_opens_the_contactor(waiting: Any) -> None:
    assert waiting.close().names[:2] == ["current_demand_finished", "ac_open_contactor"]
