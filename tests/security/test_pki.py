"""Folders of certificates: the layouts, what each fault is called, what is only warned of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from fastsecc.errors import ConfigError
from fastsecc.security import files, pki
from fastsecc.sim import test_pki

CSO = Path("client/cso")
KEY = CSO / "SECC_P256_LEAF.key"
CHAIN = CSO / "SECC_P256_CERT_CHAIN.pem"


def test_the_layout_of_everest(folder: Path) -> None:
    settings = pki.load(folder)
    (chain,) = settings.chains
    assert (chain.kind, chain.label) == ("P-256", "P-256 DC=CPO,CN=SECC P-256")
    assert (chain.chain_file, chain.key_file, chain.password) == (folder / CHAIN, folder / KEY, None)
    assert len(chain.staples) == 3
    assert None not in chain.staples
    assert chain.root_file == folder / test_pki.V2G_ROOT
    assert [path.name for path in settings.client_anchors] == ["V2G_ROOT_CA.pem", "MO_ROOT_CA.pem", "OEM_ROOT_CA.pem"]
    assert settings.warnings == ()


def test_several_chains(tmp_path: Path) -> None:
    test_pki.make(tmp_path, ("P-256", "P-521", "Ed448"), staples=False)
    settings = pki.load(tmp_path)
    assert sorted(chain.kind for chain in settings.chains) == ["Ed448", "P-256", "P-521"]
    assert {chain.chain_file.name for chain in settings.chains} == {
        f"SECC_{kind}_CERT_CHAIN.pem" for kind in ("Ed448", "P256", "P521")
    }
    assert all(chain.staples == (None, None, None) for chain in settings.chains)


def as_test_certificates(folder: Path, version: str, password: bytes | None = b"12345") -> list[test_pki.Identity]:
    """Lay out a chain as the usual test certificates are."""
    root = test_pki.issue("V2G Root", "P-256", path_length=2)
    chain = test_pki.chain("SECC", root, "P-256")
    place = folder / f"iso15118_{version}"
    test_pki.write(place / "certs/cpoCertChain.pem", b"".join(identity.pem for identity in chain[:-1]))
    test_pki.write(place / "certs/v2gRootCACert.pem", root.pem)
    test_pki.write(place / "certs/moRootCACert.pem", test_pki.issue("MO Root", "P-256", path_length=2).pem)
    test_pki.write(place / "certs/seccLeafCert.pem", chain[0].pem)
    test_pki.write(place / "private_keys/seccLeaf.key", chain[0].key_pem(password), 0o600)
    if password is not None:
        test_pki.write(place / "private_keys/seccLeafPassword.txt", password + b"\n")
    return chain


def test_the_layout_of_the_usual_test_certificates(tmp_path: Path) -> None:
    chain = as_test_certificates(tmp_path, "2")
    test_pki.write(tmp_path / "iso15118_2/certs/ocsp/leaf.der", test_pki.vouch(chain[0], chain[1]))
    as_test_certificates(tmp_path, "20", password=None)
    settings = pki.load(tmp_path)
    first, second = settings.chains
    assert first.chain_file == tmp_path / "iso15118_2/certs/cpoCertChain.pem"
    assert (first.password, second.password) == (b"12345", None)
    assert "12345" not in repr(settings)
    assert [staple is not None for staple in first.staples] == [True, False, False]
    assert len(settings.client_anchors) == 4
    assert settings.warnings == ()


def remove(path: Path) -> Callable[[Path], None]:
    return lambda folder: (folder / path).unlink()


def put(path: Path, octets: bytes) -> Callable[[Path], None]:
    return lambda folder: test_pki.write(folder / path, octets)


def remove_roots(folder: Path) -> None:
    (folder / test_pki.V2G_ROOT).unlink()


def move_chains(folder: Path) -> None:
    (folder / CSO).rename(folder / "elsewhere")


def exchange_key(folder: Path) -> None:
    other = test_pki.issue("Other", "P-256")
    test_pki.write(folder / KEY, other.key_pem(), 0o600)


def lose_password(folder: Path) -> None:
    test_pki.write(folder / KEY, test_pki.issue("Other", "P-256").key_pem(b"secret"), 0o600)


def wrong_password(folder: Path) -> None:
    lose_password(folder)
    test_pki.write(folder / CSO / "SECC_P256_LEAF_PASSWORD.txt", b"guess")


def turn_chain(folder: Path) -> None:
    parts = (folder / CHAIN).read_bytes().split(b"-----BEGIN")
    (folder / CHAIN).write_bytes(b"-----BEGIN".join([parts[0], parts[1], parts[3], parts[2]]))


def rsa_key(folder: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    test_pki.write(folder / KEY, text, 0o600)


@pytest.mark.parametrize(
    ("spoil", "place", "reason"),
    [
        pytest.param(move_chains, "", "holds no charger certificates: neither client/cso nor iso15118_2/certs"),
        pytest.param(
            remove_roots, "", "holds no V2G root certificate (ca/v2g/*.pem or iso15118_2/certs/v2gRootCACert.pem)"
        ),
        pytest.param(remove(KEY), CSO, "holds no private key (*.key)"),
        pytest.param(remove(CHAIN), KEY, "no certificate beside it matches this private key"),
        pytest.param(exchange_key, CHAIN, "does not match the private key"),
        pytest.param(lose_password, KEY, "is encrypted, and there is no password file"),
        pytest.param(wrong_password, KEY, "is no private key in PEM with the password in"),
        pytest.param(put(KEY, b"nothing"), KEY, "is no private key in PEM"),
        pytest.param(put(CHAIN, b"nothing"), CHAIN, "holds no certificate in PEM"),
        pytest.param(put(test_pki.V2G_ROOT, b""), test_pki.V2G_ROOT, "holds no certificate in PEM"),
        pytest.param(put(test_pki.OEM_ROOT, b"?"), test_pki.OEM_ROOT, "holds no certificate in PEM"),
        pytest.param(turn_chain, CHAIN, "is followed by DC=CPO,CN=SECC Sub-CA 1, which did not issue it"),
        pytest.param(rsa_key, CHAIN, "does not match the private key"),
    ],
)
def test_each_fault_names_file_and_reason(
    spoil: Callable[[Path], None], place: Path, reason: str, folder: Path
) -> None:
    spoil(folder)
    with pytest.raises(ConfigError) as refusal:
        pki.load(folder)
    assert refusal.value.file == folder / place
    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none: does not exist"):
        pki.load(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="file: is no folder"):
        pki.load(tmp_path / "file")


def test_a_file_that_is_a_folder_cannot_be_read(tmp_path: Path) -> None:
    as_test_certificates(tmp_path, "2")
    key = tmp_path / "iso15118_2/private_keys/seccLeaf.key"
    key.unlink()
    with pytest.raises(ConfigError, match=r"seccLeaf\.key: does not exist"):
        pki.load(tmp_path)
    key.mkdir()
    with pytest.raises(ConfigError, match=r"seccLeaf\.key: cannot be read: Is a directory"):
        pki.load(tmp_path)


def test_a_kind_of_key_that_the_standards_do_not_have(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastsecc.security.files.CURVES", {"secp521r1": "P-521"})
    with pytest.raises(ConfigError, match="is of no kind that ISO 15118 has"):
        pki.load(folder)


def warnings(folder: Path, now: datetime | None = None) -> str:
    return "\n".join(pki.load(folder, now).warnings)


def test_a_key_that_everybody_can_read_is_warned_of(folder: Path) -> None:
    (folder / KEY).chmod(0o644)
    assert warnings(folder) == f"{folder / KEY}: this private key can be read by everybody; chmod 600 is better"


def test_certificates_that_are_not_valid_now_are_warned_of(folder: Path) -> None:
    now = datetime.now(UTC)
    assert f"{folder / CHAIN}: DC=CPO,CN=SECC P-256 has expired on " in warnings(folder, now + timedelta(days=31))
    assert f"{folder / CHAIN}: DC=CPO,CN=SECC P-256 expires on " in warnings(folder, now + timedelta(days=20))
    assert "is not valid before" in warnings(folder, now - timedelta(days=3))


def test_a_chain_that_leads_nowhere_is_warned_of(folder: Path) -> None:
    test_pki.write(folder / test_pki.V2G_ROOT, test_pki.issue("Another Root", "P-256", path_length=2).pem)
    assert "leads to none of the V2G roots here" in warnings(folder)
    assert pki.load(folder).chains[0].root_file is None


def test_without_a_p_256_key_there_is_no_tls_1_2(tmp_path: Path) -> None:
    test_pki.make(tmp_path, ("P-521",))
    assert "no chain has a P-256 key" in warnings(tmp_path)


def test_keys_that_wait_and_chains_of_the_past_do_no_harm(folder: Path) -> None:
    root = test_pki.issue("V2G Root", "P-256", path_length=2)
    test_pki.write(folder / test_pki.V2G_ROOT, root.pem)
    past, newer = (
        test_pki.chain(f"SECC {name}", root, "P-256", days=days) for name, days in (("old", -1), ("new", 30))
    )
    for name, chain in (("past", past), ("newer", newer)):
        test_pki.write(folder / CSO / f"{name}.pem", b"".join(identity.pem for identity in chain[:-1]))
        test_pki.write(folder / CSO / f"{name}.key", chain[0].key_pem(), 0o600)
    (folder / CHAIN).unlink()
    settings = pki.load(folder)
    assert [chain.key_file.name for chain in settings.chains] == ["newer.key"]
    assert f"{folder / KEY}: is not used: no certificate beside it matches" in settings.warnings
    assert any("past.pem: DC=CPO,CN=SECC old P-256 has expired" in warning for warning in settings.warnings)


def test_of_two_chains_the_newer_comes_first_and_an_expired_one_is_better_than_none(folder: Path) -> None:
    later = datetime.now(UTC) + timedelta(days=31)
    assert [chain.valid for chain in pki.load(folder, later).chains] == [False]
    root = test_pki.issue("V2G Root", "P-256", path_length=2)
    chain = test_pki.chain("SECC", root, "P-256", days=-1)
    test_pki.write(folder / CSO / "past.pem", b"".join(identity.pem for identity in chain[:-1]))
    test_pki.write(folder / CSO / "past.key", chain[0].key_pem(), 0o600)
    assert [chain.key_file.name for chain in pki.load(folder, later).chains] == ["SECC_P256_LEAF.key", "past.key"]


def test_staples_that_no_ev_would_accept_are_left_out(folder: Path) -> None:
    ocsp = folder / CSO / "ocsp"
    root = test_pki.issue("V2G Root", "P-256", path_length=2)
    leaf, second, *_ = chain = test_pki.chain("SECC", root, "P-256")
    test_pki.write(folder / test_pki.V2G_ROOT, root.pem)
    test_pki.write_chain(folder / CSO, "SECC", chain, staples=False)
    for path in ocsp.glob("*.der"):
        path.unlink()
    test_pki.write(ocsp / "old.der", test_pki.vouch(leaf, second, days=-1))
    test_pki.write(ocsp / "revoked.der", test_pki.vouch(leaf, second, revoked=True))
    test_pki.write(ocsp / "rubbish.der", b"nothing")
    test_pki.write(ocsp / "other.der", test_pki.vouch(test_pki.issue("Other", "P-256", second), second))
    test_pki.write(ocsp / "unavailable.der", bytes.fromhex("30030a0103"))
    settings = pki.load(folder)
    assert settings.chains[0].staples == (None, None, None)
    told = dict(warning.split(": ", 1) for warning in settings.warnings)
    assert {Path(path).name for path in told} == {"old.der", "revoked.der", "rubbish.der", "unavailable.der"}
    assert "good until" in told[str(ocsp / "old.der")]
    assert "it says REVOKED of DC=CPO,CN=SECC P-256" in told[str(ocsp / "revoked.der")]
    assert "it says TRY_LATER" in told[str(ocsp / "unavailable.der")]
    test_pki.write(ocsp / "unavailable.der", test_pki.vouch(leaf, second, days=3))
    settings = pki.load(folder)
    assert settings.chains[0].staples[0] == (ocsp / "unavailable.der").read_bytes()
    assert settings.fresh_until is not None
    assert settings.fresh_until < datetime.now(UTC) + timedelta(days=4)


def test_a_certificate_is_named_for_people_whatever_it_holds() -> None:
    certificate = test_pki.issue("Car", "P-256").certificate
    assert files.subject(certificate.public_bytes(serialization.Encoding.DER)) == "DC=V2G,CN=Car"
    assert files.subject(b"nothing") == "that cannot be read"
