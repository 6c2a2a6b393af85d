"""PowerDelivery: the charge starts, stops, or is negotiated anew."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso2 import (
    ChargeProgressType,
    ChargingStatusReq,
    CurrentDemandReq,
    DC_EVPowerDeliveryParameterType,
    MeteringReceiptReq,
    PowerDeliveryReq,
    PowerDeliveryRes,
    ResponseCodeType,
)
from fastsecc.session import reports
from fastsecc.session.api import AC_CONTACTOR_TIMEOUT_s
from fastsecc.session.context import Answer
from fastsecc.session.iso2 import schedule
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.states import State
from fastsecc.session.iso2.values import evse_status
from fastsecc.session.status import Phase, status_code

PAUSES_BEFORE_CHARGE = ("PauseBeforeCableCheck", "PauseAfterPrecharge")


def handle(request: PowerDeliveryReq, context: Iso2Context) -> Answer:
    """Answer PowerDeliveryReq."""
    if context.waiting_since is None:
        _report(request, context)
    if request.ChargeProgress is ChargeProgressType.Stop:
        return _stop(request, context)
    _check_tuple(request, context)
    if request.ChargeProgress is ChargeProgressType.Renegotiate:
        return _renegotiate(request, context)
    return _start(request, context)


def handle_before_loop(request: PowerDeliveryReq, context: Iso2Context) -> Answer:
    """Answer PowerDeliveryReq directly after the one that started (quirk `stop-before-loop`)."""
    if request.ChargeProgress is not ChargeProgressType.Stop:
        raise ProtocolError("FAILED_SequenceError", f"{request.ChargeProgress} before the charge loop")
    return handle(request, context)


def _report(request: PowerDeliveryReq, context: Iso2Context) -> None:
    parameter = request.EVPowerDeliveryParameter
    if isinstance(parameter, DC_EVPowerDeliveryParameterType):
        reports.dc_charging_complete(context, parameter, each=True)
        reports.dc_ev_status(context, parameter.DC_EVStatus)


def _check_tuple(request: PowerDeliveryReq, context: Iso2Context) -> None:
    if not schedule.knows_tuple(request.SAScheduleTupleID, context):  # [V2G2-479]
        raise ProtocolError("FAILED_TariffSelectionInvalid", f"schedule {request.SAScheduleTupleID} was not offered")


def _charges(context: Iso2Context) -> bool:
    return context.first_of(CurrentDemandReq, ChargingStatusReq, MeteringReceiptReq)


def _start(request: PowerDeliveryReq, context: Iso2Context) -> Answer:
    if _charges(context):
        raise ProtocolError("FAILED", "the charge runs already")
    _check_readiness(context)
    if request.ChargingProfile is not None:
        schedule.check_profile(request.ChargingProfile, request.SAScheduleTupleID, context)
    context.sa_schedule_tuple_id = request.SAScheduleTupleID
    if context.waiting_since is None:
        context.publish("v2g_setup_finished")
    if context.energy_kind == "dc":
        return Answer(_response(context), State.CURRENT_DEMAND)
    return _close_contactor(context)


def _check_readiness(context: Iso2Context) -> None:
    """Refuse to start while the charger cannot or may not [V2G2-480]."""
    charger = context.charger
    if context.energy_kind == "dc":
        if charger.no_energy_pause in PAUSES_BEFORE_CHARGE:
            context.publish("dc_open_contactor")
            raise ProtocolError("FAILED", "there is no energy now")
        if (code := status_code(context, Phase.CHARGE)) != "EVSE_Ready":
            raise ProtocolError("FAILED_PowerDeliveryNotApplied", code)
    elif charger.rcd_error or charger.evse_error is not None or charger.stop_requested_at is not None:
        raise ProtocolError("FAILED_PowerDeliveryNotApplied", charger.evse_error or "residual current, or a stop")


def _close_contactor(context: Iso2Context) -> Answer:
    """Wait for the contactor, if it is not closed already [V2G2-862], [V2G2-865]."""
    since = context.now if context.waiting_since is None else context.waiting_since
    if context.charger.ac_contactor_closed:
        context.charging = True
        return Answer(_response(context), State.CHARGING_STATUS)
    if context.now >= since + AC_CONTACTOR_TIMEOUT_s:
        raise ProtocolError("FAILED_ContactorError", f"the contactor is not closed after {AC_CONTACTOR_TIMEOUT_s:g} s")
    if context.waiting_since is None:
        context.charging = True  # from here on teardown has to open it
        context.publish("ac_close_contactor")
    return Answer(None, hold_until=since + AC_CONTACTOR_TIMEOUT_s)


def _stop(request: PowerDeliveryReq, context: Iso2Context) -> Answer:
    """End the charge; even when the request is refused afterwards."""
    if context.energy_kind == "ac":
        context.charging = False
        context.publish("ac_open_contactor")
    else:
        context.power_off = True
        reports.current_demand_finished(context)
    _check_tuple(request, context)
    ac = context.energy_kind == "ac"
    return Answer(_response(context), State.SESSION_STOP if ac else State.WELDING_DETECTION_OR_SESSION_STOP)


def _renegotiate(request: PowerDeliveryReq, context: Iso2Context) -> Answer:
    if not _charges(context):  # [V2G2-812]
        raise ProtocolError("FAILED", "there is no charge to renegotiate")
    if context.energy_kind == "dc":  # [V2G2-565], [V2G2-582]: CableCheck and PreCharge follow again
        context.charger.isolation_status = "Invalid"
        context.charger.isolation_status_at = None
        context.charger.cable_check_finished = False
    return Answer(_response(context), State.CHARGE_PARAMETER_DISCOVERY)


def _response(context: Iso2Context) -> PowerDeliveryRes:
    return PowerDeliveryRes(ResponseCode=ResponseCodeType.OK, EVSEStatus=evse_status(context, Phase.CHARGE))
