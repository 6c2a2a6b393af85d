"""The driver: order of what comes out, one timer, and none when nothing is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from fastsecc.net.slac_driver import SlacDriver
from fastsecc.slac import frames
from fastsecc.slac.addresses import BROADCAST
from fastsecc.slac.api import SlacOutput, SlacSettings, SlacState
from fastsecc.slac.machine import SlacMachine
from fastsecc.slac.mme import Mme
from fastsecc.slac.state import State
from tests.slac.bench import EV, EVSE, MODEM, RUN

PATIENCE_s = 10.0


class Medium:
    """A medium in memory: what the driver sends is kept, and the modem answers when it is told to."""

    def __init__(self, **settings: Any) -> None:
        self.events: list[Any] = []
        self.answer_keys = True
        self.changed = asyncio.Event()
        self.on_variable: Callable[[str, Any], None] = lambda _name, _payload: None
        self.machine = SlacMachine(SlacSettings(**settings))
        self.driver = SlacDriver(self.machine, self._sent, self._output)

    def _sent(self, octets: bytes) -> None:
        mme = frames.parse(octets).mme
        self.events.append(mme.NAME)
        self.changed.set()
        if isinstance(mme, frames.CM_SET_KEY_REQ) and self.answer_keys:
            cnf = frames.CM_SET_KEY_CNF(Result=1, MyNonce=bytes(4), YourNonce=mme.MyNonce)
            asyncio.get_running_loop().call_soon(self.driver.on_frame, cnf.encode(MODEM, EVSE))

    def _output(self, output: SlacOutput) -> None:
        self.changed.set()
        for variable in output.variables:
            self.events.append((variable.name, variable.payload))
            self.on_variable(variable.name, variable.payload)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_s):
            while not true():
                self.changed.clear()
                await self.changed.wait()

    async def ready(self) -> None:
        self.driver.up(EVSE)
        self.driver.enter_bcd()
        await self.until(lambda: self.machine.where is State.MATCHING)

    def match(self) -> None:
        def say(mme: Mme, source: bytes = EV, destination: bytes = BROADCAST) -> None:
            self.driver.on_frame(mme.encode(source, destination))

        say(frames.CM_SLAC_PARM_REQ(RunID=RUN))
        say(frames.CM_START_ATTEN_CHAR_IND(FORWARDING_STA=EV, RunID=RUN))
        for countdown in reversed(range(10)):
            say(frames.CM_MNBC_SOUND_IND(CNT=countdown, RunID=RUN, Rnd=bytes(16)))
            say(frames.CM_ATTEN_PROFILE_IND(PEV_MAC=EV, AAG=bytes(58)), MODEM)
        say(frames.CM_ATTEN_CHAR_RSP(SOURCE_ADDRESS=EV, RunID=RUN), EV, EVSE)
        say(frames.CM_SLAC_MATCH_REQ(PEV_MAC=EV, EVSE_MAC=EVSE, RunID=RUN), EV, EVSE)


def test_frames_leave_before_vars_are_published() -> None:
    async def scenario() -> None:
        medium = Medium()
        await medium.ready()
        medium.match()
        assert medium.driver.state is SlacState.MATCHED
        assert medium.events[-4:] == [
            "CM_SLAC_MATCH.CNF",
            ("ev_mac_address", "00:7D:FA:08:7C:85"),
            ("state", "MATCHED"),
            ("dlink_ready", True),
        ]
        medium.driver.stop()

    asyncio.run(scenario())


def test_a_command_from_within_comes_after_what_led_to_it() -> None:
    async def scenario() -> None:
        medium = Medium()
        await medium.ready()
        medium.on_variable = lambda name, payload: (
            medium.driver.dlink_terminate() if (name, payload) == ("state", "MATCHED") else None
        )
        medium.match()
        published = [event for event in medium.events if isinstance(event, tuple)]
        assert published[-4:] == [
            ("state", "MATCHED"),
            ("dlink_ready", True),
            ("dlink_ready", False),
            ("state", "UNMATCHED"),
        ]
        medium.driver.stop()

    asyncio.run(scenario())


def test_commands_reach_the_machine() -> None:
    async def scenario() -> None:
        medium = Medium()
        driver = medium.driver
        for command in (driver.dlink_terminate, driver.dlink_error, driver.reset, driver.leave_bcd, driver.down):
            await medium.ready()
            medium.match()
            driver.dlink_pause()
            assert driver.state is SlacState.MATCHED
            command()
            assert driver.state is SlacState.UNMATCHED
            driver.leave_bcd()
            driver.down()
        driver.stop()

    asyncio.run(scenario())


def test_the_timer_repeats_what_is_not_answered() -> None:
    async def scenario() -> None:
        medium = Medium(set_key_timeout_s=0.01)
        medium.answer_keys = False
        medium.driver.up(EVSE)
        await medium.until(lambda: medium.events.count("CM_SET_KEY.REQ") >= 3)
        medium.answer_keys = True
        await medium.until(lambda: medium.machine.where is State.UNMATCHED)
        medium.driver.stop()

    asyncio.run(scenario())


def test_no_timer_while_nothing_is_waited_for() -> None:
    async def scenario() -> None:
        medium = Medium()
        await medium.ready()
        medium.match()
        medium.driver.leave_bcd()
        await medium.until(lambda: medium.machine.where is State.UNMATCHED)
        loop = asyncio.get_running_loop()
        waiting = [handle for handle in loop._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]
        assert waiting == []
        assert medium.machine.deadline is None

    asyncio.run(scenario())


def test_nothing_happens_after_stop() -> None:
    async def scenario() -> None:
        medium = Medium(set_key_timeout_s=0.001)
        medium.answer_keys = False
        medium.driver.up(EVSE)
        medium.driver.stop()
        before = list(medium.events)
        await asyncio.sleep(0.02)
        assert medium.events == before

    asyncio.run(scenario())
