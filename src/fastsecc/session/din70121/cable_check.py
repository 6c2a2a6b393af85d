"""CableCheck: the charger tests the cable's isolation, the EV waits."""

from __future__ import annotations

from fastsecc.messages import din70121 as din
from fastsecc.session import reports
from fastsecc.session.context import Answer, Context
from fastsecc.session.din70121.states import State
from fastsecc.session.din70121.status import dc_status, isolation
from fastsecc.session.status import Phase

Processing = din.EVSEProcessingType
PASSED = (din.IsolationLevelType.Valid, din.IsolationLevelType.Warning)


def handle(request: din.CableCheckReq, context: Context) -> Answer:
    """Start the cable check once, then answer with how it stands.

    It may take as long as the EV waits: cars have been recorded that went on to charge after 55 s, while
    V2G_EVCC_CableCheck_Timeout would be 40 s.
    """
    if context.first_of(din.ChargeParameterDiscoveryReq):
        context.publish("start_cable_check")
    reports.dc_ev_status(context, request.DC_EVStatus)
    if _has_passed(context):
        return Answer(_response(context, Processing.Finished), State.PRE_CHARGE)
    return Answer(_response(context, Processing.Ongoing))


def _has_passed(context: Context) -> bool:
    """Tell whether the EV may go on; it is never told Finished otherwise, so that it cannot run into a refusal."""
    charger = context.charger
    return charger.cable_check_finished and isolation(context) in PASSED and charger.evse_error is None


def _response(context: Context, processing: Processing) -> din.CableCheckRes:
    return din.CableCheckRes(
        ResponseCode=din.ResponseCodeType.OK,
        DC_EVSEStatus=dc_status(context, Phase.ISOLATION, finished=processing is Processing.Finished),
        EVSEProcessing=processing,
    )
