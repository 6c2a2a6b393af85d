"""A charger that says what a recorded one must have said: cmds read off the answers in a capture.

So a replayed session meets the same charger as the recorded EV did: the same protocols and energy, authorization and
cable check at the same request, the same voltages, limits and stops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastsecc.charger import commands
from fastsecc.charger.state import ChargerState
from fastsecc.messages import app_protocol as sap
from fastsecc.messages import din70121 as din
from fastsecc.messages import iso2
from fastsecc.messages.schema import Type
from fastsecc.session.physical import optional_float, to_float

PROTOCOLS = {"urn:din:70121:2012:MsgDef": "DIN70121", "urn:iso:15118:2:2013:MsgDef": "ISO15118D2"}
"""Namespaces as the interface calls them."""
RECORDED_TIME = "1970-01-01T00:00:00Z"
"""Of meter values, whose time nothing tells."""
DIN_DC_MODES = ("DC_core", "DC_extended")
THREE_PHASES = "AC_three_phase_core"
ERRORS = {
    "EVSE_UtilityInterruptEvent": "Error_UtilityInterruptEvent",
    "EVSE_Malfunction": "Error_Malfunction",
    "EVSE_EmergencyShutdown": "Error_EmergencyShutdown",
}
"""EVSEStatusCode -> the error behind it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Body elements of a recorded request and its answer, as far as they could be decoded."""

    request: Type | None
    response: Type | None


class RecordedCharger:
    """Gives cmds to a charger's state as the recorded answers of one connection show them."""

    def __init__(self, state: ChargerState, recorded: Sequence[Answered], now: float) -> None:
        """Set the charger up as the recorded one was.

        Args:
            state: the charger that the session under replay reads.
            recorded: every exchange of the connection, supportedAppProtocol first.
            now: monotonic seconds.
        """
        self._state = state
        self._recorded = recorded
        self._voltage_v = 0.0
        self._current_a = 0.0
        for each in recorded:
            for kind, set_up in _SET_UP.items():
                if isinstance(each.response, kind) and not _refused(each.response):
                    set_up(self, each, now)
        if isinstance(recorded[0].request, sap.supportedAppProtocolReq):
            self._offer_protocol(recorded[0].request, recorded[0].response, now)

    def before(self, index: int, now: float) -> None:
        """Say what the recorded charger had been told when it gave its answer `index`."""
        recorded = self._recorded[index]
        for kind, say in _BEFORE.items():
            if isinstance(recorded.request, kind):
                say(self, index, now)
        self._status(recorded.response, now)
        self._meter(recorded.response, now)
        self._present(recorded.response, now)

    def held(self, now: float) -> None:
        """Say what a session waits for that holds its answer back: the contactor."""
        self._say("ac_contactor_closed", now, status=True)

    def _say(self, name: str, now: float, **args: Any) -> None:
        commands.apply(self._state, name, args, now)

    def _moved_on(self, index: int) -> bool:
        """Tell whether the EV asked for something else next; its cause may be missing where a loop was thinned."""
        later = self._recorded[index + 1 : index + 2]
        return bool(later) and later[0].request is not None and type(later[0].request) is not self._kind(index)

    def _kind(self, index: int) -> type[Type] | None:
        request = self._recorded[index].request
        return None if request is None else type(request)

    def _offer_protocol(self, request: sap.supportedAppProtocolReq, response: Type | None, now: float) -> None:
        chosen = getattr(response, "SchemaID", None) if response is not None and not _refused(response) else None
        offer = next((offer for offer in request.AppProtocol if offer.SchemaID == chosen), None)
        if offer is None:
            wanted = {PROTOCOLS[each.ProtocolNamespace] for each in request.AppProtocol if _known(each)}
            accepted = sorted(set(PROTOCOLS.values()) - wanted)
        else:
            accepted = [PROTOCOLS[offer.ProtocolNamespace]] if _known(offer) else []
        self._say("update_supported_app_protocols", now, supported_app_protocols={"app_protocols": accepted})

    def _name(self, each: Answered, now: float) -> None:
        name = getattr(each.response, "EVSEID", "")
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else str(name)
        self._say("setup", now, evse_id={"evse_id": text}, sae_j2847_mode="None", debug_mode=False)

    def _offer_din_energy(self, each: Answered, now: float) -> None:
        assert isinstance(each.response, din.ServiceDiscoveryRes)
        offered = each.response.ChargeService.EnergyTransferType
        mode = offered if offered in DIN_DC_MODES else "DC_extended"
        self._say("update_energy_transfer_modes", now, supported_energy_transfer_modes=[str(mode)])

    def _offer_energy(self, each: Answered, now: float) -> None:
        assert isinstance(each.response, iso2.ServiceDiscoveryRes)
        modes = [str(mode) for mode in each.response.ChargeService.SupportedEnergyTransferMode.EnergyTransferMode]
        self._say("update_energy_transfer_modes", now, supported_energy_transfer_modes=modes)

    def _power_supply(self, each: Answered, now: float) -> None:
        limits = getattr(each.response, "EVSEChargeParameter", None)
        if isinstance(limits, iso2.AC_EVSEChargeParameterType):
            self._grid(each, limits, now)
        if not isinstance(limits, din.DC_EVSEChargeParameterType | iso2.DC_EVSEChargeParameterType):
            return
        self._power_quality(limits, now)
        said = to_float(limits.EVSEMaximumPowerLimit) if limits.EVSEMaximumPowerLimit else 0.0
        capabilities = {
            "bidirectional": False,
            "current_regulation_tolerance_A": 0.0,
            "peak_current_ripple_A": to_float(limits.EVSEPeakCurrentRipple),
            "max_export_voltage_V": to_float(limits.EVSEMaximumVoltageLimit),
            "min_export_voltage_V": to_float(limits.EVSEMinimumVoltageLimit),
            "max_export_current_A": to_float(limits.EVSEMaximumCurrentLimit),
            "min_export_current_A": to_float(limits.EVSEMinimumCurrentLimit),
            "max_export_power_W": max(said, *_schedule_powers_w(each.response)),
        }
        self._say("set_powersupply_capabilities", now, capabilities=capabilities)

    def _power_quality(self, limits: Any, now: float) -> None:
        values = {
            "dc_current_regulation_tolerance": optional_float(limits.EVSECurrentRegulationTolerance),
            "dc_peak_current_ripple": optional_float(limits.EVSEPeakCurrentRipple),
            "dc_energy_to_be_delivered": optional_float(limits.EVSEEnergyToBeDelivered),
        }
        said = {name: value for name, value in values.items() if value is not None}
        self._say("set_charging_parameters", now, physical_values=said)

    def _grid(self, each: Answered, limits: iso2.AC_EVSEChargeParameterType, now: float) -> None:
        nominal_v = to_float(limits.EVSENominalVoltage)
        phases = 3 if THREE_PHASES in self._state.energy_transfer_modes else 1
        power_w = max(to_float(limits.EVSEMaxCurrent) * nominal_v * phases, *_schedule_powers_w(each.response))
        self._say("set_charging_parameters", now, physical_values={"ac_nominal_voltage": nominal_v})
        self._say("update_ac_maximum_limits", now, maximum_limits={"charge_power": {"total": power_w}})

    def _authorize(self, index: int, now: float) -> None:
        processing = getattr(self._recorded[index].response, "EVSEProcessing", None)
        if processing == "Finished" or self._moved_on(index):
            self._say(
                "authorization_response",
                now,
                authorization_status="Accepted",
                certificate_status="NoCertificateAvailable",
            )

    def _check_cable(self, index: int, now: float) -> None:
        response = self._recorded[index].response
        status = getattr(response, "DC_EVSEStatus", None)
        isolation = str(status.EVSEIsolationStatus or "Invalid") if status else "Invalid"
        finished = getattr(response, "EVSEProcessing", None) == "Finished"
        if not finished and self._moved_on(index):
            finished, isolation = True, "Valid"
        self._say("update_isolation_status", now, isolation_status=isolation)
        self._say("cable_check_finished", now, status=finished)

    def _budget(self, index: int, now: float) -> None:
        response = self._recorded[index].response
        if not isinstance(response, din.CurrentDemandRes | iso2.CurrentDemandRes):
            return
        current, voltage = response.EVSEMaximumCurrentLimit, response.EVSEMaximumVoltageLimit
        power = response.EVSEMaximumPowerLimit
        if current and voltage and power:
            limits = {
                "evse_maximum_current_limit": to_float(current),
                "evse_maximum_voltage_limit": to_float(voltage),
                "evse_maximum_power_limit": to_float(power),
            }
            self._say("update_dc_maximum_limits", now, maximum_limits=limits)

    def _ac_current(self, index: int, now: float) -> None:
        current = getattr(self._recorded[index].response, "EVSEMaxCurrent", None)
        if current is not None:
            self._say("update_ac_max_current", now, max_current=to_float(current))

    def _meter(self, response: Type | None, now: float) -> None:
        meter = getattr(response, "MeterInfo", None)
        if isinstance(meter, iso2.MeterInfoType):
            reading = {"timestamp": RECORDED_TIME, "meter_id": meter.MeterID}
            energy = {"energy_Wh_import": {"total": float(meter.MeterReading or 0)}}
            self._say("update_meter_info", now, powermeter=reading | energy)

    def _status(self, response: Type | None, now: float) -> None:
        status = getattr(response, "DC_EVSEStatus", None) or getattr(response, "AC_EVSEStatus", None)
        status = status or getattr(response, "EVSEStatus", None)
        if getattr(status, "EVSENotification", None) == "StopCharging" and self._state.stop_requested_at is None:
            self._say("stop_charging", now, stop=True)
        error = ERRORS.get(str(getattr(status, "EVSEStatusCode", "")))
        if error:
            self._say("send_error", now, error=error)

    def _present(self, response: Type | None, now: float) -> None:
        voltage = getattr(response, "EVSEPresentVoltage", None)
        current = getattr(response, "EVSEPresentCurrent", None)
        self._voltage_v = to_float(voltage) if voltage else self._voltage_v
        self._current_a = to_float(current) if current else self._current_a
        values = {"evse_present_voltage": self._voltage_v, "evse_present_current": self._current_a}
        self._say("update_dc_present_values", now, present_voltage_current=values)


def _known(offer: sap.AppProtocolType) -> bool:
    return offer.ProtocolNamespace in PROTOCOLS


def _refused(response: Type) -> bool:
    return str(getattr(response, "ResponseCode", "")).upper().startswith("FAILED")


def _schedule_powers_w(response: Any) -> list[float]:
    schedules = getattr(response, "SASchedules", None)
    entries = [
        entry for one in getattr(schedules, "SAScheduleTuple", []) for entry in one.PMaxSchedule.PMaxScheduleEntry
    ]
    return [float(entry.PMax) if isinstance(entry.PMax, int) else to_float(entry.PMax) for entry in entries] or [0.0]


_SET_UP: dict[type[Type], Callable[[RecordedCharger, Answered, float], None]] = {
    din.SessionSetupRes: RecordedCharger._name,
    iso2.SessionSetupRes: RecordedCharger._name,
    din.ServiceDiscoveryRes: RecordedCharger._offer_din_energy,
    iso2.ServiceDiscoveryRes: RecordedCharger._offer_energy,
    din.ChargeParameterDiscoveryRes: RecordedCharger._power_supply,
    iso2.ChargeParameterDiscoveryRes: RecordedCharger._power_supply,
}
_BEFORE: dict[type[Type], Callable[[RecordedCharger, int, float], None]] = {
    din.ContractAuthenticationReq: RecordedCharger._authorize,
    iso2.AuthorizationReq: RecordedCharger._authorize,
    din.CableCheckReq: RecordedCharger._check_cable,
    iso2.CableCheckReq: RecordedCharger._check_cable,
    din.CurrentDemandReq: RecordedCharger._budget,
    iso2.CurrentDemandReq: RecordedCharger._budget,
    iso2.ChargingStatusReq: RecordedCharger._ac_current,
}
