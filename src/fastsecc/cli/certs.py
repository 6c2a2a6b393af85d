"""`fastsecc certs`: make a test PKI, explain certificates, serve and fetch OCSP responses."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from fastsecc.cli.ev import number

KINDS: Final = ("P-256", "P-521", "Ed448")
LAYOUTS: Final = ("everest", "test", "both")
ROLES: Final = ("charger", "contract", "vehicle", "provisioning")
WRONG: Final = 1
"""Exit code: a certificate is not in order, or there is no OCSP response for it."""
DEFAULT_DAYS: Final = 90
MAX_DAYS: Final = 36_500
DEFAULT_PORT: Final = 2560
MAX_PORT: Final = 65_535

EPILOG: Final = """\
examples:
  fastsecc certs new pki                                    everything that Plug & Charge needs, to throw away
  fastsecc certs check pki                                  what is in a folder, and whether it is in order
  fastsecc certs check chain.pem --roots pki --role contract
  fastsecc certs ocsp serve pki --revoke 5a3c               answer for the certificates of a test PKI
  fastsecc certs ocsp fetch pki                             get the charger's staples from their responders

exit code: 0 all is well, 1 something is not in order, 2 a file or an option cannot be used.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `certs` to the command line."""
    parser = subparsers.add_parser(
        "certs",
        help="make a test PKI, explain certificates, serve and fetch OCSP responses",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_new(commands)
    _add_check(commands)
    ocsp = commands.add_parser("ocsp", help="serve or fetch OCSP responses").add_subparsers(
        required=True, metavar="COMMAND"
    )
    _add_serve(ocsp)
    _add_fetch(ocsp)


def _add_new(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    new = commands.add_parser("new", help="make a complete test PKI")
    new.add_argument("folder", type=Path, metavar="DIR", help="is made; must be empty if it is there")
    new.add_argument(
        "--kind",
        action="append",
        choices=KINDS,
        metavar="KIND",
        help=f"of keys: {', '.join(KINDS)}; more than once; all",
    )
    new.add_argument(
        "--layout", choices=LAYOUTS, default="everest", help="EVerest's, the usual test certificates', both"
    )
    new.add_argument(
        "--days",
        type=number(int, 1, MAX_DAYS),
        default=DEFAULT_DAYS,
        metavar="N",
        help=f"how long it is valid ({DEFAULT_DAYS})",
    )
    new.add_argument(
        "--ocsp-url", type=_url, metavar="URL", help=f"of the OCSP responder (http://127.0.0.1:{DEFAULT_PORT})"
    )
    new.set_defaults(run=run_new)


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser("check", help="explain a folder of certificates, or a chain in a PEM file")
    check.add_argument("path", type=Path, metavar="PATH")
    check.add_argument("--roots", type=Path, metavar="DIR", help="folder whose roots a chain may lead to")
    check.add_argument("--role", choices=ROLES, help="what a chain is for; else its domain component tells")
    check.set_defaults(run=run_check)


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    serve = commands.add_parser("serve", help="answer OCSP requests about the certificates of a test PKI")
    serve.add_argument("folder", type=Path, metavar="DIR")
    serve.add_argument("--address", default="127.0.0.1", metavar="ADDRESS", help="where to listen (127.0.0.1)")
    serve.add_argument(
        "--port",
        type=number(int, 0, MAX_PORT),
        default=DEFAULT_PORT,
        metavar="N",
        help=f"0: any that is free ({DEFAULT_PORT})",
    )
    serve.add_argument(
        "--revoke", action="append", default=[], type=_serial, metavar="SERIAL", help="in hex; more than once"
    )
    serve.set_defaults(run=run_serve)


def _add_fetch(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    fetch = commands.add_parser("fetch", help="get OCSP responses for the charger's chains, to be stapled")
    fetch.add_argument("folder", type=Path, metavar="DIR")
    fetch.set_defaults(run=run_fetch)


def run_new(args: argparse.Namespace) -> int:
    """Make a test PKI."""
    from fastsecc.errors import ConfigError
    from fastsecc.sim import test_pki

    folder: Path = args.folder
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ConfigError("is there already, and not an empty folder", file=folder)
        folder.mkdir(parents=True, exist_ok=True)
        url = args.ocsp_url or test_pki.OCSP_URL
        made = [test_pki.build(kind, days=args.days, ocsp_url=url) for kind in dict.fromkeys(args.kind or KINDS)]
        if args.layout != "test":
            test_pki.write_everest(folder, made)
        for pki in made if args.layout != "everest" else ():
            test_pki.write_test_certificates(folder, pki)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=folder) from None
    print(f"{folder}: a PKI to throw away, valid for {args.days} days; nobody guards its keys")
    for pki in made:
        print(f"  {pki.kind}: roots V2G, MO, OEM; charger, provisioning service, vehicle {test_pki.PCID},")
        print(
            f"  {' ' * len(pki.kind)}  contract {test_pki.EMAID}, OCSP responders of {len(pki.responders)} authorities"
        )
    return 0


def run_check(args: argparse.Namespace) -> int:
    """Explain certificates."""
    from fastsecc.cli import certs_check

    findings = certs_check.explain(args.path, args.roots, args.role)
    for finding in findings:
        print(finding.text)
    return WRONG if any(finding.wrong for finding in findings) else 0


def run_serve(args: argparse.Namespace) -> int:
    """Answer OCSP requests until interrupted."""
    from fastsecc.sim.backend_ocsp import OcspResponder, OcspServer

    with OcspServer((args.address, args.port), OcspResponder(args.folder, args.revoke)) as server:
        print(f"ready ocsp=http://{args.address}:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


def run_fetch(args: argparse.Namespace) -> int:
    """Get OCSP responses."""
    from datetime import UTC, datetime

    from fastsecc.security.fetching import fetch

    fetched = fetch(args.folder, datetime.now(UTC))
    for one in fetched:
        print(f"{one.certificate}: {one.reason}{f', in {one.path}' if one.path else ''}")
    return WRONG if any(one.path is None for one in fetched) else 0


def _url(text: str) -> str:
    if not text.isascii():
        raise argparse.ArgumentTypeError(f"{text!r} is not ASCII, as addresses in certificates are")
    return text


def _serial(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not hexadecimal") from None
