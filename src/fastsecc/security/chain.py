"""Certificate chains: who may be what, and whether a chain leads to somebody who is trusted.

The rules are those of ISO 15118-2 (7.9.2, annex F) and ISO 15118-20 (7.3.2, annex B) that a receiver can check; each
refusal names the certificate and the rule.

Importing this costs next to nothing: `cryptography` is imported with the first certificate.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

from fastsecc.errors import CertificateError, Fault

if TYPE_CHECKING:
    from cryptography import x509

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""How far a clock may be wrong before a certificate counts as expired or not yet valid."""
EXPIRES_SOON: Final = timedelta(days=14)
"""[V2G20-2218]"""
MAX_CHAIN: Final = 4
"""Certificates that are sent: a leaf, two sub-CAs, and one more when roots are cross-certified [V2G20-1005]."""

ISO2_KINDS: Final = frozenset({"P-256"})
ISO20_KINDS: Final = frozenset({"P-521", "Ed448"})

Certificate: TypeAlias = "x509.Certificate"
Path: TypeAlias = "tuple[x509.Certificate, ...]"
"""A chain, leaf first, with the root that it leads to last."""
IsRevoked: TypeAlias = "Callable[[x509.Certificate, x509.Certificate, datetime], bool]"
"""Tells whether a certificate of an issuer is known to be revoked at a time."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a leaf is for."""

    name: str
    domain_component: str | None = None
    """What its subject's DC has to be."""
    agrees_keys: bool = False
    """Whether keys are wrapped for it."""


CPO: Final = Role("charger", "CPO")
CPS: Final = Role("certificate provisioning service", "CPS")
OEM: Final = Role("vehicle", "OEM", agrees_keys=True)
CONTRACT: Final = Role("contract")


@dataclass(frozen=True, slots=True)
class Rules:
    """How strictly a chain is looked at."""

    kinds: frozenset[str] = ISO2_KINDS
    """Of keys."""
    tolerance: timedelta = CLOCK_TOLERANCE
    country_in_subject: bool = True
    """Whether a leaf may name a country; the profiles of ISO 15118-2 do not, real certificates do."""


def load(chain: Iterable[bytes]) -> Path:
    """Read certificates in DER, leaf first.

    Raises:
        CertificateError: one cannot be read.
    """
    from cryptography import x509
    from cryptography.utils import CryptographyDeprecationWarning

    from fastsecc.security import files

    read = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)  # what the library is about to refuse, too
        for number, der in enumerate(chain, 1):
            try:
                certificate = x509.load_der_x509_certificate(der)
                # what is not read here would fail later, in the midst of something else
                _ = certificate.subject, certificate.issuer, certificate.extensions
                _ = certificate.public_key(), certificate.signature_hash_algorithm
            except (*files.UNREADABLE, CryptographyDeprecationWarning) as error:
                reason = (str(error).splitlines() or [type(error).__name__])[0]
                raise CertificateError(f"certificate {number}", f"cannot be read: {reason}", Fault.chain) from None
            if not der.endswith(b"\0" + certificate.signature):  # the one octet that neither is signed nor signs
                raise CertificateError(f"certificate {number}", "is not in DER", Fault.chain)
            read.append(certificate)
    return tuple(read)


def validate(
    chain: Sequence[Certificate],
    role: Role,
    anchors: Sequence[Certificate],
    now: datetime,
    rules: Rules,
    is_revoked: IsRevoked | None = None,
) -> Path:
    """Follow a chain to a root that is trusted; give it with that root.

    What is wrong with the chain itself is said before that its root is unknown, and revocations come last.

    Args:
        chain: leaf first; the root may be there or not.
        role: what the leaf has to be for.
        anchors: roots that are trusted for this role.
        now: the time of day.
        rules: what is allowed.
        is_revoked: None: revocations are not looked at.

    Raises:
        CertificateError: names the certificate and the rule.
    """
    from fastsecc.security import chain_rules, files

    sent = tuple(chain)
    if not sent:
        raise CertificateError("", "there is no certificate", Fault.chain)
    if len(sent) > 1 and files.issued(sent[-1], sent[-1]):
        sent = sent[:-1]  # a root that was sent along proves nothing
    root = next((anchor for anchor in anchors if files.issued(anchor, sent[-1]) and anchor != sent[0]), None)
    path = sent if root is None else (*sent, root)
    chain_rules.check_links(sent)
    chain_rules.check_validity(path, now, rules.tolerance)
    chain_rules.check_keys(path, rules.kinds)
    chain_rules.check_authorities(path[1:])
    chain_rules.check_leaf(path[0], role, rules)
    if root is None:
        fault = Fault.unknown_root if anchors else Fault.no_root
        reason = "leads to no root that is trusted here" if anchors else "there is no root to compare with"
        raise CertificateError(files.name(sent[-1]), reason, fault)
    for certificate, issuer in pairwise(path):
        if is_revoked is not None and is_revoked(certificate, issuer, now):
            raise CertificateError(files.name(certificate), "is revoked", Fault.revoked)
    return path


def expires_soon(certificate: Certificate, now: datetime) -> bool:
    """Tell whether a new certificate should be asked for."""
    return certificate.not_valid_after_utc - now < EXPIRES_SOON


def common_name(certificate: Certificate) -> str:
    """Give the subject's common name: of a contract the eMAID, of a vehicle its PCID; empty if there is none."""
    from cryptography.x509.oid import NameOID

    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def der(certificate: Certificate) -> bytes:
    """Give a certificate as messages carry it."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


def pem(certificate: Certificate) -> str:
    """Give a certificate as the interface carries it."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()


def assemble(leaf: Certificate, pool: Iterable[Certificate]) -> Path:
    """Make a chain of certificates that lie about in any order; a root ends it and is not in it."""
    from fastsecc.security import files

    path, rest = [leaf], list(pool)
    while len(path) <= MAX_CHAIN:
        issuer = next((one for one in rest if one not in path and files.issued(one, path[-1])), None)
        if issuer is None or files.issued(issuer, issuer):
            break
        path.append(issuer)
    return tuple(path)
