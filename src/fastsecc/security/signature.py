"""XML signatures in message headers: elements as EXI fragments, their digests, and one signature over the digests.

The signature's value is over SignedInfo as a fragment of the stand-alone schema of XML signature, not of the message's;
ECDSA signatures are r and s at full length, one after the other.

Importing this costs next to nothing: `cryptography` is imported with the first signature, so that a charger without
Plug & Charge does without.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from fastsecc import exi
from fastsecc.errors import EncodeError, SignatureError
from fastsecc.messages import xmldsig as ds
from fastsecc.messages.schema import Type

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec, ed448

CANONICAL_EXI: Final = "http://www.w3.org/TR/canonical-exi/"
SHAKE256_OCTETS: Final = 64

PrivateKey: TypeAlias = "ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A kind of key with the digest that goes with it."""

    method: str
    """URI of the signature."""
    digest: str
    """URI of the digest of the signed elements."""
    hash: str
    """Name of the hash."""
    curve: str | None
    """None: Ed448."""
    value_octets: int
    """Length of a signature."""


ECDSA_P256: Final = Algorithm(
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "sha256",
    "secp256r1",
    64,
)
ECDSA_P521: Final = Algorithm(
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
    "http://www.w3.org/2001/04/xmlenc#sha512",
    "sha512",
    "secp521r1",
    132,
)
ED448: Final = Algorithm(
    "urn:iso:std:iso:15118:-20:Security:xmldsig#Ed448",  # [V2G20-2474]
    "urn:iso:std:iso:15118:-20:Security:xmlenc#SHAKE256",  # [V2G20-2476]
    "shake_256",
    None,
    114,
)
ISO2: Final = (ECDSA_P256,)
"""What ISO 15118-2 has."""
ISO20: Final = (ECDSA_P521, ED448)
"""What ISO 15118-20 has."""


@dataclass(frozen=True, slots=True)
class Part:
    """An element that is signed."""

    message: Type
    element: str | None = None
    """Its name, where several elements have its class."""
    namespace: str | None = None
    """Its namespace's short name; None: its class's."""

    @property
    def uri(self) -> str:
        """What a Reference calls it.

        Raises:
            SignatureError: it has no Id.
        """
        id_ = getattr(self.message, "Id", None)
        if not id_:
            raise SignatureError(f"{self.element or type(self.message).__name__} has no Id to be signed by")
        return f"#{id_}"

    def octets(self) -> bytes:
        """Give the fragment that is hashed."""
        return exi.encode(self.message, fragment=True, namespace=self.namespace, element=self.element)


def sign(parts: Iterable[Part], key: PrivateKey) -> ds.SignatureType:
    """Sign elements of a message; the result goes into its header.

    Raises:
        SignatureError: an element without Id, or a key of a kind that the standards do not have.
        EncodeError: an element that its schema does not allow.
    """
    algorithm = algorithm_of(key.public_key())
    transforms = ds.TransformsType(Transform=[ds.TransformType(Algorithm=CANONICAL_EXI)])
    references = [
        ds.ReferenceType(
            URI=part.uri,
            Transforms=transforms,
            DigestMethod=ds.DigestMethodType(Algorithm=algorithm.digest),
            DigestValue=_digest(algorithm, part.octets()),
        )
        for part in parts
    ]
    signed_info = ds.SignedInfoType(
        CanonicalizationMethod=ds.CanonicalizationMethodType(Algorithm=CANONICAL_EXI),
        SignatureMethod=ds.SignatureMethodType(Algorithm=algorithm.method),
        Reference=references,
    )
    value = _sign(algorithm, key, signed_octets(signed_info))
    return ds.SignatureType(SignedInfo=signed_info, SignatureValue=ds.SignatureValueType(value=value))


def verify(
    signature: ds.SignatureType | None, parts: Sequence[Part], public_key: object, algorithms: Iterable[Algorithm]
) -> None:
    """Make sure that a signature vouches for exactly these elements.

    Args:
        signature: of the message's header.
        parts: what it has to cover.
        public_key: of whom the signature is to be.
        algorithms: what is allowed.

    Raises:
        SignatureError: says what is wrong.
    """
    if signature is None:
        raise SignatureError("there is no signature")
    algorithm = _allowed(signature.SignedInfo, algorithms)
    if algorithm_of(public_key) is not algorithm:
        raise SignatureError(f"the signer's key is not one for {algorithm.method}")
    _check_digests(algorithm, signature.SignedInfo, parts)
    value = signature.SignatureValue.value
    if len(value) != algorithm.value_octets:
        raise SignatureError(f"the signature has {len(value)} octets, not {algorithm.value_octets}")
    try:
        octets = signed_octets(signature.SignedInfo)
    except EncodeError as error:
        raise SignatureError(f"SignedInfo cannot be encoded: {error}") from None
    if not _is_by(public_key, algorithm, value, octets):
        raise SignatureError("the signature is not the signer's")


def algorithm_of(public_key: object) -> Algorithm:
    """Tell which algorithm a key is for.

    Raises:
        SignatureError: none of the standards'.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed448

    if isinstance(public_key, ed448.Ed448PublicKey):
        return ED448
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        for algorithm in (ECDSA_P256, ECDSA_P521):
            if algorithm.curve == public_key.curve.name:
                return algorithm
    raise SignatureError("the signer's key is neither P-256, P-521 nor Ed448")


def signed_octets(signed_info: ds.SignedInfoType) -> bytes:
    """Give what the signature's value is over."""
    return exi.encode(signed_info, fragment=True, namespace="xmldsig", element="SignedInfo")


def _allowed(signed_info: ds.SignedInfoType, algorithms: Iterable[Algorithm]) -> Algorithm:
    method = signed_info.SignatureMethod.Algorithm
    for algorithm in algorithms:
        if algorithm.method == method:
            break
    else:
        raise SignatureError(f"the method {method} is not allowed here")
    # an EV that canonicalizes otherwise could mean other octets by the same digests
    used = {signed_info.CanonicalizationMethod.Algorithm}
    for reference in signed_info.Reference:
        used.update(step.Algorithm for step in (reference.Transforms.Transform if reference.Transforms else ()))
        if reference.DigestMethod.Algorithm != algorithm.digest:
            raise SignatureError(f"the digest method {reference.DigestMethod.Algorithm} does not go with {method}")
    if used != {CANONICAL_EXI}:
        raise SignatureError(f"canonicalized otherwise than {CANONICAL_EXI}: {', '.join(used - {CANONICAL_EXI})}")
    return algorithm


def _check_digests(algorithm: Algorithm, signed_info: ds.SignedInfoType, parts: Sequence[Part]) -> None:
    told = [reference.URI for reference in signed_info.Reference]
    wanted = [part.uri for part in parts]
    if len(set(wanted)) != len(wanted) or sorted(wanted) != sorted(uri or "" for uri in told):
        raise SignatureError(f"signed is {', '.join(map(str, told))}, and should be {', '.join(wanted)}")
    values = {reference.URI: reference.DigestValue for reference in signed_info.Reference}
    for part in parts:
        try:
            digest = _digest(algorithm, part.octets())
        except EncodeError as error:
            raise SignatureError(f"{part.uri} cannot be encoded: {error}") from None
        if not hmac.compare_digest(digest, values[part.uri]):
            raise SignatureError(f"{part.uri} is not what was signed")


def _digest(algorithm: Algorithm, octets: bytes) -> bytes:
    if algorithm is ED448:
        return hashlib.shake_256(octets).digest(SHAKE256_OCTETS)
    return hashlib.new(algorithm.hash, octets).digest()


def _sign(algorithm: Algorithm, key: PrivateKey, octets: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ed448, utils

    if isinstance(key, ed448.Ed448PrivateKey):
        return key.sign(octets)
    half = algorithm.value_octets // 2
    r, s = utils.decode_dss_signature(key.sign(octets, _ecdsa(algorithm)))
    return r.to_bytes(half, "big") + s.to_bytes(half, "big")  # [V2G20-1000]


def _is_by(public_key: object, algorithm: Algorithm, value: bytes, octets: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, utils

    half = algorithm.value_octets // 2
    r, s = int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
    try:
        if isinstance(public_key, ed448.Ed448PublicKey):
            public_key.verify(value, octets)
        elif isinstance(public_key, ec.EllipticCurvePublicKey):
            public_key.verify(utils.encode_dss_signature(r, s), octets, _ecdsa(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _ecdsa(algorithm: Algorithm) -> ec.ECDSA:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.ECDSA(hashes.SHA256() if algorithm is ECDSA_P256 else hashes.SHA512())
