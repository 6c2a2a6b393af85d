"""Who signs: a private key with the chain of its certificate, read from wherever a layout has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, x448
from cryptography.hazmat.primitives.serialization import Encoding

from fastsecc.errors import ConfigError
from fastsecc.security import chain, files
from fastsecc.security.layouts import SignerFiles

PrivateKey = ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey
AgreementKey = ec.EllipticCurvePrivateKey | x448.X448PrivateKey


@dataclass(frozen=True, slots=True)
class Signer:
    """A key and its chain, leaf first, without root."""

    key: PrivateKey = field(repr=False)
    chain: chain.Path

    @property
    def leaf(self) -> x509.Certificate:
        """Give the key's certificate."""
        return self.chain[0]

    @property
    def kind(self) -> str:
        """Name the key's kind."""
        return files.kind(self.key.public_key()) or ""

    @property
    def octets(self) -> tuple[bytes, ...]:
        """Give the chain in DER."""
        return tuple(certificate.public_bytes(Encoding.DER) for certificate in self.chain)


def read(found: SignerFiles) -> Signer:
    """Read a key, and put its chain together of the certificates that lie beside it.

    Raises:
        ConfigError: names the file at fault and the reason.
    """
    key = _key(found.key, found.passwords)
    if not isinstance(key, ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey):
        raise ConfigError("is of no kind that ISO 15118 has: P-256, P-521 or Ed448", file=found.key)
    pool = tuple(dict.fromkeys(one for path in found.certificates for one in files.certificates(path)))
    leaf = next((one for one in pool if files.same_key(key.public_key(), one.public_key())), None)
    if leaf is None:
        raise ConfigError("no certificate beside it matches this private key", file=found.key)
    return Signer(key, chain.assemble(leaf, pool))


def read_all(found: Iterable[SignerFiles]) -> tuple[Signer, ...]:
    """Read several.

    Raises:
        ConfigError: as `read`.
    """
    return tuple(read(one) for one in found)


def agreement_key(path: Path) -> AgreementKey:
    """Read a key that is for key agreement.

    Raises:
        ConfigError: it cannot be read or is another.
    """
    key = _key(path, (path.with_name(f"{path.stem}Password.txt"), path.with_name("oemLeafPassword.txt")))
    if not isinstance(key, ec.EllipticCurvePrivateKey | x448.X448PrivateKey):
        raise ConfigError("is no key for key agreement: P-256, P-521 or X448", file=path)
    return key


def _key(path: Path, passwords: Iterable[Path]) -> object:
    encrypted = files.is_encrypted(path)
    return files.private_key(path, next((one for one in passwords if one.exists()), None) if encrypted else None)
