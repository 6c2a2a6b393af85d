"""The messages of DIN SPEC 70121:2014 (V2G_CI_MsgBody)."""

from __future__ import annotations

from typing import Annotated

from fastsecc.messages.din70121 import datatypes as t
from fastsecc.messages.din70121 import message as d
from fastsecc.messages.schema import Attribute, ElementTable, Long, Ref, Short

NAMESPACE = "urn:din:70121:2012:MsgBody"
REF = Ref(NAMESPACE)
ATTRIBUTE = Attribute()


class SessionSetupReq(d.BodyBaseType):
    EVCCID: t.EvccIDType


class SessionSetupRes(d.BodyBaseType):
    ResponseCode: t.ResponseCodeType
    EVSEID: t.EvseIDType
    DateTimeNow: Long | None = None


class ServiceDiscoveryReq(d.BodyBaseType):
    ServiceScope: t.ServiceScopeType | None = None
    ServiceCategory: t.ServiceCategoryType | None = None


class ServiceDiscoveryRes(d.BodyBaseType):
    ResponseCode: t.ResponseCodeType
    PaymentOptions: t.PaymentOptionsType
    ChargeService: t.ServiceChargeType
    ServiceList: t.ServiceTagListType | None = None


class ServiceDetailReq(d.BodyBaseType):
    ServiceID: t.ServiceIDType


class ServiceDetailRes(d.BodyBaseType):
    ResponseCode: t.ResponseCodeType
    ServiceID: t.ServiceIDType
    ServiceParameterList: t.ServiceParameterListType | None = None


class ServicePaymentSelectionReq(d.BodyBaseType):
    SelectedPaymentOption: t.PaymentOptionType
    SelectedServiceList: t.SelectedServiceListType


class ServicePaymentSelectionRes(d.BodyBaseType):
    ResponseCode: t.ResponseCodeType


class PaymentDetailsReq(d.BodyBaseType):
    ContractID: t.ContractIDType
    ContractSignatureCertChain: t.CertificateChainType


class PaymentDetailsRes(d.BodyBaseType):
    ResponseCode: t.ResponseCodeType
    GenChallenge: t.GenChallengeType
    DateTimeNow: Long


class ContractAuthenticationReq(d.BodyBaseType):
    Id: Annotated[str | None, ATTRIBUTE] = None
    GenChallenge: t.GenChallengeType | None = None


class ContractAuthenticationRes(d.BodyBaseType):
    ResponseCode: t.ResponseCodeType
    EVSEProcessing: t.EVSEProcessingType


class ChargeParameterDiscoveryReq(d.BodyBaseType):
    EVRequestedEnergyTransferType: t.EVRequestedEnergyTransferType
    EVChargeParameter: Annotated[t.EVChargeParameterType, t.REF]


class ChargeParameterDiscoveryRes(d.BodyBaseType):
    ResponseCode: t.ResponseCodeType
    EVSEProcessing: t.EVSEProcessingType
    SASchedules: Annotated[t.SASchedulesType, t.REF]
    EVSEChargeParameter: Annotated[t.EVSEChargeParameterType, t.REF]


class PowerDeliveryReq(d.BodyBaseType):
    ReadyToChargeState: bool
    ChargingProfile: t.ChargingProfileType | None = None
    EVPowerDeliveryParameter: Annotated[t.EVPowerDeliveryParameterType | None, t.REF] = None


class PowerDeliveryRes(d.BodyBaseType):
    ResponseCode: t.ResponseCodeType
    EVSEStatus: Annotated[t.EVSEStatusType, t.REF]


class ChargingStatusReq(d.BodyBaseType):
    pass


class ChargingStatusRes(d.BodyBaseType):
    ResponseCode: t.ResponseCodeType
    EVSEID: t.EvseIDType
    SAScheduleTupleID: t.SAIDType
    EVSEMaxCurrent: t.PhysicalValueType | None = None
    MeterInfo: t.MeterInfoType | None = None
    ReceiptRequired: bool
    AC_EVSEStatus: t.AC_EVSEStatusType


class MeteringReceiptReq(d.BodyBaseType):
    Id: Annotated[str | None, ATTRIBUTE] = None
    SessionID: t.SessionIDType
    SAScheduleTupleID: t.SAIDType | None = None
    MeterInfo: t.MeterInfoType


class MeteringReceiptRes(d.BodyBaseType):
    ResponseCode: t.ResponseCodeType
    AC_EVSEStatus: t.AC_EVSEStatusType


class SessionStopReq(d.BodyBaseType):
    pass


class SessionStopRes(d.BodyBaseType):
    ResponseCode: t.ResponseCodeType


class CertificateUpdateReq(d.BodyBaseType):
    Id: Annotated[str | None, ATTRIBUTE] = None
    ContractSignatureCertChain: t.CertificateChainType
    ContractID: t.ContractIDType
    ListOfRootCertificateIDs: t.ListOfRootCertificateIDsType
    DHParams: t.DHParamsType


class CertificateUpdateRes(d.BodyBaseType):
    Id: Annotated[str, ATTRIBUTE]
    ResponseCode: t.ResponseCodeType
    ContractSignatureCertChain: t.CertificateChainType
    ContractSignatureEncryptedPrivateKey: t.PrivateKeyType
    DHParams: t.DHParamsType
    ContractID: t.ContractIDType
    RetryCounter: Short


class CertificateInstallationReq(d.BodyBaseType):
    Id: Annotated[str | None, ATTRIBUTE] = None
    OEMProvisioningCert: t.CertificateType
    ListOfRootCertificateIDs: t.ListOfRootCertificateIDsType
    DHParams: t.DHParamsType


class CertificateInstallationRes(d.BodyBaseType):
    Id: Annotated[str, ATTRIBUTE]
    ResponseCode: t.ResponseCodeType
    ContractSignatureCertChain: t.CertificateChainType
    ContractSignatureEncryptedPrivateKey: t.PrivateKeyType
    DHParams: t.DHParamsType
    ContractID: t.ContractIDType


class CableCheckReq(d.BodyBaseType):
    DC_EVStatus: t.DC_EVStatusType


class CableCheckRes(d.BodyBaseType):
    ResponseCode: t.ResponseCodeType
    DC_EVSEStatus: t.DC_EVSEStatusType
    EVSEProcessing: t.EVSEProcessingType


class PreChargeReq(d.BodyBaseType):
    DC_EVStatus: t.DC_EVStatusType
    EVTargetVoltage: t.PhysicalValueType
    EVTargetCurrent: t.PhysicalValueType


class PreChargeRes(d.BodyBaseType):
    ResponseCode: t.ResponseCodeType
    DC_EVSEStatus: t.DC_EVSEStatusType
    EVSEPresentVoltage: t.PhysicalValueType


class CurrentDemandReq(d.BodyBaseType):
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


class CurrentDemandRes(d.BodyBaseType):
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


class WeldingDetectionReq(d.BodyBaseType):
    DC_EVStatus: t.DC_EVStatusType


class WeldingDetectionRes(d.BodyBaseType):
    ResponseCode: t.ResponseCodeType
    DC_EVSEStatus: t.DC_EVSEStatusType
    EVSEPresentVoltage: t.PhysicalValueType


ELEMENTS: ElementTable = {
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
    "ContractAuthenticationReq": ContractAuthenticationReq,
    "ContractAuthenticationRes": ContractAuthenticationRes,
    "CurrentDemandReq": CurrentDemandReq,
    "CurrentDemandRes": CurrentDemandRes,
    "MeteringReceiptReq": MeteringReceiptReq,
    "MeteringReceiptRes": MeteringReceiptRes,
    "PaymentDetailsReq": PaymentDetailsReq,
    "PaymentDetailsRes": PaymentDetailsRes,
    "PowerDeliveryReq": PowerDeliveryReq,
    "PowerDeliveryRes": PowerDeliveryRes,
    "PreChargeReq": PreChargeReq,
    "PreChargeRes": PreChargeRes,
    "ServiceDetailReq": ServiceDetailReq,
    "ServiceDetailRes": ServiceDetailRes,
    "ServiceDiscoveryReq": ServiceDiscoveryReq,
    "ServiceDiscoveryRes": ServiceDiscoveryRes,
    "ServicePaymentSelectionReq": ServicePaymentSelectionReq,
    "ServicePaymentSelectionRes": ServicePaymentSelectionRes,
    "SessionSetupReq": SessionSetupReq,
    "SessionSetupRes": SessionSetupRes,
    "SessionStopReq": SessionStopReq,
    "SessionStopRes": SessionStopRes,
    "WeldingDetectionReq": WeldingDetectionReq,
    "WeldingDetectionRes": WeldingDetectionRes,
}
