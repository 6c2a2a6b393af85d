"""Any message that the schema allows survives encoding and decoding."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsecc.exi import decode_flagged, encode
from fastsecc.messages import app_protocol, iso2, iso20, xmldsig
from fastsecc.messages.schema import Type
from tests.strategies import bodies, document, messages, unwrapped

ENVELOPED = [(namespace, cls) for namespace in ("din", "iso2") for cls in bodies(namespace)]
UNWRAPPED = [
    (namespace, cls)
    for namespace in ("sap", "iso20", "iso20-ac", "iso20-dc", "iso20-acdp", "iso20-wpt")
    for cls in unwrapped(namespace)
]
FRAGMENTS = [
    ("iso2", iso2.AuthorizationReq, "AuthorizationReq"),
    ("iso2", iso2.CertificateInstallationReq, "CertificateInstallationReq"),
    ("iso2", iso2.CertificateUpdateReq, "CertificateUpdateReq"),
    ("iso2", iso2.CertificateChainType, "ContractSignatureCertChain"),
    ("iso2", iso2.CertificateChainType, "SAProvisioningCertificateChain"),
    ("iso2", iso2.ContractSignatureEncryptedPrivateKeyType, "ContractSignatureEncryptedPrivateKey"),
    ("iso2", iso2.DiffieHellmanPublickeyType, "DHpublickey"),
    ("iso2", iso2.EMAIDType, "eMAID"),
    ("iso2", iso2.MeteringReceiptReq, "MeteringReceiptReq"),
    ("iso2", iso2.SalesTariffType, "SalesTariff"),
    ("iso2", xmldsig.SignedInfoType, "SignedInfo"),
    ("iso20", iso20.AbsolutePriceScheduleType, "AbsolutePriceSchedule"),
    ("iso20", iso20.MeteringConfirmationReq, "MeteringConfirmationReq"),
    ("iso20", iso20.PnC_AReqAuthorizationModeType, "PnC_AReqAuthorizationMode"),
    ("iso20", iso20.SignedCertificateChainType, "OEMProvisioningCertificateChain"),
    ("iso20", iso20.SignedInstallationDataType, "SignedInstallationData"),
    ("iso20", iso20.SignedMeteringDataType, "SignedMeteringData"),
    ("iso20-ac", iso20.ac.AC_ChargeParameterDiscoveryRes, "AC_ChargeParameterDiscoveryRes"),
    ("iso20-dc", iso20.dc.DC_ChargeParameterDiscoveryRes, "DC_ChargeParameterDiscoveryRes"),
    ("xmldsig", xmldsig.SignedInfoType, "SignedInfo"),
    ("xmldsig", xmldsig.SignatureType, "Signature"),
]


def check_round_trip(message: Type, namespace: str) -> None:
    """Encode and decode a document."""
    decoded = decode_flagged(encode(message), namespace)
    assert decoded.message == message
    assert not decoded.deviations


@pytest.mark.parametrize(("namespace", "cls"), UNWRAPPED)
@settings(max_examples=10)
@given(data=st.data())
def test_message_without_envelope(namespace: str, cls: type[Type], data: st.DataObject) -> None:
    check_round_trip(data.draw(messages(cls)), namespace)


@pytest.mark.parametrize(("namespace", "cls"), ENVELOPED)
@settings(max_examples=10)
@given(data=st.data())
def test_message(namespace: str, cls: type[Type], data: st.DataObject) -> None:
    check_round_trip(data.draw(document(namespace, cls)), namespace)


@pytest.mark.parametrize(("namespace", "cls", "element"), FRAGMENTS)
@settings(max_examples=10)
@given(data=st.data())
def test_fragment(namespace: str, cls: type[Type], element: str, data: st.DataObject) -> None:
    message = data.draw(messages(cls))
    octets = encode(message, fragment=True, namespace=namespace, element=element)
    decoded = decode_flagged(octets, namespace, fragment=True)
    assert decoded.message == message
    assert decoded.element == element
    assert not decoded.deviations


@pytest.mark.parametrize("count", [1, 2, 19, 20])
def test_short_list(count: int) -> None:
    """The event codes change after the last item that the schema allows."""
    protocol = app_protocol.AppProtocolType(
        ProtocolNamespace="urn:x", VersionNumberMajor=1, VersionNumberMinor=0, SchemaID=1, Priority=1
    )
    check_round_trip(app_protocol.supportedAppProtocolReq(AppProtocol=[protocol] * count), "sap")


@pytest.mark.parametrize("count", [1, 2, 2047, 2048])
def test_longest_list(count: int) -> None:
    """A power profile of ISO 15118-20 is the longest list that there is."""
    entry = iso20.PowerScheduleEntryType(Duration=3600, Power=iso20.RationalNumberType(Exponent=3, Value=11))
    profile = iso20.EVPowerProfileType(
        TimeAnchor=0,
        Dynamic_EVPPTControlMode=iso20.Dynamic_EVPPTControlModeType(),
        EVPowerProfileEntries=iso20.EVPowerProfileEntryListType(EVPowerProfileEntry=[entry] * count),
    )
    check_round_trip(
        iso20.PowerDeliveryReq(
            Header=iso20.MessageHeaderType(SessionID=bytes(8), TimeStamp=2**63),
            EVProcessing=iso20.ProcessingType.Finished,
            ChargeProgress=iso20.ChargeProgressType.Start,
            EVPowerProfile=profile,
        ),
        "iso20",
    )


@pytest.mark.parametrize("count", [1, 2, 1023, 1024])
def test_long_list(count: int) -> None:
    entry = iso2.SalesTariffEntryType(TimeInterval=iso2.RelativeTimeIntervalType(start=0))
    tariff = iso2.SalesTariffType(SalesTariffID=1, SalesTariffEntry=[entry] * count)
    octets = encode(tariff, fragment=True)
    assert decode_flagged(octets, "iso2", fragment=True).message == tariff
