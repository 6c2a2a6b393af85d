"""`fastsecc exi` as a user types it."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fastsecc.cli import exi
from fastsecc.errors import ConfigError, EncodeError
from tests.exi.vectors import read

HANDSHAKE = "8000dbab9371d3234b71d1b981899189d191818991d26b9b3a232b30020000040040"

TOLD_BY_THEMSELVES = ("sap", "din", "iso2")
STREAMS = {
    0x8002: "iso20",
    0x8003: "iso20-ac",
    0x8004: "iso20-dc",
    0x8005: "iso20-acdp",
    0x8006: "iso20-wpt",
}

Cli = Callable[..., int]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run `fastsecc exi` with arguments and standard input."""

    def call(*arguments: str, stdin: str | bytes = b"") -> int:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
        parser = argparse.ArgumentParser()
        exi.add_parser(parser.add_subparsers())
        args = parser.parse_args(["exi", *arguments])
        return int(args.run(args))

    return call


Output = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    "written",
    [
        HANDSHAKE,
        HANDSHAKE.upper(),
        f"  {HANDSHAKE}\n",
        " ".join(HANDSHAKE[i : i + 2] for i in range(0, len(HANDSHAKE), 2)),
        ":".join(HANDSHAKE[i : i + 2] for i in range(0, len(HANDSHAKE), 2)),
        ", ".join("0x" + HANDSHAKE[i : i + 2] for i in range(0, len(HANDSHAKE), 2)),
        f"0x{HANDSHAKE}",
        f"01fe800100000022{HANDSHAKE}",
    ],
)
@pytest.mark.parametrize("by_stdin", [False, True])
def test_decode_takes_hex_as_people_write_it(cli: Cli, capsys: Output, written: str, by_stdin: bool) -> None:
    code = cli("decode", "-", stdin=written) if by_stdin else cli("decode", *written.split())
    assert code == 0
    output = capsys.readouterr()
    assert output.err == ""
    (protocol,) = json.loads(output.out)["supportedAppProtocolReq"]["AppProtocol"]
    assert protocol["ProtocolNamespace"] == "urn:din:70121:2012:MsgDef"


def test_decode_takes_raw_octets(cli: Cli, capsys: Output) -> None:
    assert cli("decode", "-", stdin=bytes.fromhex(HANDSHAKE)) == 0
    assert json.loads(capsys.readouterr().out)["supportedAppProtocolReq"]


def test_every_own_vector_is_printed_and_read_back(cli: Cli, capsys: Output, data: Path) -> None:
    """The namespace of a document is told by its first octets; a line is a message."""
    vectors = [
        vector
        for vector in read(data / "vectors" / "synthetic.jsonl")
        if vector.status in ("agreed", "list_at_max") and not vector.fragment
    ]
    assert len(vectors) > 200
    for namespace in TOLD_BY_THEMSELVES:
        ours = [vector for vector in vectors if vector.namespace == namespace]
        lines = "\n".join(vector.octets.hex() for vector in ours)
        assert cli("decode", "-", stdin=lines) == 0
        printed = capsys.readouterr().out
        assert [json.loads(line) for line in printed.splitlines()] == [vector.json for vector in ours]
        assert cli("encode", "--namespace", namespace, stdin=printed) == 0
        assert capsys.readouterr().out.split() == lines.split()


@pytest.mark.parametrize(("payload_type", "namespace"), STREAMS.items())
def test_header_tells_the_namespace(cli: Cli, capsys: Output, data: Path, payload_type: int, namespace: str) -> None:
    vectors = [
        vector
        for vector in read(data / "vectors" / "synthetic.jsonl")
        if vector.namespace == namespace and vector.status == "agreed" and not vector.fragment
    ]
    frames = [f"01fe{payload_type:04x}{len(vector.octets):08x}{vector.octets.hex()}" for vector in vectors]
    assert cli("decode", "-", stdin="\n".join(frames)) == 0
    printed = capsys.readouterr().out
    assert [json.loads(line) for line in printed.splitlines()] == [vector.json for vector in vectors]
    assert cli("encode", "--v2gtp", "--namespace", namespace, stdin=printed) == 0
    assert capsys.readouterr().out.split() == frames


@pytest.mark.parametrize(
    ("payload_type", "namespace"),
    [(0x8101, "iso20"), (0x8102, "iso20"), (0x8103, "iso20-acdp"), (0x8104, "iso20")],
)
def test_streams_beside_the_loop_have_a_namespace(
    cli: Cli, capsys: Output, data: Path, payload_type: int, namespace: str
) -> None:
    vector = next(v for v in read(data / "vectors" / "synthetic.jsonl") if v.namespace == namespace)
    assert cli("decode", f"01fe{payload_type:04x}{len(vector.octets):08x}{vector.octets.hex()}") == 0
    assert json.loads(capsys.readouterr().out) == vector.json


def test_messages_without_header_are_taken_for_those_that_are_told_by_themselves(
    cli: Cli, capsys: Output, data: Path
) -> None:
    """One of ISO 15118-20 may begin like a handshake: what it was taken for is said."""
    for vector in read(data / "vectors" / "synthetic.jsonl"):
        if vector.namespace in STREAMS.values() and vector.status == "agreed" and not vector.fragment:
            assert cli("decode", vector.octets.hex()) == 2
            assert "--namespace" in capsys.readouterr().err


def test_fragment_there_and_back(cli: Cli, capsys: Output) -> None:
    fragment = "802d02b4b233805a1e80"
    assert cli("decode", "--namespace", "iso2", "--fragment", fragment) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"DHpublickey": {"@Id": "idg", "$": "68"}}
    assert cli("encode", "--namespace", "iso2", "--fragment", stdin=printed) == 0
    assert capsys.readouterr().out.strip() == fragment


def test_fragment_needs_its_namespace(cli: Cli) -> None:
    with pytest.raises(ConfigError, match="--fragment: needs --namespace"):
        cli("decode", "--fragment", "802d02b4b233805a1e80")


def test_decode_to_xml(cli: Cli, capsys: Output) -> None:
    assert cli("decode", "--xml", "80400000") == 0
    assert capsys.readouterr().out.startswith("<sap:supportedAppProtocolRes xmlns:sap=")


def test_decode_indented(cli: Cli, capsys: Output) -> None:
    assert cli("decode", "--pretty", HANDSHAKE) == 0
    assert capsys.readouterr().out.splitlines()[1] == '  "supportedAppProtocolReq": {'


@pytest.mark.parametrize("length", [10, 40])
def test_wrong_length_in_the_header_is_said(cli: Cli, capsys: Output, length: int) -> None:
    code = cli("decode", f"01fe8001{length:08x}{HANDSHAKE}")
    error = capsys.readouterr().err
    assert f"warning: the V2GTP header says {length} octets, 34 follow\n" in error
    assert code == (2 if length == 10 else 0)


def test_trailing_octets_are_said(cli: Cli, capsys: Output) -> None:
    assert cli("decode", f"{HANDSHAKE}00") == 0
    output = capsys.readouterr()
    assert output.err == "warning: /: bit 272: octets after the end\n"
    assert json.loads(output.out)["supportedAppProtocolReq"]


def test_broken_message_is_one_line_with_path_and_bit(cli: Cli, capsys: Output) -> None:
    assert cli("decode", HANDSHAKE[:-8]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert "supportedAppProtocolReq/AppProtocol" in output.err
    assert "bit 2" in output.err


def test_one_broken_line_does_not_hide_the_others(cli: Cli, capsys: Output) -> None:
    assert cli("decode", "-", stdin=f"{HANDSHAKE}\n8000\n\n{HANDSHAKE}\n") == 2
    output = capsys.readouterr()
    assert output.out.count("supportedAppProtocolReq") == 2
    assert output.err.startswith("line 2: supportedAppProtocolReq")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("decode", "80zz"), "HEX: not hex"),
        (("decode", "809"), "HEX: not hex"),
        (("decode", "-"), "HEX: no message"),
        (("decode", "01fe90000000000210000000"), "V2GTP payload type 0x9000 is no EXI message"),
        (("decode", "01fe8001"), "the V2GTP header is cut off: it has 8 octets"),
        (("encode", "--namespace", "din"), "FILE: no message"),
        (("encode", "--namespace", "din", "/nowhere.json"), "/nowhere.json: cannot be read"),
    ],
)
def test_unusable_input(cli: Cli, arguments: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        cli(*arguments)


@pytest.mark.parametrize("octets", ["c0", "80", "80ff", "8090"])
def test_namespace_that_cannot_be_told(cli: Cli, capsys: Output, octets: str) -> None:
    assert cli("decode", octets) == 2
    assert capsys.readouterr().err.startswith("/: bit ")


def test_encode_reads_a_file_and_writes_a_header(cli: Cli, capsys: Output, tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    assert cli("decode", "--pretty", HANDSHAKE) == 0
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    assert cli("encode", "--v2gtp", str(file)) == 0
    assert capsys.readouterr().out == f"01fe800100000022{HANDSHAKE}\n"


def test_encode_names_what_is_wrong(cli: Cli) -> None:
    with pytest.raises(ConfigError, match="not JSON"):
        cli("encode", "--namespace", "din", stdin="{")
    with pytest.raises(ConfigError, match="not JSON"):
        cli("encode", "--namespace", "din", stdin="[" * 100_000)
    with pytest.raises(EncodeError, match="V2G_Message/Header: is missing"):
        cli("encode", "--namespace", "din", stdin='{"V2G_Message": {}}')
