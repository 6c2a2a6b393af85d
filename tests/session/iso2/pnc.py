"""An EV with a contract and a charger that takes it: certificates to throw away, signed requests, ways to states."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from fastsecc import exi
from fastsecc.messages import iso2, xmldsig
from fastsecc.security.ocsp import Revocations
from fastsecc.security.signature import Part, PrivateKey, sign
from fastsecc.session.api import SessionSettings
from fastsecc.sim import test_pki
from fastsecc.sim.issuing import Extras, Identity, KeyKind, issue
from fastsecc.sim.test_pki import EMAID, Pki
from tests.session.conftest import Drive, MakeDrive, START_s, Step
from tests.session.iso2.conftest import Requests, Way

NOW_s = time.time()
METER = {"meter_id": "M1", "energy_Wh_import": {"total": 1234.0}, "timestamp": "2024-01-01T00:00:00Z"}
BOTH = ("Contract", "ExternalPayment")
INSTALL, UPDATE = "CertificateInstallation", "CertificateUpdate"


@cache
def pki() -> Pki:
    """Make the certificates that all tests use."""
    return test_pki.build("P-256")


@cache
def foreign_pki() -> Pki:
    """Make certificates of people whom nobody here knows."""
    return test_pki.build("P-256")


@dataclass
class Roots:
    """Whom the site trusts, and what it knows of revocations."""

    mobility_operators: Sequence[x509.Certificate] = ()
    vehicle_makers: Sequence[x509.Certificate] = ()
    responses: list[bytes] = field(default_factory=list)

    def anchors(self, role: str) -> Sequence[x509.Certificate]:
        return {"MO": self.mobility_operators, "OEM": self.vehicle_makers}[role]

    def is_revoked(self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
        read = [ocsp.load_der_ocsp_response(response) for response in self.responses]
        return Revocations(read).is_revoked(certificate, issuer, now)


def known_roots() -> Roots:
    """Trust those who issue `pki`."""
    return Roots([pki().contract[-1].certificate], [pki().vehicle[-1].certificate])


def contract(name: str = EMAID, *, days: int = 30, kind: KeyKind = "P-256") -> list[Identity]:
    """Make another contract of the operator that all tests know."""
    made = list(pki().contract)
    made[0] = issue(name, kind, made[1], days=days, extras=Extras("MO", test_pki.OCSP_URL))
    return made


def below_expired(number: int) -> list[Identity]:
    """Make a contract whose first or second sub-CA has expired."""
    root = pki().contract[-1]
    first = issue("MO Sub-CA 1", "P-256", root, days=-1 if number == 1 else 30, path_length=1)
    second = issue("MO Sub-CA 2", "P-256", first, days=-1 if number == 2 else 30, path_length=0)
    return [issue(EMAID, "P-256", second, extras=Extras("MO")), second, first, root]


def altered(identity: Identity, issuer: Identity, **parts: Any) -> Identity:
    """Issue a certificate anew with the same key and another subject or another key usage."""
    old = identity.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(parts.get("subject", old.subject))
        .issuer_name(issuer.certificate.subject)
        .public_key(old.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(old.not_valid_before_utc)
        .not_valid_after(old.not_valid_after_utc)
    )
    for extension in old.extensions:
        value = extension.value
        if isinstance(value, x509.KeyUsage):
            value = parts.get("key_usage", value)
        builder = builder.add_extension(value, critical=extension.critical)
    return Identity(builder.sign(issuer.key, hashes.SHA256()), identity.key)


def subject(name: str, **others: str) -> x509.Name:
    """Make a subject: `subject(EMAID, C="DE", DC="MO")`."""
    oids = {"C": NameOID.COUNTRY_NAME, "DC": NameOID.DOMAIN_COMPONENT}
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    return x509.Name(attributes + [x509.NameAttribute(oids[key], value) for key, value in others.items()])


def key_usage(**allowed: bool) -> x509.KeyUsage:
    """Make a key usage that allows what is named."""
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in names})


@dataclass
class ContractEv(Requests):
    """An EV with a contract."""

    chain: list[Identity] = field(default_factory=lambda: pki().contract)
    emaid: str = EMAID

    @property
    def key(self) -> PrivateKey:
        return self.chain[0].key

    def certificate_chain(self) -> iso2.CertificateChainType:
        subs = [identity.der for identity in self.chain[1:-1]]
        return iso2.CertificateChainType(
            Certificate=self.chain[0].der,
            SubCertificates=iso2.SubCertificatesType(Certificate=subs) if subs else None,
        )

    def contract_payment(self, *services: int) -> Any:
        return self.payment("Contract", (1, *services))

    def payment_details(self) -> Any:
        return iso2.PaymentDetailsReq(eMAID=self.emaid, ContractSignatureCertChain=self.certificate_chain())

    def authorization(self, challenge: bytes | None = None) -> Any:
        return iso2.AuthorizationReq(Id=None if challenge is None else "id1", GenChallenge=challenge)

    def certificate_installation(self, vehicle: Identity | None = None) -> Any:
        shown = vehicle or pki().vehicle[0]
        return iso2.CertificateInstallationReq(
            Id="id1", OEMProvisioningCert=shown.der, ListOfRootCertificateIDs=self._roots()
        )

    def certificate_update(self) -> Any:
        chain = self.certificate_chain()
        chain.Id = "chain"
        return iso2.CertificateUpdateReq(
            Id="id1", ContractSignatureCertChain=chain, eMAID=self.emaid, ListOfRootCertificateIDs=self._roots()
        )

    def receipt(self, session_id: bytes, meter: Any, tuple_id: int | None = 1) -> Any:
        return iso2.MeteringReceiptReq(Id="id1", SessionID=session_id, SAScheduleTupleID=tuple_id, MeterInfo=meter)


class ContractWay(Way):
    """Takes a drive from the connection to a state, as an EV with a contract would."""

    def __init__(self, drive: Drive, ev: ContractEv, *, tls: str = "TLSv1.2") -> None:
        super().__init__(drive, ev)
        self.ev: ContractEv = ev
        self.tls = tls
        drive.settings.wall_clock_s = lambda: NOW_s + drive.now - START_s
        self._secure()
        details = "PAYMENT_DETAILS_OR_CERTIFICATE" if drive.charger.supported_certificate_service else "PAYMENT_DETAILS"
        self.steps[3:5] = [
            (details, lambda: drive.ok(ev.contract_payment())),
            ("AUTHORIZATION", self.show_contract),
            ("CHARGE_PARAMETER_DISCOVERY", self.authorize),
        ]

    def _secure(self) -> None:
        if self.tls:
            self.drive.session.secured(self.tls, None)

    def again(self) -> None:
        paused = self.drive.session.paused
        self.drive.close()
        self.drive.now += 10
        self.drive.connect(paused)
        self._secure()
        self.drive.choose("iso2")

    def show_contract(self) -> Step:
        step: Step = self.drive.ok(self.ev.payment_details())
        self.challenge: bytes = step.body.GenChallenge
        return step

    def prove(self) -> Step:
        """Sign the challenge."""
        return self.send_signed(self.ev.authorization(self.challenge))

    def authorize(self) -> None:
        assert self.prove().code == "OK"
        self.decide()
        self.drive.ok(self.ev.authorization())

    def decide(self, status: str = "Accepted", certificate: str = "Accepted") -> Step:
        answer: Step = self.drive.command(
            "authorization_response", authorization_status=status, certificate_status=certificate
        )
        return answer

    def send_signed(self, body: Any, key: PrivateKey | None = None, session_id: bytes | None = None) -> Step:
        """Send a request with its signature."""
        return self.send_with(sign([Part(body)], key or self.ev.key), body, session_id)

    def send_with(self, signature: xmldsig.SignatureType | None, body: Any, session_id: bytes | None = None) -> Step:
        """Send a request with a signature that need not be its own, from its octets."""
        message = self.drive.message(body, session_id)
        message.Header.Signature = signature
        step: Step = self.drive.receive_octets(exi.encode(message))
        return step

    def read_meter(self, energy_wh: float = 1234.0) -> None:
        """Let the charger report its meter."""
        self.drive.command("update_meter_info", powermeter={**METER, "energy_Wh_import": {"total": energy_wh}})


def contract_way(
    make: MakeDrive,
    kind: str,
    ev: ContractEv | None = None,
    settings: SessionSettings | None = None,
    tls: str = "TLSv1.2",
    **values: Any,
) -> ContractWay:
    """Make a charger of a kind, AC or DC, that takes contracts, and an EV that has one."""
    settings = settings or SessionSettings()
    settings.security = settings.security or known_roots()
    drive = getattr(make, kind)(settings, **{"payment_options": BOTH, "supported_certificate_service": True, **values})
    return ContractWay(drive, ev or ContractEv(), tls=tls)


def ask(way: ContractWay, what: str) -> Step:
    """Ask for a certificate as an EV does that has what it needs."""
    if what == INSTALL:
        return way.send_signed(way.ev.certificate_installation(), pki().vehicle[0].key)
    return way.send_signed(way.ev.certificate_update())
