"""A traction battery that fills and empties: state of charge, voltage, and the current it asks for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Battery:
    """A battery with an internal resistance, charged with constant current and then constant voltage.

    `time_lapse` makes a charging time pass faster than the clock, so that a bench session shows a whole charge.
    """

    capacity_wh: float = 60_000.0
    soc_percent: float = 20.0
    bulk_soc_percent: float = 80.0
    empty_voltage_v: float = 340.0
    """Open-circuit voltage at 0 %."""
    full_voltage_v: float = 400.0
    """Open-circuit voltage at 100 %."""
    max_voltage_v: float = 402.0
    resistance_ohm: float = 0.1
    max_current_a: float = 200.0
    max_power_w: float = 80_000.0
    max_discharge_current_a: float = 100.0
    max_discharge_power_w: float = 40_000.0
    time_lapse: float = 1.0

    @property
    def open_circuit_voltage_v(self) -> float:
        """Voltage at the terminals when no current flows."""
        return self.empty_voltage_v + (self.full_voltage_v - self.empty_voltage_v) * self.soc_percent / 100

    @property
    def target_current_a(self) -> float:
        """Current to ask for: the maximum, until the voltage at the terminals would pass its limit."""
        headroom_v = max(0.0, self.max_voltage_v - self.open_circuit_voltage_v)
        return min(self.max_current_a, self.max_power_w / self.max_voltage_v, headroom_v / self.resistance_ohm)

    @property
    def target_voltage_v(self) -> float:
        """Voltage at the terminals while the target current flows."""
        return self.open_circuit_voltage_v + self.target_current_a * self.resistance_ohm

    @property
    def available_current_a(self) -> float:
        """Current that it can give; a positive number."""
        return min(self.max_discharge_current_a, self.max_discharge_power_w / self.open_circuit_voltage_v)

    def terminal_voltage_v(self, current_a: float) -> float:
        """Give the voltage at the terminals while a current flows in; negative: out."""
        return min(self.open_circuit_voltage_v + current_a * self.resistance_ohm, self.max_voltage_v)

    @property
    def full(self) -> bool:
        """Tell whether nothing more goes in."""
        return self.soc_percent >= 100.0

    @property
    def bulk_full(self) -> bool:
        """Tell whether the bulk of the charge is in."""
        return self.soc_percent >= self.bulk_soc_percent

    @property
    def energy_request_wh(self) -> float:
        """Energy missing to 100 %."""
        return self.energy_to_wh(100.0)

    def energy_to_wh(self, soc_percent: float) -> float:
        """Energy missing to a state of charge; 0 when it is passed."""
        return max(0.0, soc_percent - self.soc_percent) / 100 * self.capacity_wh

    def seconds_to(self, soc_percent: float, power_w: float) -> float:
        """Seconds of the clock until a state of charge is reached with constant power; 0 without power."""
        if power_w <= 0:
            return 0.0
        return self.energy_to_wh(soc_percent) * 3600 / power_w / self.time_lapse

    def charge(self, power_w: float, duration_s: float) -> None:
        """Take in (or, with negative power, give back) what flows in a time of the clock."""
        energy_wh = power_w * duration_s * self.time_lapse / 3600
        self.soc_percent = min(100.0, max(0.0, self.soc_percent + 100 * energy_wh / self.capacity_wh))


def battery_for(energy: str, soc_percent: float = 20.0, time_lapse: float = 1.0) -> Battery:
    """Make the battery of a car, or that of a lorry if it charges by the Megawatt Charging System."""
    if not energy.startswith("mcs"):
        return Battery(soc_percent=soc_percent, time_lapse=time_lapse)
    return Battery(
        capacity_wh=600_000.0,
        soc_percent=soc_percent,
        empty_voltage_v=740.0,
        full_voltage_v=860.0,
        max_voltage_v=865.0,
        resistance_ohm=0.01,
        max_current_a=1500.0,
        max_power_w=1_100_000.0,
        max_discharge_current_a=400.0,
        max_discharge_power_w=300_000.0,
        time_lapse=time_lapse,
    )
