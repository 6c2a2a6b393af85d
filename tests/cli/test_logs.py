"""The log's lines, for people, programs and the journal."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from fastsecc.cli.logs import goes_to_journal

SAY = """
import logging, sys
from fastsecc.cli.logs import set_up_log
from fastsecc.config import LogConfig
log = set_up_log(LogConfig(json=sys.argv[1] == "json"))
log.info("ready")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("it failed")
"""


def said(kind: str, *, journal: bool) -> list[str]:
    """Run a process whose standard error is a pipe, which is the journal's stream or is not; give its lines."""
    reader, writer = os.pipe()
    status = os.fstat(writer)
    environment = dict(os.environ)
    environment.pop("JOURNAL_STREAM", None)
    if journal:
        environment["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
    with os.fdopen(reader) as lines:
        try:
            subprocess.run([sys.executable, "-c", SAY, kind], stderr=writer, env=environment, check=True)
        finally:
            os.close(writer)
        return lines.read().splitlines()


def test_the_journal_gets_levels_and_no_second_time() -> None:
    lines = said("plain", journal=True)
    assert lines[0] == "<6>fastsecc: ready"
    assert lines[1] == "<3>fastsecc: it failed"
    assert all(line.startswith("<3>") for line in lines[1:])
    assert lines[-1] == "<3>ZeroDivisionError: division by zero"


def test_json_for_the_journal_has_a_level_in_front() -> None:
    first, second = said("json", journal=True)
    assert json.loads(first.removeprefix("<6>"))["message"] == "ready"
    assert "ZeroDivisionError" in json.loads(second.removeprefix("<3>"))["traceback"]


def test_elsewhere_plain_lines_have_the_time_and_the_level() -> None:
    first = said("plain", journal=False)[0]
    assert first.endswith(" INFO    fastsecc: ready")
    assert first[2] == first[5] == ":"


def test_elsewhere_json_lines_are_nothing_but_json() -> None:
    first, second = (json.loads(line) for line in said("json", journal=False))
    assert (first["level"], second["level"]) == ("info", "error")


def test_another_stream_than_the_journals_is_told_apart() -> None:
    assert not goes_to_journal({"JOURNAL_STREAM": "0:0"})
    assert not goes_to_journal({})


def test_without_standard_error_there_is_no_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert not goes_to_journal({"JOURNAL_STREAM": "0:0"})
