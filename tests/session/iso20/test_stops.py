"""How sessions end, pause, go on, and go back to the choice of services, by the ids of the public test purposes."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from fastsecc.session.api import SessionSettings
from fastsecc.session.iso20.pause import Paused20
from tests.session.iso20.conftest import FOREIGN, PARKING, VEHICLE, settings

DONE = {"ac": "SESSION_STOP", "dc": "DC_WELDING_DETECTION"}
LOOP = {"ac": "AC_CHARGE_LOOP", "dc": "DC_CHARGE_LOOP"}


# SessionStop


@pytest.mark.parametrize("how", ["Terminate", "Pause"])
@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_ev20_s_124_after_the_charge(way: Any, ev: Any, kind: str, how: str) -> None:
    drive = way(kind).to(DONE[kind])
    step = drive.send(ev.stop(how))
    assert (step.code, step.output.close.name, drive.session.state) == ("OK", "AFTER_EV", "ENDED")
    assert drive.close().names == [f"dlink_{how.lower()}"]


EARLY = ("AUTHORIZATION_SETUP", "AUTHORIZATION", "SERVICE_DISCOVERY", "SERVICE_SELECTION", "SCHEDULE_EXCHANGE")


@pytest.mark.parametrize(
    "state",
    [
        *EARLY,
        "DC_CABLE_CHECK",
        pytest.param("DC_PRE_CHARGE", id="EV20-F-033"),
        "POWER_DELIVERY",
        "SESSION_STOP",
    ],
)
def test_oc_007_a_session_may_end_early(way: Any, ev: Any, state: str) -> None:
    drive = way().to(state)
    assert drive.send(ev.stop()).code == "OK"
    assert drive.send(ev.stop()).code == "FAILED_SequenceError"
    assert drive.close().names == ["dlink_terminate"]


def test_why_the_ev_stops_is_published(way: Any, ev: Any) -> None:
    step = way().to("SESSION_STOP").send(ev.stop(code="17", explanation="done"))
    assert step.value("ev_termination") == {"ev_termination_code": "17", "ev_termination_explanation": "done"}
    half = way().to("SERVICE_DETAIL").send(ev.stop(explanation="changed my mind"))
    assert half.value("ev_termination") == {
        "ev_termination_code": "",
        "ev_termination_explanation": "changed my mind",
    }
    assert "ev_termination" not in way().to("SESSION_STOP").send(ev.stop()).names


@pytest.mark.parametrize("state", EARLY[:4])
def test_a_pause_needs_a_selected_service(way: Any, ev: Any, state: str) -> None:
    drive = way(vehicle=VEHICLE).to(state)
    step = drive.send(ev.stop("Pause"))
    assert (step.code, step.closes) == ("FAILED_PauseNotAllowed", True)
    assert drive.close().names == ["dlink_terminate"]
    assert drive.session.paused is None


# pause and resume


def pause(way: Any, ev: Any, kind: str = "dc", state: str | None = None, **arguments: Any) -> Any:
    made = way(kind, **{"vehicle": VEHICLE, **arguments})
    made.to(state or DONE[made.energy])
    assert made.drive.send(ev.stop("Pause")).code == "OK"
    return made


@pytest.mark.parametrize("control_mode", ["Scheduled", "Dynamic"])
@pytest.mark.parametrize("kind", ["ac", "ac-bpt", "dc", "dc-bpt", "mcs", "mcs-bpt"])
def test_ev20_f_008_the_same_vehicle_resumes(way: Any, ev: Any, kind: str, control_mode: str) -> None:
    """Also OC-026, EV20-I-129: at ChargeParameterDiscovery, with the services of before."""
    made = way(kind, control_mode, vehicle=VEHICLE)
    drive = made.to("SERVICE_SELECTION")
    first = drive.ok(ev.service_selection(made.service, made.set_id)).value("selected_service_parameters")
    made.to("SESSION_STOP")
    old = drive.session.session_id
    drive.ok(ev.stop("Pause"))
    assert made.again().session.state == "SESSION_SETUP"
    step = drive.send(ev.session_setup(), session_id=old)
    assert (step.code, drive.session.session_id) == ("OK_OldSessionJoined", old)
    assert step.value("selected_service_parameters") == first
    assert drive.session.state == f"{made.energy.upper()}_CHARGE_PARAMETER_DISCOVERY"
    made.to("ENDED")
    assert drive.close().names == ["dlink_terminate"]
    assert drive.session.paused is None


OTHERS = {
    "EV20-F-009": (VEHICLE, FOREIGN),
    "EV20-F-009 zero": (VEHICLE, bytes(8)),
    "EV20-F-010": (None, None),
    "EV20-F-011": (b"another vehicle's certificate", None),
}


@pytest.mark.parametrize(("vehicle", "session_id"), OTHERS.values(), ids=OTHERS)
def test_another_session_does_not_resume(way: Any, ev: Any, vehicle: bytes | None, session_id: bytes | None) -> None:
    """Also OC-026."""
    made = pause(way, ev)
    old = made.drive.session.session_id
    drive = made.again(vehicle)
    step = drive.send(ev.session_setup(), session_id=old if session_id is None else session_id)
    assert (step.code, drive.session.state) == ("OK_NewSessionEstablished", "AUTHORIZATION_SETUP")
    assert drive.session.session_id not in (old, session_id)
    assert "selected_service_parameters" not in step.names
    assert drive.session.paused is None


def test_a_paused_session_waits_until_another_is_set_up(way: Any, ev: Any) -> None:
    made = pause(way, ev)
    old, kept = made.drive.session.session_id, made.drive.session.paused
    made.again()
    assert made.drive.session.paused == kept
    drive = made.again()
    assert drive.send(ev.session_setup(), session_id=old).code == "OK_OldSessionJoined"


def test_a_pause_without_a_vehicle_certificate_leaves_nothing(way: Any, ev: Any) -> None:
    made = pause(way, ev, vehicle=None)
    old = made.drive.session.session_id
    assert made.drive.session.paused is None
    assert made.drive.close().names == ["dlink_pause"]
    assert made.again(VEHICLE).send(ev.session_setup(), session_id=old).code == "OK_NewSessionEstablished"


def test_a_service_that_is_gone_is_not_resumed(way: Any, ev: Any) -> None:
    made = pause(way, ev, "dc-bpt")
    old = made.drive.session.session_id
    made.drive.command("update_energy_transfer_modes", supported_energy_transfer_modes=["DC_extended"])
    assert made.again().send(ev.session_setup(), session_id=old).code == "OK_NewSessionEstablished"


def test_the_other_protocol_does_not_resume(way: Any, ev: Any) -> None:
    made = pause(way, ev)
    paused = made.drive.session.paused
    made.drive.close()
    made.drive.connect(paused)
    made.drive.choose("iso2")
    assert made.drive.session.paused is None


@pytest.mark.parametrize("state", ["SCHEDULE_EXCHANGE", "DC_CABLE_CHECK", "POWER_DELIVERY"])
def test_a_pause_before_the_charge(way: Any, ev: Any, state: str) -> None:
    """The EV agreed on a service and wants to sleep until its time has come."""
    made = pause(way, ev, state=state)
    old = made.drive.session.session_id
    assert made.again().send(ev.session_setup(), session_id=old).code == "OK_OldSessionJoined"


def test_a_paused_session_is_known_by_its_hash_only() -> None:
    digest = hashlib.sha512(FOREIGN + hashlib.sha512(VEHICLE).digest()).digest()
    paused = Paused20(digest, selected=None, selected_vas={})  # type: ignore[arg-type]
    assert paused.belongs_to(FOREIGN, VEHICLE)
    assert not paused.belongs_to(FOREIGN, b"")
    assert not paused.belongs_to(FOREIGN[::-1], VEHICLE)
    assert not paused.belongs_to(bytes(8), VEHICLE)


def test_value_added_services_are_resumed_as_well(way: Any, ev: Any) -> None:
    made = way(vehicle=VEHICLE, settings=settings(parking=PARKING))
    drive = made.to("SERVICE_SELECTION")
    drive.ok(ev.service_detail(66))
    drive.ok(ev.service_selection(2, 0, (66, 1)))
    drive.ok(ev.stop("Pause"))
    old = drive.session.session_id
    made.again().send(ev.session_setup(), session_id=old)
    assert drive.send(ev.check_out(), payload_type=0x8104).code == "OK"


# service renegotiation


@pytest.mark.parametrize("kind", ["ac", "dc-bpt"])
def test_oc_023_back_to_service_discovery(way: Any, ev: Any, kind: str) -> None:
    """In the same session and connection, without another authorization; the whole way is possible again."""
    made = way(kind)
    drive = made.to("SESSION_STOP")
    own = drive.session.session_id
    step = drive.send(ev.stop("ServiceRenegotiation"))
    assert (step.code, step.output.close, drive.session.state) == ("OK", None, "SERVICE_DISCOVERY")
    before = len(drive.published)
    if made.energy == "ac":
        drive.command("ac_contactor_closed", status=False)
    made.to("ENDED")
    assert drive.session.session_id == own
    again = drive.published[before:]
    assert "selected_service_parameters" in again
    assert ("start_cable_check" in again) == (made.energy == "dc")
    assert "require_auth_eim" not in again


def test_what_was_offered_before_is_forgotten(way: Any, ev: Any) -> None:
    drive = way().to("DC_CABLE_CHECK")
    drive.ok(ev.stop("ServiceRenegotiation"))
    drive.ok(ev.service_discovery())
    drive.ok(ev.service_detail(2))
    assert drive.send(ev.service_selection(2, 99)).code == "FAILED_ServiceSelectionInvalid"
    other = way("dc-bpt").to("DC_CABLE_CHECK")
    other.ok(ev.stop("ServiceRenegotiation"))
    other.ok(ev.service_discovery())
    other.ok(ev.service_detail(2))
    assert other.send(ev.service_selection(6, 0)).code == "FAILED_ServiceSelectionInvalid"


@pytest.mark.parametrize("state", ["SERVICE_DETAIL", "SESSION_STOP"])
def test_ev20_s_125_service_renegotiation_is_not_supported(way: Any, ev: Any, state: str) -> None:
    drive = way(settings=settings(service_renegotiation=False)).to(state)
    step = drive.send(ev.stop("ServiceRenegotiation"))
    assert (step.code, step.closes) == ("FAILED_NoServiceRenegotiationSupported", True)


@pytest.mark.parametrize("state", ["AUTHORIZATION_SETUP", "AUTHORIZATION"])
def test_service_renegotiation_is_no_way_around_the_authorization(way: Any, ev: Any, state: str) -> None:
    step = way().to(state).send(ev.stop("ServiceRenegotiation"))
    assert (step.code, step.closes) == ("FAILED_NoServiceRenegotiationSupported", True)


def test_service_renegotiation_ends_a_charge(way: Any, ev: Any) -> None:
    quirk = SessionSettings(allow_plain_iso20=True, quirks=frozenset({"session-stop-in-loop"}))
    drive = way("dc", settings=quirk).to("DC_CHARGE_LOOP")
    drive.ok(ev.loop())
    step = drive.ok(ev.stop("ServiceRenegotiation"))
    assert step.names[1:3] == ["current_demand_finished", "dc_open_contactor"]
    assert drive.close().names == ["dlink_terminate"]


# the charge loop's end


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_oc_027_a_silent_ev_in_the_charge_loop(way: Any, ev: Any, kind: str) -> None:
    drive = way(kind).to(LOOP[kind])
    drive.ok(ev.loop(kind))
    assert drive.wait(0.49).output.close is None
    drive.ok(ev.loop(kind))
    step = drive.wait(0.51)
    assert (step.output.response, step.closes) == (None, True)
    assert step.names == ["current_demand_finished", f"{kind}_open_contactor"]  # not only when the connection is gone
    assert drive.close().names == ["dlink_terminate"]


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_a_session_that_stops_in_the_middle_of_a_charge_ends_it_at_once(way: Any, ev: Any, kind: str) -> None:
    drive = way(kind).to(LOOP[kind])
    drive.ok(ev.loop(kind))
    drive.ok(ev.power("ScheduleRenegotiation"))
    assert drive.ok(ev.stop()).names[-2:] == ["current_demand_finished", f"{kind}_open_contactor"]
    assert drive.close().names == ["dlink_terminate"]


def test_before_and_after_the_loop_there_is_more_time(way: Any, ev: Any) -> None:
    settings = SessionSettings(allow_plain_iso20=True, present_values_max_age_s=0.0)
    drive = way("dc", settings=settings).to("DC_CHARGE_LOOP")
    assert drive.wait(59.0).output.close is None
    drive.ok(ev.loop())
    drive.ok(ev.power("Stop"))
    assert drive.wait(59.0).output.close is None


def test_the_timeout_of_the_loop_can_be_chosen(way: Any, ev: Any) -> None:
    drive = way("dc", settings=settings(loop_sequence_timeout_s=2.0)).to("DC_CHARGE_LOOP")
    drive.ok(ev.loop())
    assert drive.wait(1.9).output.close is None
    assert drive.wait(0.2).closes


def test_what_the_link_thread_answers_restarts_the_timeout(way: Any, ev: Any) -> None:
    drive = way("dc").to("DC_CHARGE_LOOP")
    drive.ok(ev.loop())
    for _ in range(10):
        drive.wait(0.3)
        drive.loop(ev.loop())
    assert drive.wait(0.51).closes


def test_a_request_beside_the_loop_does_not(way: Any, ev: Any) -> None:
    drive = way("dc").to("DC_CHARGE_LOOP")
    drive.ok(ev.loop())
    drive.wait(0.3)
    drive.send(ev.schedule_exchange(), payload_type=0x8101)
    assert drive.wait(0.2).closes


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_a_lost_data_link_in_the_loop(way: Any, ev: Any, kind: str) -> None:
    drive = way(kind).to(LOOP[kind])
    drive.ok(ev.loop(kind))
    assert drive.close().names == ["current_demand_finished", f"{kind}_open_contactor", "dlink_terminate"]


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_an_emergency_in_the_loop(way: Any, ev: Any, kind: str) -> None:
    drive = way(kind).to(LOOP[kind])
    drive.ok(ev.loop(kind))
    drive.command("send_error", error="Error_EmergencyShutdown")
    assert drive.session.loop_template(drive.now) is None
    step = drive.send(ev.loop(kind))
    assert (step.code, step.closes) == ("FAILED", True)
    assert step.names[-2:] == ["current_demand_finished", f"{kind}_open_contactor"]
    assert drive.close().names == ["dlink_terminate"]


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_a_stop_that_the_ev_ignores(way: Any, ev: Any, kind: str) -> None:
    drive = way(kind, settings=SessionSettings(allow_plain_iso20=True, present_values_max_age_s=0.0)).to(LOOP[kind])
    drive.ok(ev.loop(kind))
    drive.command("stop_charging", stop=True)
    for _ in range(24):
        drive.wait(0.3)
        body = drive.ok(ev.loop(kind)).body
        assert (body.EVSEStatus.EVSENotification, body.EVSEStatus.NotificationMaxDelay) == ("Terminate", 0)
    drive.wait(0.4)
    step = drive.send(ev.loop(kind))
    assert (step.code, step.closes) == ("FAILED", True)


def test_an_emergency_while_the_contactor_closes(way: Any, ev: Any) -> None:
    drive = way("ac").to("POWER_DELIVERY")
    assert drive.send(ev.power()).output.response is None
    step = drive.command("send_error", error="Error_EmergencyShutdown")
    assert (step.code, step.closes) == ("FAILED", True)


def test_a_request_while_the_contactor_closes_is_out_of_turn(way: Any, ev: Any) -> None:
    drive = way("ac").to("POWER_DELIVERY")
    assert drive.send(ev.power()).output.response is None
    step = drive.send(ev.power())
    assert (step.code, step.closes) == ("FAILED_SequenceError", True)


def test_parking_goes_on_while_the_contactor_closes(way: Any, ev: Any) -> None:
    made = way("ac", settings=settings(parking=PARKING))
    drive = made.to("SERVICE_SELECTION")
    drive.ok(ev.service_detail(66))
    drive.ok(ev.service_selection(1, 0, (66, 0)))
    made.to("POWER_DELIVERY")
    assert drive.send(ev.power()).output.response is None
    assert drive.send(ev.check_in(), payload_type=0x8104).code == "OK"
    step = drive.command("ac_contactor_closed", status=True)
    assert (step.code, step.output.payload_type) == ("OK", 0x8002)
