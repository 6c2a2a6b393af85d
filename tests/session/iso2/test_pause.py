"""Pause and resume: what the next session gets, and what it must not get."""

from __future__ import annotations

from typing import Any

import pytest

from tests.session.iso2.conftest import pv

STOPPED = {"ac": "SESSION_STOP", "dc": "WELDING_DETECTION_OR_SESSION_STOP"}
FOREIGN = b"\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08"


@pytest.fixture
def paused(way: Any, ev: Any) -> Any:
    """Make a way whose session has paused and whose EV has connected again, after supportedAppProtocol."""

    def build(kind: str, **values: Any) -> tuple[Any, bytes]:
        made = way(kind, **values)
        drive = made.to(STOPPED[kind])
        session_id = drive.session.session_id
        assert drive.ok(ev.stop("Pause")).output.close.name == "AFTER_EV"
        made.again()
        return made, session_id

    return build


def resumed(*purposes: str) -> list[Any]:
    """Name the purposes of both wake-ups: by the EV and by the SECC, which the session core cannot tell apart."""
    return [pytest.param(kind, id=f"{kind.upper()}_{purpose}") for kind in ("ac", "dc") for purpose in purposes]


@pytest.mark.parametrize("kind", resumed("SessionSetup_001", "SessionSetup_004"))
def test_the_old_session_is_joined(paused: Any, ev: Any, kind: str) -> None:
    """Also ECOG-015."""
    made, session_id = paused(kind)
    step = made.drive.send(ev.session_setup(), session_id=session_id)
    assert (step.code, made.drive.session.session_id) == ("OK_OldSessionJoined", session_id)


OTHERS = [
    pytest.param(kind, other, id=f"{kind.upper()}_SessionSetup_{number}")
    for kind in ("ac", "dc")
    for number, other in (("002", FOREIGN), ("005", FOREIGN), ("003", bytes(8)), ("006", bytes(8)))
]


@pytest.mark.parametrize(("kind", "other"), OTHERS)
def test_another_id_is_a_new_session(paused: Any, ev: Any, kind: str, other: bytes) -> None:
    made, session_id = paused(kind)
    drive = made.drive
    drive.charger.capabilities.max_power_w = 50_000.0
    drive.command("update_ac_maximum_limits", maximum_limits={"charge_power": {"total": 11_040.0}})
    step = drive.send(ev.session_setup(), session_id=other)
    assert step.code == "OK_NewSessionEstablished"
    assert drive.session.session_id not in (session_id, other)
    assert drive.session.paused is None
    made.to("CHARGE_PARAMETER_DISCOVERY")  # nothing of the old session counts any more
    (schedule,) = drive.ok(getattr(ev, f"cpd_{kind}")()).body.SASchedules.SAScheduleTuple
    assert schedule.PMaxSchedule.PMaxScheduleEntry[0].PMax == pv("W", {"ac": 11_040, "dc": 50_000}[kind], 0)


@pytest.mark.parametrize("kind", resumed("ServiceDiscovery_001", "ServiceDiscovery_002"))
def test_payment_and_charge_service_are_those_of_the_paused_session(paused: Any, ev: Any, kind: str) -> None:
    """Also ECOG-016: whatever the charger offers meanwhile."""
    made, session_id = paused(kind)
    drive = made.drive
    modes = {"ac": ["AC_single_phase_core", "AC_three_phase_core"], "dc": ["DC_extended"]}[kind]
    drive.charger.energy_transfer_modes = ("AC_three_phase_core",) if kind == "ac" else ("DC_core",)
    drive.send(ev.session_setup(), session_id=session_id)
    body = drive.ok(ev.service_discovery()).body
    assert body.PaymentOptionList.PaymentOption == ["ExternalPayment"]
    assert body.ChargeService.SupportedEnergyTransferMode.EnergyTransferMode == modes


CPD = [
    pytest.param(kind, values, id=f"{kind.upper()}_ChargeParameterDiscovery_{number}")
    for kind in ("ac", "dc")
    for numbers, values in (
        ("007 029", {}),
        ("017 031", {"DepartureTime": 3600}),
        ("019 033", {"entries": 1}),
        ("022 036", {"DepartureTime": 3600, "entries": 1}),
    )
    for number in numbers.split()
]


@pytest.mark.parametrize(("kind", "values"), CPD)
def test_the_schedule_is_offered_again(paused: Any, ev: Any, kind: str, values: dict[str, Any]) -> None:
    """Also ECOG-017: unchanged, even if the charger could do more or less now."""
    made, session_id = paused(kind)
    drive = made.drive
    drive.charger.capabilities.max_power_w = 50_000.0
    drive.command("update_ac_maximum_limits", maximum_limits={"charge_power": {"total": 11_040.0}})
    drive.send(ev.session_setup(), session_id=session_id)
    made.to("CHARGE_PARAMETER_DISCOVERY")
    (schedule,) = drive.ok(getattr(ev, f"cpd_{kind}")(**values)).body.SASchedules.SAScheduleTuple
    (entry,) = schedule.PMaxSchedule.PMaxScheduleEntry
    assert (schedule.SAScheduleTupleID, entry.TimeInterval.duration) == (1, 86_400)
    assert entry.PMax == pv("W", {"ac": 22_080, "dc": 150_000}[kind], 0)


def test_a_renegotiation_in_a_resumed_session_makes_a_new_schedule(paused: Any, ev: Any) -> None:
    made, session_id = paused("ac")
    made.drive.send(ev.session_setup(), session_id=session_id)
    made.to("CHARGING_STATUS_OR_POWER_DELIVERY")
    made.drive.ok(ev.power("Renegotiate"))
    (schedule,) = made.drive.ok(ev.cpd_ac(DepartureTime=900)).body.SASchedules.SAScheduleTuple
    assert schedule.PMaxSchedule.PMaxScheduleEntry[0].TimeInterval.duration == 900


def test_the_end_of_a_pause_is_published_as_such(way: Any, ev: Any) -> None:
    """Also ECOG-014."""
    drive = way("dc").to(STOPPED["dc"])
    drive.ok(ev.welding())
    drive.ok(ev.stop("Pause"))
    assert drive.session.paused.session_id == drive.session.session_id
    assert drive.close().names == ["dlink_pause"]


@pytest.mark.parametrize("state", ["AUTHORIZATION", "CABLE_CHECK", "PRE_CHARGE_OR_POWER_DELIVERY"])
def test_a_pause_elsewhere_is_refused_and_ends_the_session(way: Any, ev: Any, state: str) -> None:
    drive = way("dc").to(state)
    step = drive.send(ev.stop("Pause"))
    assert (step.code, step.closes) == ("FAILED", True)
    assert drive.session.paused is None
    assert drive.close().names == ["dlink_terminate"]


def test_a_refused_pause_ends_the_session_even_if_failed_does_not(way: Any, ev: Any, make: Any) -> None:
    made = way("dc")
    made.drive.settings.close_on_failed = False
    step = made.to("AUTHORIZATION").send(ev.stop("Pause"))
    assert (step.code, step.output.close.name) == ("FAILED", "AFTER_EV")


def test_a_connection_without_session_keeps_the_pause(paused: Any, ev: Any) -> None:
    made, session_id = paused("dc")
    assert made.drive.session.paused.session_id == session_id
    made.again()
    assert made.drive.send(ev.session_setup(), session_id=session_id).code == "OK_OldSessionJoined"


def test_a_charger_that_is_ac_now_cannot_go_on_with_a_dc_session(paused: Any, ev: Any) -> None:
    made, session_id = paused("dc")
    left = made.drive.session.paused
    made.drive.command("update_energy_transfer_modes", supported_energy_transfer_modes=["AC_three_phase_core"])
    made.drive.connect(left)
    made.drive.choose("iso2")
    assert made.drive.send(ev.session_setup(), session_id=session_id).code == "OK_NewSessionEstablished"


def test_terminate_ends_the_pause(paused: Any, ev: Any) -> None:
    made, session_id = paused("dc")
    made.drive.send(ev.session_setup(), session_id=session_id)
    made.drive.ok(ev.stop())
    assert made.drive.session.paused is None


def test_a_resumed_session_asks_for_authorization_again(paused: Any, ev: Any) -> None:
    made, session_id = paused("dc")
    made.drive.send(ev.session_setup(), session_id=session_id)
    made.to("AUTHORIZATION")
    assert "require_auth_eim" in made.drive.ok(ev.authorization()).names
