"""A contract's private key on its way into an EV: wrapped with a key that only the EV's certificate's owner can make.

The sender makes a key pair for this once, agrees with the receiver's public key on a secret, and derives a key from it
with the concatenation KDF (NIST SP 800-56A; algorithm 0x01, sender "U", receiver "V"). ISO 15118-2 encrypts with
AES-128-CBC, ISO 15118-20 with AES-256-GCM, which notices what is altered.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final, Literal

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, x448
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)

from fastsecc.errors import KeyWrapError
from fastsecc.security import files
from fastsecc.security.chain import common_name

PrivateKey = ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey
AgreementKey = ec.EllipticCurvePrivateKey | x448.X448PrivateKey
EcdhCurve = Literal["SECP521", "X448"]

OTHER_INFO: Final = b"\x01UV"
"""[V2G2-818], [V2G20-2535]"""
UNCOMPRESSED: Final = b"\x04"
ALTERNATIVE_KEY: Final = x509.ObjectIdentifier("2.5.29.72")
"""Extension subjectAltPublicKeyInfo: a vehicle's key for key agreement, if its own cannot do that [V2G20-2534]."""
CBC_IV_OCTETS: Final = 16
GCM_IV_OCTETS: Final = 12
P256_OCTETS: Final = 32
P521_OCTETS: Final = 66
ED448_OCTETS: Final = 56
"""What the standard has room for. An Ed448 key has 57 octets: such a key can be wrapped if its last octet is zero."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A wrapped private key, and the public key that the receiver needs to unwrap it."""

    dh_public_key: bytes
    encrypted: bytes


def wrap_iso2(contract_key: PrivateKey, receiver: x509.Certificate) -> Wrapped:
    """Wrap a contract's key for an EV of ISO 15118-2.

    Args:
        contract_key: P-256.
        receiver: the EV's provisioning certificate, or for an update the contract certificate that it has.

    Raises:
        KeyWrapError: a key of another kind.
    """
    public_key = receiver.public_key()
    if {files.kind(public_key), files.kind(contract_key.public_key())} != {"P-256"}:
        raise KeyWrapError("ISO 15118-2 wraps P-256 keys for P-256 keys")
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    secret = _derive(ephemeral.exchange(ec.ECDH(), public_key), hashes.SHA256(), 16)
    iv = os.urandom(CBC_IV_OCTETS)
    encryptor = Cipher(AES(secret), modes.CBC(iv)).encryptor()
    octets = encryptor.update(_private_octets(contract_key)) + encryptor.finalize()
    return Wrapped(_point(ephemeral.public_key()), iv + octets)


def unwrap_iso2(wrapped: Wrapped, key: AgreementKey, contract: x509.Certificate) -> PrivateKey:
    """Unwrap a contract's key as the EV does.

    Args:
        wrapped: as it came.
        key: the EV's, P-256.
        contract: the certificate that came with it.

    Raises:
        KeyWrapError: it cannot be unwrapped, or is not the certificate's.
    """
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyWrapError("the receiver's key is not P-256")
    if len(wrapped.encrypted) != CBC_IV_OCTETS + P256_OCTETS:
        raise KeyWrapError(f"a wrapped P-256 key has {CBC_IV_OCTETS + P256_OCTETS} octets")
    secret = _derive(key.exchange(ec.ECDH(), _read_point(wrapped.dh_public_key, ec.SECP256R1())), hashes.SHA256(), 16)
    iv, octets = wrapped.encrypted[:CBC_IV_OCTETS], wrapped.encrypted[CBC_IV_OCTETS:]
    decryptor = Cipher(AES(secret), modes.CBC(iv)).decryptor()
    return _matching(decryptor.update(octets) + decryptor.finalize(), contract)


def wrap_iso20(contract_key: PrivateKey, contract: x509.Certificate, receiver: x509.Certificate) -> Wrapped:
    """Wrap a contract's key for an EV of ISO 15118-20 that has no TPM.

    Args:
        contract_key: P-521 or Ed448.
        contract: its certificate.
        receiver: the EV's provisioning certificate; an Ed448 one has an X448 key beside its own.

    Raises:
        KeyWrapError: a key of another kind.
    """
    plain = _private_octets(contract_key)
    if len(plain) not in (P521_OCTETS, ED448_OCTETS):
        raise KeyWrapError("ISO 15118-20 wraps P-521 and Ed448 keys")
    public_key = agreement_key_of(receiver)
    ephemeral: AgreementKey
    if isinstance(public_key, x448.X448PublicKey):
        ephemeral = x448.X448PrivateKey.generate()
        shared = ephemeral.exchange(public_key)
    else:
        ephemeral = ec.generate_private_key(ec.SECP521R1())
        shared = ephemeral.exchange(ec.ECDH(), public_key)
    iv = os.urandom(GCM_IV_OCTETS)
    octets = AESGCM(_derive(shared, hashes.SHA512(), 32)).encrypt(iv, plain, authenticated(receiver, contract))
    return Wrapped(_point(ephemeral.public_key()), iv + octets)


def unwrap_iso20(
    wrapped: Wrapped, key: AgreementKey, contract: x509.Certificate, receiver: x509.Certificate
) -> PrivateKey:
    """Unwrap a contract's key as the EV does.

    Args:
        wrapped: as it came.
        key: the EV's: P-521, or the X448 key beside an Ed448 one.
        contract: the certificate that came with it.
        receiver: the EV's provisioning certificate.

    Raises:
        KeyWrapError: it was altered, is for somebody else, or is not the certificate's.
    """
    if isinstance(key, x448.X448PrivateKey):
        shared = _exchange_x448(key, wrapped.dh_public_key)
    elif isinstance(key.curve, ec.SECP521R1):
        shared = key.exchange(ec.ECDH(), _read_point(wrapped.dh_public_key, ec.SECP521R1()))
    else:
        raise KeyWrapError("the receiver's key is neither P-521 nor X448")
    iv, octets = wrapped.encrypted[:GCM_IV_OCTETS], wrapped.encrypted[GCM_IV_OCTETS:]
    try:
        plain = AESGCM(_derive(shared, hashes.SHA512(), 32)).decrypt(iv, octets, authenticated(receiver, contract))
    except (InvalidTag, ValueError):
        raise KeyWrapError("the wrapped key is for somebody else, or was altered") from None
    return _matching(plain, contract)  # [V2G20-2507], [V2G20-2510]


def curve_of(receiver: x509.Certificate) -> EcdhCurve:
    """Name what is agreed with, as CertificateInstallationRes of ISO 15118-20 does.

    Raises:
        KeyWrapError: the EV's key is of another kind.
    """
    return "X448" if isinstance(agreement_key_of(receiver), x448.X448PublicKey) else "SECP521"


def agreement_key_of(receiver: x509.Certificate) -> x448.X448PublicKey | ec.EllipticCurvePublicKey:
    """Give the key that an EV of ISO 15118-20 agrees with.

    Raises:
        KeyWrapError: it has none.
    """
    try:
        extension = receiver.extensions.get_extension_for_oid(ALTERNATIVE_KEY).value
        if isinstance(extension, x509.UnrecognizedExtension):
            alternative = load_der_public_key(extension.value)
            if isinstance(alternative, x448.X448PublicKey):
                return alternative
    except (x509.ExtensionNotFound, ValueError):
        pass
    public_key = receiver.public_key()
    if isinstance(public_key, ec.EllipticCurvePublicKey) and isinstance(public_key.curve, ec.SECP521R1):
        return public_key
    raise KeyWrapError(f"{files.name(receiver)} has no P-521 or X448 key to agree with")


def authenticated(receiver: x509.Certificate, contract: x509.Certificate) -> bytes:
    """Give what is authenticated along with a wrapped key: for whom, and which one [V2G20-2492].

    Raises:
        KeyWrapError: the contract's certificate has no key identifier.
    """
    pcid = common_name(receiver).replace("-", "").upper()
    try:
        identifier = contract.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        raise KeyWrapError(f"{files.name(contract)} has no subject key identifier") from None
    return (pcid + identifier.digest.hex().upper()).encode()


def new_contract_key(kind: str) -> PrivateKey:
    """Make a key that can be wrapped."""
    if kind == "Ed448":
        return ed448.Ed448PrivateKey.from_private_bytes(os.urandom(ED448_OCTETS) + b"\0")
    return ec.generate_private_key(ec.SECP521R1() if kind == "P-521" else ec.SECP256R1())


def _derive(shared: bytes, algorithm: hashes.HashAlgorithm, octets: int) -> bytes:
    return ConcatKDFHash(algorithm, octets, OTHER_INFO).derive(shared)


def _private_octets(key: PrivateKey) -> bytes:
    if isinstance(key, ed448.Ed448PrivateKey):
        octets = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        if octets[ED448_OCTETS:] != b"\0":
            raise KeyWrapError("this Ed448 key does not fit: its last octet is not zero")
        return octets[:ED448_OCTETS]
    return key.private_numbers().private_value.to_bytes((key.curve.key_size + 7) // 8, "big")


def _matching(plain: bytes, contract: x509.Certificate) -> PrivateKey:
    """Make a private key of its octets, if it is the certificate's."""
    public_key = contract.public_key()
    key: PrivateKey
    try:
        if isinstance(public_key, ed448.Ed448PublicKey):
            key = ed448.Ed448PrivateKey.from_private_bytes(plain + b"\0")
        elif isinstance(public_key, ec.EllipticCurvePublicKey):
            key = ec.derive_private_key(int.from_bytes(plain, "big"), public_key.curve)
        else:
            raise KeyWrapError(f"the key of {files.name(contract)} is of no kind that is wrapped")
    except ValueError:
        raise KeyWrapError("what was unwrapped is no private key") from None
    if not files.same_key(key.public_key(), public_key):
        raise KeyWrapError(f"what was unwrapped is not the key of {files.name(contract)}")
    return key


def _point(public_key: ec.EllipticCurvePublicKey | x448.X448PublicKey) -> bytes:
    if isinstance(public_key, x448.X448PublicKey):
        return UNCOMPRESSED + public_key.public_bytes_raw()  # [V2G20-2489], [V2G20-2495]
    return public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _read_point(octets: bytes, curve: ec.EllipticCurve) -> ec.EllipticCurvePublicKey:
    if octets[:1] != UNCOMPRESSED:  # [V2G20-2572]
        raise KeyWrapError("the sender's public key is not in uncompressed form")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, octets)
    except ValueError:
        raise KeyWrapError(f"the sender's public key is no point of {curve.name}") from None


def _exchange_x448(key: x448.X448PrivateKey, octets: bytes) -> bytes:
    if octets[:1] != UNCOMPRESSED:
        raise KeyWrapError("the sender's public key is not in uncompressed form")
    try:
        return key.exchange(x448.X448PublicKey.from_public_bytes(octets[1:]))
    except ValueError:
        raise KeyWrapError("the sender's public key is none of X448") from None
