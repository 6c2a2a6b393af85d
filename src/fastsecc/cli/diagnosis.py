"""What `fastsecc doctor` looks at: each check gives findings, and with them what to do."""

from __future__ import annotations

import ctypes
import socket
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from fastsecc.errors import CapabilityError, ConfigError, InterfaceError

if TYPE_CHECKING:
    from fastsecc.config import Config, ConnectorConfig

Level = Literal["ok", "warning", "problem"]

CAPABILITIES: Final = {"CAP_NET_RAW": 13, "CAP_IPC_LOCK": 14, "CAP_SYS_NICE": 23}
"""linux/capability.h"""
STATUS: Final = Path("/proc/self/status")
NET: Final = Path("/sys/class/net")
MODEM_PATIENCE_s: Final = 1.0
TIMEX_OCTETS: Final = 512
"""More than struct timex has anywhere."""
TIME_ERROR: Final = 5
"""sys/timex.h: the clock is not synchronized."""
EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock that shows less is wrong: this program is younger."""


class Finding(msgspec.Struct, frozen=True):
    """What a check found; `remedy` says what to do, "" if nothing."""

    check: str
    level: Level
    text: str
    remedy: str = ""
    connector: str | None = None


def examine(config: Config) -> Iterator[Finding]:
    """Look at everything that `fastsecc run` would need with this configuration."""
    for connector in config.connectors:
        for finding in _connector(connector):
            yield msgspec.structs.replace(finding, connector=connector.name)
    yield _capabilities(config)
    yield _realtime(config)
    if config.memory_lock:
        yield _memory_lock()
    yield _clock()
    yield _loop(config)


def _connector(config: ConnectorConfig) -> Iterator[Finding]:
    name = yield from _address(config.interface)
    if config.slac.enabled and name is not None:
        yield _modem(name, bytes.fromhex(config.slac.modem_mac.replace(":", "")))
    if config.tls != "off" and config.pki is not None:
        yield from _certificates(Path(config.pki))


def _address(interface: str) -> Generator[Finding, None, str | None]:
    """Look at the interface and its address; return its name if it is up."""
    from fastsecc.net.interface import AUTO, find_address

    try:
        found = find_address(interface)
    except InterfaceError as trouble:
        there = interface != AUTO and (NET / interface).exists()
        up = there and "is down" not in trouble.reason
        if up:
            yield Finding("interface", "ok", f"{interface} is up")
        yield Finding(
            "link-local address" if up else "interface",
            "problem",
            f"{interface}: {trouble.reason}",
            _address_remedy(interface, there, up),
        )
        return interface if up else None
    yield Finding("interface", "ok", f"{found.interface} is up")
    yield Finding("link-local address", "ok", found.scoped)
    return found.interface


def _address_remedy(interface: str, there: bool, up: bool) -> str:
    if interface == "auto":
        return "name the interface towards the EV (connectors: interface); `ip -br address` lists them"
    if not there:
        names = ", ".join(name for _, name in socket.if_nameindex())
        return f"there are: {names}; is the modem's driver loaded, its cable plugged in?"
    if not up:
        return f"ip link set {interface} up"
    return (
        f"is the modem powered and connected (`ip link show {interface}`)? is IPv6 on "
        f"(sysctl net.ipv6.conf.{interface}.disable_ipv6=0 net.ipv6.conf.{interface}.addr_gen_mode=0)?"
    )


def _modem(interface: str, address: bytes) -> Finding:
    from fastsecc.net import modem_probe

    try:
        line = modem_probe.ask(interface, address, MODEM_PATIENCE_s)
    except CapabilityError as error:
        return Finding("modem", "problem", f"{interface}: cannot be asked without CAP_NET_RAW", error.reason)
    except InterfaceError as error:
        remedy = "name the modem's interface, or switch SLAC off (--no-slac)"
        return Finding("modem", "problem", f"{interface}: {error.reason}", remedy)
    except OSError as error:
        return Finding("modem", "problem", f"{interface}: {error.strerror}", f"ip link show {interface}")
    if line is None:
        return Finding(
            "modem",
            "warning",
            f"{interface}: no answer from a modem of Qualcomm or Lumissil",
            "is the modem powered and out of reset, does it have firmware? others do not answer, and need nothing",
        )
    return Finding("modem", "ok", f"{interface}: {line.removeprefix('modem: ')}")


def _certificates(folder: Path) -> Iterator[Finding]:
    from fastsecc.security import pki, profiles

    try:
        settings = pki.load(folder)
        profiles.build(settings, profiles.TlsOptions())
    except ConfigError as error:
        yield Finding(
            "certificates", "problem", str(error), f"`fastsecc certs check {folder}` tells more; without TLS: --tls off"
        )
        return
    for warning in settings.warnings:
        yield Finding("certificates", "warning", warning, f"`fastsecc certs check {folder}` tells more")
    for chain in settings.chains:
        stapled = sum(staple is not None for staple in chain.staples)
        text = f"{chain.label}: {len(chain.staples)} certificates, {stapled} with OCSP response"
        yield Finding("certificates", "ok", text)


def _capabilities(config: Config) -> Finding:
    wanted = {"CAP_SYS_NICE"} if config.link.fifo_priority else set()
    if any(connector.slac.enabled for connector in config.connectors):
        wanted.add("CAP_NET_RAW")
    if config.memory_lock:
        wanted.add("CAP_IPC_LOCK")
    there = effective_capabilities(STATUS.read_text())
    missing = sorted(wanted - there)
    if not missing:
        return Finding("capabilities", "ok", ", ".join(sorted(wanted)) or "none are needed")
    return Finding(
        "capabilities",
        "problem" if "CAP_NET_RAW" in missing else "warning",
        f"missing: {', '.join(missing)}",
        f"in the systemd unit: AmbientCapabilities={' '.join(missing)} (`fastsecc run --example-unit` has a whole one)",
    )


def effective_capabilities(status: str) -> set[str]:
    """Read which of CAPABILITIES a process has from its /proc/…/status."""
    mask = next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:")), 0)
    return {name for name, bit in CAPABILITIES.items() if mask >> bit & 1}


def _realtime(config: Config) -> Finding:
    from fastsecc._link import fifo_refused

    priority = config.link.fifo_priority
    if not priority:
        return Finding("real time", "warning", "switched off: link.fifo_priority is 0", "leave that option out")
    if refused := fifo_refused(priority):
        remedy = (
            f"in the systemd unit: AmbientCapabilities=CAP_SYS_NICE or LimitRTPRIO={priority}; "
            "as root it is the control group's: sysctl kernel.sched_rt_runtime_us=950000"
        )
        return Finding("real time", "warning", f"no SCHED_FIFO {priority} for the charge loop: {refused}", remedy)
    return Finding("real time", "ok", f"SCHED_FIFO {priority} in the charge loop")


def _memory_lock() -> Finding:
    from fastsecc._link import lock_memory

    if failed := lock_memory():
        return Finding("memory lock", "warning", failed, "in the systemd unit: LimitMEMLOCK=infinity")
    return Finding("memory lock", "ok", "all memory stays resident")


def _clock() -> Finding:
    now = utc_now()
    remedy = "let NTP set it (systemctl enable --now systemd-timesyncd) and see that the RTC has a battery"
    if now < EARLIEST:
        return Finding("clock", "problem", f"it is not {now:%Y-%m-%d}: no certificate would be valid", remedy)
    if not synchronized():
        return Finding("clock", "warning", f"{now:%Y-%m-%d %H:%M} UTC, not synchronized", remedy)
    return Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC, synchronized")


def utc_now() -> datetime:
    """Give the time of day."""
    return datetime.now(UTC)


def synchronized() -> bool:
    """Ask the kernel whether somebody keeps its clock right."""
    answer: int = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(TIMEX_OCTETS))
    return 0 <= answer < TIME_ERROR


def _loop(config: Config) -> Finding:
    if config.loop != "asyncio":
        try:
            version = metadata.version("uvloop")
        except metadata.PackageNotFoundError:
            level: Level = "problem" if config.loop == "uvloop" else "ok"
            remedy = "pip install uvloop, or leave the option loop out" if level == "problem" else ""
            return Finding("event loop", level, "asyncio: uvloop is not installed", remedy)
        return Finding("event loop", "ok", f"uvloop {version}")
    return Finding("event loop", "ok", "asyncio, as configured")
