"""The role of EVerest's evse_security interface, as far as a charger's side of ISO 15118 asks for it.

`FolderSecurity` in `folder.py` plays it on a folder of certificates.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from fastsecc.charger.enums import HashAlgorithm
from fastsecc.charger.shape import Shape


class LeafCertificateType(StrEnum):
    """Whose leaf."""

    CSMS = "CSMS"
    V2G = "V2G"
    MF = "MF"
    MO = "MO"


class CaCertificateType(StrEnum):
    """Which roots."""

    V2G = "V2G"
    MO = "MO"
    CSMS = "CSMS"
    MF = "MF"


class EncodingFormat(StrEnum):
    """How files hold certificates."""

    DER = "DER"
    PEM = "PEM"


class GetCertificateInfoStatus(StrEnum):
    """What became of a question for certificates."""

    Accepted = "Accepted"
    Rejected = "Rejected"
    NotFound = "NotFound"
    NotFoundValid = "NotFoundValid"
    PrivateKeyNotFound = "PrivateKeyNotFound"


class CertificateValidationResult(StrEnum):
    """What became of a chain."""

    Valid = "Valid"
    Expired = "Expired"
    InvalidSignature = "InvalidSignature"
    IssuerNotFound = "IssuerNotFound"
    InvalidLeafSignature = "InvalidLeafSignature"
    InvalidChain = "InvalidChain"
    Unknown = "Unknown"


class CertificateHashData(Shape):
    """What an OCSP responder knows a certificate by."""

    hash_algorithm: HashAlgorithm
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


class OcspInfo(Shape):
    """A certificate's OCSP response, if there is one: a file in DER."""

    hash: CertificateHashData
    ocsp_path: str | None = None


class CertificateInfo(Shape):
    """A chain and its key: paths of files, but for the root, which is given in PEM."""

    key: str
    certificate_count: int
    certificate_root: str | None = None
    certificate: str | None = None
    certificate_single: str | None = None
    password: str | None = None
    ocsp: list[OcspInfo] | None = None


class GetCertificateInfoResult(Shape):
    """One chain."""

    status: GetCertificateInfoStatus
    info: CertificateInfo | None = None


class GetCertificateFullInfoResult(Shape):
    """Every chain."""

    status: GetCertificateInfoStatus
    info: list[CertificateInfo] = []


class OcspRequestData(Shape):
    """What to ask an OCSP responder about one certificate."""

    certificate_hash_data: CertificateHashData | None = None
    responder_url: str | None = None


class OcspRequestDataList(Shape):
    """What to ask about a chain, leaf first."""

    ocsp_request_data_list: list[OcspRequestData] = []


class EvseSecurity(Protocol):
    """Whoever keeps the certificates; names and shapes are EVerest's."""

    def get_all_valid_certificates_info(
        self, certificate_type: LeafCertificateType, encoding: EncodingFormat, include_ocsp: bool
    ) -> GetCertificateFullInfoResult:
        """Give every chain that may be shown now."""

    def get_leaf_certificate_info(
        self, certificate_type: LeafCertificateType, encoding: EncodingFormat, include_ocsp: bool
    ) -> GetCertificateInfoResult:
        """Give the newest chain that may be shown now."""

    def get_verify_file(self, certificate_type: CaCertificateType) -> str:
        """Give the path of a file with roots; empty if there is none."""

    def get_mo_ocsp_request_data(self, certificate_chain: str) -> OcspRequestDataList:
        """Say what to ask about a contract's chain, PEM."""

    def verify_certificate(
        self, certificate_chain: str, certificate_types: Sequence[LeafCertificateType]
    ) -> CertificateValidationResult:
        """Follow a chain, PEM, to a root of one of these kinds."""
