"""supportedAppProtocol: the EV's priority among what the charger speaks, answered with the EV's own SchemaID."""

from __future__ import annotations

import pytest

from fastsecc.errors import ConfigError, DecodeError
from fastsecc.messages import iso2
from fastsecc.messages.app_protocol import ResponseCodeType, supportedAppProtocolRes
from fastsecc.session import quirks
from fastsecc.session.api import SessionSettings
from tests.session.conftest import Drive, MakeDrive

DIN, ISO2, TESLA = "urn:din:70121:2012:MsgDef", "urn:iso:15118:2:2013:MsgDef", "urn:tesla:din:2018:MsgDef"
ISO20 = "urn:iso:std:iso:15118:-20:DC"
OK, MINOR, NO = "OK_SuccessfulNegotiation", "OK_SuccessfulNegotiationWithMinorDeviation", "Failed_NoNegotiation"

OFFERS = [
    pytest.param([(ISO2, 2, 0, 1, 1)], OK, 1, "iso2", id="CMN_SupportedAppProtocol_004"),
    pytest.param([(ISO2, 2, 7, 3, 1)], MINOR, 3, "iso2", id="CMN_SupportedAppProtocol_006"),
    pytest.param([(TESLA, 0, 7, 2, 1)], NO, None, "sap", id="CMN_SupportedAppProtocol_002"),
    pytest.param([(ISO2, 1, 0, 1, 1)], NO, None, "sap", id="RISE-000 another major version"),
    pytest.param([(ISO20, 1, 0, 1, 1), (ISO2, 2, 0, 2, 2)], OK, 2, "iso2", id="OC-018, OC-019 mixed"),
    pytest.param([(ISO20, 1, 0, 1, 1)], NO, None, "sap", id="OC-019 ISO 15118-20 only"),
    pytest.param([(DIN, 2, 0, 1, 1), (TESLA, 0, 7, 2, 2)], OK, 1, "din", id="Tesla Model 3"),
    pytest.param([(DIN, 2, 0, 1, 2), (TESLA, 0, 7, 2, 1)], OK, 1, "din", id="Tesla, its own first"),
    pytest.param([(DIN, 2, 0, 1, 2), (ISO2, 2, 0, 0, 1)], OK, 0, "iso2", id="Taycan: SchemaID 0"),
    pytest.param([(DIN, 2, 0, 1, 1), (ISO2, 2, 0, 3, 5)], OK, 1, "din", id="Atto 3: priorities with a gap"),
    pytest.param([(DIN, 2, 0, 10, 1), (ISO2, 2, 0, 20, 2)], OK, 10, "din", id="Seres 3"),
    pytest.param([(DIN, 2, 0, 1, 1), (ISO2, 2, 0, 2, 1)], OK, 2, "iso2", id="equal priorities: the later"),
]


@pytest.mark.parametrize(("offers", "code", "schema_id", "namespace"), OFFERS)
def test_negotiation(
    make: MakeDrive, offers: list[tuple[str, int, int, int, int]], code: str, schema_id: int | None, namespace: str
) -> None:
    drive = make.dc()
    step = drive.negotiate(*offers)
    assert step.output.response == supportedAppProtocolRes(ResponseCode=ResponseCodeType(code), SchemaID=schema_id)
    assert step.closes == (code == NO)
    assert drive.session.namespace == namespace


def test_an_ac_charger_does_not_speak_din(make: MakeDrive) -> None:
    drive = make.ac()
    drive.negotiate((DIN, 2, 0, 1, 1), (ISO2, 2, 0, 2, 2))
    assert drive.session.protocol == "ISO15118-2-2013"


def test_protocols_are_those_of_the_moment_of_connection(make: MakeDrive) -> None:
    drive = make.dc()
    result = drive.command("update_supported_app_protocols", supported_app_protocols={"app_protocols": ["DIN70121"]})
    assert result.names == []
    drive.negotiate((ISO2, 2, 0, 1, 1))
    assert drive.session.namespace == "iso2"
    drive.connect()
    assert drive.negotiate((ISO2, 2, 0, 1, 1)).closes


def test_no_common_protocol_is_a_failed_session(make: MakeDrive) -> None:
    drive = make.dc(debug_mode=True)
    step = drive.negotiate((TESLA, 0, 7, 2, 1))
    assert step.value("selected_protocol") == "None"
    assert step.value("ev_app_protocol")["Protocols"] == [
        {
            "protocol_namespace": TESLA,
            "version_number_major": 0,
            "version_number_minor": 7,
            "schema_id": 2,
            "priority": 1,
        }
    ]
    assert drive.session.receive(None, drive.now).response is None
    end = drive.close()
    assert end.names == ["hlc_session_failed", "dlink_error"]
    assert end.value("hlc_session_failed") == "ProtocolNegotiationFailed"


def test_a_connection_without_a_word(make: MakeDrive) -> None:
    end = make.dc().close()
    assert end.value("hlc_session_failed") == "UnexpectedSessionEnd"
    assert end.names[-1] == "dlink_error"


def test_another_message_in_its_place_ends_the_connection(make: MakeDrive) -> None:
    drive = make.dc()
    step = drive.receive(supportedAppProtocolRes(ResponseCode=ResponseCodeType.Failed_NoNegotiation))
    assert (step.output.response, step.closes) == (None, True)


def test_undecodable_octets_end_the_connection_before_a_protocol_is_chosen(make: MakeDrive) -> None:
    drive = make.dc()
    step = drive.took(drive.session.undecodable(DecodeError("", 3, "no"), drive.now))
    assert (step.output.response, step.closes) == (None, True)
    assert drive.session.deadline is None


@pytest.mark.parametrize("debug", [False, True])
def test_undecodable_octets_are_ignored_later(make: MakeDrive, debug: bool) -> None:
    """They do not keep the connection open either."""
    drive = make.dc(debug_mode=debug)
    drive.choose("iso2")
    drive.ok(iso2.SessionSetupReq(EVCCID=bytes(6)))
    drive.wait(59.0)
    step = drive.took(drive.session.undecodable(DecodeError("", 3, "no"), drive.now))
    assert (step.output.response, step.output.close) == (None, None)
    assert [step.value(name)["id"] for name in step.names] == (["UnknownMessage"] if debug else [])
    assert drive.wait(1.1).closes


def test_communication_setup_timeout_before_the_first_word(make: MakeDrive) -> None:
    """The EV that opens a connection and says nothing."""
    drive = make.dc()
    assert drive.wait(17.9).output.close is None
    assert drive.wait(0.2).closes
    assert drive.wait(100.0).output.close is None


def test_quirks_are_checked(make: MakeDrive) -> None:
    with pytest.raises(ConfigError, match="session-stop-in-loop"):
        Drive(make.dc().charger, SessionSettings(quirks=frozenset({"session-stop-in-lop"})))
    usual = {quirk.name for quirk in quirks.QUIRKS.values() if quirk.default}
    assert quirks.active({"stop-before-loop"}) == {"stop-before-loop"} | usual
    assert quirks.active({"no-stop-before-loop"}) == usual
    assert quirks.active({f"no-{name}" for name in usual}) == set()
