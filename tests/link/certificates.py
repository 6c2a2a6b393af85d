"""Certificates of a charger and of a vehicle, made for one run of the tests."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from fastsecc._link import TlsChain, TlsProfiles
from fastsecc.sim.test_pki import Identity, KeyKind, chain, issue, vouch, write

KINDS: tuple[KeyKind, ...] = ("P-256", "P-521", "Ed448")
PASSWORD = b"open sesame"


@dataclass
class Certificates:
    """For each kind of key a root, a charger's chain below two sub-CAs with its OCSP responses, and a vehicle's."""

    folder: Path
    root: str = "V2G root"
    chargers: dict[KeyKind, list[Identity]] = field(default_factory=dict)
    """Leaf, sub-CAs, root."""
    ocsp: dict[KeyKind, tuple[bytes, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind in KINDS:
            root = issue(f"{self.root} {kind}", kind, path_length=2)
            self.chargers[kind] = chain("SECC", root, kind)
            self.ocsp[kind] = tuple(vouch(subject, issuer) for subject, issuer in pairwise(self.chargers[kind]))
            self._write(f"charger-{kind}", self.chargers[kind])
            vehicle_root = issue(f"OEM root {kind}", kind, path_length=2)
            self._write(f"vehicle-{kind}", chain("vehicle", vehicle_root, kind))

    def _write(self, name: str, identities: list[Identity]) -> None:
        *shown, root = identities
        write(self.folder / f"{name}.pem", b"".join(identity.pem for identity in shown))
        write(self.folder / f"{name}.key", shown[0].key_pem())
        write(self.folder / f"{name}-locked.key", shown[0].key_pem(PASSWORD))
        write(self.folder / f"{name}-root.pem", root.pem)

    def path(self, name: str) -> Path:
        return self.folder / name

    def chain(self, kind: KeyKind = "P-256", **other: Any) -> TlsChain:
        """Describe a charger's chain."""
        standard = TlsChain(
            (self.path(f"charger-{kind}.pem"),),
            self.path(f"charger-{kind}.key"),
            ocsp=self.ocsp[kind],
            roots=(self.path(f"charger-{kind}-root.pem"),),
            label=kind,
        )
        return standard._replace(**other)

    def profiles(self, *kinds: KeyKind, **settings: Any) -> TlsProfiles:
        """Serve the chains of these kinds, all of them if none is named, to the vehicles."""
        anchors = [self.path(f"vehicle-{kind}-root.pem") for kind in KINDS]
        return TlsProfiles([self.chain(kind) for kind in kinds or KINDS], **{"client_anchors": anchors} | settings)

    def ev(self, version: str, vehicle: KeyKind | None = "P-256") -> ssl.SSLContext:
        """Make the settings of an EV that trusts the chargers' roots; `vehicle` names the chain that it shows."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version.replace(".", "_")]
        for kind in KINDS:
            context.load_verify_locations(self.path(f"charger-{kind}-root.pem"))
        if vehicle is not None:
            context.load_cert_chain(self.path(f"vehicle-{vehicle}.pem"), self.path(f"vehicle-{vehicle}.key"))
        return context
