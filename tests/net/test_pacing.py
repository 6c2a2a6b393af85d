"""Minimum times from requests to responses."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastsecc import config
from fastsecc.errors import ConfigError
from fastsecc.messages import app_protocol, iso2, iso20
from fastsecc.messages import din70121 as din
from fastsecc.net.pacing import Pacing


def session_stop(protocol) -> object:
    code = protocol.ResponseCodeType.OK
    return protocol.V2G_Message(
        Header=protocol.MessageHeaderType(SessionID=bytes(8)),
        Body=protocol.BodyType(BodyElement=protocol.SessionStopRes(ResponseCode=code)),
    )


@pytest.mark.parametrize(
    ("given", "in_din", "in_iso2"),
    [
        ({}, 0, 0),
        ({"DIN70121": 20}, 20, 0),
        ({"SessionStop": 30}, 30, 30),
        ({"CurrentDemand": 30}, 0, 0),
        ({"SessionStop": 30, "DIN70121": 20}, 30, 30),
        ({"DIN70121": 20, "ISO15118D2.SessionStop": 40, "SessionStop": 0}, 0, 40),
    ],
)
def test_the_most_exact_name_counts(given: dict[str, int], in_din: int, in_iso2: int) -> None:
    pacing = Pacing(given)
    assert pacing.response_ms(session_stop(din)) == in_din
    assert pacing.response_ms(session_stop(iso2)) == in_iso2


def test_iso20_has_its_own_names() -> None:
    """Whatever part of it a message is of."""
    pacing = Pacing({"ISO15118D20": 20, "DC_ChargeLoop": 5, "ISO15118D20.SessionStop": 40})
    header = iso20.MessageHeaderType(SessionID=bytes(8), TimeStamp=0)
    stop = iso20.SessionStopRes(Header=header, ResponseCode=iso20.ResponseCodeType.OK)
    welding = iso20.dc.DC_WeldingDetectionRes(
        Header=header,
        ResponseCode=iso20.ResponseCodeType.OK,
        EVSEPresentVoltage=iso20.RationalNumberType(Exponent=0, Value=0),
    )
    assert [pacing.response_ms(message) for message in (stop, welding, session_stop(iso2))] == [40, 20, 0]
    assert pacing.response_ms(iso20.dc.DC_ChargeLoopRes) == 0, "a class is no message"


def test_the_choice_of_a_protocol_belongs_to_none() -> None:
    chosen = app_protocol.supportedAppProtocolRes(
        ResponseCode=app_protocol.ResponseCodeType.OK_SuccessfulNegotiation, SchemaID=1
    )
    assert Pacing({"DIN70121": 20, "ISO15118D2": 20}).response_ms(chosen) == 0
    assert Pacing({"supportedAppProtocol": 20}).response_ms(chosen) == 20
    assert Pacing({"DIN70121": 20}).response_ms(None) == 0


def test_it_is_configured(tmp_path: Path) -> None:
    file = tmp_path / "fastsecc.yaml"
    file.write_text("min_response_ms: {DIN70121: 20, ISO15118D2.CurrentDemand: 5}\n")
    assert config.load(file).min_response_ms == {"DIN70121": 20, "ISO15118D2.CurrentDemand": 5}


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("{CurentDemand: 5}", "no such protocol or message; did you mean CurrentDemand?"),
        ("{zzz: 5}", "no such protocol or message"),
        ("{CurrentDemand: -1}", "expected int >= 0"),
    ],
)
def test_what_cannot_be_waited_is_refused(tmp_path: Path, written: str, reason: str) -> None:
    file = tmp_path / "fastsecc.yaml"
    file.write_text(f"min_response_ms: {written}\n")
    with pytest.raises(ConfigError) as error:
        config.load(file)
    assert error.value.reason == reason
