"""Cmds that say what the charger is and offers; their values live as long as the process."""

from __future__ import annotations

import logging

from fastsecc.charger.arguments import EVSEID, BptSetup, Capabilities, SetupPhysicalValues, SupportedAppProtocols
from fastsecc.charger.commands.command import command
from fastsecc.charger.enums import EnergyTransferMode, PaymentOption, SaeJ2847BidiMode
from fastsecc.charger.shape import Shape
from fastsecc.charger.state import BptSettings, ChargerState, DcCapabilities

log = logging.getLogger(__name__)

EVSE_ID_MIN_CHARS = 7
EVSE_ID_MAX_CHARS = 37
"""Shortest and longest EVSEID of ISO 15118-2."""
EVSE_ID_DIN_MAX_OCTETS = 32
"""Longest EVSEID of DIN 70121."""
MAX_PAYMENT_OPTIONS = 2


class SetupArguments(Shape):
    """Arguments of `setup`."""

    evse_id: EVSEID
    sae_j2847_mode: SaeJ2847BidiMode
    debug_mode: bool


@command(SetupArguments)
def setup(state: ChargerState, args: SetupArguments, now: float) -> None:
    """Say which outlet this is; an id that does not fit its message is dropped and the one before stays."""
    if EVSE_ID_MIN_CHARS <= len(args.evse_id.evse_id) <= EVSE_ID_MAX_CHARS:
        state.evse_id = args.evse_id.evse_id
    else:
        log.warning("evse_id needs %d..%d characters: ignored", EVSE_ID_MIN_CHARS, EVSE_ID_MAX_CHARS)
    din = args.evse_id.evse_id_din or None
    if din is None or len(din.encode(errors="replace")) <= EVSE_ID_DIN_MAX_OCTETS:
        state.evse_id_din = din
    else:
        log.warning("evse_id_din is longer than %d octets: ignored", EVSE_ID_DIN_MAX_OCTETS)
    state.sae_j2847_mode = args.sae_j2847_mode
    state.debug_mode = args.debug_mode


class SetChargingParametersArguments(Shape):
    """Arguments of `set_charging_parameters`."""

    physical_values: SetupPhysicalValues


@command(SetChargingParametersArguments)
def set_charging_parameters(state: ChargerState, args: SetChargingParametersArguments, now: float) -> None:
    """Say what sessions start from; a value that is left out stays as it is."""
    values = args.physical_values
    if values.ac_nominal_voltage is not None and values.ac_nominal_voltage > 0:  # it divides powers into currents
        state.ac_nominal_voltage_v = values.ac_nominal_voltage
    if values.dc_current_regulation_tolerance is not None:
        state.dc_current_regulation_tolerance_a = values.dc_current_regulation_tolerance
    if values.dc_peak_current_ripple is not None:
        state.dc_peak_current_ripple_a = values.dc_peak_current_ripple
    if values.dc_energy_to_be_delivered is not None:
        state.dc_energy_to_be_delivered_wh = values.dc_energy_to_be_delivered


class SessionSetupArguments(Shape):
    """Arguments of `session_setup`."""

    payment_options: list[PaymentOption]
    supported_certificate_service: bool
    central_contract_validation_allowed: bool


@command(SessionSetupArguments)
def session_setup(state: ChargerState, args: SessionSetupArguments, now: float) -> None:
    """Offer ways to pay, and forget an authorization of an earlier connection.

    One that was given while the present connection was open stays: its cmd and this one may overtake each other.
    """
    options = tuple(dict.fromkeys(args.payment_options))[:MAX_PAYMENT_OPTIONS]
    state.payment_options = options or (PaymentOption.ExternalPayment,)
    state.supported_certificate_service = args.supported_certificate_service
    state.central_contract_validation_allowed = args.central_contract_validation_allowed
    given = state.authorization
    if given is not None and not (state.connection_open and given.in_connection):
        state.authorization = None


class BptSetupArguments(Shape):
    """Arguments of `bpt_setup`."""

    bpt_config: BptSetup


@command(BptSetupArguments)
def bpt_setup(state: ChargerState, args: BptSetupArguments, now: float) -> None:
    """Describe bidirectional power transfer (ISO 15118-20)."""
    config = args.bpt_config
    state.bpt = BptSettings(config.bpt_channel, config.generator_mode, config.grid_code_detection or "Passive")


class SetPowersupplyCapabilitiesArguments(Shape):
    """Arguments of `set_powersupply_capabilities`."""

    capabilities: Capabilities


@command(SetPowersupplyCapabilitiesArguments)
def set_powersupply_capabilities(state: ChargerState, args: SetPowersupplyCapabilitiesArguments, now: float) -> None:
    """Say what the DC power supply can do; of each value the nominal twin wins."""
    given = args.capabilities
    state.capabilities = DcCapabilities(
        max_voltage_v=_nominal(given.nominal_max_export_voltage_V, given.max_export_voltage_V),
        min_voltage_v=_nominal(given.nominal_min_export_voltage_V, given.min_export_voltage_V),
        max_current_a=_nominal(given.nominal_max_export_current_A, given.max_export_current_A),
        min_current_a=_nominal(given.nominal_min_export_current_A, given.min_export_current_A),
        max_power_w=_nominal(given.nominal_max_export_power_W, given.max_export_power_W),
        bidirectional=given.bidirectional,
        max_import_voltage_v=_either(given.nominal_max_import_voltage_V, given.max_import_voltage_V),
        min_import_voltage_v=_either(given.nominal_min_import_voltage_V, given.min_import_voltage_V),
        max_import_current_a=_either(given.nominal_max_import_current_A, given.max_import_current_A),
        min_import_current_a=_either(given.nominal_min_import_current_A, given.min_import_current_A),
        max_import_power_w=_either(given.nominal_max_import_power_W, given.max_import_power_W),
    )


def _nominal(nominal: float | None, value: float) -> float:
    return value if nominal is None else nominal


def _either(nominal: float | None, value: float | None) -> float | None:
    return value if nominal is None else nominal


class ReceiptIsRequiredArguments(Shape):
    """Arguments of `receipt_is_required`."""

    receipt_required: bool


@command(ReceiptIsRequiredArguments)
def receipt_is_required(state: ChargerState, args: ReceiptIsRequiredArguments, now: float) -> None:
    """Ask for signed metering receipts, in every session from now on."""
    state.receipt_required = args.receipt_required


class UpdateSupportedAppProtocolsArguments(Shape):
    """Arguments of `update_supported_app_protocols`."""

    supported_app_protocols: SupportedAppProtocols


@command(UpdateSupportedAppProtocolsArguments)
def update_supported_app_protocols(state: ChargerState, args: UpdateSupportedAppProtocolsArguments, now: float) -> bool:
    """Choose the protocols to negotiate; tell whether all of them could be taken."""
    wanted = frozenset(args.supported_app_protocols.app_protocols)
    state.supported_app_protocols = wanted & state.available_app_protocols
    return wanted <= state.available_app_protocols


class UpdateEnergyTransferModesArguments(Shape):
    """Arguments of `update_energy_transfer_modes`."""

    supported_energy_transfer_modes: list[EnergyTransferMode]


@command(UpdateEnergyTransferModesArguments)
def update_energy_transfer_modes(state: ChargerState, args: UpdateEnergyTransferModesArguments, now: float) -> None:
    """Choose the kinds of energy transfer, each once, in the given order."""
    state.energy_transfer_modes = tuple(dict.fromkeys(args.supported_energy_transfer_modes))
