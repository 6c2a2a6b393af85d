"""`fastsecc slac`: match EVs and nothing else; the control pilot comes on stdin, vars go to stdout."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import asyncio

    from fastsecc.charger.slac_interface import SlacInterface

CMDS: Final = {
    "enter": ("enter_bcd", {}),
    "leave": ("leave_bcd", {}),
    "reset": ("reset", {"enable": False}),
    "terminate": ("dlink_terminate", {}),
    "error": ("dlink_error", {}),
    "pause": ("dlink_pause", {}),
}
"""Lines of stdin, and the cmd that each gives."""

EPILOG: Final = """\
stdin, a line each:
  enter      the control pilot is in B, C or D: an EV is plugged in
  leave      the control pilot is in A, E or F
  reset      begin anew, with another key
  terminate  the session above has ended; `error`: failed; `pause`: paused
stdout, a JSON line each:
  {"ready": {"iface": "eth1"}}              first, and when the interface has come back
  {"state": "UNMATCHED"}                    or MATCHING, MATCHED
  {"dlink_ready": true}                     there is a data link, or it is gone
  {"ev_mac_address": "00:7D:FA:08:7C:85"}   who was matched
  {"request_error_routine": null}           take the control pilot to E or F and back
  {"error": TYPE, "message": TEXT}          a lasting fault; {"cleared": TYPE}: it is over
It ends with SIGTERM or SIGINT, or when nobody reads stdout any more; the end of stdin changes nothing.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `slac` to the command line."""
    parser = subparsers.add_parser(
        "slac", help="match EVs (SLAC alone)", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--iface", required=True, metavar="IFACE", help="network interface of the powerline modem")
    parser.add_argument("--config", type=Path, metavar="FILE", help="YAML file: the slac section of its connector")
    parser.add_argument("--log-json", action="store_true", help="log JSON lines")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="any option of the section slac, as key=value"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Match until told to stop; give the exit code.

    Raises:
        ConfigError: something that is asked for cannot be had.
    """
    import asyncio

    from fastsecc import config as configuration
    from fastsecc.cli.ev import loop_factory
    from fastsecc.cli.logs import set_up_log

    overrides = [configuration.parse_set(f"connectors.0.slac.{text}") for text in args.set]
    if args.log_json:
        overrides.append(configuration.Override(("log", "json"), True, "--log-json"))
    config = configuration.load(args.config, overrides, complete=False)
    set_up_log(config.log)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(args.iface, config))
    return 0


async def _serve(interface: str, config: Any) -> None:
    import asyncio
    import signal

    from fastsecc.charger.slac_interface import SlacInterface
    from fastsecc.net.slac_service import SlacService
    from fastsecc.net.slac_socket import require_ethernet
    from fastsecc.session import quirks

    require_ethernet(interface)
    connector = config.connectors[0]
    slac = SlacInterface(connector.name)
    loop = asyncio.get_running_loop()
    told: asyncio.Future[None] = loop.create_future()

    def end(error: Exception | None = None) -> None:
        if told.done():
            return
        if error is None:
            told.set_result(None)
        else:
            told.set_exception(error)

    def tell(line: dict[str, Any]) -> None:
        try:
            _print(line)
        except BrokenPipeError as error:  # nobody would hear of a match
            end(error)

    slac.subscribe(lambda name, value: tell({name: value}), lambda error, message: tell(_error_line(error, message)))
    settings = connector.slac.settings(quirks.active(config.session.quirks))
    service = SlacService(settings, slac, lambda: tell({"ready": {"iface": interface}}))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    stdin = _Stdin(loop, slac)
    try:
        service.start(interface)
        stdin.start()
        await told
    finally:
        stdin.stop()
        service.stop()


def _print(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


def _error_line(error: str, message: str | None) -> dict[str, Any]:
    return {"cleared": error} if message is None else {"error": error, "message": message}


class _Stdin:
    """Reads lines as they come."""

    def __init__(self, loop: asyncio.AbstractEventLoop, slac: SlacInterface) -> None:
        self._loop = loop
        self._slac = slac
        self._fd = -1
        self._rest = b""

    def start(self) -> None:
        """Begin to read, if there is anything to read from."""
        try:
            self._fd = sys.stdin.fileno()
        except (ValueError, AttributeError):  # closed
            return
        try:
            self._loop.add_reader(self._fd, self._on_readable)
        except OSError:  # a file, which is all there
            while self._fd >= 0:
                self._on_readable()

    def stop(self) -> None:
        """Read no more."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            self._fd = -1

    def _on_readable(self) -> None:
        octets = os.read(self._fd, 4096)
        if not octets:
            self.stop()
        *lines, self._rest = (self._rest + (octets or b"\n")).split(b"\n")
        for line in lines:
            self._do(line.decode(errors="replace").strip())

    def _do(self, word: str) -> None:
        import time

        if word in CMDS:
            self._slac.command(*CMDS[word], time.monotonic())
        elif word:
            print(f"fastsecc slac: {word[:40]!r} is none of {', '.join(CMDS)}", file=sys.stderr)
