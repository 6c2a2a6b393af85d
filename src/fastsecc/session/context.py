"""What the states of a session know and remember, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from fastsecc.charger.services import EnergyKind
from fastsecc.charger.state import ChargerState
from fastsecc.messages.schema import Type
from fastsecc.session.api import Output, SessionSettings, STOP_CHARGING_GRACE_s


class LinkAction(Enum):
    """The last var of a connection: what is to become of the data link."""

    ERROR = "dlink_error"
    TERMINATE = "dlink_terminate"
    PAUSE = "dlink_pause"


@dataclass(slots=True, frozen=True)
class Answer:
    """What a state does with a request: answer it and go on to another state, or hold the answer back.

    The state stays as it is when `next` is None or the response is FAILED.
    """

    response: Type | None
    """Body element of the response."""
    next: Enum | None = None
    hold_until: float | None = None
    """Without a response: the request is handled again at the next command, and at this time at the latest."""
    link: LinkAction | None = None
    """The session ends with this response."""
    signature: Type | None = None
    """Of the response, for its header (ISO 15118-2)."""
    passed: Passed | None = None
    """The whole message that `response` is from, made by a back end."""


@dataclass(slots=True, frozen=True)
class Passed:
    """A response that goes to the EV as a back end made it, session id and signature included."""

    message: Type
    exi: bytes


@dataclass(slots=True, frozen=True)
class AgeingValue:
    """Something the charger keeps saying; what never came is as old as the charge loop."""

    name: str
    """With its verb, for the log."""
    at: float
    max_age_s: float

    @property
    def until(self) -> float:
        """When it is too old."""
        return self.at + self.max_age_s


@dataclass(slots=True, kw_only=True)
class Context:
    """One session's view of the charger and its memory; `now` and `out` belong to the input that is being handled."""

    messages: Any
    """Package with the protocol's message classes."""
    charger: ChargerState
    settings: SessionSettings
    quirks: frozenset[str]
    energy_kind: EnergyKind
    """AC or DC for the whole session, whatever `update_energy_transfer_modes` says meanwhile."""
    energy_transfer_modes: tuple[str, ...]
    now: float
    out: Output = field(default_factory=Output)
    session_id: bytes = bytes(8)
    previous: type[Type] | None = None
    """Class of the newest request that was answered without FAILED."""
    received_session_id: bytes = b""
    """Session id of the message that is handled; so are the next two."""
    received_signature: Any = None
    """In its header."""
    received_exi: bytes = b""
    """Its octets."""
    waiting_since: float | None = None
    """When the request that is handled was held back for the first time; None: it is new."""
    charging: bool = False
    """The charge has begun: its end has to be published, if only at teardown."""
    power_off: bool = False
    """The EV asked for the end of the charge (PowerDeliveryReq that stops)."""
    loop_since: float = 0.0
    """When the charge loop was entered."""
    stale_at: float | None = None
    """When values were found too old; from then on the session can only be stopped."""
    meter_sent: int = 0
    """Sequence of the newest MeterInfo that the EV got."""
    phase_since: dict[type[Type], float] = field(default_factory=dict)
    """When the first of a run of equal requests came."""
    published: dict[str, Any] = field(default_factory=dict)
    """Newest value of what is published on change only."""

    def publish(self, name: str, payload: Any = None) -> None:
        """Publish a var."""
        self.out.publish(name, payload)

    def publish_change(self, name: str, payload: Any) -> None:
        """Publish a var if this session has not published this value last."""
        if self.changed(name, payload):
            self.publish(name, payload)

    def changed(self, key: str, value: Any) -> bool:
        """Remember a value; tell whether it differs from the one before."""
        if key in self.published and self.published[key] == value:
            return False
        self.published[key] = value
        return True

    def wrap(self, body: Type, signature: Type | None = None) -> Any:
        """Put a body element into a message of this session."""
        header = self.messages.MessageHeaderType(SessionID=self.session_id)
        if signature is not None:
            header.Signature = signature
        return self.messages.V2G_Message(Header=header, Body=self.messages.BodyType(BodyElement=body))

    @property
    def unix_s(self) -> int:
        """Give the time of day in Unix seconds; 0 when the clock is not known."""
        clock = self.settings.wall_clock_s
        return 0 if clock is None else int(clock())

    def warn(self, line: str) -> None:
        """Tell the operator what must not be missed."""
        self.out.warnings.append(line)

    def log(self, line: str) -> None:
        """Tell the operator."""
        self.out.log.append(line)

    def first_of(self, *before: type[Type]) -> bool:
        """Tell whether the request handled now follows one of the given classes."""
        return self.previous in before

    @property
    def previous_name(self) -> str:
        """Name of the class of the newest request that was answered without FAILED."""
        return "" if self.previous is None else self.previous.__name__

    def running_for(self, request: type[Type]) -> float:
        """Give the seconds since the first of the requests of this class that follow each other."""
        if self.previous is not request or request not in self.phase_since:
            self.phase_since[request] = self.now
        return self.now - self.phase_since[request]

    @property
    def stop_announced(self) -> bool:
        """Tell whether responses ask the EV to stop."""
        return self.charger.stop_requested_at is not None or self.charger.stop_notified or self.stale_at is not None

    @property
    def stop_since(self) -> float | None:
        """When the charger began to insist on a stop."""
        begun = [at for at in (self.charger.stop_requested_at, self.stale_at) if at is not None]
        return min(begun, default=None)

    @property
    def grace_is_over(self) -> bool:
        """Tell whether the EV has had its time to follow a stop: every response is FAILED from then on."""
        return self.stop_since is not None and self.now >= self.stop_since + STOP_CHARGING_GRACE_s

    @property
    def fresh_until(self) -> float:
        """Give the time until which all values may be used; infinite where none ages, 0 once one was too old."""
        oldest = self.oldest
        if oldest is None:
            return float("inf")
        return oldest.until if self.stale_at is None else 0.0

    @property
    def oldest(self) -> AgeingValue | None:
        """Give what will be too old first in the charge loop: in DC, of what an age is set for."""
        charger, settings = self.charger, self.settings
        times = (
            ("present values are", charger.present_values_at, settings.present_values_max_age_s),
            ("maximum limits are", charger.dc_maximum_limits_at, settings.dc_maximum_limits_max_age_s),
            ("isolation status is", charger.isolation_status_at, settings.isolation_status_max_age_s),
        )
        values = (
            AgeingValue(name, self.loop_since if at is None else at, max_age_s)
            for name, at, max_age_s in times
            if max_age_s > 0 and self.energy_kind == "dc"
        )
        return min(values, key=lambda value: value.until, default=None)
