"""SessionStop: the session ends, pauses, or goes back to the choice of services."""

from __future__ import annotations

from fastsecc.charger.payloads import EvTermination
from fastsecc.errors import ProtocolError
from fastsecc.messages.iso20 import ChargingSessionType, ResponseCodeType, SessionStopReq, SessionStopRes
from fastsecc.session.context import Answer, LinkAction
from fastsecc.session.iso20 import reports
from fastsecc.session.iso20.charge import Charge
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.pause import Paused20, id_hash
from fastsecc.session.iso20.states import State


def handle(request: SessionStopReq, context: Iso20Context) -> Answer:
    """Answer SessionStopReq."""
    if request.EVTerminationCode is not None or request.EVTerminationExplanation is not None:
        context.publish(
            "ev_termination", EvTermination(request.EVTerminationCode or "", request.EVTerminationExplanation or "")
        )
    match request.ChargingSession:
        case ChargingSessionType.Terminate:
            return Answer(_response(context), State.ENDED, link=LinkAction.TERMINATE)
        case ChargingSessionType.Pause:
            return _pause(context)
        case ChargingSessionType.ServiceRenegotiation:
            return _renegotiate(context)


def _pause(context: Iso20Context) -> Answer:
    """Pause; there is nothing to come back to before a service was selected."""
    if context.selected is None:
        raise ProtocolError("FAILED_PauseNotAllowed", "no service is selected")
    if context.vehicle_certificate is None:
        context.log("SessionStopReq: without a vehicle certificate in TLS the paused session cannot be resumed")
    return Answer(_response(context), State.ENDED, link=LinkAction.PAUSE)


def _renegotiate(context: Iso20Context) -> Answer:
    """Go back to ServiceDiscovery, in the same session and connection; only an authorized EV gets there."""
    if not context.settings.iso20.service_renegotiation or context.selected is None:
        raise ProtocolError("FAILED_NoServiceRenegotiationSupported", f"selected service: {context.selected}")
    if context.charging:
        reports.finished(context)
    context.offered_energy, context.offered_vas = (), ()
    context.details.clear()
    context.published.clear()
    context.selected, context.selected_vas, context.charge = None, {}, Charge()
    context.power_off = False
    context.charger.cable_check_finished = False
    context.charger.isolation_status, context.charger.isolation_status_at = "Invalid", None
    return Answer(_response(context), State.SERVICE_DISCOVERY)


def _response(context: Iso20Context) -> SessionStopRes:
    return SessionStopRes(Header=context.header, ResponseCode=ResponseCodeType.OK)


def pause(context: Iso20Context) -> Paused20 | None:
    """Keep what the session that resumes this one needs; None: nobody could be told to be the one that may."""
    if context.vehicle_certificate is None or context.selected is None:
        return None
    own_hash = id_hash(context.session_id, context.vehicle_certificate)
    return Paused20(own_hash, context.selected, context.selected_vas, context.contract)
