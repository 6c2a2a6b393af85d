"""The adapter of a site that issues contracts itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastsecc.adapters.issuer import ContractIssuer
from fastsecc.charger.charger import Charger
from fastsecc.sim import test_pki
from fastsecc.sim.backend import Authorities, IssuingBackEnd

REQUEST = {
    "exi_request": "gA==",
    "iso15118_schema_version": "urn:iso:15118:2:2013:MsgDef",
    "certificate_action": "Install",
}


def test_requests_are_answered_from_start_to_stop(tmp_path: Path) -> None:
    """Of the connectors that have a back end; what is no request gets the answer that says so."""
    test_pki.make(tmp_path)
    adapter = ContractIssuer({"1": IssuingBackEnd(Authorities.read(tmp_path))})
    chargers = {"1": Charger("1"), "2": Charger("2")}

    def answers() -> list[str | None]:
        for charger in chargers.values():
            charger.state.certificate_response = None
            charger.publish("iso15118_certificate_request", REQUEST)
        given = [charger.state.certificate_response for charger in chargers.values()]
        return [None if answer is None else answer.status for answer in given]

    assert answers() == [None, None]
    asyncio.run(adapter.start(chargers))
    assert answers() == ["Failed", None]
    asyncio.run(adapter.stop())
    assert answers() == [None, None]
