"""The command line: finds the subcommand, runs it, and shows a user's mistake as one line."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final

from fastsecc import __version__
from fastsecc.errors import FastSeccError

COMMANDS: Final = {
    "run": "fastsecc.cli.run",
    "ctl": "fastsecc.cli.ctl",
    "slac": "fastsecc.cli.slac",
    "exi": "fastsecc.cli.exi",
    "ev": "fastsecc.cli.ev",
    "plc": "fastsecc.cli.plc",
    "demo": "fastsecc.cli.demo",
    "replay": "fastsecc.cli.replay",
    "doctor": "fastsecc.cli.doctor",
    "certs": "fastsecc.cli.certs",
}
"""Subcommands and their modules: `add_parser(subparsers)`, and what they need only when they run."""

MISTAKE: Final = 2
"""Exit code: the user can mend it."""
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141
STDERR: Final = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; give the exit code."""
    _keep_standard_streams()
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        args = _parser(arguments).parse_args(arguments)
        code: int = args.run(args)
        sys.stdout.flush()
    except FastSeccError as error:
        print(f"fastsecc: {error}", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has gone; the interpreter must not find out again when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    return code


def _keep_standard_streams() -> None:
    """Let nothing else become descriptor 0, 1 or 2 where one was closed: uvloop aborts when it is to close these."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        pass
    os.close(fd)


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fastsecc", description="The charger's side of ISO 15118 and DIN SPEC 70121.")
    parser.add_argument("--version", action="version", version=f"fastsecc {__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    named = [name for name in arguments[:1] if name in COMMANDS]
    for name in named or COMMANDS:
        importlib.import_module(COMMANDS[name]).add_parser(subparsers)
    return parser
