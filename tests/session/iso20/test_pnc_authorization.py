"""Authorization by contract in ISO 15118-20: the challenge, the certificates, the signature, the charger's decision."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fastsecc.messages import iso20
from fastsecc.security.signature import Part, sign
from fastsecc.session.api import SessionSettings
from fastsecc.sim.issuing import KeyKind
from fastsecc.sim.test_pki import EMAID, OCSP_URL
from tests.session.iso20.pnc import (
    KINDS,
    MakeContractWay,
    accepted,
    contract,
    ended,
    foreign_pki,
    mode_of,
    pki,
    refused,
)

EIM = iso20.AuthorizationType.EIM
WITHOUT_ISO2_KEYS = frozenset({"no-iso2-keys-in-iso20"})


@pytest.mark.parametrize("certificates", [True, False])
@pytest.mark.parametrize("key", KINDS)
def test_oc_024_a_contract_is_proven_and_the_charger_agrees(
    contract_way: MakeContractWay, key: KeyKind, certificates: bool
) -> None:
    way = contract_way(key=key, supported_certificate_service=certificates)
    drive = way.to_authorization()
    step = way.prove()
    assert (step.code, step.body.EVSEProcessing) == ("OK", "Ongoing")
    assert step.names.count("require_auth_pnc") == 1
    for _ in range(3):
        step = way.prove()
        assert (step.code, step.body.EVSEProcessing) == ("OK", "Ongoing")
        assert "require_auth_pnc" not in step.names
    way.decide()
    step = way.prove()
    assert (step.code, step.body.EVSEProcessing) == ("OK", "Finished")
    assert drive.session.state == "SERVICE_DISCOVERY"
    assert "require_auth_eim" not in drive.published


def test_the_charger_is_told_of_the_contract(contract_way: MakeContractWay) -> None:
    way = contract_way()
    way.to_authorization()
    token = way.prove().value("require_auth_pnc")
    chain = pki().contract[:-1]
    assert token["id_token"] == {"value": EMAID, "type": "eMAID"}
    assert token["authorization_type"] == "PlugAndCharge"
    assert token["certificate"] == "".join(identity.pem.decode() for identity in chain)
    hashes = token["iso15118CertificateHashData"]
    assert [told["serialNumber"] for told in hashes] == [f"{one.certificate.serial_number:x}" for one in chain]
    assert {told["responderURL"] for told in hashes} == {OCSP_URL}
    assert set(token) == {"id_token", "authorization_type", "certificate", "iso15118CertificateHashData"}


def test_the_emaid_is_told_as_the_certificate_says_it_without_dashes(contract_way: MakeContractWay) -> None:
    way = contract_way()
    way.to_authorization()
    token = way.prove(contract("de-fsc-c12345678-x")).value("require_auth_pnc")
    assert token["id_token"]["value"] == "defscc12345678x"


def test_a_decision_that_came_before_the_question(contract_way: MakeContractWay) -> None:
    """A yes counts, a no does not."""
    way = contract_way()
    way.to_authorization()
    way.decide()
    assert way.prove().body.EVSEProcessing == "Finished"
    way = contract_way()
    way.to_authorization()
    way.decide("Invalid")
    assert way.prove().body.EVSEProcessing == "Ongoing"


# the challenge


@pytest.mark.parametrize("how", ["zero", "flipped"])
def test_oc_024_a_wrong_challenge(contract_way: MakeContractWay, how: str) -> None:
    """Signed well, but another; the EV may try again with the right one."""
    way = contract_way()
    way.to_authorization()
    wrong = bytes(16) if how == "zero" else bytes([way.challenge[0] ^ 1]) + way.challenge[1:]
    refused(way.prove_with(wrong), way, "WARNING_ChallengeInvalid")
    accepted(way)


def test_a_request_of_another_session_is_refused(contract_way: MakeContractWay) -> None:
    """A replay: recorded and sent again after the EV was authorized with it."""
    way = contract_way()
    drive = way.to("SERVICE_DISCOVERY")
    old_challenge, old_signature = way.challenge, next(iter(way.signatures.values()))
    drive.ok(way.ev.stop())
    way.again()
    drive.ok(way.ev.session_setup())
    way.set_up()
    step = way.send_with(old_signature, way.ev.pnc(old_challenge))
    refused(step, way, "WARNING_ChallengeInvalid")
    ended(way.send_with(old_signature, way.ev.pnc(way.challenge)), way)


def test_a_request_of_the_same_session_is_refused_after_the_end(contract_way: MakeContractWay) -> None:
    """A replay, too: no second authorization comes of it."""
    way = contract_way()
    way.to("SERVICE_DISCOVERY")
    step = way.prove()
    assert (step.code, step.closes) == ("FAILED_SequenceError", True)
    assert "require_auth_pnc" not in step.names


# the signature


def test_no_signature(contract_way: MakeContractWay) -> None:
    way = contract_way()
    way.to_authorization()
    ended(way.send_with(None, way.ev.pnc(way.challenge)), way)


@pytest.mark.parametrize("key", KINDS)
def test_a_signature_of_somebody_else(contract_way: MakeContractWay, key: KeyKind) -> None:
    way = contract_way(key=key)
    way.to_authorization()
    ended(way.send_signed(way.ev.pnc(way.challenge), foreign_pki(key).contract[0].key), way)


def test_no_authorization_comes_of_a_failed_signature(contract_way: MakeContractWay) -> None:
    """Not even if the charger is content, or the EV goes on with a good one."""
    way = contract_way()
    drive = way.to_authorization()
    way.decide()
    ended(way.send_signed(way.ev.pnc(way.challenge), foreign_pki().contract[0].key), way)
    assert way.prove().output.response is None
    assert drive.close().names == ["dlink_terminate"]
    assert "require_auth_pnc" not in drive.published


def flips(octets: bytes) -> list[bytes]:
    """Flip one bit at several places."""
    return [
        octets[:at] + bytes([octets[at] ^ (1 << at % 8)]) + octets[at + 1 :]
        for at in sorted({0, 1, len(octets) // 2, len(octets) - 1})
    ]


PLACES = ("first", "second", "middle", "last")


@pytest.mark.parametrize("place", range(4), ids=PLACES)
@pytest.mark.parametrize("key", KINDS)
def test_a_flipped_bit_in_the_signature(contract_way: MakeContractWay, key: KeyKind, place: int) -> None:
    for flip in (_flip_value, _flip_digest):
        way = contract_way(key=key)
        way.to_authorization()
        request = way.ev.pnc(way.challenge)
        signature = sign([Part(mode_of(request))], way.ev.chain[0].key)
        flip(signature, place)
        ended(way.send_with(signature, request), way)


def _flip_value(signature: Any, place: int) -> None:
    signature.SignatureValue.value = flips(signature.SignatureValue.value)[place]


def _flip_digest(signature: Any, place: int) -> None:
    reference = signature.SignedInfo.Reference[0]
    reference.DigestValue = flips(reference.DigestValue)[place]


@pytest.mark.parametrize("place", range(4), ids=PLACES)
@pytest.mark.parametrize("key", KINDS)
def test_a_flipped_bit_in_what_is_signed(contract_way: MakeContractWay, key: KeyKind, place: int) -> None:
    """A certificate that can still be read is not the one that was issued, nor one that the root has issued."""
    way = contract_way(key=key)
    way.to_authorization()
    request = way.ev.pnc(way.challenge)
    good = sign([Part(mode_of(request))], way.ev.chain[0].key)
    refused(way.send_with(good, way.ev.pnc(flips(way.challenge)[place])), way, "WARNING_ChallengeInvalid")
    for certificates in (_leaf, _sub):
        bad = way.ev.pnc(way.challenge)
        certificates(mode_of(bad).ContractCertificateChain, place)
        unrooted = certificates is _sub and place == len(PLACES) - 1
        code = "WARNING_eMSPUnknown" if unrooted else "WARNING_CertificateValidationError"
        refused(way.send_with(good, bad), way, code)


def _leaf(chain: Any, place: int) -> None:
    chain.Certificate = flips(chain.Certificate)[place]


def _sub(chain: Any, place: int) -> None:
    chain.SubCertificates.Certificate[1] = flips(chain.SubCertificates.Certificate[1])[place]


def test_another_id_than_the_signed_one(contract_way: MakeContractWay) -> None:
    way = contract_way()
    way.to_authorization()
    request = way.ev.pnc(way.challenge)
    signature = sign([Part(mode_of(request))], way.ev.chain[0].key)
    mode_of(request).Id = "id2"
    ended(way.send_with(signature, request), way)


def test_a_digest_or_a_method_of_another_kind(contract_way: MakeContractWay) -> None:
    """P-256 signs with SHA-256; its method does not go with a P-521 key."""
    way = contract_way()
    way.to_authorization()
    request = way.ev.pnc(way.challenge)
    by_p256 = sign([Part(mode_of(request))], pki("P-256").contract[0].key)
    ended(way.send_with(by_p256, request), way)


def test_iso2_keys_are_a_leniency(contract_way: MakeContractWay) -> None:
    """Quirk `iso2-keys-in-iso20`."""
    way = contract_way(key="P-256", settings=SessionSettings(quirks=WITHOUT_ISO2_KEYS))
    way.to_authorization()
    refused(way.prove(), way, "WARNING_CertificateValidationError")
    for key in ("P-521", "Ed448"):
        way = contract_way(key=key, settings=SessionSettings(quirks=WITHOUT_ISO2_KEYS))
        way.to_authorization()
        assert way.prove().code == "OK"


# the decision

DECISIONS = {
    ("Invalid", "SignatureError"): "WARNING_CertificateValidationError",
    ("Expired", "CertificateExpired"): "WARNING_CertificateExpired",
    ("Invalid", "CertificateRevoked"): "WARNING_CertificateRevoked",
    ("Invalid", "CertChainError"): "WARNING_CertificateValidationError",
    ("Invalid", "ContractCancelled"): "WARNING_GeneralPnCAuthorizationError",
    ("Unknown", "NoCertificateAvailable"): "WARNING_GeneralPnCAuthorizationError",
    **{
        (status, "Accepted"): "WARNING_GeneralPnCAuthorizationError"
        for status in ("Blocked", "ConcurrentTx", "Expired", "Invalid", "NoCredit", "NotAtThisTime", "Unknown")
    },
}


@pytest.mark.parametrize(("given", "code"), DECISIONS.items(), ids=["-".join(given) for given in DECISIONS])
def test_a_refusal_of_the_charger(contract_way: MakeContractWay, given: tuple[str, str], code: str) -> None:
    way = contract_way()
    way.to_authorization()
    way.prove()
    way.decide(*given)
    refused(way.prove(), way, code)


def test_the_same_request_is_decided_on_once(contract_way: MakeContractWay) -> None:
    """Another mind of the charger changes nothing; another request, signed anew, makes it be asked again."""
    way = contract_way()
    way.to_authorization()
    way.prove()
    way.decide("Blocked")
    for _ in range(3):
        refused(way.prove(), way, "WARNING_GeneralPnCAuthorizationError")
    way.decide()
    refused(way.prove(), way, "WARNING_GeneralPnCAuthorizationError")
    way.decide("Blocked")
    way.signatures.clear()
    step = way.prove()
    assert (step.code, step.body.EVSEProcessing, step.names.count("require_auth_pnc")) == ("OK", "Ongoing", 1)
    way.decide()
    assert way.prove().body.EVSEProcessing == "Finished"


def test_another_request_while_one_is_being_decided_on(contract_way: MakeContractWay) -> None:
    """[V2G20-1582] wants it unaltered; the first one stays in force."""
    way = contract_way()
    way.to_authorization()
    way.prove()
    refused(way.prove(contract("DEFSCC98765432Y")), way, "WARNING_GeneralPnCAuthorizationError")
    way.decide()
    assert way.prove().body.EVSEProcessing == "Finished"


def test_another_contract_after_a_refusal(contract_way: MakeContractWay) -> None:
    way = contract_way()
    way.to_authorization()
    way.prove()
    way.decide("Blocked")
    way.prove()
    other = contract("DEFSCC98765432Y")
    assert way.prove(other).value("require_auth_pnc")["id_token"]["value"] == "DEFSCC98765432Y"
    way.decide()
    assert way.prove(other).body.EVSEProcessing == "Finished"


def test_external_payment_after_a_refusal(contract_way: MakeContractWay) -> None:
    way = contract_way()
    drive = way.to_authorization()
    way.prove()
    way.decide("Blocked")
    way.prove()
    step = drive.ok(way.ev.authorization())
    assert (step.body.EVSEProcessing, step.names.count("require_auth_eim")) == ("Ongoing", 1)
    way.decide()
    assert drive.ok(way.ev.authorization()).body.EVSEProcessing == "Finished"


def test_a_decision_that_does_not_come(contract_way: MakeContractWay) -> None:
    way = contract_way(settings=SessionSettings(auth_timeout_pnc_s=20.0))
    way.to_authorization()
    way.prove()
    way.drive.wait(10.0)
    assert way.prove().body.EVSEProcessing == "Ongoing"
    way.drive.wait(10.0)
    step = way.prove()
    assert (step.code, step.closes) == ("FAILED", True)


@pytest.mark.parametrize("options", [("ExternalPayment",), ("Contract",)])
def test_what_was_not_offered(contract_way: MakeContractWay, options: tuple[str, ...]) -> None:
    way = contract_way(payment_options=options)
    drive = way.to_authorization()
    wrong = drive.send(way.ev.authorization()) if options == ("Contract",) else way.prove_with(bytes(16))
    refused(wrong, way, "WARNING_AuthorizationSelectionInvalid")


def test_a_mode_that_is_not_the_selected_one(contract_way: MakeContractWay) -> None:
    way = contract_way()
    way.to_authorization()
    request = msgspec.structs.replace(way.ev.pnc(way.challenge), SelectedAuthorizationService=EIM)
    refused(way.send_signed(request), way, "WARNING_AuthorizationSelectionInvalid")
