"""An AC outlet: a contactor that closes and opens as the session's vars ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastsecc.sim.outlet import Command, Commands, Handler, Outlet
from fastsecc.sim.power import AcPower, Meter
from fastsecc.sim.settings import SimulatorSettings

PHASES = ("L1", "L2", "L3")


class AcOutlet(Outlet):
    """The other side of the interface for AC."""

    def __init__(self, settings: SimulatorSettings) -> None:
        """Make an outlet that is off."""
        self.settings = settings
        self.meter = Meter(settings.meter_id, time_lapse=settings.time_lapse)
        self.power = AcPower(settings.ac, self.meter)
        self._closed = False

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Var name -> what to do."""
        return {
            "requested_energy_transfer_mode": self._on_mode,
            "ac_ev_max_current": self._on_ev_max_current,
            "ac_close_contactor": self._on_close,
            "ac_open_contactor": self._on_open,
        }

    def boot(self) -> Commands:
        """Say what the outlet can do."""
        ac = self.settings.ac
        parameters = {
            "nominal_frequency": ac.nominal_frequency_hz,
            "nominal_voltage": ac.nominal_voltage_v,
            "connectors": ["SinglePhase" if ac.phases == 1 else "ThreePhase"],
        }
        yield Command("set_charging_parameters", {"physical_values": {"ac_nominal_voltage": ac.nominal_voltage_v}})
        maximum = {"charge_power": self._per_phase(ac.max_power_w, ac.phases)}
        yield Command("update_ac_maximum_limits", {"maximum_limits": maximum})
        yield Command("update_ac_minimum_limits", {"minimum_limits": {"charge_power": self._per_phase(0.0, ac.phases)}})
        yield Command("update_ac_parameters", {"ac_parameters": parameters})
        yield Command("update_ac_max_current", {"max_current": ac.max_current_a})

    def step(self, now: float) -> None:
        """Carry the power electronics on."""
        self.power.step(now)

    def report(self, now: float) -> Commands:
        """Report the contactor when it has moved."""
        if self.power.contactor.closed != self._closed:
            self._closed = self.power.contactor.closed
            yield Command("ac_contactor_closed", {"status": self._closed})

    def off(self) -> None:
        """Switch off: the session is over."""
        self.power.off()
        self.power.ev_max_current_a = 0.0
        self.active = self._closed = False

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
        self.power.ev_max_current_a = current_a
        yield from ()

    def _on_close(self, _: Any) -> Commands:
        self.power.contactor.close()
        self.active = True
        yield from ()

    def _on_open(self, _: Any) -> Commands:
        self.power.off()
        yield from self.report(0.0)
