"""`fastsecc doctor`: find out why it would not charge here, and say what to do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastsecc.errors import ConfigError

if TYPE_CHECKING:
    from fastsecc.cli.diagnosis import Finding

PROBLEM: Final = 1
"""Exit code: with this `fastsecc run` would not serve EVs as it is told to."""

EPILOG: Final = """\
Looked at are the configuration, for each connector its interface, IPv6 link-local address, modem and certificates, then
the rights of this process, real-time permission, clock and event loop. Run it as the user that the service runs as. An
EV is not disturbed: only the own modem is asked who it is.
Exit code: 0 nothing stands in the way (there may be warnings), 1 there are problems.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `doctor` to the command line."""
    parser = subparsers.add_parser("doctor", help="say what this machine lacks to serve EVs", epilog=EPILOG)
    parser.add_argument("--config", type=Path, metavar="FILE", help="YAML file, as for `fastsecc run`")
    parser.add_argument("--iface", metavar="IFACE", help="network interface towards the EV, or `auto`")
    parser.add_argument("--no-slac", action="store_true", help="as for `fastsecc run`: no modem is needed")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any option of the file")
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what was found; give the exit code."""
    import msgspec

    encode = msgspec.json.Encoder().encode
    code = 0
    for finding in _findings(args):
        print(encode(finding).decode() if args.json else _lines(finding))
        sys.stdout.flush()
        if finding.level == "problem":
            code = PROBLEM
    return code


def _findings(args: argparse.Namespace) -> Iterator[Finding]:
    from fastsecc import config as configuration
    from fastsecc.cli.diagnosis import Finding, examine

    try:
        base = configuration.load(args.config, complete=False)
        overrides = [configuration.parse_set(text) for text in args.set]
        for index in range(len(base.connectors)):
            if args.iface is not None:
                overrides.append(configuration.Override(("connectors", index, "interface"), args.iface, "--iface"))
            if args.no_slac:
                overrides.append(configuration.Override(("connectors", index, "slac", "enabled"), False, "--no-slac"))
        config = configuration.load(args.config, overrides)
    except ConfigError as error:
        yield Finding("configuration", "problem", str(error), "`fastsecc run --example-config` prints every option")
        return
    yield Finding("configuration", "ok", "the defaults" if args.config is None else str(args.config))
    yield from examine(config)


def _lines(finding: Finding) -> str:
    place = f"connector {finding.connector}: " if finding.connector is not None else ""
    line = f"{finding.level:8} {finding.check}: {place}{finding.text}"
    return f"{line}\n{'':8} -> {finding.remedy}" if finding.remedy else line
