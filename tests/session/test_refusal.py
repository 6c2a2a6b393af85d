"""Refusals: each response of each protocol can be refused with, and can be sent."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc import exi
from fastsecc.messages import din70121, iso2
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


def test_known_values_win_and_nothing_is_shared() -> None:
    first = refuse(iso2.ServiceDetailRes, "FAILED", {"ServiceID": 7, "ServiceParameterList": "not mandatory"})
    second = refuse(iso2.ServiceDetailRes, "FAILED", {})
    assert (first.ServiceID, first.ServiceParameterList, second.ServiceID) == (7, None, 0)
