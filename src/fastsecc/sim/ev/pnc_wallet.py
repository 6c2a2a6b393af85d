"""What an EV has for Plug & Charge: its contract, who it is to its maker, and whom it trusts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from fastsecc.errors import ConfigError
from fastsecc.messages.xmldsig import X509IssuerSerialType
from fastsecc.security import files, layouts, signers
from fastsecc.security.signers import AgreementKey, Signer

KINDS: Final = {"iso2": ("P-256",), "iso20": ("P-521", "Ed448", "P-256")}
"""Keys by protocol, the best first; P-256 in ISO 15118-20 is for those who have nothing else."""


@dataclass(slots=True)
class Wallet:
    """Keys and certificates of one kind."""

    contract: Signer | None
    """None: one has to be installed first."""
    vehicle: Signer | None
    """What a contract is installed by."""
    v2g_roots: tuple[x509.Certificate, ...] = ()
    agreement_key: AgreementKey | None = None
    """What contracts are wrapped for, where it is not the vehicle's own key (Ed448)."""

    @property
    def unwrapping_key(self) -> AgreementKey | None:
        """Give the key that unwraps a contract's; None: there is none that could."""
        if self.agreement_key is not None or self.vehicle is None:
            return self.agreement_key
        return self.vehicle.key if isinstance(self.vehicle.key, ec.EllipticCurvePrivateKey) else None

    @property
    def root_ids(self) -> list[X509IssuerSerialType]:
        """Say which V2G roots the EV has."""
        return [
            X509IssuerSerialType(X509IssuerName=root.issuer.rfc4514_string(), X509SerialNumber=root.serial_number)
            for root in self.v2g_roots
        ]


def for_protocol(folder: Path, protocol: str) -> Wallet:
    """Read what a folder holds for a protocol ("iso2" or "iso20"); see `read`."""
    return read(folder, *KINDS[protocol])


def read(folder: Path, *kinds: str) -> Wallet:
    """Read a folder of certificates, in one of the layouts that `layouts` knows.

    Args:
        folder: with a contract's key or a vehicle's, or both.
        kinds: of keys, the best first, P-256 if none is said; all keys of the wallet are of the same.

    Raises:
        ConfigError: it has neither, or a file cannot be used.
    """
    kinds = kinds or KINDS["iso2"]
    contracts = {signer.kind: signer for signer in signers.read_all(layouts.contracts(folder))}
    vehicles = {signer.kind: signer for signer in signers.read_all(layouts.vehicles(folder))}
    kind = next((kind for kind in kinds if kind in contracts or kind in vehicles), None)
    if kind is None:
        raise ConfigError(f"holds neither a contract nor a vehicle's key of {' or '.join(kinds)}", file=folder)
    roots = tuple(root for path in layouts.v2g_roots(folder) for root in files.certificates(path))
    own = [signers.agreement_key(path) for path in layouts.vehicle_agreement_keys(folder)] if kind == "Ed448" else []
    return Wallet(contracts.get(kind), vehicles.get(kind), roots, own[0] if own else None)
