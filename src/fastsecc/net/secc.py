"""All connectors of a process, with who is on the other side of their charger interfaces."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import importlib
import logging
import os
import signal
import time
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from fastsecc._link import Link
from fastsecc.adapters.base import Adapter
from fastsecc.adapters.control import ControlSocket
from fastsecc.adapters.issuer import ContractIssuer
from fastsecc.adapters.simulator import Simulator
from fastsecc.charger.charger import Charger
from fastsecc.charger.slac_interface import SlacInterface
from fastsecc.charger.state import ChargerState
from fastsecc.config import Config, ConnectorConfig
from fastsecc.errors import ConfigError
from fastsecc.messages import payload_types
from fastsecc.net.connector import Connector, ConnectorSettings, Endpoint, MakeLink
from fastsecc.net.interface import AUTO
from fastsecc.net.pacing import Pacing
from fastsecc.net.sdp import Security, TlsPolicy
from fastsecc.net.supervisor import Supervisor
from fastsecc.session import quirks
from fastsecc.session.api import Paused, SessionSettings
from fastsecc.session.session import Session

if TYPE_CHECKING:
    from fastsecc.net.slac_service import SlacService
    from fastsecc.security.profiles import ProfileStore
    from fastsecc.security.signature import PrivateKey
    from fastsecc.security.trust import TrustStore
    from fastsecc.sim.backend import IssuingBackEnd
    from fastsecc.slac.api import SlacSettings

log = logging.getLogger(__name__)

MACHINES = {
    "DIN70121": "fastsecc.session.din70121.machine",
    "ISO15118D2": "fastsecc.session.iso2.machine",
    "ISO15118D20": "fastsecc.session.iso20.machine",
}
"""What a protocol needs; imported at the start, lest the first EV waits for it."""

OnReady = Callable[[Charger, Endpoint], None]
"""Called each time a connector has become one that an EV can connect to."""


class Secc:
    """One process's SECC."""

    def __init__(self, config: Config, on_ready: OnReady | None = None) -> None:
        """Make it; certificates are read, but nothing is opened yet.

        Raises:
            ConfigError: certificates cannot be used.
        """
        self.config = config
        self.chargers: dict[str, Charger] = {}
        self.connectors: list[Connector] = []
        self.slac: dict[str, SlacService] = {}
        """SLAC by connector; those without are not here."""
        self.certificates: list[ProfileStore] = []
        self._supervisor = Supervisor()
        for connector in config.connectors:
            self._add(connector, on_ready)
        back_ends = self._back_ends()
        adapters = (ContractIssuer(back_ends), self._simulator(back_ends), self._control())
        self._adapters = [adapter for adapter in adapters if adapter is not None]
        self._started: list[Adapter] = []

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then stop in order; a second signal does not wait for the EVs.

        SIGHUP reads the certificates again.

        Raises:
            ConfigError: something that the configuration asks for cannot be had.
        """
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self._on_signal, told)
        loop.add_signal_handler(signal.SIGHUP, self._on_hangup)
        try:
            await self.start()
            self._supervisor.ready()
            await told.wait()
        finally:
            self._supervisor.stopping()
            await self.stop()
            self._supervisor.close()
            for number in (*signals, signal.SIGHUP):
                loop.remove_signal_handler(number)

    async def start(self) -> None:
        """Start the adapters, which say what the chargers are, then let EVs come.

        Raises:
            ConfigError: something that the configuration asks for cannot be had.
        """
        for adapter in self._adapters:
            self._started.append(adapter)
            await adapter.start(self._chargers_of(adapter))
        self._start_slac()
        for connector in self.connectors:
            connector.start()
            connector.charger.announce_app_protocols()
            connector.charger.publish("service_renegotiation_supported", self.config.iso20.service_renegotiation)
        gc.collect()
        gc.freeze()  # what is there now stays: no collection has to look at it again

    async def stop(self) -> None:
        """End the sessions, bounded by the configured time, then the adapters, which so hear of it."""
        grace_s = self.config.stop_timeout_s
        await asyncio.gather(*(connector.stop(grace_s) for connector in self.connectors))
        for slac in self.slac.values():
            slac.stop()
        while self._started:
            await self._started.pop().stop()

    def _on_signal(self, told: asyncio.Event) -> None:
        if told.is_set():
            for connector in self.connectors:
                connector.abort()
        told.set()

    def _on_hangup(self) -> None:
        log.info("SIGHUP: %s", "certificates are read again" if self.certificates else "there is nothing to read again")
        for store in self.certificates:
            store.reload()

    # parts

    def _add(self, config: ConnectorConfig, on_ready: OnReady | None) -> None:
        protocols = frozenset(config.protocols)
        for protocol in protocols:
            importlib.import_module(MACHINES[protocol])
        state = ChargerState(available_app_protocols=protocols, supported_app_protocols=protocols)
        charger = Charger(config.name, state)
        self.chargers[config.name] = charger
        if config.slac.enabled:
            self._add_slac(charger, self._slac_settings(config))
        connector = Connector(
            self._connector_settings(config),
            charger,
            self._make_links(config),
            partial(_session, session_settings(self.config), self._trust_of(config)),
            partial(self._on_connector_ready, charger, on_ready),
        )
        self.connectors.append(connector)

    def _add_slac(self, charger: Charger, settings: SlacSettings) -> None:
        from fastsecc.net.slac_chain import chain
        from fastsecc.net.slac_service import SlacService

        charger.slac = SlacInterface(charger.connector)
        chain(charger.slac, charger, time.monotonic)
        self.slac[charger.connector] = SlacService(settings, charger.slac)

    def _slac_settings(self, config: ConnectorConfig) -> SlacSettings:
        settings = config.slac.settings(quirks.active(self.config.session.quirks))
        if config.adapter == "simulator":  # see _connector_settings
            settings.TT_EVSE_SLAC_init_s = 0.0
        return settings

    def _start_slac(self) -> None:
        """Start SLAC where the network interface is named; where it is yet to be found, see that it will be possible.

        Raises:
            CapabilityError: raw frames are not permitted.
            InterfaceError: the network interface is no Ethernet.
        """
        for config in self.config.connectors:
            if config.name not in self.slac:
                continue
            from fastsecc.net.slac_socket import SlacSocket, require_ethernet

            if config.interface != AUTO:
                require_ethernet(config.interface)
                self.slac[config.name].start(config.interface)
            elif not os.environ.get("LISTEN_FDS"):  # else there may be a supervisor's socket for it
                SlacSocket(AUTO).close()

    def _on_connector_ready(self, charger: Charger, on_ready: OnReady | None, endpoint: Endpoint) -> None:
        if charger.connector in self.slac:
            self.slac[charger.connector].start(endpoint.address.interface)
        self._supervisor.tell(f"STATUS=connector {charger.connector}: ready {endpoint}")
        if on_ready is not None:
            on_ready(charger, endpoint)

    def _make_links(self, config: ConnectorConfig) -> dict[Security, MakeLink]:
        """Give what starts a link, for each kind of connection that a connector serves."""
        settings = msgspec.structs.asdict(self.config.link)
        if "ISO15118D20" in config.protocols:
            settings["payload_types"] = (payload_types.EXI, *payload_types.NAMESPACES)
        makers: dict[Security, MakeLink] = {Security.NONE: partial(Link, **settings)}
        if config.tls != "off":
            certificates = self._certificates_of(config)
            makers[Security.TLS] = lambda fd: Link(fd, tls=certificates.current(), **settings)
        return {security: makers[security] for security in TlsPolicy(config.tls).served}

    def _certificates_of(self, config: ConnectorConfig) -> ProfileStore:
        """Give the certificates of a connector; connectors that want the same share them."""
        from fastsecc.security.profiles import ProfileStore, TlsOptions, library

        assert config.pki is not None
        key_log = None if config.tls_key_log is None else Path(config.tls_key_log)
        folder, options = Path(config.pki), TlsOptions(config.client_certificate, key_log)
        for store in self.certificates:
            if (store.folder, store.options) == (folder, options):
                return store
        self.certificates.append(ProfileStore(folder, options))
        if len(self.certificates) == 1:
            log.info("TLS: %s", library())
        return self.certificates[-1]

    def _trust_of(self, config: ConnectorConfig) -> _Trust | None:
        """Give whom a connector's sessions trust: those whose roots lie in its folder."""
        return None if config.tls == "off" or config.pki is None else _Trust(Path(config.pki))

    def _connector_settings(self, config: ConnectorConfig) -> ConnectorSettings:
        # The simulator cannot know when an EV was plugged in: without SLAC there is no time to count from.
        counts = config.slac.enabled or config.adapter != "simulator"
        return ConnectorSettings(
            interface=config.interface,
            tcp_port=config.tcp_port,
            tls_port=config.tls_port,
            sdp_port=config.sdp_port,
            communication_setup_timeout_s=self.config.session.communication_setup_timeout_s if counts else 0.0,
            pacing=Pacing(self.config.min_response_ms),
        )

    def _back_ends(self) -> dict[str, IssuingBackEnd]:
        """Make who issues contracts, for each connector that wants it.

        Raises:
            ConfigError: a connector insists on it, but its folder does not hold the keys.
        """
        found = {connector.name: _back_end(connector) for connector in self.config.connectors}
        return {name: back_end for name, back_end in found.items() if back_end is not None}

    def _simulator(self, issuing: Collection[str]) -> Simulator | None:
        settings = {c.name: c.simulator for c in self.config.connectors if c.adapter == "simulator"}
        return Simulator(settings, issuing) if settings else None

    def _control(self) -> ControlSocket | None:
        path = self.config.control.socket
        wanted = path is not None or any(c.adapter == "control" for c in self.config.connectors)
        return ControlSocket(None if path is None else Path(path)) if wanted else None

    def _chargers_of(self, adapter: Adapter) -> dict[str, Charger]:
        """Give the simulator its connectors, and the control socket all."""
        if not isinstance(adapter, Simulator):
            return self.chargers
        return {c.name: self.chargers[c.name] for c in self.config.connectors if c.adapter == "simulator"}


def session_settings(config: Config) -> SessionSettings:
    """Give the session core its policy."""
    policy = msgspec.structs.asdict(config.session)
    evse_time = policy.pop("evse_time")
    policy["quirks"] = frozenset(policy["quirks"])
    evse_time_s = (lambda: int(time.time())) if evse_time else None
    return SessionSettings(
        **policy,
        iso2=config.iso2,
        iso20=config.iso20,
        evse_time_s=evse_time_s,
        wall_clock_s=time.time,
        sales_tariff_key=_signing_key(config.iso2.sales_tariff_key),
        price_schedule_key=_signing_key(config.iso20.price_schedule_key),
    )


def _signing_key(path: str | None) -> PrivateKey | None:
    """Read a key that tariffs are signed with.

    Raises:
        ConfigError: it cannot be read, or is none that signs here.
    """
    if path is None:
        return None
    from fastsecc.security import files

    key = files.private_key(Path(path), None)
    if files.kind(key.public_key()) is None:
        raise ConfigError("is of no kind that ISO 15118 has: P-256, P-521 or Ed448", file=Path(path))
    return cast("PrivateKey", key)


class _Trust:
    """Whom sessions trust: as new as the files of a folder, or as the last that could be read."""

    def __init__(self, folder: Path) -> None:
        from fastsecc.security.trust import TrustFolder

        self._folder = TrustFolder(folder)
        self._store = self._folder.current()

    def current(self) -> TrustStore:
        try:
            self._store = self._folder.current()
        except ConfigError as trouble:
            log.error("%s; who was trusted before still is", trouble)
        return self._store


def _back_end(connector: ConnectorConfig) -> IssuingBackEnd | None:
    """Make a connector's back end that issues contracts, if that is wanted and its folder holds the keys for it."""
    by_chance = connector.adapter == "simulator" and connector.simulator.auth != "eim"
    if connector.pki is None or not (by_chance if connector.issue_contracts is None else connector.issue_contracts):
        return None
    from fastsecc.sim.backend import Authorities, IssuingBackEnd

    try:
        return IssuingBackEnd(Authorities.read(Path(connector.pki)))
    except ConfigError as trouble:
        if connector.issue_contracts:
            raise
        log.info("no contracts are issued here: %s", trouble)
        return None


def _session(
    settings: SessionSettings, trust: _Trust | None, charger: ChargerState, now: float, paused: Paused | None
) -> Session:
    known = settings if trust is None else dataclasses.replace(settings, security=trust.current())
    return Session(charger, known, now, paused)
