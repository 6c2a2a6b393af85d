"""A session in memory: the charger's values, the session core, what an EV sends, and a clock to turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from fastsecc import exi
from fastsecc.charger import commands, variables
from fastsecc.charger.state import ChargerState
from fastsecc.messages import din70121, iso2, iso20, payload_types, reflection
from fastsecc.messages.app_protocol import AppProtocolType, supportedAppProtocolReq
from fastsecc.messages.schema import Type
from fastsecc.session.api import LoopProgress, Output, Paused, SessionSettings
from fastsecc.session.loop import answer_from_template
from fastsecc.session.session import Session

NAMESPACES = {"din": din70121, "iso2": iso2}
OFFERS = {
    "din": ("urn:din:70121:2012:MsgDef", 2),
    "iso2": ("urn:iso:15118:2:2013:MsgDef", 2),
    "iso20-ac": ("urn:iso:std:iso:15118:-20:AC", 1),
    "iso20-dc": ("urn:iso:std:iso:15118:-20:DC", 1),
}
"""Namespace and major version in supportedAppProtocolReq."""
START_s = 1000.0
UNIX_AT_START_s = 1_700_000_000.0
MESSAGE_PAUSE_s = 0.1


def check_message(message: Any, path: str = "") -> None:
    """Fail unless a message keeps every facet of its schema."""
    for described in reflection.fields(type(message)):
        value, place = getattr(message, described.name), f"{path}/{described.name}"
        if value is None:
            assert not described.required, f"{place} is missing"
            continue
        values = [value] if described.occurs is None else value
        if described.occurs is not None:
            most = described.occurs.max or len(values)
            assert described.occurs.min <= len(values) <= most, f"{place} occurs {len(values)} times"
        for item in values:
            _check_value(item, described, place)


def _check_value(value: Any, described: reflection.Field, place: str) -> None:
    assert isinstance(value, described.type), f"{place} is {value!r}"
    if isinstance(value, Type):
        assert not vars(type(value)).get("ABSTRACT", False), f"{place} is abstract"
        check_message(value, place)
    elif described.range is not None:
        assert described.range.low <= value <= described.range.high, f"{place} is {value}"
    elif described.length is not None:
        assert described.length.min <= len(value) <= (described.length.max or len(value)), f"{place} is {value!r}"


def element_of(message: Any) -> Any:
    """Give a message's body element; in ISO 15118-20 the message itself."""
    return message.Body.BodyElement if hasattr(message, "Body") else message


@dataclass
class Step:
    """What one input led to."""

    output: Output

    @property
    def body(self) -> Any:
        """Body element of the response."""
        assert self.output.response is not None, f"no response: {self.output.log}"
        return element_of(self.output.response)

    @property
    def code(self) -> str:
        """Response code."""
        return str(self.body.ResponseCode)

    @property
    def names(self) -> list[str]:
        """Names of the vars, in order."""
        return [variable.name for variable in self.output.variables]

    @property
    def closes(self) -> bool:
        """Tell whether the SECC closes the connection at once."""
        return self.output.close is not None and self.output.close.name == "NOW"

    def value(self, name: str) -> Any:
        """Payload of the only var of a name, as the interface carries it."""
        (found,) = [variable.payload for variable in self.output.variables if variable.name == name]
        return variables.check(name, found)


@dataclass
class Drive:
    """One connector with one connection at a time."""

    charger: ChargerState
    settings: SessionSettings
    now: float = START_s
    outputs: list[Output] = field(default_factory=list)
    session: Session = field(init=False)
    link_answered: int = 0
    link_meter_sent: int = 0
    link_meter_requests: int = 0
    link_stale: bool = False

    def __post_init__(self) -> None:
        self.settings.wall_clock_s = lambda: UNIX_AT_START_s + self.now - START_s
        self.connect()

    def connect(self, paused: Paused | None = None) -> None:
        """Accept a connection."""
        self.session = Session(self.charger, self.settings, self.now, paused)
        self.link_answered, self.link_meter_sent, self.link_stale = 0, 0, False
        self.link_meter_requests = 0

    def took(self, output: Output) -> Step:
        """Check and keep an output."""
        for variable in output.variables:
            variables.check(variable.name, variable.payload, signed=self.charger.discharges)
        if output.response is not None:
            self.check_sendable(output.response)
        self.outputs.append(output)
        return Step(output)

    def check_sendable(self, response: Type) -> None:
        """Fail unless a response keeps its schema and comes back from its octets as it is."""
        check_message(response)
        assert exi.decode(exi.encode(response), reflection.namespace_of(type(response))) == response

    def receive(self, message: Any, payload_type: int | None = None) -> Step:
        """Let a whole message come in, on its main stream or another."""
        self.now += MESSAGE_PAUSE_s
        stream = payload_types.payload_type_of(message) if payload_type is None else payload_type
        step = self.took(self.session.receive(message, self.now, stream))
        assert step.output.response is None or step.output.payload_type == stream
        return step

    def receive_octets(self, octets: bytes) -> Step:
        """Let a message of the main stream come in as it does from the link."""
        self.now += MESSAGE_PAUSE_s
        message = exi.decode(octets, self.session.namespace)
        return self.took(self.session.receive(message, self.now, payload_types.EXI, octets))

    def negotiate(self, *offers: tuple[str, int, int, int, int]) -> Step:
        """Send supportedAppProtocolReq: (namespace, major, minor, schema id, priority)."""
        entries = [
            AppProtocolType(
                ProtocolNamespace=uri,
                VersionNumberMajor=major,
                VersionNumberMinor=minor,
                SchemaID=schema_id,
                Priority=priority,
            )
            for uri, major, minor, schema_id, priority in offers
        ]
        return self.receive(supportedAppProtocolReq(AppProtocol=entries))

    def choose(self, namespace: str) -> Step:
        """Send supportedAppProtocolReq for one protocol."""
        uri, major = OFFERS[namespace]
        return self.negotiate((uri, major, 0, 1, 1))

    def message(self, body: Any, session_id: bytes | None = None) -> Any:
        """Put a body element into a message with the session's id, or another."""
        own = self.session.session_id if session_id is None else session_id
        if self.session.namespace == "iso20":
            seconds = int(UNIX_AT_START_s + self.now - START_s)
            return msgspec.structs.replace(body, Header=iso20.MessageHeaderType(SessionID=own, TimeStamp=seconds))
        messages = NAMESPACES[self.session.namespace]
        header = messages.MessageHeaderType(SessionID=own)
        return messages.V2G_Message(Header=header, Body=messages.BodyType(BodyElement=body))

    def send(self, body: Any, session_id: bytes | None = None, payload_type: int | None = None) -> Step:
        """Send a request to the state machine."""
        return self.receive(self.message(body, session_id), payload_type)

    def ok(self, body: Any) -> Step:
        """Send a request that must be answered with an OK code."""
        step = self.send(body)
        assert step.code.startswith("OK"), f"{type(body).__name__}: {step.output.log}"
        return step

    def loop(self, body: Any, *, tell: bool = True) -> tuple[Any, Step | None]:
        """Answer a charge-loop request as the link thread does; then let the state machine follow."""
        template = self.session.loop_template(self.now)
        assert template is not None
        assert isinstance(body, template.request)
        self.now += MESSAGE_PAUSE_s
        self.link_stale |= self.now > template.fresh_until
        request = self.message(body)
        unix_s = int(UNIX_AT_START_s + self.now - START_s)
        response = answer_from_template(template, request, self.now, self.link_meter_sent, unix_s)
        if getattr(element_of(response), "MeterInfo", None) is not None:
            self.link_meter_sent = template.meter_sequence
        self.link_answered += 1
        self.link_meter_requests += getattr(request, "MeterInfoRequested", False)
        self.check_sendable(response)
        if not tell:
            return element_of(response), None
        progress = LoopProgress(
            self.link_answered,
            request,
            self.now,
            self.link_meter_sent,
            self.link_stale,
            self.link_meter_requests,
        )
        return element_of(response), self.took(self.session.loop_progress(progress, self.now))

    def command(self, name: str, **args: Any) -> Step:
        """Issue a cmd, and let the session see it."""
        commands.apply(self.charger, name, args, self.now)
        return self.took(self.session.wake(self.now))

    def wait(self, seconds: float) -> Step:
        """Let time pass, waking the session at its deadlines; gives the last output that did something."""
        end, last = self.now + seconds, Step(Output())
        for _ in range(100):
            deadline = self.session.deadline
            if deadline is None or deadline > end:
                self.now = end
                return last
            self.now = max(self.now, deadline)
            step = self.took(self.session.wake(self.now))
            last = step if step.output != Output() else last
        raise AssertionError("the session asks to be woken again and again")

    def close(self) -> Step:
        """Let the connection be gone."""
        return self.took(self.session.closed(self.now))

    @property
    def published(self) -> list[str]:
        """Names of all vars so far, in order."""
        return [variable.name for output in self.outputs for variable in output.variables]


class MakeDrive:
    """Makes drives: AC or DC chargers that are ready to charge."""

    def dc(self, settings: SessionSettings | None = None, **values: Any) -> Drive:
        """A DC charger of 150 kW."""
        return Drive(ChargerState(**values), settings or SessionSettings())

    def ac(self, settings: SessionSettings | None = None, **values: Any) -> Drive:
        """An AC charger of 22 kW on three phases."""
        modes = ("AC_single_phase_core", "AC_three_phase_core")
        drive = Drive(ChargerState(**{"energy_transfer_modes": modes, **values}), settings or SessionSettings())
        drive.command("update_ac_maximum_limits", maximum_limits={"charge_power": {"total": 22_080.0}})
        return drive


@pytest.fixture
def make() -> MakeDrive:
    """Give the maker of drives."""
    return MakeDrive()
