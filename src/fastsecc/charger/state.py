"""What the charger has told us: the values that cmds set and that sessions read.

Values live as long as the process unless `reset_session` clears them; units are in the names.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fastsecc.charger.services import EnergyKind, Iso20Service, iso20_services

APP_PROTOCOLS = frozenset({"DIN70121", "ISO15118D2", "ISO15118D20"})


@dataclass(slots=True)
class DcCapabilities:
    """What the power supply can do (cmd `set_powersupply_capabilities`); the nominal twin wins where given."""

    max_voltage_v: float = 1000.0
    min_voltage_v: float = 150.0
    max_current_a: float = 200.0
    min_current_a: float = 0.0
    max_power_w: float = 150_000.0
    bidirectional: bool = False
    max_import_voltage_v: float | None = None
    min_import_voltage_v: float | None = None
    max_import_current_a: float | None = None
    min_import_current_a: float | None = None
    max_import_power_w: float | None = None


@dataclass(slots=True)
class DcLimits:
    """A DC energy budget (cmds `update_dc_maximum_limits`, `update_dc_minimum_limits`)."""

    current_a: float
    voltage_v: float
    power_w: float
    discharge_current_a: float | None = None
    discharge_power_w: float | None = None


@dataclass(slots=True)
class AcPower:
    """AC power per phase where known, and its total (cmds `update_ac_maximum_limits` and its kin)."""

    total_w: float
    l1_w: float | None = None
    l2_w: float | None = None
    l3_w: float | None = None


@dataclass(slots=True)
class AcReactivePower:
    """AC reactive power per phase where known, and its total (cmd `update_ac_target_values`)."""

    total_var: float
    l1_var: float | None = None
    l2_var: float | None = None
    l3_var: float | None = None


@dataclass(slots=True)
class AcGrid:
    """What ISO 15118-20 tells the EV of the grid (cmd `update_ac_parameters`)."""

    nominal_voltage_v: float = 230.0
    max_power_asymmetry_w: float | None = None
    power_ramp_limitation: float | None = None
    """Percent a minute."""
    max_reactive_power_var: float | None = None


@dataclass(slots=True)
class BptSettings:
    """Bidirectional power transfer of ISO 15118-20 (cmd `bpt_setup`)."""

    channel: str = "Unified"
    generator_mode: str = "GridFollowing"
    grid_code_detection: str = "Passive"


@dataclass(slots=True)
class MeterReading:
    """The newest meter value (cmd `update_meter_info`); `sequence` counts the updates."""

    sequence: int
    energy_wh: int
    meter_id: str = ""
    exported_wh: int | None = None
    """Energy from the EV, where the meter counts it."""


@dataclass(slots=True)
class Authorization:
    """The answer to `require_auth_*` (cmd `authorization_response`); `at` is when it came."""

    status: str
    certificate_status: str
    at: float
    in_connection: bool = False
    """Given while the present connection was open: `session_setup` does not revoke it."""

    @property
    def accepted(self) -> bool:
        """Tell whether the EV may charge."""
        return self.status == "Accepted"


@dataclass(slots=True, frozen=True)
class CertificateResponse:
    """What a back end answered to an EV's request for a contract certificate."""

    status: str
    exi_response: str = ""
    """The response for the EV, Base64."""


@dataclass(slots=True)
class ChargerState:
    """All values of one connector. Times are seconds of the monotonic clock that `now` arguments use."""

    # kept for the life of the process
    evse_id: str = "ZZ*000*E000000*1"
    evse_id_din: str | None = None
    sae_j2847_mode: str = "None"
    debug_mode: bool = False
    ac_nominal_voltage_v: float = 230.0
    ac_nominal_frequency_hz: float = 50.0
    ac_connectors: tuple[str, ...] = ("SinglePhase",)
    dc_current_regulation_tolerance_a: float | None = None
    dc_peak_current_ripple_a: float = 0.0
    dc_energy_to_be_delivered_wh: float | None = None
    payment_options: tuple[str, ...] = ("ExternalPayment",)
    supported_certificate_service: bool = False
    central_contract_validation_allowed: bool = False
    capabilities: DcCapabilities = field(default_factory=DcCapabilities)
    available_app_protocols: frozenset[str] = APP_PROTOCOLS
    """What the configuration allows; the most that `update_supported_app_protocols` can choose from."""
    supported_app_protocols: frozenset[str] = APP_PROTOCOLS
    energy_transfer_modes: tuple[str, ...] = ("DC_extended",)
    ac_max_current_a: float = 0.0
    ac_maximum_power: AcPower | None = None
    ac_minimum_power: AcPower | None = None
    ac_maximum_discharge_power: AcPower | None = None
    ac_minimum_discharge_power: AcPower | None = None
    ac_target_power: AcPower | None = None
    ac_target_reactive_power: AcReactivePower | None = None
    ac_target_frequency_hz: float | None = None
    ac_present_power: AcPower | None = None
    ac_grid: AcGrid = field(default_factory=AcGrid)
    bpt: BptSettings = field(default_factory=BptSettings)
    dc_maximum_limits: DcLimits | None = None
    dc_maximum_limits_at: float | None = None
    """When `update_dc_maximum_limits` last came; None: never."""
    dc_minimum_limits: DcLimits | None = None
    receipt_required: bool = False
    dlink_ready: bool = False
    dlink_ready_at: float = 0.0
    meter_id: str = ""
    meter_sequence: int = 0
    """Counts `update_meter_info`; never goes back, so that a MeterInfo is told apart from one of an earlier session."""

    # reset when a session ends (interface-semantics D.0.3)
    authorization: Authorization | None = None
    certificate_response: CertificateResponse | None = None
    ac_contactor_closed: bool = False
    cable_check_finished: bool = False
    isolation_status: str = "Invalid"
    isolation_status_at: float | None = None
    """When `update_isolation_status` last came; None: never in this session."""
    present_voltage_v: float = 0.0
    present_current_a: float = 0.0
    present_values_at: float | None = None
    """When `update_dc_present_values` last came; None: never in this session."""
    meter: MeterReading | None = None
    no_energy_pause: str | None = None
    rcd_error: bool = False
    contactor_error: bool = False
    evse_error: str | None = None
    """`Error_UtilityInterruptEvent` or `Error_Malfunction` until `reset_error`."""
    shutdown: bool = False
    """Every DC EVSEStatusCode is EVSE_Shutdown, and ISO 15118-20 says Terminate: from `stop_charging(true)` until
    `reset_error`, also after false, and also if no EV was connected then."""
    connection_open: bool = False
    """A TCP connection is open: from `begin_connection` to `reset_session`."""
    connection_discharges: bool = False
    """And began when the EV could be asked for energy."""

    # reset when a connection is accepted
    stop_requested_at: float | None = None
    """When `stop_charging(true)` came; None: not requested."""
    stop_notified: bool = False
    """EVSENotification StopCharging stays once it was shown, also after `stop_charging(false)`."""
    pause_requested: bool = False
    emergency: bool = False

    @property
    def energy_kind(self) -> EnergyKind:
        """Tell AC from DC: the charger is AC as soon as one AC mode is listed (cmd `update_energy_transfer_modes`)."""
        return "ac" if any(mode.startswith("AC_") for mode in self.energy_transfer_modes) else "dc"

    @property
    def iso20_services(self) -> tuple[Iso20Service, ...]:
        """Give the energy services of ISO 15118-20 that are offered now, each once, in the order of the modes."""
        return iso20_services(self.energy_transfer_modes)

    @property
    def discharges(self) -> bool:
        """Tell whether the EV may be asked for energy: SAE J2847/2, or a bidirectional service of ISO 15118-20."""
        offers = self.sae_j2847_mode != "None" or any(service.bpt for service in self.iso20_services)
        return offers or self.connection_discharges

    @property
    def offered_app_protocols(self) -> frozenset[str]:
        """Give the protocols that may be negotiated now.

        DIN 70121 has no AC, and is back when the modes are DC; ISO 15118-20 needs a service to offer.
        """
        out = {"DIN70121"} if self.energy_kind == "ac" else set()
        return self.supported_app_protocols - (out if self.iso20_services else out | {"ISO15118D20"})

    def begin_connection(self) -> None:
        """Forget what belonged to the connection before."""
        self.connection_open = True
        self.connection_discharges = self.discharges
        if self.authorization is not None:
            self.authorization.in_connection = False
        self.stop_requested_at = None
        self.stop_notified = False
        self.pause_requested = False
        self.emergency = False

    def reset_session(self) -> None:
        """Forget what a session leaves behind; sections of the process's life stay."""
        self.authorization = None
        self.certificate_response = None
        self.ac_contactor_closed = False
        self.cable_check_finished = False
        self.isolation_status = "Invalid"
        self.isolation_status_at = None
        self.present_voltage_v = 0.0
        self.present_current_a = 0.0
        self.present_values_at = None
        self.meter = None
        self.no_energy_pause = None
        self.rcd_error = False
        self.contactor_error = False
        self.evse_error = None
        self.shutdown = False
        self.connection_open = False
        self.connection_discharges = False
