"""What goes into a session core and what comes out of it.

A core is fed with decoded messages and the time, and returns what to send, publish and close. It never reads a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Literal, Protocol

from fastsecc.messages.payload_types import EXI
from fastsecc.messages.schema import Type
from fastsecc.security.chain import Certificate
from fastsecc.security.signature import PrivateKey
from fastsecc.session.iso2.settings import Iso2Settings
from fastsecc.session.iso20.pause import Paused20
from fastsecc.session.iso20.settings import Iso20Settings

V2G_SECC_Sequence_Timeout_s = 60.0
V2G_SECC_CommunicationSetup_Timeout_s = 18.0
V2G_SECC_Ongoing_Timeout_s = 60.0
V2G_SECC_Ongoing_Performance_Time_s = 55.0
"""Until then an EV is told whether what it waits for is over."""
V2G_SECC_CableCheck_Timeout_s = 60.0
"""How long CableCheckRes may be Ongoing. The EV's own V2G_EVCC_CableCheck_Timeout is 40 s, but recorded cars (VW ID.3,
Tesla Model Y) waited 44 s and 55 s and then charged: to give up is left to the EV."""
STOP_CHARGING_GRACE_s = 10.0
"""How long an EV may take to follow `stop_charging(true)` before every answer is FAILED."""
AC_CONTACTOR_TIMEOUT_s = 3.0
"""How long PowerDeliveryRes waits for the contactor in ISO 15118-2 [V2G2-862]."""


class Close(Enum):
    """How the connection ends after the response."""

    AFTER_EV = "wait for the EV's FIN, at most five seconds"
    NOW = "send our FIN with the response, then wait for the EV's, at most five seconds"


@dataclass(slots=True, frozen=True)
class Variable:
    """One var of the interface to publish; `payload` is None for a var of type null."""

    name: str
    payload: Any = None


@dataclass(slots=True)
class Output:
    """What one input leads to: variables first, then the response, then the end of the connection."""

    variables: list[Variable] = field(default_factory=list)
    response: Type | None = None
    """None: no answer now (held back, or there is none to give)."""
    response_exi: bytes | None = None
    """Octets that `response` came as from a back end; they go to the EV unchanged."""
    payload_type: int = EXI
    """V2GTP payload type of the response: that of the request."""
    close: Close | None = None
    log: list[str] = field(default_factory=list)
    """Lines for the log: what an operator should know about this input."""
    warnings: list[str] = field(default_factory=list)
    """Lines for the log that nobody should miss: the session will not end as the EV wanted."""

    def publish(self, name: str, payload: Any = None) -> None:
        """Add a variable."""
        self.variables.append(Variable(name, payload))


@dataclass(slots=True, frozen=True)
class LoopTemplate:
    """What the link thread answers to charge-loop requests by itself.

    `fresh` and `stale` are whole responses as the state machine would give them; the link thread puts in only what
    depends on the request (limit-achieved flags) or is said once (MeterInfo), and takes `stale` after `fresh_until`.
    """

    request: type[Type]
    """Class that is answered: CurrentDemandReq or ChargingStatusReq, body elements of the session's protocol; in
    ISO 15118-20 DC_ChargeLoopReq or AC_ChargeLoopReq, in the control mode that the responses are in."""
    session_id: bytes
    fresh: Type
    stale: Type
    fresh_until: float
    """Monotonic seconds; `inf` where nothing ages (AC)."""
    meter_sequence: int
    """Sequence of the MeterInfo in the responses (0: none); it is sent once a sequence, in ISO 15118-20 on request."""
    payload_type: int = EXI
    """V2GTP payload type of requests and responses."""


@dataclass(slots=True, frozen=True)
class LoopProgress:
    """What the link thread did since the template was armed; counters never go back while a connection lives."""

    answered: int
    """Charge-loop requests answered by the link thread on this connection."""
    request: Type
    """Newest request it answered (the whole message)."""
    at: float
    """When it answered it, monotonic seconds."""
    meter_sequence_sent: int
    stale: bool
    """True once an answer had to be taken from `stale`."""
    meter_requests: int = 0
    """How many of the requests asked for MeterInfo (ISO 15118-20)."""


class Trust(Protocol):
    """Whom the site trusts; nothing of it touches a file while a session runs."""

    def anchors(self, role: Literal["MO", "OEM"]) -> Sequence[Certificate]:
        """Give the roots that a mobility operator's or a vehicle maker's chain may lead to."""

    def is_revoked(self, certificate: Certificate, issuer: Certificate, now: datetime) -> bool:
        """Tell whether a certificate is known to be revoked."""


@dataclass(slots=True)
class SessionSettings:
    """The policy of a connector, from its configuration."""

    close_on_failed: bool = True
    """End the connection with every FAILED response; False leaves that to the EV (but for a sequence error)."""
    present_values_max_age_s: float = 10.0
    """Older ones stop a DC charge; 0: they never do. So do the next two."""
    dc_maximum_limits_max_age_s: float = 0.0
    isolation_status_max_age_s: float = 0.0
    auth_timeout_eim_s: float = 300.0
    """0: none."""
    auth_timeout_pnc_s: float = 55.0
    sequence_timeout_s: float = V2G_SECC_Sequence_Timeout_s
    communication_setup_timeout_s: float = V2G_SECC_CommunicationSetup_Timeout_s
    din_isolation_without_imd: str = "Valid"
    """What DIN 70121 is told for `No_IMD`, which it cannot say: Valid or Warning."""
    evse_time_s: Callable[[], int] | None = None
    """Unix seconds for EVSETimeStamp; None leaves the element out."""
    wall_clock_s: Callable[[], float] | None = None
    """Unix seconds for vars that carry times of day, as good as there are; None leaves those vars out."""
    new_session_id: Callable[[], bytes] | None = None
    """Eight random bytes; None takes the system's."""
    quirks: frozenset[str] = frozenset()
    allow_plain_iso20: bool = False
    """A test setting: ISO 15118-20 also without TLS 1.3."""
    iso2: Iso2Settings = field(default_factory=Iso2Settings)
    iso20: Iso20Settings = field(default_factory=Iso20Settings)
    security: Trust | None = None
    """Whom contracts may lead to; None: nobody is known."""
    sales_tariff_key: PrivateKey | None = None
    """Signs the tariffs of ISO 15118-2."""
    price_schedule_key: PrivateKey | None = None
    """Signs the price schedules of ISO 15118-20."""
    new_challenge: Callable[[], bytes] | None = None
    """Sixteen random bytes; None takes the system's."""


@dataclass(slots=True)
class PausedIso2:
    """What a paused ISO 15118-2 session leaves for the one that resumes it ([V2G2-740] and following)."""

    session_id: bytes
    payment_options: tuple[str, ...]
    selected_payment_option: str
    charge_service: Any
    sa_schedule_list: Any
    sa_schedule_tuple_id: int
    contract: bytes = b""
    """Leaf of the contract that was authorized, DER."""


Paused = PausedIso2 | Paused20
"""What a paused session leaves for the next one."""
