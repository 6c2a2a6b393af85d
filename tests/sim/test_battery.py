"""The battery: constant current, then constant voltage, and a state of charge that follows the energy."""

from __future__ import annotations

import pytest

from fastsecc.sim.battery import Battery, battery_for


def test_constant_current_until_the_voltage_limit_then_less():
    """Far from full the maximum flows; close to full the current falls, and the voltage never passes its limit."""
    battery = Battery(soc_percent=20, max_power_w=200_000)
    assert battery.target_current_a == battery.max_current_a
    currents = []
    for soc in range(70, 101, 5):
        battery.soc_percent = soc
        currents.append(battery.target_current_a)
        assert battery.target_voltage_v <= battery.max_voltage_v + 1e-9
    assert currents == sorted(currents, reverse=True)
    assert currents[-1] < 0.2 * battery.max_current_a


def test_power_limit_caps_the_current():
    battery = Battery(soc_percent=10, max_power_w=40_200)
    assert battery.target_current_a == pytest.approx(100)
    assert battery.target_voltage_v * battery.target_current_a <= battery.max_power_w


@pytest.mark.parametrize(("time_lapse", "gain_percent"), [(1.0, 10.0), (3.0, 30.0)])
def test_state_of_charge_follows_the_energy(time_lapse, gain_percent):
    """6 kWh are a tenth of 60 kWh, and three tenths in threefold time lapse."""
    battery = Battery(capacity_wh=60_000, soc_percent=20, time_lapse=time_lapse)
    battery.charge(power_w=36_000, duration_s=600)
    assert battery.soc_percent == pytest.approx(20 + gain_percent)


def test_state_of_charge_stays_between_empty_and_full():
    battery = Battery(soc_percent=99)
    battery.charge(power_w=100_000, duration_s=3600)
    assert battery.soc_percent == 100.0
    assert battery.full
    assert battery.energy_request_wh == 0.0
    battery.charge(power_w=-1e9, duration_s=3600)
    assert battery.soc_percent == 0.0


def test_remaining_time_shrinks_with_power_and_time_lapse():
    battery = Battery(capacity_wh=60_000, soc_percent=50)
    assert battery.seconds_to(100, power_w=30_000) == pytest.approx(3600)
    battery.time_lapse = 10
    assert battery.seconds_to(100, power_w=30_000) == pytest.approx(360)
    assert battery.seconds_to(40, power_w=30_000) == 0
    assert battery.seconds_to(100, power_w=0) == 0


def test_what_a_battery_can_give():
    battery = Battery(soc_percent=50, max_discharge_current_a=100, max_discharge_power_w=18_500)
    assert battery.available_current_a == pytest.approx(18_500 / 370)
    battery.max_discharge_power_w = 1e6
    assert battery.available_current_a == 100


def test_terminal_voltage_follows_the_current():
    battery = Battery(soc_percent=50, resistance_ohm=0.1)
    assert battery.terminal_voltage_v(100) == pytest.approx(380)
    assert battery.terminal_voltage_v(-100) == pytest.approx(360)
    assert battery.terminal_voltage_v(10_000) == battery.max_voltage_v


@pytest.mark.parametrize(("energy", "least_wh", "most_wh"), [("dc-bpt", 1e4, 2e5), ("mcs", 3e5, 1e6)])
def test_battery_that_suits_the_energy(energy, least_wh, most_wh):
    battery = battery_for(energy, 33.0, 5.0)
    assert least_wh < battery.capacity_wh < most_wh
    assert (battery.soc_percent, battery.time_lapse) == (33.0, 5.0)
