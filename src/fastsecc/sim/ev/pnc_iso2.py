"""ISO 15118-2, paid by the EV's contract: a certificate if there is none, the challenge, signed receipts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from fastsecc.errors import CertificateError, EvError, KeyWrapError, SignatureError
from fastsecc.messages import iso2, xmldsig
from fastsecc.security import chain, installation
from fastsecc.security.signature import ISO2, Part, sign, verify
from fastsecc.security.signers import Signer
from fastsecc.sim.ev.common import ask_until_finished
from fastsecc.sim.ev.phase import Phase, StopSession
from fastsecc.sim.ev.timers import V2G_EVCC_Ongoing_Timeout_s

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev

CERTIFICATE_SERVICE_ID: Final = 2
SERVICES: Final = {"install": "Installation", "update": "Update"}
"""What the EV's wish is called in the parameters of the certificate service."""
ID: Final = "id1"

Response = iso2.CertificateInstallationRes | iso2.CertificateUpdateRes


def find_certificate_service(ev: Ev, response: iso2.ServiceDiscoveryRes) -> Phase[None]:
    """Look whether the EV can get the certificate that it wants here.

    Raises:
        StopSession: it cannot.
    """
    if ev.settings.certificate is None:
        return
    offered = [] if response.ServiceList is None else response.ServiceList.Service
    if CERTIFICATE_SERVICE_ID not in {service.ServiceID for service in offered}:
        raise StopSession("the EVSE has no certificate service")
    detail = yield from ev.ask(iso2.ServiceDetailReq(ServiceID=CERTIFICATE_SERVICE_ID))
    wanted = SERVICES[ev.settings.certificate]
    for one in [] if detail.ServiceParameterList is None else detail.ServiceParameterList.ParameterSet:
        if any(parameter.stringValue == wanted for parameter in one.Parameter):
            ev.certificate_parameter_set_id = one.ParameterSetID
            return
    raise StopSession(f"the EVSE's certificate service does not do {wanted}")


def authorization(ev: Ev) -> Phase[None]:
    """Get a certificate if that is wished for, show the contract, and sign the charger's challenge."""
    if ev.settings.certificate is not None:
        yield from _get_certificate(ev)
    contract = _contract(ev)
    leaf, *sub_cas = contract.octets
    details: iso2.PaymentDetailsRes = yield from ev.ask(
        iso2.PaymentDetailsReq(
            eMAID=chain.common_name(contract.leaf), ContractSignatureCertChain=_certificates(leaf, sub_cas)
        )
    )
    first = iso2.AuthorizationReq(Id=ID, GenChallenge=details.GenChallenge)
    response = yield from ev.ask(first, signature=sign([Part(first)], contract.key))
    if response.EVSEProcessing != "Finished":  # from here on it just asks
        yield from ask_until_finished(ev, iso2.AuthorizationReq, V2G_EVCC_Ongoing_Timeout_s)


def metering_receipt(ev: Ev, response: Any) -> Phase[None]:
    """Confirm the meter reading that a charge-loop response shows; without a contract there is nothing to sign with."""
    body = iso2.MeteringReceiptReq(
        Id=ID,
        SessionID=ev.session_id,
        SAScheduleTupleID=response.SAScheduleTupleID,
        MeterInfo=response.MeterInfo or iso2.MeterInfoType(MeterID=""),
    )
    contract = None if ev.wallet is None else ev.wallet.contract
    yield from ev.ask(body, signature=None if contract is None else sign([Part(body)], contract.key))
    ev.receipts += 1


def _get_certificate(ev: Ev) -> Phase[None]:
    """Ask for a certificate; what comes takes the place of the contract that the EV has."""
    make = {"install": _installation_request, "update": _update_request}[ev.settings.certificate or ""]
    body, signer = make(ev)
    response: Response = yield from ev.ask(body, signature=sign([Part(body)], signer.key))
    _check(ev, response)
    if not isinstance(signer.key, ec.EllipticCurvePrivateKey):
        raise EvError("ISO 15118-2 has keys on P-256 only")
    try:
        got = installation.installed_iso2(response, signer.key)
        shown = chain.load(got.chain)
    except (CertificateError, KeyWrapError) as error:
        raise EvError(f"{type(body).__name__}: the certificate is of no use: {error}") from error
    assert ev.wallet is not None
    ev.wallet.contract = Signer(got.key, shown)


def _installation_request(ev: Ev) -> tuple[iso2.CertificateInstallationReq, Signer]:
    if ev.wallet is None or ev.wallet.vehicle is None:
        raise EvError("there is no vehicle's certificate to install a contract by")
    vehicle = ev.wallet.vehicle
    body = iso2.CertificateInstallationReq(
        Id=ID, OEMProvisioningCert=vehicle.octets[0], ListOfRootCertificateIDs=_root_ids(ev)
    )
    return body, vehicle


def _update_request(ev: Ev) -> tuple[iso2.CertificateUpdateReq, Signer]:
    contract = _contract(ev)
    leaf, *sub_cas = contract.octets
    body = iso2.CertificateUpdateReq(
        Id=ID,
        ContractSignatureCertChain=_certificates(leaf, sub_cas),
        eMAID=chain.common_name(contract.leaf),
        ListOfRootCertificateIDs=_root_ids(ev),
    )
    return body, contract


def _check(ev: Ev, response: Response) -> None:
    """Make sure that a provisioning service below a V2G root vouches for what came.

    Raises:
        EvError: it does not.
    """
    assert ev.wallet is not None
    sent = response.SAProvisioningCertificateChain
    subs = [] if sent.SubCertificates is None else sent.SubCertificates.Certificate
    try:
        shown = chain.load([sent.Certificate, *subs])
        chain.validate(shown, chain.CPS, ev.wallet.v2g_roots, datetime.fromtimestamp(ev.unix_s, UTC), chain.Rules())
        verify(ev.answered_signature, installation.parts_iso2(response), shown[0].public_key(), ISO2)
    except (CertificateError, SignatureError) as error:
        raise EvError(f"{type(response).__name__}: {error}") from error


def _contract(ev: Ev) -> Signer:
    if ev.wallet is None or ev.wallet.contract is None:
        raise EvError("there is no contract to pay by")
    return ev.wallet.contract


def _certificates(leaf: bytes, sub_cas: list[bytes]) -> iso2.CertificateChainType:
    subs = iso2.SubCertificatesType(Certificate=sub_cas) if sub_cas else None
    return iso2.CertificateChainType(Certificate=leaf, SubCertificates=subs)


def _root_ids(ev: Ev) -> iso2.ListOfRootCertificateIDsType:
    """Say which V2G roots the EV has."""
    assert ev.wallet is not None
    return iso2.ListOfRootCertificateIDsType(RootCertificateID=[_root_id(root) for root in ev.wallet.v2g_roots])


def _root_id(root: x509.Certificate) -> xmldsig.X509IssuerSerialType:
    name = root.issuer.rfc4514_string()
    return xmldsig.X509IssuerSerialType(X509IssuerName=name, X509SerialNumber=root.serial_number)
