"""An AC outlet: a contactor that closes and opens as the session's vars ask for it, and a target for the EV's power."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastsecc.sim.outlet import BPT_SETUP, Command, Commands, Handler, Outlet
from fastsecc.sim.plan import Plan
from fastsecc.sim.power import AcPower, Meter
from fastsecc.sim.settings import SimulatorSettings

PHASES = ("L1", "L2", "L3")


class AcOutlet(Outlet):
    """The other side of the interface for AC."""

    def __init__(self, settings: SimulatorSettings) -> None:
        """Make an outlet that is off."""
        self.settings = settings
        self.meter = Meter(settings.meter_id, time_lapse=settings.time_lapse)
        self.power = AcPower(settings.ac, self.meter, settings.bidirectional)
        self._closed = False
        self._plan = Plan(settings)
        self._targeting = False
        """The EV leaves it to the outlet how much flows."""
        self._target_w: float | None = None
        """What it was told last."""
        self._ev_limits: dict[str, Any] = {}
        self._ev_must_charge = False
        self._reported_at: float | None = None
        """None: the session is none of ISO 15118-20, which alone tells the EV what it takes."""

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Var name -> what to do."""
        return {
            "requested_energy_transfer_mode": self._on_mode,
            "ac_ev_max_current": self._on_ev_max_current,
            "ac_close_contactor": self._on_close,
            "ac_open_contactor": self._on_open,
            "selected_service_parameters": self._on_service,
            "ac_ev_power_limits": self._on_ev_limits,
            "ac_ev_present_powers": self._on_ev_powers,
            "ac_ev_dynamic_control_mode": self._on_ev_needs,
        }

    def boot(self) -> Commands:
        """Say what the outlet can do."""
        ac = self.settings.ac
        parameters = {
            "nominal_frequency": ac.nominal_frequency_hz,
            "nominal_voltage": ac.nominal_voltage_v,
            "connectors": ["SinglePhase"] if ac.phases == 1 else ["ThreePhase", "SinglePhase"],
        }
        yield Command("set_charging_parameters", {"physical_values": {"ac_nominal_voltage": ac.nominal_voltage_v}})
        maximum = {"charge_power": self._per_phase(ac.max_power_w, ac.phases)}
        minimum = {"charge_power": self._per_phase(0.0, ac.phases)}
        if self.settings.bidirectional:
            yield BPT_SETUP
            maximum["discharge_power"], minimum["discharge_power"] = maximum["charge_power"], minimum["charge_power"]
        yield Command("update_ac_maximum_limits", {"maximum_limits": maximum})
        yield Command("update_ac_minimum_limits", {"minimum_limits": minimum})
        yield Command("update_ac_parameters", {"ac_parameters": parameters})
        yield Command("update_ac_max_current", {"max_current": ac.max_current_a})

    def step(self, now: float) -> None:
        """Carry the power electronics on."""
        self.power.step(now)
        self._plan.now = now

    def report(self, now: float) -> Commands:
        """Report the contactor when it has moved, a new target, and the present power at its period."""
        if self.power.contactor.closed != self._closed:
            self._closed = self.power.contactor.closed
            yield Command("ac_contactor_closed", {"status": self._closed})
        yield from self._target_when_new()
        if self._reported_at is not None and now - self._reported_at >= self.settings.present_values_period_s:
            yield self._present_power()

    def off(self) -> Commands:
        """Switch off: the session is over."""
        self.power.off()
        self.power.ev_current_a = 0.0
        self._plan.end()
        self._ev_limits = {}
        self._target_w = self._reported_at = None
        self.active = self._closed = self._targeting = self._ev_must_charge = False
        yield from ()

    def meter_values(self) -> dict[str, Any]:
        """Give what the meter shows besides its energy."""
        power, phases = self.power, min(self.power.phases_in_use, self.settings.ac.phases)
        return {
            "power_W": self._per_phase(power.power_w, phases),
            "voltage_V": dict.fromkeys(PHASES[: self.settings.ac.phases], self.settings.ac.nominal_voltage_v),
            "current_A": dict.fromkeys(PHASES[:phases], power.current_a),
        }

    def _per_phase(self, power_w: float, phases: int) -> dict[str, float]:
        return {"total": power_w, **dict.fromkeys(PHASES[:phases], power_w / phases)}

    def _on_mode(self, mode: Any) -> Commands:
        self.power.phases_in_use = 1 if mode == "AC_single_phase_core" else len(PHASES)
        yield from ()

    def _on_ev_max_current(self, current_a: Any) -> Commands:
        self.power.ev_current_a = current_a
        yield from ()

    def _on_close(self, _: Any) -> Commands:
        self.power.contactor.close()
        self._plan.begin()
        self.active = True
        yield from ()

    def _on_open(self, _: Any) -> Commands:
        self.power.off()
        yield from self.report(self._plan.now)
        if self._reported_at is not None:
            yield self._present_power()

    def _on_service(self, service: Any) -> Commands:
        """The session is one of ISO 15118-20: from now on the EV is told targets and powers."""
        self.power.phases_in_use = 1 if service["connector"] == "SinglePhase" else len(PHASES)
        self._targeting = service["control_mode"] == "DynamicControl"
        yield from self._target_when_new()
        yield self._present_power()

    def _on_ev_limits(self, limits: Any) -> Commands:
        self._ev_limits = limits
        yield from self._target_when_new()

    def _on_ev_powers(self, powers: Any) -> Commands:
        self.power.follow(powers["present_active_power"]["total"])
        yield from ()

    def _on_ev_needs(self, needs: Any) -> Commands:
        self._ev_must_charge = needs["min_energy_request"] > 0
        yield from self._target_when_new()

    def _target_when_new(self) -> Commands:
        target_w = self._wanted_w()
        if self._targeting and target_w != self._target_w:
            self._target_w = target_w
            target = {"target_active_power": {"total": target_w}}
            yield Command("update_ac_target_values", {"target_values": target})

    def _wanted_w(self) -> float:
        """Choose the power, within what the EV says that it can; negative: out of it."""
        if self._plan.discharges and not self._ev_must_charge:
            return -min(self.power.max_power_w, self._ev_limit_w("max_discharge_power", 0.0))
        return min(self.power.max_power_w, self._ev_limit_w("max_charge_power", self.power.max_power_w))

    def _ev_limit_w(self, name: str, unknown_w: float) -> float:
        limit: dict[str, float] | None = self._ev_limits.get(name)
        return unknown_w if limit is None else limit["total"]

    def _present_power(self) -> Command:
        self._reported_at = self._plan.now
        return Command("update_ac_present_power", {"present_power": {"total": self.power.power_w}})
