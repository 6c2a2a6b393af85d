"""Certificate chains: who may be what, and whether a chain leads to somebody who is trusted.

The rules are those of ISO 15118-2 (7.9.2, annex F) and ISO 15118-20 (7.3.2, annex B) that a receiver can check; each
refusal names the certificate and the rule.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NoReturn

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtensionOID, NameOID

from fastsecc.errors import CertificateError, Fault
from fastsecc.security import files

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""How far a clock may be wrong before a certificate counts as expired or not yet valid."""
EXPIRES_SOON: Final = timedelta(days=14)
"""[V2G20-2218]"""
MAX_CHAIN: Final = 4
"""Certificates that are sent: a leaf, two sub-CAs, and one more when roots are cross-certified [V2G20-1005]."""

ISO2_KINDS: Final = frozenset({"P-256"})
ISO20_KINDS: Final = frozenset({"P-521", "Ed448"})

_HASHES: Final = {"P-256": "sha256", "P-521": "sha512", "Ed448": None}
_UNDERSTOOD: Final = {
    ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.SUBJECT_INFORMATION_ACCESS,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
}
"""Extensions that may be critical; annex B of ISO 15118-20 makes some critical that need not be."""

Certificate = x509.Certificate
Path = tuple[Certificate, ...]
"""A chain, leaf first, with the root that it leads to last."""
IsRevoked = Callable[[Certificate, Certificate, datetime], bool]
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
    sent = tuple(chain)
    if not sent:
        raise CertificateError("", "there is no certificate", Fault.chain)
    if len(sent) > 1 and files.issued(sent[-1], sent[-1]):
        sent = sent[:-1]  # a root that was sent along proves nothing
    root = next((anchor for anchor in anchors if files.issued(anchor, sent[-1]) and anchor != sent[0]), None)
    path = sent if root is None else (*sent, root)
    _check_links(sent)
    _check_validity(path, now, rules.tolerance)
    _check_keys(path, rules.kinds)
    _check_authorities(path[1:])
    _check_leaf(path[0], role, rules)
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
    return next(iter(_attributes(certificate, NameOID.COMMON_NAME)), "")


def assemble(leaf: Certificate, pool: Iterable[Certificate]) -> Path:
    """Make a chain of certificates that lie about in any order; a root ends it and is not in it."""
    path, rest = [leaf], list(pool)
    while len(path) <= MAX_CHAIN:
        issuer = next((one for one in rest if one not in path and files.issued(one, path[-1])), None)
        if issuer is None or files.issued(issuer, issuer):
            break
        path.append(issuer)
    return tuple(path)


def _check_links(sent: Path) -> None:
    if len(sent) > MAX_CHAIN:
        raise CertificateError("", f"a chain has {MAX_CHAIN} certificates at most, not {len(sent)}", Fault.chain)
    for certificate, issuer in pairwise(sent):
        if not files.issued(issuer, certificate):
            raise CertificateError(files.name(certificate), f"was not issued by {files.name(issuer)}", Fault.chain)


def _check_validity(path: Path, now: datetime, tolerance: timedelta) -> None:
    for certificate in path:  # an expired one anywhere weighs more than one that is not yet valid
        if certificate.not_valid_after_utc + tolerance < now:
            fault = Fault.expired if certificate is path[0] else Fault.issuer_expired
            reason = f"has expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
            raise CertificateError(files.name(certificate), reason, fault)
    for certificate in path:
        if now < certificate.not_valid_before_utc - tolerance:
            fault = Fault.not_yet_valid if certificate is path[0] else Fault.issuer_not_yet_valid
            reason = f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
            raise CertificateError(files.name(certificate), reason, fault)


def _check_keys(path: Path, kinds: frozenset[str]) -> None:
    for certificate in path:
        kind = files.kind(certificate.public_key())
        if kind not in kinds:
            _break(certificate, f"its key is {kind or 'of another kind'}, not {' or '.join(sorted(kinds))}")
    for certificate, issuer in zip(path, (*path[1:], path[-1]), strict=True):
        kind = files.kind(issuer.public_key())
        used = certificate.signature_hash_algorithm
        if kind is not None and (used.name if used else None) != _HASHES[kind]:
            _break(certificate, f"is signed with {used.name if used else 'no hash'}, not {_HASHES[kind] or 'EdDSA'}")
        _check_extensions(certificate)


def _check_extensions(certificate: Certificate) -> None:
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            _break(certificate, f"has a critical extension that is not known: {extension.oid.dotted_string}")


def _check_authorities(issuers: Path) -> None:
    """Check those that issue: the sub-CAs from the leaf up, and the root."""
    for below, certificate in enumerate(issuers):
        constraints = _constraints(certificate)
        usage = _usage(certificate)
        is_root = files.issued(certificate, certificate)
        if constraints is None or not constraints.ca:
            _break(certificate, "is no certificate authority (basic constraints)")
        if usage is None or not usage.key_cert_sign:
            _break(certificate, "its key is not for signing certificates (key usage)")
        length = constraints.path_length
        if length is None and not is_root:
            _break(certificate, "has no path length")
        if length is not None and length < below:
            _break(certificate, f"its path length is {length}, and {below} authorities are below it")


def _check_leaf(leaf: Certificate, role: Role, rules: Rules) -> None:
    constraints, usage = _constraints(leaf), _usage(leaf)
    if constraints is not None and constraints.ca:
        _break(leaf, f"is a certificate authority, not a {role.name} (basic constraints)")
    if usage is None or not usage.digital_signature:
        _break(leaf, "its key is not for signatures (key usage)")
    if role.agrees_keys and not usage.key_agreement:  # [V2G20-822]
        _break(leaf, "its key is not for key agreement (key usage)")
    domains = _attributes(leaf, NameOID.DOMAIN_COMPONENT)
    if role.domain_component is not None and role.domain_component not in domains:
        told = " and ".join(domains) or "missing"
        reason = f"its domain component is {told}, and of a {role.name} it is {role.domain_component}"
        raise CertificateError(files.name(leaf), reason, Fault.subject)
    if not rules.country_in_subject and _attributes(leaf, NameOID.COUNTRY_NAME):
        raise CertificateError(files.name(leaf), "names a country", Fault.subject)


def _constraints(certificate: Certificate) -> x509.BasicConstraints | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return None


def _usage(certificate: Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _attributes(certificate: Certificate, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(oid)]


def _break(certificate: Certificate, reason: str) -> NoReturn:
    raise CertificateError(files.name(certificate), reason, Fault.chain)
