"""What the phases of a session are made of."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from fastsecc.messages.schema import Type

T = TypeVar("T")
V2GTP_EXI = 0x8001
"""V2GTP payload type of supportedAppProtocol, DIN SPEC 70121 and ISO 15118-2."""


@dataclass(slots=True, frozen=True)
class Request:
    """What to send next."""

    name: str
    """Element name, `CurrentDemandReq`."""
    message: Type
    namespace: str
    """EXI namespace of the message and its answer: "sap", "din", "iso2", "iso20", "iso20-ac" or "iso20-dc"."""
    send_at: float
    """When to send it, monotonic seconds: the EV thinks a while."""
    timeout_s: float
    """How long the EV waits for the answer."""
    payload_type: int = V2GTP_EXI
    """V2GTP payload type of the message and its answer."""


Phase = Generator[Request, Type, T]
"""A part of a session: yields requests, is sent the answers (whole messages), returns what the next part needs."""


class StopSession(Exception):
    """Leaves the phases of a session for its orderly end.

    `problem` tells that the session is no success, as opposed to an end that either side may wish for.
    """

    def __init__(self, reason: str, *, problem: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.problem = problem


class LoopEnd(Enum):
    """How a charge loop ends."""

    STOP = "PowerDelivery(Stop)"
    RENEGOTIATE = "PowerDelivery(Renegotiate)"
    RENEGOTIATE_SERVICE = "PowerDelivery(Stop), SessionStop(ServiceRenegotiation)"
