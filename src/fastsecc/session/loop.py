"""The charge loop: what the link thread may answer by itself, and the same answer in Python.

`answer_from_template` is the specification of the link thread's decision; the state machine answers with it too, so
that an EV cannot tell who answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec

from fastsecc.messages.payload_types import EXI
from fastsecc.messages.schema import Type
from fastsecc.session.api import LoopTemplate
from fastsecc.session.context import Answer, Context
from fastsecc.session.iso20 import loop_answer
from fastsecc.session.physical import achieved, to_float


@dataclass(frozen=True, slots=True)
class Loop:
    """One kind of charge loop."""

    request: type[Type]
    """Class of the request: of its body element, or in ISO 15118-20 of the message."""
    respond: Callable[[Any, bool], Type]
    """Build the response (its body element) from the context; the flag asks for the one that stale values lead to."""
    report: Callable[[Any, Any], None]
    """Publish what a request says: (request, context)."""
    next: Enum
    """State after a request of the loop."""
    check: Callable[[Any, Any], None] | None = None
    """Refuse a request that the link thread leaves to us: (request, context)."""
    payload_type: int = EXI
    """V2GTP payload type of requests and responses."""


def template(loop: Loop, context: Context) -> LoopTemplate:
    """Build what the link thread is given."""
    stale = context.stale_at is not None
    fresh = context.wrap(loop.respond(context, stale))
    ages = context.fresh_until != float("inf")
    return LoopTemplate(
        request=loop.request,
        session_id=context.session_id,
        fresh=fresh,
        stale=context.wrap(loop.respond(context, True)) if ages and not stale else fresh,
        fresh_until=context.fresh_until,
        meter_sequence=meter_sequence(context) if loop.payload_type == EXI else _newest_meter(context),
        payload_type=loop.payload_type,
    )


def meter_sequence(context: Context) -> int:
    """Give the sequence of the meter reading that the EV has not got yet; 0: there is none."""
    newest = _newest_meter(context)
    return 0 if newest <= context.meter_sent else newest


def _newest_meter(context: Context) -> int:
    meter = context.charger.meter
    return 0 if meter is None else meter.sequence


def answer_from_template(template: LoopTemplate, request: Any, now: float, meter_sent: int, unix_s: int = 0) -> Any:
    """Answer a charge-loop request, as the link thread does.

    Args:
        template: what was published last.
        request: the whole message; its session id, its place in the sequence and its control mode are right.
        now: monotonic seconds.
        meter_sent: sequence of the newest MeterInfo that was sent on this connection (but for ISO 15118-20).
        unix_s: Unix seconds, for the header of ISO 15118-20.
    """
    source: Any = template.stale if now > template.fresh_until else template.fresh
    if template.payload_type != EXI:
        return loop_answer.answer(source, request, unix_s)
    body = msgspec.structs.replace(source.Body.BodyElement)
    _set_limits_achieved(body, request.Body.BodyElement)
    if template.meter_sequence <= meter_sent and hasattr(body, "MeterInfo"):
        body.MeterInfo = None
    return type(source)(Header=source.Header, Body=type(source.Body)(BodyElement=body))


def _set_limits_achieved(response: Any, request: Any) -> None:
    """Compare what the EV asks for with the limits that the response states."""
    if not hasattr(response, "EVSECurrentLimitAchieved"):
        return
    current, voltage = to_float(request.EVTargetCurrent), to_float(request.EVTargetVoltage)
    response.EVSECurrentLimitAchieved = achieved(current, response.EVSEMaximumCurrentLimit)
    response.EVSEVoltageLimitAchieved = achieved(voltage, response.EVSEMaximumVoltageLimit)
    response.EVSEPowerLimitAchieved = achieved(voltage * current, response.EVSEMaximumPowerLimit)


def handle(loop: Loop, request: Any, context: Context) -> Answer:
    """Handle a charge-loop request (its body element) that came to the state machine."""
    if loop.check is not None:
        loop.check(request, context)
    published = template(loop, context)  # of before: what a request says takes effect with the next, as on the link
    loop.report(request, context)
    response = answer_from_template(published, context.wrap(request), context.now, context.meter_sent, context.unix_s)
    body = response.Body.BodyElement if hasattr(response, "Body") else response
    if getattr(body, "MeterInfo", None) is not None:
        context.meter_sent = published.meter_sequence
    return Answer(body, loop.next)
