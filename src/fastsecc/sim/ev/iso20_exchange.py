"""One exchange of ISO 15118-20: its stream, and what every answer must be."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from fastsecc.errors import EvError
from fastsecc.messages import payload_types
from fastsecc.messages.iso20.common_types import V2GRequestType, V2GResponseType
from fastsecc.messages.reflection import namespace_of
from fastsecc.sim.ev.phase import Phase

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev


def ask(ev: Ev, request: V2GRequestType, payload_type: int | None = None) -> Phase[Any]:
    """Exchange a message; an answer with a warning is one for the caller to judge.

    Args:
        ev: whose exchange it is.
        request: with its header.
        payload_type: a stream beside the charge loop; None: that of the message's namespace.

    Raises:
        EvError: the answer is of another type, of another session, or its ResponseCode is FAILED.
    """
    kind, name = type(request), type(request).__name__
    stream = payload_types.payload_type_of(request) if payload_type is None else payload_type
    response: Any = yield from ev.send(request, namespace_of(kind), name, stream)
    if type(response) is not getattr(sys.modules[kind.__module__], name[:-3] + "Res"):
        raise EvError(f"{name}: answered with {type(response).__name__}")
    _check(ev, name, response)
    ev.answered_session_id = response.Header.SessionID
    return response


def _check(ev: Ev, name: str, response: V2GResponseType) -> None:
    if response.ResponseCode.startswith("FAILED"):
        raise EvError(f"{name}: ResponseCode {response.ResponseCode}")
    if name != "SessionSetupReq" and response.Header.SessionID != ev.session_id:
        raise EvError(f"{name}: answered for session {response.Header.SessionID.hex()}")
