"""The charger's certificates: a folder is read, checked, and becomes settings for TLS."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from fastsecc.errors import ConfigError
from fastsecc.security import files, layouts, staples

EXPIRY_WARNING_days = 14


@dataclass(frozen=True, slots=True)
class Chain:
    """One chain that the charger can show, and its key."""

    label: str
    """For the log: kind of key and subject of the leaf."""
    kind: str
    """Of the leaf's key: P-256, P-521 or Ed448."""
    chain_file: Path
    key_file: Path
    password: bytes | None = field(repr=False)
    staples: tuple[bytes | None, ...]
    """OCSP responses in DER, one for each certificate of the file."""
    root_file: Path | None
    """The V2G root that it leads to; None: none of the folder's."""
    begin: datetime
    """Since when the leaf is valid."""
    valid: bool
    """Whether it is now."""


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """What a folder holds for TLS."""

    chains: tuple[Chain, ...]
    client_anchors: tuple[Path, ...]
    """PEM files: who issues an EV's certificates."""
    warnings: tuple[str, ...]
    fresh_until: datetime | None
    """When a staple becomes too old."""


def load(folder: Path, now: datetime | None = None) -> TlsSettings:
    """Read a folder of certificates.

    Args:
        folder: in one of the layouts that `layouts` knows.
        now: the time of day; None: that of now.

    Raises:
        ConfigError: names the file at fault and the reason.
    """
    now = now or staples.today()
    layout = layouts.find(folder)
    layouts.v2g_roots(folder)
    reader = _Reader(layout, now)
    chains = _chains(reader, layout)
    anchors = (*layout.v2g_roots, *layout.other_roots)
    for anchor in layout.other_roots:
        reader.certificates(anchor)
    if all(chain.kind != "P-256" for chain in chains):
        reader.warnings.append(f"{folder}: no chain has a P-256 key: TLS 1.2, and so ISO 15118-2, is not possible")
    return TlsSettings(chains, anchors, tuple(reader.warnings), reader.fresh_until)


def _chains(reader: _Reader, layout: layouts.Layout) -> tuple[Chain, ...]:
    """Read all chains that can be served, the newest first.

    Beside the chain that is in use there may be keys that wait for their certificate, and chains of the past.
    """
    read, idle = [], []
    for found in layout.chains:
        chain = reader.chain(found)
        if chain is None:
            idle.append(found)
        else:
            read.append(chain)
    if not read:
        first = idle[0]
        if len(first.chains) == 1:
            raise ConfigError(f"does not match the private key {first.key}", file=first.chains[0])
        raise ConfigError("no certificate beside it matches this private key", file=first.key)
    reader.warnings += [f"{found.key}: is not used: no certificate beside it matches" for found in idle]
    valid = {chain.kind for chain in read if chain.valid}
    served = [chain for chain in read if chain.valid or chain.kind not in valid]
    return tuple(sorted(served, key=lambda chain: chain.begin, reverse=True))


class _Reader:
    """Reads chain after chain and gathers what is to be warned of."""

    def __init__(self, layout: layouts.Layout, now: datetime) -> None:
        self.warnings: list[str] = []
        self.fresh_until: datetime | None = None
        self._now = now
        self._roots = {root: path for path in layout.v2g_roots for root in self.certificates(path)}

    def certificates(self, path: Path) -> tuple[x509.Certificate, ...]:
        """Read certificates and warn of those that are not valid now."""
        read = files.certificates(path)
        for certificate in read:
            self._warn_of_validity(path, certificate)
        return read

    def chain(self, found: layouts.ChainFiles) -> Chain | None:
        """Read a chain and its key; None if no certificate is the key's."""
        password = self._password(found)
        public_key = files.public_key(found.key, password)
        path = _chain_of(found, public_key)
        if path is None:
            return None
        if files.open_to_others(found.key):
            self.warnings.append(f"{found.key}: this private key can be read by everybody; chmod 600 is better")
        chain = self.certificates(path)
        kind = files.kind(public_key)
        if kind is None:
            raise ConfigError("is of no kind that ISO 15118 has: P-256, P-521 or Ed448", file=found.key)
        _check_order(path, chain)
        root = self._root(path, chain)
        leaf = chain[0]
        return Chain(
            label=f"{kind} {files.name(leaf)}",
            kind=kind,
            chain_file=path,
            key_file=found.key,
            password=files.password_of(password),
            staples=self._staples(found.ocsp, chain),
            root_file=root,
            begin=leaf.not_valid_before_utc,
            valid=leaf.not_valid_before_utc <= self._now <= leaf.not_valid_after_utc,
        )

    def _password(self, found: layouts.ChainFiles) -> Path | None:
        if not files.is_encrypted(found.key):
            return None
        return next((path for path in found.passwords if path.exists()), None)

    def _root(self, path: Path, chain: tuple[x509.Certificate, ...]) -> Path | None:
        for root, root_file in self._roots.items():
            if root == chain[-1] or files.issued(root, chain[-1]):
                return root_file
        self.warnings.append(f"{path}: leads to none of the V2G roots here; is an intermediate certificate missing?")
        return None

    def _staples(self, folder: Path, chain: tuple[x509.Certificate, ...]) -> tuple[bytes | None, ...]:
        found = staples.find(folder, chain, (*chain, *self._roots), self._now)
        self.warnings += [warning for warning in found.warnings if warning not in self.warnings]
        times = [time for time in (self.fresh_until, found.fresh_until) if time is not None]
        self.fresh_until = min(times, default=None)
        return tuple(found.responses)

    def _warn_of_validity(self, path: Path, certificate: x509.Certificate) -> None:
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if self._now > end:
            trouble = f"has expired on {end:%Y-%m-%d}"
        elif self._now < begin:
            trouble = f"is not valid before {begin:%Y-%m-%d %H:%M} UTC"
        elif (end - self._now).days < EXPIRY_WARNING_days:
            trouble = f"expires on {end:%Y-%m-%d}"
        else:
            return
        self.warnings.append(f"{path}: {files.name(certificate)} {trouble}")


def _chain_of(found: layouts.ChainFiles, public_key: PublicKeyTypes) -> Path | None:
    """Find the file whose leaf has this key; of several, the one with the longest chain."""
    lengths: dict[Path, int] = {}
    for path in found.chains:
        chain = files.certificates(path)
        if files.same_key(public_key, chain[0].public_key()):
            lengths[path] = len(chain)
    return max(lengths, key=lambda path: lengths[path], default=None)


def _check_order(path: Path, chain: tuple[x509.Certificate, ...]) -> None:
    for subject, issuer in pairwise(chain):
        if not files.issued(issuer, subject):
            names = f"{files.name(subject)} is followed by {files.name(issuer)}, which did not issue it"
            raise ConfigError(names, file=path)
