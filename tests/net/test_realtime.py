"""What the log says of priority and memory when the process starts."""

from __future__ import annotations

import pytest

from fastsecc.config import Config, LinkConfig
from fastsecc.net import realtime


@pytest.fixture
def system(monkeypatch) -> dict[str, str]:
    """Why the system refuses what; it notes what it was asked for."""
    refusals = {"fifo": "", "memory": ""}

    def fifo(priority: int) -> str:
        refusals["asked"] = str(priority)
        return refusals["fifo"]

    def memory() -> str:
        refusals["locked"] = "yes"
        return refusals["memory"]

    monkeypatch.setattr(realtime, "fifo_refused", fifo)
    monkeypatch.setattr(realtime, "lock_memory", memory)
    return refusals


def test_what_is_permitted_needs_no_word(system, caplog) -> None:
    realtime.prepare(Config(link=LinkConfig(fifo_priority=7)))
    assert (system["asked"], "locked" in system, caplog.messages) == ("7", False, [])
    realtime.prepare(Config(memory_lock=True))
    assert (system["locked"], caplog.messages) == ("yes", [])


def test_what_is_refused_is_said_and_no_error(system, caplog) -> None:
    system |= {"fifo": "Operation not permitted", "memory": "Cannot allocate memory"}
    realtime.prepare(Config(memory_lock=True))
    assert caplog.messages == [
        "the charge loop is answered at normal priority: SCHED_FIFO 40: Operation not permitted "
        "(it takes CAP_SYS_NICE, or systemd's LimitRTPRIO=40)",
        "memory is not locked: Cannot allocate memory (it takes CAP_IPC_LOCK, or systemd's LimitMEMLOCK=infinity)",
    ]
