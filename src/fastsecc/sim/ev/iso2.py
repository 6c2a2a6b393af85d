"""ISO 15118-2: set-up, schedules, renegotiation and pause; paid at the charger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastsecc.errors import EvError
from fastsecc.messages import iso2
from fastsecc.sim.ev import ac, dc, pnc_iso2, sae_j2847
from fastsecc.sim.ev.common import (
    CHARGE_SERVICE_ID,
    ask_until_finished,
    choose_mode,
    obey,
    require_payment,
    session_setup,
)
from fastsecc.sim.ev.phase import LoopEnd, Phase
from fastsecc.sim.ev.timers import V2G_EVCC_Ongoing_Timeout_s
from fastsecc.sim.ev.values import number

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev

DC_MODES = ("DC_extended", "DC_core", "DC_combo_core", "DC_unique")
AC_MODES = {1: ("AC_single_phase_core",), 3: ("AC_three_phase_core", "AC_single_phase_core")}
MAX_ENTRIES_SA_SCHEDULE_TUPLE = 1024


def set_up(ev: Ev) -> Phase[None]:
    """Go from SessionSetup to Authorization."""
    yield from session_setup(ev)
    yield from service_discovery(ev)
    yield from payment_service_selection(ev)
    yield from pnc_iso2.authorization(ev) if ev.settings.auth == "pnc" else authorization(ev)


def charge(ev: Ev) -> Phase[None]:
    """Go from ChargeParameterDiscovery to the end of the charge loop, again for each renegotiation."""
    while (yield from _negotiate_and_charge(ev)) is LoopEnd.RENEGOTIATE:
        yield from power_delivery(ev, iso2.ChargeProgressType.Renegotiate)


def _negotiate_and_charge(ev: Ev) -> Phase[LoopEnd]:
    yield from charge_parameter_discovery(ev)
    if not ev.settings.is_ac:
        yield from dc.cable_check(ev)
        yield from dc.pre_charge(ev)
    yield from power_delivery(ev, iso2.ChargeProgressType.Start)
    return (yield from ac.charging_status(ev) if ev.settings.is_ac else dc.current_demand(ev))


def end_charge(ev: Ev) -> Phase[None]:
    """Stop the current; DC: see that the voltage falls."""
    yield from power_delivery(ev, iso2.ChargeProgressType.Stop)
    if not ev.settings.is_ac:
        yield from dc.welding_detection(ev)


def service_discovery(ev: Ev) -> Phase[None]:
    """Look for a charge service of the right kind that is paid as the EV wants to."""
    response: iso2.ServiceDiscoveryRes = yield from ev.ask(iso2.ServiceDiscoveryReq())
    require_payment(ev, response.PaymentOptionList.PaymentOption)
    offered = response.ChargeService.SupportedEnergyTransferMode.EnergyTransferMode
    wanted = AC_MODES[ev.settings.ac_phases] if ev.settings.is_ac else DC_MODES
    ev.energy_transfer_mode = choose_mode(ev, offered, wanted)
    sae_j2847.find_service(ev, response.ServiceList)
    ev.single_phase = ev.energy_transfer_mode == "AC_single_phase_core"
    yield from pnc_iso2.find_certificate_service(ev, response)


def payment_service_selection(ev: Ev) -> Phase[None]:
    """Select both, that of certificates if need be, and that of SAE J2847/2 if the EV wants to give energy back."""
    services = [iso2.SelectedServiceType(ServiceID=CHARGE_SERVICE_ID)]
    if ev.certificate_parameter_set_id is not None:
        ids = {"ServiceID": pnc_iso2.CERTIFICATE_SERVICE_ID, "ParameterSetID": ev.certificate_parameter_set_id}
        services.append(iso2.SelectedServiceType(**ids))
    if ev.sae_service_id is not None:
        services.append(iso2.SelectedServiceType(ServiceID=ev.sae_service_id))
    paid_by = iso2.PaymentOptionType
    yield from ev.ask(
        iso2.PaymentServiceSelectionReq(
            SelectedPaymentOption=paid_by.Contract if ev.settings.auth == "pnc" else paid_by.ExternalPayment,
            SelectedServiceList=iso2.SelectedServiceListType(SelectedService=services),
        )
    )


def authorization(ev: Ev) -> Phase[None]:
    """Wait until the charger knows its customer."""
    yield from ask_until_finished(ev, iso2.AuthorizationReq, V2G_EVCC_Ongoing_Timeout_s)


def charge_parameter_discovery(ev: Ev) -> Phase[None]:
    """Exchange limits and take the first schedule.

    Raises:
        EvError: an answer without a schedule.
    """

    def request() -> iso2.ChargeParameterDiscoveryReq:
        parameter = ac.charge_parameter(ev) if ev.settings.is_ac else dc.charge_parameter(ev)
        ev.v2h_discovered = True
        return iso2.ChargeParameterDiscoveryReq(
            MaxEntriesSAScheduleTuple=MAX_ENTRIES_SA_SCHEDULE_TUPLE,
            RequestedEnergyTransferMode=iso2.EnergyTransferModeType(ev.energy_transfer_mode),
            EVChargeParameter=parameter,
        )

    response = yield from ask_until_finished(ev, request, V2G_EVCC_Ongoing_Timeout_s)
    if not isinstance(response.SASchedules, iso2.SAScheduleListType):
        raise EvError("ChargeParameterDiscoveryReq: finished without SAScheduleList")
    schedule = response.SASchedules.SAScheduleTuple[0]
    ev.sa_schedule_tuple_id = schedule.SAScheduleTupleID
    ev.p_max_w = number(schedule.PMaxSchedule.PMaxScheduleEntry[0].PMax)
    take = ac.take_charge_parameter if ev.settings.is_ac else dc.take_charge_parameter
    take(ev, response.EVSEChargeParameter)


def charging_profile(ev: Ev) -> iso2.ChargingProfileType:
    """Say what the EV will take of the schedule: as much as it can, all the time."""
    wanted_w = ac.max_power_w(ev) if ev.settings.is_ac else ev.battery.max_power_w
    entry = iso2.ProfileEntryType(
        ChargingProfileEntryStart=0,
        ChargingProfileEntryMaxPower=ev.physical("W", min(wanted_w, ev.p_max_w), 0),
        ChargingProfileEntryMaxNumberOfPhasesInUse=ac.phases(ev) if ev.settings.is_ac else None,
    )
    return iso2.ChargingProfileType(ProfileEntry=[entry])


def power_delivery(ev: Ev, progress: iso2.ChargeProgressType) -> Phase[None]:
    """Ask for power, for its end or for other limits."""
    start = progress is iso2.ChargeProgressType.Start
    response: Any = yield from ev.ask(
        iso2.PowerDeliveryReq(
            ChargeProgress=progress,
            SAScheduleTupleID=ev.sa_schedule_tuple_id,
            ChargingProfile=charging_profile(ev) if start else None,
            EVPowerDeliveryParameter=None if ev.settings.is_ac else dc.power_delivery_parameter(ev),
        )
    )
    ev.stop_charge()
    ev.charging = start
    if start:
        obey(ev, response.EVSEStatus)


def session_stop(ev: Ev) -> Phase[None]:
    """End the session, or pause it where that was wished for and the charge loop was reached."""
    pause = ev.settings.pause and ev.cycles > 0 and ev.problem is None
    kind = iso2.ChargingSessionType.Pause if pause else iso2.ChargingSessionType.Terminate
    yield from ev.ask(iso2.SessionStopReq(ChargingSession=kind))
    if pause:
        ev.reason += f", paused as session {ev.session_id.hex()}"
