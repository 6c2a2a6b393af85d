"""Contract installation: keys are wrapped as the standards say, which other code than ours confirms, or refused."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, x448
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SHA512, Hash, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsecc import exi
from fastsecc.errors import KeyWrapError, SignatureError
from fastsecc.messages import iso2, iso20
from fastsecc.security import files, installation, key_wrap
from fastsecc.security.key_wrap import AgreementKey, Wrapped
from fastsecc.security.signature import ISO2, ISO20, Part, verify
from fastsecc.security.signers import PrivateKey, Signer
from fastsecc.sim import test_pki
from fastsecc.sim.test_pki import Identity, KeyKind, Pki

PKI: dict[KeyKind, Pki] = {kind: test_pki.build(kind) for kind in ("P-256", "P-521", "Ed448")}


def signer(identities: list[Identity]) -> Signer:
    return Signer(identities[0].key, tuple(identity.certificate for identity in identities[:-1]))


def contract(kind: KeyKind) -> Signer:
    """Make a contract whose key can be wrapped."""
    _, *above = PKI[kind].contract
    key = key_wrap.new_contract_key(kind)
    made = test_pki.issue(test_pki.EMAID, kind, above[0], key=key)
    return signer([made, *above])


def agreement(kind: KeyKind) -> AgreementKey:
    """Give the key that a vehicle agrees with."""
    key = PKI[kind].vehicle_agreement or PKI[kind].vehicle[0].key
    assert isinstance(key, ec.EllipticCurvePrivateKey | x448.X448PrivateKey)
    return key


def vehicle(kind: KeyKind) -> x509.Certificate:
    return PKI[kind].vehicle[0].certificate


CONTRACTS = {kind: contract(kind) for kind in PKI}


def same(one: PrivateKey, other: PrivateKey) -> bool:
    return files.same_key(one.public_key(), other.public_key())


# by hand, with other primitives than ours


def concat_kdf(shared: bytes, algorithm: HashAlgorithm, octets: int) -> bytes:
    """NIST SP 800-56A, 5.8.1, of one round."""
    digest = Hash(algorithm)
    digest.update(b"\0\0\0\1" + shared + b"\x01\x55\x56")
    return digest.finalize()[:octets]


def test_the_wrapping_of_iso15118_2_by_hand() -> None:
    wrapped = key_wrap.wrap_iso2(CONTRACTS["P-256"].key, vehicle("P-256"))
    assert (len(wrapped.dh_public_key), len(wrapped.encrypted)) == (65, 48)
    sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), wrapped.dh_public_key)
    key = agreement("P-256")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    secret = concat_kdf(key.exchange(ec.ECDH(), sender), SHA256(), 16)
    cipher = Cipher(algorithms.AES(secret), modes.CBC(wrapped.encrypted[:16])).decryptor()
    scalar = int.from_bytes(cipher.update(wrapped.encrypted[16:]) + cipher.finalize(), "big")
    own = CONTRACTS["P-256"].key
    assert isinstance(own, ec.EllipticCurvePrivateKey)
    assert scalar == own.private_numbers().private_value


@pytest.mark.parametrize(("kind", "sizes"), [("P-521", (133, 94)), ("Ed448", (57, 84))])
def test_the_wrapping_of_iso15118_20_by_hand(kind: KeyKind, sizes: tuple[int, int]) -> None:
    own = CONTRACTS[kind]
    wrapped = key_wrap.wrap_iso20(own.key, own.leaf, vehicle(kind))
    assert (len(wrapped.dh_public_key), len(wrapped.encrypted)) == sizes
    assert wrapped.dh_public_key[0] == 4
    key = agreement(kind)
    if isinstance(key, x448.X448PrivateKey):
        shared = key.exchange(x448.X448PublicKey.from_public_bytes(wrapped.dh_public_key[1:]))
    else:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP521R1(), wrapped.dh_public_key)
        shared = key.exchange(ec.ECDH(), point)
    identifier = own.leaf.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert len(identifier) == 8
    told = test_pki.PCID.encode() + identifier.hex().upper().encode()
    assert len(told) == 18 + 16
    plain = AESGCM(concat_kdf(shared, SHA512(), 32)).decrypt(wrapped.encrypted[:12], wrapped.encrypted[12:], told)
    if isinstance(own.key, ed448.Ed448PrivateKey):
        assert plain + b"\0" == own.key.private_bytes_raw()
    else:
        assert int.from_bytes(plain, "big") == own.key.private_numbers().private_value
        assert plain[0] < 2


def test_openssl_agrees_on_the_secret(tmp_path: Path) -> None:
    wrapped = key_wrap.wrap_iso2(CONTRACTS["P-256"].key, vehicle("P-256"))
    sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), wrapped.dh_public_key)
    (tmp_path / "sender.pem").write_bytes(sender.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "own.key").write_bytes(PKI["P-256"].vehicle[0].key_pem())

    def openssl(*words: str) -> bytes:
        return subprocess.run(["openssl", *words], cwd=tmp_path, capture_output=True, check=True).stdout

    shared = openssl("pkeyutl", "-derive", "-inkey", "own.key", "-peerkey", "sender.pem")
    words = f"kdf -binary -keylen 16 -kdfopt digest:SHA256 -kdfopt hexkey:{shared.hex()} -kdfopt hexinfo:015556 SSKDF"
    secret = openssl(*words.split()).hex()
    (tmp_path / "in").write_bytes(wrapped.encrypted[16:])
    iv = wrapped.encrypted[:16].hex()
    plain = openssl("enc", "-d", "-aes-128-cbc", "-nopad", "-K", secret, "-iv", iv, "-in", "in")
    assert isinstance(CONTRACTS["P-256"].key, ec.EllipticCurvePrivateKey)
    assert int.from_bytes(plain, "big") == CONTRACTS["P-256"].key.private_numbers().private_value


THIRD_PARTY = """
import json, sys
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from iso15118.shared.security import decrypt_priv_key, encrypt_priv_key, to_ec_pub_key
given = json.load(sys.stdin)
key = load_pem_private_key(given["vehicle_key"].encode(), None)
plain = decrypt_priv_key(bytes.fromhex(given["encrypted"]), key, to_ec_pub_key(bytes.fromhex(given["dh"])))
contract = load_pem_private_key(given["contract_key"].encode(), None)
dh, encrypted = encrypt_priv_key(bytes.fromhex(given["vehicle"]), contract)
print(json.dumps({"plain": plain.hex(), "dh": dh.hex(), "encrypted": encrypted.hex()}))
"""


def test_the_code_of_a_third_party_unwraps_ours_and_we_its() -> None:
    python = Path(os.environ.get("FASTSECC_THIRD_PARTY_EV", "/nowhere")) / "venv/bin/python"
    if not python.exists():
        pytest.skip("no third-party EV (set FASTSECC_THIRD_PARTY_EV to the folder that setup.sh made)")
    own = CONTRACTS["P-256"]
    assert isinstance(own.key, ec.EllipticCurvePrivateKey)
    wrapped = key_wrap.wrap_iso2(own.key, vehicle("P-256"))
    given = {
        "vehicle": PKI["P-256"].vehicle[0].der.hex(),
        "vehicle_key": PKI["P-256"].vehicle[0].key_pem().decode(),
        "contract_key": test_pki.key_pem(own.key).decode(),
        "dh": wrapped.dh_public_key.hex(),
        "encrypted": wrapped.encrypted.hex(),
    }
    done = subprocess.run(
        [python, "-c", THIRD_PARTY], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert int(told["plain"], 16) == own.key.private_numbers().private_value
    theirs = Wrapped(bytes.fromhex(told["dh"]), bytes.fromhex(told["encrypted"]))
    assert same(key_wrap.unwrap_iso2(theirs, agreement("P-256"), own.leaf), own.key)


# unwrapping


def unwrap(
    kind: KeyKind, wrapped: Wrapped, key: AgreementKey | None = None, leaf: x509.Certificate | None = None
) -> PrivateKey:
    key, leaf = key or agreement(kind), leaf or CONTRACTS[kind].leaf
    if kind == "P-256":
        return key_wrap.unwrap_iso2(wrapped, key, leaf)
    return key_wrap.unwrap_iso20(wrapped, key, leaf, vehicle(kind))


def wrap(kind: KeyKind) -> Wrapped:
    own = CONTRACTS[kind]
    if kind == "P-256":
        return key_wrap.wrap_iso2(own.key, vehicle(kind))
    return key_wrap.wrap_iso20(own.key, own.leaf, vehicle(kind))


@pytest.mark.parametrize("kind", PKI)
def test_what_is_wrapped_can_be_unwrapped(kind: KeyKind) -> None:
    assert same(unwrap(kind, wrap(kind)), CONTRACTS[kind].key)
    assert wrap(kind) != wrap(kind)


@pytest.mark.parametrize("kind", PKI)
@settings(max_examples=50)
@given(position=st.floats(0, 1, exclude_max=True))
def test_a_bit_that_is_flipped_spoils_the_key(kind: KeyKind, position: float) -> None:
    wrapped = wrap(kind)
    octets = wrapped.dh_public_key + wrapped.encrypted
    bit = int(8 * len(octets) * position)
    spoilt = bytearray(octets)
    spoilt[bit // 8] ^= 0x80 >> bit % 8
    cut = len(wrapped.dh_public_key)
    with pytest.raises(KeyWrapError):
        unwrap(kind, Wrapped(bytes(spoilt[:cut]), bytes(spoilt[cut:])))


@pytest.mark.parametrize("kind", PKI)
def test_nobody_else_can_unwrap_it(kind: KeyKind) -> None:
    stranger = test_pki.build(kind)
    key = stranger.vehicle_agreement or stranger.vehicle[0].key
    assert isinstance(key, ec.EllipticCurvePrivateKey | x448.X448PrivateKey)
    with pytest.raises(KeyWrapError):
        unwrap(kind, wrap(kind), key=key)


@pytest.mark.parametrize("kind", PKI)
def test_the_key_of_another_contract(kind: KeyKind) -> None:
    with pytest.raises(KeyWrapError):
        unwrap(kind, wrap(kind), leaf=contract(kind).leaf)


@pytest.mark.parametrize("kind", PKI)
@pytest.mark.parametrize("spoil", [lambda octets: b"", lambda octets: octets[:-1], lambda octets: octets + b"\0"])
def test_other_lengths(kind: KeyKind, spoil: Callable[[bytes], bytes]) -> None:
    wrapped = wrap(kind)
    for other in (
        Wrapped(spoil(wrapped.dh_public_key), wrapped.encrypted),
        Wrapped(wrapped.dh_public_key, spoil(wrapped.encrypted)),
    ):
        with pytest.raises(KeyWrapError):
            unwrap(kind, other)


def test_a_point_that_would_give_the_secret_away() -> None:
    wrapped = wrap("Ed448")
    with pytest.raises(KeyWrapError, match="none of X448"):
        unwrap("Ed448", Wrapped(b"\4" + bytes(56), wrapped.encrypted))


def test_keys_of_other_kinds() -> None:
    with pytest.raises(KeyWrapError, match="ISO 15118-2 wraps P-256 keys for P-256 keys"):
        key_wrap.wrap_iso2(CONTRACTS["P-521"].key, vehicle("P-256"))
    with pytest.raises(KeyWrapError, match="ISO 15118-2 wraps P-256 keys for P-256 keys"):
        key_wrap.wrap_iso2(CONTRACTS["P-256"].key, vehicle("Ed448"))
    with pytest.raises(KeyWrapError, match="ISO 15118-20 wraps P-521 and Ed448 keys"):
        key_wrap.wrap_iso20(CONTRACTS["P-256"].key, CONTRACTS["P-256"].leaf, vehicle("P-521"))
    with pytest.raises(KeyWrapError, match="has no P-521 or X448 key to agree with"):
        key_wrap.wrap_iso20(CONTRACTS["P-521"].key, CONTRACTS["P-521"].leaf, vehicle("P-256"))
    with pytest.raises(KeyWrapError, match="the receiver's key is not P-256"):
        unwrap("P-256", wrap("P-256"), key=agreement("P-521"))
    with pytest.raises(KeyWrapError, match="the receiver's key is neither P-521 nor X448"):
        unwrap("P-521", wrap("P-521"), key=agreement("P-256"))


def test_an_ed448_key_that_has_no_room() -> None:
    key = ed448.Ed448PrivateKey.from_private_bytes(bytes(56) + b"\1")
    with pytest.raises(KeyWrapError, match="its last octet is not zero"):
        key_wrap.wrap_iso20(key, CONTRACTS["Ed448"].leaf, vehicle("Ed448"))


def test_a_contract_of_one_curve_for_a_vehicle_of_the_other() -> None:
    own = CONTRACTS["Ed448"]
    wrapped = key_wrap.wrap_iso20(own.key, own.leaf, vehicle("P-521"))
    assert key_wrap.curve_of(vehicle("P-521")) == "SECP521"
    assert key_wrap.curve_of(vehicle("Ed448")) == "X448"
    key = key_wrap.unwrap_iso20(wrapped, agreement("P-521"), own.leaf, vehicle("P-521"))
    assert same(key, own.key)


# responses


Make = Callable[[Signer, x509.Certificate, Signer], installation.SignedIso2]


@pytest.mark.parametrize("make", [installation.install_iso2, installation.update_iso2])
def test_responses_of_iso15118_2(make: Make) -> None:
    provisioning = signer(PKI["P-256"].provisioning)
    made = make(CONTRACTS["P-256"], vehicle("P-256"), provisioning)
    message = iso2.V2G_Message(
        Header=iso2.MessageHeaderType(SessionID=bytes(8), Signature=made.signature),
        Body=iso2.BodyType(BodyElement=made.body),
    )
    again = exi.decode(exi.encode(message), "iso2")
    body = again.Body.BodyElement
    assert type(body) is type(made.body)
    verify(again.Header.Signature, installation.parts_iso2(body), provisioning.leaf.public_key(), ISO2)
    got = installation.installed_iso2(body, agreement("P-256"))
    assert same(got.key, CONTRACTS["P-256"].key)
    assert got.chain == CONTRACTS["P-256"].octets
    assert body.eMAID.value == test_pki.EMAID
    assert body.SAProvisioningCertificateChain.Certificate == provisioning.octets[0]


SPOILT: dict[str, Any] = {
    "ContractSignatureEncryptedPrivateKey": iso2.ContractSignatureEncryptedPrivateKeyType(Id="id2", value=bytes(48)),
    "DHpublickey": iso2.DiffieHellmanPublickeyType(Id="id3", value=bytes(65)),
    "eMAID": iso2.EMAIDType(Id="id4", value="DEFSCC00000000X"),
    "ContractSignatureCertChain": iso2.CertificateChainType(Id="id1", Certificate=b"another"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_every_element_of_a_response_is_signed(name: str) -> None:
    provisioning = signer(PKI["P-256"].provisioning)
    made = installation.install_iso2(CONTRACTS["P-256"], vehicle("P-256"), provisioning)
    spoilt = msgspec.structs.replace(made.body, **{name: SPOILT[name]})
    with pytest.raises(SignatureError, match="is not what was signed"):
        verify(made.signature, installation.parts_iso2(spoilt), provisioning.leaf.public_key(), ISO2)


@pytest.mark.parametrize("kind", ["P-521", "Ed448"])
def test_responses_of_iso15118_20(kind: KeyKind) -> None:
    provisioning = signer(PKI[kind].provisioning)
    made = installation.install_iso20(CONTRACTS[kind], vehicle(kind), provisioning)
    message = iso20.CertificateInstallationRes(
        Header=iso20.MessageHeaderType(SessionID=bytes(8), TimeStamp=1, Signature=made.signature),
        ResponseCode=iso20.ResponseCodeType.OK,
        EVSEProcessing=iso20.ProcessingType.Finished,
        CPSCertificateChain=installation.chain_iso20(provisioning),
        SignedInstallationData=made.data,
        RemainingContractCertificateChains=0,
    )
    again = exi.decode(exi.encode(message), "iso20")
    data = again.SignedInstallationData
    verify(again.Header.Signature, [Part(data)], provisioning.leaf.public_key(), ISO20)
    got = installation.installed_iso20(data, agreement(kind), vehicle(kind))
    assert same(got.key, CONTRACTS[kind].key)
    assert got.chain == CONTRACTS[kind].octets
    assert data.ECDHCurve == ("X448" if kind == "Ed448" else "SECP521")
    assert (data.SECP521_EncryptedPrivateKey is None) == (kind == "Ed448")
    assert again.CPSCertificateChain.Certificate == provisioning.octets[0]
