"""`fastsecc demo`: a SECC and an EV in one process, a whole charging session live in the terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any, Final

from fastsecc.cli.ev import NO_CHARGE, loop_factory, number

LATER: Final = {
    "iso20": "ISO 15118-20",
    "pnc": "Plug & Charge",
    "dc-bpt": "bidirectional charging",
    "ac-bpt": "bidirectional charging",
}
"""Choices of the command line that later versions will have."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `demo` to the command line."""
    parser = subparsers.add_parser("demo", help="watch a charging session, charger and EV in one process")
    parser.add_argument("--protocol", type=choice("din", "iso2"), default="iso2", metavar="din|iso2")
    parser.add_argument("--energy", type=choice("dc", "ac"), metavar="dc|ac", default="dc")
    parser.add_argument("--auth", type=choice("eim"), default="eim", metavar="eim", help="how it is paid: externally")
    parser.add_argument("--tls", action=_NotYet, nargs=0, help=argparse.SUPPRESS)
    parser.add_argument("--cycles", type=number(int, 1), metavar="N", help="charge-loop requests")
    parser.add_argument("--think-ms", type=number(float, 0), default=100.0, metavar="MS", help="the EV's time to think")
    parser.add_argument("--json", action="store_true", help="JSON lines instead of text")
    parser.set_defaults(run=run)


def choice(*known: str) -> Callable[[str], str]:
    """Make an argparse type for one of some words, which tells unknown words from those of later versions."""

    def parse(text: str) -> str:
        if text in known:
            return text
        if text in LATER:
            raise argparse.ArgumentTypeError(f"this version does not have {LATER[text]} ({text}) yet")
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(known)}")

    return parse


class _NotYet(argparse.Action):
    """An option of later versions."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        parser.error("argument --tls: this version does not have TLS yet")


def run(args: argparse.Namespace) -> int:
    """Show a session; give the exit code.

    Raises:
        ConfigError: the protocol does not know the kind of energy.
    """
    import asyncio

    from fastsecc.cli.logs import set_up_log
    from fastsecc.config import LogConfig
    from fastsecc.sim.demo import CYCLES, Demo, show

    set_up_log(LogConfig(level="warning"))
    demo = Demo(args.protocol, args.energy, args.cycles or CYCLES, args.think_ms / 1000)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        ok = runner.run(show(demo, sys.stdout, as_json=args.json))
    return 0 if ok else NO_CHARGE
