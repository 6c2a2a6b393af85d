"""An OCSP responder for the certificates in a folder, for tests, demonstrations and closed sites."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as library

from fastsecc.errors import ConfigError
from fastsecc.security import files, layouts, signers
from fastsecc.security.layouts import SignerFiles
from fastsecc.sim.issuing import Identity, hash_of

log = logging.getLogger(__name__)

REQUEST_TYPE: Final = "application/ocsp-request"
RESPONSE_TYPE: Final = "application/ocsp-response"
MAX_REQUEST_OCTETS: Final = 16 * 1024
FRESH_FOR: Final = timedelta(days=1)


class OcspResponder:
    """Answers requests about every certificate of a folder whose issuer's or responder's key is there, too."""

    def __init__(self, folder: Path, revoked: Iterable[int] = ()) -> None:
        """Read a folder that `test_pki` made.

        Args:
            folder: with `issuer`, and in it `ocsp`.
            revoked: serial numbers.

        Raises:
            ConfigError: there are no such keys, or a file cannot be used.
        """
        self._revoked = frozenset(revoked)
        self._responders = dict(_responders(folder / layouts.EVEREST_ISSUERS))
        if not self._responders:
            raise ConfigError("holds no keys of authorities (issuer/*.key)", file=folder)
        self._known = {one for path in sorted(folder.rglob("*.pem")) for one in files.certificates(path)}
        unknown = self._revoked - {one.serial_number for one in self._known}
        if unknown:
            raise ConfigError(f"holds no certificate with serial number {min(unknown):x}", file=folder)

    def answer(self, request: bytes) -> bytes:
        """Answer a request, DER, with a response, DER."""
        try:
            asked = library.load_der_ocsp_request(request)
            found = self._find(asked)
        except ValueError:
            return _refusal(library.OCSPResponseStatus.MALFORMED_REQUEST)
        if found is None:
            return _refusal(library.OCSPResponseStatus.UNAUTHORIZED)
        certificate, issuer = found
        responder = self._responders[issuer]
        is_revoked = certificate.serial_number in self._revoked
        now = datetime.now(UTC).replace(microsecond=0)
        builder = library.OCSPResponseBuilder().add_response(
            cert=certificate,
            issuer=issuer,
            algorithm=asked.hash_algorithm,
            cert_status=library.OCSPCertStatus.REVOKED if is_revoked else library.OCSPCertStatus.GOOD,
            this_update=now,
            next_update=now + FRESH_FOR,
            revocation_time=now if is_revoked else None,
            revocation_reason=None,
        )
        builder = builder.responder_id(library.OCSPResponderEncoding.HASH, responder.certificate)
        builder = builder.certificates([responder.certificate])
        for extension in asked.extensions:
            if isinstance(extension.value, x509.OCSPNonce):
                builder = builder.add_extension(extension.value, critical=False)
        return builder.sign(responder.key, hash_of(responder.key)).public_bytes(Encoding.DER)

    def _find(self, asked: library.OCSPRequest) -> tuple[x509.Certificate, x509.Certificate] | None:
        for certificate in self._known:
            if certificate.serial_number != asked.serial_number:
                continue
            for issuer in self._responders:
                if files.issued(issuer, certificate) and _is_about(asked, certificate, issuer):
                    return certificate, issuer
        return None


class OcspServer(ThreadingHTTPServer):
    """Serves a responder over HTTP (RFC 6960, appendix A)."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], responder: OcspResponder) -> None:
        """Listen.

        Raises:
            ConfigError: the address cannot be had.
        """
        try:
            super().__init__(address, _Handler)
        except OSError as error:
            raise ConfigError(f"cannot listen on {address[0]}:{address[1]}: {error.strerror}", option="ocsp") from None
        self.responder = responder


class _Handler(BaseHTTPRequestHandler):
    server: OcspServer
    timeout = 10

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_REQUEST_OCTETS:
            self.send_error(413)
            return
        self._respond(self.rfile.read(length))

    def do_GET(self) -> None:
        try:
            self._respond(base64.b64decode(unquote(self.path.lstrip("/")), validate=True))
        except binascii.Error:
            self.send_error(400)

    def _respond(self, request: bytes) -> None:
        response = self.server.responder.answer(request)
        self.send_response(200)
        self.send_header("Content-Type", RESPONSE_TYPE)
        self.send_header("Content-Length", str(len(response)))
        self.end_headers()
        self.wfile.write(response)

    def log_message(self, format: str, *args: object) -> None:
        log.info(format, *args)


def _responders(folder: Path) -> Iterable[tuple[x509.Certificate, Identity]]:
    """Read authorities, and who answers for each: a responder of the same file name, or the authority itself."""
    for path in sorted(folder.glob("*.key")):
        (authority,) = files.certificates(path.with_suffix(".pem"))
        own = folder / "ocsp" / path.name
        key = own if own.exists() else path
        signer = signers.read(SignerFiles(key, (), (key.with_suffix(".pem"),)))
        yield authority, Identity(signer.leaf, signer.key)


def _is_about(asked: library.OCSPRequest, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    built = library.OCSPRequestBuilder().add_certificate(certificate, issuer, asked.hash_algorithm).build()
    return (asked.issuer_name_hash, asked.issuer_key_hash) == (built.issuer_name_hash, built.issuer_key_hash)


def _refusal(status: library.OCSPResponseStatus) -> bytes:
    return library.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
