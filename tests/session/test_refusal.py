"""Refusals: each response of each protocol can be refused with, and can be sent."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc import exi
from fastsecc.messages import din70121, iso2, iso20, reflection
from fastsecc.messages.iso20.common_types import V2GResponseType
from fastsecc.session.refusal import refuse
from tests.session.conftest import check_message

RESPONSES = [
    pytest.param(messages, response, id=f"{messages.__name__.rpartition('.')[2]}-{name}")
    for messages in (din70121, iso2)
    for name, response in vars(messages).items()
    if name.endswith("Res") and "BodyElement" not in name
]


@pytest.mark.parametrize(("messages", "response"), RESPONSES)
def test_every_response_can_be_refused_with(messages: Any, response: Any) -> None:
    body = refuse(response, "FAILED_SequenceError", {})
    assert body.ResponseCode == "FAILED_SequenceError"
    message = messages.V2G_Message(
        Header=messages.MessageHeaderType(SessionID=bytes(8)), Body=messages.BodyType(BodyElement=body)
    )
    check_message(message)
    namespace = "din" if messages is din70121 else "iso2"
    assert exi.decode(exi.encode(message), namespace) == message


ISO20_RESPONSES = [
    pytest.param(response, id=name)
    for module in (iso20.common_messages, iso20.ac, iso20.dc, iso20.acdp, iso20.wpt)
    for name, response in module.ELEMENTS.items()
    if isinstance(response, type) and issubclass(response, V2GResponseType)
]


@pytest.mark.parametrize("response", ISO20_RESPONSES)
@pytest.mark.parametrize("code", ["FAILED", "FAILED_SequenceError", "FAILED_UnknownSession"])
def test_every_response_of_iso_15118_20_can_be_refused_with(response: Any, code: str) -> None:
    """OC-003: every request type has a refusal that encodes, in the message set of the request."""
    header = iso20.MessageHeaderType(SessionID=b"12345678", TimeStamp=1_700_000_000)
    message = refuse(response, code, {"Header": header})
    assert (message.ResponseCode, message.Header) == (code, header)
    check_message(message)
    assert exi.decode(exi.encode(message), reflection.namespace_of(response)) == message


def test_a_member_of_the_own_message_set_stands_for_a_head() -> None:
    for module, name in ((iso20.ac, "AC"), (iso20.dc, "DC")):
        loop = refuse(getattr(module, f"{name}_ChargeLoopRes"), "FAILED", {})
        assert type(loop.CLResControlMode).__module__ == module.__name__


def test_known_values_win_and_nothing_is_shared() -> None:
    first = refuse(iso2.ServiceDetailRes, "FAILED", {"ServiceID": 7, "ServiceParameterList": "not mandatory"})
    second = refuse(iso2.ServiceDetailRes, "FAILED", {})
    assert (first.ServiceID, first.ServiceParameterList, second.ServiceID) == (7, None, 0)
