"""PowerDelivery: the charge starts, stops, stands by, or gets another schedule."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import (
    ChargeProgressType,
    PowerDeliveryReq,
    PowerDeliveryRes,
    PowerToleranceAcceptanceType,
    ProcessingType,
    ResponseCodeType,
)
from fastsecc.session.context import Answer
from fastsecc.session.iso20 import reports
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.power_profile import check_profile
from fastsecc.session.iso20.states import CHARGE_LOOP, State
from fastsecc.session.iso20.status import evse_status, terminates

AC_CONTACTOR_TIMEOUT_s = 1.4
"""How long PowerDeliveryRes waits for the contactor: the EV waits 2 s for it."""
PRE_CHARGE_TOLERANCE_V = 20.0
"""How far from its target voltage a pre-charge may have ended."""

TOLERANCE_CODES = {
    PowerToleranceAcceptanceType.PowerToleranceConfirmed: ResponseCodeType.OK_PowerToleranceConfirmed,
    PowerToleranceAcceptanceType.PowerToleranceNotConfirmed: ResponseCodeType.WARNING_PowerToleranceNotConfirmed,
}


def handle(request: PowerDeliveryReq, context: Iso20Context) -> Answer:
    """Answer PowerDeliveryReq."""
    match request.ChargeProgress:
        case ChargeProgressType.Start:
            return _start(request, context)
        case ChargeProgressType.Stop:
            return _stop(context)
        case ChargeProgressType.Standby:
            return _stand_by(context)
        case ChargeProgressType.ScheduleRenegotiation:
            return _renegotiate(context)


def handle_in_pre_charge(request: PowerDeliveryReq, context: Iso20Context) -> Answer:
    """Answer the EV that never said that pre-charging is finished (quirk `pre-charge-without-finish`)."""
    target_v = context.charge.pre_charge_target_v
    if target_v is None or abs(context.charger.present_voltage_v - target_v) > PRE_CHARGE_TOLERANCE_V:
        raise ProtocolError("FAILED_SequenceError", "the voltage of the pre-charge is not reached")
    return handle(request, context)


def handle_aside(request: PowerDeliveryReq, context: Iso20Context) -> Answer:
    """Answer PowerDeliveryReq on the schedule renegotiation stream: the charge goes on with another profile."""
    if request.ChargeProgress is not ChargeProgressType.ScheduleRenegotiation:
        raise ProtocolError("FAILED_SequenceError", f"{request.ChargeProgress} beside the charge loop")
    return Answer(_response(context, _take_profile(request, context)))


def _start(request: PowerDeliveryReq, context: Iso20Context) -> Answer:
    if request.EVProcessing is not ProcessingType.Finished:
        return Answer(_response(context))
    _check_channel(request, context)
    if context.charger.contactor_error:
        raise ProtocolError("FAILED_ContactorError", "the charger reports a contactor error")
    code = _take_profile(request, context)
    if terminates(context):
        return Answer(_response(context), CHARGE_LOOP[context.energy_kind])
    if context.waiting_since is None:
        context.publish("v2g_setup_finished")
    if context.energy_kind == "ac" and not context.charger.ac_contactor_closed:
        return _wait_for_contactor(context)
    context.charging |= context.energy_kind == "ac"
    context.charge.started, context.charge.standby = True, False
    return Answer(_response(context, code), CHARGE_LOOP[context.energy_kind])


def _check_channel(request: PowerDeliveryReq, context: Iso20Context) -> None:
    """Refuse to start without a channel where charging and discharging have one each."""
    if context.service.bpt_channel == "Separated" and request.BPT_ChannelSelection is None:
        raise ProtocolError("FAILED_PowerDeliveryNotApplied", "there is no BPT_ChannelSelection")
    if request.BPT_ChannelSelection == "Discharge" and not context.service.bpt:
        raise ProtocolError("FAILED_PowerDeliveryNotApplied", f"{context.service.category} does not discharge")


def _take_profile(request: PowerDeliveryReq, context: Iso20Context) -> ResponseCodeType:
    """Check the EV's power profile; give the code that answers what it says of the power tolerance."""
    profile = request.EVPowerProfile
    if profile is None:
        return ResponseCodeType.OK
    check_profile(profile, context)
    selection = profile.Scheduled_EVPPTControlMode
    context.charge.profile = profile if selection is not None else None
    acceptance = None if selection is None else selection.PowerToleranceAcceptance
    return ResponseCodeType.OK if acceptance is None else TOLERANCE_CODES[acceptance]


def _wait_for_contactor(context: Iso20Context) -> Answer:
    since = context.now if context.waiting_since is None else context.waiting_since
    if context.now >= since + AC_CONTACTOR_TIMEOUT_s:
        raise ProtocolError("FAILED_ContactorError", f"the contactor is not closed after {AC_CONTACTOR_TIMEOUT_s:g} s")
    if context.waiting_since is None:
        context.charging = True  # from here on teardown has to open it
        context.publish("ac_close_contactor")
    return Answer(None, hold_until=since + AC_CONTACTOR_TIMEOUT_s)


def _stop(context: Iso20Context) -> Answer:
    """End the charge."""
    context.power_off = True
    reports.finished(context)
    after = State.SESSION_STOP if context.energy_kind == "ac" else State.DC_WELDING_DETECTION
    return Answer(_response(context), after)


def _stand_by(context: Iso20Context) -> Answer:
    """Stand by in the charge loop: no energy flows until the EV starts again."""
    if not context.settings.iso20.standby_allowed:
        return Answer(_response(context, ResponseCodeType.WARNING_StandbyNotAllowed))
    if context.charge.loop_begun:
        context.publish("current_demand_finished")
    context.charge.standby, context.charge.loop_begun = True, False
    return Answer(_response(context), CHARGE_LOOP[context.energy_kind])


def _renegotiate(context: Iso20Context) -> Answer:
    if not context.charge.started:
        raise ProtocolError("FAILED_ScheduleRenegotiation", "there is no charge to renegotiate")
    if terminates(context):
        return Answer(_response(context, ResponseCodeType.WARNING_ScheduleRenegotiationFailed))
    return Answer(_response(context), State.SCHEDULE_EXCHANGE)


def _response(context: Iso20Context, code: ResponseCodeType = ResponseCodeType.OK) -> PowerDeliveryRes:
    return PowerDeliveryRes(Header=context.header, ResponseCode=code, EVSEStatus=evse_status(context))
