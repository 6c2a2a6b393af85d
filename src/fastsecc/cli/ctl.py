"""`fastsecc ctl`: give cmds to a running charger and hear its vars, over the control socket."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping


REPLY_TIMEOUT_s: Final = 5.0

REFUSED: Final = 1
"""Exit code: the charger refused the request, or a followed connection was lost."""
UNUSABLE: Final = 2
"""Exit code: nobody listens, or the command line makes no sense."""

EXAMPLES = """\
examples:
  fastsecc ctl authorization_response authorization_status=Accepted certificate_status=NoCertificateAvailable
  fastsecc ctl update_dc_present_values '{"present_voltage_current": {"evse_present_voltage": 400}}'
  fastsecc ctl setup evse_id.evse_id=DE*ABC*E1234 sae_j2847_mode=None debug_mode=false
  fastsecc ctl --follow
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `ctl` to the command line."""
    parser = subparsers.add_parser(
        "ctl",
        help="give cmds to a running charger and hear its vars",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--socket", type=Path, metavar="PATH", help="control socket of `fastsecc run`")
    parser.add_argument("--connector", metavar="NAME", help="which connector; may be left out where there is one")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--follow", action="store_true", help="print every var as a JSON line, until interrupted")
    what.add_argument("--status", action="store_true", help="print the newest value of every var")
    what.add_argument("--list", action="store_true", help="print all cmds with their arguments, and all vars")
    parser.add_argument("cmd", nargs="?", metavar="CMD", help="the cmd")
    parser.add_argument("args", nargs="*", metavar="ARG", help="a JSON object, or member=value (dotted path, JSON)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do what the command line says; give the exit code."""
    from fastsecc.errors import ConfigError

    try:
        if args.list:
            return _list()
        if args.cmd is None and not (args.follow or args.status):
            raise ConfigError("give a CMD, --follow, --status or --list", option="ctl")
        if args.cmd is not None and (args.follow or args.status):
            raise ConfigError("takes no CMD", option="--follow" if args.follow else "--status")
        request = _request(args)
        with _connect(args.socket) as connection:
            return _follow(connection, request) if args.follow else _ask(connection, request)
    except ConfigError as error:
        print(f"fastsecc ctl: {error}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        return 0


def parse_arguments(words: list[str]) -> dict[str, Any]:
    """Make a cmd's arguments of JSON objects and `member=value` words.

    Raises:
        ConfigError: a word that is neither, or that contradicts one before.
    """
    from fastsecc.errors import ConfigError

    arguments: dict[str, Any] = {}
    for word in words:
        path, is_member, text = word.partition("=")
        if word.lstrip().startswith("{"):
            value = _json_or_text(word)
            if not isinstance(value, dict):
                raise ConfigError("is no JSON object", option=word)
            arguments.update(value)
        elif is_member and path:
            _put(arguments, path, _json_or_text(text))
        else:
            raise ConfigError("is neither a JSON object nor member=value", option=word)
    return arguments


def _put(arguments: dict[str, Any], path: str, value: Any) -> None:
    from fastsecc.errors import ConfigError

    *parents, last = path.split(".")
    for name in parents:
        arguments = arguments.setdefault(name, {})
        if not isinstance(arguments, dict):
            raise ConfigError(f"{name} has a value already", option=path)
    arguments[last] = value


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return text


def _no_json(constant: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads and no JSON has."""
    raise ValueError(constant)


def _request(args: argparse.Namespace) -> dict[str, Any]:
    request: dict[str, Any] = {"connector": args.connector} if args.connector else {}
    if args.follow:
        return request | {"follow": True}
    if args.status:
        return request | {"status": True}
    return request | {"cmd": args.cmd, "args": parse_arguments(args.args)}


def _connect(path: Path | None) -> socket.socket:
    import os
    import socket

    from fastsecc.adapters.control import default_socket_path
    from fastsecc.errors import ConfigError

    path = default_socket_path() if path is None else path
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(REPLY_TIMEOUT_s)
    try:
        connection.connect(os.fspath(path))
    except OSError as error:
        connection.close()
        raise ConfigError(f"nobody listens on {path}: {error.strerror or error}; is `fastsecc run` up?") from None
    return connection


def _lines(connection: socket.socket, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Send the request and give every line that comes."""
    from fastsecc.errors import ConfigError

    try:
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("r", encoding="utf-8") as stream:
            for line in stream:
                yield json.loads(line)
    except TimeoutError:
        raise ConfigError(f"no answer within {REPLY_TIMEOUT_s:g} s", option="control socket") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"the connection broke: {error}", option="control socket") from None


def _ask(connection: socket.socket, request: dict[str, Any]) -> int:
    reply = next(_lines(connection, request), None)
    if reply is None:
        return _complain("the connection was closed without an answer")
    if not reply.get("ok"):
        return _complain(str(reply.get("error")))
    print(json.dumps(reply["result"], indent=2 if request.get("status") else None))
    return 0


def _follow(connection: socket.socket, request: dict[str, Any]) -> int:
    lines = _lines(connection, request)
    reply = next(lines, None)
    if reply is None or not reply.get("ok"):
        return _complain("the connection was closed" if reply is None else str(reply.get("error")))
    connection.settimeout(None)
    for line in lines:
        if "dropped" in line:
            return _complain(f"dropped: {line['dropped']}")
        print(json.dumps(line), flush=True)
    return 0


def _complain(reason: str) -> int:
    print(f"fastsecc ctl: {reason}", file=sys.stderr)
    return REFUSED


def _list() -> int:
    from fastsecc.charger import extensions, slac_interface
    from fastsecc.charger.commands import COMMANDS
    from fastsecc.charger.slac_interface import SLAC
    from fastsecc.charger.variables import VARIABLES

    results = {name: command.result is bool for name, command in COMMANDS.items()}
    _print_interface("", {name: command.arguments for name, command in COMMANDS.items()}, VARIABLES, results)
    print()
    arguments = {name: command.arguments for name, command in extensions.COMMANDS.items()}
    _print_interface(" of extensions", arguments, extensions.VARIABLES)
    print()
    slac_cmds = {SLAC + name: arguments for name, arguments in slac_interface.COMMANDS.items()}
    _print_interface(" of SLAC", slac_cmds, {SLAC + name: kind for name, kind in slac_interface.VARIABLES.items()})
    return 0


def _print_interface(
    of: str, commands: Mapping[str, Any], variables: Mapping[str, Any], results: Mapping[str, bool] | None = None
) -> None:
    """Print cmds with their arguments' classes, those with a result marked, and vars with their types."""
    print(f"{len(commands)} {'cmd' if len(commands) == 1 else 'cmds'}{of}")
    for name, arguments in commands.items():
        _print_cmd(name + " -> true | false" * (results or {}).get(name, False), arguments)
    print(f"\n{len(variables)} vars{of}")
    for name, kind in variables.items():
        _print_var(name, kind)


def _print_cmd(name: str, arguments: Any) -> None:
    from fastsecc.charger.describe import members

    print(f"  {name}")
    _print_members(members(arguments))


def _print_var(name: str, kind: Any) -> None:
    from fastsecc.charger.describe import members

    rows = members(kind)
    plain = rows[0][1] if rows and rows[0][0] == "" else ""
    print(f"  {name}{'  ' + plain if plain else ''}")
    _print_members([] if plain else rows)


def _print_members(rows: list[tuple[str, str]]) -> None:
    width = max((len(path) for path, _ in rows), default=0)
    for path, what in rows:
        print(f"    {path:{width}}  {what}")
