"""Reading certificates and keys; every fault names its file."""

from __future__ import annotations

import stat
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from fastsecc.errors import ConfigError

CURVES = {"secp256r1": "P-256", "secp521r1": "P-521"}
UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What reading a certificate of a stranger may raise."""


def read(path: Path) -> bytes:
    """Read a file.

    Raises:
        ConfigError: it is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ConfigError("does not exist", file=path) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=path) from None


def certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """Read a PEM file of one or more certificates.

    Raises:
        ConfigError: it is missing, cannot be read, or holds something else.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(read(path)))
    except ValueError as error:
        raise ConfigError(f"holds no certificate in PEM: {_first_line(error)}", file=path) from None


def public_key(path: Path, password: Path | None) -> PublicKeyTypes:
    """Give the public part of a private key.

    Raises:
        ConfigError: a file is missing, cannot be read, is no key, or its password is wrong or missing.
    """
    return private_key(path, password).public_key()


def private_key(path: Path, password: Path | None) -> PrivateKeyTypes:
    """Read a private key.

    Raises:
        ConfigError: a file is missing, cannot be read, is no key, or its password is wrong or missing.
    """
    try:
        return load_pem_private_key(read(path), password_of(password))
    except TypeError:
        reason = "is encrypted, and there is no password file" if password is None else f"needs no password: {password}"
        raise ConfigError(reason, file=path) from None
    except (ValueError, UnsupportedAlgorithm) as error:
        detail = f" with the password in {password}" if password else ""
        raise ConfigError(f"is no private key in PEM{detail}: {_first_line(error)}", file=path) from None


def password_of(path: Path | None) -> bytes | None:
    """Read a password: the first line of its file.

    Raises:
        ConfigError: the file cannot be read.
    """
    return None if path is None else (read(path).splitlines() or [b""])[0]


def is_encrypted(path: Path) -> bool:
    """Tell whether a PEM key needs a password.

    Raises:
        ConfigError: the file cannot be read.
    """
    return b"ENCRYPTED" in read(path)


def open_to_others(path: Path) -> bool:
    """Tell whether a file can be read by those who are neither its owner nor in its group."""
    return bool(path.stat().st_mode & stat.S_IROTH)


def kind(key: object) -> str | None:
    """Name a public key's kind as the standards' profiles do; None: they have none for it."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return CURVES.get(key.curve.name)
    return "Ed448" if isinstance(key, ed448.Ed448PublicKey) else None


def same_key(one: PublicKeyTypes, other: object) -> bool:
    """Compare two public keys."""
    return isinstance(other, type(one)) and _octets(one) == _octets(other)


def issued(issuer: x509.Certificate, subject: x509.Certificate) -> bool:
    """Tell whether one certificate signed the other."""
    try:
        subject.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def name(certificate: x509.Certificate) -> str:
    """Give a certificate's subject, for people."""
    return certificate.subject.rfc4514_string() or f"serial {certificate.serial_number:x}"


def subject(der: bytes) -> str:
    """Give the subject of a certificate in DER, for people, whatever it holds."""
    try:
        return name(x509.load_der_x509_certificate(der))
    except UNREADABLE:
        return "that cannot be read"


def _octets(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
