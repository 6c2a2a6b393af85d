"""A flipped bit in what is signed, in a signature, a chain or a challenge is refused, with the right code."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from fastsecc import exi
from fastsecc.errors import DecodeError
from fastsecc.messages import iso2
from fastsecc.security.signature import Part, sign
from tests.session.conftest import MakeDrive, Step
from tests.session.iso2.pnc import ContractEv, contract_way, pki

FEW = hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
ASKING = "PAYMENT_DETAILS_OR_CERTIFICATE"


def flip(octets: bytes, bit: int) -> bytes:
    bit %= len(octets) * 8
    changed = bytearray(octets)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)


def prove(change: Any) -> Step:
    """Sign the challenge, and change the message before it is sent."""
    way = contract_way(MakeDrive(), "dc")
    drive = way.to("AUTHORIZATION")
    way.decide()
    body = way.ev.authorization(way.challenge)
    message = drive.message(body)
    message.Header.Signature = sign([Part(body)], way.ev.key)
    change(message)
    return drive.receive_octets(exi.encode(message))


@FEW
@given(st.integers(min_value=0, max_value=64 * 8 - 1))
def test_in_the_signature(bit: int) -> None:
    def change(message: Any) -> None:
        value = message.Header.Signature.SignatureValue
        value.value = flip(value.value, bit)

    step = prove(change)
    assert (step.code, step.names) == ("FAILED_SignatureError", [])


@FEW
@given(st.integers(min_value=0, max_value=32 * 8 - 1))
def test_in_the_digest(bit: int) -> None:
    def change(message: Any) -> None:
        (reference,) = message.Header.Signature.SignedInfo.Reference
        reference.DigestValue = flip(reference.DigestValue, bit)

    assert prove(change).code == "FAILED_SignatureError"


@FEW
@given(st.sampled_from(["CanonicalizationMethod", "SignatureMethod"]), st.integers(min_value=0, max_value=39))
def test_in_the_algorithms(name: str, place: int) -> None:
    def change(message: Any) -> None:
        method = getattr(message.Header.Signature.SignedInfo, name)
        at = place % len(method.Algorithm)
        changed = chr(ord(method.Algorithm[at]) ^ 1)
        method.Algorithm = method.Algorithm[:at] + changed + method.Algorithm[at + 1 :]

    assert prove(change).code == "FAILED_SignatureError"


@FEW
@given(st.data())
def test_anywhere_in_the_message(data: st.DataObject) -> None:
    """Whatever octets come: without the right signature over the right challenge nobody is authorized."""
    way = contract_way(MakeDrive(), "dc")
    drive = way.to("AUTHORIZATION")
    way.decide()
    body = way.ev.authorization(way.challenge)
    message = drive.message(body)
    message.Header.Signature = sign([Part(body)], way.ev.key)
    octets = exi.encode(message)
    changed = flip(octets, data.draw(st.integers(min_value=0, max_value=len(octets) * 8 - 1)))
    try:
        decoded = exi.decode(changed, "iso2")
    except DecodeError:
        return
    if decoded == message:  # a bit that says nothing, of the padding
        return
    step = drive.took(drive.session.receive(decoded, drive.now, exi=changed))
    if step.output.response is None:
        return  # no request at all
    assert step.code.startswith("FAILED_"), step.output.log
    assert "require_auth_pnc" not in step.names


@FEW
@given(st.integers(min_value=0, max_value=3), st.data())
def test_in_the_chain(number: int, data: st.DataObject) -> None:
    """In any certificate that is shown; the root is not shown, and counts for nothing if it is."""
    shown = [identity.der for identity in pki().contract[:-1]]
    number %= len(shown)
    bit = data.draw(st.integers(min_value=0, max_value=len(shown[number]) * 8 - 1))
    shown[number] = flip(shown[number], bit)
    way = contract_way(MakeDrive(), "dc")
    drive = way.to(ASKING)
    chain = iso2.CertificateChainType(
        Certificate=shown[0], SubCertificates=iso2.SubCertificatesType(Certificate=shown[1:])
    )
    step = drive.send(iso2.PaymentDetailsReq(eMAID=way.ev.emaid, ContractSignatureCertChain=chain))
    assert step.code in ("FAILED_CertChainError", "FAILED_CertificateNotAllowedAtThisEVSE")


@FEW
@given(st.sampled_from(["CertificateInstallationReq", "CertificateUpdateReq"]), st.integers(0, 64 * 8 - 1))
def test_in_the_signature_of_a_certificate_request(name: str, bit: int) -> None:
    way = contract_way(MakeDrive(), "dc")
    drive = way.to(ASKING)
    install = name == "CertificateInstallationReq"
    body = way.ev.certificate_installation() if install else way.ev.certificate_update()
    message = drive.message(body)
    message.Header.Signature = sign([Part(body)], pki().vehicle[0].key if install else way.ev.key)
    value = message.Header.Signature.SignatureValue
    value.value = flip(value.value, bit)
    step = drive.receive_octets(exi.encode(message))
    assert (step.code, step.names) == ("FAILED_SignatureError", [])


@FEW
@given(st.integers(min_value=0, max_value=64 * 8 - 1))
def test_in_the_signature_of_a_receipt(bit: int) -> None:
    way = contract_way(MakeDrive(), "dc", receipt_required=True)
    drive = way.to("CURRENT_DEMAND")
    way.read_meter()
    shown = drive.ok(way.ev.current_demand()).body.MeterInfo
    body = ContractEv().receipt(drive.session.session_id, shown)
    message = drive.message(body)
    message.Header.Signature = sign([Part(body)], way.ev.key)
    value = message.Header.Signature.SignatureValue
    value.value = flip(value.value, bit)
    assert drive.receive_octets(exi.encode(message)).code == "FAILED_MeteringSignatureNotValid"


@pytest.mark.parametrize("bit", range(16 * 8))
def test_every_bit_of_the_challenge(bit: int) -> None:
    def change(message: Any) -> None:
        body = message.Body.BodyElement
        body.GenChallenge = flip(body.GenChallenge, bit)

    assert prove(change).code == "FAILED_ChallengeInvalid"
