"""What hand-made ClientHellos of TLS 1.2 are answered: chains, staples, trusted_ca_keys."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fastsecc._link import TLS_ANSWERS_STATUS_REQUEST_V2, CloseReason
from tests.link import client_hello as ch
from tests.link.conftest import Connection


def ask(connection: Connection, extensions: dict[int, bytes], **more: Any) -> dict[int, bytes]:
    """Say hello with TLS 1.2 and read the answer."""
    connection.ev.sendall(ch.client_hello(ch.TLS12 | extensions, **more))
    return ch.server_flight(connection.ev)


def test_chain_without_its_root(certificates, accept):
    messages = ask(accept(), {})
    expected = [identity.certificate.public_bytes(Encoding.DER) for identity in certificates.chargers["P-256"][:3]]
    assert ch.shown(messages[ch.CERTIFICATE]) == expected


def test_status_request_of_tls12(certificates, accept):
    messages = ask(accept(), {ch.STATUS_REQUEST: ch.OCSP})
    assert ch.server_extensions(messages[ch.SERVER_HELLO])[ch.STATUS_REQUEST] == b""
    assert messages[ch.CERTIFICATE_STATUS] == b"\x01" + ch.vector(certificates.ocsp["P-256"][0], 3)


@pytest.mark.skipif(TLS_ANSWERS_STATUS_REQUEST_V2, reason="this OpenSSL can")
def test_status_request_v2_falls_back(accept):
    """Where the library cannot answer it, `status_request` is answered, or neither."""
    both = ask(accept(), {ch.STATUS_REQUEST: ch.OCSP, ch.STATUS_REQUEST_V2: ch.OCSP_MULTI})
    assert both[ch.CERTIFICATE_STATUS][0] == 1
    assert ch.STATUS_REQUEST_V2 not in ch.server_extensions(both[ch.SERVER_HELLO])
    assert ch.CERTIFICATE_STATUS not in ask(accept(), {ch.STATUS_REQUEST_V2: ch.OCSP_MULTI})


@pytest.mark.skipif(not TLS_ANSWERS_STATUS_REQUEST_V2, reason="this OpenSSL cannot")
def test_status_request_v2(certificates, accept):
    """OC-040, V2G2-871: one response a certificate."""
    messages = ask(accept(), {ch.STATUS_REQUEST_V2: ch.OCSP_MULTI})
    extensions = ch.server_extensions(messages[ch.SERVER_HELLO])
    assert extensions[ch.STATUS_REQUEST_V2] == b""
    assert ch.STATUS_REQUEST not in extensions
    responses = b"".join(ch.vector(response, 3) for response in certificates.ocsp["P-256"])
    assert messages[ch.CERTIFICATE_STATUS] == b"\x02" + ch.vector(responses, 3)


def identifiers(root: x509.Certificate) -> dict[str, bytes]:
    """Name a root in each way that RFC 6066 knows."""
    key = root.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        "key": bytes([ch.KEY_SHA1_HASH]) + hashlib.sha1(key).digest(),
        "name": bytes([ch.X509_NAME]) + ch.vector(root.subject.public_bytes()),
        "certificate": bytes([ch.CERT_SHA1_HASH]) + hashlib.sha1(root.public_bytes(Encoding.DER)).digest(),
    }


@pytest.mark.parametrize("how", ["key", "name", "certificate"])
def test_trusted_ca_keys_choose_the_chain(accept, two_roots, how):
    """OC-038, V2G2-651: the extension is answered, empty."""
    tls, (leaf, *_, root) = two_roots
    foreign = bytes([0, ch.KEY_SHA1_HASH]) + bytes(20)
    body = ch.vector(foreign + identifiers(root.certificate)[how])
    messages = ask(accept(tls), {ch.TRUSTED_CA_KEYS: body})
    assert ch.server_extensions(messages[ch.SERVER_HELLO])[ch.TRUSTED_CA_KEYS] == b""
    assert ch.shown(messages[ch.CERTIFICATE])[0] == leaf.certificate.public_bytes(Encoding.DER)


@pytest.mark.parametrize("body", [ch.vector(b""), ch.vector(bytes([ch.CERT_SHA1_HASH]) + bytes(20))])
def test_trusted_ca_keys_without_ours_get_the_first_chain(accept, two_roots, certificates, body):
    messages = ask(accept(two_roots[0]), {ch.TRUSTED_CA_KEYS: body})
    first = certificates.chargers["P-256"][0].certificate
    assert ch.shown(messages[ch.CERTIFICATE])[0] == first.public_bytes(Encoding.DER)


@pytest.mark.parametrize("body", [b"", b"\x00", b"\x00\x05abc", ch.vector(b"\x07"), ch.vector(b"\x01abc"), b"\0\0\0"])
def test_broken_trusted_ca_keys(accept, body):
    connection = accept()
    connection.ev.sendall(ch.client_hello(ch.TLS12 | {ch.TRUSTED_CA_KEYS: body}))
    assert connection.closed().reason == CloseReason.TLS_FAILED
