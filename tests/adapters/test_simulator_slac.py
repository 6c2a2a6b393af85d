"""The simulator adapter where the connector has SLAC: it plays the control pilot, and leaves the data link to SLAC."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fastsecc.adapters.simulator import Simulator
from fastsecc.charger.charger import Charger
from fastsecc.charger.slac_interface import SlacInterface
from tests.adapters.waiting import TIMEOUT_s


async def turns() -> None:
    """Let everything happen that needs no time."""
    for _ in range(5):
        await asyncio.sleep(0)


class Bench:
    """A charger with SLAC at which only the simulator is at work."""

    def __init__(self) -> None:
        self.slac = SlacInterface("1")
        self.charger = Charger("1", slac=self.slac)
        self.cmds: list[str] = []
        self.slac.on_command = lambda name, now: self.cmds.append(name)

    def hear(self, name: str, value: Any = None) -> None:
        self.charger.publish(name, value)


@pytest.fixture
def run():
    def runner(steps) -> Bench:
        bench = Bench()

        async def test() -> None:
            simulator = Simulator()
            await simulator.start({"1": bench.charger})
            await steps(bench)
            await simulator.stop()
            bench.slac.publish("request_error_routine")
            await asyncio.sleep(0)

        asyncio.run(asyncio.wait_for(test(), TIMEOUT_s))
        return bench

    return runner


def test_an_ev_is_plugged_in_from_the_start_and_the_data_link_is_slacs_affair(run) -> None:
    async def steps(bench: Bench) -> None:
        await turns()

    bench = run(steps)
    assert bench.cmds == ["enter_bcd"]
    assert bench.charger.state.dlink_ready is False


@pytest.mark.parametrize("end", ["dlink_terminate", "dlink_error"])
def test_after_a_session_the_ev_is_plugged_in_anew(run, end: str) -> None:
    async def steps(bench: Bench) -> None:
        bench.charger.command("dlink_ready", {"value": True}, 1.0)
        bench.hear(end)
        await turns()
        assert bench.charger.state.dlink_ready is True, "SLAC says when it is over"

    assert run(steps).cmds == ["enter_bcd", "enter_bcd"]


def test_a_pause_says_nothing_of_the_data_link(run) -> None:
    async def steps(bench: Bench) -> None:
        bench.charger.command("dlink_ready", {"value": True}, 1.0)
        bench.hear("dlink_pause")
        await turns()
        assert bench.charger.state.dlink_ready_at == 1.0

    assert run(steps).cmds == ["enter_bcd"]


def test_the_error_routine_is_gone_through(run) -> None:
    async def steps(bench: Bench) -> None:
        bench.slac.publish("request_error_routine")
        await turns()

    assert run(steps).cmds == ["enter_bcd", "leave_bcd", "enter_bcd"]
