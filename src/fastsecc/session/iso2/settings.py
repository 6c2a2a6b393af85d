"""The policy of a connector for Plug & Charge and tariffs of ISO 15118-2, from its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CertificateServiceName = Literal["Installation", "Update"]


@dataclass(frozen=True, slots=True)
class TariffStep:
    """A price level and for how long it holds; that of the last step holds on."""

    duration_s: int
    price_level: int
    """1 is the cheapest."""


@dataclass(frozen=True, slots=True)
class SalesTariff:
    """What energy costs, by levels, from the moment that a schedule is offered."""

    steps: tuple[TariffStep, ...]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Iso2Settings:
    """What the site offers beyond what the charger's cmds say."""

    certificate_services: tuple[CertificateServiceName, ...] = ("Installation", "Update")
    """What the back end can do, if the charger supports the certificate service."""
    sales_tariff: SalesTariff | None = None
    """For EVs with a contract."""
    sales_tariff_key: str | None = None
    """PEM file of the key that signs it, of the mobility operator's sub-CA; None: it is not signed."""
