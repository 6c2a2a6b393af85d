"""Whom a folder trusts, in either layout, and the evse_security role that is played on it."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from fastsecc.errors import ConfigError
from fastsecc.security import files, layouts, ocsp, signers, trust
from fastsecc.security.evse_security import (
    CaCertificateType,
    CertificateValidationResult,
    EncodingFormat,
    EvseSecurity,
    GetCertificateInfoStatus,
    LeafCertificateType,
)
from fastsecc.security.folder import FolderSecurity
from fastsecc.security.trust import TrustFolder, TrustStore
from fastsecc.sim import test_pki
from fastsecc.sim.test_pki import KeyKind, Pki, vouch, write

NOW = datetime.now(UTC)
KINDS: tuple[KeyKind, ...] = ("P-256", "P-521", "Ed448")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Pki]]:
    """All kinds of keys, in EVerest's layout."""
    folder = tmp_path_factory.mktemp("everest")
    return folder, test_pki.make(folder, KINDS)


@pytest.fixture(scope="module")
def tests(tmp_path_factory: pytest.TempPathFactory, whole: tuple[Path, list[Pki]]) -> Path:
    """The same in the layout of the usual test certificates."""
    folder = tmp_path_factory.mktemp("test_certificates")
    for pki in whole[1]:
        test_pki.write_test_certificates(folder, pki)
    return folder


def roots(made: list[Pki], name: str) -> set[x509.Certificate]:
    return {getattr(pki, name)[-1].certificate for pki in made}


def test_both_layouts_trust_the_same(whole: tuple[Path, list[Pki]], tests: Path) -> None:
    folder, made = whole
    for store in (trust.load(folder), trust.load(tests)):
        assert set(store.v2g) == roots(made, "charger")
        assert set(store.mo) == roots(made, "contract")
        assert set(store.oem) == roots(made, "vehicle")
        assert set(store.anchors("MO")) == {*store.mo, *store.v2g}
        assert set(store.anchors("OEM")) == {*store.oem, *store.v2g}
        assert set(store.anchors("CPS")) == set(store.anchors("V2G")) == set(store.v2g)


def test_both_layouts_have_the_same_signers(whole: tuple[Path, list[Pki]], tests: Path) -> None:
    folder, made = whole
    for place in (folder, tests):
        for find, of in (
            (layouts.contracts, lambda pki: pki.contract[:-1]),
            (layouts.provisioning, lambda pki: pki.provisioning[:-1]),
            (layouts.contract_issuers, lambda pki: pki.contract[1:-1]),
        ):
            found = {signer.kind: signer for signer in signers.read_all(find(place))}
            assert set(found) == set(KINDS)
            for pki in made:
                wanted = of(pki)
                signer = found[pki.kind]
                assert signer.chain == tuple(identity.certificate for identity in wanted)
                assert signer.octets == tuple(identity.der for identity in wanted)
                assert files.same_key(signer.key.public_key(), wanted[0].certificate.public_key())
        (agreement,) = (signers.agreement_key(path) for path in layouts.vehicle_agreement_keys(place))
        assert made[2].vehicle_agreement is not None
        assert agreement.private_bytes_raw() == made[2].vehicle_agreement.private_bytes_raw()


def test_the_third_partys_own_folder() -> None:
    folder = Path(os.environ.get("FASTSECC_THIRD_PARTY_EV", "/nowhere")) / "pki"
    if not folder.is_dir():
        pytest.skip("no third-party EV (set FASTSECC_THIRD_PARTY_EV to the folder that setup.sh made)")
    store = trust.load(folder)
    assert (len(store.v2g), len(store.mo), len(store.oem)) == (1, 1, 1)
    for find in (layouts.contracts, layouts.provisioning, layouts.contract_issuers):
        (signer,) = signers.read_all(find(folder))
        assert signer.kind == "P-256"
        assert len(signer.chain) >= 2


def test_keys_that_no_certificate_matches(tmp_path: Path) -> None:
    (pki,) = test_pki.make(tmp_path, staples=False)
    key = tmp_path / "client/mo/MO_P256_LEAF.key"
    write(key, pki.charger[0].key_pem(), 0o600)
    with pytest.raises(ConfigError, match="no certificate beside it matches this private key"):
        signers.read_all(layouts.contracts(tmp_path))


def test_keys_of_no_use(tmp_path: Path) -> None:
    (pki,) = test_pki.make(tmp_path, ("Ed448",), staples=False)
    assert pki.vehicle_agreement is not None
    write(tmp_path / "client/mo/MO_Ed448_LEAF.key", test_pki.key_pem(pki.vehicle_agreement), 0o600)
    with pytest.raises(ConfigError, match="is of no kind that ISO 15118 has"):
        signers.read_all(layouts.contracts(tmp_path))
    with pytest.raises(ConfigError, match="is no key for key agreement"):
        signers.agreement_key(tmp_path / "client/oem/OEM_Ed448_LEAF.key")


def test_a_folder_that_trusts_nobody(tmp_path: Path) -> None:
    store = trust.load(tmp_path)
    assert (store.v2g, store.mo, store.oem, store.warnings) == ((), (), (), ())
    assert store.anchors("MO") == ()


def test_changes_are_seen(whole: tuple[Path, list[Pki]], tmp_path: Path) -> None:
    folder = shutil.copytree(whole[0], tmp_path / "pki")
    contract = whole[1][0].contract
    leaf, issuer = contract[0].certificate, contract[1].certificate
    known = TrustFolder(folder)
    first = known.current()
    assert known.current() is first
    assert not first.is_revoked(leaf, issuer, NOW)
    write(folder / "ocsp/contract.der", vouch(contract[0], contract[1], revoked=True))
    assert known.current().is_revoked(leaf, issuer, NOW)
    (folder / "ca/mo/MO_ROOT_CA.pem").write_text("nonsense")
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"MO_ROOT_CA\.pem: holds no certificate"):
            known.current()


def test_what_lies_among_the_responses_is_told(tmp_path: Path) -> None:
    write(tmp_path / "crl/odd.crl", b"nonsense")
    assert "odd.crl: is no OCSP response and no revocation list" in trust.load(tmp_path).warnings[0]


def test_an_empty_store_knows_nobody() -> None:
    assert TrustStore().anchors("OEM") == ()


# the evse_security role


def security(folder: Path) -> FolderSecurity:
    made = FolderSecurity(folder, clock=lambda: NOW)
    _: EvseSecurity = made
    return made


def test_every_valid_chain(whole: tuple[Path, list[Pki]]) -> None:
    folder, made = whole
    told = security(folder).get_all_valid_certificates_info(LeafCertificateType.V2G, EncodingFormat.PEM, True)
    assert told.status == GetCertificateInfoStatus.Accepted
    assert len(told.info) == 3
    (info,) = (one for one in told.info if one.key.endswith("SECC_P256_LEAF.key"))
    assert info.certificate == str(folder / "client/cso/SECC_P256_CERT_CHAIN.pem")
    assert (info.certificate_count, info.password) == (3, None)
    assert info.certificate_root == (folder / test_pki.V2G_ROOT).read_text()
    assert info.ocsp is not None
    serials = [f"{one.certificate.serial_number:x}" for one in made[0].charger[:-1]]
    assert [one.hash.serial_number for one in info.ocsp] == serials
    assert [one.ocsp_path for one in info.ocsp] == [
        str(folder / f"client/cso/ocsp/SECC_P256_{n}.der") for n in range(3)
    ]


def test_the_newest_chain(whole: tuple[Path, list[Pki]], tests: Path) -> None:
    one = security(whole[0]).get_leaf_certificate_info(LeafCertificateType.V2G, EncodingFormat.PEM, False)
    assert one.status == GetCertificateInfoStatus.Accepted
    assert one.info is not None
    assert one.info.ocsp is None
    locked = security(tests).get_leaf_certificate_info(LeafCertificateType.V2G, EncodingFormat.PEM, False)
    assert locked.info is not None
    assert locked.info.password == test_pki.PASSWORD.decode()


def test_chains_that_are_not_there(whole: tuple[Path, list[Pki]], tmp_path: Path) -> None:
    folder = shutil.copytree(whole[0], tmp_path / "pki")

    def status(kind: LeafCertificateType = LeafCertificateType.V2G, now: datetime = NOW) -> GetCertificateInfoStatus:
        role = FolderSecurity(folder, clock=lambda: now)
        return role.get_leaf_certificate_info(kind, EncodingFormat.PEM, False).status

    assert status(LeafCertificateType.CSMS) == GetCertificateInfoStatus.NotFound
    assert status(now=NOW + timedelta(days=400)) == GetCertificateInfoStatus.NotFoundValid
    for key in (folder / "client/cso").glob("*.key"):
        key.unlink()
    assert status() == GetCertificateInfoStatus.PrivateKeyNotFound
    shutil.rmtree(folder / "client/cso")
    assert status() == GetCertificateInfoStatus.NotFound


def test_files_with_roots(whole: tuple[Path, list[Pki]]) -> None:
    role = security(whole[0])
    assert role.get_verify_file(CaCertificateType.MO) == str(whole[0] / test_pki.MO_ROOT)
    assert role.get_verify_file(CaCertificateType.V2G) == str(whole[0] / test_pki.V2G_ROOT)
    assert role.get_verify_file(CaCertificateType.MF) == ""


def test_what_to_ask_about_a_contract(whole: tuple[Path, list[Pki]]) -> None:
    folder, made = whole
    pem = b"".join(identity.pem for identity in made[0].contract[:-1]).decode()
    asked = security(folder).get_mo_ocsp_request_data(pem).ocsp_request_data_list
    told = ocsp.hash_data([identity.certificate for identity in made[0].contract])
    assert [
        (one.responder_url, one.certificate_hash_data.issuer_key_hash) for one in asked if one.certificate_hash_data
    ] == [(one.responderURL, one.issuerKeyHash) for one in told]
    foreign = b"".join(identity.pem for identity in test_pki.build().contract[:-1]).decode()
    assert security(folder).get_mo_ocsp_request_data(foreign).ocsp_request_data_list == []
    assert security(folder).get_mo_ocsp_request_data("nonsense").ocsp_request_data_list == []


def test_chains_are_followed(whole: tuple[Path, list[Pki]], tmp_path: Path) -> None:
    folder, made = whole
    mo, v2g = [LeafCertificateType.MO], [LeafCertificateType.V2G]

    def verdict(
        shown: list[test_pki.Identity], types: list[LeafCertificateType], now: datetime = NOW
    ) -> CertificateValidationResult:
        pem = b"".join(identity.pem for identity in shown).decode()
        return FolderSecurity(folder, clock=lambda: now).verify_certificate(pem, types)

    for pki in made:
        assert verdict(pki.contract[:-1], mo) == CertificateValidationResult.Valid
        assert verdict(pki.charger[:-1], v2g) == CertificateValidationResult.Valid
        assert verdict(pki.charger[:-1], [*mo, *v2g]) == CertificateValidationResult.Valid
    contract = made[0].contract
    assert verdict(test_pki.build().contract[:-1], mo) == CertificateValidationResult.IssuerNotFound
    assert verdict(contract[:-1], v2g) == CertificateValidationResult.Unknown
    assert verdict(contract[:-1], mo, NOW + timedelta(days=99)) == CertificateValidationResult.Expired
    assert verdict([contract[0], contract[2]], mo) == CertificateValidationResult.InvalidChain
    assert verdict([], mo) == CertificateValidationResult.Unknown
    assert verdict(contract[:-1], [LeafCertificateType.CSMS]) == CertificateValidationResult.Unknown
