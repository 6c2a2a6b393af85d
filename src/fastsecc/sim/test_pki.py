"""A public key infrastructure to throw away: roots, a charger's chains, a vehicle's chain, OCSP responses.

It is laid out as EVerest does. For demonstrations and tests: nobody guards its roots' keys.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

KeyKind = Literal["P-256", "P-521", "Ed448"]
PrivateKey = ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey

CURVES: Final = {"P-256": ec.SECP256R1, "P-521": ec.SECP521R1}
DAY: Final = timedelta(days=1)
V2G_ROOT: Final = Path("ca/v2g/V2G_ROOT_CA.pem")
MO_ROOT: Final = Path("ca/mo/MO_ROOT_CA.pem")
OEM_ROOT: Final = Path("ca/oem/OEM_ROOT_CA.pem")
CHARGER: Final = Path("client/cso")
VEHICLE: Final = Path("client/oem")
OWNER_ONLY: Final = stat.S_IRUSR | stat.S_IWUSR


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(self, password: bytes | None = None) -> bytes:
        """Give the key in PEM, encrypted if there is a password."""
        encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def make(folder: Path, kinds: Sequence[KeyKind] = ("P-256",), *, days: int = 30, staples: bool = True) -> None:
    """Fill a folder: roots, a charger's chain for each kind of key, and a vehicle's.

    Args:
        folder: is made if it is not there.
        kinds: of keys; the first one is the roots' too.
        days: how long all is valid; so are the OCSP responses.
        staples: whether to make OCSP responses for the charger's chains.
    """
    roots = {}
    for path in (V2G_ROOT, MO_ROOT, OEM_ROOT):
        roots[path] = issue(path.stem.replace("_", " "), kinds[0], days=days, path_length=2)
        write(folder / path, roots[path].pem)
    for kind in kinds:
        write_chain(folder / CHARGER, "SECC", chain("SECC", roots[V2G_ROOT], kind, days=days), staples=staples)
    write_chain(folder / VEHICLE, "OEM", chain("OEM", roots[OEM_ROOT], kinds[0], days=days), staples=False)


def chain(name: str, root: Identity, kind: KeyKind, *, days: int = 30) -> list[Identity]:
    """Make a leaf and two sub-CAs below a root; the leaf comes first, the root last."""
    first = issue(f"{name} Sub-CA 1", kind, root, days=days, path_length=1)
    second = issue(f"{name} Sub-CA 2", kind, first, days=days, path_length=0)
    return [issue(f"{name} {kind}", kind, second, days=days), second, first, root]


def issue(
    name: str, kind: KeyKind, issuer: Identity | None = None, *, days: int = 30, path_length: int | None = None
) -> Identity:
    """Make a certificate with a fresh key.

    Args:
        name: its common name.
        kind: of its key.
        issuer: None: it is its own.
        days: how long it is valid, from a day ago on; negative: it has expired.
        path_length: of a certificate authority; None: it is none.
    """
    key = new_key(kind)
    issuer_key = key if issuer is None else issuer.key
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name), _domain("CPO" if issuer else "V2G")])
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
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    return Identity(builder.sign(issuer_key, _hash(issuer_key)), key)


def vouch(leaf: Identity, issuer: Identity, *, days: int = 30, revoked: bool = False) -> bytes:
    """Make an OCSP response about a certificate, DER, signed by its issuer."""
    now = datetime.now(UTC).replace(microsecond=0)
    begin = now - DAY if days > 0 else now + 2 * days * DAY
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
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate)
    return builder.sign(issuer.key, _hash(issuer.key)).public_bytes(Encoding.DER)


def write_chain(folder: Path, name: str, identities: Sequence[Identity], *, staples: bool) -> None:
    """Write a chain without its root, the leaf's key, and the OCSP responses if wanted."""
    *shown, _root = identities
    name = f"{name}_{_kind(shown[0].key).replace('-', '')}"
    write(folder / f"{name}_CERT_CHAIN.pem", b"".join(identity.pem for identity in shown))
    write(folder / f"{name}_LEAF.key", shown[0].key_pem(), OWNER_ONLY)
    if staples:
        for index, (subject, issuer) in enumerate(pairwise(identities)):
            write(folder / "ocsp" / f"{name}_{index}.der", vouch(subject, issuer))


def write(path: Path, octets: bytes, mode: int = 0o644) -> None:
    """Write a file and the folders above it; it has its mode from the first octet on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode)
    path.chmod(mode)
    path.write_bytes(octets)


def new_key(kind: KeyKind) -> PrivateKey:
    """Make a private key."""
    return ed448.Ed448PrivateKey.generate() if kind == "Ed448" else ec.generate_private_key(CURVES[kind]())


def _kind(key: PrivateKey) -> KeyKind:
    if isinstance(key, ed448.Ed448PrivateKey):
        return "Ed448"
    return "P-521" if isinstance(key.curve, ec.SECP521R1) else "P-256"


def _hash(key: PrivateKey) -> hashes.SHA256 | hashes.SHA512 | None:
    """Give the hash that goes with a key in signatures; Ed448 has its own."""
    if isinstance(key, ed448.Ed448PrivateKey):
        return None
    return hashes.SHA512() if isinstance(key.curve, ec.SECP521R1) else hashes.SHA256()


def _domain(component: str) -> x509.NameAttribute[str]:
    return x509.NameAttribute(NameOID.DOMAIN_COMPONENT, component)


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
