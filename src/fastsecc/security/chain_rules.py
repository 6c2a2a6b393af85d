"""The rules that a certificate chain has to keep; `chain` says in which order they are asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NoReturn

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from fastsecc.errors import CertificateError, Fault
from fastsecc.security import files
from fastsecc.security.chain import MAX_CHAIN, Certificate, Path, Role, Rules

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


def check_links(sent: Path) -> None:
    """Refuse a chain that is too long, or not one."""
    if len(sent) > MAX_CHAIN:
        raise CertificateError("", f"a chain has {MAX_CHAIN} certificates at most, not {len(sent)}", Fault.chain)
    for certificate, issuer in pairwise(sent):
        if not files.issued(issuer, certificate):
            raise CertificateError(files.name(certificate), f"was not issued by {files.name(issuer)}", Fault.chain)


def check_validity(path: Path, now: datetime, tolerance: timedelta) -> None:
    """Refuse what is not valid now, within a tolerance."""
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


def check_keys(path: Path, kinds: frozenset[str]) -> None:
    """Refuse keys and signatures of other kinds, and what nobody here understands."""
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


def check_authorities(issuers: Path) -> None:
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


def check_leaf(leaf: Certificate, role: Role, rules: Rules) -> None:
    """Refuse a leaf that is for something else."""
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
