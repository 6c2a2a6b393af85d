"""Every request in every state, on its own stream and on others, with the right session id and with others."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.messages import iso20
from fastsecc.messages.payload_types import ISO20_COMMON
from fastsecc.session.api import SessionSettings
from tests.session.iso20.conftest import FOREIGN, PARKING, SERVICES, STREAMS, requests, settings, smallest

STOP = "SessionStopReq"
DETAIL = "ServiceDetailReq"
TAKEN = {
    "SESSION_SETUP": {"SessionSetupReq"},
    "AUTHORIZATION_SETUP": {"AuthorizationSetupReq", STOP},
    "AUTHORIZATION": {"AuthorizationReq", STOP},
    "SERVICE_DISCOVERY": {"ServiceDiscoveryReq", STOP},
    "SERVICE_DETAIL": {DETAIL, STOP},
    "SERVICE_SELECTION": {DETAIL, "ServiceSelectionReq", STOP},
    "AC_CHARGE_PARAMETER_DISCOVERY": {"AC_ChargeParameterDiscoveryReq", STOP},
    "DC_CHARGE_PARAMETER_DISCOVERY": {"DC_ChargeParameterDiscoveryReq", STOP},
    "SCHEDULE_EXCHANGE": {"ScheduleExchangeReq", STOP},
    "DC_CABLE_CHECK": {"DC_CableCheckReq", STOP},
    "DC_PRE_CHARGE": {"DC_PreChargeReq", STOP},
    "POWER_DELIVERY": {"PowerDeliveryReq", STOP},
    "AC_CHARGE_LOOP": {"AC_ChargeLoopReq", "PowerDeliveryReq", "MeteringConfirmationReq"},
    "DC_CHARGE_LOOP": {"DC_ChargeLoopReq", "PowerDeliveryReq", "MeteringConfirmationReq"},
    "DC_WELDING_DETECTION": {"DC_WeldingDetectionReq", STOP},
    "SESSION_STOP": {STOP},
    "ENDED": set(),
}
"""On the main streams."""
AFTER_SELECTION = tuple(TAKEN)[6:-1]
LOOPS = ("AC_CHARGE_LOOP", "DC_CHARGE_LOOP")
ASIDE = {
    "ScheduleExchangeReq": LOOPS,
    "MeteringConfirmationReq": LOOPS,
    "VehicleCheckInReq": AFTER_SELECTION,
    "VehicleCheckOutReq": AFTER_SELECTION,
}
"""Where requests are taken on the streams beside the main one."""
BUILDERS = {
    "SessionSetupReq": "session_setup",
    "AuthorizationSetupReq": "authorization_setup",
    "AuthorizationReq": "authorization",
    "ServiceDiscoveryReq": "service_discovery",
    "DC_CableCheckReq": "cable_check",
    "DC_PreChargeReq": "pre_charge",
    "DC_WeldingDetectionReq": "welding",
    "ScheduleExchangeReq": "schedule_exchange",
    "VehicleCheckInReq": "check_in",
    "VehicleCheckOutReq": "check_out",
    STOP: "stop",
}
STATES = {
    kind: ("SESSION_SETUP", *(state for state in TAKEN if state != "SESSION_SETUP" and fits(state)))
    for kind, fits in (
        ("ac", lambda state: not state.startswith("DC_")),
        ("dc", lambda state: not state.startswith("AC_")),
    )
}
CASES = [(kind, state) for kind, states in STATES.items() for state in states]


def request_for(ev: Any, drive: Any, kind: str, state: str, name: str) -> Any:
    """Build a request that would be answered with OK where it is due."""
    match name:
        case "ServiceDetailReq":
            return ev.service_detail(SERVICES[kind][2])
        case "ServiceSelectionReq":
            return ev.service_selection(SERVICES[kind][2], 0)
        case "AC_ChargeParameterDiscoveryReq" | "DC_ChargeParameterDiscoveryReq":
            return ev.cpd(name[:2].lower())
        case "AC_ChargeLoopReq" | "DC_ChargeLoopReq":
            return ev.loop(name[:2].lower())
        case "PowerDeliveryReq":
            return ev.power("Stop" if state in LOOPS else "Start")
        case "MeteringConfirmationReq":
            return ev.metering_confirmation(drive.session.session_id)
        case _ if name in BUILDERS:
            return getattr(ev, BUILDERS[name])()
    return smallest(requests()[name])


def test_the_tables_are_complete(way: Any) -> None:
    assert {state for states in STATES.values() for state in states} == set(TAKEN)
    for kind, states in STATES.items():
        assert sorted(states) == sorted(way(kind).states)
    never = {name for name in requests() if name.startswith(("ACDP_", "WPT_"))} | {"CertificateInstallationReq"}
    taken = {name for names in TAKEN.values() for name in names} | set(ASIDE)
    assert set(requests()) - taken == never


END_OF_CHARGE = {("ac", "AC_CHARGE_LOOP"): ("current_demand_finished", "ac_open_contactor")}
"""Where a charge runs already, a refusal ends it; in DC it begins with the first request of the loop."""


@pytest.mark.parametrize("name", requests())
@pytest.mark.parametrize(("kind", "state"), CASES, ids=["-".join(case) for case in CASES])
def test_every_request_in_every_state(way: Any, ev: Any, kind: str, state: str, name: str) -> None:
    """OC-003: the paired response in the message set of the request, FAILED_SequenceError where it is not due."""
    drive = way(kind, settings=settings(parking=PARKING)).to(state)
    step = drive.send(request_for(ev, drive, kind, state, name))
    if (kind, state, name) == ("ac", "POWER_DELIVERY", "PowerDeliveryReq"):
        assert step.output.response is None  # held back until the contactor is closed
        return
    assert type(step.body).__name__ == name.removesuffix("Req") + "Res"
    assert type(step.body).__module__ == requests()[name].__module__
    if name in TAKEN[state]:
        assert step.code.startswith("OK"), step.output.log
        assert not step.closes
    else:
        assert (step.code, step.closes) == ("FAILED_SequenceError", True)
        assert {*step.names} <= {"v2g_messages", *END_OF_CHARGE.get((kind, state), ())}
        assert drive.session.state == state
        assert drive.session.loop_template(drive.now) is None


STRICT = SessionSettings(allow_plain_iso20=True, quirks=frozenset({"no-pre-charge-without-finish"}))


@pytest.mark.parametrize("session_id", [FOREIGN, bytes(8)], ids=["foreign", "zero"])
@pytest.mark.parametrize(("kind", "state"), CASES[1:], ids=["-".join(case) for case in CASES[1:]])
def test_every_due_request_of_a_foreign_session_is_refused(
    way: Any, ev: Any, kind: str, state: str, session_id: bytes
) -> None:
    """OC-003: FAILED_UnknownSession, zero is no exception; a sequence error wins over it."""
    for name in requests():
        if name == "SessionSetupReq":
            continue
        drive = way(kind, settings=STRICT).to(state)
        own = drive.session.session_id
        step = drive.send(request_for(ev, drive, kind, state, name), session_id=session_id)
        known = state == "SESSION_SETUP" or name not in TAKEN[state]
        code = "FAILED_SequenceError" if known else "FAILED_UnknownSession"
        assert (name, step.code, step.closes) == (name, code, True)
        assert step.body.Header.SessionID == own
        assert {*step.names} <= {"v2g_messages", *END_OF_CHARGE.get((kind, state), ())}
        assert drive.session.state == state


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize(("kind", "state"), CASES, ids=["-".join(case) for case in CASES])
def test_streams_beside_the_main_one(way: Any, ev: Any, kind: str, state: str, name: str) -> None:
    """A request on its own stream is answered where it is possible, and leads nowhere; elsewhere it is refused."""
    made = way(kind, settings=settings(parking=PARKING))
    drive = made.to("SERVICE_SELECTION") if state in AFTER_SELECTION else made.to(state)
    if state in AFTER_SELECTION:
        drive.ok(ev.service_detail(66))
        parking = (66, 0 if name == "VehicleCheckInReq" else 1)
        drive.ok(ev.service_selection(SERVICES[kind][2], made.set_id, parking))
        drive = made.to(state)
    step = drive.send(request_for(ev, drive, kind, state, name), payload_type=STREAMS[name])
    assert type(step.body).__name__ == name.removesuffix("Req") + "Res"
    if state in ASIDE[name]:
        assert (step.code, drive.session.state) == ("OK", state)
        assert step.output.close is None
    else:
        assert (step.code, step.closes) == ("FAILED_SequenceError", True)


@pytest.mark.parametrize("stream", [0x8101, 0x8102, 0x8103, 0x8104])
@pytest.mark.parametrize("name", requests())
def test_a_request_on_the_stream_of_another(way: Any, ev: Any, name: str, stream: int) -> None:
    """In the charge loop, where three of the streams may carry something."""
    if STREAMS.get(name) == stream:
        return
    if (name, stream) == ("PowerDeliveryReq", 0x8101):
        return  # renegotiates the schedule
    drive = way("dc").to("DC_CHARGE_LOOP")
    step = drive.send(request_for(ev, drive, "dc", "DC_CHARGE_LOOP", name), payload_type=stream)
    assert (step.code, step.closes) == ("FAILED_SequenceError", True)


def test_a_refusal_says_what_is_mandatory_and_nothing_else(way: Any, ev: Any) -> None:
    setup = way().to("SESSION_SETUP").send(ev.authorization_setup()).body
    assert (setup.AuthorizationServices, setup.CertificateInstallationService) == ([iso20.AuthorizationType.EIM], False)
    assert setup.EIM_ASResAuthorizationMode is not None
    discovery = way("dc-bpt").to("AUTHORIZATION").send(ev.service_discovery()).body
    assert [service.ServiceID for service in discovery.EnergyTransferServiceList.Service] == [2, 6]
    assert discovery.VASList is None
    loop = way("dc").to("AUTHORIZATION").send(ev.loop("dc")).body
    assert isinstance(loop.CLResControlMode, iso20.dc.Scheduled_DC_CLResControlModeType)
    assert loop.CLResControlMode == iso20.dc.Scheduled_DC_CLResControlModeType()
    assert (loop.MeterInfo, loop.EVSEStatus) == (None, None)
    ac_loop = way("dc").to("AUTHORIZATION").send(ev.loop("ac")).body
    assert ac_loop.CLResControlMode == iso20.ac.Scheduled_AC_CLResControlModeType()


def test_the_main_stream_is_the_one_of_the_message(way: Any, ev: Any) -> None:
    drive = way("dc").to("DC_CABLE_CHECK")
    step = drive.ok(ev.cable_check())
    assert step.output.payload_type == 0x8004
    assert way("dc").to("AUTHORIZATION").ok(ev.stop()).output.payload_type == ISO20_COMMON


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_quirk_session_stop_in_loop(way: Any, ev: Any, kind: str) -> None:
    quirk = SessionSettings(allow_plain_iso20=True, quirks=frozenset({"session-stop-in-loop"}))
    drive = way(kind, settings=quirk).to(f"{kind.upper()}_CHARGE_LOOP")
    drive.ok(ev.loop(kind))
    assert drive.send(ev.stop()).code == "OK"
    assert drive.close().names[-1] == "dlink_terminate"
