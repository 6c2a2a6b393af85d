"""Certificates to throw away: keys, authorities, leaves, OCSP responses. For demonstrations, tests and closed sites."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, x448
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

KeyKind = Literal["P-256", "P-521", "Ed448"]
PrivateKey = ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey

CURVES: Final = {"P-256": ec.SECP256R1, "P-521": ec.SECP521R1}
DAY: Final = timedelta(days=1)
OWNER_ONLY: Final = stat.S_IRUSR | stat.S_IWUSR
ALTERNATIVE_KEY: Final = x509.ObjectIdentifier("2.5.29.72")
"""Extension subjectAltPublicKeyInfo (ITU-T X.509): the key of an Ed448 vehicle that is for key agreement."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        """The certificate in DER."""
        return self.certificate.public_bytes(Encoding.DER)

    def key_pem(self, password: bytes | None = None) -> bytes:
        """Give the key in PEM, encrypted if there is a password."""
        return key_pem(self.key, password)


@dataclass(frozen=True, slots=True)
class Extras:
    """What a certificate may have beyond the usual."""

    domain: str | None = None
    """Domain component of its subject; None: V2G of a root, CPO of all others."""
    ocsp_url: str | None = None
    """Who answers OCSP requests about it."""
    ocsp_signing: bool = False
    """Whether it may answer them."""
    alternative_key: x448.X448PublicKey | None = None
    """A second key, for key agreement."""


USUAL: Final = Extras()


def chain(name: str, root: Identity, kind: KeyKind, *, days: int = 30, extras: Extras = USUAL) -> list[Identity]:
    """Make a leaf and two sub-CAs below a root; the leaf comes first, the root last."""
    above = Extras(extras.domain, extras.ocsp_url)
    first = issue(f"{name} Sub-CA 1", kind, root, days=days, path_length=1, extras=above)
    second = issue(f"{name} Sub-CA 2", kind, first, days=days, path_length=0, extras=above)
    return [issue(f"{name} {kind}", kind, second, days=days, extras=extras), second, first, root]


def issue(
    name: str,
    kind: KeyKind,
    issuer: Identity | None = None,
    *,
    days: int = 30,
    path_length: int | None = None,
    extras: Extras = USUAL,
    key: PrivateKey | None = None,
) -> Identity:
    """Make a certificate.

    Args:
        name: its common name.
        kind: of its key.
        issuer: None: it is its own.
        days: how long it is valid, from a day ago on; negative: it has expired.
        path_length: of a certificate authority; None: it is none.
        extras: what else it has.
        key: None: a fresh one.
    """
    key = key or new_key(kind)
    issuer_key = key if issuer is None else issuer.key
    domain = extras.domain or ("CPO" if issuer else "V2G")
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.DOMAIN_COMPONENT, domain)]
    )
    begin = datetime.now(UTC) - (DAY if days > 0 else -days * 2 * DAY)
    is_ca = path_length is not None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(datetime.now(UTC) + days * DAY)
        .add_extension(x509.BasicConstraints(is_ca, path_length), critical=True)
        .add_extension(_usage(is_ca), critical=True)
        .add_extension(key_identifier(key), critical=False)
        .add_extension(_issuer_identifier(issuer, key), critical=False)
    )
    for extension in _extensions(extras):
        builder = builder.add_extension(extension, critical=False)
    return Identity(builder.sign(issuer_key, hash_of(issuer_key)), key)


def vouch(
    leaf: Identity,
    issuer: Identity,
    *,
    days: int = 30,
    revoked: bool = False,
    responder: Identity | None = None,
) -> bytes:
    """Make an OCSP response about a certificate, DER, signed by its issuer or by a responder in its name."""
    now = datetime.now(UTC).replace(microsecond=0)
    begin = now - DAY if days > 0 else now + 2 * days * DAY
    signer = responder or issuer
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf.certificate,
        issuer=issuer.certificate,
        algorithm=hashes.SHA256(),
        cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
        this_update=begin,
        next_update=now + days * DAY,
        revocation_time=begin if revoked else None,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
    if responder is not None:
        builder = builder.certificates([responder.certificate])
    return builder.sign(signer.key, hash_of(signer.key)).public_bytes(Encoding.DER)


def write(path: Path, octets: bytes, mode: int = 0o644) -> None:
    """Write a file and the folders above it; it has its mode from the first octet on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode)
    path.chmod(mode)
    path.write_bytes(octets)


def pem(identities: Sequence[Identity]) -> bytes:
    """Give the certificates of a chain as one file."""
    return b"".join(identity.pem for identity in identities)


def new_key(kind: KeyKind) -> PrivateKey:
    """Make a private key."""
    return ed448.Ed448PrivateKey.generate() if kind == "Ed448" else ec.generate_private_key(CURVES[kind]())


def key_pem(key: PrivateKey | x448.X448PrivateKey, password: bytes | None = None) -> bytes:
    """Give a key in PEM, encrypted if there is a password."""
    encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def kind_of(key: PrivateKey) -> KeyKind:
    """Tell a key's kind."""
    if isinstance(key, ed448.Ed448PrivateKey):
        return "Ed448"
    return "P-521" if isinstance(key.curve, ec.SECP521R1) else "P-256"


def hash_of(key: PrivateKey) -> hashes.SHA256 | hashes.SHA512 | None:
    """Give the hash that goes with a key in signatures; Ed448 has its own."""
    if isinstance(key, ed448.Ed448PrivateKey):
        return None
    return hashes.SHA512() if isinstance(key.curve, ec.SECP521R1) else hashes.SHA256()


def key_identifier(key: PrivateKey) -> x509.SubjectKeyIdentifier:
    """Give a key's identifier: of 20 octets, and of 8 for the kinds of ISO 15118-20 (RFC 5280, 4.2.1.2)."""
    whole = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    if kind_of(key) == "P-256":
        return whole
    short = bytes([0x40 | whole.digest[-8] & 0x0F]) + whole.digest[-7:]
    return x509.SubjectKeyIdentifier(short)


def _issuer_identifier(issuer: Identity | None, own: PrivateKey) -> x509.AuthorityKeyIdentifier:
    identifier = key_identifier(own if issuer is None else issuer.key)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _extensions(extras: Extras) -> list[x509.ExtensionType]:
    found: list[x509.ExtensionType] = []
    if extras.ocsp_url is not None:
        location = x509.UniformResourceIdentifier(extras.ocsp_url)
        description = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, location)
        found.append(x509.AuthorityInformationAccess([description]))
    if extras.ocsp_signing:
        found += [x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), x509.OCSPNoCheck()]
    if extras.alternative_key is not None:
        octets = extras.alternative_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        found.append(x509.UnrecognizedExtension(ALTERNATIVE_KEY, octets))
    return found


def _usage(is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=not is_ca,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        encipher_only=False,
        decipher_only=False,
    )
