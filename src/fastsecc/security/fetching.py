"""OCSP responses, asked for at the responders that certificates name, and kept to be stapled."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.x509 import ocsp as library

from fastsecc.errors import ConfigError
from fastsecc.security import chain, files, layouts, ocsp, pki

TIMEOUT_s: Final = 10.0
MAX_RESPONSE_OCTETS: Final = 64 * 1024

Ask = Callable[[str, bytes], bytes]
"""Sends a request, DER, to a URL and gives the response, DER; raises OSError."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one certificate."""

    certificate: str
    path: Path | None
    """Where the response was written; None: there is none that can be used."""
    reason: str


def fetch(folder: Path, now: datetime, ask: Ask | None = None) -> list[Fetched]:
    """Ask for a response about every certificate of the charger's chains, and write those that say `good`.

    Args:
        folder: of certificates.
        now: the time of day.
        ask: None: over HTTP.

    Raises:
        ConfigError: a file cannot be used, or a response cannot be written.
    """
    done = []
    for made in pki.load(folder, now).chains:
        shown = files.certificates(made.chain_file)
        roots = [root for path in layouts.v2g_roots(folder) for root in files.certificates(path)]
        root = next((root for root in roots if files.issued(root, shown[-1])), None)
        whole = shown if root is None or root == shown[-1] else (*shown, root)
        place = made.chain_file.parent / "ocsp"
        for index, (certificate, issuer) in enumerate(pairwise(whole)):
            path = place / f"{made.key_file.stem}_{index}.der"
            done.append(_fetch(certificate, issuer, path, now, ask or over_http))
    return done


def over_http(url: str, request: bytes) -> bytes:
    """Send a request by HTTP.

    Raises:
        OSError: nobody answers, or with an error.
        ValueError: the URL is none.
    """
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url} is no HTTP address")
    message = urllib.request.Request(url, request, {"Content-Type": "application/ocsp-request"})
    with urllib.request.urlopen(message, timeout=TIMEOUT_s) as reply:
        octets: bytes = reply.read(MAX_RESPONSE_OCTETS + 1)
    if len(octets) > MAX_RESPONSE_OCTETS:
        raise OSError(f"{url}: the response is longer than {MAX_RESPONSE_OCTETS} octets")
    return octets


def _fetch(certificate: x509.Certificate, issuer: x509.Certificate, path: Path, now: datetime, ask: Ask) -> Fetched:
    name = files.name(certificate)
    url = ocsp.responder_url(certificate)
    if url is None:
        return Fetched(name, None, "names no OCSP responder")
    try:
        octets = ask(url, ocsp.request(certificate, issuer))
        response = library.load_der_ocsp_response(octets)
    except (OSError, ValueError) as error:
        return Fetched(name, None, f"no answer from {url}: {error}")
    trouble = _trouble(response, certificate, issuer, now)
    if trouble is not None:
        return Fetched(name, None, f"{url}: {trouble}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=path) from None
    return Fetched(
        name, path, f"good until {response.next_update_utc:%Y-%m-%d %H:%M} UTC" if response.next_update_utc else "good"
    )


def _trouble(
    response: library.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
) -> str | None:
    if response.response_status is not library.OCSPResponseStatus.SUCCESSFUL:
        return f"says {response.response_status.name}"
    if not ocsp.is_about(response, certificate, issuer):
        return "answers about another certificate"
    status = ocsp.Revocations([response], tolerance=chain.CLOCK_TOLERANCE).status(certificate, issuer, now)
    if status is ocsp.Status.good:
        return None
    return "says that it is revoked" if status is ocsp.Status.revoked else "says nothing that counts"
