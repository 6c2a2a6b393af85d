"""The control socket, over real Unix sockets and on either event loop."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fastsecc.adapters import control
from fastsecc.adapters.base import Adapter
from fastsecc.adapters.control import MAX_CLIENTS, MAX_LINE_OCTETS, MAX_UNREAD_OCTETS, ControlSocket
from fastsecc.charger.charger import COMMUNICATION_FAULT, Charger
from fastsecc.charger.slac_interface import SlacInterface
from fastsecc.errors import ConfigError
from tests.adapters.waiting import TIMEOUT_s, settled


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, None]], None]:
    """Run a coroutine on either event loop, never for ever."""
    factory = None
    if request.param == "uvloop":
        factory = pytest.importorskip("uvloop").new_event_loop

    def runner(test: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=factory) as loop:
            loop.run(asyncio.wait_for(test, TIMEOUT_s))

    return runner


Run = Callable[[Coroutine[Any, Any, None]], None]


class Peer:
    """A client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, request: Any) -> Any:
        self.writer.write((request if isinstance(request, bytes) else json.dumps(request).encode()) + b"\n")
        return await self.hear()

    async def hear(self) -> Any:
        line = await self.reader.readline()
        return json.loads(line) if line else None


@asynccontextmanager
async def serving(folder: Path, *names: str) -> AsyncIterator[tuple[ControlSocket, dict[str, Charger]]]:
    server = ControlSocket(folder / "s", clock=lambda: 7.0)
    adapter: Adapter = server
    chargers = {name: Charger(name) for name in names or ("left",)}
    await adapter.start(chargers)
    try:
        yield server, chargers
    finally:
        await adapter.stop()


@asynccontextmanager
async def client(server: ControlSocket) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_unix_connection(server.path, limit=2**24)
    try:
        yield Peer(reader, writer)
    finally:
        writer.close()


def test_cmds_and_status(folder: Path, run: Run) -> None:
    async def test() -> None:
        async with serving(folder) as (server, chargers), client(server) as peer:
            left = chargers["left"]
            assert await peer.ask({"cmd": "dlink_ready", "args": {"value": True}}) == {"ok": True, "result": None}
            assert (left.state.dlink_ready, left.state.dlink_ready_at) == (True, 7.0)
            left.state.available_app_protocols = frozenset({"ISO15118D2"})
            left.state.available_app_protocols = frozenset({"ISO15118D2"})
            protocols = {"supported_app_protocols": {"app_protocols": ["ISO15118D20"]}}
            reply = await peer.ask({"cmd": "update_supported_app_protocols", "args": protocols, "connector": "left"})
            assert reply == {"ok": True, "result": False}
            assert await peer.ask({"cmd": "reset_error"}) == {"ok": True, "result": None}
            left.publish("dc_full_soc", 80)
            left.raise_error(COMMUNICATION_FAULT, "down")
            status = {"connector": "left", "vars": {"dc_full_soc": 80.0}, "errors": {COMMUNICATION_FAULT: "down"}}
            assert await peer.ask({"status": True}) == {"ok": True, "result": status}

    run(test())


def test_a_back_end_answers_certificate_requests_here(folder: Path, run: Run) -> None:
    async def test() -> None:
        async with serving(folder) as (server, chargers), client(server) as peer:
            left = chargers["left"]
            assert await peer.ask({"follow": True}) == {"ok": True, "result": None}
            asked = {"exi_request": "gJgC", "iso15118_schema_version": "urn:x", "certificate_action": "Install"}
            left.publish("iso15118_certificate_request", asked)
            heard = {"connector": "left", "var": "iso15118_certificate_request", "value": asked}
            assert json.loads(await peer.reader.readline()) == heard
            answer = {"status": "Accepted", "exi_response": "gJgD", "certificate_action": "Install"}
            cmd = {"cmd": "set_get_certificate_response", "args": {"certificate_response": answer}}
            assert await peer.ask(cmd) == {"ok": True, "result": None}
            assert left.state.certificate_response is not None
            assert left.state.certificate_response.exi_response == "gJgD"

    run(test())


@pytest.mark.parametrize(
    ("request_line", "error", "field"),
    [
        (b"nonsense", "no JSON", None),
        (b"", "no JSON", None),
        (b"\xff\xfe", "no JSON", None),
        (b'{"cmd": "\\ud800"}', "", None),
        (b"[" * 50_000, "", None),
        (b'{"cmd": "reset_error", "args": {"x": NaN}}', "no JSON", None),
        (b"[]", "Expected `object`", None),
        (b"5", "Expected `object`", None),
        (b"{}", "is missing", "cmd"),
        (b'{"cmd": 5}', "Expected `str | null`", "cmd"),
        (b'{"cmd": "reset_error", "args": []}', "Expected `object`", "args"),
        (b'{"cmd": "reset_eror"}', "nearest is reset_error", None),
        (b'{"cmd": "dlink_ready", "args": {"value": 1}}', "dlink_ready: value: Expected `bool`", "value"),
        (b'{"cmd": "setup", "args": {"evse_id": {}}}', "is missing", "evse_id.evse_id"),
        (b'{"cmd": "reset_error", "connector": "right"}', "is unknown; there are: left", "connector"),
        (b'{"follow": true, "connector": "right"}', "is unknown; there are: left", "connector"),
        (b'{"cmd": "' + b"x" * (2 * MAX_LINE_OCTETS) + b'"}', f"{MAX_LINE_OCTETS} octets at most", None),
    ],
)
def test_what_cannot_be_done_is_refused_and_the_next_request_is_served(
    request_line: bytes, error: str, field: str | None, folder: Path, run: Run
) -> None:
    async def test() -> None:
        async with serving(folder) as (server, _), client(server) as peer:
            reply = await peer.ask(request_line)
            assert reply["ok"] is False
            assert error in reply["error"]
            assert reply.get("field") == field
            assert await peer.ask({"cmd": "reset_error"}) == {"ok": True, "result": None}

    run(test())


def test_several_connectors_must_be_named(folder: Path, run: Run) -> None:
    async def test() -> None:
        async with serving(folder, "left", "right") as (server, chargers), client(server) as peer:
            reply = await peer.ask({"cmd": "reset_error"})
            assert (reply["field"], reply["error"]) == (
                "connector",
                "request: connector: is missing; there are: left, right",
            )
            await peer.ask({"cmd": "dlink_ready", "args": {"value": True}, "connector": "right"})
            assert [charger.state.dlink_ready for charger in chargers.values()] == [False, True]

    run(test())


def test_followers_hear_vars_and_errors_of_all_connectors_or_of_one(folder: Path, run: Run) -> None:
    async def test() -> None:
        async with (
            serving(folder, "left", "right") as (server, chargers),
            client(server) as every,
            client(server) as one,
        ):
            assert await every.ask({"follow": True}) == {"ok": True, "result": None}
            assert await every.ask({"follow": True}) == {"ok": True, "result": None}  # twice is once
            assert await one.ask({"follow": True, "connector": "right"}) == {"ok": True, "result": None}
            chargers["left"].publish("evcc_id", "00:1A:2B:3C:4D:5E")
            chargers["right"].publish("start_cable_check")
            chargers["right"].raise_error(COMMUNICATION_FAULT, "Device eth1: down")
            chargers["right"].clear_error(COMMUNICATION_FAULT)
            right = [
                {"connector": "right", "var": "start_cable_check", "value": None},
                {"connector": "right", "error": COMMUNICATION_FAULT, "message": "Device eth1: down"},
                {"connector": "right", "cleared": COMMUNICATION_FAULT},
            ]
            assert [await one.hear() for _ in range(3)] == right
            left = {"connector": "left", "var": "evcc_id", "value": "00:1A:2B:3C:4D:5E"}
            assert [await every.hear() for _ in range(4)] == [left, *right]
            reply = await every.ask({"cmd": "reset_error", "connector": "left"})
            assert reply == {"ok": True, "result": None}  # a follower may give cmds too

    run(test())


def test_a_client_that_vanishes_is_forgotten(folder: Path, run: Run) -> None:
    async def test() -> None:
        async with serving(folder) as (server, chargers), client(server) as stays:
            async with client(server) as follower, client(server) as half:
                await follower.ask({"follow": True})
                await stays.ask({"follow": True})
                half.writer.write(b'{"cmd": "reset_er')
                assert len(server._clients) == 3
                follower.writer.transport.abort()
            await settled(lambda: len(server._clients) == 1)
            chargers["left"].publish("start_pre_charge")
            assert (await stays.hear())["var"] == "start_pre_charge"

    run(test())


def test_a_follower_that_does_not_read_is_dropped_and_nobody_waits_for_it(folder: Path, run: Run) -> None:
    async def test() -> None:
        async with serving(folder) as (server, chargers), client(server) as peer, client(server) as other:
            await peer.ask({"follow": True})
            peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
            text = "p" * 1000
            published = 0
            while server._clients and any(member.unsubscribe for member in server._clients):
                chargers["left"].publish("selected_protocol", text)
                published += 1
                assert published < 10 * MAX_UNREAD_OCTETS / len(text)
            assert await other.ask({"cmd": "reset_error"}) == {"ok": True, "result": None}
            peer.reader._transport.resume_reading()  # type: ignore[attr-defined]
            lines = [line async for line in peer.reader]
            assert 0 < len(lines) - 1 <= published
            assert json.loads(lines[-1]) == {"dropped": f"more than {MAX_UNREAD_OCTETS} octets were not read"}
            await settled(lambda: len(server._clients) == 1)

    run(test())


def test_a_dropped_follower_that_never_reads_is_cut_off(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "DROP_GRACE_s", 0.01)

    async def test() -> None:
        async with serving(folder) as (server, chargers):
            mute = socket.socket(socket.AF_UNIX)
            mute.connect(os.fspath(server.path))
            mute.sendall(b'{"follow": true}\n')
            await settled(lambda: any(member.unsubscribe for member in server._clients))
            while any(member.unsubscribe for member in server._clients):
                chargers["left"].publish("selected_protocol", "p" * 10_000)
            await settled(lambda: not server._clients)
            assert not server._clients
            mute.close()

    run(test())


def test_a_flood_of_requests_leaves_room_for_others(folder: Path, run: Run) -> None:
    async def test() -> None:
        async with serving(folder) as (server, _), client(server) as flood, client(server) as other:
            count = 3000
            flood.writer.write(b'{"cmd": "reset_error"}\n' * count)
            assert await other.ask({"cmd": "reset_error"}) == {"ok": True, "result": None}
            replies = [await flood.hear() for _ in range(count)]
            assert replies == [{"ok": True, "result": None}] * count

    run(test())


def test_a_client_too_many_is_told_so(folder: Path, run: Run) -> None:
    async def test() -> None:
        async with serving(folder) as (server, _):
            peers = [await asyncio.open_unix_connection(server.path) for _ in range(MAX_CLIENTS)]
            await settled(lambda: len(server._clients) == MAX_CLIENTS)
            async with client(server) as peer:
                assert await peer.hear() == {"ok": False, "error": f"there are {MAX_CLIENTS} clients already"}
                assert await peer.hear() is None
            for _, writer in peers:
                writer.close()

    run(test())


def test_the_socket_has_its_mode_replaces_a_stale_one_and_is_gone_after_stop(folder: Path, run: Run) -> None:
    async def test() -> None:
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(os.fspath(folder / "s"))
        async with serving(folder) as (server, _), client(server) as peer:
            assert stat.S_IMODE(server.path.stat().st_mode) == 0o660
            await peer.ask({"cmd": "reset_error"})
            await server.stop()
            assert await peer.hear() is None
            assert not server.path.exists()
        await ControlSocket(folder / "never").stop()

    run(test())


def test_a_successors_socket_is_left_alone(folder: Path, run: Run) -> None:
    async def test() -> None:
        async with serving(folder) as (server, _):
            server.path.rename(folder / "old")
            with socket.socket(socket.AF_UNIX) as successor:
                successor.bind(os.fspath(server.path))
            await server.stop()
            assert server.path.is_socket()

    run(test())


def test_a_path_that_cannot_be_listened_on_is_named(folder: Path, run: Run) -> None:
    async def test() -> None:
        (folder / "file").write_text("keep")
        async with serving(folder) as (server, chargers):
            for path in (server.path, folder / "file", folder / "no" / "s", folder / ("x" * 200)):
                with pytest.raises(ConfigError) as caught:
                    await ControlSocket(path).start(chargers)
                assert f"cannot listen on {path}" in caught.value.reason
            async with client(server) as peer:
                assert (await peer.ask({"cmd": "reset_error"}))["ok"]
        assert (folder / "file").read_text() == "keep"

    run(test())


def test_the_default_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    assert control.default_socket_path() == ControlSocket().path == Path("/run/user/7/fastsecc.sock")
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert control.default_socket_path() == Path("/run/fastsecc.sock")


def test_slac_is_beside_the_charger_interface(folder: Path, run: Run) -> None:
    async def test() -> None:
        async with serving(folder, "1") as (server, chargers), client(server) as peer:
            refused = await peer.ask({"cmd": "slac.enter_bcd"})
            assert refused == {"ok": False, "error": "request: cmd: this connector has no SLAC", "field": "cmd"}
            slac = chargers["1"].slac = SlacInterface("1")
            calls: list[tuple[str, float]] = []
            slac.on_command = lambda name, now: calls.append((name, now))
            assert (await peer.ask({"cmd": "slac.enter_bcd"})) == {"ok": True, "result": None}
            assert calls == [("enter_bcd", 7.0)]
            slac.publish("state", "MATCHED")
            slac.raise_error(COMMUNICATION_FAULT, "x")
            status = (await peer.ask({"status": True}))["result"]
            assert (status["vars"], status["errors"]) == (
                {"slac.state": "MATCHED"},
                {f"slac.{COMMUNICATION_FAULT}": "x"},
            )
            await peer.ask({"follow": True})
            slac.publish("dlink_ready", False)
            assert await peer.hear() == {"connector": "1", "var": "slac.dlink_ready", "value": False}

    run(test())
