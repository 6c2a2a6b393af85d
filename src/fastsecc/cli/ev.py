"""`fastsecc ev`: an EV that charges at any SECC."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastsecc.cli.choices import ENERGIES, EV_AUTHS, PROTOCOLS, choice

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import Callable

    from fastsecc.sim.ev.discovery import Link
    from fastsecc.sim.ev.machine import Ev
    from fastsecc.sim.ev.pnc_wallet import Wallet
    from fastsecc.sim.ev.settings import EvSettings
    from fastsecc.sim.plc.plug import Plug
    from fastsecc.sim.watch import Watch

NO_CHARGE: Final = 1
"""Exit code: the session did not come to its normal end."""

EPILOG: Final = """\
examples:
  fastsecc ev --iface eth1 --protocol iso2 --energy dc --cycles 50
  fastsecc ev --iface eth1 --slac tesla --protocol din
  fastsecc ev --iface eth1 --tls --pki /etc/ev/certs
  fastsecc ev --sdp-host ::1 --sdp-port 15118 --protocol din --json
  fastsecc ev --iface eth1 --protocol iso20 --energy dc-bpt --control dynamic --tls --pki /etc/ev/certs
"""
LOOPBACK: Final = "lo"
"""An interface without multicast: there the SECC is at ::1."""
CONTROLS: Final = ("scheduled", "dynamic")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `ev` to the command line."""
    parser = subparsers.add_parser(
        "ev", help="be an EV", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--iface", metavar="IFACE", help="network interface towards the charger")
    parser.add_argument(
        "--slac",
        nargs="?",
        const="standard",
        metavar="CAR",
        help="plug in with SLAC first; CAR has the habits of audi, ioniq, polestar, taycan, tesla, vw or everest's EV",
    )
    parser.add_argument(
        "--slac-profile", type=number(int, 0, 255), metavar="DB", help="say how it is heard itself: there are no modems"
    )
    parser.add_argument("--sdp-host", metavar="HOST", help="ask this IPv6 address instead of everybody on the link")
    parser.add_argument("--sdp-port", type=number(int, 1, 65535), default=15118, metavar="PORT")
    parser.add_argument("--tls", action="store_true", help="ask for TLS (1.2; iso20: 1.3), do not charge without")
    parser.add_argument(
        "--pki",
        type=Path,
        metavar="DIR",
        help="folder of certificates: its V2G roots check the charger's (--tls); iso20: its vehicle's is shown; "
        "with --auth pnc it has the contract",
    )
    parser.add_argument(
        "--auth",
        type=choice(*EV_AUTHS),
        default="eim",
        metavar="|".join(EV_AUTHS),
        help="pay externally, or by contract",
    )
    parser.add_argument(
        "--certificate", choices=("install", "update"), help="get a contract certificate first (iso20: install)"
    )
    parser.add_argument("--protocol", type=choice(*PROTOCOLS), default="iso2", metavar="|".join(PROTOCOLS))
    parser.add_argument("--energy", type=choice(*ENERGIES), default="dc", metavar="|".join(ENERGIES))
    parser.add_argument("--phases", type=int, choices=(1, 3), default=3, help="AC phases of the EV")
    parser.add_argument("--cycles", type=number(int, 1), metavar="N", help="charge-loop requests (else: until full)")
    parser.add_argument("--soc", type=number(float, 0, 100), default=20.0, metavar="PERCENT", help="state of charge")
    parser.add_argument("--target-soc", type=number(float, 0, 100), default=100.0, metavar="PERCENT")
    parser.add_argument("--time-lapse", type=number(float, 1), default=1.0, metavar="X", help="fill X times as fast")
    parser.add_argument("--think-ms", type=number(float, 0), default=100.0, metavar="MS", help="answer to next request")
    parser.add_argument("--pause", action="store_true", help="end with a pause (iso2, iso20)")
    parser.add_argument("--resume", type=session_id, metavar="ID", help="join the paused session (hexadecimal)")
    parser.add_argument("--renegotiate-after", type=number(int, 1), metavar="N", help="renegotiate then (iso2, iso20)")
    _add_iso20(parser.add_argument_group("ISO 15118-20 (N: after so many charge-loop requests)"))
    parser.add_argument("--json", action="store_true", help="JSON lines instead of text")
    parser.set_defaults(run=run)


def _add_iso20(group: argparse._ArgumentGroup) -> None:
    after = number(int, 1)
    group.add_argument("--control", type=choice(*CONTROLS), default="scheduled", metavar="|".join(CONTROLS))
    group.add_argument(
        "--mobility-needs", choices=("EVCC", "EVCC_SECC"), default="EVCC", help="who says what the EV needs by when"
    )
    group.add_argument("--pricing", choices=("none", "absolute", "levels"), help="what the charger is to say of prices")
    group.add_argument("--vas", action="store_true", help="select every value-added service that is offered")
    group.add_argument("--discharge-after", type=after, metavar="N", help="give energy back then (scheduled, -bpt)")
    group.add_argument("--discharge-cycles", type=after, default=20, metavar="N", help="and for so many (20)")
    group.add_argument("--renegotiate-service-after", type=after, metavar="N", help="choose a service anew then")
    group.add_argument("--confirm-meter-after", type=after, metavar="N", help="confirm a meter reading then")
    group.add_argument("--standby-after", type=after, metavar="N", help="go to standby then")


def number(kind: type[int] | type[float], low: float, high: float | None = None) -> Callable[[str], float]:
    """Make an argparse type for a number within limits."""

    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
        if not low <= value <= (value if high is None else high):
            limits = f"at least {low:g}" if high is None else f"from {low:g} to {high:g}"
            raise argparse.ArgumentTypeError(f"{text} is not {limits}")
        return value

    return parse


def session_id(text: str) -> bytes:
    """Read a session id, an argparse type."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not hexadecimal") from None
    if not 1 <= len(value) <= 8:
        raise argparse.ArgumentTypeError("a session id has one to eight octets")
    return value


def run(args: argparse.Namespace) -> int:
    """Charge once; give the exit code."""
    import asyncio

    from fastsecc.sim.battery import battery_for
    from fastsecc.sim.ev.machine import Ev
    from fastsecc.sim.watch import JsonWatch, TextWatch, describe

    link = _link(args)
    plug = _plug(args)
    ev = Ev(_settings(args), battery_for(args.energy, args.soc, args.time_lapse), wallet=_wallet(args))
    tls = _tls(args)
    title = f"fastsecc ev: {describe(ev.settings)}{', TLS' if tls else ''}"
    watch = (JsonWatch if args.json else TextWatch)(ev, sys.stdout, title)
    watch.begin()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_charge(ev, link, watch, tls, plug))
    watch.end(ev.result)
    return 0 if ev.result.ok else NO_CHARGE


async def _charge(ev: Ev, link: Link, watch: Watch, tls: ssl.SSLContext | None, plug: Plug | None) -> None:
    from contextlib import AsyncExitStack

    from fastsecc.errors import EvError
    from fastsecc.sim.ev.runner import charge

    try:
        async with AsyncExitStack() as plugged_in:
            if plug is not None:
                plug.on_step = watch.on_slac
                await plugged_in.enter_async_context(plug)
            await charge(ev, link, watch.on_exchange, tls)
    except EvError as error:
        ev.problem = str(error)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Choose uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        import asyncio

        return asyncio.new_event_loop
    return uvloop.new_event_loop


def _link(args: argparse.Namespace) -> Link:
    from ipaddress import IPv6Address

    from fastsecc.errors import ConfigError
    from fastsecc.sim.ev.discovery import Link

    if args.iface is None and args.sdp_host is None:
        raise ConfigError("give an interface, or a host with --sdp-host", option="--iface")
    if args.sdp_host is None and args.iface != LOOPBACK:
        return Link(args.iface, sdp_port=args.sdp_port)
    try:
        host = IPv6Address(args.sdp_host or "::1")
    except ValueError:
        raise ConfigError(f"{args.sdp_host} is no IPv6 address", option="--sdp-host") from None
    if host.is_link_local and args.iface is None:
        raise ConfigError("a link-local address needs --iface", option="--sdp-host")
    return Link(args.iface, str(host), args.sdp_port)


def _plug(args: argparse.Namespace) -> Plug | None:
    from dataclasses import replace

    from fastsecc.errors import ConfigError
    from fastsecc.sim.plc.cars import CARS
    from fastsecc.sim.plc.plug import Plug

    if args.slac is None:
        if args.slac_profile is not None:
            raise ConfigError("is of use with --slac only", option="--slac-profile")
        return None
    if args.slac not in CARS:
        raise ConfigError(f"no such car; there are: {', '.join(CARS)}", option=f"--slac {args.slac}")
    if args.iface is None:
        raise ConfigError("needs --iface", option="--slac")
    return Plug(args.iface, replace(CARS[args.slac], profile_db=args.slac_profile))


def _tls(args: argparse.Namespace) -> ssl.SSLContext | None:
    from fastsecc.errors import ConfigError

    if not args.tls:
        if args.pki is not None:
            raise ConfigError("is of use with --tls only", option="--pki")
        return None
    from fastsecc.security import layouts
    from fastsecc.sim.ev.tls import context, context_iso20

    roots = () if args.pki is None else layouts.v2g_roots(args.pki)
    if args.protocol != "iso20":
        return context(roots)
    return context_iso20(roots, None if args.pki is None else layouts.vehicle(args.pki))


def _wallet(args: argparse.Namespace) -> Wallet | None:
    from fastsecc.errors import ConfigError

    if args.auth == "eim":
        return None
    if args.pki is None or not args.tls:
        raise ConfigError("pnc needs TLS, and a folder with the contract (options --tls and --pki)", option="--auth")
    from fastsecc.sim.ev import pnc_wallet

    return pnc_wallet.for_protocol(args.pki, args.protocol)


def _settings(args: argparse.Namespace) -> EvSettings:
    from fastsecc.sim.ev.settings import EvSettings

    return EvSettings(
        protocol=args.protocol,
        energy=args.energy,
        auth=args.auth,
        certificate=args.certificate,
        cycles=args.cycles,
        target_soc_percent=args.target_soc,
        think_s=args.think_ms / 1000,
        pause=args.pause,
        resume_session_id=args.resume,
        renegotiate_after_cycles=args.renegotiate_after,
        ac_phases=args.phases,
        control=args.control,
        mobility_needs=args.mobility_needs,
        pricing=args.pricing,
        value_added_services=args.vas,
        discharge_after_cycles=args.discharge_after,
        discharge_cycles=args.discharge_cycles,
        renegotiate_service_after_cycles=args.renegotiate_service_after,
        confirm_meter_after_cycles=args.confirm_meter_after,
        standby_after_cycles=args.standby_after,
    )
