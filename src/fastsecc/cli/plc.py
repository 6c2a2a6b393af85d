"""`fastsecc plc`: be the powerline between chargers and EVs, modems included, for a bench without them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from fastsecc.cli.ev import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastsecc.sim.plc.medium import Medium

EPILOG: Final = """\
Each interface leads to one host, a charger's or an EV's, which sits behind its simulated modem; between modems that
have the same key all other traffic passes. One line is printed when all interfaces are open: ready
faults: KIND:MESSAGE[:FIRST[-LAST]], KIND is lost, doubled or late[=SECONDS]; messages are counted from 1 on
examples:
  fastsecc plc --evse veth-a --ev veth-b
  fastsecc plc --evse a1 --evse a2 --ev b1 --attenuation b1:a2=35 --fault lost:CM_SLAC_MATCH.CNF
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `plc` to the command line."""
    parser = subparsers.add_parser(
        "plc", help="be powerline modems", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--evse", action="append", required=True, metavar="IFACE", help="towards a charger")
    parser.add_argument("--ev", action="append", required=True, metavar="IFACE", help="towards an EV")
    parser.add_argument("--fault", action="append", default=[], metavar="FAULT", help="what goes wrong")
    parser.add_argument(
        "--attenuation", action="append", default=[], metavar="A:B=DB", help="between two interfaces' modems; off: none"
    )
    parser.add_argument(
        "--join-ms", type=number(float, 0), default=100.0, metavar="MS", help="how long modems take to find each other"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry frames until told to stop; give the exit code.

    Raises:
        ConfigError: an interface, fault or attenuation cannot be used.
    """
    import asyncio

    from fastsecc.cli.ev import loop_factory
    from fastsecc.cli.logs import set_up_log
    from fastsecc.config import LogConfig

    set_up_log(LogConfig(level="warning"))
    medium = _medium(args)
    interfaces = {name: name for name in medium.modems}
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(medium, interfaces))
    return 0


def _medium(args: argparse.Namespace) -> Medium:
    from fastsecc.sim.plc.faults import parse_fault
    from fastsecc.sim.plc.medium import Medium
    from fastsecc.sim.plc.modem import Modem

    medium = Medium(parse_fault(text) for text in args.fault)
    for evse, names in ((True, args.evse), (False, args.ev)):
        for name in names:
            medium.add(Modem(name, evse=evse, join_s=args.join_ms / 1000))
    for text in args.attenuation:
        _attenuate(medium, text)
    return medium


def _attenuate(medium: Medium, text: str) -> None:
    from fastsecc.errors import ConfigError

    pair, _, value = text.partition("=")
    one, _, other = pair.partition(":")
    if one not in medium.modems or other not in medium.modems:
        raise ConfigError("expected two of the interfaces, as A:B=DB", option=f"--attenuation {text}")
    try:
        db = None if value == "off" else float(value)
    except ValueError:
        raise ConfigError("expected decibels, or off", option=f"--attenuation {text}") from None
    if db is not None and not 0 <= db <= 255:
        raise ConfigError("expected 0 to 255 dB", option=f"--attenuation {text}")
    medium.attenuate(one, other, db)


async def _serve(medium: Medium, interfaces: Mapping[str, str]) -> None:
    import asyncio
    import signal

    from fastsecc.sim.plc.powerline import Powerline

    told = asyncio.Event()
    for number_ in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number_, told.set)
    powerline = Powerline(medium, interfaces)
    powerline.start()
    try:
        print("ready", flush=True)
        await told.wait()
    finally:
        powerline.stop()
