"""`fastsecc run`: be the charger's side for every EV that connects."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fastsecc.cli.choices import AUTHS, ENERGIES, choice

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from fastsecc.charger.charger import Charger
    from fastsecc.config import Config, Override
    from fastsecc.net.connector import Endpoint

STDOUT = 1

EPILOG = """\
Without --config one connector with a simulated charger is served. When an EV can connect, one line is printed for each
connector: ready iface=IFACE sdp=[ADDRESS]:PORT tcp=[ADDRESS%IFACE]:PORT tls=off
With TLS, tls= is followed by its address and port, and tcp=off says that there is no other.
SIGTERM ends running sessions in order; SIGHUP reads certificates and keys again.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `run` to the command line."""
    parser = subparsers.add_parser("run", help="serve EVs", epilog=EPILOG)
    parser.add_argument("--config", type=Path, metavar="FILE", help="YAML file")
    parser.add_argument("--iface", metavar="IFACE", help="network interface towards the EV, or `auto`")
    parser.add_argument("--no-slac", action="store_true", help="take the data link to the EV as there, without SLAC")
    parser.add_argument(
        "--energy", type=choice(*ENERGIES), metavar="|".join(ENERGIES), help="what the simulated charger offers"
    )
    parser.add_argument(
        "--tls", choices=("off", "allow", "force"), help="plain TCP only, TLS for EVs that ask for it, or TLS only"
    )
    parser.add_argument("--pki", metavar="DIR", help="folder of certificates and keys, for TLS")
    parser.add_argument(
        "--auth",
        type=choice(*AUTHS),
        metavar="|".join(AUTHS),
        help="how it is paid: externally, by a contract that the EV brings (over TLS), or either",
    )
    parser.add_argument("--allow-plain-iso20", action="store_true", help="for tests: ISO 15118-20 without TLS 1.3, too")
    parser.add_argument("--control-socket", metavar="PATH", help="open a control socket for `fastsecc ctl`")
    parser.add_argument(
        "--loop", choices=("auto", "uvloop", "asyncio"), help="event loop (auto: uvloop if there is one)"
    )
    parser.add_argument("--log-json", action="store_true", help="log JSON lines")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="any option of the file, as section.key=value"
    )
    parser.add_argument("--example-config", action="store_true", help="print a file with every option and its default")
    parser.add_argument("--example-unit", action="store_true", help="print a systemd unit that runs this program")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until told to stop; give the exit code."""
    if args.example_config:
        print(_data("fastsecc.yaml"), end="")
        return 0
    if args.example_unit:
        print(
            _data("fastsecc.service").replace("/usr/bin/fastsecc", str(Path(sys.executable).with_name("fastsecc"))),
            end="",
        )
        return 0
    return _serve(args)


def _data(name: str) -> str:
    from importlib.resources import files

    return (files("fastsecc") / "data" / name).read_text(encoding="utf-8")


def _serve(args: argparse.Namespace) -> int:
    import asyncio

    from fastsecc.cli.logs import set_up_log
    from fastsecc.errors import InterfaceError
    from fastsecc.net import realtime
    from fastsecc.net.secc import Secc

    config = _config(args)
    set_up_log(config.log)
    secc = Secc(config, _Announcer())
    realtime.prepare(config)
    with asyncio.Runner(loop_factory=_loop_factory(config)) as runner:
        try:
            runner.run(secc.run())
        except InterfaceError as error:  # all others are waited for
            raise InterfaceError(error.interface, f"{error.reason}; --no-slac charges without SLAC") from None
    return 0


def _config(args: argparse.Namespace) -> Config:
    from fastsecc import config

    base = config.load(args.config, complete=False)
    overrides: list[Override] = []
    if args.iface is not None:
        if len(base.connectors) > 1:
            from fastsecc.errors import ConfigError

            raise ConfigError(f"{args.config} has {len(base.connectors)} connectors: say it there", option="--iface")
        overrides.append(config.Override(("connectors", 0, "interface"), args.iface, "--iface"))
    of_every_connector = {
        ("simulator", "energy"): args.energy,
        ("simulator", "auth"): args.auth,
        ("tls",): args.tls,
        ("pki",): args.pki,
    }
    for path, value in of_every_connector.items():
        for index in range(len(base.connectors) if value is not None else 0):
            overrides.append(config.Override(("connectors", index, *path), value, f"--{path[-1]}"))
    if args.no_slac:
        slac_off = (("connectors", index, "slac", "enabled") for index in range(len(base.connectors)))
        overrides.extend(config.Override(path, False, "--no-slac") for path in slac_off)
    if args.allow_plain_iso20:
        overrides.append(config.Override(("session", "allow_plain_iso20"), True, "--allow-plain-iso20"))
    if args.control_socket is not None:
        overrides.append(config.Override(("control", "socket"), args.control_socket, "--control-socket"))
    if args.loop is not None:
        overrides.append(config.Override(("loop",), args.loop, "--loop"))
    if args.log_json:
        overrides.append(config.Override(("log", "json"), True, "--log-json"))
    overrides.extend(config.parse_set(text) for text in args.set)
    return config.load(args.config, overrides)


def _loop_factory(config: Config) -> Callable[[], asyncio.AbstractEventLoop]:
    import asyncio

    if config.loop == "asyncio":
        return asyncio.new_event_loop
    try:
        import uvloop
    except ImportError:
        if config.loop == "uvloop":
            from fastsecc.errors import ConfigError

            raise ConfigError("uvloop is not installed", option="loop") from None
        return asyncio.new_event_loop
    return uvloop.new_event_loop


class _Announcer:
    """Prints the line that others wait for, once for each connector."""

    def __init__(self) -> None:
        self._announced: set[str] = set()

    def __call__(self, charger: Charger, endpoint: Endpoint) -> None:
        if charger.connector in self._announced:
            return
        self._announced.add(charger.connector)
        with contextlib.suppress(OSError):  # nobody has to read it
            os.write(STDOUT, f"ready {endpoint}\n".encode())
