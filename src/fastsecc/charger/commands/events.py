"""Cmds that say what happened: answers to vars, the data link, stops, pauses and errors."""

from __future__ import annotations

from fastsecc.charger.commands.command import command
from fastsecc.charger.enums import AuthorizationStatus, CertificateStatus, EvseError, NoEnergyPauseMode
from fastsecc.charger.shape import Shape
from fastsecc.charger.state import Authorization, ChargerState


class AuthorizationResponseArguments(Shape):
    """Arguments of `authorization_response`."""

    authorization_status: AuthorizationStatus
    certificate_status: CertificateStatus


@command(AuthorizationResponseArguments)
def authorization_response(state: ChargerState, args: AuthorizationResponseArguments, now: float) -> None:
    """Answer `require_auth_eim` or `require_auth_pnc`; the newest answer counts."""
    state.authorization = Authorization(
        args.authorization_status, args.certificate_status, now, in_connection=state.connection_open
    )


class AcContactorClosedArguments(Shape):
    """Arguments of `ac_contactor_closed`."""

    status: bool


@command(AcContactorClosedArguments)
def ac_contactor_closed(state: ChargerState, args: AcContactorClosedArguments, now: float) -> None:
    """Report the AC contactor."""
    state.ac_contactor_closed = args.status


class DlinkReadyArguments(Shape):
    """Arguments of `dlink_ready`."""

    value: bool


@command(DlinkReadyArguments)
def dlink_ready(state: ChargerState, args: DlinkReadyArguments, now: float) -> None:
    """Report the data link: SDP is answered from true on, false ends a session at once."""
    state.dlink_ready = args.value
    if args.value:
        state.dlink_ready_at = now


class CableCheckFinishedArguments(Shape):
    """Arguments of `cable_check_finished`."""

    status: bool


@command(CableCheckFinishedArguments)
def cable_check_finished(state: ChargerState, args: CableCheckFinishedArguments, now: float) -> None:
    """Report that the cable check is over; a failure comes as an error."""
    state.cable_check_finished = args.status


class StopChargingArguments(Shape):
    """Arguments of `stop_charging`."""

    stop: bool


@command(StopChargingArguments)
def stop_charging(state: ChargerState, args: StopChargingArguments, now: float) -> None:
    """Ask the EV to stop, for ten seconds gently; false ends the insisting, but what was announced stays announced."""
    if not args.stop:
        state.stop_requested_at = None
        return
    if state.stop_requested_at is None:
        state.stop_requested_at = now
    state.stop_notified = True
    state.shutdown = True


class PauseChargingArguments(Shape):
    """Arguments of `pause_charging`."""

    pause: bool


@command(PauseChargingArguments)
def pause_charging(state: ChargerState, args: PauseChargingArguments, now: float) -> None:
    """Ask the EV to pause (ISO 15118-20)."""
    state.pause_requested = args.pause


class NoEnergyPauseChargingArguments(Shape):
    """Arguments of `no_energy_pause_charging`."""

    mode: NoEnergyPauseMode


@command(NoEnergyPauseChargingArguments)
def no_energy_pause_charging(state: ChargerState, args: NoEnergyPauseChargingArguments, now: float) -> None:
    """Say that there is no energy for this session now."""
    state.no_energy_pause = args.mode


class SendErrorArguments(Shape):
    """Arguments of `send_error`."""

    error: EvseError


@command(SendErrorArguments)
def send_error(state: ChargerState, args: SendErrorArguments, now: float) -> None:
    """Tell the EV of an error; only ISO 15118-20 has a place for a contactor error."""
    match args.error:
        case EvseError.Error_RCD:
            state.rcd_error = True
        case EvseError.Error_UtilityInterruptEvent | EvseError.Error_Malfunction:
            state.evse_error = args.error
        case EvseError.Error_EmergencyShutdown:
            state.emergency = True
        case EvseError.Error_Contactor:
            state.contactor_error = True


class ResetErrorArguments(Shape):
    """`reset_error` has no arguments."""


@command(ResetErrorArguments)
def reset_error(state: ChargerState, args: ResetErrorArguments, now: float) -> None:
    """Take errors and the shutdown code back; an emergency stays until the next connection."""
    state.rcd_error = False
    state.contactor_error = False
    state.evse_error = None
    state.shutdown = False
