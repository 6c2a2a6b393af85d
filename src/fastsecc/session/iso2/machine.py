"""The ISO 15118-2 state machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastsecc.messages import iso2
from fastsecc.messages.schema import Type
from fastsecc.session.api import LoopTemplate, PausedIso2
from fastsecc.session.app_protocol import ISO15118D2
from fastsecc.session.context import LinkAction
from fastsecc.session.iso2.charge_parameter_discovery import evse_charge_parameter
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.iso2.service_discovery import charge_service, payment_option_list
from fastsecc.session.iso2.session_stop import pause
from fastsecc.session.iso2.states import State
from fastsecc.session.iso2.table import LOOPS, table
from fastsecc.session.iso2.values import ac_status, amperes, dc_status, evse_status, volts
from fastsecc.session.machine import Machine
from fastsecc.session.status import Phase
from fastsecc.session.timers import Timers

PHASES: Mapping[type[Type], Phase] = {
    iso2.ChargeParameterDiscoveryRes: Phase.PARAMETER,
    iso2.CableCheckRes: Phase.ISOLATION,
    iso2.PreChargeRes: Phase.PRECHARGE,
    iso2.WeldingDetectionRes: Phase.WELDING,
}
"""Whose status a DC response carries; that of the charge where it is not said."""


class Iso2Machine(Machine):
    """An ISO 15118-2 session."""

    selected_name = ISO15118D2.selected_name
    namespace = ISO15118D2.exi_namespace
    session_setup = iso2.SessionSetupReq
    start = State.SESSION_SETUP
    context: Iso2Context

    def __init__(self, context: Iso2Context, timers: Timers) -> None:
        super().__init__(context, timers, table(context.energy_kind, context.quirks), LOOPS)

    def known(self, response: type[Type], request: Any) -> Mapping[str, Any]:
        """Give what a refusal can say truly."""
        context = self.context
        phase = PHASES.get(response, Phase.CHARGE)
        return {
            "EVSEID": context.charger.evse_id,
            "EVSETimeStamp": context.unix_s,
            "ServiceID": getattr(request, "ServiceID", 0),
            "SAScheduleTupleID": context.sa_schedule_tuple_id,
            "PaymentOptionList": payment_option_list(context),
            "ChargeService": charge_service(context),
            "EVSEStatus": evse_status(context, phase, failed=True),
            "AC_EVSEStatus": ac_status(context),
            "DC_EVSEStatus": dc_status(context, phase, failed=True),
            "EVSEChargeParameter": evse_charge_parameter(context, failed=True),
            "EVSEPresentVoltage": volts(context.charger.present_voltage_v),
            "EVSEPresentCurrent": amperes(context.charger.present_current_a),
        }

    def loop_template(self, now: float) -> LoopTemplate | None:
        """Give what the link thread is to answer with; a response that asks for a receipt is the state machine's."""
        template = super().loop_template(now)
        return None if template is None or self._asks_for_receipt(template) else template

    @staticmethod
    def _asks_for_receipt(template: LoopTemplate) -> bool:
        fresh: Any = template.fresh
        return bool(fresh.Body.BodyElement.ReceiptRequired)

    @property
    def paused(self) -> PausedIso2 | None:
        """What the next session may go on with: this one if it paused, the one before until SessionSetup."""
        if self.link_action is LinkAction.PAUSE:
            return pause(self.context)
        return self.context.resumable
