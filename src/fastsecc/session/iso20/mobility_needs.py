"""The site's mobility needs, where the EV lets the charger have some (MobilityNeedsMode EVCC_SECC)."""

from __future__ import annotations

from typing import Any

from fastsecc.session.iso20.context import Iso20Context


def mobility_needs(context: Iso20Context) -> dict[str, Any]:
    """Give DepartureTime, MinimumSOC and TargetSOC, as far as the site has them; none where they are the EV's alone.

    A minimum above the target would be a contradiction: the target is what counts.
    """
    if context.service.mobility_needs != "EVCC_SECC":
        return {}
    site = context.settings.iso20
    target, minimum = site.target_soc_percent, site.minimum_soc_percent
    if target is not None and minimum is not None and minimum > target:
        minimum = None
    return {"DepartureTime": _departure_time_s(context), "MinimumSOC": minimum, "TargetSOC": target}


def _departure_time_s(context: Iso20Context) -> int | None:
    """Count down from when the EV was told for the first time."""
    departure_time_s = context.settings.iso20.departure_time_s
    if departure_time_s is None:
        return None
    if context.charge.departure_at is None:
        context.charge.departure_at = context.now + departure_time_s
    return max(0, round(context.charge.departure_at - context.now))
