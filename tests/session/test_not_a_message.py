"""Documents that the schemas know but no EV has a reason to send: the session goes on as if they had not come."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.messages import din70121, iso2
from tests.session.conftest import MakeDrive

SESSION_SETUP = {
    "din": din70121.SessionSetupReq(EVCCID=b"\x02\x00\x00\x00\x00\x01"),
    "iso2": iso2.SessionSetupReq(EVCCID=b"\x02\x00\x00\x00\x00\x01"),
}
NO_V2G_MESSAGE = [
    pytest.param("din", din70121.BodyBaseType(), id="din-BodyElement"),
    pytest.param("din", din70121.EVChargeParameterType(), id="din-EVChargeParameter"),
    pytest.param("din", SESSION_SETUP["din"], id="din-request-without-envelope"),
    pytest.param("iso2", iso2.BodyBaseType(), id="iso2-BodyElement"),
    pytest.param("iso2", SESSION_SETUP["iso2"], id="iso2-request-without-envelope"),
]


@pytest.mark.parametrize(("namespace", "document"), NO_V2G_MESSAGE)
def test_a_document_that_is_no_v2g_message_is_not_answered(make: MakeDrive, namespace: str, document: Any) -> None:
    drive = make.dc()
    drive.choose(namespace)
    step = drive.receive(document)
    assert (step.output.response, step.output.close, step.output.variables) == (None, None, [])
    assert step.output.log == [f"{type(document).__name__} is not answered"]
    drive.ok(SESSION_SETUP[namespace])


@pytest.mark.parametrize("namespace", ["din", "iso2"])
def test_an_empty_body_and_a_response_are_not_answered(make: MakeDrive, namespace: str) -> None:
    messages: Any = {"din": din70121, "iso2": iso2}[namespace]
    drive = make.dc()
    drive.choose(namespace)
    for body in (None, messages.SessionStopRes(ResponseCode=messages.ResponseCodeType.OK)):
        step = drive.send(body)
        assert (step.output.response, step.output.close) == (None, None)
    drive.ok(SESSION_SETUP[namespace])
