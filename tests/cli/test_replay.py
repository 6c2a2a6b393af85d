"""`fastsecc replay` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fastsecc import exi
from fastsecc.cli.main import main
from fastsecc.messages import app_protocol as sap
from fastsecc.messages import din70121 as din
from fastsecc.messages.schema import Type

Output = pytest.CaptureFixture[str]

SESSION_ID = b"\xa5" * 8
OK = din.ResponseCodeType.OK


def message(body: Type, session_id: bytes = SESSION_ID) -> din.V2G_Message:
    header = din.MessageHeaderType(SessionID=session_id)
    return din.V2G_Message(Header=header, Body=din.BodyType(BodyElement=body))


def offer(uri: str = "urn:din:70121:2012:MsgDef") -> sap.supportedAppProtocolReq:
    one = sap.AppProtocolType(ProtocolNamespace=uri, VersionNumberMajor=2, VersionNumberMinor=0, SchemaID=3, Priority=1)
    return sap.supportedAppProtocolReq(AppProtocol=[one])


CHOSEN = sap.supportedAppProtocolRes(ResponseCode=sap.ResponseCodeType.OK_SuccessfulNegotiation, SchemaID=3)
REFUSED = sap.supportedAppProtocolRes(ResponseCode=sap.ResponseCodeType.Failed_NoNegotiation)
SETUP = message(din.SessionSetupReq(EVCCID=b"\1\2\3\4\5\6"), bytes(8))
SETUP_DONE = message(
    din.SessionSetupRes(ResponseCode=din.ResponseCodeType.OK_NewSessionEstablished, EVSEID=b"DE*ABC*E1")
)
STOP, STOPPED = message(din.SessionStopReq()), message(din.SessionStopRes(ResponseCode=OK))
WELDING_STATUS = din.DC_EVStatusType(EVReady=False, EVErrorCode=din.DC_EVErrorCodeType.NO_ERROR, EVRESSSOC=1)


def write(path: Path, *exchanged: tuple[Type | bytes, Type | bytes | None]) -> Path:
    """Write a capture of requests and responses."""
    lines = []
    for number, (request, response) in enumerate(exchanged):
        for direction, each in (("req", request), ("res", response)):
            if each is not None:
                octets = each if isinstance(each, bytes) else exi.encode(each)
                record = {"t": number * 0.1, "kind": "v2g", "dir": direction, "type": "8001", "hex": octets.hex()}
                lines.append(json.dumps(record))
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "car.jsonl"


def test_a_session_that_is_answered_alike(path: Path, capsys: Output) -> None:
    write(path, (offer(), CHOSEN), (SETUP, SETUP_DONE), (STOP, STOPPED))
    assert main(["replay", str(path)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "car.jsonl: 3 requests on 1 connection"
    assert shown[2].split() == ["line", "connection", "1", "recorded", "fastsecc"]
    assert shown[3].split() == ["1", "supportedAppProtocolReq", *["OK_SuccessfulNegotiation"] * 2]
    assert shown[4].split() == ["3", "SessionSetupReq", *["OK_NewSessionEstablished"] * 2]
    assert shown[5].split() == ["5", "SessionStopReq", "OK", "OK"]
    assert shown[-1] == "3 answered alike"


def test_differences_stand_below_their_row(path: Path, capsys: Output) -> None:
    done = message(din.SessionSetupRes(ResponseCode=OK, EVSEID=bytes.fromhex("49a80737a45678"), DateTimeNow=1))
    write(path, (offer(), CHOSEN), (SETUP, done))
    assert main(["replay", str(path)]) == 0
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["EVSEID", "49a80737a45678", "493f07373f5678"] in shown
    assert ["DateTimeNow", "1", "absent"] in shown
    assert ["ResponseCode", "OK", "OK_NewSessionEstablished"] in shown


def test_a_request_that_only_we_refuse(path: Path, capsys: Output) -> None:
    welding = message(din.WeldingDetectionReq(DC_EVStatus=WELDING_STATUS))
    write(path, (offer(), CHOSEN), (SETUP, SETUP_DONE), (welding, STOPPED), (STOP, STOPPED))
    assert main(["replay", str(path)]) == 1
    shown = capsys.readouterr().out
    assert "!      5  WeldingDetectionReq                OK" in shown
    assert "WeldingDetectionReq: FAILED_SequenceError: in state SERVICE_DISCOVERY" in shown
    assert "(connection has ended)" in shown
    assert "1 answered with another message" in shown


def test_a_quirk_may_make_the_difference(path: Path, capsys: Output) -> None:
    assert main(["replay", "--quirk", "no-such", str(write(path, (offer(), CHOSEN)))]) == 2
    assert "there is no quirk such" in capsys.readouterr().err


def test_a_handshake_that_was_refused(path: Path, capsys: Output) -> None:
    write(path, (offer(), REFUSED), (offer("urn:tesla:din:2018:MsgDef"), REFUSED))
    assert main(["replay", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 answered alike"


def test_what_cannot_be_decoded(path: Path, capsys: Output) -> None:
    write(path, (offer(), CHOSEN), (b"\x80\x9a\x00", SETUP_DONE), (SETUP, None))
    assert main(["replay", str(path)]) == 1
    shown = capsys.readouterr().out
    assert "!      3  ?" in shown
    assert "ignored, cannot be decoded" in shown
    assert shown.splitlines()[-1] == "1 answered alike, 1 not answered that was answered, 1 without a recorded answer"


def test_json_lines(path: Path, capsys: Output) -> None:
    write(path, (offer(), CHOSEN), (exi.encode(SETUP) + b"\0", SETUP_DONE))
    assert main(["replay", "--json", str(path)]) == 0
    handshake, setup, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert handshake["request"] == "supportedAppProtocolReq"
    assert (handshake["verdict"], handshake["line"], handshake["connection"]) == ("same", 1, 1)
    assert setup["recorded"] == {"message": "SessionSetupRes", "response_code": "OK_NewSessionEstablished"}
    assert setup["ours"] == setup["recorded"]
    assert setup["differences"] == []
    assert [one["what"] for one in setup["deviations"]] == ["octets after the end"]
    assert summary == {"file": str(path), "summary": {"same": 2}}


def test_real_captures(data: Path, capsys: Output) -> None:
    files = sorted(str(path) for path in (data / "captures").glob("*.jsonl"))
    assert main(["replay", *files]) == 0
    shown = capsys.readouterr().out
    for path in files:
        assert f"{Path(path).name}: " in shown
    assert "CurrentDemandReq x" in shown


def test_a_capture_without_v2g(path: Path, capsys: Output) -> None:
    path.write_text('{"t":0.0,"kind":"slac","hex":"0108"}\n')
    assert main(["replay", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "nothing to do"


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (None, "No such file"),
        (b"\xff\xfe", "car.jsonl:1: no capture record"),
        (b"PK\x03\x04", "car.jsonl:1: no capture record"),
        (b'{"t":0}\n', "car.jsonl:1: no capture record"),
        (b'\n{"t":0,"kind":"v2g","dir":"req","hex":"zz"}', "car.jsonl:2: no capture record"),
    ],
)
def test_a_bad_file_is_one_line(path: Path, capsys: Output, content: bytes | None, named: str) -> None:
    if content is not None:
        path.write_bytes(content)
    assert main(["replay", str(path)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert named in output.err
    assert len(output.err.splitlines()) == 1
