"""The meter reading as ISO 15118-20 says it."""

from __future__ import annotations

from fastsecc.messages.iso20 import MeterInfoType
from fastsecc.session.iso20.context import Iso20Context


def meter_info(context: Iso20Context) -> MeterInfoType | None:
    """Give the newest meter reading; None: there is none."""
    meter = context.charger.meter
    if meter is None:
        return None
    return MeterInfoType(
        MeterID=meter.meter_id,
        ChargedEnergyReadingWh=meter.energy_wh,
        BPT_DischargedEnergyReadingWh=meter.exported_wh if context.service.bpt else None,
    )


def must_be_confirmed(context: Iso20Context) -> bool:
    """Tell whether the EV's contract has to sign for what the meter shows."""
    charge, meter = context.charge, context.charger.meter
    if context.contract is None or meter is None or not context.charger.receipt_required:
        return False
    again_at = charge.confirmed_at + context.settings.iso20.metering_confirmation_interval_s
    return meter.energy_wh != charge.confirmed_wh and context.now >= again_at
