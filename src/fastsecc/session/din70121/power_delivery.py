"""PowerDelivery: the charge begins, or ends."""

from __future__ import annotations

from fastsecc.errors import ProtocolError
from fastsecc.messages import din70121 as din
from fastsecc.session import reports
from fastsecc.session.context import Answer, Context
from fastsecc.session.din70121.charge_parameters import SCHEDULE_TUPLE_ID, p_max_w
from fastsecc.session.din70121.states import State
from fastsecc.session.din70121.status import dc_status
from fastsecc.session.status import Phase, status_code


def handle_before_loop(request: din.PowerDeliveryReq, context: Context) -> Answer:
    """Begin the charge, or end the session without one."""
    if not request.ReadyToChargeState:
        return _stop(request, context)
    _check_profile(request.ChargingProfile, context)
    code = status_code(context, Phase.CHARGE)
    if code != "EVSE_Ready":
        raise ProtocolError("FAILED_PowerDeliveryNotApplied", code)  # [V2G-DC-401]
    _report(request, context)
    context.publish("v2g_setup_finished")
    return Answer(_response(context), State.CURRENT_DEMAND)


def handle_in_loop(request: din.PowerDeliveryReq, context: Context) -> Answer:
    """End the charge; it has begun already."""
    if request.ReadyToChargeState:
        raise ProtocolError("FAILED", "ReadyToChargeState is true in the charge loop")
    return _stop(request, context)


def _stop(request: din.PowerDeliveryReq, context: Context) -> Answer:
    """Switch off; a profile is not looked at, so that nothing keeps an EV from stopping."""
    _report(request, context)
    reports.current_demand_finished(context)
    context.power_off = True
    return Answer(_response(context), State.WELDING_DETECTION_OR_STOP)


def _check_profile(profile: din.ChargingProfileType | None, context: Context) -> None:
    if profile is None:
        return
    if profile.SAScheduleTupleID != SCHEDULE_TUPLE_ID:
        reason = f"SAScheduleTupleID {profile.SAScheduleTupleID}"
        raise ProtocolError("FAILED_TariffSelectionInvalid", reason)  # [V2G-DC-400]
    most = max(entry.ChargingProfileEntryMaxPower for entry in profile.ProfileEntry)
    if most > p_max_w(context):
        raise ProtocolError("FAILED_ChargingProfileInvalid", f"{most} W, PMax is {p_max_w(context)} W")  # [V2G-DC-399]


def _report(request: din.PowerDeliveryReq, context: Context) -> None:
    parameter = request.EVPowerDeliveryParameter
    if isinstance(parameter, din.DC_EVPowerDeliveryParameterType):
        reports.dc_charging_complete(context, parameter, each=True)
        reports.dc_ev_status(context, parameter.DC_EVStatus)


def _response(context: Context) -> din.PowerDeliveryRes:
    return din.PowerDeliveryRes(ResponseCode=din.ResponseCodeType.OK, EVSEStatus=dc_status(context, Phase.CHARGE))
