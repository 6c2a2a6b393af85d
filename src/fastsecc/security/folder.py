"""EVerest's evse_security role, played on a folder of certificates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.x509 import ocsp as ocsp_responses

from fastsecc.charger.enums import HashAlgorithm
from fastsecc.errors import CertificateError, ConfigError, Fault
from fastsecc.security import chain, files, layouts, ocsp, pki, staples
from fastsecc.security.evse_security import (
    CaCertificateType,
    CertificateHashData,
    CertificateInfo,
    CertificateValidationResult,
    EncodingFormat,
    GetCertificateFullInfoResult,
    GetCertificateInfoResult,
    GetCertificateInfoStatus,
    LeafCertificateType,
    OcspInfo,
    OcspRequestData,
    OcspRequestDataList,
)
from fastsecc.security.trust import Kind, TrustFolder, TrustStore

ROLES: Final[dict[LeafCertificateType, tuple[chain.Role, Kind]]] = {
    LeafCertificateType.V2G: (chain.CPO, "V2G"),
    LeafCertificateType.MO: (chain.CONTRACT, "MO"),
}
ROOTS: Final = {CaCertificateType.V2G: "v2g", CaCertificateType.MO: "mo"}
RULES: Final = chain.Rules(chain.ISO2_KINDS | chain.ISO20_KINDS)

_RESULTS: Final = {
    Fault.expired: CertificateValidationResult.Expired,
    Fault.issuer_expired: CertificateValidationResult.Expired,
    Fault.no_root: CertificateValidationResult.IssuerNotFound,
    Fault.unknown_root: CertificateValidationResult.IssuerNotFound,
    Fault.chain: CertificateValidationResult.InvalidChain,
}


class FolderSecurity:
    """An `EvseSecurity` that reads a folder in one of the layouts that `layouts` knows."""

    def __init__(self, folder: Path, clock: Callable[[], datetime] = staples.today) -> None:
        """Read a folder.

        Args:
            folder: of certificates.
            clock: gives the time of day.

        Raises:
            ConfigError: a file cannot be read, or holds something else.
        """
        self.folder = folder
        self._clock = clock
        self._trust = TrustFolder(folder)

    def trust(self) -> TrustStore:
        """Give roots and revocations for a session that begins now.

        Raises:
            ConfigError: files have changed and cannot be read now.
        """
        return self._trust.current()

    def get_all_valid_certificates_info(
        self, certificate_type: LeafCertificateType, encoding: EncodingFormat, include_ocsp: bool
    ) -> GetCertificateFullInfoResult:
        """Give the charger's chains that are valid now, the newest first; there are no others here."""
        if certificate_type is not LeafCertificateType.V2G or encoding is not EncodingFormat.PEM:
            return GetCertificateFullInfoResult(GetCertificateInfoStatus.NotFound)
        try:
            settings = pki.load(self.folder, self._clock())
        except ConfigError as error:
            missing = "private key" in str(error)
            status = GetCertificateInfoStatus.PrivateKeyNotFound if missing else GetCertificateInfoStatus.NotFound
            return GetCertificateFullInfoResult(status)
        valid = [self._info(made, include_ocsp) for made in settings.chains if made.valid]
        status = GetCertificateInfoStatus.Accepted if valid else GetCertificateInfoStatus.NotFoundValid
        return GetCertificateFullInfoResult(status, valid)

    def get_leaf_certificate_info(
        self, certificate_type: LeafCertificateType, encoding: EncodingFormat, include_ocsp: bool
    ) -> GetCertificateInfoResult:
        """Give the newest chain of the charger that is valid now."""
        every = self.get_all_valid_certificates_info(certificate_type, encoding, include_ocsp)
        return GetCertificateInfoResult(every.status, next(iter(every.info), None))

    def get_verify_file(self, certificate_type: CaCertificateType) -> str:
        """Give the first file with roots; empty if there is none."""
        kind = ROOTS.get(certificate_type)
        found = () if kind is None else layouts.roots(self.folder, kind)
        return str(found[0]) if found else ""

    def get_mo_ocsp_request_data(self, certificate_chain: str) -> OcspRequestDataList:
        """Say what to ask about a contract's chain; nothing if it leads to nobody who is trusted."""
        try:
            path = self._follow(certificate_chain, LeafCertificateType.MO)
        except (CertificateError, ValueError):
            return OcspRequestDataList()
        return OcspRequestDataList(
            [OcspRequestData(_hash_data(one, issuer), ocsp.responder_url(one)) for one, issuer in pairwise(path)]
        )

    def verify_certificate(
        self, certificate_chain: str, certificate_types: Sequence[LeafCertificateType]
    ) -> CertificateValidationResult:
        """Follow a chain to a root of one of these kinds; the first that fits counts, else the last one's trouble."""
        result = CertificateValidationResult.Unknown
        for certificate_type in certificate_types:
            try:
                self._follow(certificate_chain, certificate_type)
            except CertificateError as error:
                result = _RESULTS.get(error.fault, CertificateValidationResult.Unknown)
            except (KeyError, ValueError):
                result = CertificateValidationResult.Unknown
            else:
                return CertificateValidationResult.Valid
        return result

    def _follow(self, certificate_chain: str, certificate_type: LeafCertificateType) -> chain.Path:
        role, kind = ROLES[certificate_type]
        shown = x509.load_pem_x509_certificates(certificate_chain.encode())
        trust = self.trust()
        return chain.validate(shown, role, trust.anchors(kind), self._clock(), RULES, trust.is_revoked)

    def _info(self, made: pki.Chain, include_ocsp: bool) -> CertificateInfo:
        certificates = files.certificates(made.chain_file)
        root = None if made.root_file is None else files.read(made.root_file).decode()
        return CertificateInfo(
            key=str(made.key_file),
            certificate_count=len(certificates),
            certificate_root=root,
            certificate=str(made.chain_file),
            password=None if made.password is None else made.password.decode(),
            ocsp=self._responses(made, certificates) if include_ocsp else None,
        )

    def _responses(self, made: pki.Chain, certificates: tuple[x509.Certificate, ...]) -> list[OcspInfo]:
        roots = () if made.root_file is None else files.certificates(made.root_file)
        whole = (*certificates, *(root for root in roots if files.issued(root, certificates[-1])))
        return [
            OcspInfo(_hash_data(one, issuer), _response_of(made.chain_file.parent / "ocsp", one, issuer))
            for one, issuer in pairwise(whole)
        ]


def _hash_data(certificate: x509.Certificate, issuer: x509.Certificate) -> CertificateHashData:
    asked = ocsp_responses.load_der_ocsp_request(ocsp.request(certificate, issuer))
    return CertificateHashData(
        hash_algorithm=HashAlgorithm.SHA256,
        issuer_name_hash=asked.issuer_name_hash.hex(),
        issuer_key_hash=asked.issuer_key_hash.hex(),
        serial_number=f"{asked.serial_number:x}",
    )


def _response_of(folder: Path, certificate: x509.Certificate, issuer: x509.Certificate) -> str | None:
    for path in sorted(folder.glob("*.der")):
        try:
            response = ocsp_responses.load_der_ocsp_response(files.read(path))
        except ValueError:
            continue
        if ocsp.is_about(response, certificate, issuer):
            return str(path)
    return None
