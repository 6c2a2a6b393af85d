"""Authorization by contract in ISO 15118-20: the challenge, the certificates, the signature, the charger's decision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from cryptography import x509

from fastsecc.messages import iso20
from fastsecc.security.signature import Part, sign
from fastsecc.session.api import SessionSettings
from fastsecc.session.iso20.settings import Iso20Settings
from fastsecc.sim.issuing import Identity, KeyKind, hash_of, issue, vouch
from fastsecc.sim.test_pki import EMAID, OCSP_URL
from tests.session.conftest import Step
from tests.session.iso2.pnc import NOW_s, Roots, key_usage, subject
from tests.session.iso20.pnc import KINDS, ContractWay, MakeContractWay, contract, foreign_pki, pki, roots

EIM = iso20.AuthorizationType.EIM
WITHOUT_ISO2_KEYS = frozenset({"no-iso2-keys-in-iso20"})


def refused(step: Step, way: ContractWay, code: str) -> None:
    """Check that nothing came of a request but a warning that lets the EV try again."""
    assert (step.code, step.body.EVSEProcessing, step.output.close) == (code, "Finished", None), step.output.log
    assert "require_auth_pnc" not in step.names
    assert way.drive.session.state == way.states[2]


def ended(step: Step, way: ContractWay) -> None:
    """Check that the signature ended the session."""
    assert (step.code, step.closes) == ("FAILED_SignatureError", True), step.output.log
    assert "require_auth_pnc" not in step.names
    assert way.drive.session.state == way.states[2]


def accepted(way: ContractWay) -> None:
    """Check that the EV may still be authorized with what is right."""
    assert "require_auth_pnc" in way.prove(pki().contract).names
    way.decide()
    step = way.prove(pki().contract)
    assert (step.body.EVSEProcessing, way.drive.session.state) == ("Finished", "SERVICE_DISCOVERY"), step.output.log


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


def mode_of(request: Any) -> Any:
    return request.PnC_AReqAuthorizationMode


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


# the certificates


def below(name: str, **values: Any) -> list[Identity]:
    """Make a contract whose leaf has another extension or subject."""
    leaf, second, first, root = pki().contract
    return [altered(leaf, second, subject=subject(name), **values), second, first, root]


def altered(identity: Identity, issuer: Identity, **parts: Any) -> Identity:
    """Issue a certificate anew with the same key and other parts."""
    old = identity.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(parts.get("subject", old.subject))
        .issuer_name(issuer.certificate.subject)
        .public_key(old.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(parts.get("begin", old.not_valid_before_utc))
        .not_valid_after(old.not_valid_after_utc)
    )
    for extension in old.extensions:
        value = extension.value
        if isinstance(value, x509.KeyUsage):
            value = parts.get("key_usage", value)
        builder = builder.add_extension(value, critical=extension.critical)
    return Identity(builder.sign(issuer.key, hash_of(issuer.key)), identity.key)


def not_yet() -> list[Identity]:
    leaf, second, first, root = pki().contract
    begin = leaf.certificate.not_valid_before_utc + timedelta(days=3)
    return [altered(leaf, second, begin=begin), second, first, root]


def sub_expired() -> list[Identity]:
    root = pki().contract[-1]
    first = issue("MO Sub-CA 1", "P-521", root, days=-1, path_length=1)
    second = issue("MO Sub-CA 2", "P-521", first, path_length=0)
    return [issue(EMAID, "P-521", second), second, first, root]


def crossed() -> list[Identity]:
    """The leaf of one operator below the sub-CAs of another."""
    return [pki().contract[0], *foreign_pki().contract[1:]]


REFUSED_CHAINS = {
    "expired": (lambda: contract(days=-1), "WARNING_CertificateExpired"),
    "sub-CA expired": (sub_expired, "WARNING_CertificateExpired"),
    "not yet valid": (not_yet, "WARNING_CertificateNotYetValid"),
    "wrong chain": (crossed, "WARNING_CertificateValidationError"),
    "wrong key usage": (
        lambda: below(EMAID, key_usage=key_usage(key_agreement=True)),
        "WARNING_CertificateValidationError",
    ),
    "a certificate authority": (lambda: pki().contract[1:], "WARNING_CertificateValidationError"),
    "wrong eMAID": (lambda: contract("not an eMAID"), "WARNING_CertificateValidationError"),
    "unknown root": (lambda: foreign_pki().contract, "WARNING_eMSPUnknown"),
}


@pytest.mark.parametrize(("made", "code"), REFUSED_CHAINS.values(), ids=REFUSED_CHAINS)
def test_a_chain_that_is_not_in_order(contract_way: MakeContractWay, made: Any, code: str) -> None:
    """Whatever is signed by it; another contract may be tried."""
    way = contract_way()
    way.to_authorization()
    refused(way.prove(made()), way, code)
    accepted(way)


@pytest.mark.parametrize("made", [b"", b"no certificate"])
def test_a_certificate_that_cannot_be_read(contract_way: MakeContractWay, made: bytes) -> None:
    """The tests' way to OC-041 in ISO 15118-20: no crash."""
    way = contract_way()
    way.to_authorization()
    request = way.ev.pnc(way.challenge)
    mode_of(request).ContractCertificateChain.Certificate = made
    refused(way.send_signed(request), way, "WARNING_CertificateValidationError")


def revoked_roots() -> Roots:
    made = roots()
    leaf, issuer, *_ = pki().contract
    made.responses = [vouch(leaf, issuer, revoked=True)]
    return made


def test_a_revoked_contract(contract_way: MakeContractWay) -> None:
    way = contract_way(settings=SessionSettings(security=revoked_roots()))
    way.to_authorization()
    refused(way.prove(), way, "WARNING_CertificateRevoked")


def test_no_roots_at_all(contract_way: MakeContractWay) -> None:
    way = contract_way(settings=SessionSettings(security=Roots()))
    way.to_authorization()
    refused(way.prove(), way, "WARNING_eMSPUnknown")


@pytest.mark.parametrize("known", [Roots(), revoked_roots(), roots("P-256")], ids=["none", "revoked", "others"])
def test_central_validation_leaves_that_to_the_back_end(contract_way: MakeContractWay, known: Roots) -> None:
    """Without OCSP request data."""
    way = contract_way(settings=SessionSettings(security=known), central_contract_validation_allowed=True)
    way.to_authorization()
    step = way.prove()
    assert (step.code, step.body.EVSEProcessing) == ("OK", "Ongoing")
    token = step.value("require_auth_pnc")
    assert "iso15118CertificateHashData" not in token
    assert token["certificate"].startswith("-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize("name", ["expired", "not yet valid", "wrong chain", "wrong eMAID"])
def test_central_validation_takes_nothing_that_is_plainly_wrong(contract_way: MakeContractWay, name: str) -> None:
    way = contract_way(central_contract_validation_allowed=True)
    way.to_authorization()
    made, code = REFUSED_CHAINS[name]
    refused(way.prove(made()), way, code)


def test_providers_that_are_not_supported(contract_way: MakeContractWay) -> None:
    policy = SessionSettings(iso20=Iso20Settings(supported_providers=("DE-8AA",)))
    way = contract_way(settings=policy)
    way.to_authorization()
    refused(way.prove(), way, "WARNING_eMSPUnknown")
    way = contract_way(settings=SessionSettings(iso20=Iso20Settings(supported_providers=("DE-FSC",))))
    way.to_authorization()
    assert way.prove().code == "OK"


@pytest.mark.parametrize(("days", "code"), [(13, "OK_CertificateExpiresSoon"), (16, "OK")])
def test_a_contract_that_expires_soon(contract_way: MakeContractWay, days: int, code: str) -> None:
    way = contract_way()
    way.to_authorization()
    chain = contract(days=days)
    assert way.prove(chain).code == "OK"
    way.decide()
    step = way.prove(chain)
    assert (step.code, step.body.EVSEProcessing) == (code, "Finished")


def test_a_charger_that_does_not_know_the_time_takes_no_contract(contract_way: MakeContractWay) -> None:
    way = contract_way()
    way.drive.settings.wall_clock_s = None
    way.to_authorization()
    refused(way.prove(), way, "WARNING_CertificateNotYetValid")


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
    """Another one, signed anew, makes the charger be asked again."""
    way = contract_way()
    way.to_authorization()
    way.prove()
    way.decide("Blocked")
    for _ in range(3):
        refused(way.prove(), way, "WARNING_GeneralPnCAuthorizationError")
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


def test_the_clock_of_the_tests_is_that_of_their_certificates() -> None:
    leaf = pki().contract[0].certificate
    assert leaf.not_valid_before_utc.timestamp() < NOW_s < leaf.not_valid_after_utc.timestamp()
