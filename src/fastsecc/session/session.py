"""One connection of an EV: supportedAppProtocol, then the protocol it chose, then the end."""

from __future__ import annotations

from typing import Any

from fastsecc.charger.payloads import AppProtocol as OfferedProtocol
from fastsecc.charger.payloads import AppProtocols, V2gMessages, message_id
from fastsecc.charger.state import ChargerState
from fastsecc.errors import DecodeError
from fastsecc.messages import din70121, iso2, iso20
from fastsecc.messages.app_protocol import supportedAppProtocolReq
from fastsecc.messages.payload_types import EXI
from fastsecc.session import app_protocol, ending, quirks
from fastsecc.session.api import (
    Close,
    LoopProgress,
    LoopTemplate,
    Output,
    Paused,
    PausedIso2,
    SessionSettings,
)
from fastsecc.session.app_protocol import AppProtocol
from fastsecc.session.context import LinkAction
from fastsecc.session.din70121.machine import DinContext, DinMachine
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.machine import Iso2Machine
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.machine import Iso20Machine
from fastsecc.session.iso20.pause import Paused20
from fastsecc.session.machine import COMMUNICATION_SETUP, SEQUENCE, Machine
from fastsecc.session.timers import Timers

SAP = "supportedAppProtocol"
TLS_1_3 = "TLSv1.3"


class Session:
    """The core of one TCP connection; it is fed with messages and the time, and never reads a clock.

    The charger's AC or DC nature and its protocols are those of the moment the connection was accepted.
    """

    def __init__(
        self, charger: ChargerState, settings: SessionSettings, now: float, paused: Paused | None = None
    ) -> None:
        """Begin with an accepted connection.

        Args:
            charger: the connector's values; what belonged to the connection before is forgotten.
            settings: the connector's policy.
            now: monotonic seconds.
            paused: what the session before left when it paused.

        Raises:
            ConfigError: the settings name a quirk that does not exist.
        """
        charger.begin_connection()
        self._charger = charger
        self._settings = settings
        self._quirks = quirks.active(settings.quirks)
        self._resumable = paused
        self._app_protocols = charger.offered_app_protocols
        self._tls_version = ""
        self._vehicle_certificate: bytes | None = None
        self._energy_kind = charger.energy_kind
        self._energy_transfer_modes = charger.energy_transfer_modes
        self._machine: Machine | None = None
        self._last_request = ""
        self._closing = False
        self._timers = Timers()
        self._timers.start(SEQUENCE, now + settings.sequence_timeout_s)
        self._timers.start(COMMUNICATION_SETUP, now + settings.communication_setup_timeout_s)

    def secured(self, version: str, vehicle_certificate: bytes | None) -> None:
        """Note that the connection is secure; to be called before any message is handled.

        Args:
            version: "TLSv1.2" or "TLSv1.3".
            vehicle_certificate: the leaf that the EV showed, DER.
        """
        self._tls_version, self._vehicle_certificate = version, vehicle_certificate

    @property
    def namespace(self) -> str:
        """EXI namespace of the next request on the main stream: "sap", "din", "iso2" or "iso20"."""
        return "sap" if self._machine is None else self._machine.namespace

    def namespace_for(self, payload_type: int) -> str | None:
        """Give the EXI namespace of a frame by its V2GTP payload type; None: this protocol has no such frames."""
        if self._machine is not None:
            return self._machine.namespace_for(payload_type)
        return "sap" if payload_type == EXI else None

    @property
    def protocol(self) -> str:
        """Name of the chosen protocol as in var `selected_protocol`; empty before the choice."""
        return "" if self._machine is None else self._machine.selected_name

    @property
    def state(self) -> str:
        """Name of the state, for logs and displays."""
        return SAP if self._machine is None else self._machine.state.name

    @property
    def session_id(self) -> bytes:
        """Id of the session; zero before SessionSetup."""
        return bytes(8) if self._machine is None else self._machine.context.session_id

    @property
    def deadline(self) -> float | None:
        """When `wake` is due at the latest, monotonic seconds."""
        return self._timers.earliest

    @property
    def paused(self) -> Paused | None:
        """What the next connection's session needs to resume this one; None: nothing is paused."""
        return self._resumable if self._machine is None else self._machine.paused

    def receive(self, message: Any, now: float, payload_type: int = EXI, exi: bytes = b"") -> Output:
        """Handle a decoded message.

        Args:
            message: of the namespace that `namespace_for` gave.
            now: monotonic seconds.
            payload_type: of the V2GTP frame that it came in.
            exi: the octets that it came as, for a back end that wants to see just these.
        """
        if self._machine is not None:
            return self._machine.receive(message, now, payload_type, exi)
        if self._closing:
            return Output()
        if isinstance(message, supportedAppProtocolReq):
            return self._negotiate(message, now)
        return self._close(f"{type(message).__name__} in place of supportedAppProtocolReq")

    def undecodable(self, error: DecodeError, now: float) -> Output:
        """Handle octets that are no message: before a protocol is chosen the connection ends, later they are ignored.

        There is no request to pair a response with, so there is none; the state and the sequence timer stay as they
        are, lest rubbish keep a connection open for ever.
        """
        if self._machine is None:
            return self._close(f"cannot be decoded: {error}")
        out = Output(log=[f"ignored, cannot be decoded: {error}"])
        if self._charger.debug_mode:
            out.publish("v2g_messages", V2gMessages(id=message_id("")))
        return out

    def wake(self, now: float) -> Output:
        """Let a deadline or a cmd take effect; called after every cmd and at `deadline`."""
        if self._machine is not None:
            return self._machine.wake(now)
        for timer in (COMMUNICATION_SETUP, SEQUENCE):
            if self._timers.expired(timer, now):
                return self._close(f"{timer} expired")
        return Output()

    def loop_template(self, now: float) -> LoopTemplate | None:
        """Give what the link thread is to answer charge-loop requests with; None: it answers none.

        To be asked after every input and cmd.
        """
        return None if self._machine is None else self._machine.loop_template(now)

    def loop_progress(self, progress: LoopProgress, now: float) -> Output:
        """Follow what the link thread answered; to be called before any later message is handled."""
        return Output() if self._machine is None else self._machine.loop_progress(progress, now)

    def closed(self, now: float, *, handshake_failed: bool = False) -> Output:
        """Publish the end, now that the connection is gone.

        Args:
            now: monotonic seconds.
            handshake_failed: it was never secure, so that nothing was said.
        """
        self._timers.stop_all()
        if self._machine is None:
            last_request = ending.TLS_HANDSHAKE if handshake_failed else self._last_request
            return ending.end(self._charger, None, LinkAction.ERROR, last_request)
        machine = self._machine
        return ending.end(
            self._charger,
            machine.context,
            machine.link_action,
            machine.last_request,
            tells_failure=machine.tells_failure,
        )

    def _negotiate(self, request: supportedAppProtocolReq, now: float) -> Output:
        out = Output()
        self._last_request = SAP
        secure = self._tls_version == TLS_1_3 or self._settings.allow_plain_iso20  # [V2G20-2356]
        speakable = app_protocol.speakable(self._app_protocols, self._energy_transfer_modes, secure=secure)
        chosen, response = app_protocol.negotiate(request.AppProtocol, speakable)
        if self._charger.emergency:
            chosen, response = None, app_protocol.refuse()
        self._tell(out, request, chosen)
        out.response = response
        if chosen is None:
            self._end(out, "no common protocol")
            return out
        out.log.append(f"{chosen.selected_name} chosen")
        self._machine = self._start(chosen, request, response.SchemaID, now)
        self._timers.start(SEQUENCE, now + self._settings.sequence_timeout_s)
        return out

    def _start(
        self, chosen: AppProtocol, request: supportedAppProtocolReq, schema_id: int | None, now: float
    ) -> Machine:
        common: dict[str, Any] = {
            "charger": self._charger,
            "settings": self._settings,
            "quirks": self._quirks,
            "energy_kind": self._energy_kind,
            "energy_transfer_modes": self._energy_transfer_modes,
            "now": now,
        }
        if chosen is app_protocol.DIN70121:
            return DinMachine(DinContext(messages=din70121, **common), self._timers)
        if chosen is not app_protocol.ISO15118D2:
            offered = _offered(request)
            common["ev_protocols"] = offered
            common["selected_protocol"] = next(one for one in offered.Protocols if one.schema_id == schema_id)
            return self._start_iso20(chosen, common)
        resumable = self._resumable if isinstance(self._resumable, PausedIso2) else None
        secure = bool(self._tls_version)
        return Iso2Machine(Iso2Context(messages=iso2, resumable=resumable, secure=secure, **common), self._timers)

    def _start_iso20(self, chosen: AppProtocol, common: dict[str, Any]) -> Machine:
        """Start ISO 15118-20, whose part says whether the session is of AC or DC."""
        common["energy_kind"] = "ac" if chosen is app_protocol.ISO15118D20_AC else "dc"
        resumable = self._resumable if isinstance(self._resumable, Paused20) else None
        context = Iso20Context(
            messages=iso20,
            resumable=resumable,
            vehicle_certificate=self._vehicle_certificate,
            tls_1_3=self._tls_version == TLS_1_3,
            **common,
        )
        return Iso20Machine(context, self._timers)

    def _tell(self, out: Output, request: supportedAppProtocolReq, chosen: AppProtocol | None) -> None:
        if not self._charger.debug_mode:
            if chosen is not None and chosen.name == app_protocol.ISO15118D20_DC.name:
                out.publish("selected_protocol", chosen.selected_name)
            return
        out.publish("v2g_messages", V2gMessages(id=message_id("supportedAppProtocolReq")))
        out.publish("ev_app_protocol", _offered(request))
        out.publish("selected_protocol", chosen.selected_name if chosen else "None")
        out.publish("v2g_messages", V2gMessages(id=message_id("supportedAppProtocolRes")))

    def _close(self, why: str) -> Output:
        out = Output()
        if not self._closing:
            self._end(out, why)
        return out

    def _end(self, out: Output, why: str) -> None:
        self._closing = True
        self._timers.stop_all()
        out.close = Close.NOW
        out.log.append(f"connection ends: {why}")


def _offered(request: supportedAppProtocolReq) -> AppProtocols:
    return AppProtocols(
        [
            OfferedProtocol(
                protocol_namespace=offer.ProtocolNamespace,
                version_number_major=offer.VersionNumberMajor,
                version_number_minor=offer.VersionNumberMinor,
                schema_id=offer.SchemaID,
                priority=offer.Priority,
            )
            for offer in request.AppProtocol
        ]
    )
