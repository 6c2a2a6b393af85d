"""A whole session, from supportedAppProtocol to SessionStop."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Final

from fastsecc.errors import EvError
from fastsecc.messages import app_protocol as sap
from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.sim.ev import din, iso2, iso20
from fastsecc.sim.ev.phase import Phase, StopSession

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev
    from fastsecc.sim.ev.settings import EvSettings

PROTOCOLS: Final[dict[str, ModuleType]] = {"din": din, "iso2": iso2, "iso20": iso20}

SCHEMA_ID = 7
"""Any number will do: it is the EV's own, and the SECC is to echo it."""


def session(ev: Ev) -> Phase[None]:
    """Charge once; a stop that anyone asks for, and a wish of the EV that the SECC cannot fulfil, end in order."""
    protocol = PROTOCOLS[ev.settings.protocol]
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
    namespace, version = _namespace(ev.settings)
    offer = sap.AppProtocolType(
        ProtocolNamespace=NAMESPACES[namespace].uri,
        VersionNumberMajor=version,
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


def _namespace(wishes: EvSettings) -> tuple[str, int]:
    """Name the message set that stands for the protocol in supportedAppProtocol, and its major version."""
    if wishes.protocol == "iso20":
        return ("iso20-ac" if wishes.is_ac else "iso20-dc"), 1
    return wishes.protocol, 2
