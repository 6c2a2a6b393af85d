"""Which contract certificates ISO 15118-20 sessions take, and with which code the others are refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509

from fastsecc.session.api import SessionSettings
from fastsecc.session.iso20.settings import Iso20Settings
from fastsecc.sim.issuing import Identity, hash_of, issue, vouch
from fastsecc.sim.test_pki import EMAID
from tests.session.iso2.pnc import NOW_s, Roots, key_usage, subject
from tests.session.iso20.pnc import (
    MakeContractWay,
    accepted,
    contract,
    foreign_pki,
    mode_of,
    pki,
    refused,
    roots,
)


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


def test_the_clock_of_the_tests_is_that_of_their_certificates() -> None:
    leaf = pki().contract[0].certificate
    assert leaf.not_valid_before_utc.timestamp() < NOW_s < leaf.not_valid_after_utc.timestamp()
