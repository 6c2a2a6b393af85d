"""The charger's power electronics on a fake clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fastsecc.sim.power import (
    SAFE_VOLTAGE_V,
    AcPower,
    AcRatings,
    Contactor,
    DcMode,
    DcPower,
    DcRatings,
    McsRatings,
    Meter,
    ramp,
)

RATINGS = DcRatings(voltage_ramp_v_per_s=1000, current_ramp_a_per_s=100, contactor_delay_s=0.1, isolation_test_s=0.5)


def run(power, start, end, step=0.01):
    """Step a model through a time and give every state it passed as (time, voltage or None, current)."""
    trace = []
    for n in range(round((end - start) / step) + 1):
        power.step(start + n * step)
        trace.append((start + n * step, getattr(power, "voltage_v", None), power.current_a))
    return trace


def charging(voltage_v=400.0, current_a=100.0, ratings=RATINGS):
    power = DcPower(ratings)
    power.step(0.0)
    power.start_pre_charge()
    power.set_target(voltage_v, 1.0)
    run(power, 0.0, 2.0)
    power.start_charge()
    power.set_target(voltage_v, current_a)
    return power


@pytest.mark.parametrize(
    ("value", "target", "expected"), [(0, 100, 10), (95, 100, 100), (100, 0, 90), (5, 0, 0), (7, 7, 7)]
)
def test_ramp_moves_by_the_rate_and_never_past_the_target(value, target, expected):
    assert ramp(value, target, rate_per_s=100, duration_s=0.1) == expected


def test_pre_charge_ramps_to_the_target_without_current():
    power = DcPower(RATINGS)
    power.step(0.0)
    power.start_pre_charge()
    power.set_target(400.0, 2.0)
    trace = run(power, 0.0, 0.3)
    assert 150 < trace[-1][1] < 250, "0.1 s of contactor, 0.2 s at 1000 V/s"
    trace = run(power, 0.3, 1.0)
    assert trace[-1][1:] == (400.0, 0.0)
    assert power.meter.energy_wh == 0.0


def test_target_is_kept_within_the_ratings():
    power = DcPower(replace(RATINGS, max_voltage_v=500, max_current_a=125))
    power.set_target(700.0, 300.0)
    assert (power.target_voltage_v, power.target_current_a) == (500, 125)
    power.set_target(-5.0, -1.0)
    assert (power.target_voltage_v, power.target_current_a) == (0, 0)


def test_current_ramps_and_the_meter_counts():
    power = charging(voltage_v=400.0, current_a=100.0)
    assert run(power, 2.0, 2.5)[-1][2] == pytest.approx(50)
    assert run(power, 2.5, 3.0)[-1][2] == pytest.approx(100)
    before_wh = power.meter.energy_wh
    run(power, 3.0, 12.0)
    assert power.meter.energy_wh - before_wh == pytest.approx(40_000 * 9 / 3600)


def test_power_limit_caps_the_current():
    power = charging(voltage_v=400.0, current_a=300.0, ratings=replace(RATINGS, max_power_w=20_000))
    assert run(power, 2.0, 6.0)[-1][2] == pytest.approx(50)


def test_off_stops_the_current_at_once_and_discharges():
    power = charging()
    run(power, 2.0, 4.0)
    power.off()
    assert power.current_a == 0.0
    assert not power.settled
    run(power, 4.0, 4.5)
    assert power.settled


@pytest.mark.parametrize("verdict", ["Valid", "Warning", "Fault", "No_IMD"])
def test_cable_check_tests_at_the_voltage_and_discharges_before_it_tells(verdict):
    power = DcPower(replace(RATINGS, isolation_verdict=verdict))
    power.step(0.0)
    power.start_cable_check(500.0)
    seen = []
    for n in range(400):
        power.step(n * 0.01)
        seen.append(power.voltage_v)
        if power.isolation_status != "Invalid":
            break
    assert power.isolation_status == verdict
    assert max(seen) == 500.0
    assert power.voltage_v < SAFE_VOLTAGE_V
    assert power.mode is DcMode.OFF
    assert 1.4 < n * 0.01 < 1.7, "0.1 s contactor, 0.5 s up, 0.5 s test, 0.44 s down"


def test_second_cable_check_forgets_the_first_verdict():
    power = DcPower(RATINGS)
    power.start_cable_check(400.0)
    run(power, 0.0, 3.0)
    assert power.isolation_status == "Valid"
    power.start_cable_check(400.0)
    assert power.isolation_status == "Invalid"


def test_steps_of_any_length_give_the_same_end():
    """One long step equals many short ones, to within a slice."""
    fine, coarse = charging(), charging()
    run(fine, 2.0, 5.0, step=0.001)
    coarse.step(5.0)
    assert coarse.current_a == pytest.approx(fine.current_a)
    assert coarse.meter.energy_wh == pytest.approx(fine.meter.energy_wh, rel=0.02)


def test_time_that_passed_while_off_is_not_made_up_for():
    power = DcPower(RATINGS)
    power.step(0.0)
    power.step(1_000_000.0)
    power.start_cable_check(500.0)
    power.step(1_000_000.1)
    assert power.isolation_status == "Invalid"


def test_clock_that_goes_back_changes_nothing():
    power = charging()
    run(power, 2.0, 3.0)
    before = (power.voltage_v, power.current_a, power.meter.energy_wh)
    power.step(1.0)
    assert (power.voltage_v, power.current_a, power.meter.energy_wh) == before


def test_contactor_closes_late_and_opens_at_once():
    contactor = Contactor(closing_delay_s=0.1)
    contactor.advance(1.0)
    assert not contactor.closed
    contactor.close()
    contactor.advance(0.06)
    contactor.close()
    assert contactor.energized
    assert not contactor.closed
    contactor.advance(0.06)
    assert contactor.closed
    contactor.open()
    assert not contactor.closed
    assert not contactor.energized


def test_ac_current_is_the_lesser_of_both_sides_and_flows_in_every_phase():
    power = AcPower(AcRatings(phases=3, max_current_a=32, current_ramp_a_per_s=20))
    power.ev_current_a = 16
    run(power, 0.0, 1.0)
    assert power.power_w == 0, "the contactor is open"
    power.contactor.close()
    run(power, 1.0, 3.0)
    assert power.current_a == 16
    assert power.power_w == 3 * 230 * 16
    power.ev_current_a = 63
    run(power, 3.0, 5.0)
    assert power.current_a == 32
    assert power.power_w == power.ratings.max_power_w
    power.off()
    assert power.settled


def test_meter_in_time_lapse_counts_what_the_battery_takes():
    meter = Meter(time_lapse=60)
    meter.add(power_w=3600, duration_s=1)
    assert meter.energy_wh == pytest.approx(60)


def discharging(**ratings):
    power = DcPower(replace(RATINGS, **ratings), bidirectional=True)
    power.step(0.0)
    power.start_pre_charge()
    power.set_target(400.0, 1.0)
    run(power, 0.0, 2.0)
    power.start_charge()
    power.set_target(400.0, -1000.0)
    return power


def test_bidirectional_output_takes_energy_back():
    power = discharging(max_discharge_current_a=50)
    assert run(power, 2.0, 2.25)[-1][2] == pytest.approx(-25)
    assert run(power, 2.25, 12.0)[-1][2] == -50
    assert power.meter.energy_wh == 0
    assert power.meter.discharged_wh == pytest.approx(400 * 50 * 9.75 / 3600, rel=0.01)


def test_discharging_power_is_limited_too():
    power = discharging(max_discharge_power_w=8_000)
    assert run(power, 2.0, 6.0)[-1][2] == pytest.approx(-20)


def test_megawatt_output():
    ratings = McsRatings(isolation_test_s=0.1)
    power = DcPower(ratings)
    power.set_target(2000.0, 5000.0)
    assert (power.target_voltage_v, power.target_current_a) == (1250, 3000)
    assert ratings.max_power_w == 1250 * 3000
    power.start_cable_check(1250.0)
    power.step(0.0)
    run(power, 0.0, 3.0)
    assert power.isolation_status == "Valid"


@pytest.mark.parametrize(("bidirectional", "power_w"), [(True, -11_040), (False, 0)])
def test_ac_outlet_follows_what_the_ev_says(bidirectional, power_w):
    power = AcPower(AcRatings(), bidirectional=bidirectional)
    power.step(0.0)
    power.contactor.close()
    run(power, 0.0, 1.0)
    power.follow(-11_040.0)
    assert power.power_w == pytest.approx(power_w)
    run(power, 1.0, 2.0)
    assert power.meter.discharged_wh == pytest.approx(-power_w / 3600)
    power.follow(1e6)
    assert power.power_w == power.max_power_w


def test_meter_counts_both_ways():
    meter = Meter()
    meter.add(power_w=3600, duration_s=1)
    meter.add(power_w=-7200, duration_s=1)
    assert (meter.energy_wh, meter.discharged_wh) == pytest.approx((1, 2))
