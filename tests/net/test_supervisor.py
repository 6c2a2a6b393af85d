"""What the service manager hears, over sockets of the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fastsecc.net.supervisor import Supervisor

PATIENCE_s = 20.0


@pytest.fixture
def manager() -> Iterator[socket.socket]:
    """The service manager's end, with an abstract name."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind("")
        end.settimeout(PATIENCE_s)
        yield end


def name(manager: socket.socket) -> str:
    return "@" + manager.getsockname()[1:].decode()


def waiting(manager: socket.socket) -> list[bytes]:
    """Give what has been sent and not yet heard."""
    manager.setblocking(False)
    heard = []
    with contextlib.suppress(BlockingIOError):
        while True:
            heard.append(manager.recv(100))
    return heard


def test_the_start_the_life_and_the_end_are_told(manager: socket.socket) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": name(manager), "WATCHDOG_USEC": "3000"})

    async def live() -> list[bytes]:
        supervisor.ready()
        heard = [manager.recv(100), manager.recv(100)]
        await asyncio.sleep(0.01)
        heard.append(manager.recv(100))
        supervisor.stopping()
        supervisor.close()
        return heard

    assert asyncio.run(live()) == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
    rest = waiting(manager)
    assert rest[-1] == b"STOPPING=1"
    assert set(rest[:-1]) <= {b"WATCHDOG=1"}


def test_a_loop_that_does_not_turn_is_not_alive(manager: socket.socket) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": name(manager), "WATCHDOG_USEC": "3000", "WATCHDOG_PID": str(os.getpid())})

    async def hang() -> None:
        supervisor.ready()
        manager.recv(100), manager.recv(100)
        time.sleep(0.02)  # noqa: ASYNC251 - the loop is held up on purpose
        assert waiting(manager) == []
        supervisor.close()

    asyncio.run(hang())


@pytest.mark.parametrize(
    "watchdog",
    [
        {},
        {"WATCHDOG_USEC": "3000", "WATCHDOG_PID": str(os.getpid() + 1)},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
    ],
    ids=["none", "another process's", "zero", "no number"],
)
def test_without_a_watchdog_nothing_is_sent_again(manager: socket.socket, watchdog: dict[str, str]) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": name(manager), **watchdog})

    async def live() -> None:
        supervisor.ready()
        await asyncio.sleep(0.01)

    asyncio.run(live())
    assert waiting(manager) == [b"READY=1"]


def test_a_socket_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(path))
        Supervisor({"NOTIFY_SOCKET": str(path)}).tell("STATUS=here", "READY=1")
        assert end.recv(100) == b"STATUS=here\nREADY=1"


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:1"])
def test_without_a_manager_nothing_happens(address: str, caplog: pytest.LogCaptureFixture) -> None:
    Supervisor({"NOTIFY_SOCKET": address}).tell("READY=1")
    assert not caplog.records


def test_a_manager_that_has_gone_is_told_of_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Supervisor({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell("READY=1")
    assert "cannot be told READY=1: No such file" in caplog.text


def test_a_running_secc_tells_when_it_is_ready_where_it_serves_and_when_it_stops(manager: socket.socket) -> None:
    environment = {**os.environ, "NOTIFY_SOCKET": name(manager)}
    command = [sys.executable, "-m", "fastsecc", "run", "--iface", "lo", "--no-slac", "--set", "connectors.0.sdp_port="]
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        command[-1] += str(probe.getsockname()[1])
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            heard = {manager.recv(500).decode().partition(":")[0] for _ in range(2)}
            assert heard == {"READY=1", "STATUS=connector 1"}
            process.terminate()
            assert manager.recv(500) == b"STOPPING=1"
            _, log = process.communicate(timeout=PATIENCE_s)
            assert process.returncode == 0, log
        finally:
            process.kill()
