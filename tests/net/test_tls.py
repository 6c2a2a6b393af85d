"""A SECC with TLS on loopback: EVs that charge, handshakes that fail, and what the charger hears of these."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from fastsecc.config import Config, ConnectorConfig, LinkConfig, SessionConfig
from fastsecc.errors import ConfigError, EvError
from fastsecc.net.connector import Endpoint
from fastsecc.net.secc import Secc
from fastsecc.security import layouts
from fastsecc.sim import test_pki
from fastsecc.sim.battery import Battery
from fastsecc.sim.ev import tls
from fastsecc.sim.ev.discovery import Link
from fastsecc.sim.ev.machine import Ev, Result
from fastsecc.sim.ev.runner import charge
from fastsecc.sim.ev.settings import EvSettings
from fastsecc.sim.power import AcRatings
from fastsecc.sim.settings import SimulatorSettings
from fastsecc.slac.options import SlacOptions

QUICK = SimulatorSettings(
    energy="ac", ac=AcRatings(current_ramp_a_per_s=1e6, contactor_delay_s=0.001), step_s=0.005, debug_mode=False
)
PATIENCE_s = 20.0


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki")
    test_pki.make(folder)
    return folder


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        return probe.getsockname()[1]


class Bench:
    """A SECC of quick AC chargers with TLS, and what they say."""

    def __init__(self, pki: Path, policy: Any = "allow", connectors: int = 1, **settings: Any) -> None:
        self.pki = pki
        config = Config(
            connectors=tuple(
                ConnectorConfig(
                    name=str(n),
                    interface="lo",
                    sdp_port=free_udp_port(),
                    tls=policy,
                    pki=str(pki),
                    simulator=QUICK,
                    slac=SlacOptions(enabled=False),
                )
                for n in range(connectors)
            ),
            **settings,
        )
        self.ready: dict[str, Endpoint] = {}
        self.heard: dict[str, list[tuple[str, Any]]] = {connector.name: [] for connector in config.connectors}
        self.secc = Secc(config, lambda charger, endpoint: self.ready.update({charger.connector: endpoint}))
        for name, charger in self.secc.chargers.items():
            charger.subscribe(lambda var, value, name=name: self.heard[name].append((var, value)))

    async def charge(self, connector: str = "0", context: ssl.SSLContext | None = None) -> Result:
        ev = Ev(EvSettings(energy="ac", cycles=5, think_s=0.002), Battery(soc_percent=20))
        context = context or tls.context(layouts.v2g_roots(self.pki))
        link = Link(sdp_host="::1", sdp_port=self.ready[connector].sdp_port)
        return await charge(ev, link, lambda exchange: None, context)

    def connect(self, connector: str = "0") -> socket.socket:
        """Connect where TLS is spoken."""
        port = self.ready[connector].tls_port
        assert port is not None
        return socket.create_connection(("::1", port), timeout=5)

    async def until(self, true: Callable[[], Any]) -> None:
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.002)

    async def until_idle(self) -> None:
        await self.until(lambda: self.secc.connectors[0].connection is None)

    def endings(self) -> list[tuple[str, Any]]:
        return [var for var in self.heard["0"] if var[0] == "hlc_session_failed" or var[0].startswith("dlink")]


FAILED = [("hlc_session_failed", "FailedTLSHandshake"), ("dlink_error", None)]


def run(bench: Bench, steps: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
    async def all_steps() -> None:
        try:
            await bench.secc.start()
            await steps(bench)
        finally:
            await bench.secc.stop()

    asyncio.run(asyncio.wait_for(all_steps(), PATIENCE_s))


@pytest.mark.parametrize("policy", ["allow", "force"])
def test_an_ev_charges_over_tls(pki: Path, policy: str, caplog: pytest.LogCaptureFixture) -> None:
    """CMN_SDP_002, CMN_SDP_003, CMN_SupportedAppProtocol_001."""

    async def steps(bench: Bench) -> None:
        for _ in range(2):
            assert (await bench.charge()).ok
            await bench.until_idle()

    caplog.set_level(logging.INFO)
    bench = Bench(pki, policy)
    run(bench, steps)
    assert bench.endings() == [("dlink_terminate", None)] * 2
    security = "TLSv1.2 ECDHE-ECDSA-AES128-SHA256, secp256r1, chain P-256 DC=CPO,CN=SECC P-256, no client certificate"
    assert f"0: TLS: {security}" in caplog.messages


def test_an_ev_without_tls_is_served_where_that_is_allowed(pki: Path) -> None:
    """CMN_SupportedAppProtocol_004, OC-034: with `force` it is told of TLS, and never let in without."""

    async def plain(bench: Bench) -> Result:
        ev = Ev(EvSettings(energy="ac", cycles=3, think_s=0.002), Battery(soc_percent=20))
        link = Link(sdp_host="::1", sdp_port=bench.ready["0"].sdp_port)
        return await charge(ev, link, lambda exchange: None)

    async def allowed(bench: Bench) -> None:
        assert (await plain(bench)).ok

    async def refused(bench: Bench) -> None:
        with pytest.raises(EvError, match="the SECC wants TLS"):
            await plain(bench)

    run(Bench(pki, "allow"), allowed)
    run(Bench(pki, "force"), refused)


def newer(pki: Path, *, certificate: bool) -> ssl.SSLContext:
    """Make what an EV of ISO 15118-20 comes with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.load_verify_locations(pki / test_pki.V2G_ROOT)
    if certificate:
        vehicle = pki / test_pki.VEHICLE
        context.load_cert_chain(vehicle / "OEM_P256_CERT_CHAIN.pem", vehicle / "OEM_P256_LEAF.key")
    return context


def test_an_ev_with_tls_1_3_charges_with_iso_15118_2(pki: Path, caplog: pytest.LogCaptureFixture) -> None:
    """EV20-I-130: an EV's chain below the OEM root is accepted."""

    async def steps(bench: Bench) -> None:
        assert (await bench.charge(context=newer(pki, certificate=True))).ok

    caplog.set_level(logging.INFO)
    run(Bench(pki), steps)
    (security,) = [message for message in caplog.messages if "0: TLS: " in message]
    assert security.startswith("0: TLS: TLSv1.3 TLS_AES_256_GCM_SHA384, ")
    assert security.endswith(f", client certificate DC=OEM,CN={test_pki.PCID}")


def close(bench: Bench) -> None:
    """Go away without a word."""
    bench.connect().close()


def rubbish(bench: Bench) -> None:
    """Say something that is no TLS."""
    with bench.connect() as stream:
        stream.sendall(bytes.fromhex("01fe800100000000"))
        stream.recv(100)


def shake(bench: Bench, context: ssl.SSLContext) -> None:
    """Try a handshake in earnest."""
    context.check_hostname = False
    with bench.connect() as stream:
        try:
            with context.wrap_socket(stream) as wrapped:
                wrapped.recv(1)
        except OSError:
            return


def distrust(bench: Bench) -> None:
    """Know another root."""
    shake(bench, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def no_common_suite(bench: Bench) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384")
    shake(bench, context)


def no_certificate(bench: Bench) -> None:
    """Come with TLS 1.3, but without what it demands."""
    shake(bench, newer(bench.pki, certificate=False))


def silence(bench: Bench) -> None:
    with bench.connect() as stream:
        stream.recv(1)


@pytest.mark.parametrize("ev", [close, rubbish, distrust, no_common_suite, no_certificate, silence])
def test_a_failed_handshake_is_told_and_the_next_ev_charges(
    pki: Path, ev: Callable[[Bench], None], caplog: pytest.LogCaptureFixture
) -> None:
    async def steps(bench: Bench) -> None:
        await asyncio.to_thread(ev, bench)
        await bench.until(lambda: bench.endings())
        await bench.until_idle()
        assert bench.endings() == FAILED
        assert (await bench.charge()).ok

    link = LinkConfig(handshake_timeout_ms=100 if ev is silence else 15_000)
    run(Bench(pki, link=link), steps)
    assert any(record.levelno == logging.WARNING and "connection closed" in record.message for record in caplog.records)


def test_a_silent_handshake_disturbs_nobody_else(pki: Path) -> None:
    """Neither the other connector nor the event loop; at its own connector it is the connection."""

    async def steps(bench: Bench) -> None:
        with bench.connect("0"):
            await bench.until(lambda: bench.secc.connectors[0].connection)
            assert (await bench.charge("1")).ok
            with pytest.raises(ConnectionRefusedError):
                bench.connect("0")
            assert bench.endings() == []
        await bench.until_idle()
        assert bench.endings() == FAILED

    run(Bench(pki, connectors=2), steps)


def test_the_set_up_time_goes_on_in_a_handshake(pki: Path) -> None:
    async def steps(bench: Bench) -> None:
        with bench.connect() as stream:
            await bench.until(lambda: bench.secc.connectors[0].connection)
            await bench.until_idle()
            stream.settimeout(5)
            assert stream.recv(1) == b""
        assert bench.endings()[-1] == ("dlink_error", None)
        assert ("hlc_session_failed", "FailedTLSHandshake") not in bench.endings()

    run(Bench(pki, session=SessionConfig(communication_setup_timeout_s=0.05)), steps)


def test_the_loss_of_the_data_link_in_a_handshake_is_no_failure_of_it(pki: Path) -> None:
    async def steps(bench: Bench) -> None:
        with bench.connect():
            await bench.until(lambda: bench.secc.connectors[0].connection)
            bench.secc.chargers["0"].command("dlink_ready", {"value": False}, 0.0)
            await bench.until_idle()
        assert ("hlc_session_failed", "FailedTLSHandshake") not in bench.endings()
        assert bench.endings()[-1] == ("dlink_error", None)

    run(Bench(pki), steps)


def test_certificates_are_read_again_without_a_restart(tmp_path: Path) -> None:
    async def steps(bench: Bench) -> None:
        old = tls.context(layouts.v2g_roots(tmp_path))
        assert (await bench.charge(context=old)).ok
        await bench.until_idle()
        test_pki.make(tmp_path)
        assert (await bench.charge()).ok
        await bench.until_idle()
        with pytest.raises(EvError, match="TLS: "):
            await bench.charge(context=old)
        await bench.until_idle()
        (tmp_path / test_pki.CHARGER / "SECC_P256_LEAF.key").unlink()
        bench.secc._on_hangup()
        assert (await bench.charge()).ok

    test_pki.make(tmp_path)
    run(Bench(tmp_path), steps)


def test_connectors_with_the_same_folder_share_its_certificates(pki: Path) -> None:
    bench = Bench(pki, connectors=3)
    assert len(bench.secc.certificates) == 1


def test_certificates_that_cannot_be_used_stop_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no charger certificates"):
        Bench(tmp_path)
