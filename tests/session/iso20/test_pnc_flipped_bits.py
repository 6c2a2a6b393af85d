"""Whatever bit of a signed message is flipped on its way: no authorization, no certificate, no receipt comes of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from fastsecc import exi
from fastsecc.errors import DecodeError
from fastsecc.security.signature import Part, sign
from tests.session.conftest import Step
from tests.session.iso20.pnc import KINDS, ContractWay, MakeContractWay, signed_part

FEW = hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
PLACE = st.floats(min_value=0, max_value=1, exclude_max=True)
CHAIN_CODES = {
    "WARNING_CertificateValidationError",
    "WARNING_CertificateExpired",
    "WARNING_CertificateNotYetValid",
    "WARNING_eMSPUnknown",
}
"""Some bit makes of the uppermost sub-CA one that has ended, or that the root did not issue."""


def flip(octets: bytes, place: float) -> bytes:
    """Flip the bit that is so far into octets."""
    bit = int(place * len(octets) * 8)
    return octets[: bit // 8] + bytes([octets[bit // 8] ^ (0x80 >> bit % 8)]) + octets[bit // 8 + 1 :]


def send(way: ContractWay, request: Any, key: Any, place: float) -> tuple[Any, Any, Step] | None:
    """Send a signed request with a flipped bit; give it as it was and as it came, and what it led to.

    None: what came is no such request of this session any more, or it is what was signed all the same.
    """
    message = way.drive.message(request)
    message.Header.Signature = sign([Part(signed_part(message))], key)
    changed = flip(exi.encode(message), place)
    try:
        came = exi.decode(changed, "iso20")
    except DecodeError:
        return None
    if type(came) is not type(message) or came.Header.SessionID != message.Header.SessionID:
        return None
    if significant(came) == significant(message):
        return None
    return message, came, way.receive(changed)


def significant(message: Any) -> Any:
    """Give what a signature and the answer depend on."""
    signature = message.Header.Signature
    value = None if signature is None else (signature.SignedInfo, signature.SignatureValue.value)
    return value, {name: getattr(message, name) for name in message.__struct_fields__ if name != "Header"}


@pytest.mark.parametrize("key", KINDS)
@FEW
@given(place=PLACE)
def test_authorization(contract_way: MakeContractWay, key: Any, place: float) -> None:
    way = contract_way(key=key)
    way.to_authorization()
    sent = send(way, way.ev.pnc(way.challenge), way.ev.chain[0].key, place)
    if sent is None:
        return
    message, came, step = sent
    assert "require_auth_pnc" not in step.names
    assert step.code in expected(message, came), step.output.log


def expected(message: Any, came: Any) -> set[str]:
    """Give the codes that what was changed may lead to."""
    was, mode = message.PnC_AReqAuthorizationMode, came.PnC_AReqAuthorizationMode
    if mode is None or came.SelectedAuthorizationService != message.SelectedAuthorizationService:
        return {"WARNING_AuthorizationSelectionInvalid"}
    if mode.GenChallenge != was.GenChallenge:
        return {"WARNING_ChallengeInvalid"}
    if mode.ContractCertificateChain != was.ContractCertificateChain:
        return CHAIN_CODES
    return {"FAILED_SignatureError"}


@pytest.mark.parametrize("key", KINDS)
@FEW
@given(place=PLACE)
def test_certificate_installation(contract_way: MakeContractWay, key: Any, place: float) -> None:
    """What is outside of the signed chain is the back end's to judge."""
    way = contract_way(key=key)
    way.to("AUTHORIZATION_OR_CERTIFICATE")
    sent = send(way, way.ev.installation(), way.ev.vehicle[0].key, place)
    if sent is None:
        return
    message, came, step = sent
    if unsigned_only(message, came):
        assert "iso15118_certificate_request" in step.names
        return
    assert "iso15118_certificate_request" not in step.names
    assert step.code in CHAIN_CODES | {"FAILED_SignatureError"}, step.output.log


def unsigned_only(message: Any, came: Any) -> bool:
    """Tell whether only what is not signed was changed."""
    chains = [one.OEMProvisioningCertificateChain for one in (message, came)]
    return chains[0] == chains[1] and significant(message)[0] == significant(came)[0]


@pytest.mark.parametrize("key", KINDS)
@FEW
@given(place=PLACE)
def test_metering_confirmation(contract_way: MakeContractWay, key: Any, place: float) -> None:
    way = contract_way(key=key)
    way.to("DC_CHARGE_LOOP")
    request = way.ev.metering_confirmation(way.drive.session.session_id)
    sent = send(way, request, way.ev.chain[0].key, place)
    if sent is not None:
        assert sent[2].code == "FAILED_MeteringSignatureNotValid", sent[2].output.log
