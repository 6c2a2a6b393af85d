"""Profiles from files: one clear line for each that cannot be used, naming the file and the reason."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fastsecc._link import TLS_LIBRARY, Link, TlsFileError, TlsProfiles
from fastsecc.sim.test_pki import KeyKind
from tests.link.certificates import KINDS, PASSWORD
from tests.link.conftest import tcp_pair


@pytest.fixture
def spoilt(certificates, tmp_path):
    """Build a profile of a chain of which something is spoilt; return what is said of it."""

    def refusal(kind: KeyKind = "P-256", **other):
        with pytest.raises(TlsFileError) as raised:
            TlsProfiles([certificates.chain(kind, **other)])
        text = str(raised.value)
        assert "\n" not in text
        return text.replace(f"{tmp_path}/", "").replace(f"{certificates.folder}/", "")

    return refusal


def test_library():
    assert TLS_LIBRARY.startswith("OpenSSL 3.")


def test_missing_files(spoilt, tmp_path):
    missing = tmp_path / "none.pem"
    reason = "none.pem: No such file or directory"
    assert spoilt(certificates=(missing,)) == spoilt(private_key=missing) == spoilt(roots=(missing,)) == reason


def test_folder_instead_of_a_file(spoilt, tmp_path):
    assert spoilt(certificates=(tmp_path,)).endswith(": holds no certificate")
    assert "holds no private key" in spoilt(private_key=tmp_path)


@pytest.mark.parametrize("content", ["", "no PEM\n"])
def test_files_without_what_is_sought(spoilt, tmp_path, content):
    path = tmp_path / "x.pem"
    path.write_text(content)
    assert spoilt(certificates=(path,)) == "x.pem: holds no certificate"
    assert spoilt(private_key=path) == "x.pem: holds no private key, or one that needs a password"


def test_a_key_is_no_certificate_and_the_other_way_round(certificates, spoilt):
    key, leaf = certificates.path("charger-P-256.key"), certificates.path("charger-P-256.pem")
    assert spoilt(certificates=(key,)) == "charger-P-256.key: holds no certificate"
    assert spoilt(private_key=leaf) == "charger-P-256.pem: holds no private key, or one that needs a password"


@pytest.mark.parametrize("cut", [30, 200, 400])
def test_truncated_files(certificates, spoilt, tmp_path, cut):
    for name, setting in [("charger-P-256.pem", "certificates"), ("charger-P-256.key", "private_key")]:
        path = tmp_path / name
        path.write_bytes(certificates.path(name).read_bytes()[: cut if setting == "certificates" else cut // 4])
        assert spoilt(**{setting: (path,) if setting == "certificates" else path}).startswith(f"{name}: ")


def test_damaged_certificate_behind_a_good_one(certificates, spoilt, tmp_path):
    pem = certificates.path("charger-P-256.pem").read_text()
    (tmp_path / "chain.pem").write_text(pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert spoilt(certificates=(tmp_path / "chain.pem",)).startswith("chain.pem: ")


@pytest.mark.parametrize("kind", KINDS)
def test_keys_with_passwords(certificates, spoilt, kind):
    locked = certificates.path(f"charger-{kind}-locked.key")
    TlsProfiles([certificates.chain(kind, private_key=locked, password=PASSWORD)])
    for password in (None, b"", b"wrong"):
        assert spoilt(kind, private_key=locked, password=password).startswith(f"{locked.name}: ")


def test_key_of_another_certificate(certificates, spoilt):
    for kind in ("P-256", "P-521"):
        key = certificates.path(f"vehicle-{kind}.key")
        assert spoilt(private_key=key) == f"{key.name}: is not the key of the certificate"


@pytest.mark.parametrize("kind", ["RSA", "P-384"])
def test_key_that_iso_15118_does_not_know(certificates, spoilt, tmp_path, kind):
    key = rsa.generate_private_key(65537, 2048) if kind == "RSA" else ec.generate_private_key(ec.SECP384R1())
    (tmp_path / "odd.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert spoilt(private_key=tmp_path / "odd.key") == "odd.key: is not the key of the certificate"


def split(certificates) -> list[str]:
    return ["-----BEGIN" + part for part in certificates.path("charger-P-256.pem").read_text().split("-----BEGIN")[1:]]


def test_chain_in_disorder(certificates, spoilt, tmp_path):
    leaf, second, first = split(certificates)
    (tmp_path / "chain.pem").write_text(leaf + first + second)
    assert spoilt(certificates=(tmp_path / "chain.pem",)) == "P-256: a certificate is not issued by the one after it"


def test_chain_in_several_files_and_with_its_root(certificates, tmp_path):
    leaf, second, first = split(certificates)
    (tmp_path / "leaf.pem").write_text(leaf)
    (tmp_path / "cas.pem").write_text(second + first + certificates.path("charger-P-256-root.pem").read_text())
    TlsProfiles([certificates.chain(certificates=(tmp_path / "leaf.pem", str(tmp_path / "cas.pem")))])


def test_client_anchors_and_key_log(certificates, tmp_path):
    with pytest.raises(TlsFileError, match="holds no certificate"):
        certificates.profiles(client_anchors=[certificates.path("charger-P-256.key")])
    with pytest.raises(TlsFileError, match="No such file or directory"):
        certificates.profiles(key_log=tmp_path / "none" / "keys.log")


@pytest.mark.parametrize(
    "settings",
    [
        {"min_version": "1.3", "max_version": "1.2"},
        {"min_version": "1.1"},
        {"client_certificate": "perhaps"},
    ],
)
def test_settings_out_of_range(certificates, settings):
    with pytest.raises(ValueError, match=r"version|client_certificate"):
        certificates.profiles(**settings)


def test_how_many_chains(certificates):
    with pytest.raises(ValueError, match="chains"):
        TlsProfiles([])
    with pytest.raises(TlsFileError, match="more than 16"):
        TlsProfiles([certificates.chain()] * 17)
    with pytest.raises(TlsFileError, match="more than 16 OCSP"):
        TlsProfiles([certificates.chain(ocsp=(b"\x30\x00",) * 17)])


def test_labels(certificates):
    path = certificates.path("charger-P-256.pem")
    (chain,) = TlsProfiles([certificates.chain(label="")]).chains
    assert chain.certificates == (path,)
    TlsProfiles([certificates.chain(label="é" * 500)])


def test_what_a_link_takes(certificates):
    mine, ev = tcp_pair()
    with mine, ev, pytest.raises(TypeError):
        Link(mine.fileno(), tls=certificates)
