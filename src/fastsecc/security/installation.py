"""Contract certificates for EVs: the responses of a back end, with the key wrapped and everything signed."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed448

from fastsecc.messages import iso2, iso20
from fastsecc.messages.xmldsig import SignatureType
from fastsecc.security import emaid, key_wrap
from fastsecc.security.chain import common_name, load
from fastsecc.security.key_wrap import AgreementKey, PrivateKey, Wrapped
from fastsecc.security.signature import Part, sign
from fastsecc.security.signers import Signer


@dataclass(frozen=True, slots=True)
class SignedIso2:
    """A response of ISO 15118-2 with the signature for its header."""

    body: iso2.CertificateInstallationRes | iso2.CertificateUpdateRes
    signature: SignatureType


@dataclass(frozen=True, slots=True)
class SignedIso20:
    """What a response of ISO 15118-20 is made of, with the signature for its header."""

    data: iso20.SignedInstallationDataType
    signature: SignatureType


@dataclass(frozen=True, slots=True)
class Installed:
    """What an EV has got."""

    key: PrivateKey
    chain: tuple[bytes, ...]
    """DER, leaf first."""


def install_iso2(contract: Signer, receiver: x509.Certificate, provisioning: Signer) -> SignedIso2:
    """Make CertificateInstallationRes.

    Args:
        contract: what is installed.
        receiver: the EV's provisioning certificate.
        provisioning: who signs.

    Raises:
        KeyWrapError: the contract's key cannot be wrapped for this EV.
    """
    elements = _elements_iso2(contract, receiver)
    body = iso2.CertificateInstallationRes(
        ResponseCode=iso2.ResponseCodeType.OK,
        SAProvisioningCertificateChain=_chain_iso2(provisioning),
        ContractSignatureCertChain=elements.chain,
        ContractSignatureEncryptedPrivateKey=elements.key,
        DHpublickey=elements.dh,
        eMAID=elements.emaid,
    )
    return SignedIso2(body, sign(parts_iso2(body), provisioning.key))


def update_iso2(contract: Signer, receiver: x509.Certificate, provisioning: Signer) -> SignedIso2:
    """Make CertificateUpdateRes.

    Args:
        contract: what takes the place of the EV's contract.
        receiver: that contract's certificate.
        provisioning: who signs.

    Raises:
        KeyWrapError: the contract's key cannot be wrapped for this EV.
    """
    elements = _elements_iso2(contract, receiver)
    body = iso2.CertificateUpdateRes(
        ResponseCode=iso2.ResponseCodeType.OK,
        SAProvisioningCertificateChain=_chain_iso2(provisioning),
        ContractSignatureCertChain=elements.chain,
        ContractSignatureEncryptedPrivateKey=elements.key,
        DHpublickey=elements.dh,
        eMAID=elements.emaid,
    )
    return SignedIso2(body, sign(parts_iso2(body), provisioning.key))


def parts_iso2(body: iso2.CertificateInstallationRes | iso2.CertificateUpdateRes) -> list[Part]:
    """List what a response's signature covers."""
    return [
        Part(body.ContractSignatureCertChain, "ContractSignatureCertChain"),
        Part(body.ContractSignatureEncryptedPrivateKey),
        Part(body.DHpublickey),
        Part(body.eMAID),
    ]


def installed_iso2(body: iso2.CertificateInstallationRes | iso2.CertificateUpdateRes, key: AgreementKey) -> Installed:
    """Take what a response holds, as the EV does; its signature and chains are to be checked apart.

    Raises:
        CertificateError: the contract's certificate cannot be read.
        KeyWrapError: its key cannot be unwrapped, or is not the certificate's.
    """
    octets = _octets(body.ContractSignatureCertChain)
    wrapped = Wrapped(body.DHpublickey.value, body.ContractSignatureEncryptedPrivateKey.value)
    return Installed(key_wrap.unwrap_iso2(wrapped, key, load(octets[:1])[0]), octets)


def install_iso20(contract: Signer, receiver: x509.Certificate, provisioning: Signer) -> SignedIso20:
    """Make SignedInstallationData of CertificateInstallationRes.

    Args:
        contract: what is installed.
        receiver: the EV's provisioning certificate.
        provisioning: who signs.

    Raises:
        KeyWrapError: the contract's key cannot be wrapped for this EV.
    """
    wrapped = key_wrap.wrap_iso20(contract.key, contract.leaf, receiver)
    is_ed448 = isinstance(contract.key, ed448.Ed448PrivateKey)
    leaf, *sub_cas = contract.octets
    data = iso20.SignedInstallationDataType(
        Id="id1",
        ContractCertificateChain=iso20.ContractCertificateChainType(
            Certificate=leaf, SubCertificates=iso20.SubCertificatesType(Certificate=sub_cas)
        ),
        ECDHCurve=iso20.EcdhCurveType(key_wrap.curve_of(receiver)),  # [V2G20-2487], [V2G20-2488]
        DHPublicKey=wrapped.dh_public_key,
        SECP521_EncryptedPrivateKey=None if is_ed448 else wrapped.encrypted,
        X448_EncryptedPrivateKey=wrapped.encrypted if is_ed448 else None,
    )
    return SignedIso20(data, sign([Part(data)], provisioning.key))


def installed_iso20(data: iso20.SignedInstallationDataType, key: AgreementKey, receiver: x509.Certificate) -> Installed:
    """Take what a response holds, as the EV does; its signature and chains are to be checked apart.

    Raises:
        CertificateError: the contract's certificate cannot be read.
        KeyWrapError: its key cannot be unwrapped, or is not the certificate's.
    """
    octets = (data.ContractCertificateChain.Certificate, *data.ContractCertificateChain.SubCertificates.Certificate)
    encrypted = data.SECP521_EncryptedPrivateKey or data.X448_EncryptedPrivateKey or b""
    wrapped = Wrapped(data.DHPublicKey, encrypted)
    return Installed(key_wrap.unwrap_iso20(wrapped, key, load(octets[:1])[0], receiver), octets)


def chain_iso20(signer: Signer) -> iso20.CertificateChainType:
    """Give a chain as CPSCertificateChain has it."""
    leaf, *sub_cas = signer.octets
    return iso20.CertificateChainType(
        Certificate=leaf, SubCertificates=iso20.SubCertificatesType(Certificate=sub_cas) if sub_cas else None
    )


@dataclass(frozen=True, slots=True)
class _ElementsIso2:
    chain: iso2.CertificateChainType
    key: iso2.ContractSignatureEncryptedPrivateKeyType
    dh: iso2.DiffieHellmanPublickeyType
    emaid: iso2.EMAIDType


def _elements_iso2(contract: Signer, receiver: x509.Certificate) -> _ElementsIso2:
    wrapped = key_wrap.wrap_iso2(contract.key, receiver)
    return _ElementsIso2(
        _chain_iso2(contract, "id1"),
        iso2.ContractSignatureEncryptedPrivateKeyType(Id="id2", value=wrapped.encrypted),
        iso2.DiffieHellmanPublickeyType(Id="id3", value=wrapped.dh_public_key),
        iso2.EMAIDType(Id="id4", value=emaid.normal(common_name(contract.leaf))),
    )


def _chain_iso2(signer: Signer, id_: str | None = None) -> iso2.CertificateChainType:
    leaf, *sub_cas = signer.octets
    return iso2.CertificateChainType(
        Id=id_,
        Certificate=leaf,
        SubCertificates=iso2.SubCertificatesType(Certificate=sub_cas) if sub_cas else None,
    )


def _octets(chain: iso2.CertificateChainType) -> tuple[bytes, ...]:
    return (chain.Certificate, *(chain.SubCertificates.Certificate if chain.SubCertificates else ()))
