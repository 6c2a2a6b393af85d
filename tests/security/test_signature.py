"""Signatures: of real cars, of our own, and everything that is altered afterwards."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from fastsecc import exi
from fastsecc.errors import CodecError, SignatureError
from fastsecc.messages import iso2, iso20, xmldsig
from fastsecc.messages.schema import Type
from fastsecc.security import signature
from fastsecc.security.signature import ECDSA_P256, ECDSA_P521, ED448, ISO2, ISO20, Part

KEYS: dict[str, signature.PrivateKey] = {
    "P-256": ec.generate_private_key(ec.SECP256R1()),
    "P-521": ec.generate_private_key(ec.SECP521R1()),
    "Ed448": ed448.Ed448PrivateKey.generate(),
}
ALGORITHMS = {"P-256": ECDSA_P256, "P-521": ECDSA_P521, "Ed448": ED448}
CHALLENGE = bytes(range(16))


def records(shared: Path) -> Iterator[dict[str, Any]]:
    for line in (shared / "vectors/signature.jsonl").read_text().splitlines():
        yield json.loads(line)


def public_key(record: dict[str, Any]) -> ec.EllipticCurvePublicKey:
    point = bytes.fromhex(record["signer_pubkey_uncompressed"])
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def signed_parts(body: Type, names: list[str]) -> list[Part]:
    """Find the elements of a real message that are signed."""
    return [Part(body) if name == type(body).__name__ else Part(getattr(body, name), name) for name in names]


def test_real_signatures_verify_and_encode_to_what_was_signed(shared: Path) -> None:
    covered: set[str] = set()
    for record in records(shared):
        message = exi.decode(bytes.fromhex(record["exi"]), record["schema"])
        signed = message.Header.Signature
        names = [fragment["element"] for fragment in record["fragments"]]
        parts = signed_parts(message.Body.BodyElement, names)
        assert signature.signed_octets(signed.SignedInfo).hex() == record["signedinfo_exi"]
        assert [part.octets().hex() for part in parts] == [fragment["exi"] for fragment in record["fragments"]]
        assert signed.SignatureValue.value.hex() == record["signature_rs"]
        if parts:
            signature.verify(signed, parts, public_key(record), ISO2)
        else:  # a signature of an earlier message that is sent along with those that need none
            assert signature._is_by(
                public_key(record), ECDSA_P256, signed.SignatureValue.value, signature.signed_octets(signed.SignedInfo)
            )
        covered.update(names)
    assert covered == {
        "AuthorizationReq",
        "CertificateInstallationReq",
        "ContractSignatureCertChain",
        "ContractSignatureEncryptedPrivateKey",
        "DHpublickey",
        "MeteringReceiptReq",
        "eMAID",
    }


def test_what_signatures_of_the_past_cover_is_not_the_present_message(shared: Path) -> None:
    stale = [record for record in records(shared) if not record["fragments"]]
    assert stale
    for record in stale:
        message = exi.decode(bytes.fromhex(record["exi"]), record["schema"])
        with pytest.raises(SignatureError, match=r"signed is #id1, and should be #ID9"):
            signature.verify(message.Header.Signature, [authorization("ID9")], public_key(record), ISO2)


def authorization(id_: str = "ID1") -> Part:
    return Part(iso2.AuthorizationReq(Id=id_, GenChallenge=CHALLENGE))


def installation() -> list[Part]:
    chain = iso2.CertificateChainType(Id="id1", Certificate=b"contract")
    key = iso2.ContractSignatureEncryptedPrivateKeyType(Id="id2", value=bytes(48))
    dh = iso2.DiffieHellmanPublickeyType(Id="id3", value=bytes(65))
    emaid = iso2.EMAIDType(Id="id4", value="DE8AAC12345678")
    return [Part(chain, "ContractSignatureCertChain"), Part(key), Part(dh), Part(emaid)]


def authorization_iso20() -> list[Part]:
    chain = iso20.ContractCertificateChainType(
        Certificate=b"leaf", SubCertificates=iso20.SubCertificatesType(Certificate=[b"sub"])
    )
    mode = iso20.PnC_AReqAuthorizationModeType(Id="id1", GenChallenge=CHALLENGE, ContractCertificateChain=chain)
    return [Part(mode)]


CASES: dict[str, tuple[str, list[Part]]] = {
    "AuthorizationReq": ("P-256", [authorization()]),
    "CertificateInstallationRes": ("P-256", installation()),
    "PnC_AReqAuthorizationMode P-521": ("P-521", authorization_iso20()),
    "PnC_AReqAuthorizationMode Ed448": ("Ed448", authorization_iso20()),
}


@pytest.mark.parametrize("case", CASES)
def test_our_own_signatures(case: str) -> None:
    kind, parts = CASES[case]
    made = signature.sign(parts, KEYS[kind])
    signature.verify(made, parts, KEYS[kind].public_key(), [ALGORITHMS[kind]])
    assert len(made.SignatureValue.value) == ALGORITHMS[kind].value_octets
    assert len(made.SignedInfo.Reference) == len(parts)
    # as it goes over the wire
    again = exi.decode(exi.encode(made), "xmldsig")
    signature.verify(again, parts, KEYS[kind].public_key(), [ALGORITHMS[kind]])


@pytest.mark.parametrize("kind", KEYS)
def test_openssl_agrees(kind: str, tmp_path: Path) -> None:
    made = signature.sign(authorization_iso20(), KEYS[kind])
    (tmp_path / "key.pem").write_bytes(
        KEYS[kind].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    (tmp_path / "octets").write_bytes(signature.signed_octets(made.SignedInfo))
    value = made.SignatureValue.value
    if kind != "Ed448":
        half = len(value) // 2
        value = utils.encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))
    (tmp_path / "value").write_bytes(value)
    hash_ = {"P-256": ["-rawin", "-digest", "sha256"], "P-521": ["-rawin", "-digest", "sha512"], "Ed448": ["-rawin"]}[
        kind
    ]
    command = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "key.pem",
        "-in",
        "octets",
        "-sigfile",
        "value",
        *hash_,
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done


def flipped(octets: bytes, bit: int) -> bytes:
    return (int.from_bytes(octets, "big") ^ 1 << (8 * len(octets) - 1 - bit)).to_bytes(len(octets), "big")


def refused(check: Callable[[], None]) -> bool:
    try:
        check()
    except (SignatureError, CodecError):
        return True
    return False


@pytest.mark.parametrize("case", CASES)
@given(data=st.data())
def test_a_bit_that_is_flipped_in_a_signed_element_is_noticed(case: str, data: st.DataObject) -> None:
    kind, parts = CASES[case]
    made = signature.sign(parts, KEYS[kind])
    index = data.draw(st.integers(0, len(parts) - 1))
    part = parts[index]
    octets = part.octets()
    spoilt = flipped(octets, data.draw(st.integers(0, 8 * len(octets) - 1)))
    home = "iso2" if kind == "P-256" else "iso20"

    def check() -> None:
        message = exi.decode(spoilt, home, fragment=True)
        if message == part.message:  # only the padding was hit
            raise SignatureError("the content is the same")
        changed = [Part(message, part.element) if number == index else other for number, other in enumerate(parts)]
        signature.verify(made, changed, KEYS[kind].public_key(), [ALGORITHMS[kind]])

    assert refused(check)


@pytest.mark.parametrize("case", CASES)
@given(data=st.data())
def test_a_bit_that_is_flipped_in_the_signature_is_noticed(case: str, data: st.DataObject) -> None:
    kind, parts = CASES[case]
    made = signature.sign(parts, KEYS[kind])
    octets = exi.encode(made)
    spoilt = flipped(octets, data.draw(st.integers(0, 8 * len(octets) - 1)))

    def check() -> None:
        message = exi.decode(spoilt, "xmldsig")
        if not isinstance(message, xmldsig.SignatureType) or _signed(message) == _signed(made):
            raise SignatureError("no signature any more, or the same one with padding or an Id that nobody signs")
        signature.verify(message, parts, KEYS[kind].public_key(), [ALGORITHMS[kind]])

    assert refused(check)


def _signed(made: xmldsig.SignatureType) -> tuple[xmldsig.SignedInfoType, bytes]:
    return made.SignedInfo, made.SignatureValue.value


@pytest.mark.parametrize("kind", KEYS)
def test_every_bit_of_the_value_and_of_each_digest_counts(kind: str) -> None:
    parts = [authorization()] if kind == "P-256" else authorization_iso20()
    made = signature.sign(parts, KEYS[kind])
    value = made.SignatureValue.value
    for bit in range(8 * len(value)):
        other = msgspec.structs.replace(made, SignatureValue=xmldsig.SignatureValueType(value=flipped(value, bit)))
        with pytest.raises(SignatureError, match="not the signer's"):
            signature.verify(other, parts, KEYS[kind].public_key(), [ALGORITHMS[kind]])
    (reference,) = made.SignedInfo.Reference
    for bit in range(8 * len(reference.DigestValue)):
        spoilt = msgspec.structs.replace(reference, DigestValue=flipped(reference.DigestValue, bit))
        info = msgspec.structs.replace(made.SignedInfo, Reference=[spoilt])
        with pytest.raises(SignatureError, match="not what was signed"):
            signature.verify(
                msgspec.structs.replace(made, SignedInfo=info), parts, KEYS[kind].public_key(), [ALGORITHMS[kind]]
            )


@pytest.mark.parametrize("kind", KEYS)
def test_the_key_of_another(kind: str) -> None:
    parts = authorization_iso20()
    others: dict[str, signature.PrivateKey] = {
        "P-256": ec.generate_private_key(ec.SECP256R1()),
        "P-521": ec.generate_private_key(ec.SECP521R1()),
        "Ed448": ed448.Ed448PrivateKey.generate(),
    }
    made = signature.sign(parts, others[kind])
    with pytest.raises(SignatureError, match="not the signer's"):
        signature.verify(made, parts, KEYS[kind].public_key(), ALGORITHMS.values())
    for other in KEYS.keys() - {kind}:
        with pytest.raises(SignatureError, match="the signer's key is not one for"):
            signature.verify(made, parts, KEYS[other].public_key(), ALGORITHMS.values())


def test_what_a_standard_does_not_have_is_refused_unless_it_is_allowed() -> None:
    parts = authorization_iso20()
    made = signature.sign(parts, KEYS["P-256"])
    with pytest.raises(SignatureError, match="ecdsa-sha256 is not allowed here"):
        signature.verify(made, parts, KEYS["P-256"].public_key(), ISO20)
    signature.verify(made, parts, KEYS["P-256"].public_key(), (*ISO20, ECDSA_P256))


def test_no_signature_no_trust() -> None:
    with pytest.raises(SignatureError, match="there is no signature"):
        signature.verify(None, [authorization()], KEYS["P-256"].public_key(), ISO2)


def test_an_element_without_id_cannot_be_signed() -> None:
    with pytest.raises(SignatureError, match="AuthorizationReq has no Id"):
        signature.sign([Part(iso2.AuthorizationReq(GenChallenge=CHALLENGE))], KEYS["P-256"])


def test_a_key_of_another_curve_cannot_sign() -> None:
    with pytest.raises(SignatureError, match="neither P-256, P-521 nor Ed448"):
        signature.sign([authorization()], ec.generate_private_key(ec.SECP384R1()))


def spoil(made: xmldsig.SignatureType, **changes: object) -> xmldsig.SignatureType:
    """Change the only Reference, or with `info_…` the SignedInfo."""
    (reference,) = made.SignedInfo.Reference
    info = {name.removeprefix("info_"): value for name, value in changes.items() if name.startswith("info_")}
    own = {name: value for name, value in changes.items() if not name.startswith("info_")}
    signed_info = msgspec.structs.replace(
        made.SignedInfo, **{"Reference": [msgspec.structs.replace(reference, **own)]} | info
    )
    return msgspec.structs.replace(made, SignedInfo=signed_info)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"URI": "#other"}, "signed is #other, and should be #ID1"),
        ({"URI": None}, "signed is None, and should be #ID1"),
        ({"URI": ""}, "signed is , and should be #ID1"),
        ({"DigestMethod": xmldsig.DigestMethodType(Algorithm=ECDSA_P521.digest)}, "does not go with"),
        (
            {"Transforms": xmldsig.TransformsType(Transform=[xmldsig.TransformType(Algorithm="urn:xpath")])},
            "canonicalized otherwise",
        ),
        ({"info_CanonicalizationMethod": xmldsig.CanonicalizationMethodType(Algorithm="urn:c14n")}, "otherwise"),
        ({"info_SignatureMethod": xmldsig.SignatureMethodType(Algorithm="urn:hmac")}, "urn:hmac is not allowed here"),
    ],
)
def test_signatures_of_another_kind(changes: dict[str, object], reason: str) -> None:
    made = spoil(signature.sign([authorization()], KEYS["P-256"]), **changes)
    with pytest.raises(SignatureError, match=reason):
        signature.verify(made, [authorization()], KEYS["P-256"].public_key(), ISO2)


def test_a_signed_info_that_cannot_be_encoded_was_never_signed() -> None:
    made = spoil(signature.sign([authorization()], KEYS["P-256"]), Type="\ud800")
    with pytest.raises(SignatureError, match="SignedInfo cannot be encoded"):
        signature.verify(made, [authorization()], KEYS["P-256"].public_key(), ISO2)


def test_references_that_are_missing_too_many_or_double() -> None:
    parts = installation()
    made = signature.sign(parts, KEYS["P-256"])
    key = KEYS["P-256"].public_key()
    for wanted in (parts[:3], [*parts, authorization()], [*parts[:3], parts[0]]):
        with pytest.raises(SignatureError, match="signed is"):
            signature.verify(made, wanted, key, ISO2)
    signature.verify(made, parts[::-1], key, ISO2)


def test_a_value_of_another_length() -> None:
    made = signature.sign([authorization()], KEYS["P-256"])
    value = xmldsig.SignatureValueType(value=made.SignatureValue.value + b"\0")
    with pytest.raises(SignatureError, match="65 octets, not 64"):
        signature.verify(
            msgspec.structs.replace(made, SignatureValue=value), [authorization()], KEYS["P-256"].public_key(), ISO2
        )


def test_an_element_that_its_schema_does_not_allow_was_never_signed() -> None:
    made = signature.sign([authorization()], KEYS["P-256"])
    meter = iso2.MeterInfoType(MeterID="meter")
    impossible = iso2.MeteringReceiptReq(Id="ID1", SessionID=bytes(8), SAScheduleTupleID=0, MeterInfo=meter)
    with pytest.raises(SignatureError, match="#ID1 cannot be encoded"):
        signature.verify(made, [Part(impossible)], KEYS["P-256"].public_key(), ISO2)
