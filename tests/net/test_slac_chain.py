"""From the plug to the charge loop: a whole SECC and a car, each behind its modem at a real interface. Needs root."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from fastsecc.config import Config, ConnectorConfig, SessionConfig
from fastsecc.errors import EvError, InterfaceError
from fastsecc.net.sdp import Security
from fastsecc.net.secc import Secc
from fastsecc.sim.battery import Battery
from fastsecc.sim.ev.discovery import Link, discover
from fastsecc.sim.ev.machine import Ev, Result
from fastsecc.sim.ev.runner import Exchange, charge
from fastsecc.sim.ev.settings import EvSettings
from fastsecc.sim.plc import ev as slac_ev
from fastsecc.sim.plc import network
from fastsecc.sim.plc.cars import SlacEvSettings
from fastsecc.sim.plc.faults import Fault
from fastsecc.sim.plc.medium import Medium
from fastsecc.sim.plc.modem import Modem
from fastsecc.sim.plc.plug import Plug
from fastsecc.sim.plc.powerline import Powerline
from fastsecc.sim.power import DcRatings
from fastsecc.sim.settings import SimulatorSettings
from fastsecc.slac.options import SlacOptions
from tests.net.test_secc import LOOPS

QUICK = SimulatorSettings(
    dc=DcRatings(voltage_ramp_v_per_s=1e6, current_ramp_a_per_s=1e6, contactor_delay_s=0.001, isolation_test_s=0.001),
    step_s=0.005,
)
PATIENCE_s = 30.0
FIRST_SDP_s = 0.3


@pytest.fixture(autouse=True)
def hosts() -> Iterator[None]:
    """Be in a network with a charger's and a car's interface."""
    try:
        with network.charger_and_car():
            yield
    except InterfaceError as refusal:
        pytest.skip(refusal.reason)


class Bench:
    """The SECC, the power line, and what both interfaces of the connector say."""

    def __init__(self, *faults: Fault, adapter: Any = "simulator", slac: SlacOptions | None = None, **session: Any):
        self.medium = Medium(faults)
        self.medium.add(Modem("evse", evse=True))
        self.medium.add(Modem("ev", evse=False))
        self.powerline = Powerline(self.medium, {"evse": network.PLC_EVSE, "ev": network.PLC_EV})
        connector = ConnectorConfig(interface=network.EVSE, simulator=QUICK, slac=slac or SlacOptions())
        self.secc = Secc(Config(connectors=(connector,), session=SessionConfig(**session)))
        self.charger = self.secc.chargers["1"]
        assert self.charger.slac is not None
        self.slac = self.charger.slac
        self.heard: list[tuple[str, Any]] = []
        self.charger.subscribe(lambda name, value: self.heard.append((name, value)))
        self.slac.subscribe(lambda name, value: self.heard.append((f"slac.{name}", value)))
        self.exchanges: list[Exchange] = []

    def command(self, name: str, **args: Any) -> None:
        """Say something to SLAC."""
        self.slac.command(name, args, time.monotonic())

    def said(self, name: str) -> list[Any]:
        return [value for variable, value in self.heard if variable == name]

    async def charge(self, **wishes: Any) -> Result:
        """Charge over the link that is there."""
        ev = Ev(EvSettings(**{"cycles": 3, "think_s": 0.002, **wishes}), Battery(soc_percent=20))
        return await charge(ev, Link(network.EV), self.exchanges.append)

    async def until(self, true: Callable[[], Any]) -> None:
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    async def is_offered(self) -> bool:
        """Tell whether an EV finds a SECC."""
        try:
            await discover(Link(network.EV), Security.NONE, requests_max=2)
        except EvError:
            return False
        return True


def run(bench: Bench, steps: Callable[[Bench], Coroutine[Any, Any, None]], loop: Any = asyncio.new_event_loop) -> None:
    async def all_steps() -> None:
        bench.powerline.start()
        try:
            await bench.secc.start()
            await steps(bench)
        finally:
            await bench.secc.stop()
            bench.powerline.stop()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(asyncio.wait_for(all_steps(), PATIENCE_s))


CHARGE_LOOP = {"din": "CurrentDemandRes", "iso2": "CurrentDemandRes", "iso20": "DC_ChargeLoopRes"}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("protocol", CHARGE_LOOP)
def test_from_plug_in_to_the_charge_loop(protocol: str, loop: Any) -> None:
    async def steps(bench: Bench) -> None:
        async with Plug(network.EV) as match:
            assert match.runs == 1
            assert bench.said("slac.state")[-1] == "MATCHED"
            result = await bench.charge(protocol=protocol)
        assert result.ok, result
        await bench.until(lambda: bench.said("slac.dlink_ready") == [True, False])

    bench = Bench(allow_plain_iso20=True)
    run(bench, steps, loop)
    assert CHARGE_LOOP[protocol] in {type(exchange.response).__name__ for exchange in bench.exchanges}
    order = [
        name for name, _ in bench.heard if name in ("slac.dlink_ready", "current_demand_started", "dlink_terminate")
    ]
    assert order == ["slac.dlink_ready", "current_demand_started", "dlink_terminate", "slac.dlink_ready"]


def test_without_a_match_no_ev_finds_the_secc() -> None:
    async def steps(bench: Bench) -> None:
        assert not await bench.is_offered()
        async with Plug(network.EV):
            assert await bench.is_offered()
        await asyncio.sleep(0)
        assert not await bench.is_offered(), "the car's modem has left"

    run(Bench(), steps)


@pytest.mark.parametrize("link_status_detection", [False, True])
def test_an_ev_that_asks_soon_after_the_match_is_answered(link_status_detection: bool) -> None:
    """A Tesla Model 3 sends its first SDP request 0.39 s after CM_SLAC_MATCH.CNF; this car asks once, and earlier."""

    async def steps(bench: Bench) -> None:
        async with Plug(network.EV, SlacEvSettings(first_sdp_s=FIRST_SDP_s)):
            await discover(Link(network.EV), Security.NONE, requests_max=1)

    run(Bench(slac=SlacOptions(link_status_detection=link_status_detection)), steps)


SURVIVED = [
    *("CM_SET_KEY.REQ", "CM_SET_KEY.CNF", "CM_SLAC_PARM.REQ", "CM_SLAC_PARM.CNF", "CM_START_ATTEN_CHAR.IND"),
    *("CM_MNBC_SOUND.IND", "CM_ATTEN_PROFILE.IND", "CM_ATTEN_CHAR.IND", "CM_ATTEN_CHAR.RSP"),
    *("CM_SLAC_MATCH.REQ", "CM_SLAC_MATCH.CNF", "VS_PL_LINK_STATUS.REQ", "VS_PL_LINK_STATUS.CNF"),
]


@pytest.mark.parametrize("message", SURVIVED)
def test_the_loss_of_any_one_message_is_survived(message: str) -> None:
    async def steps(bench: Bench) -> None:
        async with Plug(network.EV) as match:
            assert match.linked
            assert await bench.is_offered()

    run(Bench(Fault(message)), steps)


def test_an_ev_is_unplugged_and_plugged_in_again() -> None:
    async def steps(bench: Bench) -> None:
        for times in (1, 2):
            async with Plug(network.EV):
                await bench.until(lambda: "MATCHED" in bench.said("slac.state"))
                charging = asyncio.ensure_future(bench.charge(cycles=None))
                await bench.until(lambda n=times: len(bench.said("current_demand_started")) == n)
                bench.command("leave_bcd")
                (failure,) = await asyncio.gather(charging, return_exceptions=True)
                assert isinstance(failure, EvError)
            assert bench.medium.partners("ev", time.monotonic()) == []
            assert bench.said("slac.dlink_ready") == [True, False] * times
            bench.command("enter_bcd")

    bench = Bench()
    run(bench, steps)
    assert len(bench.said("dlink_error")) == 2


def test_while_unplugged_nobody_matches() -> None:
    async def steps(bench: Bench) -> None:
        bench.command("leave_bcd")
        plug = asyncio.ensure_future(Plug(network.EV).__aenter__())
        await asyncio.sleep(0.3)
        assert not plug.done()
        plug.cancel()
        await asyncio.gather(plug, return_exceptions=True)

    bench = Bench()
    run(bench, steps)
    assert "MATCHING" not in bench.said("slac.state")


def test_an_ev_that_is_not_matched_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slac_ev, "TT_matching_repetition_s", 0.0)

    async def steps(bench: Bench) -> None:
        bench.command("leave_bcd")
        with pytest.raises(EvError, match=r"SLAC: CM_SLAC_PARM.REQ was not answered \(1 runs\)"):
            async with Plug(network.EV):
                pass

    run(Bench(), steps)


def test_a_session_that_fails_ends_the_match_and_the_next_one_succeeds() -> None:
    async def steps(bench: Bench) -> None:
        async with Plug(network.EV):
            charging = asyncio.ensure_future(bench.charge(cycles=None))
            await bench.until(lambda: bench.said("current_demand_started"))
            charging.cancel()
            await bench.until(lambda: bench.said("slac.dlink_ready") == [True, False])
            assert bench.said("dlink_error") == [None]
            assert bench.medium.partners("ev", time.monotonic()) == []
        async with Plug(network.EV):
            result = await bench.charge()
        assert result.ok, result

    run(Bench(), steps)


def test_an_ev_that_matches_and_never_connects_loses_the_link() -> None:
    async def steps(bench: Bench) -> None:
        async with Plug(network.EV):
            await bench.until(lambda: bench.said("dlink_error"))
            await bench.until(lambda: bench.said("slac.dlink_ready") == [True, False])

    run(Bench(communication_setup_timeout_s=0.2), steps)


def test_a_pause_keeps_the_match() -> None:
    async def steps(bench: Bench) -> None:
        async with Plug(network.EV):
            paused = await bench.charge(pause=True)
            assert paused.ok
            await bench.until(lambda: bench.said("dlink_pause"))
            resumed = await bench.charge(resume_session_id=paused.session_id)
            assert resumed.ok, resumed
        await bench.until(lambda: bench.said("slac.dlink_ready") == [True, False])

    run(Bench(), steps)


def test_an_interface_that_goes_and_comes_back_is_matched_at_again() -> None:
    async def steps(bench: Bench) -> None:
        for _ in range(2):
            async with Plug(network.EV):
                assert (await bench.charge()).ok
            network.ip(f"link set {network.EVSE} down")
            await bench.until(lambda: bench.slac.errors)
            network.ip(f"link set {network.EVSE} up")
            network.ip(f"address replace fe80::1/64 dev {network.EVSE} nodad")
            await bench.until(lambda: not bench.slac.errors and not bench.charger.errors)

    run(Bench(), steps)


def test_the_error_routine_is_a_pilot_that_goes_and_comes() -> None:
    async def steps(bench: Bench) -> None:
        bench.slac.publish("request_error_routine")
        async with Plug(network.EV):
            pass

    bench = Bench()
    run(bench, steps)
    assert bench.said("slac.dlink_ready")[0] is True


def test_stopping_leaves_the_network() -> None:
    async def steps(bench: Bench) -> None:
        async with Plug(network.EV):
            await bench.secc.stop()
            await bench.until(lambda: bench.medium.partners("ev", time.monotonic()) == [])

    run(Bench(), steps)
