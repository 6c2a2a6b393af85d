"""What energy costs, as a schedule says it: with prices, or with levels only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastsecc.messages.iso20 import (
    AbsolutePriceScheduleType,
    PriceLevelScheduleEntryListType,
    PriceLevelScheduleEntryType,
    PriceLevelScheduleType,
    PriceRuleStackListType,
    PriceRuleStackType,
    PriceRuleType,
)
from fastsecc.messages.xmldsig import SignatureType
from fastsecc.security.signature import Part, sign
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.numbers import rational
from fastsecc.session.iso20.settings import PriceStep, Tariff

PriceSchedule = AbsolutePriceScheduleType | PriceLevelScheduleType

PRICE_SCHEDULE_ID = 1
PRICE_ALGORITHM = "urn:iso:std:iso:15118:-20:PriceAlgorithm:1-Power"
"""Power times time times EnergyFee."""
MAX_PRICE_LEVEL = 2**8 - 1


def price_schedule(context: Iso20Context, duration_s: int, most_entries: int) -> dict[str, Any]:
    """Give the price schedule of the selected pricing, as an element of the schedule or response it belongs to.

    Args:
        context: of the session.
        duration_s: how long it has to reach from now.
        most_entries: what the EV can take.
    """
    tariff, pricing = context.settings.iso20.tariff, context.service.pricing
    if tariff is None or pricing == "none":
        return flat_price_level(context, duration_s)
    steps = _fill(tariff.steps, duration_s)[:most_entries]
    if pricing == "absolute":
        return {"AbsolutePriceSchedule": _absolute(context, tariff, steps)}
    return {"PriceLevelSchedule": _levels(context, steps)}


def flat_price_level(context: Iso20Context, duration_s: int) -> dict[str, Any]:
    """Give the price schedule of a schedule without prices: of one level, or none (quirk `flat-price-level`)."""
    if context.service.control_mode == "Dynamic" or "flat-price-level" not in context.quirks:
        return {}
    return {"PriceLevelSchedule": _levels(context, [PriceStep(duration_s, 0.0)])}


def signature(schedules: Sequence[PriceSchedule], context: Iso20Context) -> SignatureType | None:
    """Sign price schedules for an EV with a contract; None: there is nothing to sign, or no key."""
    key = context.settings.price_schedule_key
    if key is None or context.contract is None or not schedules:
        return None
    for number, schedule in enumerate(schedules, start=1):
        schedule.Id = f"PriceSchedule{number}"
    return sign([Part(schedule) for schedule in schedules], key)


def _fill(steps: tuple[PriceStep, ...], duration_s: int) -> list[PriceStep]:
    """Cut steps to a duration, and let the last one reach to its end."""
    filled, left = [], duration_s
    for number, step in enumerate(steps, start=1):
        span = left if number == len(steps) else min(step.duration_s, left)
        if span > 0:
            filled.append(PriceStep(span, step.price_per_kwh))
        left -= span
    return filled


def _absolute(context: Iso20Context, tariff: Tariff, steps: list[PriceStep]) -> AbsolutePriceScheduleType:
    stacks = [
        PriceRuleStackType(
            Duration=step.duration_s,
            PriceRule=[PriceRuleType(EnergyFee=rational(step.price_per_kwh), PowerRangeStart=rational(0))],
        )
        for step in steps
    ]
    return AbsolutePriceScheduleType(
        TimeAnchor=context.unix_s,
        PriceScheduleID=PRICE_SCHEDULE_ID,
        Currency=tariff.currency,
        Language=tariff.language,
        PriceAlgorithm=PRICE_ALGORITHM,
        PriceRuleStacks=PriceRuleStackListType(PriceRuleStack=stacks),
    )


def _levels(context: Iso20Context, steps: list[PriceStep]) -> PriceLevelScheduleType:
    """Say prices by their rank: level 0 is the cheapest."""
    ranks = {price: rank for rank, price in enumerate(sorted({step.price_per_kwh for step in steps}))}
    entries = [
        PriceLevelScheduleEntryType(
            Duration=step.duration_s, PriceLevel=min(MAX_PRICE_LEVEL, ranks[step.price_per_kwh])
        )
        for step in steps
    ]
    return PriceLevelScheduleType(
        TimeAnchor=context.unix_s,
        PriceScheduleID=PRICE_SCHEDULE_ID,
        NumberOfPriceLevels=min(MAX_PRICE_LEVEL, len(ranks)),
        PriceLevelScheduleEntries=PriceLevelScheduleEntryListType(PriceLevelScheduleEntry=entries),
    )
