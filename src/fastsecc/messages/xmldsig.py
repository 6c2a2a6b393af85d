"""XML signature (xmldsig-core), as far as V2G messages use it."""

from __future__ import annotations

from typing import Annotated

from fastsecc.messages.schema import (
    TEXT,
    Attribute,
    Base64Binary,
    ElementTable,
    Occurs,
    Ref,
    Type,
    choice,
    optional,
    sequence,
    wildcard,
)

NAMESPACE = "http://www.w3.org/2000/09/xmldsig#"
REF = Ref(NAMESPACE)
ATTRIBUTE = Attribute()

CryptoBinary = Base64Binary
DigestValueType = Base64Binary
HMACOutputLengthType = int


class SignatureType(Type):
    Id: Annotated[str | None, ATTRIBUTE] = None
    SignedInfo: Annotated[SignedInfoType, REF]
    SignatureValue: Annotated[SignatureValueType, REF]
    KeyInfo: Annotated[KeyInfoType | None, REF] = None
    Object: Annotated[list[ObjectType], Occurs(0, None), REF] = []


class SignatureValueType(Type):
    Id: Annotated[str | None, ATTRIBUTE] = None
    value: Annotated[Base64Binary, TEXT]


class SignedInfoType(Type):
    Id: Annotated[str | None, ATTRIBUTE] = None
    CanonicalizationMethod: Annotated[CanonicalizationMethodType, REF]
    SignatureMethod: Annotated[SignatureMethodType, REF]
    Reference: Annotated[list[ReferenceType], Occurs(1, None), REF]


class CanonicalizationMethodType(Type):
    MIXED = True
    CONTENT = sequence(wildcard(min=0, max=None))
    Algorithm: Annotated[str, ATTRIBUTE]


class SignatureMethodType(Type):
    MIXED = True
    CONTENT = sequence(optional("HMACOutputLength"), wildcard(min=0, max=None))
    Algorithm: Annotated[str, ATTRIBUTE]
    HMACOutputLength: HMACOutputLengthType | None = None


class ReferenceType(Type):
    Id: Annotated[str | None, ATTRIBUTE] = None
    URI: Annotated[str | None, ATTRIBUTE] = None
    Type: Annotated[str | None, ATTRIBUTE] = None
    Transforms: Annotated[TransformsType | None, REF] = None
    DigestMethod: Annotated[DigestMethodType, REF]
    DigestValue: Annotated[DigestValueType, REF]


class TransformsType(Type):
    Transform: Annotated[list[TransformType], Occurs(1, None), REF]


class TransformType(Type):
    MIXED = True
    CONTENT = choice(wildcard(), "XPath", min=0, max=None)
    Algorithm: Annotated[str, ATTRIBUTE]
    XPath: Annotated[list[str], Occurs(0, None)] = []


class DigestMethodType(Type):
    MIXED = True
    CONTENT = sequence(wildcard(min=0, max=None))
    Algorithm: Annotated[str, ATTRIBUTE]


class KeyInfoType(Type):
    MIXED = True
    CONTENT = choice(
        "KeyName", "KeyValue", "RetrievalMethod", "X509Data", "PGPData", "SPKIData", "MgmtData", wildcard(), max=None
    )
    Id: Annotated[str | None, ATTRIBUTE] = None
    KeyName: Annotated[list[str], Occurs(0, None), REF] = []
    KeyValue: Annotated[list[KeyValueType], Occurs(0, None), REF] = []
    RetrievalMethod: Annotated[list[RetrievalMethodType], Occurs(0, None), REF] = []
    X509Data: Annotated[list[X509DataType], Occurs(0, None), REF] = []
    PGPData: Annotated[list[PGPDataType], Occurs(0, None), REF] = []
    SPKIData: Annotated[list[SPKIDataType], Occurs(0, None), REF] = []
    MgmtData: Annotated[list[str], Occurs(0, None), REF] = []


class KeyValueType(Type):
    MIXED = True
    CONTENT = choice("DSAKeyValue", "RSAKeyValue", wildcard())
    DSAKeyValue: Annotated[DSAKeyValueType | None, REF] = None
    RSAKeyValue: Annotated[RSAKeyValueType | None, REF] = None


class RetrievalMethodType(Type):
    URI: Annotated[str | None, ATTRIBUTE] = None
    Type: Annotated[str | None, ATTRIBUTE] = None
    Transforms: Annotated[TransformsType | None, REF] = None


class X509DataType(Type):
    CONTENT = sequence(
        choice("X509IssuerSerial", "X509SKI", "X509SubjectName", "X509Certificate", "X509CRL", wildcard()), max=None
    )
    X509IssuerSerial: Annotated[list[X509IssuerSerialType], Occurs(0, None)] = []
    X509SKI: Annotated[list[Base64Binary], Occurs(0, None)] = []
    X509SubjectName: Annotated[list[str], Occurs(0, None)] = []
    X509Certificate: Annotated[list[Base64Binary], Occurs(0, None)] = []
    X509CRL: Annotated[list[Base64Binary], Occurs(0, None)] = []


class X509IssuerSerialType(Type):
    X509IssuerName: str
    X509SerialNumber: int


class PGPDataType(Type):
    CONTENT = choice(
        sequence("PGPKeyID", optional("PGPKeyPacket"), wildcard(min=0, max=None)),
        sequence("PGPKeyPacket", wildcard(min=0, max=None)),
    )
    PGPKeyID: Base64Binary | None = None
    PGPKeyPacket: Base64Binary | None = None


class SPKIDataType(Type):
    CONTENT = sequence("SPKISexp", wildcard(min=0), max=None)
    SPKISexp: Annotated[list[Base64Binary], Occurs(0, None)] = []


class ObjectType(Type):
    MIXED = True
    CONTENT = sequence(wildcard(), min=0, max=None)
    Id: Annotated[str | None, ATTRIBUTE] = None
    MimeType: Annotated[str | None, ATTRIBUTE] = None
    Encoding: Annotated[str | None, ATTRIBUTE] = None


class ManifestType(Type):
    Id: Annotated[str | None, ATTRIBUTE] = None
    Reference: Annotated[list[ReferenceType], Occurs(1, None), REF]


class SignaturePropertiesType(Type):
    Id: Annotated[str | None, ATTRIBUTE] = None
    SignatureProperty: Annotated[list[SignaturePropertyType], Occurs(1, None), REF]


class SignaturePropertyType(Type):
    MIXED = True
    CONTENT = choice(wildcard(), max=None)
    Target: Annotated[str, ATTRIBUTE]
    Id: Annotated[str | None, ATTRIBUTE] = None


class DSAKeyValueType(Type):
    CONTENT = sequence(
        sequence("P", "Q", min=0), optional("G"), "Y", optional("J"), sequence("Seed", "PgenCounter", min=0)
    )
    P: CryptoBinary | None = None
    Q: CryptoBinary | None = None
    G: CryptoBinary | None = None
    Y: CryptoBinary
    J: CryptoBinary | None = None
    Seed: CryptoBinary | None = None
    PgenCounter: CryptoBinary | None = None


class RSAKeyValueType(Type):
    Modulus: CryptoBinary
    Exponent: CryptoBinary


ELEMENTS: ElementTable = {
    "CanonicalizationMethod": CanonicalizationMethodType,
    "DSAKeyValue": DSAKeyValueType,
    "DigestMethod": DigestMethodType,
    "DigestValue": DigestValueType,
    "KeyInfo": KeyInfoType,
    "KeyName": str,
    "KeyValue": KeyValueType,
    "Manifest": ManifestType,
    "MgmtData": str,
    "Object": ObjectType,
    "PGPData": PGPDataType,
    "RSAKeyValue": RSAKeyValueType,
    "Reference": ReferenceType,
    "RetrievalMethod": RetrievalMethodType,
    "SPKIData": SPKIDataType,
    "Signature": SignatureType,
    "SignatureMethod": SignatureMethodType,
    "SignatureProperties": SignaturePropertiesType,
    "SignatureProperty": SignaturePropertyType,
    "SignatureValue": SignatureValueType,
    "SignedInfo": SignedInfoType,
    "Transform": TransformType,
    "Transforms": TransformsType,
    "X509Data": X509DataType,
}
