"""Revocations: what is asked, and whose word counts."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as library

from fastsecc.security import ocsp
from fastsecc.security.ocsp import Revocations, Status
from fastsecc.sim import test_pki
from fastsecc.sim.issuing import hash_of
from fastsecc.sim.test_pki import Extras, Identity, KeyKind, issue, vouch

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
PKI = test_pki.build()
LEAF, SUB_2, SUB_1, ROOT = PKI.contract


def status(*responses: bytes, lists: tuple[bytes, ...] = (), now: datetime = NOW) -> Status:
    found = Revocations(
        [library.load_der_ocsp_response(one) for one in responses], [x509.load_der_x509_crl(one) for one in lists]
    )
    told = found.status(LEAF.certificate, SUB_2.certificate, now)
    assert found.is_revoked(LEAF.certificate, SUB_2.certificate, now) == (told is Status.revoked)
    return told


def revoke(*serials: int, issuer: Identity = SUB_2, days: int = 1) -> bytes:
    """Make a revocation list, DER."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(NOW - 2 * DAY).next_update(NOW + days * DAY)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - DAY).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(issuer.key, hash_of(issuer.key)).public_bytes(Encoding.DER)


def test_nothing_is_known_without_anything_at_hand() -> None:
    assert status() is Status.unknown


def test_the_issuers_word() -> None:
    assert status(vouch(LEAF, SUB_2)) is Status.good
    assert status(vouch(LEAF, SUB_2, revoked=True)) is Status.revoked


def test_the_word_of_a_responder_that_the_issuer_made_one() -> None:
    responder = PKI.responder(SUB_2)
    assert status(vouch(LEAF, SUB_2, responder=responder)) is Status.good
    assert status(vouch(LEAF, SUB_2, responder=responder, revoked=True)) is Status.revoked


@pytest.mark.parametrize(
    "responder",
    [
        issue("no responder", "P-256", SUB_2),
        issue("of another", "P-256", SUB_1, extras=Extras(ocsp_signing=True)),
        issue("expired", "P-256", SUB_2, days=-1, extras=Extras(ocsp_signing=True)),
        issue("its own", "P-256", extras=Extras(ocsp_signing=True)),
    ],
)
def test_nobody_elses_word(responder: Identity) -> None:
    assert status(vouch(LEAF, SUB_2, responder=responder, revoked=True)) is Status.unknown


def test_words_about_others() -> None:
    other = issue("DEFSCC00000000X", "P-256", SUB_2)
    assert status(vouch(other, SUB_2, revoked=True)) is Status.unknown
    twin = issue("MO Sub-CA 2", "P-256", SUB_1, path_length=0, extras=Extras("MO"))
    assert status(vouch(LEAF, twin, revoked=True)) is Status.unknown


def test_old_words_count_only_for_the_worse() -> None:
    assert status(vouch(LEAF, SUB_2, days=-1)) is Status.unknown
    assert status(vouch(LEAF, SUB_2, days=-1, revoked=True)) is Status.revoked
    assert status(vouch(LEAF, SUB_2), now=NOW - 9 * DAY) is Status.unknown
    assert status(vouch(LEAF, SUB_2), vouch(LEAF, SUB_2, days=-1, revoked=True)) is Status.revoked


def test_a_revocation_list() -> None:
    serial = LEAF.certificate.serial_number
    assert status(lists=(revoke(serial),)) is Status.revoked
    assert status(lists=(revoke(serial + 1),)) is Status.good
    assert status(lists=(revoke(),), now=NOW + 9 * DAY) is Status.unknown
    assert status(lists=(revoke(serial, issuer=SUB_1),)) is Status.unknown
    assert (
        status(lists=(revoke(serial, issuer=Identity(SUB_2.certificate, test_pki.new_key("P-256"))),)) is Status.unknown
    )
    assert status(vouch(LEAF, SUB_2), lists=(revoke(serial),)) is Status.revoked


@pytest.mark.parametrize("kind", ["P-521", "Ed448"])
def test_every_kind_of_key(kind: KeyKind) -> None:
    made = test_pki.build(kind)
    leaf, issuer = made.contract[:2]
    responses = [library.load_der_ocsp_response(vouch(leaf, issuer, revoked=True, responder=made.responder(issuer)))]
    assert Revocations(responses).is_revoked(leaf.certificate, issuer.certificate, NOW)
    lists = [x509.load_der_x509_crl(revoke(leaf.certificate.serial_number, issuer=issuer))]
    assert Revocations([], lists).is_revoked(leaf.certificate, issuer.certificate, NOW)


def test_what_lies_in_folders(tmp_path: Path) -> None:
    for name, octets in {
        "a.der": vouch(LEAF, SUB_2),
        "b.crl": revoke(LEAF.certificate.serial_number),
        "c.crl": x509.load_der_x509_crl(revoke(5, issuer=SUB_1)).public_bytes(Encoding.PEM),
        "d.der": library.OCSPResponseBuilder.build_unsuccessful(library.OCSPResponseStatus.TRY_LATER).public_bytes(
            Encoding.DER
        ),
        "e.der": b"nonsense",
        "f.crl": b"nonsense",
        "g.txt": b"nonsense",
    }.items():
        (tmp_path / name).write_bytes(octets)
    found, useless = ocsp.read([tmp_path, tmp_path / "nowhere"])
    assert (len(found.responses), len(found.lists)) == (1, 2)
    assert [text.split(":")[0] for text in useless] == [str(tmp_path / name) for name in ("d.der", "e.der", "f.crl")]
    assert "it says TRY_LATER" in useless[0]
    assert found.is_revoked(LEAF.certificate, SUB_2.certificate, NOW)


def test_hash_data_is_what_openssl_asks_for(tmp_path: Path) -> None:
    path = [identity.certificate for identity in PKI.contract]
    told = ocsp.hash_data(path)
    assert len(told) == 3
    for number, identity in enumerate(PKI.contract):
        (tmp_path / f"{number}.pem").write_bytes(identity.pem)
    for number, data in enumerate(told):
        command = ["openssl", "ocsp", "-sha256", "-issuer", f"{number + 1}.pem", "-cert", f"{number}.pem", "-req_text"]
        text = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        values = {name: value for name, _, value in (line.strip().partition(": ") for line in text.splitlines())}
        assert values["Hash Algorithm"] == data.hashAlgorithm.lower()
        assert values["Issuer Name Hash"].lower() == data.issuerNameHash
        assert values["Issuer Key Hash"].lower() == data.issuerKeyHash
        assert int(values["Serial Number"], 16) == int(data.serialNumber, 16)
        assert data.responderURL == test_pki.OCSP_URL
        assert not data.serialNumber.startswith("0")


def test_certificates_that_nobody_answers_for_are_left_out() -> None:
    silent = test_pki.build(ocsp_url=None)
    assert ocsp.responder_url(silent.contract[0].certificate) is None
    assert ocsp.hash_data([identity.certificate for identity in silent.contract]) == []
    mixed = [issue("DEFSCC12345678X", "P-256", SUB_2), *PKI.contract[1:]]
    assert len(ocsp.hash_data([identity.certificate for identity in mixed])) == 2


def test_openssl_reads_our_request_and_we_its_response(tmp_path: Path) -> None:
    (tmp_path / "request.der").write_bytes(ocsp.request(LEAF.certificate, SUB_2.certificate))
    responder = PKI.responder(SUB_2)
    serial = f"{LEAF.certificate.serial_number:X}"
    serial = serial if len(serial) % 2 == 0 else f"0{serial}"
    end = f"{NOW + DAY:%y%m%d%H%M%SZ}"
    (tmp_path / "index.txt").write_text(f"R\t{end}\t{NOW - DAY:%y%m%d%H%M%SZ}\t{serial}\tunknown\t/CN=leaf\n")
    (tmp_path / "ca.pem").write_bytes(SUB_2.pem)
    (tmp_path / "responder.pem").write_bytes(responder.pem)
    (tmp_path / "responder.key").write_bytes(responder.key_pem())
    command = ["openssl", "ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "responder.pem"]
    command += ["-rkey", "responder.key", "-reqin", "request.der", "-respout", "response.der", "-ndays", "1"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    assert status((tmp_path / "response.der").read_bytes()) is Status.revoked
