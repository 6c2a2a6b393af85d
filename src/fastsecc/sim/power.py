"""A charger's power electronics: ramps, contactor, cable check, isolation monitor, meter.

Nothing here reads a clock: `step(now)` carries the model on to `now`, in slices small enough that the order of events
within one step does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

SLICE_S = 0.02
"""Longest time that is computed in one go."""
SAFE_VOLTAGE_V = 60.0
"""Below it a DC output counts as discharged."""
PRE_CHARGE_MAX_CURRENT_A = 2.0


def ramp(value: float, target: float, rate_per_s: float, duration_s: float) -> float:
    """Move a value towards its target, by at most the rate."""
    change = rate_per_s * duration_s
    return min(target, value + change) if target > value else max(target, value - change)


@dataclass(slots=True)
class Meter:
    """An energy meter; `time_lapse` lets it count as if time went faster, as a battery's does."""

    meter_id: str = "FASTSECC-SIM-1"
    energy_wh: float = 0.0
    """What went to the EV."""
    discharged_wh: float = 0.0
    """What the EV gave back."""
    time_lapse: float = 1.0

    def add(self, power_w: float, duration_s: float) -> None:
        """Count what flows in a time of the clock; negative power comes from the EV."""
        energy_wh = power_w * duration_s * self.time_lapse / 3600
        if energy_wh >= 0:
            self.energy_wh += energy_wh
        else:
            self.discharged_wh -= energy_wh


@dataclass(slots=True)
class Contactor:
    """A contactor that follows its coil after a delay when it closes, and at once when it opens."""

    closing_delay_s: float = 0.1
    closed: bool = False
    _energized_s: float | None = None

    @property
    def energized(self) -> bool:
        """Tell whether the contactor is closed or closing."""
        return self._energized_s is not None

    def close(self) -> None:
        """Energize the coil."""
        if self._energized_s is None:
            self._energized_s = 0.0

    def open(self) -> None:
        """Take the coil's current away."""
        self._energized_s = None
        self.closed = False

    def advance(self, duration_s: float) -> None:
        """Let time pass."""
        if self._energized_s is not None:
            self._energized_s += duration_s
            self.closed = self._energized_s >= self.closing_delay_s


@dataclass(slots=True)
class Clock:
    """Cuts the time between two steps into slices."""

    at: float | None = None

    def slices(self, now: float) -> Iterator[float]:
        """Give durations in seconds that add up to the time since the last call."""
        duration_s = 0.0 if self.at is None else max(0.0, now - self.at)
        self.at = now if self.at is None else max(now, self.at)
        count = math.ceil(duration_s / SLICE_S)
        yield from (duration_s / count for _ in range(count))


@dataclass(frozen=True, slots=True)
class DcRatings:
    """What a DC output can do, and how fast."""

    max_voltage_v: float = 1000.0
    min_voltage_v: float = 150.0
    max_current_a: float = 300.0
    min_current_a: float = 0.0
    max_power_w: float = 150_000.0
    max_discharge_current_a: float = 300.0
    """What it can take back, where it is bidirectional; so is the next."""
    max_discharge_power_w: float = 150_000.0
    voltage_ramp_v_per_s: float = 4000.0
    current_ramp_a_per_s: float = 400.0
    contactor_delay_s: float = 0.1
    isolation_test_s: float = 1.2
    """How long the isolation monitor measures at the test voltage."""
    isolation_verdict: Literal["Valid", "Warning", "Fault", "No_IMD"] = "Valid"
    """What it finds: an IsolationStatus."""


@dataclass(frozen=True, slots=True)
class McsRatings(DcRatings):
    """What an output of the Megawatt Charging System can do."""

    max_voltage_v: float = 1250.0
    min_voltage_v: float = 400.0
    max_current_a: float = 3000.0
    max_power_w: float = 3_750_000.0
    max_discharge_current_a: float = 3000.0
    max_discharge_power_w: float = 3_750_000.0
    current_ramp_a_per_s: float = 4000.0


class DcMode(Enum):
    """What a DC output is doing."""

    OFF = "off"
    CABLE_CHECK = "cable check"
    PRE_CHARGE = "pre-charge"
    CHARGE = "charge"


class CableCheckStage(Enum):
    """Where a cable check stands."""

    RISE = "to the test voltage"
    HOLD = "isolation test"
    FALL = "discharge"


@dataclass(slots=True)
class CableCheck:
    """One cable check."""

    test_voltage_v: float
    left_s: float
    stage: CableCheckStage = CableCheckStage.RISE

    @property
    def voltage_v(self) -> float:
        """Voltage that the output is to have now."""
        return 0.0 if self.stage is CableCheckStage.FALL else self.test_voltage_v


@dataclass(slots=True)
class DcPower:
    """A DC output: a regulated source behind a contactor, with an isolation monitor and a meter.

    A bidirectional one is a sink as well: negative current flows out of the EV.
    """

    ratings: DcRatings = field(default_factory=DcRatings)
    meter: Meter = field(default_factory=Meter)
    bidirectional: bool = False
    mode: DcMode = DcMode.OFF
    voltage_v: float = 0.0
    current_a: float = 0.0
    target_voltage_v: float = 0.0
    target_current_a: float = 0.0
    isolation_status: str = "Invalid"
    """Verdict of the newest cable check; `Invalid` while there is none."""
    contactor: Contactor = field(init=False)
    _check: CableCheck | None = None
    _clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.contactor = Contactor(self.ratings.contactor_delay_s)

    @property
    def settled(self) -> bool:
        """Tell whether the output is off and discharged, so that time changes nothing."""
        return self.mode is DcMode.OFF and self.voltage_v == 0.0 and self.current_a == 0.0

    def start_cable_check(self, test_voltage_v: float) -> None:
        """Test the isolation at a voltage; `isolation_status` tells the verdict once the output is discharged again."""
        self.isolation_status = "Invalid"
        self._check = CableCheck(min(test_voltage_v, self.ratings.max_voltage_v), self.ratings.isolation_test_s)
        self._switch(DcMode.CABLE_CHECK)

    def start_pre_charge(self) -> None:
        """Bring the output to the target voltage, with next to no current."""
        self.target_voltage_v = 0.0
        self.target_current_a = 0.0
        self._switch(DcMode.PRE_CHARGE)

    def start_charge(self) -> None:
        """Deliver the target current."""
        self._switch(DcMode.CHARGE)

    def set_target(self, voltage_v: float, current_a: float) -> None:
        """Take the EV's set-point; it is kept within the ratings."""
        self.target_voltage_v = min(max(0.0, voltage_v), self.ratings.max_voltage_v)
        lowest_a = -self.ratings.max_discharge_current_a if self.bidirectional else 0.0
        self.target_current_a = min(max(lowest_a, current_a), self.ratings.max_current_a)

    def off(self) -> None:
        """Switch the source off and open the contactor; the output discharges."""
        self.contactor.open()
        self.mode = DcMode.OFF
        self.current_a = 0.0
        self._check = None

    def step(self, now: float) -> None:
        """Carry the model on to `now` (monotonic seconds)."""
        for duration_s in self._clock.slices(now):
            if self.settled:
                break
            self._advance(duration_s)

    def _switch(self, mode: DcMode) -> None:
        self.contactor.close()
        self.mode = mode
        if mode is not DcMode.CHARGE:
            self.current_a = 0.0

    def _advance(self, duration_s: float) -> None:
        self.contactor.advance(duration_s)
        self.voltage_v = ramp(self.voltage_v, self._aim_v(), self.ratings.voltage_ramp_v_per_s, duration_s)
        self.current_a = ramp(self.current_a, self._aim_a(), self.ratings.current_ramp_a_per_s, duration_s)
        self.meter.add(self.voltage_v * self.current_a, duration_s)
        if self._check is not None:
            self._advance_cable_check(self._check, duration_s)

    def _aim_v(self) -> float:
        if self.mode is DcMode.OFF or not self.contactor.closed:
            return 0.0
        return self._check.voltage_v if self._check is not None else self.target_voltage_v

    def _aim_a(self) -> float:
        if self.mode is not DcMode.CHARGE or not self.contactor.closed:
            return 0.0
        voltage_v = max(self.voltage_v, 1.0)
        aim_a = min(self.target_current_a, self.ratings.max_power_w / voltage_v)
        return max(aim_a, -self.ratings.max_discharge_power_w / voltage_v)

    def _advance_cable_check(self, check: CableCheck, duration_s: float) -> None:
        if check.stage is CableCheckStage.RISE and self.voltage_v >= check.test_voltage_v:
            check.stage = CableCheckStage.HOLD
        elif check.stage is CableCheckStage.HOLD:
            check.left_s -= duration_s
            if check.left_s <= 0:
                check.stage = CableCheckStage.FALL
        elif check.stage is CableCheckStage.FALL and self.voltage_v < SAFE_VOLTAGE_V:
            self.isolation_status = self.ratings.isolation_verdict
            self.off()


@dataclass(frozen=True, slots=True)
class AcRatings:
    """What an AC outlet can give."""

    phases: Literal[1, 3] = 3
    nominal_voltage_v: float = 230.0
    nominal_frequency_hz: float = 50.0
    max_current_a: float = 32.0
    """Per phase; a bidirectional outlet takes back as much."""
    current_ramp_a_per_s: float = 20.0
    contactor_delay_s: float = 0.1

    @property
    def max_power_w(self) -> float:
        """Power of all phases together."""
        return self.phases * self.nominal_voltage_v * self.max_current_a


@dataclass(slots=True)
class AcPower:
    """An AC outlet: a contactor and a meter in front of an EV that takes what it may.

    At a bidirectional one an EV may give, too: negative current.
    """

    ratings: AcRatings = field(default_factory=AcRatings)
    meter: Meter = field(default_factory=Meter)
    bidirectional: bool = False
    ev_current_a: float = 0.0
    """What the EV says that it can take, or takes, per phase."""
    phases_in_use: int = 3
    current_a: float = 0.0
    contactor: Contactor = field(init=False)
    _clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.contactor = Contactor(self.ratings.contactor_delay_s)

    @property
    def settled(self) -> bool:
        """Tell whether the outlet is off, so that time changes nothing."""
        return not self.contactor.energized and self.current_a == 0.0

    @property
    def power_w(self) -> float:
        """Power of all phases together."""
        return self._w_per_a * self.current_a

    @property
    def max_power_w(self) -> float:
        """What all phases in use can carry together."""
        return self._w_per_a * self.ratings.max_current_a

    @property
    def _w_per_a(self) -> float:
        return min(self.phases_in_use, self.ratings.phases) * self.ratings.nominal_voltage_v

    def follow(self, power_w: float) -> None:
        """Hear what power the EV takes with all phases together; negative: gives. There is nothing to guess, then."""
        self.ev_current_a = power_w / self._w_per_a
        self.current_a = self._aim_a()

    def off(self) -> None:
        """Open the contactor."""
        self.contactor.open()
        self.current_a = 0.0

    def step(self, now: float) -> None:
        """Carry the model on to `now` (monotonic seconds)."""
        for duration_s in self._clock.slices(now):
            if self.settled:
                break
            self.contactor.advance(duration_s)
            self.current_a = ramp(self.current_a, self._aim_a(), self.ratings.current_ramp_a_per_s, duration_s)
            self.meter.add(self.power_w, duration_s)

    def _aim_a(self) -> float:
        if not self.contactor.closed:
            return 0.0
        lowest_a = -self.ratings.max_current_a if self.bidirectional else 0.0
        return min(max(lowest_a, self.ev_current_a), self.ratings.max_current_a)
