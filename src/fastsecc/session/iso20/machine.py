"""The ISO 15118-20 state machine: streams beside the main one, the short timeout of the charge loop."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from fastsecc.charger.payloads import V2gMessages, message_id
from fastsecc.messages import iso20, payload_types
from fastsecc.messages.iso20.common_types import ChargeLoopReqType, V2GRequestType
from fastsecc.messages.schema import Type
from fastsecc.session.api import Close, LoopProgress, Output, Paused, Variable
from fastsecc.session.app_protocol import ISO15118D20
from fastsecc.session.context import Answer, LinkAction
from fastsecc.session.iso20 import reports
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.numbers import rational
from fastsecc.session.iso20.service_discovery import energy_service_list
from fastsecc.session.iso20.session_stop import pause
from fastsecc.session.iso20.states import State
from fastsecc.session.iso20.table import ASIDE, LOOPS, table
from fastsecc.session.machine import COMMUNICATION_SETUP, Handler, Incoming, Machine
from fastsecc.session.timers import Timers

WISH = Variable("meter_info_requested")


class Iso20Machine(Machine):
    """An ISO 15118-20 session."""

    namespace = "iso20"
    session_setup = iso20.SessionSetupReq
    start = State.SESSION_SETUP
    link_action_on_loss = LinkAction.TERMINATE
    tells_failure = False
    context: Iso20Context

    def __init__(self, context: Iso20Context, timers: Timers) -> None:
        super().__init__(context, timers, table(context.quirks), LOOPS)
        self.selected_name = ISO15118D20[context.energy_kind].selected_name
        self._meter_requests = 0

    @property
    def paused(self) -> Paused | None:
        """What the next session may go on with: this one if it paused, the one before until SessionSetup."""
        return pause(self.context) if self.link_action is LinkAction.PAUSE else self.context.resumable

    def namespace_for(self, payload_type: int) -> str | None:
        """Give the EXI namespace of a stream."""
        return payload_types.namespace_of(payload_type)

    def known(self, response: type[Type], request: Any) -> Mapping[str, Any]:
        """Give what a refusal can say truly."""
        return {
            "Header": self.context.header,
            "EVSEID": self.context.charger.evse_id,
            "ServiceID": getattr(request, "ServiceID", 0),
            "EnergyTransferServiceList": energy_service_list(self.context),
            "EVSEPresentVoltage": rational(self.context.charger.present_voltage_v),
            "EVSEPresentCurrent": rational(self.context.charger.present_current_a),
        }

    def loop_progress(self, progress: LoopProgress, now: float) -> Output:
        """Follow what the link thread answered; a wish for MeterInfo counts even if a later request has none."""
        out = super().loop_progress(progress, now)
        asked = progress.meter_requests > self._meter_requests
        self._meter_requests = progress.meter_requests
        if asked and self.state in self.loops and not self.closing and WISH not in out.variables:
            self.context.publish(WISH.name)
        return out

    def sequence_timeout_s(self, request: Any) -> float:
        """Give how long the EV may be silent: less in the charge loop [V2G20-1500]."""
        if isinstance(request, ChargeLoopReqType):
            return self.context.settings.iso20.loop_sequence_timeout_s
        return super().sequence_timeout_s(request)

    def _incoming(self, message: Any, payload_type: int) -> Incoming | None:
        if not isinstance(message, V2GRequestType):
            return None
        request = type(message)
        response = getattr(sys.modules[request.__module__], request.__name__.removesuffix("Req") + "Res")
        return Incoming(message, message.Header.SessionID, response, payload_type)

    def _take(self, incoming: Incoming) -> None:
        if incoming.payload_type not in ASIDE:
            super()._take(incoming)
            return
        answer = self._answer(incoming)
        response: Any = answer.response
        self._send(incoming, answer)
        if response.ResponseCode.startswith("FAILED"):
            self._fail(response.ResponseCode)

    def _handler(self, incoming: Incoming) -> Handler | None:
        rows = ASIDE.get(incoming.payload_type, self.table)
        return rows.get(self.state, {}).get(type(incoming.body))

    def _send(self, incoming: Incoming, answer: Answer) -> None:
        super()._send(incoming, answer)
        if answer.response is not None and incoming.payload_type not in ASIDE:
            self.context.out.payload_type = payload_types.payload_type_of(answer.response)

    def _respond(self, incoming: Incoming, answer: Answer) -> None:
        super()._respond(incoming, answer)
        if self.ended:
            self._end_charge()

    def _close(self, how: Close, why: str) -> None:
        super()._close(how, why)
        self._end_charge()

    def _end_charge(self) -> None:
        """Tell the charger now: until the connection is gone may take as long as the EV likes, up to five seconds."""
        if self.context.charging:
            reports.finished(self.context)

    def _fail(self, code: str) -> None:
        """End the session with a FAILED response, always."""
        self._close(Close.NOW, f"answered {code}")

    def _expire(self, timer: str) -> None:
        if timer == COMMUNICATION_SETUP:
            self.link_action = LinkAction.ERROR
        super()._expire(timer)

    def _announce(self, body: Any) -> None:
        """Publish which message was received or is about to be sent, also without debug mode."""
        self.context.publish("v2g_messages", V2gMessages(id=message_id(type(body).__name__)))
