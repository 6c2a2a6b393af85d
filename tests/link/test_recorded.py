"""Charge loops of real cars: each request is answered natively, from what the recorded charger answered."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from fastsecc import exi
from fastsecc.session.api import LoopTemplate
from fastsecc.session.loop import answer_from_template

CAPTURES = [("opel_mokka_e_iso2_dc_2_dc", "iso2"), ("subaru_solterra_1_dc_din", "din")]
V2G_MESSAGE = {b"\x80\x98", b"\x80\x9a"}
"""How a V2G_Message of either protocol begins; supportedAppProtocol begins otherwise."""


def name(message: Any) -> str:
    return type(message.Body.BodyElement).__name__


def charge_loop(capture: Path, namespace: str) -> list[tuple[bytes, Any, Any]]:
    """List the requests of a recorded charge loop: octets, content, and the response they got."""
    records = map(json.loads, capture.read_text().splitlines())
    octets = [bytes.fromhex(record["hex"]) for record in records if record["kind"] == "v2g"]
    octets = [message for message in octets if message[:2] in V2G_MESSAGE]
    messages: list[Any] = [exi.decode(message, namespace) for message in octets]
    return [
        (octets[i], messages[i], messages[i + 1])
        for i in range(len(messages) - 1)
        if name(messages[i]) in ("CurrentDemandReq", "ChargingStatusReq") and name(messages[i + 1]).endswith("Res")
    ]


@pytest.mark.parametrize(("capture", "namespace"), CAPTURES)
def test_recorded_charge_loop(connect, data, capture, namespace):
    turns = charge_loop(data / "captures" / f"{capture}.jsonl", namespace)
    assert len(turns) > 3
    connection = connect()
    for sequence, (octets, request, response) in enumerate(turns, start=1):
        template = LoopTemplate(
            request=type(request.Body.BodyElement),
            session_id=request.Header.SessionID,
            fresh=response,
            stale=response,
            fresh_until=float("inf"),
            meter_sequence=sequence,
        )
        connection.link.publish(template)
        expected = answer_from_template(template, request, time.monotonic(), sequence - 1)
        assert exi.decode(connection.ask(octets), namespace) == expected
    assert connection.link.stats().answered == len(turns)
