"""What energy costs, as a schedule says it: levels of price, signed with a key of the mobility operator's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fastsecc.messages.iso2 import (
    PaymentOptionType,
    RelativeTimeIntervalType,
    SalesTariffEntryType,
    SalesTariffType,
    SAScheduleListType,
)
from fastsecc.messages.xmldsig import SignatureType
from fastsecc.security.signature import Part, sign
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.settings import TariffStep

MAX_DURATION_s: Final = 86_400
"""Longest interval that can be said."""


def tariff(context: Iso2Context, tuple_id: int, duration_s: int, most_entries: int) -> SalesTariffType | None:
    """Give the tariff of a schedule; None: there is none, or it is paid otherwise than by contract.

    Args:
        context: of the session.
        tuple_id: id of the schedule, and so of the tariff.
        duration_s: how long it has to reach from now.
        most_entries: what the EV can take.
    """
    offered = context.settings.iso2.sales_tariff
    if offered is None or context.payment_option != PaymentOptionType.Contract:
        return None
    return SalesTariffType(
        Id=f"SalesTariff{tuple_id}",
        SalesTariffID=tuple_id,
        SalesTariffDescription=offered.description or None,
        NumEPriceLevels=max(step.price_level for step in offered.steps),
        SalesTariffEntry=list(_entries(offered.steps, duration_s))[:most_entries],
    )


def signature(schedule: SAScheduleListType, context: Iso2Context) -> SignatureType | None:
    """Sign the tariffs of a schedule list; None: there are none, or there is no key."""
    key = context.settings.sales_tariff_key
    tariffs = [offered.SalesTariff for offered in schedule.SAScheduleTuple if offered.SalesTariff is not None]
    if key is None or not tariffs:
        return None
    return sign([Part(signed, "SalesTariff") for signed in tariffs], key)


def _entries(steps: tuple[TariffStep, ...], duration_s: int) -> Iterator[SalesTariffEntryType]:
    """Cut steps to a duration, and let the last one reach to its end."""
    start = 0
    for number, step in enumerate(steps, start=1):
        until = duration_s if number == len(steps) else min(start + step.duration_s, duration_s)
        while start < until:
            span = min(MAX_DURATION_s, until - start)
            interval = RelativeTimeIntervalType(start=start, duration=span)
            yield SalesTariffEntryType(TimeInterval=interval, EPriceLevel=step.price_level)
            start += span
