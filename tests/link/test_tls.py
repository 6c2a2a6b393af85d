"""TLS as other clients see it: profiles, client certificates, refusals, the key log."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fastsecc._link import (
    Closed,
    CloseReason,
    Handshake,
    Link,
    TlsProfiles,
)
from tests.link import client_hello as ch
from tests.link.certificates import KINDS, Certificates
from tests.link.conftest import PATIENCE_S


@dataclass
class Outcome:
    """What both sides say."""

    text: str
    """Of `openssl s_client`."""
    code: int
    events: list[Any]

    @property
    def handshake(self) -> Handshake:
        assert isinstance(self.events[0], Handshake), self.events
        return self.events[0]

    @property
    def leaf(self) -> str:
        """The subject of the certificate that was shown."""
        return next(line for line in self.text.splitlines() if line.startswith("subject="))

    @property
    def refusal(self) -> str:
        (closed,) = self.events
        assert isinstance(closed, Closed)
        assert closed.reason == CloseReason.TLS_FAILED
        return closed.detail


SClient = Callable[..., Outcome]


@pytest.fixture
def s_client(certificates: Certificates, all_kinds: TlsProfiles) -> SClient:
    """Run `openssl s_client` against a link."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl command")

    def run(*options: str, tls: TlsProfiles = all_kinds, vehicle: str | None = "P-256", typed: bytes = b"") -> Outcome:
        command = [openssl, "s_client", *options]
        if vehicle is not None:
            stem = str(certificates.path(f"vehicle-{vehicle}"))
            command += ["-cert", f"{stem}.pem", "-key", f"{stem}.key", "-cert_chain", f"{stem}.pem"]
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(PATIENCE_S)
            command += ["-connect", f"127.0.0.1:{listener.getsockname()[1]}"]
            pipes: Any = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
            with subprocess.Popen(command, stderr=subprocess.STDOUT, **pipes) as process:
                mine, _ = listener.accept()
                link = Link(mine.detach(), tls=tls)
                text, _ = process.communicate(typed, timeout=PATIENCE_S)
        assert link.join(PATIENCE_S)
        return Outcome(text.decode(), process.returncode, link.take())

    return run


TLS13_CLIENTS = [
    pytest.param("ed448", "X448", "Ed448", "x448", id="Ed448 with X448"),
    pytest.param("ed448", "P-521", "Ed448", "secp521r1", id="Ed448 with P-521"),
    pytest.param("ECDSA+SHA512", "P-521", "P-521", "secp521r1", id="P-521"),
    pytest.param("ECDSA+SHA512:ed448", "P-521:X448", "P-521", "secp521r1", id="P-521 named first"),
    pytest.param("ed448:ECDSA+SHA512", "P-521:X448", "Ed448", "secp521r1", id="Ed448 named first"),
    pytest.param("ECDSA+SHA256", "P-256", "P-256", "secp256r1", id="compatibility"),
    pytest.param("ECDSA+SHA256:ed448:ECDSA+SHA512", "P-256", "P-256", "secp256r1", id="no group of -20"),
    pytest.param("ECDSA+SHA256:ECDSA+SHA512", "X25519:P-521", "P-521", "secp521r1", id="HelloRetryRequest"),
]


@pytest.mark.parametrize(("signatures", "groups", "leaf", "group"), TLS13_CLIENTS)
def test_leaf_of_tls13_suits_the_ev(s_client, signatures, groups, leaf, group):
    """OC-039: the chain from the signatures and groups in the ClientHello, in any order of configuration."""
    outcome = s_client("-tls1_3", "-sigalgs", signatures, "-groups", groups, vehicle=leaf)
    assert f"SECC {leaf}," in outcome.leaf
    shaken = outcome.handshake
    assert (shaken.version, shaken.chain, shaken.group) == ("TLSv1.3", leaf, group)


def test_order_of_configuration_does_not_matter(certificates, accept):
    for kinds in permutations(KINDS):
        connection = accept(certificates.profiles(*kinds))
        connection.ev = certificates.ev("TLSv1.2").wrap_socket(connection.ev)
        assert connection.handshake().chain == "P-256"


@pytest.mark.parametrize("suite", ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"])
def test_suites_of_tls13(s_client, suite):
    assert s_client("-tls1_3", "-ciphersuites", suite).handshake.cipher == suite


def test_tls12(s_client):
    """P-256, the one suite of ISO 15118-2, and no client certificate."""
    outcome = s_client("-tls1_2", vehicle=None)
    shaken = outcome.handshake
    assert shaken == Handshake("TLSv1.2", "ECDHE-ECDSA-AES128-SHA256", "secp256r1", "P-256", None)
    assert "SECC P-256" in outcome.leaf
    assert "Secure Renegotiation IS supported" in outcome.text
    assert "Compression: NONE" in outcome.text
    assert "No client certificate CA names sent" in outcome.text


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_nothing_is_resumed(s_client, version):
    outcome = s_client(version, "-sess_out", "/dev/null")
    assert "TLS session ticket" not in outcome.text
    assert "New Session Ticket" not in outcome.text


def test_renegotiation_is_refused(s_client):
    """`R` starts one; the EV is told no, and there is no second handshake."""
    outcome = s_client("-tls1_2", typed=b"R\n")
    assert "RENEGOTIATING" in outcome.text
    assert "no renegotiation" in outcome.text
    shaken, closed = outcome.events
    assert isinstance(shaken, Handshake)
    assert closed.reason in {CloseReason.EV_CLOSED, CloseReason.IO_ERROR}


@pytest.mark.parametrize(
    ("options", "alert", "reason"),
    [
        pytest.param(["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "protocol version", "no version of TLS", id="TLS 1.1"),
        pytest.param(["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"], "handshake failure", "no shared cipher"),
        pytest.param(["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256"], "handshake failure", "no shared cipher"),
        pytest.param(["-tls1_2", "-groups", "X25519:P-521"], "handshake failure", "no shared", id="group of 1.2"),
        pytest.param(["-tls1_3", "-groups", "X25519"], "handshake failure", "no certificate chain", id="group of 1.3"),
        pytest.param(["-tls1_3", "-sigalgs", "RSA-PSS+SHA256"], "handshake failure", "no certificate chain", id="RSA"),
        pytest.param(["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"], "handshake failure", "no shared cipher"),
    ],
)
def test_refusals(s_client, options, alert, reason):
    """The EV hears an alert, Python the reason."""
    outcome = s_client(*options)
    assert outcome.code == 1
    assert f"alert {alert}" in outcome.text
    assert reason in outcome.refusal


@pytest.mark.parametrize(("oldest", "newest", "offered"), [("1.2", "1.2", "-tls1_3"), ("1.3", "1.3", "-tls1_2")])
def test_versions_can_be_narrowed(certificates, s_client, oldest, newest, offered):
    """OC-034 for TLS itself: no downgrade."""
    tls = certificates.profiles(min_version=oldest, max_version=newest)
    assert "no version of TLS" in s_client(offered, tls=tls).refusal
    assert s_client(tls=tls).handshake.version == f"TLSv{newest}"


@pytest.mark.parametrize("vehicle", KINDS)
def test_client_certificate_of_tls13(certificates, s_client, vehicle):
    """EV20-I-129, EV20-I-130: the vehicle's leaf is given on."""
    outcome = s_client("-tls1_3", vehicle=vehicle)
    pem = certificates.path(f"vehicle-{vehicle}.pem").read_bytes()
    leaf = x509.load_pem_x509_certificates(pem)[0]
    assert outcome.handshake.client_certificate == leaf.public_bytes(Encoding.DER)
    assert "Acceptable client certificate CA names" in outcome.text


def test_tls13_without_client_certificate_is_refused(s_client):
    """OC-036."""
    outcome = s_client("-tls1_3", vehicle=None)
    assert outcome.refusal == "peer did not return a certificate"


def test_client_certificate_of_a_stranger(certificates, accept):
    """OC-037: an unrelated root is none; the EV's own copy of it does not help."""
    connection = accept(certificates.profiles(client_anchors=[certificates.path("vehicle-P-521-root.pem")]))
    context = certificates.ev("TLSv1.3", "P-256")
    connection.ev = context.wrap_socket(connection.ev)
    assert "the EV's certificate: " in connection.closed().detail


def test_sub_ca_is_no_anchor(certificates, accept, tmp_path):
    """OC-037: only roots are."""
    pem = certificates.path("vehicle-P-256.pem").read_text().split("-----BEGIN")[2]
    (tmp_path / "sub.pem").write_text("-----BEGIN" + pem)
    connection = accept(certificates.profiles(client_anchors=[tmp_path / "sub.pem"]))
    connection.ev = certificates.ev("TLSv1.3", "P-256").wrap_socket(connection.ev)
    assert "the EV's certificate: unable to get" in connection.closed().detail


@pytest.mark.parametrize(
    ("demand", "version", "vehicle", "accepted"),
    [
        ("never", "TLSv1.3", None, True),
        ("never", "TLSv1.2", None, True),
        ("tls13", "TLSv1.2", None, True),
        ("always", "TLSv1.2", None, False),
        ("always", "TLSv1.2", "P-256", True),
        ("always", "TLSv1.3", "P-256", True),
    ],
)
def test_whether_a_client_certificate_is_demanded(certificates, accept, demand, version, vehicle, accepted):
    connection = accept(certificates.profiles("P-256", client_certificate=demand))
    context = certificates.ev(version, vehicle)
    if accepted:
        connection.ev = context.wrap_socket(connection.ev)
        assert (connection.handshake().client_certificate is not None) == (vehicle is not None)
    else:
        with pytest.raises(ssl.SSLError):
            connection.ev = context.wrap_socket(connection.ev)
        assert connection.closed() == Closed(CloseReason.TLS_FAILED, "peer did not return a certificate")


def test_offered_both_versions_the_newer_is_taken(s_client):
    assert s_client().handshake.version == "TLSv1.3"


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_ocsp_staple(s_client, version):
    """OC-040, as far as OpenSSL's client shows it: the leaf's."""
    text = s_client(version, "-status").text
    assert "OCSP Response Status: successful" in text
    assert "Cert Status: good" in text


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("ocsp", [(), (None,), (None, b"\x30\x00", None)])
def test_without_a_staple_for_the_leaf(certificates, s_client, version, ocsp):
    tls = TlsProfiles([certificates.chain(ocsp=ocsp)], client_certificate="never")
    assert "OCSP response: no response sent" in s_client(version, "-status", tls=tls, vehicle=None).text


def test_certificate_authorities_choose_the_chain(certificates, s_client, two_roots, tmp_path):
    """RFC 8446, 4.2.4: what became of trusted_ca_keys in TLS 1.3."""
    tls, (*_, root) = two_roots
    (tmp_path / "root.pem").write_bytes(root.pem)
    options = ["-tls1_3", "-sigalgs", "ECDSA+SHA256", "-groups", "P-256"]
    assert s_client(*options, tls=tls).handshake.chain == "first"
    assert s_client(*options, "-requestCAfile", str(tmp_path / "root.pem"), tls=tls).handshake.chain == "second"


def test_a_root_that_is_named_outweighs_the_kind_of_key(certificates, s_client):
    root = str(certificates.path("charger-P-256-root.pem"))
    assert s_client("-tls1_3", "-requestCAfile", root).handshake.chain == "P-256"
    assert s_client("-tls1_3").handshake.chain == "P-521"


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_key_log(certificates, accept, tmp_path, version):
    """NSS format, the same secrets as the EV's own log, readable by the owner alone."""
    log, theirs = tmp_path / "keys.log", tmp_path / "ev.log"
    tls = certificates.profiles("P-256", key_log=log)
    for _ in range(2):
        connection = accept(tls)
        context = certificates.ev(version)
        context.keylog_filename = str(theirs)
        connection.ev = context.wrap_socket(connection.ev)
        connection.handshake()
    lines = [line for line in theirs.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) >= 2
    assert sorted(log.read_text().splitlines()) == sorted(lines)
    assert log.stat().st_mode & 0o777 == 0o600


def test_new_profiles_leave_a_session_alone(certificates, accept, tmp_path):
    """A session under way keeps its own, though they are forgotten and their files are gone."""
    folder = tmp_path / "old"
    tls = Certificates(folder).profiles("P-256")
    connection = accept(tls)
    context = certificates.ev("TLSv1.2")
    context.verify_mode = ssl.CERT_NONE
    connection.ev = context.wrap_socket(connection.ev)
    connection.handshake()
    del tls
    shutil.rmtree(folder)
    connection.link.reply(0x8001, b"still here")
    assert connection.receive() == b"still here"


def test_profiles_are_kept_by_a_handshake_under_way(certificates, accept):
    tls = certificates.profiles("P-256")
    connection = accept(tls)
    del tls
    connection.ev = certificates.ev("TLSv1.2").wrap_socket(connection.ev)
    assert connection.handshake().chain == "P-256"


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_header_and_payload_leave_in_one_record(certificates, accept, p256, version):
    """And close_notify before the FIN."""
    connection = accept(p256)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    ev = certificates.ev(version).wrap_bio(incoming, outgoing)
    while True:
        with contextlib.suppress(ssl.SSLWantReadError):
            ev.do_handshake()
            break
        connection.ev.sendall(outgoing.read())
        incoming.write(connection.ev.recv(1 << 16))
    connection.ev.sendall(outgoing.read())
    connection.handshake()
    connection.link.reply(0x8001, b"response", 2)
    stream = b""
    while chunk := connection.ev.recv(1 << 16):
        stream += chunk
    kinds = []
    while stream:
        end = 5 + int.from_bytes(stream[3:5], "big")
        kinds.append(stream[0])
        incoming.write(stream[:end])
        stream = stream[end:]
    application_data, alert = 23, (ch.ALERT if version == "TLSv1.2" else 23)
    assert kinds == [application_data, alert]
    assert ev.read(100) == b"\x01\xfe\x80\x01\x00\x00\x00\x08response"
    assert ev.read(100) == b"", "close_notify"
