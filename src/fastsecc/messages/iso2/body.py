"""The messages of ISO 15118-2:2014 (V2G_CI_MsgBody)."""

from __future__ import annotations

from typing import Annotated

from fastsecc.messages.iso2 import datatypes as t
from fastsecc.messages.schema import Attribute, ElementTable, Long, Ref, Short, Type, UnsignedShort

NAMESPACE = "urn:iso:15118:2:2013:MsgBody"
REF = Ref(NAMESPACE)
ATTRIBUTE = Attribute(NAMESPACE)


class BodyType(Type):
    BodyElement: Annotated[BodyBaseType | None, REF] = None


class BodyBaseType(Type):
    ABSTRACT = True


class SessionSetupReq(BodyBaseType):
    EVCCID: t.EvccIDType


class SessionSetupRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType
    EVSEID: t.EvseIDType
    EVSETimeStamp: Long | None = None


class ServiceDiscoveryReq(BodyBaseType):
    ServiceScope: t.ServiceScopeType | None = None
    ServiceCategory: t.ServiceCategoryType | None = None


class ServiceDiscoveryRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType
    PaymentOptionList: t.PaymentOptionListType
    ChargeService: t.ChargeServiceType
    ServiceList: t.ServiceListType | None = None


class ServiceDetailReq(BodyBaseType):
    ServiceID: t.ServiceIDType


class ServiceDetailRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType
    ServiceID: t.ServiceIDType
    ServiceParameterList: t.ServiceParameterListType | None = None


class PaymentServiceSelectionReq(BodyBaseType):
    SelectedPaymentOption: t.PaymentOptionType
    SelectedServiceList: t.SelectedServiceListType


class PaymentServiceSelectionRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType


class PaymentDetailsReq(BodyBaseType):
    eMAID: t.eMAIDType
    ContractSignatureCertChain: t.CertificateChainType


class PaymentDetailsRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType
    GenChallenge: t.GenChallengeType
    EVSETimeStamp: Long


class AuthorizationReq(BodyBaseType):
    Id: Annotated[str | None, ATTRIBUTE] = None
    GenChallenge: t.GenChallengeType | None = None


class AuthorizationRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType
    EVSEProcessing: t.EVSEProcessingType


class ChargeParameterDiscoveryReq(BodyBaseType):
    MaxEntriesSAScheduleTuple: UnsignedShort | None = None
    RequestedEnergyTransferMode: t.EnergyTransferModeType
    EVChargeParameter: Annotated[t.EVChargeParameterType, t.REF]


class ChargeParameterDiscoveryRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType
    EVSEProcessing: t.EVSEProcessingType
    SASchedules: Annotated[t.SASchedulesType | None, t.REF] = None
    EVSEChargeParameter: Annotated[t.EVSEChargeParameterType, t.REF]


class PowerDeliveryReq(BodyBaseType):
    ChargeProgress: t.ChargeProgressType
    SAScheduleTupleID: t.SAIDType
    ChargingProfile: t.ChargingProfileType | None = None
    EVPowerDeliveryParameter: Annotated[t.EVPowerDeliveryParameterType | None, t.REF] = None


class PowerDeliveryRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType
    EVSEStatus: Annotated[t.EVSEStatusType, t.REF]


class MeteringReceiptReq(BodyBaseType):
    Id: Annotated[str | None, ATTRIBUTE] = None
    SessionID: t.SessionIDType
    SAScheduleTupleID: t.SAIDType | None = None
    MeterInfo: t.MeterInfoType


class MeteringReceiptRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType
    EVSEStatus: Annotated[t.EVSEStatusType, t.REF]


class SessionStopReq(BodyBaseType):
    ChargingSession: t.ChargingSessionType


class SessionStopRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType


class CertificateUpdateReq(BodyBaseType):
    Id: Annotated[str, ATTRIBUTE]
    ContractSignatureCertChain: t.CertificateChainType
    eMAID: t.eMAIDType
    ListOfRootCertificateIDs: t.ListOfRootCertificateIDsType


class CertificateUpdateRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType
    SAProvisioningCertificateChain: t.CertificateChainType
    ContractSignatureCertChain: t.CertificateChainType
    ContractSignatureEncryptedPrivateKey: t.ContractSignatureEncryptedPrivateKeyType
    DHpublickey: t.DiffieHellmanPublickeyType
    eMAID: t.EMAIDType
    RetryCounter: Short | None = None


class CertificateInstallationReq(BodyBaseType):
    Id: Annotated[str, ATTRIBUTE]
    OEMProvisioningCert: t.CertificateType
    ListOfRootCertificateIDs: t.ListOfRootCertificateIDsType


class CertificateInstallationRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType
    SAProvisioningCertificateChain: t.CertificateChainType
    ContractSignatureCertChain: t.CertificateChainType
    ContractSignatureEncryptedPrivateKey: t.ContractSignatureEncryptedPrivateKeyType
    DHpublickey: t.DiffieHellmanPublickeyType
    eMAID: t.EMAIDType


class ChargingStatusReq(BodyBaseType):
    pass


class ChargingStatusRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType
    EVSEID: t.EvseIDType
    SAScheduleTupleID: t.SAIDType
    EVSEMaxCurrent: t.PhysicalValueType | None = None
    MeterInfo: t.MeterInfoType | None = None
    ReceiptRequired: bool | None = None
    AC_EVSEStatus: t.AC_EVSEStatusType


class CableCheckReq(BodyBaseType):
    DC_EVStatus: t.DC_EVStatusType


class CableCheckRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType
    DC_EVSEStatus: t.DC_EVSEStatusType
    EVSEProcessing: t.EVSEProcessingType


class PreChargeReq(BodyBaseType):
    DC_EVStatus: t.DC_EVStatusType
    EVTargetVoltage: t.PhysicalValueType
    EVTargetCurrent: t.PhysicalValueType


class PreChargeRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType
    DC_EVSEStatus: t.DC_EVSEStatusType
    EVSEPresentVoltage: t.PhysicalValueType


class CurrentDemandReq(BodyBaseType):
    DC_EVStatus: t.DC_EVStatusType
    EVTargetCurrent: t.PhysicalValueType
    EVMaximumVoltageLimit: t.PhysicalValueType | None = None
    EVMaximumCurrentLimit: t.PhysicalValueType | None = None
    EVMaximumPowerLimit: t.PhysicalValueType | None = None
    BulkChargingComplete: bool | None = None
    ChargingComplete: bool
    RemainingTimeToFullSoC: t.PhysicalValueType | None = None
    RemainingTimeToBulkSoC: t.PhysicalValueType | None = None
    EVTargetVoltage: t.PhysicalValueType


class CurrentDemandRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType
    DC_EVSEStatus: t.DC_EVSEStatusType
    EVSEPresentVoltage: t.PhysicalValueType
    EVSEPresentCurrent: t.PhysicalValueType
    EVSECurrentLimitAchieved: bool
    EVSEVoltageLimitAchieved: bool
    EVSEPowerLimitAchieved: bool
    EVSEMaximumVoltageLimit: t.PhysicalValueType | None = None
    EVSEMaximumCurrentLimit: t.PhysicalValueType | None = None
    EVSEMaximumPowerLimit: t.PhysicalValueType | None = None
    EVSEID: t.EvseIDType
    SAScheduleTupleID: t.SAIDType
    MeterInfo: t.MeterInfoType | None = None
    ReceiptRequired: bool | None = None


class WeldingDetectionReq(BodyBaseType):
    DC_EVStatus: t.DC_EVStatusType


class WeldingDetectionRes(BodyBaseType):
    ResponseCode: t.ResponseCodeType
    DC_EVSEStatus: t.DC_EVSEStatusType
    EVSEPresentVoltage: t.PhysicalValueType


ELEMENTS: ElementTable = {
    "AuthorizationReq": AuthorizationReq,
    "AuthorizationRes": AuthorizationRes,
    "BodyElement": BodyBaseType,
    "CableCheckReq": CableCheckReq,
    "CableCheckRes": CableCheckRes,
    "CertificateInstallationReq": CertificateInstallationReq,
    "CertificateInstallationRes": CertificateInstallationRes,
    "CertificateUpdateReq": CertificateUpdateReq,
    "CertificateUpdateRes": CertificateUpdateRes,
    "ChargeParameterDiscoveryReq": ChargeParameterDiscoveryReq,
    "ChargeParameterDiscoveryRes": ChargeParameterDiscoveryRes,
    "ChargingStatusReq": ChargingStatusReq,
    "ChargingStatusRes": ChargingStatusRes,
    "CurrentDemandReq": CurrentDemandReq,
    "CurrentDemandRes": CurrentDemandRes,
    "MeteringReceiptReq": MeteringReceiptReq,
    "MeteringReceiptRes": MeteringReceiptRes,
    "PaymentDetailsReq": PaymentDetailsReq,
    "PaymentDetailsRes": PaymentDetailsRes,
    "PaymentServiceSelectionReq": PaymentServiceSelectionReq,
    "PaymentServiceSelectionRes": PaymentServiceSelectionRes,
    "PowerDeliveryReq": PowerDeliveryReq,
    "PowerDeliveryRes": PowerDeliveryRes,
    "PreChargeReq": PreChargeReq,
    "PreChargeRes": PreChargeRes,
    "ServiceDetailReq": ServiceDetailReq,
    "ServiceDetailRes": ServiceDetailRes,
    "ServiceDiscoveryReq": ServiceDiscoveryReq,
    "ServiceDiscoveryRes": ServiceDiscoveryRes,
    "SessionSetupReq": SessionSetupReq,
    "SessionSetupRes": SessionSetupRes,
    "SessionStopReq": SessionStopReq,
    "SessionStopRes": SessionStopRes,
    "WeldingDetectionReq": WeldingDetectionReq,
    "WeldingDetectionRes": WeldingDetectionRes,
}
