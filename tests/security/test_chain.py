"""Certificate chains: each rule is broken once, and the refusal names the certificate and the rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from fastsecc import exi
from fastsecc.errors import CertificateError, Fault
from fastsecc.security import chain
from fastsecc.security.chain import CONTRACT, CPO, CPS, ISO2_KINDS, ISO20_KINDS, OEM, Role, Rules
from fastsecc.sim import test_pki
from fastsecc.sim.test_pki import Extras, Identity, KeyKind, Pki, issue

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
RULES: dict[KeyKind, Rules] = {"P-256": Rules(), "P-521": Rules(ISO20_KINDS), "Ed448": Rules(ISO20_KINDS)}
PKI = {kind: test_pki.build(kind) for kind in RULES}
ROLES: dict[str, tuple[Role, Callable[[Pki], list[Identity]]]] = {
    "CPO": (CPO, lambda pki: pki.charger),
    "CPS": (CPS, lambda pki: pki.provisioning),
    "OEM": (OEM, lambda pki: pki.vehicle),
    "contract": (CONTRACT, lambda pki: pki.contract),
}
BASE = PKI["P-256"].contract
LEAF, SUB_2, SUB_1, ROOT = BASE


def certificates(identities: Sequence[Identity]) -> list[x509.Certificate]:
    return [identity.certificate for identity in identities]


def follow(
    shown: Sequence[Identity],
    role: Role = CONTRACT,
    root: Identity = ROOT,
    now: datetime = NOW,
    rules: Rules | None = None,
) -> chain.Path:
    return chain.validate(certificates(shown), role, [root.certificate], now, rules or Rules())


def fault(*args: Any, **keywords: Any) -> tuple[Fault, str]:
    with pytest.raises(CertificateError) as caught:
        follow(*args, **keywords)
    assert caught.value.certificate in str(caught.value)
    return caught.value.fault, str(caught.value)


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("name", ROLES)
def test_every_role_with_every_kind_of_key(name: str, kind: KeyKind) -> None:
    role, of = ROLES[name]
    made = of(PKI[kind])
    shown = chain.load(identity.der for identity in made[:-1])
    assert chain.validate(shown, role, [made[-1].certificate], NOW, RULES[kind]) == tuple(certificates(made))


def test_a_root_that_is_sent_along_makes_no_difference() -> None:
    assert follow(BASE) == follow(BASE[:-1]) == tuple(certificates(BASE))


def test_of_several_roots_the_one_that_issued() -> None:
    others = [issue(f"Root {number}", "P-256", path_length=2).certificate for number in range(2)]
    path = chain.validate(certificates(BASE[:-1]), CONTRACT, [*others, ROOT.certificate], NOW, Rules())
    assert path[-1] == ROOT.certificate


def test_roots_of_the_same_name_and_another_key() -> None:
    twin = issue("MO ROOT CA", "P-256", path_length=2, extras=Extras("MO"))
    assert fault(BASE[:-1], root=twin)[0] is Fault.unknown_root


def test_no_certificate_and_too_many() -> None:
    assert fault([])[0] is Fault.chain
    assert fault([*BASE[:-1], SUB_1, SUB_1]) == (Fault.chain, "a chain has 4 certificates at most, not 5")


def test_a_cross_certificate_makes_the_chain_longer() -> None:
    above = issue("Other Root", "P-256", path_length=3)
    cross = issue("MO ROOT CA", "P-256", above, path_length=2, extras=Extras("MO"), key=ROOT.key)
    assert len(follow([*BASE[:-1], cross], root=above)) == 5


def test_no_roots_at_all_and_an_unknown_one() -> None:
    with pytest.raises(CertificateError) as caught:
        chain.validate(certificates(BASE[:-1]), CONTRACT, [], NOW, Rules())
    assert caught.value.fault is Fault.no_root
    kind, text = fault(BASE[:-1], root=issue("Another", "P-256", path_length=2))
    assert (kind, text) == (Fault.unknown_root, "DC=MO,CN=MO Sub-CA 1: leads to no root that is trusted here")


@pytest.mark.parametrize("order", [(0, 2, 1), (1, 0, 2), (0, 2), (0, 1, 1)])
def test_chains_in_disorder_or_with_gaps(order: tuple[int, ...]) -> None:
    kind, _ = fault([BASE[index] for index in order])
    assert kind in (Fault.chain, Fault.unknown_root)


def foreign() -> list[Identity]:
    return test_pki.build().contract


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_certificate_of_a_foreign_infrastructure(place: int) -> None:
    shown = list(BASE[:-1])
    shown[place] = foreign()[place]
    assert fault(shown)[0] is Fault.chain


@pytest.mark.parametrize("root_too", [False, True])
def test_a_foreign_infrastructure_of_the_same_names(root_too: bool) -> None:
    assert fault(foreign()[: 4 if root_too else 3])[0] is Fault.unknown_root


def lasting(**days: int) -> list[Identity]:
    root = issue("Root", "P-256", days=days.get("root", 30), path_length=2)
    first = issue("First", "P-256", root, days=days.get("first", 30), path_length=1)
    second = issue("Second", "P-256", first, days=days.get("second", 30), path_length=0)
    return [issue("DEFSCC12345678X", "P-256", second, days=days.get("leaf", 30)), second, first, root]


@pytest.mark.parametrize(
    ("days", "kind", "name"),
    [
        ({"leaf": -1}, Fault.expired, "DEFSCC12345678X"),
        ({"second": -1}, Fault.issuer_expired, "Second"),
        ({"first": -1}, Fault.issuer_expired, "First"),
        ({"root": -1}, Fault.issuer_expired, "Root"),
        ({"leaf": -1, "first": -1}, Fault.expired, "DEFSCC12345678X"),
    ],
)
def test_what_has_expired(days: dict[str, int], kind: Fault, name: str) -> None:
    made = lasting(**days)
    found, text = fault(made[:-1], root=made[-1])
    assert found is kind
    assert f"CN={name}: has expired on " in text


def test_what_is_not_yet_valid() -> None:
    made = lasting()
    found, text = fault(made[:-1], root=made[-1], now=NOW - 3 * DAY)
    assert found is Fault.not_yet_valid
    assert "DEFSCC12345678X: is not valid before " in text
    younger = issue("DEFSCC12345678X", "P-256", made[1], days=-9)
    assert fault([younger, *made[1:3]], root=made[-1], now=NOW - 12 * DAY)[0] is Fault.issuer_not_yet_valid


def test_clocks_may_be_a_little_wrong() -> None:
    end, begin = LEAF.certificate.not_valid_after_utc, LEAF.certificate.not_valid_before_utc
    inside, outside = chain.CLOCK_TOLERANCE, chain.CLOCK_TOLERANCE + timedelta(seconds=1)
    exact = Rules(tolerance=timedelta())
    wide = Rules(tolerance=timedelta(days=1))
    follow(BASE[:1] + BASE[1:-1], now=end)
    assert follow(BASE[:-1], now=end + inside, rules=Rules())
    assert fault(BASE[:-1], now=end + timedelta(seconds=1), rules=exact)[0] is Fault.expired
    assert fault(BASE[:-1], now=max(one.certificate.not_valid_after_utc for one in BASE) + outside)[0] is Fault.expired
    assert follow(BASE[:-1], now=begin - inside, rules=wide)
    assert (
        fault(BASE[:-1], now=min(one.certificate.not_valid_before_utc for one in BASE) - outside)[0]
        is Fault.not_yet_valid
    )


def test_expired_weighs_more_than_an_unknown_root_or_a_wrong_use() -> None:
    made = lasting(leaf=-1)
    assert fault(made[:-1])[0] is Fault.expired
    assert fault(made[:-1], role=OEM)[0] is Fault.expired


@pytest.mark.parametrize("kind", ["P-521", "Ed448"])
def test_keys_of_another_standard(kind: KeyKind) -> None:
    made = PKI[kind].contract
    found, text = fault(made[:-1], root=made[-1])
    assert (found, text) == (Fault.chain, f"DC=MO,CN=DEFSCC12345678X: its key is {kind}, not P-256")
    with pytest.raises(CertificateError, match="its key is P-256, not Ed448 or P-521"):
        follow(BASE[:-1], rules=Rules(ISO20_KINDS))
    follow(BASE[:-1], rules=Rules(ISO20_KINDS | ISO2_KINDS))


def custom(
    issuer: Identity,
    *,
    usage: x509.KeyUsage | None,
    constraints: x509.BasicConstraints | None = None,
    attributes: Sequence[tuple[x509.ObjectIdentifier, str]] = ((NameOID.COMMON_NAME, "DEFSCC12345678X"),),
    extension: x509.ExtensionType | None = None,
    key: Any = None,
    digest: hashes.HashAlgorithm | None = None,
) -> Identity:
    """Make a certificate that breaks rules."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes]))
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
    )
    for part in (usage, constraints, extension):
        if part is not None:
            builder = builder.add_extension(part, critical=True)
    return Identity(builder.sign(issuer.key, digest or hashes.SHA256()), key)


def usage(*names: str) -> x509.KeyUsage:
    every = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign"
    )
    return x509.KeyUsage(**{name: name in names for name in every.split()}, encipher_only=False, decipher_only=False)


SIGNS = usage("digital_signature")
ISSUES = usage("key_cert_sign", "crl_sign")
VEHICLE = ((NameOID.COMMON_NAME, "PCID"), (NameOID.DOMAIN_COMPONENT, "OEM"))


@pytest.mark.parametrize(
    ("leaf", "role", "kind", "reason"),
    [
        ({"usage": None}, CONTRACT, Fault.chain, "its key is not for signatures"),
        ({"usage": usage("key_agreement")}, CONTRACT, Fault.chain, "its key is not for signatures"),
        ({"usage": SIGNS, "attributes": VEHICLE}, OEM, Fault.chain, "its key is not for key agreement"),
        ({"usage": usage("digital_signature", "key_agreement")}, OEM, Fault.subject, "its domain component is missing"),
        ({"usage": SIGNS, "attributes": VEHICLE}, CPS, Fault.subject, "its domain component is OEM, and of a"),
        ({"usage": SIGNS, "attributes": VEHICLE}, CPO, Fault.subject, "of a charger it is CPO"),
        (
            {"usage": SIGNS, "constraints": x509.BasicConstraints(True, 0)},
            CONTRACT,
            Fault.chain,
            "is a certificate authority, not a contract",
        ),
        (
            {"usage": SIGNS, "extension": x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\5\0")},
            CONTRACT,
            Fault.chain,
            "a critical extension that is not known: 1.2.3",
        ),
        ({"usage": SIGNS, "digest": hashes.SHA512()}, CONTRACT, Fault.chain, "is signed with sha512, not sha256"),
        ({"usage": SIGNS, "key": ec.generate_private_key(ec.SECP384R1())}, CONTRACT, Fault.chain, "of another kind"),
    ],
)
def test_leaves_for_another_purpose(leaf: dict[str, Any], role: Role, kind: Fault, reason: str) -> None:
    found, text = fault([custom(SUB_2, **leaf), SUB_2, SUB_1], role=role)
    assert found is kind
    assert reason in text


def test_a_country_in_the_subject_is_allowed_or_not() -> None:
    named = custom(
        SUB_2, usage=SIGNS, attributes=((NameOID.COMMON_NAME, "DEFSCC12345678X"), (NameOID.COUNTRY_NAME, "DE"))
    )
    follow([named, SUB_2, SUB_1])
    strict = Rules(country_in_subject=False)
    assert fault([named, SUB_2, SUB_1], rules=strict) == (Fault.subject, "C=DE,CN=DEFSCC12345678X: names a country")
    follow(BASE[:-1], rules=strict)


@pytest.mark.parametrize(
    ("authority", "reason"),
    [
        ({"usage": ISSUES}, "is no certificate authority"),
        ({"usage": ISSUES, "constraints": x509.BasicConstraints(False, None)}, "is no certificate authority"),
        ({"usage": SIGNS, "constraints": x509.BasicConstraints(True, 0)}, "not for signing certificates"),
        ({"usage": None, "constraints": x509.BasicConstraints(True, 0)}, "not for signing certificates"),
        ({"usage": ISSUES, "constraints": x509.BasicConstraints(True, None)}, "has no path length"),
    ],
)
def test_authorities_that_are_none(authority: dict[str, Any], reason: str) -> None:
    sub = custom(SUB_1, attributes=((NameOID.COMMON_NAME, "Sub"),), **authority)
    leaf = custom(sub, usage=SIGNS)
    assert fault([leaf, sub, SUB_1]) == (Fault.chain, next_text(reason, leaf, sub, SUB_1))


def next_text(reason: str, *shown: Identity) -> str:
    """Give the whole text that a reason is a part of, and make sure that it names the sub-CA."""
    _, text = fault(shown)
    assert text.startswith("CN=Sub: ")
    assert reason in text
    return text


def test_path_lengths_count_the_authorities_below() -> None:
    third = issue("Third", "P-256", SUB_2, path_length=0)
    leaf = issue("DEFSCC12345678X", "P-256", third)
    found, text = fault([leaf, third, SUB_2, SUB_1])
    assert (found, text) == (Fault.chain, "DC=MO,CN=MO Sub-CA 2: its path length is 0, and 1 authorities are below it")


def test_a_leaf_cannot_issue() -> None:
    forged = issue("DEFSCC00000000X", "P-256", LEAF)
    assert fault([forged, *BASE[:-1]])[0] is Fault.chain


def test_revocations_come_last_and_name_the_certificate() -> None:
    asked: list[tuple[str, str]] = []

    def is_revoked(certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
        asked.append((chain.common_name(certificate), chain.common_name(issuer)))
        return chain.common_name(certificate) == "MO Sub-CA 2"

    with pytest.raises(CertificateError, match="CN=MO Sub-CA 2: is revoked") as caught:
        chain.validate(certificates(BASE), CONTRACT, [ROOT.certificate], NOW, Rules(), is_revoked)
    assert caught.value.fault is Fault.revoked
    assert asked == [("DEFSCC12345678X", "MO Sub-CA 2"), ("MO Sub-CA 2", "MO Sub-CA 1")]


def test_expiring_soon() -> None:
    end = LEAF.certificate.not_valid_after_utc
    assert chain.expires_soon(LEAF.certificate, end - chain.EXPIRES_SOON + DAY)
    assert not chain.expires_soon(LEAF.certificate, end - chain.EXPIRES_SOON - DAY)


def test_certificates_in_any_order_make_a_chain() -> None:
    pool = certificates([ROOT, SUB_1, *PKI["P-256"].charger, SUB_2, LEAF])
    assert chain.assemble(LEAF.certificate, pool) == tuple(certificates(BASE[:-1]))
    assert chain.assemble(LEAF.certificate, []) == (LEAF.certificate,)
    assert chain.assemble(ROOT.certificate, pool) == (ROOT.certificate,)


def test_every_fault_has_its_codes() -> None:
    assert {kind.name: kind.value for kind in Fault} == {
        "chain": ("FAILED_CertChainError", "WARNING_CertificateValidationError"),
        "subject": ("FAILED", "WARNING_CertificateValidationError"),
        "expired": ("FAILED_CertificateExpired", "WARNING_CertificateExpired"),
        "not_yet_valid": ("FAILED_CertificateExpired", "WARNING_CertificateNotYetValid"),
        "issuer_expired": ("FAILED_CertificateNotAllowedAtThisEVSE", "WARNING_CertificateExpired"),
        "issuer_not_yet_valid": ("FAILED_CertificateNotAllowedAtThisEVSE", "WARNING_CertificateNotYetValid"),
        "revoked": ("FAILED_CertificateRevoked", "WARNING_CertificateRevoked"),
        "no_root": ("FAILED_NoCertificateAvailable", "WARNING_eMSPUnknown"),
        "unknown_root": ("FAILED_CertificateNotAllowedAtThisEVSE", "WARNING_eMSPUnknown"),
    }
    error = CertificateError("CN=X", "is odd", Fault.revoked)
    assert (error.iso2_code, error.iso20_code) == Fault.revoked.value


@pytest.mark.parametrize("octets", [b"", b"nonsense", b"\x30\x00", LEAF.der[:-1], b"\x30\x82\xff\xff"])
def test_what_is_no_certificate(octets: bytes) -> None:
    with pytest.raises(CertificateError, match="certificate 2: cannot be read: ") as caught:
        chain.load([LEAF.der, octets])
    assert caught.value.fault is Fault.chain


@given(index=st.integers(0, 2), position=st.floats(0, 1, exclude_max=True))
def test_a_bit_that_is_flipped_in_a_chain_is_noticed(index: int, position: float) -> None:
    octets = [identity.der for identity in BASE[:-1]]
    octets[index] = flipped(octets[index], int(8 * len(octets[index]) * position))
    with pytest.raises(CertificateError):
        chain.validate(chain.load(octets), CONTRACT, [ROOT.certificate], NOW, Rules())


def test_the_octets_around_the_signature_count_as_well() -> None:
    octets = [identity.der for identity in BASE[:-1]]
    for index, der in enumerate(octets):
        outside = der.index(BASE[index].certificate.tbs_certificate_bytes)
        end = outside + len(BASE[index].certificate.tbs_certificate_bytes)
        for bit in (*range(8 * outside), *range(8 * end, 8 * (len(der) - len(BASE[index].certificate.signature)))):
            spoilt = [*octets[:index], flipped(der, bit), *octets[index + 1 :]]
            with pytest.raises(CertificateError):
                chain.validate(chain.load(spoilt), CONTRACT, [ROOT.certificate], NOW, Rules())


def flipped(octets: bytes, bit: int) -> bytes:
    spoilt = bytearray(octets)
    spoilt[bit // 8] ^= 0x80 >> bit % 8
    return bytes(spoilt)


def test_certificates_of_real_tests_are_read(shared: Any) -> None:
    for line in (shared / "vectors/real.jsonl").read_text().splitlines():
        record = json.loads(line)
        if record.get("msg") != "PaymentDetailsReq":
            continue
        shown = exi.decode(bytes.fromhex(record["exi"]), "iso2").Body.BodyElement.ContractSignatureCertChain
        read = chain.load([shown.Certificate, *shown.SubCertificates.Certificate])
        now = read[0].not_valid_before_utc + DAY
        with pytest.raises(CertificateError, match="there is no root to compare with"):  # all else is in order
            chain.validate(read, CONTRACT, [], now, Rules())
        return
    raise AssertionError("no PaymentDetailsReq in the vectors")
