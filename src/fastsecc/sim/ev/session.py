"""A whole session, from supportedAppProtocol to SessionStop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastsecc.errors import EvError
from fastsecc.messages import app_protocol as sap
from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.sim.ev import din, iso2
from fastsecc.sim.ev.phase import Phase, StopSession

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev

SCHEMA_ID = 7
"""Any number will do: it is the EV's own, and the SECC is to echo it."""


def session(ev: Ev) -> Phase[None]:
    """Charge once; a stop that anyone asks for, and a wish of the EV that the SECC cannot fulfil, end in order."""
    protocol = din if ev.settings.protocol == "din" else iso2
    yield from supported_app_protocol(ev)
    try:
        yield from protocol.set_up(ev)
        yield from protocol.charge(ev)
    except StopSession as stop:
        ev.reason = stop.reason
        ev.problem = stop.reason if stop.problem else None
    if ev.charging:
        yield from protocol.end_charge(ev)
    yield from protocol.session_stop(ev)


def supported_app_protocol(ev: Ev) -> Phase[None]:
    """Offer the one protocol that this EV wants.

    Raises:
        EvError: the SECC does not speak it, or answers with something else.
    """
    offer = sap.AppProtocolType(
        ProtocolNamespace=NAMESPACES[ev.settings.protocol].uri,
        VersionNumberMajor=2,
        VersionNumberMinor=0,
        SchemaID=SCHEMA_ID,
        Priority=1,
    )
    request = sap.supportedAppProtocolReq(AppProtocol=[offer])
    response = yield from ev.send(request, "sap", "supportedAppProtocolReq")
    if not isinstance(response, sap.supportedAppProtocolRes):
        raise EvError(f"supportedAppProtocolReq: answered with {type(response).__name__}")
    if not response.ResponseCode.startswith("OK"):
        raise EvError(f"supportedAppProtocolReq: ResponseCode {response.ResponseCode}")
    if response.SchemaID != SCHEMA_ID:
        raise EvError(f"supportedAppProtocolReq: SchemaID {response.SchemaID} was not offered")
