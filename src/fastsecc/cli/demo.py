"""`fastsecc demo`: a SECC and an EV in one process, a whole charging session live in the terminal."""

from __future__ import annotations

import argparse
import sys

from fastsecc.cli.choices import ENERGIES, EV_AUTHS, PROTOCOLS, choice
from fastsecc.cli.ev import CONTROLS, NO_CHARGE, loop_factory, number


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `demo` to the command line."""
    parser = subparsers.add_parser("demo", help="watch a charging session, charger and EV in one process")
    parser.add_argument("--protocol", type=choice(*PROTOCOLS), default="iso2", metavar="|".join(PROTOCOLS))
    parser.add_argument(
        "--energy", type=choice(*ENERGIES), metavar="|".join(ENERGIES), default="dc", help="bpt: discharges, too"
    )
    parser.add_argument(
        "--control",
        type=choice(*CONTROLS),
        default="scheduled",
        metavar="|".join(CONTROLS),
        help="who says how much flows: the EV within a schedule, or the charger (iso20)",
    )
    parser.add_argument(
        "--auth",
        type=choice(*EV_AUTHS),
        default="eim",
        metavar="|".join(EV_AUTHS),
        help="how it is paid: externally, or by contract (Plug & Charge; over TLS)",
    )
    parser.add_argument(
        "--tls", action="store_true", help="over TLS, with certificates made for the occasion; iso20 always is (1.3)"
    )
    parser.add_argument("--allow-plain-iso20", action="store_true", help="but not with this, for tests")
    parser.add_argument("--cycles", type=number(int, 1), metavar="N", help="charge-loop requests")
    parser.add_argument("--think-ms", type=number(float, 0), default=100.0, metavar="MS", help="the EV's time to think")
    parser.add_argument("--json", action="store_true", help="JSON lines instead of text")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show a session; give the exit code.

    Raises:
        ConfigError: the protocol does not know the kind of energy.
    """
    import asyncio
    from contextlib import ExitStack
    from dataclasses import replace

    from fastsecc.cli.logs import set_up_log
    from fastsecc.config import LogConfig
    from fastsecc.errors import InterfaceError
    from fastsecc.sim.demo import CYCLES, Demo, show
    from fastsecc.sim.plc import network

    set_up_log(LogConfig(level="warning"))
    demo = Demo(
        args.protocol,
        args.energy,
        args.cycles or CYCLES,
        args.think_ms / 1000,
        tls=args.tls or args.auth == "pnc" or (args.protocol == "iso20" and not args.allow_plain_iso20),
        control=args.control,
        auth=args.auth,
    )
    with ExitStack() as stack:
        try:
            stack.enter_context(network.charger_and_car())
            demo = replace(demo, slac=True)
        except InterfaceError as refusal:
            demo = replace(demo, why_no_slac=refusal.reason)
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            ok = runner.run(show(demo, sys.stdout, as_json=args.json))
    return 0 if ok else NO_CHARGE
