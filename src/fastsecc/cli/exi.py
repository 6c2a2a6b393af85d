"""`fastsecc exi`: read and write EXI messages by hand."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fastsecc.errors import CodecError, ConfigError, DecodeError
from fastsecc.messages.namespaces import NAMESPACES

if TYPE_CHECKING:
    from fastsecc.exi import Decoded

V2GTP_HEADER = bytes.fromhex("01fe")
"""Protocol version 1 and its inverse; no EXI message begins so."""
V2GTP_HEADER_SIZE = 8

HEX_DIGITS = frozenset(b"0123456789abcdefABCDEF")
HEX_FILLING = frozenset(b" \t\r\n:,xX")
"""What people leave between the digits when they copy them from elsewhere."""

DECODE_HELP = """\
HEX may hold spaces, colons and 0x; `-` reads standard input, hex with a message a line, or one message as raw octets.
Deviations from the schema are named on standard error. Exit code 2: not all messages could be decoded.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `exi` to the command line."""
    parser = subparsers.add_parser("exi", help="decode and encode EXI messages")
    commands = parser.add_subparsers(dest="exi_command", required=True, metavar="decode|encode")
    decode = commands.add_parser("decode", help="EXI to JSON or XML", epilog=DECODE_HELP)
    decode.add_argument("hex", nargs="+", metavar="HEX|-", help="the message, with or without its V2GTP header")
    decode.add_argument("--xml", action="store_true", help="print XML")
    decode.add_argument("--pretty", action="store_true", help="indent the JSON")
    encode = commands.add_parser("encode", help="JSON to EXI")
    encode.add_argument("file", nargs="?", default="-", metavar="FILE|-", help="JSON, one or more messages")
    encode.add_argument("--v2gtp", action="store_true", help="put a V2GTP header in front")
    for command in (decode, encode):
        command.add_argument(
            "--namespace", choices=NAMESPACES, help="told by the message or its V2GTP header where it can be"
        )
        command.add_argument("--fragment", action="store_true", help="use the fragment grammar, as signatures do")
        command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do what the command line says; give the exit code."""
    return _decode(args) if args.exi_command == "decode" else _encode(args)


def _decode(args: argparse.Namespace) -> int:
    if args.fragment and args.namespace is None:
        raise ConfigError("needs --namespace", option="--fragment")
    code = 0
    for name, data in _messages(args.hex):
        try:
            _print_decoded(data, name, args)
        except CodecError as error:
            print(f"{name}{error}", file=sys.stderr)
            code = 2
    return code


def _print_decoded(data: bytes, name: str, args: argparse.Namespace) -> None:
    from fastsecc.exi import to_json, to_xml

    decoded = _decoded(data, name, args)
    for deviation in decoded.deviations:
        _warn(name, f"{deviation.path or '/'}: bit {deviation.bit}: {deviation.what}")
    print(to_xml(decoded.message) if args.xml else to_json(decoded.message, pretty=args.pretty))


def _decoded(data: bytes, name: str, args: argparse.Namespace) -> Decoded:
    from fastsecc.exi import decode_flagged
    from fastsecc.exi.detect import detect

    exi, told = _without_header(data, name)
    namespace = args.namespace or told or detect(exi)
    try:
        return decode_flagged(exi, namespace, fragment=args.fragment)
    except DecodeError as error:
        if args.namespace or told:
            raise
        hint = f"{error.reason} (taken for {namespace}; name another with --namespace)"
        raise DecodeError(error.path, error.bit, hint) from None


def _without_header(data: bytes, name: str) -> tuple[bytes, str | None]:
    """Take the V2GTP header off, if there is one; give the namespace that its payload type tells."""
    from fastsecc.messages import payload_types

    if not data.startswith(V2GTP_HEADER):
        return data, None
    payload_type = int.from_bytes(data[2:4], "big")
    length = int.from_bytes(data[4:V2GTP_HEADER_SIZE], "big")
    payload = data[V2GTP_HEADER_SIZE:]
    if len(data) < V2GTP_HEADER_SIZE:
        raise ConfigError(f"{name}the V2GTP header is cut off: it has {V2GTP_HEADER_SIZE} octets", option="HEX")
    if not payload_types.is_exi(payload_type):
        raise ConfigError(f"{name}V2GTP payload type 0x{payload_type:04x} is no EXI message", option="HEX")
    if length != len(payload):
        _warn(name, f"the V2GTP header says {length} octets, {len(payload)} follow")
    return payload[:length], payload_types.namespace_of(payload_type)


def _messages(arguments: list[str]) -> Iterator[tuple[str, bytes]]:
    """Give each message of the command line with a prefix that names it where there are several."""
    if arguments == ["-"]:
        given = sys.stdin.buffer.read()
        if not set(given) <= HEX_DIGITS | HEX_FILLING:
            yield "", given
            return
        text = given.decode()
    else:
        text = " ".join(arguments)
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise ConfigError("no message", option="HEX")
    for number, line in lines:
        name = f"line {number}: " if len(lines) > 1 else ""
        yield name, _octets(line, name)


def _octets(text: str, name: str) -> bytes:
    try:
        return bytes.fromhex(re.sub("0x|[:,]", "", text.lower()))
    except ValueError as error:
        raise ConfigError(f"{name}not hex: {error}", option="HEX") from None


def _encode(args: argparse.Namespace) -> int:
    from fastsecc.exi import encode
    from fastsecc.exi.json_view import from_tree
    from fastsecc.messages.payload_types import payload_type_of

    for tree in _trees(_read(args.file)):
        message = from_tree(tree, args.namespace)
        exi = encode(message, fragment=args.fragment, namespace=None if args.fragment else args.namespace)
        header = V2GTP_HEADER + payload_type_of(message).to_bytes(2, "big") + len(exi).to_bytes(4, "big")
        print(((header if args.v2gtp else b"") + exi).hex())
    return 0


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=Path(file)) from None


def _trees(text: str) -> Iterator[object]:
    """Split JSON documents that follow one another."""
    decoder = json.JSONDecoder()
    rest = text.strip()
    if not rest:
        raise ConfigError("no message", option="FILE")
    while rest:
        try:
            tree, end = decoder.raw_decode(rest)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"not JSON: {error}", option="FILE") from None
        yield tree
        rest = rest[end:].lstrip()


def _warn(name: str, text: str) -> None:
    print(f"warning: {name}{text}", file=sys.stderr)
