"""A SECC and an EV in one process, over a simulated powerline or loopback: a whole session for everybody to see."""

from __future__ import annotations

import asyncio
import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TextIO

from fastsecc.config import Config, ConnectorConfig, SessionConfig
from fastsecc.errors import EvError, InterfaceError
from fastsecc.net.connector import Endpoint
from fastsecc.net.secc import Secc
from fastsecc.security import layouts
from fastsecc.sim.battery import battery_for
from fastsecc.sim.ev.discovery import Link
from fastsecc.sim.ev.machine import Ev
from fastsecc.sim.ev.runner import charge
from fastsecc.sim.ev.settings import ControlName, EnergyName, EvSettings, ProtocolName
from fastsecc.sim.ev.tls import context, context_iso20
from fastsecc.sim.plc import network
from fastsecc.sim.plc.ev import Step
from fastsecc.sim.plc.medium import Medium
from fastsecc.sim.plc.modem import Modem
from fastsecc.sim.plc.plug import Plug
from fastsecc.sim.plc.powerline import Powerline
from fastsecc.sim.power import AcRatings, DcRatings
from fastsecc.sim.settings import SimulatorSettings
from fastsecc.sim.watch import JsonWatch, TextWatch, Watch, describe
from fastsecc.slac.options import SlacOptions

if TYPE_CHECKING:
    from fastsecc.sim.ev.pnc_wallet import Wallet

LOOPBACK: Final = "lo"
READY_TIMEOUT_s: Final = 5.0
CYCLES: Final = 80
SOC_START_PERCENT: Final = 20.0
SOC_END_PERCENT: Final = 80.0
TYPICAL_ANSWER_s: Final = 0.001
DISCHARGE_BEGIN: Final = 0.4
"""When the EV of a bidirectional session gives energy back, as a part of the charge loop."""
DISCHARGE_PART: Final = 0.3


@dataclass(frozen=True, slots=True)
class Demo:
    """What is to be shown."""

    protocol: ProtocolName = "iso2"
    energy: EnergyName = "dc"
    cycles: int = CYCLES
    think_s: float = 0.1
    dc: DcRatings = field(default_factory=DcRatings)
    tls: bool = False
    """Without, ISO 15118-20 is spoken in plain, as it must not be in the field; contracts need it."""
    control: ControlName = "scheduled"
    auth: Literal["eim", "pnc"] = "eim"
    slac: bool = False
    """Begin with SLAC: the calling thread is in a network of `charger_and_car`."""
    why_no_slac: str = ""

    @property
    def interface(self) -> str:
        """The SECC's."""
        return network.EVSE if self.slac else LOOPBACK

    @property
    def wishes(self) -> EvSettings:
        """What the EV wants."""
        decides = self.protocol == "iso20" and self.energy.endswith("-bpt") and self.control == "scheduled"
        return EvSettings(
            protocol=self.protocol,
            energy=self.energy,
            cycles=self.cycles,
            think_s=self.think_s,
            control=self.control,
            auth=self.auth,
            discharge_after_cycles=round(DISCHARGE_BEGIN * self.cycles) if decides else None,
            discharge_cycles=round(DISCHARGE_PART * self.cycles),
        )

    @property
    def simulator(self) -> SimulatorSettings:
        """What the charger is; in the dynamic control mode and in that of SAE J2847/2 it wants energy back."""
        return SimulatorSettings(
            energy=self.energy,
            auth=self.auth,
            receipt_required=self.auth == "pnc",
            dc=self.dc,
            time_lapse=self.time_lapse,
            discharge_after_s=DISCHARGE_BEGIN * self.shown_s,
            discharge_s=DISCHARGE_PART * self.shown_s,
            sae_j2847_mode="V2G" if self.protocol == "iso2" and self.wishes.bidirectional else "None",
        )

    @property
    def shown_s(self) -> float:
        """How long the charge loop takes."""
        return self.cycles * (self.think_s + TYPICAL_ANSWER_s)

    @property
    def time_lapse(self) -> float:
        """How much faster than the clock the battery must fill to show most of a charge."""
        battery, wishes = battery_for(self.energy), self.wishes
        power_w = battery.max_power_w
        if wishes.is_ac:
            power_w = wishes.ac_phases * AcRatings().nominal_voltage_v * wishes.ac_max_current_a
        energy_wh = (SOC_END_PERCENT - SOC_START_PERCENT) / 100 * battery.capacity_wh
        return max(1.0, energy_wh * 3600 / power_w / self.shown_s)

    @property
    def title(self) -> str:
        """One line that says what is going to happen."""
        version = "1.3" if self.protocol == "iso20" else "1.2"
        what = f"{describe(self.wishes)}{f', TLS {version}' * self.tls}"
        where = "a simulated powerline" if self.slac else "loopback"
        return f"fastsecc demo: {what}; SECC and EV in one process, over {where}"


async def show(demo: Demo, out: TextIO, *, as_json: bool) -> bool:
    """Run a demo; tell whether the session came to its normal end.

    Raises:
        InterfaceError: this machine has no usable loopback interface.
    """
    with _made_pki(demo) as pki:
        return await _show(demo, pki, out, as_json=as_json)


@contextmanager
def _made_pki(demo: Demo) -> Iterator[Path | None]:
    """Make certificates that are gone afterwards, with the keys that contracts of the protocol have."""
    if not demo.tls:
        yield None
        return
    from fastsecc.sim import test_pki

    with tempfile.TemporaryDirectory(prefix="fastsecc-demo-") as folder:
        by_contract = (demo.protocol, demo.auth) == ("iso20", "pnc")
        test_pki.make(Path(folder), ("P-256", "P-521") if by_contract else ("P-256",))
        yield Path(folder)


async def _show(demo: Demo, pki: Path | None, out: TextIO, *, as_json: bool) -> bool:
    wallet = None if pki is None or demo.auth == "eim" else _wallet(demo, pki)
    ev = Ev(demo.wishes, battery_for(demo.energy, SOC_START_PERCENT, demo.time_lapse), wallet=wallet)
    watch: Watch = (JsonWatch if as_json else TextWatch)(ev, out, demo.title)
    ready: asyncio.Future[Endpoint] = asyncio.get_running_loop().create_future()
    secc = Secc(_config(demo, pki), lambda _, endpoint: None if ready.done() else ready.set_result(endpoint))
    for charger in secc.chargers.values():
        charger.subscribe(watch.on_variable)
    watch.begin()
    if demo.why_no_slac:
        watch.on_slac(Step("skipped", None, demo.why_no_slac))
    async with AsyncExitStack() as running:
        if demo.slac:
            powerline = _powerline()
            powerline.start()
            running.callback(powerline.stop)
        running.push_async_callback(secc.stop)
        await secc.start()
        await _charge(demo, ev, await _when_ready(ready, secc, demo.interface), watch, pki)
    watch.end(ev.result)
    return ev.result.ok


def _powerline() -> Powerline:
    medium = Medium()
    medium.add(Modem(network.EVSE, evse=True))
    medium.add(Modem(network.EV, evse=False))
    return Powerline(medium, {network.EVSE: network.PLC_EVSE, network.EV: network.PLC_EV})


async def _charge(demo: Demo, ev: Ev, endpoint: Endpoint, watch: Watch, pki: Path | None) -> None:
    """Let the EV plug in where there is SLAC, and charge."""
    tls = None if pki is None else _tls(ev.settings, pki)
    try:
        async with AsyncExitStack() as plugged_in:
            link = Link(sdp_host=str(endpoint.address.address), sdp_port=endpoint.sdp_port)
            if demo.slac:
                plug = Plug(network.EV)
                plug.on_step = watch.on_slac
                await plugged_in.enter_async_context(plug)
                link = Link(network.EV, sdp_port=endpoint.sdp_port)
            await charge(ev, link, watch.on_exchange, tls)
    except EvError as error:
        ev.problem = str(error)


def _wallet(demo: Demo, pki: Path) -> Wallet:
    from fastsecc.sim.ev import pnc_wallet

    return pnc_wallet.for_protocol(pki, demo.protocol)


def _tls(wishes: EvSettings, pki: Path) -> ssl.SSLContext:
    roots = layouts.v2g_roots(pki)
    return context_iso20(roots, layouts.vehicle(pki)) if wishes.protocol == "iso20" else context(roots)


async def _when_ready(ready: asyncio.Future[Endpoint], secc: Secc, interface: str) -> Endpoint:
    try:
        return await asyncio.wait_for(ready, READY_TIMEOUT_s)
    except TimeoutError:
        trouble = next((text for charger in secc.chargers.values() for text in charger.errors.values()), "is not ready")
        raise InterfaceError(interface, trouble) from None


def _config(demo: Demo, pki: Path | None) -> Config:
    connector = ConnectorConfig(
        interface=demo.interface,
        sdp_port=_free_udp_port(),
        slac=SlacOptions(enabled=demo.slac),
        tls="off" if pki is None else "force",
        pki=None if pki is None else str(pki),
        simulator=demo.simulator,
    )
    return Config(connectors=(connector,), session=SessionConfig(allow_plain_iso20=pki is None))


def _free_udp_port() -> int:
    """Find a port that nobody uses now.

    Raises:
        InterfaceError: there is no IPv6 loopback address.
    """
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError as refusal:
            reason = f"the demo needs the IPv6 loopback address ::1: {refusal.strerror}"
            raise InterfaceError(LOOPBACK, reason) from None
        port: int = probe.getsockname()[1]
        return port
