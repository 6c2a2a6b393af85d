"""Whom a site trusts: roots and what is known of revocations, read once, so that no session touches a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from cryptography import x509

from fastsecc.security import files, layouts, ocsp
from fastsecc.security.ocsp import Revocations

Kind = Literal["V2G", "CPS", "MO", "OEM"]
"""Whose chain is to be followed: a charger's, a provisioning service's, a mobility operator's, a vehicle maker's."""
Stamp = dict[Path, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class TrustStore:
    """Roots and revocations of one moment."""

    v2g: tuple[x509.Certificate, ...] = ()
    mo: tuple[x509.Certificate, ...] = ()
    oem: tuple[x509.Certificate, ...] = ()
    revocations: Revocations = field(default_factory=Revocations)
    warnings: tuple[str, ...] = ()

    def anchors(self, role: Kind) -> Sequence[x509.Certificate]:
        """Give the roots that a chain may lead to; a V2G root may stand above anybody [V2G20-2329]."""
        own: dict[Kind, tuple[x509.Certificate, ...]] = {"MO": self.mo, "OEM": self.oem}
        return (*own.get(role, ()), *self.v2g)

    def is_revoked(self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
        """Tell whether a certificate is known to be revoked."""
        return self.revocations.is_revoked(certificate, issuer, now)


def load(folder: Path) -> TrustStore:
    """Read whom a folder trusts; it need not hold more than that.

    Raises:
        ConfigError: a file cannot be read, or holds something else.
    """
    revocations, useless = ocsp.read(layouts.revocations(folder))
    v2g, mo, oem = (_read(layouts.roots(folder, kind)) for kind in ("v2g", "mo", "oem"))
    return TrustStore(v2g, mo, oem, revocations, useless)


class TrustFolder:
    """A folder whose trust is read again when its files have changed."""

    def __init__(self, folder: Path) -> None:
        """Read a folder.

        Raises:
            ConfigError: as `load`.
        """
        self.folder = folder
        self._stamp = _stamp(folder)
        self._store = load(folder)

    def current(self) -> TrustStore:
        """Give the store for a session that begins now.

        Raises:
            ConfigError: the files have changed and cannot be read now; the next call tries again.
        """
        stamp = _stamp(self.folder)
        if stamp != self._stamp:
            self._store = load(self.folder)
            self._stamp = stamp
        return self._store


def _read(paths: Sequence[Path]) -> tuple[x509.Certificate, ...]:
    return tuple(dict.fromkeys(root for path in paths for root in files.certificates(path)))


def _stamp(folder: Path) -> Stamp:
    found = [path for kind in ("v2g", "mo", "oem") for path in layouts.roots(folder, kind)]
    for place in layouts.revocations(folder):
        found += [*place.glob("*.der"), *place.glob("*.crl")]
    return {path: _state(path) for path in found if path.exists()}


def _state(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino
