"""OCSP responses that are sent along with the certificates they vouch for (RFC 6066, 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from fastsecc.security import files

Certificates = Sequence[x509.Certificate]


@dataclass(slots=True)
class Staples:
    """What was found for a chain."""

    responses: list[bytes | None]
    """DER, one for each certificate of the chain."""
    warnings: list[str] = field(default_factory=list)
    fresh_until: datetime | None = None
    """When the first of them is too old to be sent."""


def find(folder: Path, chain: Certificates, issuers: Certificates, now: datetime) -> Staples:
    """Find the responses for a chain's certificates; their content says whose they are, not their names.

    A response that cannot be read, is too old, or does not say `good` is left out with a warning: an EV refuses such a
    one, and may accept none.

    Args:
        folder: holds `*.der`; need not exist.
        chain: the certificates, leaf first.
        issuers: whoever may have issued them.
        now: the time of day.

    Raises:
        ConfigError: a file cannot be read.
    """
    found = Staples([None] * len(chain))
    for path in sorted(folder.glob("*.der")):
        try:
            response = ocsp.load_der_ocsp_response(files.read(path))
            _place(found, response, path, chain, issuers, now)
        except ValueError as error:
            found.warnings.append(f"{path}: is no usable OCSP response, not stapled: {error}")
    return found


def _place(
    found: Staples,
    response: ocsp.OCSPResponse,
    path: Path,
    chain: Certificates,
    issuers: Certificates,
    now: datetime,
) -> None:
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise ValueError(f"it says {response.response_status.name}")
    for index, certificate in enumerate(chain):
        if not _is_for(response, certificate, issuers):
            continue
        until = response.next_update_utc
        if response.certificate_status is not ocsp.OCSPCertStatus.GOOD:
            raise ValueError(f"it says {response.certificate_status.name} of {files.name(certificate)}")
        if until is not None and until <= now:
            raise ValueError(f"it is good until {until:%Y-%m-%d %H:%M} UTC only")
        found.responses[index] = response.public_bytes(Encoding.DER)
        found.fresh_until = min((time for time in (found.fresh_until, until) if time is not None), default=None)


def _is_for(response: ocsp.OCSPResponse, certificate: x509.Certificate, issuers: Certificates) -> bool:
    if response.serial_number != certificate.serial_number:
        return False
    told = (response.issuer_name_hash, response.issuer_key_hash)
    for issuer in issuers:
        request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, response.hash_algorithm).build()
        if told == (request.issuer_name_hash, request.issuer_key_hash):
            return True
    return False


def today() -> datetime:
    """Give the time of day."""
    return datetime.now(UTC)
