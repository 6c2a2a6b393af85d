"""What of a configuration one value's type cannot say: what values need of one another, and the limits of messages."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from fastsecc.errors import ConfigError

if TYPE_CHECKING:
    from fastsecc.config import Config, Source
    from fastsecc.session.iso2.settings import Iso2Settings
    from fastsecc.session.iso20.settings import CustomVas, Iso20Settings, Tariff

MAX_UINT32 = 2**32 - 1
MAX_INT32 = 2**31 - 1
MAX_ID = 65_535
LAST_STANDARD_SERVICE_ID = 66
MAX_VAS = 8
MAX_PARAMETERS = 32
MAX_NAME = 80
MAX_PROVIDERS = 128
MAX_DESCRIPTION = 32
MAX_PRICE_LEVEL = 255
MAX_NUMBER = 32_767_000
"""Largest magnitude of a RationalNumberType."""
CURRENCY = re.compile(r"[A-Z]{3}")
PROVIDER = re.compile(r"[A-Z]{2}-?[A-Z0-9]{3}")
LANGUAGE = re.compile(r"[a-z]{2,3}")

Path = tuple[str | int, ...]
Fault = tuple[Path, str]
"""Where a value is, below its section, and what is wrong with it."""


def check(config: Config, source: Source) -> None:
    """Check everything.

    Raises:
        ConfigError: with file, line and option where a value cannot be used.
    """
    from fastsecc.net import pacing
    from fastsecc.session import quirks

    for place in _endless(msgspec.to_builtins(config), ()):
        raise source.at(place, "expected a number that has an end")
    _check_unique([connector.name for connector in config.connectors], "name", source)
    for index, connector in enumerate(config.connectors):
        if connector.tls != "off" and connector.pki is None:
            reason = f"tls: {connector.tls} needs a folder of certificates and keys (option --pki)"
            raise source.at(("connectors", index, "pki"), reason)
        if connector.issue_contracts and connector.pki is None:
            reason = "issue_contracts needs a folder of certificates and keys (option --pki)"
            raise source.at(("connectors", index, "pki"), reason)
        if connector.tls == "off" and connector.simulator.auth != "eim":
            reason = f"{connector.simulator.auth} needs TLS (option --tls)"
            raise source.at(("connectors", index, "simulator", "auth"), reason)
    for name in config.min_response_ms:
        if name not in pacing.names():
            raise source.at(("min_response_ms", name), f"no such protocol or message{pacing.hint(name)}")
    links = [f"{connector.interface} port {connector.sdp_port}" for connector in config.connectors]
    _check_unique(links, "interface", source)
    try:
        quirks.active(config.session.quirks)
    except ConfigError as error:
        raise source.at(("session", "quirks"), error.reason) from None
    for path, reason in _iso2(config.iso2):
        raise source.at(("iso2", *path), reason)
    for path, reason in chain(_iso20(config.iso20), _too_long(config)):
        raise source.at(("iso20", *path), reason)


def _endless(value: Any, path: Path) -> Iterator[Path]:
    """Find numbers that are infinite or none at all, which YAML has."""
    if isinstance(value, float) and not math.isfinite(value):
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, item in items:
        yield from _endless(item, (*path, key))


def _check_unique(values: Sequence[str], field: str, source: Source) -> None:
    for index, value in enumerate(values):
        first = values.index(value)
        if first != index:
            raise source.at(("connectors", index, field), f"{value} is that of connectors[{first}] already")


def _iso2(section: Iso2Settings) -> Iterator[Fault]:
    yield from _repeated(section.certificate_services, "certificate_services")
    tariff = section.sales_tariff
    if tariff is None:
        return
    if len(tariff.description) > MAX_DESCRIPTION:
        yield ("sales_tariff", "description"), f"expected at most {MAX_DESCRIPTION} characters"
    if not tariff.steps:
        yield ("sales_tariff", "steps"), "expected at least one"
    for index, step in enumerate(tariff.steps):
        if not 0 < step.duration_s <= MAX_UINT32:
            yield ("sales_tariff", "steps", index, "duration_s"), f"expected 1 to {MAX_UINT32}"
        if not 0 < step.price_level <= MAX_PRICE_LEVEL:
            yield ("sales_tariff", "steps", index, "price_level"), f"expected 1 to {MAX_PRICE_LEVEL}"


def _iso20(section: Iso20Settings) -> Iterator[Fault]:
    for name in ("control_modes", "mobility_needs", "pricing"):
        if not getattr(section, name):
            yield (name,), "expected at least one"
    for name in ("control_modes", "mobility_needs", "pricing", "internet_ports", "parking", "supported_providers"):
        yield from _repeated(getattr(section, name), name)
    if section.loop_sequence_timeout_s <= 0:
        yield ("loop_sequence_timeout_s",), "expected a time above 0"
    if section.metering_confirmation_interval_s < 0:
        yield ("metering_confirmation_interval_s",), "expected a time from 0 on"
    yield from _providers(section.supported_providers)
    yield from _needs(section)
    if section.tariff is not None:
        yield from _tariff(section.tariff)
    yield from _services(section)


def _providers(names: Sequence[str]) -> Iterator[Fault]:
    if len(names) > MAX_PROVIDERS:
        yield ("supported_providers",), f"expected at most {MAX_PROVIDERS}"
    for index, name in enumerate(names):
        if not PROVIDER.fullmatch(name):
            yield ("supported_providers", index), "expected a country and a provider (DE8AA, DE-8AA)"


def _repeated(values: Sequence[object], name: str) -> Iterator[Fault]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield (name, index), "is there twice"


def _needs(section: Iso20Settings) -> Iterator[Fault]:
    """Check what the site wants of an EV."""
    limits = {"departure_time_s": MAX_UINT32, "target_soc_percent": 100, "minimum_soc_percent": 100}
    for name, most in limits.items():
        value = getattr(section, name)
        if value is not None and not 0 <= value <= most:
            yield (name,), f"expected 0 to {most}"
    if section.target_soc_percent is not None and (section.minimum_soc_percent or 0) > section.target_soc_percent:
        yield ("minimum_soc_percent",), "is above target_soc_percent"


def _tariff(tariff: Tariff) -> Iterator[Fault]:
    if not CURRENCY.fullmatch(tariff.currency):
        yield ("tariff", "currency"), "expected three capital letters (ISO 4217)"
    if not LANGUAGE.fullmatch(tariff.language):
        yield ("tariff", "language"), "expected two or three letters (ISO 639)"
    if not tariff.steps:
        yield ("tariff", "steps"), "expected at least one"
    for index, step in enumerate(tariff.steps):
        if not 0 < step.duration_s <= MAX_UINT32:
            yield ("tariff", "steps", index, "duration_s"), f"expected 1 to {MAX_UINT32}"
        if abs(step.price_per_kwh) > MAX_NUMBER:
            yield ("tariff", "steps", index, "price_per_kwh"), f"expected at most {MAX_NUMBER}"


def _services(section: Iso20Settings) -> Iterator[Fault]:
    if bool(section.internet_ports) + bool(section.parking) + len(section.custom_vas) > MAX_VAS:
        yield ("custom_vas",), f"more than {MAX_VAS} value-added services, those of the standard included"
    yield from _repeated([service.service_id for service in section.custom_vas], "custom_vas")
    for index, service in enumerate(section.custom_vas):
        for path, reason in _custom_vas(service):
            yield ("custom_vas", index, *path), reason


def _custom_vas(service: CustomVas) -> Iterator[Fault]:
    if not LAST_STANDARD_SERVICE_ID < service.service_id <= MAX_ID:
        yield ("service_id",), f"expected {LAST_STANDARD_SERVICE_ID + 1} to {MAX_ID}"
    if not 0 < len(service.parameter_sets) <= MAX_PARAMETERS:
        yield ("parameter_sets",), f"expected 1 to {MAX_PARAMETERS}"
    for number, parameters in service.parameter_sets.items():
        place = ("parameter_sets", number)
        if not 0 <= number <= MAX_ID:
            yield place, f"expected ids of 0 to {MAX_ID}"
        if not 0 < len(parameters) <= MAX_PARAMETERS:
            yield place, f"expected 1 to {MAX_PARAMETERS} parameters"
        for name, value in parameters.items():
            if not 0 < len(name) <= MAX_NAME:
                yield (*place, name), f"expected a name of 1 to {MAX_NAME} characters"
            if isinstance(value, str) and len(value) > MAX_NAME:
                yield (*place, name), f"expected at most {MAX_NAME} characters"
            if not f"{name}{value}".isprintable():
                yield (*place, name), "expected printable characters"
            if isinstance(value, float) and abs(value) > MAX_NUMBER:
                yield (*place, name), f"expected a number of at most {MAX_NUMBER}"
            if isinstance(value, int) and not -MAX_INT32 - 1 <= value <= MAX_INT32:
                yield (*place, name), "expected a number of 32 bits"


def _too_long(config: Config) -> Iterator[Fault]:
    """Find services that cannot be told in one message."""
    if not config.iso20.custom_vas:
        return
    from fastsecc import exi
    from fastsecc.messages.iso20 import MessageHeaderType
    from fastsecc.session.iso20 import service_detail, vas

    header = MessageHeaderType(SessionID=bytes(8), TimeStamp=MAX_UINT32)
    for index, service in enumerate(config.iso20.custom_vas):
        sets = vas.parameter_sets(service.service_id, config.iso20)
        octets = len(exi.encode(service_detail.respond(header, service.service_id, sets)))
        if octets > config.link.max_payload:
            reason = f"{octets} octets of ServiceDetailRes, link.max_payload is {config.link.max_payload}"
            yield ("custom_vas", index, "parameter_sets"), reason
