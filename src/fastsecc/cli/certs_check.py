"""Certificates in plain words: what they are, and which rule they break."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from fastsecc.errors import CertificateError, ConfigError, Fault
from fastsecc.security import chain, files, layouts, pki, signers, trust
from fastsecc.security.layouts import SignerFiles

ROLES: Final[dict[str, tuple[chain.Role, trust.Kind]]] = {
    "charger": (chain.CPO, "V2G"),
    "contract": (chain.CONTRACT, "MO"),
    "vehicle": (chain.OEM, "OEM"),
    "provisioning": (chain.CPS, "CPS"),
}
DOMAINS: Final = {"CPO": "charger", "MO": "contract", "OEM": "vehicle", "CPS": "provisioning"}
HINTS: Final = {
    Fault.expired: "ask for a new one",
    Fault.not_yet_valid: "wait, or set the clock",
    Fault.issuer_expired: "its issuer has to renew it",
    Fault.issuer_not_yet_valid: "wait, or set the clock",
    Fault.unknown_root: "is its root among those of this folder?",
    Fault.no_root: "give roots with --roots DIR",
    Fault.revoked: "it must not be used any more",
}
EVERY_KIND: Final = chain.Rules(chain.ISO2_KINDS | chain.ISO20_KINDS)


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of the report."""

    text: str
    wrong: bool = False


def explain(
    path: Path, roots: Path | None = None, role: str | None = None, now: datetime | None = None
) -> list[Finding]:
    """Explain a folder or a PEM file.

    Args:
        path: of either.
        roots: folder whose roots a chain may lead to; None: for a folder, its own.
        role: one of ROLES; None: of the leaf's domain component.
        now: the time of day; None: that of now.

    Raises:
        ConfigError: a file cannot be read, or there is nothing to explain.
    """
    now = now or datetime.now(UTC)
    if roots is not None and not roots.is_dir():
        raise ConfigError("is no folder", file=roots)
    if path.is_dir():
        return list(_folder(path, trust.load(roots or path), now))
    store = trust.TrustStore() if roots is None else trust.load(roots)
    return list(_chain(files.certificates(path), role, store, now))


def _folder(folder: Path, store: trust.TrustStore, now: datetime) -> Iterator[Finding]:
    found = False
    for kind in ("v2g", "mo", "oem"):
        for path in layouts.roots(folder, kind):
            for root in files.certificates(path):
                found = True
                yield from _headed(f"{kind.upper()} root {path}", [Finding(f"  {_words(root)}"), *_root(root, now)])
    for title, role, shown in _chains(folder, now):
        found = True
        if isinstance(shown, ConfigError):
            yield from _headed(title, [Finding(f"  wrong: {shown}", wrong=True)])
        else:
            yield from _headed(title, _chain(shown, role, store, now))
    yield from (Finding(f"note: {warning}") for warning in store.warnings)
    if not found:
        raise ConfigError("holds no certificates that are known here", file=folder)


def _chains(folder: Path, now: datetime) -> Iterator[tuple[str, str, Sequence[x509.Certificate] | ConfigError]]:
    try:
        for made in pki.load(folder, now).chains:
            yield f"charger {made.key_file}", "charger", files.certificates(made.chain_file)
    except ConfigError as error:
        yield "charger", "charger", error
    others: tuple[tuple[str, Iterable[SignerFiles]], ...] = (
        ("contract", layouts.contracts(folder)),
        ("provisioning", layouts.provisioning(folder)),
        ("vehicle", layouts.vehicles(folder)),
    )
    for role, signed in others:
        for one in signed:
            try:
                yield f"{role} {one.key}", role, signers.read(one).chain
            except ConfigError as error:
                yield f"{role} {one.key}", role, error


def _headed(title: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    yield Finding(title)
    yield from findings


def _chain(
    shown: Sequence[x509.Certificate], role: str | None, store: trust.TrustStore, now: datetime
) -> Iterator[Finding]:
    for certificate in shown:
        yield Finding(f"  {_words(certificate)}")
    role = role or _guess(shown[0])
    if role is None:
        yield Finding("  wrong: its domain component does not tell what it is for; say so with --role", wrong=True)
        return
    what, kind = ROLES[role]
    try:
        path = chain.validate(shown, what, store.anchors(kind), now, EVERY_KIND, store.is_revoked)
    except CertificateError as error:
        hint = f" ({HINTS[error.fault]})" if error.fault in HINTS else ""
        yield Finding(f"  wrong: {error}{hint}", wrong=True)
        return
    yield Finding(f"  in order: a {what.name}'s chain to {files.name(path[-1])}{_standard(shown)}")
    if chain.expires_soon(shown[0], now):
        yield Finding(f"  note: it expires on {shown[0].not_valid_after_utc:%Y-%m-%d}")


def _standard(shown: Sequence[x509.Certificate]) -> str:
    kinds = {files.kind(certificate.public_key()) for certificate in shown}
    if kinds <= chain.ISO2_KINDS:
        return ", for ISO 15118-2"
    return ", for ISO 15118-20" if kinds <= chain.ISO20_KINDS else ", with keys of both standards: for neither"


def _root(root: x509.Certificate, now: datetime) -> Iterator[Finding]:
    if not root.not_valid_before_utc <= now <= root.not_valid_after_utc:
        yield Finding("  wrong: it is not valid now", wrong=True)
    if not files.issued(root, root):
        yield Finding("  note: it is not its own issuer")


def _guess(leaf: x509.Certificate) -> str | None:
    domains = leaf.subject.get_attributes_for_oid(x509.NameOID.DOMAIN_COMPONENT)
    return next((DOMAINS[str(domain.value)] for domain in domains if str(domain.value) in DOMAINS), None)


def _words(certificate: x509.Certificate) -> str:
    kind = files.kind(certificate.public_key()) or "another kind of key"
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    serial = f"serial {certificate.serial_number:x}"
    return f"{files.name(certificate)}: {kind}, {begin:%Y-%m-%d} to {end:%Y-%m-%d}, {serial}"
