"""An ISO 15118-20 EV with a contract and a charger that takes it, with keys of any kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fastsecc import exi
from fastsecc.messages import iso20, payload_types, xmldsig
from fastsecc.security.signature import Part, PrivateKey, sign
from fastsecc.session.api import SessionSettings
from fastsecc.sim import test_pki
from fastsecc.sim.issuing import Extras, Identity, KeyKind, issue
from fastsecc.sim.test_pki import EMAID, Pki
from tests.session.conftest import Drive, START_s, Step
from tests.session.iso2.pnc import NOW_s, Roots
from tests.session.iso20.conftest import HEADER, VEHICLE, Requests, Way

KINDS: tuple[KeyKind, ...] = ("P-521", "Ed448", "P-256")
BOTH = ("Contract", "ExternalPayment")
ROOT = xmldsig.X509IssuerSerialType(X509IssuerName="CN=V2G ROOT CA", X509SerialNumber=1)


@cache
def _made(kind: KeyKind, whose: str) -> Pki:
    return test_pki.build(kind)


def pki(kind: KeyKind = "P-521") -> Pki:
    """Give the certificates that all tests use."""
    return _made(kind, "ours")


def foreign_pki(kind: KeyKind = "P-521") -> Pki:
    """Give certificates of people whom nobody here knows."""
    return _made(kind, "foreign")


def roots(kind: KeyKind = "P-521") -> Roots:
    """Trust those who issue `pki`."""
    return Roots([pki(kind).contract[-1].certificate], [pki(kind).vehicle[-1].certificate])


def contract(name: str = EMAID, *, days: int = 30, kind: KeyKind = "P-521") -> list[Identity]:
    """Make another contract of the operator that all tests know."""
    made = list(pki(kind).contract)
    made[0] = issue(name, kind, made[1], days=days, extras=Extras("MO", test_pki.OCSP_URL))
    return made


@dataclass
class ContractEv(Requests):
    """An EV with a contract and a provisioning certificate."""

    chain: list[Identity] = field(default_factory=lambda: pki().contract)
    vehicle: list[Identity] = field(default_factory=lambda: pki().vehicle)

    def pnc(self, challenge: bytes, chain: list[Identity] | None = None) -> Any:
        """Build an AuthorizationReq by contract."""
        leaf, *subs, _root = chain or self.chain
        shown = iso20.ContractCertificateChainType(
            Certificate=leaf.der,
            SubCertificates=iso20.SubCertificatesType(Certificate=[sub.der for sub in subs]),
        )
        mode = iso20.PnC_AReqAuthorizationModeType(Id="id1", GenChallenge=challenge, ContractCertificateChain=shown)
        return iso20.AuthorizationReq(
            Header=HEADER,
            SelectedAuthorizationService=iso20.AuthorizationType.PnC,
            PnC_AReqAuthorizationMode=mode,
        )

    def installation(self, most: int = 3, *prioritized: str) -> Any:
        """Build a CertificateInstallationReq."""
        leaf, *subs, _root = self.vehicle
        shown = iso20.SignedCertificateChainType(
            Id="oem",
            Certificate=leaf.der,
            SubCertificates=iso20.SubCertificatesType(Certificate=[sub.der for sub in subs]),
        )
        return iso20.CertificateInstallationReq(
            Header=HEADER,
            OEMProvisioningCertificateChain=shown,
            ListOfRootCertificateIDs=iso20.ListOfRootCertificateIDsType(RootCertificateID=[ROOT]),
            MaximumContractCertificateChains=most,
            PrioritizedEMAIDs=iso20.EMAIDListType(EMAID=list(prioritized)) if prioritized else None,
        )


def signed_part(request: Any) -> Any:
    """Give what of a request is signed."""
    if isinstance(request, iso20.AuthorizationReq):
        return request.PnC_AReqAuthorizationMode
    if isinstance(request, iso20.CertificateInstallationReq):
        return request.OEMProvisioningCertificateChain
    return request.SignedMeteringData


class ContractWay(Way):
    """Takes a drive from the connection to a state, as an EV with a contract would."""

    ev: ContractEv
    challenge: bytes

    def __init__(self, drive: Drive, ev: ContractEv, kind: str, tls: str, **values: str) -> None:
        super().__init__(drive, ev, kind, **values)
        self.signatures: dict[bytes, xmldsig.SignatureType] = {}
        drive.settings.wall_clock_s = lambda: NOW_s + drive.now - START_s
        contract = "Contract" in drive.charger.payment_options and tls == "TLSv1.3"
        certificates = contract and drive.charger.supported_certificate_service
        self.steps[2] = ("AUTHORIZATION_OR_CERTIFICATE" if certificates else "AUTHORIZATION", self.set_up)

    def set_up(self) -> Step:
        """Get the challenge."""
        self.signatures.clear()
        step: Step = self.drive.ok(self.ev.authorization_setup())
        mode = step.body.PnC_ASResAuthorizationMode
        self.challenge = b"" if mode is None else mode.GenChallenge
        return step

    def to_authorization(self) -> Drive:
        """Go on to the authorization, whether certificates are to be had or not."""
        drive: Drive = self.to(self.states[2])
        return drive

    def prove(self, chain: list[Identity] | None = None) -> Step:
        """Sign the challenge with a contract; again the same way if that was done with it before."""
        chain = chain or self.ev.chain
        request = self.ev.pnc(self.challenge, chain)
        shown = b"".join(identity.der for identity in chain)
        if shown not in self.signatures:
            self.signatures[shown] = sign([Part(signed_part(request))], chain[0].key)
        return self.send_with(self.signatures[shown], request)

    def prove_with(self, challenge: bytes) -> Step:
        """Sign a challenge that need not be the one given."""
        return self.send_signed(self.ev.pnc(challenge))

    def authorize(self) -> None:
        assert self.prove().code.startswith("OK")
        self.decide()
        step = self.prove()
        assert step.code.startswith("OK"), step.output.log

    def decide(self, status: str = "Accepted", certificate: str = "Accepted") -> Step:
        """Let the charger answer."""
        answer: Step = self.drive.command(
            "authorization_response", authorization_status=status, certificate_status=certificate
        )
        return answer

    def send_signed(self, request: Any, key: PrivateKey | None = None, payload_type: int | None = None) -> Step:
        """Send a request with a signature over what of it is signed."""
        part = Part(signed_part(request))
        return self.send_with(sign([part], key or self.ev.chain[0].key), request, payload_type)

    def send_with(self, signature: xmldsig.SignatureType | None, request: Any, payload_type: int | None = None) -> Step:
        """Send a request with a signature that need not be its own, from its octets."""
        message = self.drive.message(request)
        message.Header.Signature = signature
        return self.receive(exi.encode(message), payload_type)

    def receive(self, octets: bytes, payload_type: int | None = None) -> Step:
        """Let octets of the common messages come in."""
        self.drive.now += 0.1
        stream = payload_types.ISO20_COMMON if payload_type is None else payload_type
        return self.drive.took(self.drive.session.receive(exi.decode(octets, "iso20"), self.drive.now, stream, octets))

    def resume(self) -> Step:
        """Join the paused session after a pause."""
        own = self.drive.session.session_id
        self.again()
        step: Step = self.drive.send(self.ev.session_setup(), session_id=own)
        return step


MakeContractWay = Callable[..., ContractWay]


def make_contract_way(build: Any) -> MakeContractWay:
    """Make a maker of ways for EVs with contracts: `(kind, control_mode=..., settings=..., ev=..., key=...)`."""

    def made(
        kind: str = "dc",
        *,
        ev: ContractEv | None = None,
        key: KeyKind = "P-521",
        tls: str = "TLSv1.3",
        settings: SessionSettings | None = None,
        control_mode: str = "Scheduled",
        **values: Any,
    ) -> ContractWay:
        policy = settings or SessionSettings(allow_plain_iso20=True)
        policy.security = policy.security or roots(key)
        values = {"payment_options": BOTH, "supported_certificate_service": True, **values}
        drive = build(kind, control_mode, settings=policy, **values).drive
        if tls:
            drive.session.secured(tls, VEHICLE)
        own = ev or ContractEv(pki(key).contract, pki(key).vehicle)
        return ContractWay(drive, own, kind, tls, control_mode=control_mode)

    return made


def refused(step: Step, way: ContractWay, code: str) -> None:
    """Check that nothing came of a request but a warning that lets the EV try again."""
    assert (step.code, step.body.EVSEProcessing, step.output.close) == (code, "Finished", None), step.output.log
    assert "require_auth_pnc" not in step.names
    assert way.drive.session.state == way.states[2]


def ended(step: Step, way: ContractWay) -> None:
    """Check that the signature ended the session."""
    assert (step.code, step.closes) == ("FAILED_SignatureError", True), step.output.log
    assert "require_auth_pnc" not in step.names
    assert way.drive.session.state == way.states[2]


def accepted(way: ContractWay) -> None:
    """Check that the EV may still be authorized with what is right."""
    assert "require_auth_pnc" in way.prove(pki().contract).names
    way.decide()
    step = way.prove(pki().contract)
    assert (step.body.EVSEProcessing, way.drive.session.state) == ("Finished", "SERVICE_DISCOVERY"), step.output.log


def mode_of(request: Any) -> Any:
    return request.PnC_AReqAuthorizationMode
