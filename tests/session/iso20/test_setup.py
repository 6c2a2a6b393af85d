"""From supportedAppProtocol to Authorization, by the ids of the public test purposes."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.charger.state import ChargerState
from fastsecc.messages import iso20
from fastsecc.session.api import SessionSettings
from tests.session.conftest import Drive, UNIX_AT_START_s
from tests.session.iso20.conftest import FOREIGN, ONGOING

AC, DC = "urn:iso:std:iso:15118:-20:AC", "urn:iso:std:iso:15118:-20:DC"
ISO2, OTHER = "urn:iso:15118:2:2013:MsgDef", "urn:vendor:protocol"
OK, MINOR, NO = "OK_SuccessfulNegotiation", "OK_SuccessfulNegotiationWithMinorDeviation", "Failed_NoNegotiation"
AC_MODES, DC_MODES = ("AC_three_phase_core",), ("DC_extended",)
PLAIN, TLS_1_2, TLS_1_3 = "", "TLSv1.2", "TLSv1.3"

NEGOTIATIONS = [
    pytest.param(DC_MODES, [(DC, 1, 0, 7, 1)], OK, 7, "ISO15118-20:DC", id="EV20-F-001"),
    pytest.param(DC_MODES, [(ISO2, 2, 0, 4, 2), (DC, 1, 0, 9, 1)], OK, 9, "ISO15118-20:DC", id="EV20-F-003"),
    pytest.param(DC_MODES, [(ISO2, 2, 0, 4, 1), (DC, 1, 0, 9, 2)], OK, 4, "ISO15118-2-2013", id="OC-018 priority"),
    pytest.param(DC_MODES, [(OTHER, 2, 0, 1, 1)], NO, None, "", id="EV20-F-004"),
    pytest.param(DC_MODES, [], NO, None, "", id="EV20-F-005"),
    pytest.param(DC_MODES, [(AC, 1, 0, 2, 1), (DC, 1, 0, 1, 2)], OK, 1, "ISO15118-20:DC", id="EV20-F-006 DC"),
    pytest.param(
        AC_MODES, [(AC, 1, 0, 2, 2), (DC, 1, 0, 1, 1)], OK, 2, "ISO15118-20:AC and similar", id="EV20-F-006 AC"
    ),
    pytest.param(("MCS",), [(DC, 1, 0, 2, 2)], OK, 2, "ISO15118-20:DC", id="MCS is in the DC namespace"),
    pytest.param(DC_MODES, [(DC, 1, 5, 2, 2)], MINOR, 2, "ISO15118-20:DC", id="another minor version"),
    pytest.param(DC_MODES, [(DC, 2, 0, 2, 2)], NO, None, "", id="another major version"),
    pytest.param(("WPT",), [(DC, 1, 0, 2, 2)], NO, None, "", id="no service of ours"),
]


def connected(modes: tuple[str, ...], version: str, *, allow_plain: bool = False) -> Drive:
    drive = Drive(ChargerState(energy_transfer_modes=modes), SessionSettings(allow_plain_iso20=allow_plain))
    if version:
        drive.session.secured(version, b"leaf")
    return drive


@pytest.mark.parametrize(("modes", "offers", "code", "schema_id", "protocol"), NEGOTIATIONS)
def test_negotiation(modes: Any, offers: Any, code: str, schema_id: int | None, protocol: str) -> None:
    drive = connected(modes, TLS_1_3)
    step = drive.negotiate(*offers)
    assert (step.output.response.ResponseCode, step.output.response.SchemaID) == (code, schema_id)
    assert drive.session.protocol == protocol
    assert step.closes == (code == NO)


@pytest.mark.parametrize("version", [PLAIN, TLS_1_2])
def test_oc_019_never_below_tls_1_3(version: str) -> None:
    drive = connected(DC_MODES, version)
    assert drive.negotiate((DC, 1, 0, 1, 1)).output.response.ResponseCode == NO
    mixed = connected(DC_MODES, version)
    assert mixed.negotiate((DC, 1, 0, 1, 1), (ISO2, 2, 0, 2, 2)).output.response.SchemaID == 2
    assert mixed.session.namespace == "iso2"
    allowed = connected(DC_MODES, version, allow_plain=True)
    assert allowed.negotiate((DC, 1, 0, 1, 1), (ISO2, 2, 0, 2, 2)).output.response.SchemaID == 1


def test_the_selected_protocol_is_always_published() -> None:
    step = connected(DC_MODES, TLS_1_3).negotiate((DC, 1, 0, 1, 1))
    assert step.names == ["selected_protocol"]
    assert step.value("selected_protocol") == "ISO15118-20:DC"


def test_a_charger_may_be_told_to_speak_it_or_not() -> None:
    drive = connected(DC_MODES, TLS_1_3)
    protocols = {"app_protocols": ["DIN70121", "ISO15118D2"]}
    drive.command("update_supported_app_protocols", supported_app_protocols=protocols)
    drive.connect()
    drive.session.secured(TLS_1_3, None)
    assert drive.negotiate((DC, 1, 0, 1, 1)).closes


def test_frames_of_each_stream_have_their_grammar(way: Any) -> None:
    drive = way("dc").drive
    assert [drive.session.namespace_for(number) for number in (0x8001, 0x8002)] == ["sap", None]
    drive.choose("iso20-dc")
    streams = (0x8001, 0x8002, 0x8003, 0x8004, 0x8005, 0x8006, 0x8101, 0x8102, 0x8103, 0x8104, 0x9000)
    named = [drive.session.namespace_for(number) for number in streams]
    main = [None, "iso20", "iso20-ac", "iso20-dc", "iso20-acdp", "iso20-wpt"]
    assert named == [*main, "iso20", "iso20", "iso20-acdp", "iso20", None]
    other = way("dc").drive
    other.choose("iso2")
    assert [other.session.namespace_for(number) for number in (0x8001, 0x8002)] == ["iso2", None]


# SessionSetup


def test_ev20_f_007_a_new_session(way: Any, ev: Any) -> None:
    """Also OC-044: eight random octets; the header says the time of day."""
    drive = way().to("SESSION_SETUP")
    step = drive.send(ev.session_setup(), session_id=bytes(8))
    assert (step.code, step.body.EVSEID) == ("OK_NewSessionEstablished", drive.charger.evse_id)
    assert drive.session.state == "AUTHORIZATION_SETUP"
    assert step.body.Header.SessionID == drive.session.session_id != bytes(8)
    assert 0 <= step.body.Header.TimeStamp - UNIX_AT_START_s < 10
    others = {way().to("AUTHORIZATION_SETUP").session.session_id for _ in range(20)}
    assert len(others) == 20


@pytest.mark.parametrize(
    ("evcc_id", "published"),
    [
        ("00aabbccddee", "00:AA:BB:CC:DD:EE"),
        ("00:aa:bb:cc:dd:ee", "00:AA:BB:CC:DD:EE"),
        ("00-AA-BB-CC-DD-EE", "00:AA:BB:CC:DD:EE"),
        ("WMIV1234567890ABCDEX", None),
        ("00:aa-bb:cc-dd:ee", None),
        ("", None),
    ],
)
def test_evcc_id_is_published_if_it_is_a_mac_address(way: Any, ev: Any, evcc_id: str, published: str | None) -> None:
    step = way().to("SESSION_SETUP").send(ev.session_setup(evcc_id))
    found = [variable.payload for variable in step.output.variables if variable.name == "evcc_id"]
    assert found == ([] if published is None else [published])


@pytest.mark.parametrize(("namespace", "name"), [("iso20-dc", "service_discovery"), ("iso20-dc", "cable_check")])
def test_ev20_f_012_another_request_in_place_of_session_setup(way: Any, ev: Any, namespace: str, name: str) -> None:
    drive = way().to("SESSION_SETUP")
    step = drive.send(getattr(ev, name)())
    assert (step.code, step.closes, drive.session.state) == ("FAILED_SequenceError", True, "SESSION_SETUP")


def test_every_message_is_announced_without_debug_mode(way: Any, ev: Any) -> None:
    step = way().to("SESSION_SETUP").send(ev.session_setup())
    ids = [variable.payload.id for variable in step.output.variables if variable.name == "v2g_messages"]
    assert ids == ["SessionSetupReq", "SessionSetupRes"]


# AuthorizationSetup, Authorization


def test_ev20_s_035_external_payment_is_the_only_authorization(way: Any, ev: Any) -> None:
    """Also OC-025."""
    step = way().to("AUTHORIZATION_SETUP").send(ev.authorization_setup())
    assert (step.code, step.body.CertificateInstallationService) == ("OK", False)
    assert step.body.AuthorizationServices == [iso20.AuthorizationType.EIM]
    assert step.body.EIM_ASResAuthorizationMode is not None
    assert step.names.count("require_auth_eim") == 1


def grant(drive: Any, status: str = "Accepted") -> Any:
    return drive.command("authorization_response", authorization_status=status, certificate_status="Accepted")


def test_ev20_s_040_ev20_s_041_pending_then_granted(way: Any, ev: Any) -> None:
    """Also ECOG-022."""
    drive = way().to("AUTHORIZATION")
    for _ in range(3):
        step = drive.ok(ev.authorization())
        assert (step.body.EVSEProcessing, drive.session.state) == (ONGOING, "AUTHORIZATION")
        assert "require_auth_eim" not in step.names
    assert grant(drive).output.response is None
    step = drive.ok(ev.authorization())
    assert (step.body.EVSEProcessing, drive.session.state) == (iso20.ProcessingType.Finished, "SERVICE_DISCOVERY")


@pytest.mark.parametrize("state", ["SESSION_SETUP", "AUTHORIZATION_SETUP", "AUTHORIZATION"])
def test_an_authorization_is_kept_until_the_ev_asks(way: Any, ev: Any, state: str) -> None:
    way_on = way()
    drive = way_on.to(state)
    grant(drive)
    way_on.to("AUTHORIZATION")
    assert drive.ok(ev.authorization()).body.EVSEProcessing == "Finished"


def test_an_authorization_does_not_survive_into_the_next_session(way: Any, ev: Any) -> None:
    drive = way().to("SERVICE_DISCOVERY")
    drive.ok(ev.stop())
    drive.close()
    drive.connect()
    drive.choose("iso20-dc")
    drive.ok(ev.session_setup())
    drive.ok(ev.authorization_setup())
    assert drive.ok(ev.authorization()).body.EVSEProcessing == ONGOING


def test_ev20_s_039_refused_and_tried_again(way: Any, ev: Any) -> None:
    """Also OC-043: said with the next response; the EV may try again, and then the charger is asked again."""
    drive = way().to("AUTHORIZATION")
    drive.ok(ev.authorization())
    grant(drive, "Blocked")
    step = drive.send(ev.authorization())
    assert (step.code, step.body.EVSEProcessing) == ("WARNING_EIMAuthorizationFailure", "Finished")
    assert (step.output.close, drive.session.state) == (None, "AUTHORIZATION")
    again = drive.ok(ev.authorization())
    assert again.body.EVSEProcessing == ONGOING
    assert "require_auth_eim" in again.names
    assert drive.ok(ev.authorization()).body.EVSEProcessing == ONGOING
    grant(drive)
    assert drive.ok(ev.authorization()).body.EVSEProcessing == "Finished"


def test_a_refusal_that_came_before_the_question_does_not_count(way: Any, ev: Any) -> None:
    drive = way().to("AUTHORIZATION_SETUP")
    grant(drive, "Unknown")
    drive.ok(ev.authorization_setup())
    assert drive.ok(ev.authorization()).body.EVSEProcessing == ONGOING


def test_ev20_s_038_an_authorization_service_that_is_not_offered(way: Any, ev: Any) -> None:
    drive = way().to("AUTHORIZATION")
    step = drive.send(ev.pnc_authorization())
    assert (step.code, step.body.EVSEProcessing) == ("WARNING_AuthorizationSelectionInvalid", "Finished")
    assert (step.output.close, drive.session.state) == (None, "AUTHORIZATION")
    grant(drive)
    assert drive.send(ev.pnc_authorization()).code == "WARNING_AuthorizationSelectionInvalid"
    mixed = ev.pnc_authorization()
    mixed.SelectedAuthorizationService = iso20.AuthorizationType.EIM
    assert drive.send(mixed).code == "WARNING_AuthorizationSelectionInvalid"
    drive.ok(ev.authorization())


def test_a_second_authorization_request_is_out_of_sequence(way: Any, ev: Any) -> None:
    assert way().to("SERVICE_DISCOVERY").send(ev.authorization()).code == "FAILED_SequenceError"


def test_oc_029_an_authorization_that_takes_long(way: Any, ev: Any) -> None:
    """The EV is told that a human lets it wait before its V2G_EVCC_Ongoing_Timeout; in the end it is refused."""
    settings = SessionSettings(allow_plain_iso20=True, auth_timeout_eim_s=120.0)
    drive = way(settings=settings).to("AUTHORIZATION")
    said = [drive.ok(ev.authorization()).body.EVSEProcessing]
    for _ in range(11):
        drive.wait(10.0)
        said.append(drive.ok(ev.authorization()).body.EVSEProcessing)
    waiting = "Ongoing_WaitingForCustomerInteraction"
    assert said == [ONGOING] * 6 + [waiting] * 6
    drive.wait(10.0)
    step = drive.send(ev.authorization())
    assert (step.code, step.closes) == ("FAILED", True)


def test_without_a_time_limit_an_authorization_may_take_for_ever(way: Any, ev: Any) -> None:
    drive = way(settings=SessionSettings(allow_plain_iso20=True, auth_timeout_eim_s=0.0)).to("AUTHORIZATION")
    for _ in range(50):
        drive.wait(50.0)
        drive.ok(ev.authorization())


# every state of the set-up


FOREIGNERS = {
    "EV20-S-013": ("AUTHORIZATION_SETUP", "authorization_setup"),
    "EV20-S-014": ("AUTHORIZATION", "authorization"),
    "EV20-S-015": ("SERVICE_DISCOVERY", "service_discovery"),
    "EV20-S-016": ("SERVICE_DETAIL", "service_detail"),
    "EV20-S-017": ("SERVICE_SELECTION", "service_selection"),
    "EV20-S-027": ("AUTHORIZATION", "stop"),
}


@pytest.mark.parametrize(("state", "name"), FOREIGNERS.values(), ids=FOREIGNERS)
@pytest.mark.parametrize("session_id", [FOREIGN, bytes(8)], ids=["foreign", "zero"])
def test_a_foreign_session_id(way: Any, ev: Any, state: str, name: str, session_id: bytes) -> None:
    drive = way().to(state)
    own = drive.session.session_id
    step = drive.send(getattr(ev, name)(), session_id=session_id)
    assert (step.code, step.closes, step.body.Header.SessionID) == ("FAILED_UnknownSession", True, own)
    assert [name for name in step.names if name != "v2g_messages"] == []


SETUP_STATES = ("SESSION_SETUP", "AUTHORIZATION_SETUP", "AUTHORIZATION", "SERVICE_DISCOVERY", "SERVICE_DETAIL")


@pytest.mark.parametrize("state", [*SETUP_STATES, "SERVICE_SELECTION", "DC_CHARGE_PARAMETER_DISCOVERY"])
def test_oc_028_a_silent_ev(way: Any, state: str) -> None:
    settings = SessionSettings(allow_plain_iso20=True, communication_setup_timeout_s=1000.0)
    drive = way(settings=settings).to(state)
    assert drive.wait(59.9).output.close is None
    step = drive.wait(0.2)
    assert (step.output.response, step.closes) == (None, True)
    assert drive.close().names == ["dlink_terminate"]


def test_no_session_setup_within_the_communication_setup_time(way: Any) -> None:
    drive = way().to("SESSION_SETUP")
    assert drive.wait(17.8).output.close is None
    assert drive.wait(0.2).closes
    assert drive.close().names == ["dlink_error"]


@pytest.mark.parametrize("state", ["AUTHORIZATION_SETUP", "SERVICE_SELECTION", "DC_CHARGE_PARAMETER_DISCOVERY"])
def test_emergency(way: Any, ev: Any, state: str) -> None:
    drive = way().to(state)
    drive.command("send_error", error="Error_EmergencyShutdown")
    step = drive.send(ev.stop())
    assert (step.code, step.closes) == ("FAILED", True)
    silent = way().to(state)
    silent.command("send_error", error="Error_EmergencyShutdown")
    assert silent.wait(3.1).closes


def test_ev20_s_127_the_data_link_is_lost(way: Any) -> None:
    drive = way().to("SERVICE_SELECTION")
    assert drive.close().names == ["dlink_terminate"]
    drive.connect()
    assert drive.session.state == "supportedAppProtocol"


def test_failed_always_ends_the_session(way: Any, ev: Any) -> None:
    """Whatever `close_on_failed` says."""
    settings = SessionSettings(allow_plain_iso20=True, close_on_failed=False)
    step = way(settings=settings).to("SERVICE_DETAIL").send(ev.service_detail(99))
    assert (step.code, step.closes) == ("FAILED_ServiceIDInvalid", True)


def test_nothing_is_answered_once_the_connection_ends(way: Any, ev: Any) -> None:
    drive = way().to("SERVICE_DETAIL")
    drive.send(ev.service_detail(99))
    assert drive.send(ev.service_detail()).output.response is None


def test_responses_are_not_answered(way: Any, ev: Any) -> None:
    drive = way().to("AUTHORIZATION")
    response = iso20.SessionStopRes(Header=ev.stop().Header, ResponseCode=iso20.ResponseCodeType.OK)
    for message in (response, iso20.RationalNumberType(Exponent=0, Value=1)):
        step = drive.took(drive.session.receive(message, drive.now, 0x8002))
        assert (step.output.response, step.output.close) == (None, None)
    drive.ok(ev.authorization())
