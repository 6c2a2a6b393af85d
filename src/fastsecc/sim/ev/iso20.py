"""ISO 15118-20: from SessionSetup to SessionStop, with renegotiation of services and pause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastsecc.messages import iso20
from fastsecc.sim.ev import iso20_ac, iso20_dc, iso20_pnc
from fastsecc.sim.ev.common import ask_until_finished, take_session
from fastsecc.sim.ev.iso20_loop import charge_loop
from fastsecc.sim.ev.iso20_power_delivery import power_delivery
from fastsecc.sim.ev.iso20_schedule import schedule_exchange
from fastsecc.sim.ev.iso20_services import select_services, take_ac_parameters
from fastsecc.sim.ev.phase import LoopEnd, Phase, StopSession
from fastsecc.sim.ev.timers import V2G_EVCC_Ongoing_Timeout_s

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev

EXPLANATION_MAX = 160
"""Characters of an EVTerminationExplanation."""


def set_up(ev: Ev) -> Phase[None]:
    """Go from SessionSetup to the selected service; a session that is joined again has all that behind it."""
    yield from session_setup(ev)
    if ev.settings.resume_session_id is not None:
        take_ac_parameters(ev)
        return
    yield from authorization(ev)
    yield from select_services(ev)


def charge(ev: Ev) -> Phase[None]:
    """Go from ChargeParameterDiscovery to the end of the charge loop, again for each renegotiation of services."""
    while (yield from _negotiate_and_charge(ev)) is LoopEnd.RENEGOTIATE_SERVICE:
        yield from end_charge(ev)
        kind = iso20.ChargingSessionType.ServiceRenegotiation
        yield from ev.ask(iso20.SessionStopReq(Header=ev.header, ChargingSession=kind))
        yield from select_services(ev)


def _negotiate_and_charge(ev: Ev) -> Phase[LoopEnd]:
    if ev.settings.is_ac:
        yield from iso20_ac.charge_parameter_discovery(ev)
        yield from schedule_exchange(ev)
    else:
        yield from iso20_dc.charge_parameter_discovery(ev)
        yield from schedule_exchange(ev)
        yield from iso20_dc.cable_check(ev)
        yield from iso20_dc.pre_charge(ev)
    yield from power_delivery(ev, iso20.ChargeProgressType.Start)
    return (yield from charge_loop(ev))


def end_charge(ev: Ev) -> Phase[None]:
    """Stop the current; DC: see that the voltage falls."""
    yield from power_delivery(ev, iso20.ChargeProgressType.Stop)
    if not ev.settings.is_ac:
        yield from iso20_dc.welding_detection(ev)


def session_setup(ev: Ev) -> Phase[None]:
    """Open a session, or join the paused one."""
    evcc_id = ev.settings.evcc_id.hex(":").upper()
    take_session(ev, (yield from ev.ask(iso20.SessionSetupReq(Header=ev.header, EVCCID=evcc_id))))


def authorization(ev: Ev) -> Phase[None]:
    """Wait until the charger knows its customer.

    Raises:
        EvError: the EV has no contract, and wants to pay by one.
        StopSession: it is not paid as the EV wants to, or refuses the customer.
    """
    offer = yield from ev.ask(iso20.AuthorizationSetupReq(Header=ev.header))
    if ev.settings.auth == "pnc":
        yield from iso20_pnc.authorization(ev, offer)
        return
    external = iso20.AuthorizationType.EIM
    if external not in offer.AuthorizationServices:
        raise StopSession(f"the EVSE offers {', '.join(offer.AuthorizationServices)}, not EIM")

    def request() -> iso20.AuthorizationReq:
        mode = iso20.EIM_AReqAuthorizationModeType()
        return iso20.AuthorizationReq(
            Header=ev.header, SelectedAuthorizationService=external, EIM_AReqAuthorizationMode=mode
        )

    response = yield from ask_until_finished(ev, request, V2G_EVCC_Ongoing_Timeout_s)
    if not response.ResponseCode.startswith("OK"):
        raise StopSession(f"Authorization: {response.ResponseCode}")


def session_stop(ev: Ev) -> Phase[None]:
    """End the session, or pause it: the EVSE asked for that, or the EV wishes it and has been in the charge loop."""
    pause = ev.problem is None and (ev.asked_to_pause or (ev.settings.pause and ev.cycles > 0))
    kind = iso20.ChargingSessionType.Pause if pause else iso20.ChargingSessionType.Terminate
    yield from ev.ask(
        iso20.SessionStopReq(
            Header=ev.header,
            ChargingSession=kind,
            EVTerminationCode=None if pause else "Problem" if ev.problem else "Finished",
            EVTerminationExplanation=None if pause else ev.reason[:EXPLANATION_MAX],
        )
    )
    if pause:
        ev.reason += f", paused as session {ev.session_id.hex()}"
