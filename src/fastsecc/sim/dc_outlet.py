"""A DC outlet: cable check, pre-charge, charge and discharge, as the session's vars ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastsecc.sim.outlet import BPT_SETUP, Command, Commands, Handler, Outlet
from fastsecc.sim.plan import Plan
from fastsecc.sim.power import PRE_CHARGE_MAX_CURRENT_A, DcMode, DcPower, Meter
from fastsecc.sim.settings import SimulatorSettings

FALLBACK_TEST_VOLTAGE_V = 500.0
"""Cable check voltage for an EV that does not say what it can take."""
PROMPT_CHANGE_V = 1.0
"""A voltage change that is reported at once: an EV may be waiting for it."""


class DcOutlet(Outlet):
    """The other side of the interface for DC."""

    def __init__(self, settings: SimulatorSettings) -> None:
        """Make an outlet that is off."""
        self.settings = settings
        self.meter = Meter(settings.meter_id, time_lapse=settings.time_lapse)
        self.power = DcPower(settings.dc_ratings, self.meter, settings.bidirectional)
        self._plan = Plan(settings)
        self._discharging = False
        """What the operator was last seen to want."""
        self._ev_max_voltage_v: float | None = None
        self._ev_voltage_v: float | None = None
        self._ev_needs: dict[str, Any] | None = None
        """What an EV in dynamic control mode says: how much flows is left to the outlet."""
        self._sae_bidi_mode = False
        self._checking = False
        self._reported_at: float | None = None
        self._reported_v = 0.0

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Var name -> what to do."""
        return {
            "dc_ev_maximum_limits": self._on_ev_limits,
            "dc_ev_target_voltage_current": self._on_target,
            "start_cable_check": self._on_cable_check,
            "start_pre_charge": self._on_pre_charge,
            "current_demand_started": self._on_charge,
            "current_demand_finished": self._on_finished,
            "dc_open_contactor": self._on_finished,
            "dc_ev_present_voltage": self._on_ev_voltage,
            "d20_dc_dynamic_charge_mode": self._on_ev_needs,
            "sae_bidi_mode_active": self._on_sae_bidi_mode,
        }

    def boot(self) -> Commands:
        """Say what the outlet can do."""
        settings, dc = self.settings, self.settings.dc_ratings
        capabilities = {
            "bidirectional": settings.bidirectional,
            "current_regulation_tolerance_A": settings.current_regulation_tolerance_a,
            "peak_current_ripple_A": settings.peak_current_ripple_a,
            "max_export_voltage_V": dc.max_voltage_v,
            "min_export_voltage_V": dc.min_voltage_v,
            "max_export_current_A": dc.max_current_a,
            "min_export_current_A": dc.min_current_a,
            "max_export_power_W": dc.max_power_w,
        }
        if settings.bidirectional:
            yield BPT_SETUP
            capabilities |= {
                "max_import_voltage_V": dc.max_voltage_v,
                "min_import_voltage_V": dc.min_voltage_v,
                "max_import_current_A": dc.max_discharge_current_a,
                "min_import_current_A": 0.0,
                "max_import_power_W": dc.max_discharge_power_w,
            }
        yield Command("set_powersupply_capabilities", {"capabilities": capabilities})
        physical_values = {
            "dc_current_regulation_tolerance": settings.current_regulation_tolerance_a,
            "dc_peak_current_ripple": settings.peak_current_ripple_a,
            "dc_energy_to_be_delivered": settings.energy_to_be_delivered_wh,
        }
        yield Command("set_charging_parameters", {"physical_values": physical_values})
        yield self._minimum_limits()
        yield self._maximum_limits()
        yield self._present_values(0.0, 0.0)

    def step(self, now: float) -> None:
        """Carry the power electronics on."""
        self.power.step(now)
        self._plan.now = now

    def report(self, now: float) -> Commands:
        """Report the cable check's verdict once, and present values at their period and while the voltage moves."""
        if self._discharging != self._plan.discharges:
            self._discharging = self._plan.discharges
            self._give_what_is_needed()
            if self._sae_bidi_mode:
                yield self._maximum_limits()
        if self._checking and self.power.isolation_status != "Invalid":
            self._checking = False
            yield from self._cable_check_verdict(self.power.isolation_status)
        if self._report_is_due(now):
            self._reported_at, self._reported_v = now, self.power.voltage_v
            yield self._present_values(self.power.voltage_v, self.power.current_a)

    def off(self) -> Commands:
        """Switch off: the session is over, and with it the limits that were its own."""
        had_own_limits = self._sae_bidi_mode
        self.power.off()
        self._plan.end()
        self.active = self._checking = self._discharging = self._sae_bidi_mode = False
        self._ev_max_voltage_v = self._ev_voltage_v = self._ev_needs = self._reported_at = None
        if had_own_limits:
            yield self._maximum_limits()

    def meter_values(self) -> dict[str, Any]:
        """Give what the meter shows besides its energy."""
        power = self.power
        return {
            "power_W": {"total": power.voltage_v * power.current_a},
            "voltage_V": {"DC": power.voltage_v},
            "current_A": {"DC": power.current_a},
        }

    def _minimum_limits(self) -> Command:
        dc = self.settings.dc_ratings
        minimum = {
            "evse_minimum_current_limit": dc.min_current_a,
            "evse_minimum_voltage_limit": dc.min_voltage_v,
            "evse_minimum_power_limit": dc.min_current_a * dc.min_voltage_v,
        }
        if self.settings.bidirectional:
            minimum |= {"evse_minimum_discharge_current_limit": 0.0, "evse_minimum_discharge_power_limit": 0.0}
        return Command("update_dc_minimum_limits", {"minimum_limits": minimum})

    def _maximum_limits(self) -> Command:
        dc, feeds_home = self.settings.dc_ratings, self.settings.sae_j2847_mode == "V2H"
        exports = self._sae_bidi_mode and (self._discharging or feeds_home)
        maximum = {
            "evse_maximum_current_limit": -dc.max_discharge_current_a if exports else dc.max_current_a,
            "evse_maximum_voltage_limit": dc.max_voltage_v,
            "evse_maximum_power_limit": -dc.max_discharge_power_w if exports else dc.max_power_w,
        }
        if self.settings.bidirectional:
            maximum |= {
                "evse_maximum_discharge_current_limit": dc.max_discharge_current_a,
                "evse_maximum_discharge_power_limit": dc.max_discharge_power_w,
            }
        return Command("update_dc_maximum_limits", {"maximum_limits": maximum})

    def _report_is_due(self, now: float) -> bool:
        if not self.active:
            return False
        if self._reported_at is None or now - self._reported_at >= self.settings.present_values_period_s:
            return True
        return abs(self.power.voltage_v - self._reported_v) >= PROMPT_CHANGE_V

    def _present_values(self, voltage_v: float, current_a: float) -> Command:
        values = {"evse_present_voltage": voltage_v, "evse_present_current": current_a}
        return Command("update_dc_present_values", {"present_voltage_current": values})

    def _cable_check_verdict(self, status: str) -> Commands:
        good = status != "Fault"
        yield Command("update_isolation_status", {"isolation_status": status})
        yield Command("cable_check_finished", {"status": good})
        if not good:
            yield Command("send_error", {"error": "Error_EmergencyShutdown"})

    def _on_ev_limits(self, limits: Any) -> Commands:
        self._ev_max_voltage_v = limits.get("dc_ev_maximum_voltage_limit", self._ev_max_voltage_v)
        yield from ()

    def _on_target(self, target: Any) -> Commands:
        current_a = target["dc_ev_target_current"]
        if self.power.mode is DcMode.PRE_CHARGE:
            current_a = min(current_a, PRE_CHARGE_MAX_CURRENT_A)
        self.power.set_target(target["dc_ev_target_voltage"], current_a)
        yield from ()

    def _on_cable_check(self, _: Any) -> Commands:
        self.power.start_cable_check(self._ev_max_voltage_v or FALLBACK_TEST_VOLTAGE_V)
        self.active = self._checking = True
        yield from ()

    def _on_pre_charge(self, _: Any) -> Commands:
        self.power.start_pre_charge()
        self.active = True
        yield from ()

    def _on_charge(self, _: Any) -> Commands:
        self.power.start_charge()
        self._plan.begin()
        self.active = True
        yield from ()

    def _on_finished(self, _: Any) -> Commands:
        self.power.off()
        yield from ()

    def _on_ev_voltage(self, voltage_v: Any) -> Commands:
        self._ev_voltage_v = voltage_v
        yield from ()

    def _on_ev_needs(self, needs: Any) -> Commands:
        self._ev_needs = needs
        self._give_what_is_needed()
        yield from ()

    def _on_sae_bidi_mode(self, _: Any) -> Commands:
        """Energy flows back when the operator wants it (V2G), or all the time (V2H)."""
        self._sae_bidi_mode = True
        yield self._maximum_limits()

    def _give_what_is_needed(self) -> None:
        """Choose the set-point for an EV in dynamic control mode; the voltage is its battery's."""
        needs = self._ev_needs
        if needs is None:
            return
        voltage_v = self._ev_voltage_v or self.power.target_voltage_v
        way = "discharge" if self._discharging and needs["min_energy_request"] <= 0 else "charge"
        power_w, current_a = needs.get(f"max_{way}_power", 0.0), needs.get(f"max_{way}_current", 0.0)
        current_a = min(current_a, power_w / max(voltage_v, 1.0))
        self.power.set_target(voltage_v, current_a if way == "charge" else -current_a)
