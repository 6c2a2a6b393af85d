"""SessionSetup: a new session, or the one that paused goes on."""

from __future__ import annotations

import re

from fastsecc.charger.extensions import EvInformation
from fastsecc.messages.iso20 import ResponseCodeType, SessionSetupReq, SessionSetupRes
from fastsecc.security.chain import CLOCK_TOLERANCE
from fastsecc.session.context import Answer
from fastsecc.session.contract import Contract, today
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.pause import Paused20
from fastsecc.session.iso20.service_selection import publish_selection
from fastsecc.session.iso20.states import CHARGE_PARAMETER_DISCOVERY, State
from fastsecc.session.session_id import new_session_id

MAC_ADDRESS = re.compile(r"[0-9A-F]{12}|[0-9A-F]{2}([:-])[0-9A-F]{2}(\1[0-9A-F]{2}){4}")


def handle(request: SessionSetupReq, context: Iso20Context) -> Answer:
    """Answer SessionSetupReq; a resumed session goes on at ChargeParameterDiscovery."""
    _publish_evcc_id(request.EVCCID, context)
    paused, context.resumable = context.resumable, None
    if paused is None or not _may_resume(paused, context):
        context.session_id = new_session_id(context.settings)
        return Answer(_response(ResponseCodeType.OK_NewSessionEstablished, context), State.AUTHORIZATION_SETUP)
    context.session_id = context.received_session_id
    context.selected, context.selected_vas = paused.selected, dict(paused.selected_vas)
    context.contract = paused.contract
    publish_selection(context)
    return Answer(
        _response(ResponseCodeType.OK_OldSessionJoined, context), CHARGE_PARAMETER_DISCOVERY[paused.selected.energy]
    )


def _publish_evcc_id(evcc_id: str, context: Iso20Context) -> None:
    """Publish who the EV is if its id is a MAC address; the standard lets it be any text."""
    if MAC_ADDRESS.fullmatch(evcc_id.upper()) is None:
        context.log(f"EVCCID {evcc_id!r} is no MAC address: not published")
        return
    mac_address = bytes.fromhex(re.sub("[:-]", "", evcc_id)).hex(":").upper()
    context.publish("evcc_id", mac_address)
    context.publish("ev_info", EvInformation(context.ev_protocols, context.selected_protocol, mac_address))


def _may_resume(paused: Paused20, context: Iso20Context) -> bool:
    """Tell whether the EV is the one that paused, and what it agreed on then still holds."""
    offered = (service.id for service in context.energy_services)
    if paused.selected.service not in offered or not _is_valid(paused.contract, context):
        return False
    return paused.belongs_to(context.received_session_id, context.vehicle_certificate)


def _is_valid(contract: Contract | None, context: Iso20Context) -> bool:
    """Tell whether the contract that authorized the EV, if one did, has not ended meanwhile."""
    if contract is None:
        return True
    return context.tls_1_3 and today(context) <= contract.chain[0].not_valid_after_utc + CLOCK_TOLERANCE


def _response(code: ResponseCodeType, context: Iso20Context) -> SessionSetupRes:
    return SessionSetupRes(Header=context.header, ResponseCode=code, EVSEID=context.charger.evse_id)
