"""ScheduleExchange: schedules, prices, mobility needs, renegotiation on both streams."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fastsecc.charger.state import AcPower
from fastsecc.messages import iso20
from fastsecc.messages.payload_types import SCHEDULE_RENEGOTIATION
from fastsecc.session.iso20.numbers import to_float
from fastsecc.session.iso20.settings import PriceStep, Tariff
from tests.session.conftest import START_s, UNIX_AT_START_s
from tests.session.iso20.conftest import FINISHED, FOREIGN, ONGOING, power_profile, set_with, settings

DAY_s = 86_400
TARIFF = Tariff("EUR", (PriceStep(3600, 0.59), PriceStep(7200, 0.29), PriceStep(1800, 0.59)))
PRICING = {"none": 0, "absolute": 1, "levels": 2}


def budget(drive: Any, power_w: float = 50_000.0, **discharge: float) -> None:
    limits = {"evse_maximum_current_limit": 100.0, "evse_maximum_voltage_limit": 900.0, **discharge}
    drive.command("update_dc_maximum_limits", maximum_limits={**limits, "evse_maximum_power_limit": power_w})


def offered(step: Any) -> Any:
    (found,) = step.body.Scheduled_SEResControlMode.ScheduleTuple
    return found


def entries(schedule: Any) -> list[tuple[int, float]]:
    found = schedule.PowerSchedule.PowerScheduleEntries.PowerScheduleEntry
    return [(entry.Duration, to_float(entry.Power)) for entry in found]


def strict(**iso20_values: Any) -> Any:
    """Make settings without the price level that is added where there are no prices."""
    return replace(settings(**iso20_values), quirks=frozenset({"no-flat-price-level"}))


def priced(way: Any, ev: Any, control_mode: str, pricing: str, tariff: Tariff = TARIFF) -> Any:
    """Select a parameter set with a pricing; give what holds the price schedule."""
    made = way("dc", control_mode, settings=strict(tariff=tariff))
    drive = made.to("SERVICE_SELECTION")
    mode = {"Scheduled": 1, "Dynamic": 2}[control_mode]
    detail = drive.ok(ev.service_detail(2)).body
    drive.ok(ev.service_selection(2, set_with(detail, ControlMode=mode, Pricing=PRICING[pricing])))
    drive.ok(ev.cpd("dc"))
    body = drive.ok(ev.schedule_exchange(control_mode)).body
    if control_mode == "Dynamic":
        return body.Dynamic_SEResControlMode
    return body.Scheduled_SEResControlMode.ScheduleTuple[0].ChargingSchedule


@pytest.mark.parametrize(
    ("kind", "control_mode", "following"),
    [
        pytest.param("dc", "Scheduled", "DC_CABLE_CHECK", id="EV20-S-083 DC"),
        pytest.param("ac", "Scheduled", "POWER_DELIVERY", id="EV20-S-083 AC"),
        pytest.param("dc", "Dynamic", "DC_CABLE_CHECK", id="EV20-S-084 DC"),
        pytest.param("ac", "Dynamic", "POWER_DELIVERY", id="EV20-S-084 AC"),
        pytest.param("mcs", "Dynamic", "DC_CABLE_CHECK", id="EV20-S-085"),
    ],
)
def test_the_response_is_in_the_selected_control_mode(
    way: Any, ev: Any, kind: str, control_mode: str, following: str
) -> None:
    """Also ECOG-024."""
    drive = way(kind, control_mode).to("SCHEDULE_EXCHANGE")
    step = drive.ok(ev.schedule_exchange(control_mode))
    assert (step.code, step.body.EVSEProcessing, step.body.GoToPause) == ("OK", FINISHED, None)
    assert (step.body.Scheduled_SEResControlMode is None) == (control_mode == "Dynamic")
    assert (step.body.Dynamic_SEResControlMode is None) == (control_mode == "Scheduled")
    assert drive.session.state == following


@pytest.mark.parametrize(("selected", "asked"), [("Scheduled", "Dynamic"), ("Dynamic", "Scheduled")])
def test_ev20_s_082_the_other_control_mode(way: Any, ev: Any, selected: str, asked: str) -> None:
    step = way("dc", selected).to("SCHEDULE_EXCHANGE").send(ev.schedule_exchange(asked))
    assert (step.code, step.closes) == ("FAILED", True)


@pytest.mark.parametrize("control_mode", ["Scheduled", "Dynamic"])
def test_ev20_s_020_a_foreign_session(way: Any, ev: Any, control_mode: str) -> None:
    drive = way("dc", control_mode).to("SCHEDULE_EXCHANGE")
    step = drive.send(ev.schedule_exchange(control_mode), session_id=FOREIGN)
    assert (step.code, step.closes) == ("FAILED_UnknownSession", True)
    assert step.body.GoToPause is None


def test_a_schedule_is_the_budget_from_now_on(way: Any, ev: Any) -> None:
    drive = way("dc", settings=strict()).to("SCHEDULE_EXCHANGE")
    budget(drive)
    schedule = offered(drive.ok(ev.schedule_exchange()))
    assert schedule.ScheduleTupleID == 1
    assert entries(schedule.ChargingSchedule) == [(DAY_s, 50_000.0)]
    assert schedule.ChargingSchedule.PowerSchedule.TimeAnchor == int(UNIX_AT_START_s + drive.now - START_s)
    assert schedule.DischargingSchedule is None
    assert schedule.ChargingSchedule.AbsolutePriceSchedule is schedule.ChargingSchedule.PriceLevelSchedule is None


def test_without_a_budget_a_schedule_is_what_the_charger_can_do(way: Any, ev: Any) -> None:
    dc = way("dc").to("SCHEDULE_EXCHANGE").ok(ev.schedule_exchange())
    assert entries(offered(dc).ChargingSchedule) == [(DAY_s, 150_000.0)]
    ac = way("ac").to("SCHEDULE_EXCHANGE").ok(ev.schedule_exchange())
    assert entries(offered(ac).ChargingSchedule) == [(DAY_s, 22_080.0)]


def test_a_bidirectional_service_has_a_discharging_schedule(way: Any, ev: Any) -> None:
    dc = way("dc-bpt").to("SCHEDULE_EXCHANGE")
    assert entries(offered(dc.ok(ev.schedule_exchange())).DischargingSchedule) == [(DAY_s, 20_000.0)]
    budgeted = way("dc-bpt").to("SCHEDULE_EXCHANGE")
    budget(budgeted, evse_maximum_discharge_power_limit=7000.0, evse_maximum_discharge_current_limit=15.0)
    assert entries(offered(budgeted.ok(ev.schedule_exchange())).DischargingSchedule) == [(DAY_s, 7000.0)]
    ac = way("ac-bpt").to("SCHEDULE_EXCHANGE")
    assert entries(offered(ac.ok(ev.schedule_exchange())).DischargingSchedule) == [(DAY_s, 10_000.0)]


@pytest.mark.parametrize("kind", ["dc", "ac"])
def test_ongoing_until_there_is_power(way: Any, ev: Any, kind: str) -> None:
    drive = way(kind).to("SCHEDULE_EXCHANGE")
    budget(drive, 0.0)
    drive.charger.ac_maximum_power = AcPower(0.0)
    for _ in range(3):
        step = drive.ok(ev.schedule_exchange())
        assert (step.body.EVSEProcessing, drive.session.state) == (ONGOING, "SCHEDULE_EXCHANGE")
    budget(drive)
    drive.charger.ac_maximum_power = AcPower(3680.0)
    step = drive.ok(ev.schedule_exchange())
    assert step.body.EVSEProcessing is FINISHED
    assert entries(offered(step).ChargingSchedule)[0][1] in (50_000.0, 3680.0)


def test_oc_029_ongoing_is_not_for_ever(way: Any, ev: Any) -> None:
    drive = way("dc").to("SCHEDULE_EXCHANGE")
    budget(drive, 0.0)
    drive.ok(ev.schedule_exchange())
    drive.now += 54.0
    assert drive.ok(ev.schedule_exchange()).body.EVSEProcessing is ONGOING
    drive.now += 1.0
    step = drive.send(ev.schedule_exchange())
    assert (step.code, step.closes) == ("FAILED", True)


def test_the_dynamic_control_mode_does_not_wait_for_power(way: Any, ev: Any) -> None:
    drive = way("dc", "Dynamic").to("SCHEDULE_EXCHANGE")
    budget(drive, 0.0)
    assert drive.ok(ev.schedule_exchange("Dynamic")).body.EVSEProcessing is FINISHED


@pytest.mark.parametrize("control_mode", ["Scheduled", "Dynamic"])
@pytest.mark.parametrize(
    ("mode", "pause"), [("PauseBeforeCableCheck", True), ("PauseAfterPrecharge", None), ("AllowEvToIgnorePause", None)]
)
def test_no_energy_lets_the_ev_pause(way: Any, ev: Any, mode: str, pause: bool | None, control_mode: str) -> None:
    drive = way("dc", control_mode).to("SCHEDULE_EXCHANGE")
    budget(drive, 0.0)
    drive.command("no_energy_pause_charging", mode=mode)
    step = drive.ok(ev.schedule_exchange(control_mode))
    assert (step.body.EVSEProcessing, step.body.GoToPause) == (FINISHED, pause)
    if control_mode == "Scheduled":
        assert entries(offered(step).ChargingSchedule) == [(1800, 0.0)]
    assert drive.send(ev.stop("Pause")).code == "OK"


# prices


@pytest.mark.parametrize("control_mode", ["Scheduled", "Dynamic"])
def test_absolute_prices(way: Any, ev: Any, control_mode: str) -> None:
    holder = priced(way, ev, control_mode, "absolute")
    prices = holder.AbsolutePriceSchedule
    assert holder.PriceLevelSchedule is None
    assert (prices.Currency, prices.Language, prices.PriceScheduleID) == ("EUR", "en", 1)
    assert prices.PriceAlgorithm.startswith("urn:iso:std:iso:15118:-20:PriceAlgorithm:")
    stacks = prices.PriceRuleStacks.PriceRuleStack
    fees = [(stack.Duration, to_float(stack.PriceRule[0].EnergyFee)) for stack in stacks]
    assert fees == [(3600, 0.59), (7200, 0.29), (DAY_s - 10_800, 0.59)]
    assert {to_float(stack.PriceRule[0].PowerRangeStart) for stack in stacks} == {0.0}


@pytest.mark.parametrize("control_mode", ["Scheduled", "Dynamic"])
def test_price_levels(way: Any, ev: Any, control_mode: str) -> None:
    holder = priced(way, ev, control_mode, "levels")
    prices = holder.PriceLevelSchedule
    assert holder.AbsolutePriceSchedule is None
    assert prices.NumberOfPriceLevels == 2
    levels = prices.PriceLevelScheduleEntries.PriceLevelScheduleEntry
    assert [(entry.Duration, entry.PriceLevel) for entry in levels] == [(3600, 1), (7200, 0), (DAY_s - 10_800, 1)]


@pytest.mark.parametrize("control_mode", ["Scheduled", "Dynamic"])
def test_no_prices_where_none_were_selected(way: Any, ev: Any, control_mode: str) -> None:
    holder = priced(way, ev, control_mode, "none")
    assert (holder.AbsolutePriceSchedule, holder.PriceLevelSchedule) == (None, None)


def test_prices_end_with_the_schedule_and_with_what_the_ev_can_take(way: Any, ev: Any) -> None:
    long = Tariff("EUR", tuple(PriceStep(50_000, price) for price in (0.1, 0.2, 0.3)))
    stacks = priced(way, ev, "Scheduled", "absolute", long).AbsolutePriceSchedule.PriceRuleStacks.PriceRuleStack
    assert [stack.Duration for stack in stacks] == [50_000, DAY_s - 50_000]
    many = Tariff("EUR", tuple(PriceStep(60, 0.01 * step) for step in range(300)))
    levels = priced(way, ev, "Scheduled", "levels", many).PriceLevelSchedule
    assert len(levels.PriceLevelScheduleEntries.PriceLevelScheduleEntry) == 24


# mobility needs


def needs(way: Any, ev: Any, mobility_needs: str, **site: int) -> Any:
    made = way("dc", "Dynamic", mobility_needs, settings=settings(**site))
    return made.to("SCHEDULE_EXCHANGE").ok(ev.schedule_exchange("Dynamic")).body.Dynamic_SEResControlMode


def test_the_site_s_mobility_needs(way: Any, ev: Any) -> None:
    site = {"departure_time_s": 7200, "target_soc_percent": 80, "minimum_soc_percent": 30}
    said = needs(way, ev, "EVCC_SECC", **site)
    assert (said.DepartureTime, said.TargetSOC, said.MinimumSOC) == (7200, 80, 30)
    own = needs(way, ev, "EVCC", **site)
    assert own == iso20.Dynamic_SEResControlModeType()
    assert needs(way, ev, "EVCC_SECC") == iso20.Dynamic_SEResControlModeType()


def test_a_minimum_above_the_target_is_left_out(way: Any, ev: Any) -> None:
    said = needs(way, ev, "EVCC_SECC", target_soc_percent=50, minimum_soc_percent=60)
    assert (said.TargetSOC, said.MinimumSOC) == (50, None)


def test_the_departure_comes_nearer(way: Any, ev: Any) -> None:
    made = way("dc", "Dynamic", "EVCC_SECC", settings=settings(departure_time_s=10))
    drive = made.to("DC_CHARGE_LOOP")
    drive.wait(5.0)
    made.loop()
    left = made.loop().body.CLResControlMode
    assert 0 < left.DepartureTime < 6
    assert left.AckMaxDelay == 30
    drive.settings.iso20 = settings(departure_time_s=10, loop_sequence_timeout_s=60.0).iso20
    made.loop()
    drive.now += 20.0
    made.present()
    assert made.loop().body.CLResControlMode.DepartureTime == 0


# renegotiation


@pytest.mark.parametrize("kind", ["dc", "ac"])
@pytest.mark.parametrize("control_mode", ["Scheduled", "Dynamic"])
def test_renegotiation_on_the_main_stream(way: Any, ev: Any, kind: str, control_mode: str) -> None:
    """The contactors stay closed: no cable check, no pre-charge."""
    made = way(kind, control_mode)
    loop = f"{kind.upper()}_CHARGE_LOOP"
    drive = made.to(loop)
    made.loop()
    drive.ok(ev.power("ScheduleRenegotiation"))
    assert drive.session.state == "SCHEDULE_EXCHANGE"
    assert drive.session.loop_template(drive.now) is None
    drive.ok(ev.schedule_exchange(control_mode))
    assert drive.session.state == "POWER_DELIVERY"
    step = drive.ok(ev.power("Start"))
    assert step.names[1] == "v2g_setup_finished"
    assert drive.session.state == loop
    assert ("current_demand_started" in made.loop().names) == (kind == "dc")
    assert drive.published.count("start_cable_check") == (1 if kind == "dc" else 0)
    assert drive.published.count("ac_close_contactor") == (1 if kind == "ac" else 0)
    assert "current_demand_finished" not in drive.published


def test_renegotiation_needs_a_charge(way: Any, ev: Any) -> None:
    step = way("dc").to("POWER_DELIVERY").send(ev.power("ScheduleRenegotiation"))
    assert (step.code, step.closes) == ("FAILED_ScheduleRenegotiation", True)


def test_renegotiation_is_in_vain_when_the_charge_has_to_end(way: Any, ev: Any) -> None:
    made = way("dc")
    drive = made.to("DC_CHARGE_LOOP")
    made.loop()
    drive.command("stop_charging", stop=True)
    step = drive.send(ev.power("ScheduleRenegotiation"))
    assert (step.code, step.closes) == ("WARNING_ScheduleRenegotiationFailed", False)
    assert step.body.EVSEStatus.EVSENotification == "Terminate"
    assert drive.session.state == "DC_CHARGE_LOOP"


@pytest.mark.parametrize("kind", ["dc-bpt", "ac"])
def test_renegotiation_beside_the_charge_loop(way: Any, ev: Any, kind: str) -> None:
    made = way(kind)
    loop = f"{kind[:2].upper()}_CHARGE_LOOP"
    drive = made.to(loop)
    made.loop()
    budget(drive, 25_000.0)
    drive.charger.ac_maximum_power = AcPower(5000.0)
    step = drive.send(ev.schedule_exchange(), payload_type=SCHEDULE_RENEGOTIATION)
    assert (step.code, step.body.EVSEProcessing) == ("OK", FINISHED)
    power = entries(offered(step).ChargingSchedule)[0][1]
    assert power == (25_000.0 if kind == "dc-bpt" else 5000.0)
    assert made.loop().code == "OK"
    profile = power_profile(drive, (3600, power))
    taken = drive.send(ev.power("ScheduleRenegotiation", EVPowerProfile=profile), payload_type=SCHEDULE_RENEGOTIATION)
    assert (taken.code, drive.session.state) == ("OK", loop)
    assert made.loop().names.count("current_demand_started") == 0
    much = power_profile(drive, (3600, power + 1000.0))
    refused = drive.send(ev.power("ScheduleRenegotiation", EVPowerProfile=much), payload_type=SCHEDULE_RENEGOTIATION)
    assert (refused.code, refused.closes) == ("FAILED_EVPowerProfileInvalid", True)


@pytest.mark.parametrize("progress", ["Start", "Stop", "Standby"])
def test_only_renegotiation_goes_beside_the_charge_loop(way: Any, ev: Any, progress: str) -> None:
    drive = way("dc").to("DC_CHARGE_LOOP")
    step = drive.send(ev.power(progress), payload_type=SCHEDULE_RENEGOTIATION)
    assert (step.code, step.closes) == ("FAILED_SequenceError", True)


def test_beside_the_charge_loop_the_ev_may_wait_for_power(way: Any, ev: Any) -> None:
    drive = way("dc").to("DC_CHARGE_LOOP")
    budget(drive, 0.0)
    step = drive.send(ev.schedule_exchange(), payload_type=SCHEDULE_RENEGOTIATION)
    assert (step.code, step.body.EVSEProcessing) == ("OK", ONGOING)
    step = drive.send(ev.schedule_exchange("Dynamic"), payload_type=SCHEDULE_RENEGOTIATION)
    assert (step.code, step.closes) == ("FAILED", True)
