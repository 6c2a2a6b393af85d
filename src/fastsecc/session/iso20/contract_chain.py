"""Whom the session trusts with contracts, and which keys it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from fastsecc.charger.payloads import CertificateHashDataInfo
from fastsecc.errors import CertificateError, Fault
from fastsecc.messages.iso20 import ContractCertificateChainType, SignedCertificateChainType
from fastsecc.security import chain, signature
from fastsecc.session.contract import FORWARDED_FAULTS, Contract, check_emaid, today
from fastsecc.session.iso20.context import Iso20Context

OLD_KEYS: Final = "iso2-keys-in-iso20"
"""Quirk: keys of ISO 15118-2 in signatures and certificates."""


def examine(shown: ContractCertificateChainType, context: Iso20Context) -> Contract:
    """Follow a contract's chain to a root of a mobility operator, or of V2G.

    What the back end may judge otherwise is left to it, where `central_contract_validation_allowed` says that it is
    asked; it gets no OCSP request data then.

    Raises:
        CertificateError: names the certificate and the rule.
    """
    certificates = chain.load(_octets(shown))
    _check_provider(certificates, context)
    return Contract(certificates, tuple(_verify(certificates, context)))


def check_vehicle(shown: SignedCertificateChainType, context: Iso20Context) -> chain.Certificate:
    """Check a provisioning certificate, as far as we know those who issue such; give it.

    Raises:
        CertificateError: names the certificate and the rule.
    """
    certificates = chain.load(_octets(shown))
    try:
        _validate(certificates, chain.OEM, "OEM", context)
    except CertificateError as error:
        if error.fault not in (Fault.no_root, Fault.unknown_root):
            raise
    return certificates[0]


def algorithms(context: Iso20Context) -> tuple[signature.Algorithm, ...]:
    """Give the kinds of signatures that an EV may make."""
    return (*signature.ISO20, signature.ECDSA_P256) if OLD_KEYS in context.quirks else signature.ISO20


def rules(context: Iso20Context) -> chain.Rules:
    """Give what is asked of certificates."""
    return chain.Rules(chain.ISO20_KINDS | chain.ISO2_KINDS if OLD_KEYS in context.quirks else chain.ISO20_KINDS)


def _octets(shown: ContractCertificateChainType | SignedCertificateChainType) -> Iterator[bytes]:
    yield shown.Certificate
    if shown.SubCertificates is not None:
        yield from shown.SubCertificates.Certificate


def _check_provider(certificates: Sequence[chain.Certificate], context: Iso20Context) -> None:
    emaid, providers = check_emaid(certificates), context.settings.iso20.supported_providers
    if providers and emaid.issuer not in (provider.replace("-", "").upper() for provider in providers):
        raise CertificateError(str(emaid), f"contracts of {emaid.issuer} are not taken", Fault.unknown_root)


def _verify(certificates: Sequence[chain.Certificate], context: Iso20Context) -> list[CertificateHashDataInfo]:
    from fastsecc.security import ocsp  # not before there is a contract: the library behind it is large

    try:
        return ocsp.hash_data(_validate(certificates, chain.CONTRACT, "MO", context))
    except CertificateError as error:
        if error.fault not in FORWARDED_FAULTS or not context.charger.central_contract_validation_allowed:
            raise
        context.log(f"AuthorizationReq: left to the back end: {error}")
        return []


def _validate(
    certificates: Sequence[chain.Certificate], role: chain.Role, anchors: Literal["MO", "OEM"], context: Iso20Context
) -> chain.Path:
    trust = context.settings.security
    roots = () if trust is None else trust.anchors(anchors)
    is_revoked = None if trust is None else trust.is_revoked
    return chain.validate(certificates, role, roots, today(context), rules(context), is_revoked)
