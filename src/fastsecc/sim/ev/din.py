"""DIN SPEC 70121: what differs from ISO 15118-2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastsecc.messages import din70121 as din
from fastsecc.sim.ev import dc
from fastsecc.sim.ev.common import (
    CHARGE_SERVICE_ID,
    ask_until_finished,
    choose_mode,
    obey,
    require_payment,
    session_setup,
)
from fastsecc.sim.ev.phase import Phase
from fastsecc.sim.ev.timers import V2G_EVCC_Ongoing_Timeout_s

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev

MODES = ("DC_extended", "DC_core")


def set_up(ev: Ev) -> Phase[None]:
    """Go from SessionSetup to ContractAuthentication."""
    yield from session_setup(ev)
    yield from service_discovery(ev)
    yield from service_payment_selection(ev)
    yield from contract_authentication(ev)


def charge(ev: Ev) -> Phase[None]:
    """Go from ChargeParameterDiscovery to the end of the charge loop."""
    yield from charge_parameter_discovery(ev)
    yield from dc.cable_check(ev)
    yield from dc.pre_charge(ev)
    yield from power_delivery(ev, ready=True)
    yield from dc.current_demand(ev)


def end_charge(ev: Ev) -> Phase[None]:
    """Stop the current, and see that the voltage falls."""
    yield from power_delivery(ev, ready=False)
    yield from dc.welding_detection(ev)


def service_discovery(ev: Ev) -> Phase[None]:
    """Look for a DC charge service that is paid at the charger."""
    response: din.ServiceDiscoveryRes = yield from ev.ask(
        din.ServiceDiscoveryReq(ServiceCategory=din.ServiceCategoryType.EVCharging)
    )
    require_payment(ev, response.PaymentOptions.PaymentOption)
    ev.energy_transfer_mode = choose_mode(ev, [response.ChargeService.EnergyTransferType], MODES)


def service_payment_selection(ev: Ev) -> Phase[None]:
    """Select both."""
    service = din.SelectedServiceType(ServiceID=CHARGE_SERVICE_ID)
    yield from ev.ask(
        din.ServicePaymentSelectionReq(
            SelectedPaymentOption=din.PaymentOptionType.ExternalPayment,
            SelectedServiceList=din.SelectedServiceListType(SelectedService=[service]),
        )
    )


def contract_authentication(ev: Ev) -> Phase[None]:
    """Wait until the charger knows its customer."""
    yield from ask_until_finished(ev, din.ContractAuthenticationReq, V2G_EVCC_Ongoing_Timeout_s)


def charge_parameter_discovery(ev: Ev) -> Phase[None]:
    """Exchange limits."""

    def request() -> din.ChargeParameterDiscoveryReq:
        return din.ChargeParameterDiscoveryReq(
            EVRequestedEnergyTransferType=din.EVRequestedEnergyTransferType(ev.energy_transfer_mode),
            EVChargeParameter=dc.charge_parameter(ev),
        )

    response = yield from ask_until_finished(ev, request, V2G_EVCC_Ongoing_Timeout_s)
    schedule = response.SASchedules.SAScheduleTuple[0]
    ev.sa_schedule_tuple_id = schedule.SAScheduleTupleID
    ev.p_max_w = schedule.PMaxSchedule.PMaxScheduleEntry[0].PMax
    dc.take_charge_parameter(ev, response.EVSEChargeParameter)


def power_delivery(ev: Ev, *, ready: bool) -> Phase[None]:
    """Ask for power, or for its end."""
    entry = din.ProfileEntryType(
        ChargingProfileEntryStart=0, ChargingProfileEntryMaxPower=int(min(ev.p_max_w, ev.battery.max_power_w))
    )
    profile = din.ChargingProfileType(SAScheduleTupleID=ev.sa_schedule_tuple_id, ProfileEntry=[entry])
    response: din.PowerDeliveryRes = yield from ev.ask(
        din.PowerDeliveryReq(
            ReadyToChargeState=ready,
            ChargingProfile=profile if ready else None,
            EVPowerDeliveryParameter=dc.power_delivery_parameter(ev),
        )
    )
    ev.stop_charge()
    ev.charging = ready
    if ready:
        obey(ev, response.EVSEStatus)


def session_stop(ev: Ev) -> Phase[None]:
    """End the session."""
    yield from ev.ask(din.SessionStopReq())
