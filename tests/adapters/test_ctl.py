"""`fastsecc ctl`, against a control socket in another thread and against whoever else may listen."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from fastsecc.adapters.control import ControlSocket
from fastsecc.charger.charger import Charger
from fastsecc.cli import ctl
from tests.adapters.waiting import TIMEOUT_s, settled


class Background:
    """A control socket on a loop of its own, as another process would have it."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        self.loop = asyncio.new_event_loop()
        self.chargers = {name: Charger(name) for name in names}
        self.server = ControlSocket(folder / "s")
        self.thread = threading.Thread(target=self.loop.run_forever)

    def start(self) -> None:
        self.thread.start()
        self.do(self.server.start(self.chargers))

    def do(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(TIMEOUT_s)

    def stop(self) -> None:
        self.do(self.server.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(TIMEOUT_s)
        self.loop.close()


@pytest.fixture
def background(folder: Path) -> Iterator[Background]:
    server = Background(folder, ["left", "right"])
    server.start()
    yield server
    server.stop()


def fastsecc(*words: str) -> int:
    parser = argparse.ArgumentParser()
    ctl.add_parser(parser.add_subparsers())
    args = parser.parse_args(["ctl", *words])
    return int(args.run(args))


def test_ctl_gives_a_cmd(background: Background, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--socket", os.fspath(background.server.path), "--connector", "left"]
    values = ["present_voltage_current.evse_present_voltage=400", '{"x": 1}']
    assert fastsecc(*words, "update_dc_present_values", *values) == 0
    assert background.chargers["left"].state.present_voltage_v == 400.0
    assert fastsecc(*words, "dlink_ready", "value=maybe") == ctl.REFUSED
    assert fastsecc(*words, "--status") == 0
    captured = capsys.readouterr()
    assert captured.out.startswith('null\n{\n  "connector": "left"')
    assert captured.err == "fastsecc ctl: dlink_ready: value: Expected `bool`, got `str`\n"


def test_ctl_follows_until_the_charger_ends(background: Background, capsys: pytest.CaptureFixture[str]) -> None:
    async def publish() -> None:
        await settled(lambda: any(member.unsubscribe for member in background.server._clients))
        background.chargers["right"].publish("evcc_id", "00:1A:2B:3C:4D:5E")
        await asyncio.sleep(0)
        await background.server.stop()

    task = asyncio.run_coroutine_threadsafe(publish(), background.loop)
    assert fastsecc("--socket", os.fspath(background.server.path), "--follow") == 0
    task.result(TIMEOUT_s)
    line = json.loads(capsys.readouterr().out)
    assert line == {"connector": "right", "var": "evcc_id", "value": "00:1A:2B:3C:4D:5E"}


def test_ctl_says_who_cannot_be_followed(background: Background, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--socket", os.fspath(background.server.path), "--follow", "--connector", "middle"]
    assert fastsecc(*words) == ctl.REFUSED
    assert "connector: is unknown; there are: left, right" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "words", "code", "error"),
    [
        (b"", ["reset_error"], ctl.REFUSED, "closed without an answer"),
        (b"garbage\n", ["reset_error"], ctl.UNUSABLE, "the connection broke"),
        (b"", ["--follow"], ctl.REFUSED, "the connection was closed"),
        (b'{"ok": true}\n{"dropped": "too slow"}\n', ["--follow"], ctl.REFUSED, "dropped: too slow"),
        (None, ["reset_error"], ctl.UNUSABLE, "no answer within"),
    ],
)
def test_ctl_survives_whoever_answers(
    answer: bytes | None,
    words: list[str],
    code: int,
    error: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ctl, "REPLY_TIMEOUT_s", 0.05 if answer is None else TIMEOUT_s)
    done = threading.Event()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            if answer is None:
                done.wait(TIMEOUT_s)
            else:
                connection.sendall(answer)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(folder / "s"))
        listener.listen()
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        assert fastsecc("--socket", os.fspath(folder / "s"), *words) == code
        done.set()
        thread.join(TIMEOUT_s)
    assert error in capsys.readouterr().err


def test_ctl_says_plainly_when_nobody_listens(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fastsecc("--socket", os.fspath(folder / "s"), "reset_error") == ctl.UNUSABLE
    assert f"nobody listens on {folder / 's'}" in capsys.readouterr().err
    assert fastsecc("--socket", "/" + "x" * 200, "reset_error") == ctl.UNUSABLE


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ([], "give a CMD"),
        (["--follow", "setup"], "--follow: takes no CMD"),
        (["--status", "setup"], "--status: takes no CMD"),
        (["setup", "nonsense"], "nonsense: is neither"),
        (["setup", "=1"], "=1: is neither"),
        (["setup", "{not json"], "is no JSON object"),
        (["setup", "a=1", "a.b=2"], "a.b: a has a value already"),
    ],
)
def test_ctl_explains_a_command_line_that_makes_no_sense(
    words: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fastsecc(*words) == ctl.UNUSABLE
    assert error in capsys.readouterr().err


def test_ctl_reads_arguments() -> None:
    words = ['{"a": {"b": 1}, "c": 2}', "a.d=None", "a.e=[1.5]", "f=true", "g=x=y", 'h="5"']
    assert ctl.parse_arguments(words) == {
        "a": {"b": 1, "d": "None", "e": [1.5]},
        "c": 2,
        "f": True,
        "g": "x=y",
        "h": "5",
    }


def test_what_no_json_has_is_text() -> None:
    """The charger's answer then names the member."""
    assert ctl.parse_arguments(["a=NaN", "b=-Infinity"]) == {"a": "NaN", "b": "-Infinity"}


def test_ctl_lists_cmds_and_vars(capsys: pytest.CaptureFixture[str]) -> None:
    assert fastsecc("--list") == 0
    text = capsys.readouterr().out
    assert text.startswith("28 cmds\n  setup\n    evse_id.evse_id       string\n")
    assert "\n  update_supported_app_protocols -> true | false\n" in text
    assert "\n46 vars\n" in text
    assert "\n1 cmd of extensions\n  set_get_certificate_response\n" in text
    assert "\n4 vars of extensions\n  iso15118_certificate_request\n" in text
    assert "\n  dc_full_soc  number % 0..100\n" in text


def test_ctl_ends_quietly_when_interrupted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(path: Path | None) -> socket.socket:
        raise KeyboardInterrupt

    monkeypatch.setattr(ctl, "_connect", interrupted)
    assert fastsecc("--follow") == 0
