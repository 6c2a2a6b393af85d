"""A whole SECC on loopback: real links, sessions and simulated chargers, charged at by the simulated EV."""

from __future__ import annotations

import asyncio
import logging
import shutil
import socket
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from fastsecc import exi
from fastsecc.charger.charger import Charger
from fastsecc.config import Config, ConnectorConfig, ControlConfig, SessionConfig
from fastsecc.errors import ConfigError
from fastsecc.messages import iso20
from fastsecc.messages.app_protocol import AppProtocolType, supportedAppProtocolReq
from fastsecc.net.connection import V2GTP_HEADER
from fastsecc.net.connector import Endpoint
from fastsecc.net.secc import Secc, session_settings
from fastsecc.sim import test_pki
from fastsecc.sim.battery import Battery
from fastsecc.sim.ev.discovery import Link
from fastsecc.sim.ev.machine import Ev, Result
from fastsecc.sim.ev.runner import charge
from fastsecc.sim.ev.settings import EvSettings
from fastsecc.sim.power import AcRatings, DcRatings
from fastsecc.sim.settings import SimulatorSettings
from fastsecc.slac.options import SlacOptions

QUICK_DC = DcRatings(
    voltage_ramp_v_per_s=1e6, current_ramp_a_per_s=1e6, contactor_delay_s=0.001, isolation_test_s=0.001
)
QUICK_AC = AcRatings(current_ramp_a_per_s=1e6, contactor_delay_s=0.001)
NO_SLAC = SlacOptions(enabled=False)
PATIENCE_s = 20.0

LOOPS: list[Any] = [pytest.param(asyncio.new_event_loop, id="asyncio")]
try:
    import uvloop

    LOOPS.append(pytest.param(uvloop.new_event_loop, id="uvloop"))
except ImportError:
    LOOPS.append(pytest.param(None, id="uvloop", marks=pytest.mark.skip(reason="uvloop is not installed")))


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        return probe.getsockname()[1]


class Bench:
    """A SECC with one or more quick chargers, and what they say."""

    def __init__(self, connectors: int = 1, energy: Any = "dc", **settings: Any) -> None:
        simulator = SimulatorSettings(energy=energy, dc=QUICK_DC, ac=QUICK_AC, step_s=0.005)
        config = Config(
            connectors=tuple(
                ConnectorConfig(
                    name=str(n), interface="lo", sdp_port=free_udp_port(), simulator=simulator, slac=NO_SLAC
                )
                for n in range(connectors)
            ),
            **settings,
        )
        self.ready: dict[str, Endpoint] = {}
        self.heard: dict[str, list[str]] = {name.name: [] for name in config.connectors}
        self.secc = Secc(config, self._on_ready)
        for name, charger in self.secc.chargers.items():
            charger.subscribe(lambda var, value, name=name: self.heard[name].append(var))

    def _on_ready(self, charger: Charger, endpoint: Endpoint) -> None:
        self.ready[charger.connector] = endpoint

    async def charge(self, connector: str = "0", cycles: int | None = 5, **wishes: Any) -> Result:
        ev = Ev(EvSettings(cycles=cycles, think_s=0.002, **wishes), Battery(soc_percent=20))
        return await charge(ev, Link(sdp_host="::1", sdp_port=self.ready[connector].sdp_port), lambda exchange: None)

    async def until(self, true: Callable[[], Any]) -> None:
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


def run(bench: Bench, steps: Callable[[Bench], Coroutine[Any, Any, None]], loop: Any = asyncio.new_event_loop) -> None:
    async def all_steps() -> None:
        try:
            await bench.secc.start()
            await steps(bench)
        finally:
            await bench.secc.stop()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(asyncio.wait_for(all_steps(), PATIENCE_s))


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize(("protocol", "energy"), [("din", "dc"), ("iso2", "dc"), ("iso2", "ac")])
def test_an_ev_charges(protocol: str, energy: str, loop: Any) -> None:
    async def steps(bench: Bench) -> None:
        for sessions in (1, 2):
            result = await bench.charge(protocol=protocol, energy=energy)
            assert result.ok, result
            await bench.until(lambda count=sessions: bench.heard["0"].count("dlink_terminate") == count)

    bench = Bench(energy=energy)
    run(bench, steps, loop)
    heard = Counter(bench.heard["0"])
    assert heard["supported_app_protocols_secc"] == heard["service_renegotiation_supported"] == 1
    assert heard["v2g_setup_finished"] == heard["require_auth_eim"] == heard["evcc_id"] == 2
    assert (heard["dlink_error"], heard["hlc_session_failed"]) == (0, 0)


ISO20_OFFER = AppProtocolType(
    ProtocolNamespace="urn:iso:std:iso:15118:-20:DC", VersionNumberMajor=1, VersionNumberMinor=0, SchemaID=1, Priority=1
)


@pytest.mark.parametrize("plain", [False, True])
def test_iso20_begins_on_its_own_stream_where_it_may_be_plain(plain: bool, caplog) -> None:
    setup = iso20.SessionSetupReq(Header=iso20.MessageHeaderType(SessionID=bytes(8), TimeStamp=1), EVCCID="WMIV1234")

    async def steps(bench: Bench) -> None:
        reader, writer = await asyncio.open_connection("::1", bench.ready["0"].tcp_port)

        async def ask(payload_type: int, message: Any, namespace: str) -> Any:
            payload = exi.encode(message)
            writer.write(V2GTP_HEADER.pack(0x01, 0xFE, payload_type, len(payload)) + payload)
            version, inverse, answered_on, length = V2GTP_HEADER.unpack(await reader.readexactly(8))
            assert (version, inverse, answered_on) == (0x01, 0xFE, payload_type)
            return exi.decode(await reader.readexactly(length), namespace)

        chosen = await ask(0x8001, supportedAppProtocolReq(AppProtocol=[ISO20_OFFER]), "sap")
        assert chosen.ResponseCode.startswith("OK" if plain else "Failed")
        if plain:
            writer.write(V2GTP_HEADER.pack(0x01, 0xFE, 0x8001, 1) + b"?")
            assert (await ask(0x8002, setup, "iso20")).ResponseCode == "OK_NewSessionEstablished"
        writer.close()

    run(Bench(session=SessionConfig(allow_plain_iso20=plain)), steps)
    assert ("ignored: payload type 0x8001" in caplog.text) is plain


def test_two_evs_charge_at_two_connectors_at_once() -> None:
    async def steps(bench: Bench) -> None:
        results = await asyncio.gather(bench.charge("0", protocol="din"), bench.charge("1", protocol="iso2"))
        assert [result.ok for result in results] == [True, True]
        await bench.until(lambda: all("dlink_terminate" in heard for heard in bench.heard.values()))

    run(Bench(connectors=2), steps)


def test_a_paused_session_is_resumed() -> None:
    async def steps(bench: Bench) -> None:
        paused = await bench.charge(pause=True)
        assert paused.ok
        await bench.until(lambda: "dlink_pause" in bench.heard["0"])
        resumed = await bench.charge(resume_session_id=paused.session_id)
        assert resumed.ok, resumed

    run(Bench(), steps)


def test_stopping_lets_the_ev_end_its_session() -> None:
    async def steps(bench: Bench) -> None:
        charging = asyncio.ensure_future(bench.charge(cycles=None))
        await bench.until(lambda: "current_demand_started" in bench.heard["0"])
        await bench.secc.stop()
        result = await charging
        assert result.ok, result

    bench = Bench()
    run(bench, steps)
    assert bench.heard["0"][-3:] == ["current_demand_finished", "dc_open_contactor", "dlink_terminate"]


def test_an_ev_that_vanishes_leaves_a_connector_that_serves_the_next() -> None:
    async def steps(bench: Bench) -> None:
        charging = asyncio.ensure_future(bench.charge(cycles=None))
        await bench.until(lambda: "current_demand_started" in bench.heard["0"])
        charging.cancel()
        await bench.until(lambda: "dlink_error" in bench.heard["0"])
        assert (await bench.charge()).ok

    run(Bench(), steps)


def test_the_loss_of_the_data_link_is_the_end_of_the_session() -> None:
    async def steps(bench: Bench) -> None:
        charging = asyncio.ensure_future(bench.charge(cycles=None))
        await bench.until(lambda: "current_demand_started" in bench.heard["0"])
        charger = bench.secc.chargers["0"]
        charger.command("dlink_ready", {"value": False}, asyncio.get_running_loop().time())
        await bench.until(lambda: "dlink_error" in bench.heard["0"])
        result = (await asyncio.gather(charging, return_exceptions=True))[0]
        assert isinstance(result, Exception) or not result.ok

    run(Bench(), steps)


@pytest.mark.parametrize("debug_mode", [False, True])
def test_v2g_messages_are_published_on_demand(debug_mode: bool) -> None:
    values: list[Any] = []

    async def steps(bench: Bench) -> None:
        charger = bench.secc.chargers["0"]
        charger.subscribe(lambda name, value: values.append(value) if name == "v2g_messages" else None)
        charger.state.debug_mode = debug_mode
        assert (await bench.charge(energy="ac")).ok

    run(Bench(energy="ac"), steps)
    assert [value["id"] for value in values[:2]] == ["SupportedAppProtocolReq", "SupportedAppProtocolRes"] * debug_mode
    assert all(value["exi"].startswith("01fe8001000000") for value in values)


def test_the_control_socket_is_beside_the_simulator(tmp_path: Path) -> None:
    path = tmp_path / "ctl"

    async def steps(bench: Bench) -> None:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b'{"cmd": "stop_charging", "args": {"stop": true}}\n')
        assert await reader.readline() == b'{"ok":true,"result":null}\n'
        assert bench.secc.chargers["0"].state.stop_requested_at is not None
        writer.close()
        await writer.wait_closed()

    run(Bench(control=ControlConfig(socket=str(path))), steps)
    assert not path.exists()


def test_a_start_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    async def steps(bench: Bench) -> None:
        raise AssertionError("must not start")

    (tmp_path / "file").touch()
    bench = Bench(control=ControlConfig(socket=str(tmp_path / "file")))
    with pytest.raises(ConfigError, match="control socket: cannot listen on"):
        run(bench, steps)
    assert bench.ready == {}


def test_with_slac_or_a_program_in_charge_the_set_up_time_counts(tmp_path: Path) -> None:
    config = Config(
        connectors=(
            ConnectorConfig(name="a", adapter="control", slac=NO_SLAC),
            ConnectorConfig(name="b", slac=NO_SLAC),
            ConnectorConfig(name="c"),
        ),
        control=ControlConfig(socket=str(tmp_path / "ctl")),
    )
    secc = Secc(config)
    assert [c.settings.communication_setup_timeout_s for c in secc.connectors] == [18.0, 0.0, 18.0]


def test_the_policy_reaches_the_session_core() -> None:
    config = Config(session=SessionConfig(quirks=("session-stop-in-loop",), sequence_timeout_s=30.0, evse_time=True))
    settings = session_settings(config)
    assert (settings.quirks, settings.sequence_timeout_s) == (frozenset({"session-stop-in-loop"}), 30.0)
    assert settings.evse_time_s is not None
    assert settings.evse_time_s() > 1_700_000_000
    assert session_settings(Config()).evse_time_s is None


def secure(folder: Path, auth: Any = "both", **connector: Any) -> Config:
    simulator = SimulatorSettings(auth=auth)
    made = ConnectorConfig(interface="lo", tls="allow", pki=str(folder), simulator=simulator, **connector)
    return Config(connectors=(made,))


def trusted(secc: Secc) -> Any:
    """Give whom a session that begins now trusts."""
    (connector,) = secc.connectors
    return connector._make_session(connector.charger.state, 0.0, None)._settings.security


def test_sessions_trust_those_whose_roots_lie_in_the_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As they lie there when a session begins; what cannot be read changes nothing."""
    test_pki.make(tmp_path)
    secc = Secc(secure(tmp_path))
    assert len(trusted(secc).mo) == 1
    other = test_pki.build().contract[-1]
    (tmp_path / "ca/mo/OTHER.pem").write_bytes(other.pem)
    assert other.certificate in trusted(secc).anchors("MO")
    (tmp_path / "ca/mo/OTHER.pem").write_bytes(b"rubbish")
    assert other.certificate in trusted(secc).anchors("MO")
    assert "who was trusted before still is" in caplog.text


def test_without_tls_nobody_is_trusted() -> None:
    assert trusted(Secc(Config())) is None


def services(secc: Secc) -> list[bool]:
    """Boot the simulators, and give for each whether it says that it has the certificate service."""

    async def boot() -> None:
        for adapter in secc._adapters:
            await adapter.start(secc.chargers)
            await adapter.stop()

    asyncio.run(boot())
    return [charger.state.supported_certificate_service for charger in secc.chargers.values()]


def test_contracts_are_issued_where_the_folder_holds_the_keys(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    test_pki.make(tmp_path)
    assert services(Secc(secure(tmp_path))) == [True]
    assert services(Secc(secure(tmp_path, auth="eim"))) == [False]
    assert services(Secc(secure(tmp_path, issue_contracts=False))) == [False]
    shutil.rmtree(tmp_path / "issuer")
    with pytest.raises(ConfigError, match="holds nobody who issues contracts"):
        Secc(secure(tmp_path, issue_contracts=True))
    caplog.set_level(logging.INFO)
    assert services(Secc(secure(tmp_path))) == [False]
    assert "no contracts are issued here" in caplog.text
