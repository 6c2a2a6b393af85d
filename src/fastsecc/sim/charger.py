"""A simulated charger: what stands on the other side of the charger interface when nothing else does.

It follows the interface's reference flow like any manager would: it hears vars and issues cmds, nothing else. It reads
no clock: `handle_variable` and `step` are told the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastsecc.charger.shape import timestamp
from fastsecc.sim.ac_outlet import AcOutlet
from fastsecc.sim.dc_outlet import DcOutlet
from fastsecc.sim.outlet import Command, Commands, Outlet
from fastsecc.sim.settings import SimulatorSettings


def energy_transfer_modes(settings: SimulatorSettings) -> list[str]:
    """List what the outlet offers, the best first."""
    if settings.is_megawatt:
        modes, bidirectional = ["MCS"], "MCS_BPT"
    elif settings.is_ac:
        three_phase = ["AC_three_phase_core"] if settings.ac.phases == 3 else []
        modes, bidirectional = [*three_phase, "AC_single_phase_core"], "AC_BPT"
    else:
        modes, bidirectional = ["DC_extended"], "DC_BPT"
    return [*modes, bidirectional] if settings.bidirectional else modes


class SimulatedCharger:
    """One connector's charger with its operator's decisions."""

    def __init__(
        self,
        settings: SimulatorSettings,
        unix_s: Callable[[], float],
        *,
        issues_contracts: bool = False,
        has_slac: bool = False,
    ) -> None:
        """Make a charger that is switched off.

        Args:
            settings: what kind it is.
            unix_s: gives the wall clock's Unix seconds, for the meter's timestamps.
            issues_contracts: there is a back end that answers certificate requests.
            has_slac: SLAC says when there is a data link; it is told of the control pilot.
        """
        self.settings = settings
        self._issues_contracts = issues_contracts
        self._has_slac = has_slac
        self.outlet: Outlet = AcOutlet(settings) if settings.is_ac else DcOutlet(settings)
        self._unix_s = unix_s
        self._authorize_at: float | None = None
        self._certificate_status = ""
        self._authorized = False
        """Authorized in the session that is paused."""
        self._metered_at: float | None = None
        self._now = 0.0
        self._handlers = {
            **self.outlet.handlers,
            "require_auth_eim": self._on_require_auth_eim,
            "require_auth_pnc": self._on_require_auth_pnc,
            "dlink_terminate": self._on_end,
            "dlink_error": self._on_end,
            "dlink_pause": self._on_pause,
            "slac.request_error_routine": self._on_error_routine,
        }

    @property
    def deadline(self) -> float | None:
        """When `step` is due, monotonic seconds; None: not before the next var."""
        if self.outlet.active:
            return self._now + self.settings.step_s
        return self._authorize_at

    def boot(self, now: float) -> list[Command]:
        """Switch on: say what the charger is, and that an EV is plugged in."""
        self._carry_on(now)
        return [*self._introduction(), *self._plug_in()]

    def handle_variable(self, name: str, payload: Any, now: float) -> list[Command]:
        """Hear a var (its JSON-able value) and give the cmds that answer it."""
        self._carry_on(now)
        handler = self._handlers.get(name)
        return [] if handler is None else list(handler(payload))

    def step(self, now: float) -> list[Command]:
        """Let time pass, and give the cmds that are due."""
        self._carry_on(now)
        return [*self._authorization_when_due(), *self.outlet.report(now), *self._meter_info_when_due()]

    def _carry_on(self, now: float) -> None:
        self._now = now
        self.outlet.step(now)

    def _introduction(self) -> Commands:
        settings = self.settings
        evse_id = {"evse_id": settings.evse_id}
        if settings.evse_id_din is not None:
            evse_id["evse_id_din"] = settings.evse_id_din
        modes = energy_transfer_modes(settings)
        yield self._session_setup()
        yield from self.outlet.boot()
        yield Command("receipt_is_required", {"receipt_required": settings.receipt_required})
        mode, debug = settings.sae_j2847_mode, settings.debug_mode
        yield Command("setup", {"evse_id": evse_id, "sae_j2847_mode": mode, "debug_mode": debug})
        yield Command("update_energy_transfer_modes", {"supported_energy_transfer_modes": modes})
        yield Command("reset_error", {})

    def _session_setup(self) -> Command:
        offer = {
            "payment_options": self.settings.payment_options,
            "supported_certificate_service": self._issues_contracts,
            "central_contract_validation_allowed": False,
        }
        return Command("session_setup", offer)

    def _plug_in(self) -> Commands:
        yield Command("reset_error", {})
        yield Command("ac_contactor_closed", {"status": False})
        yield Command("stop_charging", {"stop": False})
        yield self._session_setup()
        yield Command("slac.enter_bcd", {}) if self._has_slac else Command("dlink_ready", {"value": True})

    def _on_require_auth_eim(self, _: Any) -> Commands:
        yield from self._on_require_auth("NoCertificateAvailable")

    def _on_require_auth_pnc(self, _: Any) -> Commands:
        """The contract was verified before the charger was asked: it is as good as any."""
        yield from self._on_require_auth("Accepted")

    def _on_require_auth(self, certificate_status: str) -> Commands:
        self._certificate_status = certificate_status
        if self.settings.authorization == "delayed" and not self._authorized:
            self._authorize_at = self._now + self.settings.authorization_delay_s
            return
        yield self._authorization()

    def _authorization_when_due(self) -> Commands:
        if self._authorize_at is not None and self._now >= self._authorize_at:
            self._authorize_at = None
            yield self._authorization()

    def _authorization(self) -> Command:
        self._authorized = self.settings.authorization != "refused"
        status = "Accepted" if self._authorized else "Invalid"
        answer = {"authorization_status": status, "certificate_status": self._certificate_status}
        return Command("authorization_response", answer)

    def _meter_info_when_due(self) -> Commands:
        period_s = self.settings.meter_period_s
        if not self.outlet.active or (self._metered_at is not None and self._now - self._metered_at < period_s):
            return
        self._metered_at = self._now
        meter = self.outlet.meter
        reading = {
            "timestamp": timestamp(self._unix_s()),
            "meter_id": meter.meter_id,
            "energy_Wh_import": {"total": meter.energy_wh},
            **self.outlet.meter_values(),
        }
        if self.settings.bidirectional:
            reading["energy_Wh_export"] = {"total": meter.discharged_wh}
        yield Command("update_meter_info", {"powermeter": reading})

    def _on_end(self, _: Any) -> Commands:
        """The EV has left the data link: it is plugged in anew, as far as a bench can tell."""
        yield from self._switch_off()
        self._authorized = False
        if not self._has_slac:
            yield Command("dlink_ready", {"value": False})
        yield from self._plug_in()

    def _on_pause(self, _: Any) -> Commands:
        """The EV stays plugged in and authorized, and may come back any time."""
        yield from self._switch_off()
        if not self._has_slac:
            yield Command("dlink_ready", {"value": True})

    def _on_error_routine(self, _: Any) -> Commands:
        """Take the control pilot through state E and back, which takes no time on a bench."""
        yield Command("slac.leave_bcd", {})
        yield Command("slac.enter_bcd", {})

    def _switch_off(self) -> Commands:
        yield from self.outlet.off()
        self._authorize_at = self._metered_at = None
