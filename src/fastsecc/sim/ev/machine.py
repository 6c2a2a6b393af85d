"""The EV's side of a connection, sans-IO: which request comes next, and whether the SECC's answer is acceptable.

A session is written down as a generator that yields requests and is sent the answers, one function a phase; this class
drives it, and holds what all phases share.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NoReturn

from fastsecc.errors import EvError
from fastsecc.messages import din70121, iso2, iso20
from fastsecc.messages.schema import Type
from fastsecc.messages.xmldsig import SignatureType
from fastsecc.sim.battery import Battery, battery_for
from fastsecc.sim.ev import ac, iso20_exchange
from fastsecc.sim.ev.checks import check_settings
from fastsecc.sim.ev.iso20_terms import Terms
from fastsecc.sim.ev.phase import V2GTP_EXI, Phase, Request
from fastsecc.sim.ev.pnc_wallet import Wallet
from fastsecc.sim.ev.session import session
from fastsecc.sim.ev.settings import EvSettings
from fastsecc.sim.ev.timers import message_timeout_s
from fastsecc.sim.ev.values import physical

NO_SESSION = bytes(8)
MESSAGES: dict[str, ModuleType] = {"din": din70121, "iso2": iso2, "iso20": iso20}


@dataclass(slots=True, frozen=True)
class Result:
    """How a session ended."""

    ok: bool
    reason: str
    session_id: bytes
    cycles: int
    soc_start_percent: float
    soc_end_percent: float
    energy_wh: float
    """Energy that the battery took, less what it gave back, as its time went (see Battery.time_lapse)."""
    discharged_wh: float = 0.0
    """Energy that it gave back."""


class Ev:
    """One connection of an EV. The clock is the caller's; nothing here waits."""

    def __init__(
        self,
        settings: EvSettings,
        battery: Battery | None = None,
        unix_s: Callable[[], float] = time.time,
        wallet: Wallet | None = None,
    ) -> None:
        """Make an EV.

        Args:
            settings: what it wants.
            battery: its battery, which goes on filling from session to session; None makes one.
            unix_s: gives the wall clock's Unix seconds, for time stamps and certificates.
            wallet: what it pays by, if by contract; gets what is installed.

        Raises:
            ConfigError: a wish that the protocol does not know.
        """
        check_settings(settings)
        self.settings = settings
        self.battery = battery or battery_for(settings.energy)
        self.wallet = wallet
        self.certificate_parameter_set_id: int | None = None
        """What the EV selects of the certificate service (ISO 15118-2)."""
        self.receipts = 0
        """Meter readings that the EV has signed for."""
        self.installed = 0
        """Contracts that the EV has got (ISO 15118-20)."""
        self.messages = MESSAGES[settings.protocol]
        self.session_id = settings.resume_session_id or NO_SESSION
        self.answered_session_id = NO_SESSION
        """Session id in the newest answer; so is the next."""
        self.answered_signature: SignatureType | None = None
        self.now = 0.0
        self.cycles = 0
        """Charge-loop requests that were answered."""
        self.phase = "supportedAppProtocol"
        """Name of the newest request, without `Req`."""
        self.charging = False
        """True between PowerDelivery(Start) and the end of charging."""
        self.asked_to_pause = False
        """The EVSE wants the session to end with a pause (ISO 15118-20)."""
        self.target_soc_percent = settings.target_soc_percent
        self.problem: str | None = None
        """Why the session is no success although it ends in order."""
        self.reason = ""
        self.evse_id = ""
        self.energy_transfer_mode = ""
        self.single_phase = False
        """AC flows on one phase, whatever the EV could."""
        self.terms = Terms()
        self.sae_service_id: int | None = None
        """Service of SAE J2847/2 that is selected (ISO 15118-2)."""
        self.v2h_discovered = False
        """ChargeParameterDiscovery in V2H mode was answered once."""
        self.evse_max_voltage_v = 0.0
        self.evse_max_current_a = 0.0
        self.evse_max_power_w: float | None = None
        self.present_voltage_v = 0.0
        self.present_current_a = 0.0
        self.sa_schedule_tuple_id = 1
        self.p_max_w = 0.0
        self._unix_s = unix_s
        self._soc_start_percent = self.battery.soc_percent
        self._discharged_wh = 0.0
        self._charged_at: float | None = None
        self._request: Request | None = None
        self._run: Phase[None] | None = None

    @property
    def power_w(self) -> float:
        """Power that flows into the battery; negative: out of it."""
        phases = ac.phases(self) if self.settings.is_ac else 1
        return self.present_voltage_v * self.present_current_a * phases

    @property
    def header(self) -> iso20.MessageHeaderType:
        """Header of an ISO 15118-20 message."""
        return iso20.MessageHeaderType(SessionID=self.session_id, TimeStamp=int(self._unix_s()))

    @property
    def unix_s(self) -> float:
        """Give the time of day, Unix seconds."""
        return self._unix_s()

    @property
    def discharges(self) -> bool:
        """Tell whether the EV wants to give energy back now, and has some to give."""
        wishes, begin = self.settings, self.settings.discharge_after_cycles
        if begin is None or not wishes.bidirectional or self.battery.soc_percent <= wishes.minimum_soc_percent:
            return False
        return begin <= self.cycles < begin + wishes.discharge_cycles

    @property
    def result(self) -> Result:
        """How the session ended, or how far it has come."""
        gain_percent = self.battery.soc_percent - self._soc_start_percent
        return Result(
            ok=self.problem is None and self._run is None,
            reason=self.problem or self.reason,
            session_id=self.session_id,
            cycles=self.cycles,
            soc_start_percent=self._soc_start_percent,
            soc_end_percent=self.battery.soc_percent,
            energy_wh=gain_percent / 100 * self.battery.capacity_wh,
            discharged_wh=self._discharged_wh,
        )

    def start(self, now: float) -> Request:
        """Give the first request of the connection."""
        self.now = now
        self._run = session(self)
        self._request = next(self._run)
        return self._request

    def receive(self, response: Type, now: float) -> Request | None:
        """Take the answer to the newest request, and give the next; None: the session is over, close the connection.

        Raises:
            EvError: an answer that no EV accepts; the connection is to be closed.
        """
        self.now = now
        if self._run is None or self._request is None:
            raise EvError(f"an answer without a request: {type(response).__name__}")
        if now > self._request.send_at + self._request.timeout_s:
            self.no_answer(now)
        try:
            self._request = self._run.send(response)
        except StopIteration:
            self._request = self._run = None
        except EvError as error:
            self.problem = str(error)
            raise
        return self._request

    def no_answer(self, now: float) -> NoReturn:
        """End the session because the answer did not come in time.

        Raises:
            EvError: always.
        """
        self.now = now
        name, timeout_s = (self._request.name, self._request.timeout_s) if self._request else ("", 0.0)
        self.problem = f"{name}: no answer within {timeout_s:g} s"
        raise EvError(self.problem)

    # what phases use

    def send(self, message: Type, namespace: str, name: str, payload_type: int = V2GTP_EXI) -> Phase[Type]:
        """Exchange a whole message."""
        self.phase = name.removesuffix("Req")
        send_at = self.now + (self.settings.think_s if self._request is not None else 0.0)
        timeout_s = message_timeout_s(self.settings.protocol, name)
        return (yield Request(name, message, namespace, send_at, timeout_s, payload_type))

    def ask(self, body: Type, payload_type: int | None = None, signature: SignatureType | None = None) -> Phase[Any]:
        """Exchange a body element in its envelope, and check what every answer must be.

        Args:
            body: in ISO 15118-20 the message itself.
            payload_type: in ISO 15118-20 a stream beside the charge loop.
            signature: for the header (ISO 15118-2).

        Raises:
            EvError: the answer is of another type, of another session, or its ResponseCode is FAILED.
        """
        if isinstance(body, iso20.V2GRequestType):
            return (yield from iso20_exchange.ask(self, body, payload_type))
        m, name = self.messages, type(body).__name__
        header = m.MessageHeaderType(SessionID=self.session_id)
        if signature is not None:
            header.Signature = signature
        message = m.V2G_Message(Header=header, Body=m.BodyType(BodyElement=body))
        envelope: Any = yield from self.send(message, self.settings.protocol, name)
        response = envelope.Body.BodyElement if isinstance(envelope, m.V2G_Message) else envelope
        if type(response) is not getattr(m, name[:-3] + "Res"):
            raise EvError(f"{name}: answered with {type(response).__name__}")
        if not response.ResponseCode.startswith("OK"):
            raise EvError(f"{name}: ResponseCode {response.ResponseCode}")
        if name != "SessionSetupReq" and envelope.Header.SessionID != self.session_id:
            raise EvError(f"{name}: answered for session {envelope.Header.SessionID.hex() or 'nothing'}")
        self.answered_session_id = envelope.Header.SessionID
        self.answered_signature = envelope.Header.Signature
        return response

    def physical(self, unit: str, value: float, decimals: int = 1) -> Any:
        """Make a physical value of the session's message set."""
        return physical(self.messages, unit, value, decimals)

    def charge(self) -> None:
        """Let the battery take, or give, what flowed since the answer before."""
        if self._charged_at is not None:
            before_percent = self.battery.soc_percent
            self.battery.charge(self.power_w, self.now - self._charged_at)
            loss_percent = max(0.0, before_percent - self.battery.soc_percent)
            self._discharged_wh += loss_percent / 100 * self.battery.capacity_wh
        self._charged_at = self.now

    def stop_charge(self) -> None:
        """Let nothing flow any more."""
        self.present_current_a = 0.0
        self._charged_at = None
