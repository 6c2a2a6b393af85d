"""A public key infrastructure to throw away: roots, chains of all who take part in Plug & Charge, OCSP responses.

It is laid out as EVerest does, or as the usual ISO 15118 test certificates are. What EVerest's layout has no place for
lies beside it: `client/mo` the contract of an EV, `client/cps` who signs what is installed, `issuer` the authorities'
keys. For demonstrations and tests: nobody guards its roots' keys.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import x448
from cryptography.hazmat.primitives.serialization import Encoding

from fastsecc.sim.issuing import OWNER_ONLY as OWNER_ONLY
from fastsecc.sim.issuing import Extras as Extras
from fastsecc.sim.issuing import Identity as Identity
from fastsecc.sim.issuing import KeyKind as KeyKind
from fastsecc.sim.issuing import PrivateKey as PrivateKey
from fastsecc.sim.issuing import chain as chain
from fastsecc.sim.issuing import issue as issue
from fastsecc.sim.issuing import key_pem as key_pem
from fastsecc.sim.issuing import kind_of, pem
from fastsecc.sim.issuing import new_key as new_key
from fastsecc.sim.issuing import vouch as vouch
from fastsecc.sim.issuing import write as write

V2G_ROOT: Final = Path("ca/v2g/V2G_ROOT_CA.pem")
MO_ROOT: Final = Path("ca/mo/MO_ROOT_CA.pem")
OEM_ROOT: Final = Path("ca/oem/OEM_ROOT_CA.pem")
CHARGER: Final = Path("client/cso")
VEHICLE: Final = Path("client/oem")
CONTRACT: Final = Path("client/mo")
PROVISIONING: Final = Path("client/cps")
ISSUERS: Final = Path("issuer")
RESPONDERS: Final = Path("issuer/ocsp")

EMAID: Final = "DEFSCC12345678X"
PCID: Final = "FSC12345678901234A"
"""Names of the contract and of the vehicle that is provisioned."""
OCSP_URL: Final = "http://127.0.0.1:2560"
PASSWORD: Final = b"12345"
"""Of the keys in the layout of the usual test certificates, as the programs expect that use it."""
TEST_FOLDERS: Final = {"P-256": "iso15118_2", "P-521": "iso15118_20", "Ed448": "iso15118_20_ed448"}


@dataclass(frozen=True, slots=True)
class Pki:
    """All certificates of one kind of key; each chain has its leaf first and its root last."""

    kind: KeyKind
    charger: list[Identity]
    provisioning: list[Identity]
    vehicle: list[Identity]
    contract: list[Identity]
    responders: list[tuple[Identity, Identity]]
    """Authorities, and who answers OCSP requests for each."""
    vehicle_agreement: x448.X448PrivateKey | None
    """The vehicle's key for key agreement, if it is not that of its certificate."""

    @property
    def chains(self) -> tuple[list[Identity], ...]:
        """Give every chain."""
        return self.charger, self.provisioning, self.vehicle, self.contract

    @property
    def authorities(self) -> list[Identity]:
        """Give everybody who issues certificates, each once."""
        return list({id(issuer): issuer for made in self.chains for issuer in made[1:]}.values())

    def responder(self, authority: Identity) -> Identity:
        """Give who answers OCSP requests for an authority."""
        return next(responder for issuer, responder in self.responders if issuer is authority)


def build(kind: KeyKind = "P-256", *, days: int = 30, ocsp_url: str | None = OCSP_URL) -> Pki:
    """Make certificates for everybody.

    Args:
        kind: of all keys.
        days: how long all is valid.
        ocsp_url: who answers OCSP requests; None: nobody.
    """
    roots = {
        domain: issue(f"{domain} ROOT CA", kind, days=days, path_length=2, extras=Extras(domain))
        for domain in ("V2G", "MO", "OEM")
    }
    agreement = x448.X448PrivateKey.generate() if kind == "Ed448" else None
    vehicle = chain("OEM", roots["OEM"], kind, days=days, extras=Extras("OEM", ocsp_url))
    alternative = Extras("OEM", ocsp_url, alternative_key=agreement.public_key() if agreement else None)
    vehicle[0] = issue(PCID, kind, vehicle[1], days=days, extras=alternative)
    contract = chain("MO", roots["MO"], kind, days=days, extras=Extras("MO", ocsp_url))
    contract[0] = issue(EMAID, kind, contract[1], days=days, extras=Extras("MO", ocsp_url))
    made = Pki(
        kind=kind,
        charger=chain("SECC", roots["V2G"], kind, days=days, extras=Extras("CPO", ocsp_url)),
        provisioning=chain("CPS", roots["V2G"], kind, days=days, extras=Extras("CPS", ocsp_url)),
        vehicle=vehicle,
        contract=contract,
        responders=[],
        vehicle_agreement=agreement,
    )
    for authority in made.authorities:
        name = f"{_common_name(authority)} OCSP"
        made.responders.append((authority, issue(name, kind, authority, days=days, extras=Extras(ocsp_signing=True))))
    return made


def make(
    folder: Path,
    kinds: Sequence[KeyKind] = ("P-256",),
    *,
    days: int = 30,
    staples: bool = True,
    ocsp_url: str | None = OCSP_URL,
) -> list[Pki]:
    """Fill a folder in EVerest's layout.

    Args:
        folder: is made if it is not there.
        kinds: of keys; each has its own roots.
        days: how long all is valid; so are the OCSP responses.
        staples: whether to make OCSP responses for the charger's chains.
        ocsp_url: who answers OCSP requests; None: nobody.
    """
    made = [build(kind, days=days, ocsp_url=ocsp_url) for kind in kinds]
    write_everest(folder, made, staples=staples)
    return made


def write_everest(folder: Path, made: Sequence[Pki], *, staples: bool = True) -> None:
    """Write certificates as EVerest lays them out; roots of the first kind have the names that EVerest expects."""
    for number, pki in enumerate(made):
        suffix = f"_{_short(pki.kind)}" if number else ""
        for place, of in ((V2G_ROOT, pki.charger), (MO_ROOT, pki.contract), (OEM_ROOT, pki.vehicle)):
            write(folder / place.with_stem(place.stem + suffix), of[-1].pem)
        write_chain(folder / CHARGER, "SECC", pki.charger, staples=staples)
        write_chain(folder / VEHICLE, "OEM", pki.vehicle, staples=False)
        write_chain(folder / CONTRACT, "MO", pki.contract, staples=False)
        write_chain(folder / PROVISIONING, "CPS", pki.provisioning, staples=False)
        if pki.vehicle_agreement is not None:
            write(folder / VEHICLE / "agreement/OEM_Ed448_X448.key", key_pem(pki.vehicle_agreement), OWNER_ONLY)
        _write_issuers(folder, pki)


def write_test_certificates(folder: Path, pki: Pki) -> None:
    """Write all of one kind as the usual ISO 15118 test certificates are laid out."""
    place = folder / TEST_FOLDERS[pki.kind]
    for name, made in (
        ("secc", pki.charger),
        ("contract", pki.contract),
        ("oem", pki.vehicle),
        ("cps", pki.provisioning),
    ):
        _write_single(place, f"{name}Leaf", made[0], "Cert")
        write(place / f"private_keys/{name}LeafPassword.txt", PASSWORD + b"\n", OWNER_ONLY)
    subs = (("cpo", pki.charger), ("mo", pki.contract), ("oem", pki.vehicle), ("cps", pki.provisioning))
    for name, (_, second, first, _root) in subs:
        _write_single(place, f"{name}SubCA2", second, "Cert")
        _write_single(place, f"{name}SubCA1", first, "Cert")
        write(place / f"certs/intermediate{name.upper()}CACerts.pem", pem([second, first]))
    for name, made in (("v2g", pki.charger), ("mo", pki.contract), ("oem", pki.vehicle)):
        _write_single(place, f"{name}RootCA", made[-1], "Cert")
    write(place / "private_keys/moSubCA2LeafPassword.txt", PASSWORD + b"\n", OWNER_ONLY)
    write(place / "certs/cpoCertChain.pem", pem(pki.charger[:-1]))
    write(place / "certs/oemCertChain.pem", pem(pki.vehicle[:-1]))
    if pki.vehicle_agreement is not None:
        write(place / "private_keys/oemLeafX448.key", key_pem(pki.vehicle_agreement, PASSWORD), OWNER_ONLY)


def write_chain(folder: Path, name: str, identities: Sequence[Identity], *, staples: bool) -> None:
    """Write a chain without its root, the leaf's key, and the OCSP responses if wanted."""
    *shown, _root = identities
    name = f"{name}_{_short(kind_of(shown[0].key))}"
    write(folder / f"{name}_CERT_CHAIN.pem", pem(shown))
    write(folder / f"{name}_LEAF.key", shown[0].key_pem(), OWNER_ONLY)
    if staples:
        for index, (subject, issuer) in enumerate(pairwise(identities)):
            write(folder / "ocsp" / f"{name}_{index}.der", vouch(subject, issuer))


def _write_issuers(folder: Path, pki: Pki) -> None:
    for authority in pki.authorities:
        stem = re.sub(r"\W+", "_", f"{_common_name(authority)} {_short(pki.kind)}").upper()
        for place, identity in ((ISSUERS, authority), (RESPONDERS, pki.responder(authority))):
            write(folder / place / f"{stem}.pem", identity.pem)
            write(folder / place / f"{stem}.key", identity.key_pem(), OWNER_ONLY)


def _write_single(place: Path, name: str, identity: Identity, end: str) -> None:
    write(place / f"certs/{name}{end}.pem", identity.pem)
    write(place / f"certs/{name}{end}.der", identity.certificate.public_bytes(Encoding.DER))
    write(place / f"private_keys/{name}.key", identity.key_pem(PASSWORD), OWNER_ONLY)


def _short(kind: KeyKind) -> str:
    return kind.replace("-", "")


def _common_name(identity: Identity) -> str:
    return str(identity.certificate.subject.rdns[0].rfc4514_string()).removeprefix("CN=")
