"""Leniencies of ISO 15118-20 that are on unless they are switched off."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.session.api import SessionSettings
from fastsecc.session.iso20.settings import Iso20Settings, PriceStep, Tariff
from tests.session.iso20.conftest import ONGOING

TARIFF = Iso20Settings(tariff=Tariff("EUR", (PriceStep(3600, 0.4),)))


def without(quirk: str) -> SessionSettings:
    return SessionSettings(allow_plain_iso20=True, quirks=frozenset({f"no-{quirk}"}))


def pre_charged(way: Any, ev: Any, voltage_v: float, **made: Any) -> Any:
    drive = way("dc", **made).to("DC_PRE_CHARGE")
    drive.ok(ev.pre_charge(ONGOING, target=400.0))
    values = {"evse_present_voltage": voltage_v, "evse_present_current": 0.0}
    drive.command("update_dc_present_values", present_voltage_current=values)
    return drive


@pytest.mark.parametrize("voltage_v", [380.0, 400.0, 420.0])
def test_power_delivery_ends_a_pre_charge_that_has_reached_its_voltage(way: Any, ev: Any, voltage_v: float) -> None:
    drive = pre_charged(way, ev, voltage_v)
    drive.ok(ev.power("Start"))
    assert drive.session.state == "DC_CHARGE_LOOP"


@pytest.mark.parametrize("voltage_v", [0.0, 379.0, 421.0])
def test_power_delivery_ends_no_pre_charge_before(way: Any, ev: Any, voltage_v: float) -> None:
    step = pre_charged(way, ev, voltage_v).send(ev.power("Start"))
    assert (step.code, step.closes) == ("FAILED_SequenceError", True)


def test_power_delivery_ends_no_pre_charge_that_did_not_begin(way: Any, ev: Any) -> None:
    drive = way("dc").to("DC_PRE_CHARGE")
    assert drive.send(ev.power("Start")).code == "FAILED_SequenceError"


def test_the_strict_end_of_a_pre_charge(way: Any, ev: Any) -> None:
    drive = pre_charged(way, ev, 400.0, settings=without("pre-charge-without-finish"))
    assert drive.send(ev.power("Start")).code == "FAILED_SequenceError"


def schedules(way: Any, ev: Any, **made: Any) -> list[Any]:
    offered = way("dc-bpt", **made).to("SCHEDULE_EXCHANGE").ok(ev.schedule_exchange()).body
    (schedule,) = offered.Scheduled_SEResControlMode.ScheduleTuple
    return [schedule.ChargingSchedule, schedule.DischargingSchedule]


def test_a_schedule_without_prices_has_one_price_level(way: Any, ev: Any) -> None:
    for schedule in schedules(way, ev):
        assert schedule.AbsolutePriceSchedule is None
        levels = schedule.PriceLevelSchedule
        assert levels.NumberOfPriceLevels == 1
        (entry,) = levels.PriceLevelScheduleEntries.PriceLevelScheduleEntry
        assert (entry.Duration, entry.PriceLevel) == (86_400, 0)


def test_the_strict_schedule_without_prices(way: Any, ev: Any) -> None:
    for schedule in schedules(way, ev, settings=without("flat-price-level")):
        assert (schedule.AbsolutePriceSchedule, schedule.PriceLevelSchedule) == (None, None)


def test_without_schedules_there_is_no_price_level(way: Any, ev: Any) -> None:
    drive = way("dc", control_mode="Dynamic").to("SCHEDULE_EXCHANGE")
    assert drive.ok(ev.schedule_exchange("Dynamic")).body.Dynamic_SEResControlMode.PriceLevelSchedule is None
