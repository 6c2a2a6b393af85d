"""Whether certificates are revoked: what an OCSP request asks, and what responses and lists at hand say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from fastsecc.charger.enums import HashAlgorithm
from fastsecc.charger.payloads import CertificateHashDataInfo
from fastsecc.security import files

MAX_HASH_DATA: Final = 4
"""How many certificates `require_auth_pnc` tells of."""

Certificate = x509.Certificate


class Status(Enum):
    """What is known of a certificate."""

    good = "good"
    revoked = "revoked"
    unknown = "unknown"


def request(certificate: Certificate, issuer: Certificate) -> bytes:
    """Make an OCSP request, DER."""
    return _request(certificate, issuer).public_bytes(Encoding.DER)


def responder_url(certificate: Certificate) -> str | None:
    """Give the address of who answers OCSP requests about a certificate."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return None
    for description in access:
        location = description.access_location
        if description.access_method == AuthorityInformationAccessOID.OCSP and hasattr(location, "value"):
            return str(location.value)
    return None


def hash_data(path: Sequence[Certificate]) -> list[CertificateHashDataInfo]:
    """Give `iso15118CertificateHashData` of a chain that ends with its root.

    There is one for each certificate that an OCSP responder answers for; a root has no issuer to ask.
    """
    told = []
    for certificate, issuer in pairwise(path):
        url = responder_url(certificate)
        if url is not None:
            asked = _request(certificate, issuer)
            told.append(
                CertificateHashDataInfo(
                    hashAlgorithm=HashAlgorithm.SHA256,
                    issuerNameHash=asked.issuer_name_hash.hex(),
                    issuerKeyHash=asked.issuer_key_hash.hex(),
                    serialNumber=f"{asked.serial_number:x}",
                    responderURL=url,
                )
            )
    return told[:MAX_HASH_DATA]


@dataclass(slots=True)
class Revocations:
    """OCSP responses and revocation lists that are at hand."""

    responses: list[ocsp.OCSPResponse] = field(default_factory=list)
    lists: list[x509.CertificateRevocationList] = field(default_factory=list)
    tolerance: timedelta = timedelta(minutes=5)
    """How far the clock may be wrong."""

    def status(self, certificate: Certificate, issuer: Certificate, now: datetime) -> Status:
        """Tell what is known of a certificate; what is not the issuer's word, or too old, tells nothing.

        A revocation counts whatever else is said, and even when it is old: it is not taken back.
        """
        told = [self._by_response(response, certificate, issuer, now) for response in self.responses]
        told += [self._by_list(listed, certificate, issuer, now) for listed in self.lists]
        return next((status for status in (Status.revoked, Status.good) if status in told), Status.unknown)

    def is_revoked(self, certificate: Certificate, issuer: Certificate, now: datetime) -> bool:
        """Tell whether a certificate is known to be revoked."""
        return self.status(certificate, issuer, now) is Status.revoked

    def _by_response(
        self, response: ocsp.OCSPResponse, certificate: Certificate, issuer: Certificate, now: datetime
    ) -> Status:
        if not is_about(response, certificate, issuer) or not is_genuine(response, issuer, now):
            return Status.unknown
        if response.certificate_status is ocsp.OCSPCertStatus.REVOKED:
            return Status.revoked
        good = response.certificate_status is ocsp.OCSPCertStatus.GOOD
        return self._while_fresh(good, response.this_update_utc, response.next_update_utc, now)

    def _by_list(
        self, listed: x509.CertificateRevocationList, certificate: Certificate, issuer: Certificate, now: datetime
    ) -> Status:
        if listed.issuer != certificate.issuer or not _signed_list(listed, issuer):
            return Status.unknown
        if listed.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
            return Status.revoked
        return self._while_fresh(True, listed.last_update_utc, listed.next_update_utc, now)

    def _while_fresh(self, good: bool, begin: datetime, end: datetime | None, now: datetime) -> Status:
        fresh = begin - self.tolerance <= now and (end is None or now <= end + self.tolerance)
        return Status.good if good and fresh else Status.unknown


def read(folders: Iterable[Path]) -> tuple[Revocations, tuple[str, ...]]:
    """Read what lies in folders: OCSP responses (`*.der`) and revocation lists (`*.crl`, PEM or DER).

    Gives also what was of no use, for people. Raises ConfigError for files that cannot be read at all.
    """
    found, useless = Revocations(), []
    for folder in folders:
        for path in sorted((*folder.glob("*.der"), *folder.glob("*.crl"))):
            try:
                _take(found, path)
            except ValueError as error:
                useless.append(f"{path}: is no OCSP response and no revocation list: {str(error).splitlines()[0]}")
    return found, tuple(useless)


def is_about(response: ocsp.OCSPResponse, certificate: Certificate, issuer: Certificate) -> bool:
    """Tell whether a response is about this certificate of this issuer."""
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return False
    if response.serial_number != certificate.serial_number:
        return False
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, response.hash_algorithm).build()
    return (response.issuer_name_hash, response.issuer_key_hash) == (asked.issuer_name_hash, asked.issuer_key_hash)


def is_genuine(response: ocsp.OCSPResponse, issuer: Certificate, now: datetime) -> bool:
    """Tell whether the issuer, or a responder that it made one, signed a response (RFC 6960, 4.2.2.2)."""
    signers = [issuer, *(one for one in response.certificates if _is_responder(one, issuer, now))]
    return any(_signed_response(response, signer) for signer in signers)


def _request(certificate: Certificate, issuer: Certificate) -> ocsp.OCSPRequest:
    return ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA256()).build()


def _take(found: Revocations, path: Path) -> None:
    octets = files.read(path)
    if path.suffix == ".der":
        response = ocsp.load_der_ocsp_response(octets)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise ValueError(f"it says {response.response_status.name}")
        found.responses.append(response)
    elif octets.startswith(b"-----"):
        found.lists.append(x509.load_pem_x509_crl(octets))
    else:
        found.lists.append(x509.load_der_x509_crl(octets))


def _is_responder(certificate: Certificate, issuer: Certificate, now: datetime) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    valid = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
    return valid and ExtendedKeyUsageOID.OCSP_SIGNING in usage and files.issued(issuer, certificate)


def _signed_response(response: ocsp.OCSPResponse, signer: Certificate) -> bool:
    key = signer.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            used = response.signature_hash_algorithm
            if used is None:
                return False
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(used))
        elif isinstance(key, ed448.Ed448PublicKey):
            key.verify(response.signature, response.tbs_response_bytes)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _signed_list(listed: x509.CertificateRevocationList, issuer: Certificate) -> bool:
    key = issuer.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey | ed448.Ed448PublicKey):
        return False
    try:
        return listed.is_signature_valid(key)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False
