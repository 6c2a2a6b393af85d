"""The control socket: any program can be the other side of the charger interface, in JSON lines over a Unix socket.

A request is one line:
  {"cmd": NAME, "args": {...}, "connector": NAME}   -> {"ok": true, "result": ...}
  {"status": true, "connector": NAME}               -> {"ok": true, "result": {"connector", "vars", "errors"}}
  {"follow": true, "connector": NAME}               -> {"ok": true, "result": null}, from then on also
      {"connector", "var", "value"} | {"connector", "error", "message"} | {"connector", "cleared"}
Cmds, vars and errors of the connector's `slac` interface have names that begin with `slac.`.
What is refused is answered with {"ok": false, "error": ..., "field": ...}. `connector` may be left out where there is
only one; a follower without it hears all.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from fastsecc.charger.charger import Charger
from fastsecc.charger.interface import Interface
from fastsecc.charger.slac_interface import SLAC, SlacInterface
from fastsecc.errors import CommandError, ConfigError

log = logging.getLogger(__name__)

MAX_LINE_OCTETS: Final = 64 * 1024
"""Longest request."""
MAX_CLIENTS: Final = 32
MAX_UNREAD_OCTETS: Final = 256 * 1024
"""How much may wait for a follower that does not read; then it is dropped."""
DROP_GRACE_s: Final = 1.0
"""How long a dropped follower may take to read what was written before."""
PROBE_TIMEOUT_s: Final = 1.0
"""How long a socket that is there already may take to show that somebody listens."""
SOCKET_MODE: Final = 0o660


def default_socket_path() -> Path:
    """Say where the control socket is unless the configuration says otherwise."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return Path(runtime or "/run") / "fastsecc.sock"


class Request(msgspec.Struct):
    """One line of a client."""

    cmd: str | None = None
    args: dict[str, Any] = {}
    connector: str | None = None
    follow: bool = False
    status: bool = False


class ControlSocket:
    """The adapter that listens on a Unix socket."""

    def __init__(self, path: Path | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Make the adapter.

        Args:
            path: the socket; None takes the default.
            clock: gives `now` for cmds, monotonic seconds.
        """
        self.path = default_socket_path() if path is None else path
        self.clock = clock
        self.chargers: Mapping[str, Charger] = {}
        self._server: asyncio.Server | None = None
        self._inode = 0
        self._clients: set[_Client] = set()

    async def start(self, chargers: Mapping[str, Charger]) -> None:
        """Listen.

        Raises:
            ConfigError: the socket cannot be made, or another process listens on it.
        """
        self.chargers = chargers
        listener = _bind(self.path)
        self._inode = self.path.stat().st_ino
        self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=MAX_LINE_OCTETS)

    async def stop(self) -> None:
        """Close every connection and remove the socket."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        tasks = [client.task for client in self._clients if client.task is not None]
        for client in tuple(self._clients):
            client.end()
            client.writer.transport.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.path.is_socket() and self.path.stat().st_ino == self._inode:  # ours, not a successor's
            self.path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(self, reader, writer)
        if len(self._clients) >= MAX_CLIENTS:
            client.write(_refusal(f"there are {MAX_CLIENTS} clients already"))
            writer.close()
            return
        self._clients.add(client)
        try:
            await client.run()
        except ConnectionError:
            pass  # the client is gone
        finally:
            self._clients.discard(client)
            client.end()


class _Client:
    """One connection."""

    def __init__(self, server: ControlSocket, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer
        self.task = asyncio.current_task()
        self.unsubscribe: list[Callable[[], None]] = []
        self.dropped = False

    async def run(self) -> None:
        """Answer request by request until the client is gone."""
        while (line := await _read_line(self.reader)) != b"":
            self.write(self.answer(line))
            await self.writer.drain()
            await asyncio.sleep(0)  # a flood of requests leaves the loop to others between any two

    def end(self) -> None:
        """Forget the client; what was written may still be read."""
        self.deafen()
        self.writer.close()

    def deafen(self) -> None:
        """Follow no longer."""
        for unsubscribe in self.unsubscribe:
            unsubscribe()
        self.unsubscribe.clear()

    def write(self, message: dict[str, Any]) -> None:
        """Write a line; never waits."""
        if not self.writer.is_closing():
            self.writer.write(msgspec.json.encode(message) + b"\n")

    def answer(self, line: bytes | None) -> dict[str, Any]:
        """Do what a line asks for; None: it was too long."""
        if line is None:
            return _refusal(f"a line has {MAX_LINE_OCTETS} octets at most")
        try:
            request = msgspec.json.decode(line, type=Request)
            return {"ok": True, "result": self._do(request)}
        except CommandError as error:
            return _refusal(str(error), error.field)
        except msgspec.ValidationError as error:
            reason, _, path = str(error).partition(" - at `$.")
            return _refusal(reason, path.rstrip("`"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return _refusal(f"no JSON: {error}")

    def _do(self, request: Request) -> Any:
        if request.follow:
            self._follow(request.connector)
            return None
        if request.cmd is None and not request.status:
            raise CommandError("request", "cmd", "is missing")
        charger = self._charger(request.connector)
        if request.cmd is None:
            return _status(charger)
        if request.cmd.startswith(SLAC):
            return _slac(charger).command(request.cmd.removeprefix(SLAC), request.args, self.server.clock())
        return charger.command(request.cmd, request.args, self.server.clock())

    def _charger(self, connector: str | None) -> Charger:
        chargers = self.server.chargers
        if connector is None and len(chargers) == 1:
            return next(iter(chargers.values()))
        if connector is not None and connector in chargers:
            return chargers[connector]
        wrong = "is missing" if connector is None else "is unknown"
        raise CommandError("request", "connector", f"{wrong}; there are: {', '.join(chargers) or 'none'}")

    def _follow(self, connector: str | None) -> None:
        chargers = self.server.chargers.values() if connector is None else [self._charger(connector)]
        self.deafen()
        for charger in chargers:
            self.unsubscribe.append(self._subscribe(charger, ""))
            if charger.slac is not None:
                self.unsubscribe.append(self._subscribe(charger.slac, SLAC))

    def _subscribe(self, interface: Interface, prefix: str) -> Callable[[], None]:
        name = interface.connector

        def on_variable(variable: str, value: Any) -> None:
            self._tell({"connector": name, "var": prefix + variable, "value": value})

        def on_error(error: str, message: str | None) -> None:
            if message is None:
                self._tell({"connector": name, "cleared": prefix + error})
            else:
                self._tell({"connector": name, "error": prefix + error, "message": message})

        return interface.subscribe(on_variable, on_error)

    def _tell(self, message: dict[str, Any]) -> None:
        if self.writer.is_closing() or self.dropped:
            return
        transport = self.writer.transport
        if transport.get_write_buffer_size() <= MAX_UNREAD_OCTETS:
            self.write(message)
            return
        self.dropped = True
        self.write({"dropped": f"more than {MAX_UNREAD_OCTETS} octets were not read"})
        log.warning("control socket: a follower does not read and is dropped")
        self.end()
        asyncio.get_running_loop().call_later(DROP_GRACE_s, transport.abort)


def _slac(charger: Charger) -> SlacInterface:
    if charger.slac is None:
        raise CommandError("request", "cmd", "this connector has no SLAC")
    return charger.slac


def _status(charger: Charger) -> dict[str, Any]:
    """Give the newest value of each var, and the active errors."""
    variables, errors = dict(charger.last), dict(charger.errors)
    if charger.slac is not None:
        variables |= {SLAC + name: value for name, value in charger.slac.last.items()}
        errors |= {SLAC + name: message for name, message in charger.slac.errors.items()}
    return {"connector": charger.connector, "vars": variables, "errors": errors}


def _refusal(error: str, field: str = "") -> dict[str, Any]:
    refusal: dict[str, Any] = {"ok": False, "error": error}
    return refusal | {"field": field} if field else refusal


async def _read_line(reader: asyncio.StreamReader) -> bytes | None:
    """Read a line; None for one that was too long, b"" at the end."""
    overlong = False
    while True:
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            overlong = True
            await reader.readexactly(error.consumed)
        except asyncio.IncompleteReadError as error:
            return error.partial
        else:
            return None if overlong else line


def _bind(path: Path) -> socket.socket:
    """Make the listening socket; one that nobody listens on any more is replaced."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        mask = os.umask(0o777 & ~SOCKET_MODE)  # the file never has another mode, not even for a moment
        try:
            listener.bind(os.fspath(path))
        finally:
            os.umask(mask)
    except OSError as error:
        listener.close()
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise ConfigError(f"cannot listen on {path}: {reason}", option="control socket") from None
    listener.setblocking(False)
    return listener


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise OSError(errno.ENOTSOCK, "is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(PROBE_TIMEOUT_s)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, "another process listens")
