"""The types that all ISO 15118-20:2022 messages are made of (V2G_CI_CommonTypes)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastsecc.messages import xmldsig as ds
from fastsecc.messages.schema import (
    Base64Binary,
    Byte,
    ElementTable,
    HexBinary,
    Length,
    Occurs,
    Range,
    Ref,
    Short,
    Type,
    UnsignedInt,
    UnsignedLong,
    UnsignedShort,
)

NAMESPACE = "urn:iso:std:iso:15118:-20:CommonTypes"
REF = Ref(NAMESPACE)

NumericIDType = Annotated[UnsignedInt, Range(1, 4294967295)]
SessionIDType = Annotated[HexBinary, Length(8, min=8)]
PercentValueType = Annotated[Byte, Range(0, 100)]
IdentifierType = Annotated[str, Length(255)]
NameType = Annotated[str, Length(80)]
DescriptionType = Annotated[str, Length(160)]
MeterIDType = Annotated[str, Length(32)]
MeterSignatureType = Annotated[Base64Binary, Length(64)]


class EvseNotificationType(StrEnum):
    Pause = "Pause"
    ExitStandby = "ExitStandby"
    Terminate = "Terminate"
    ScheduleRenegotiation = "ScheduleRenegotiation"
    ServiceRenegotiation = "ServiceRenegotiation"
    MeteringConfirmation = "MeteringConfirmation"


class ProcessingType(StrEnum):
    Finished = "Finished"
    Ongoing = "Ongoing"
    Ongoing_WaitingForCustomerInteraction = "Ongoing_WaitingForCustomerInteraction"


class ResponseCodeType(StrEnum):
    OK = "OK"
    OK_CertificateExpiresSoon = "OK_CertificateExpiresSoon"
    OK_NewSessionEstablished = "OK_NewSessionEstablished"
    OK_OldSessionJoined = "OK_OldSessionJoined"
    OK_PowerToleranceConfirmed = "OK_PowerToleranceConfirmed"
    WARNING_AuthorizationSelectionInvalid = "WARNING_AuthorizationSelectionInvalid"
    WARNING_CertificateExpired = "WARNING_CertificateExpired"
    WARNING_CertificateNotYetValid = "WARNING_CertificateNotYetValid"
    WARNING_CertificateRevoked = "WARNING_CertificateRevoked"
    WARNING_CertificateValidationError = "WARNING_CertificateValidationError"
    WARNING_ChallengeInvalid = "WARNING_ChallengeInvalid"
    WARNING_EIMAuthorizationFailure = "WARNING_EIMAuthorizationFailure"
    WARNING_eMSPUnknown = "WARNING_eMSPUnknown"
    WARNING_EVPowerProfileViolation = "WARNING_EVPowerProfileViolation"
    WARNING_GeneralPnCAuthorizationError = "WARNING_GeneralPnCAuthorizationError"
    WARNING_NoCertificateAvailable = "WARNING_NoCertificateAvailable"
    WARNING_NoContractMatchingPCIDFound = "WARNING_NoContractMatchingPCIDFound"
    WARNING_PowerToleranceNotConfirmed = "WARNING_PowerToleranceNotConfirmed"
    WARNING_ScheduleRenegotiationFailed = "WARNING_ScheduleRenegotiationFailed"
    WARNING_StandbyNotAllowed = "WARNING_StandbyNotAllowed"
    WARNING_WPT = "WARNING_WPT"
    FAILED = "FAILED"
    FAILED_AssociationError = "FAILED_AssociationError"
    FAILED_ContactorError = "FAILED_ContactorError"
    FAILED_EVPowerProfileInvalid = "FAILED_EVPowerProfileInvalid"
    FAILED_EVPowerProfileViolation = "FAILED_EVPowerProfileViolation"
    FAILED_MeteringSignatureNotValid = "FAILED_MeteringSignatureNotValid"
    FAILED_NoEnergyTransferServiceSelected = "FAILED_NoEnergyTransferServiceSelected"
    FAILED_NoServiceRenegotiationSupported = "FAILED_NoServiceRenegotiationSupported"
    FAILED_PauseNotAllowed = "FAILED_PauseNotAllowed"
    FAILED_PowerDeliveryNotApplied = "FAILED_PowerDeliveryNotApplied"
    FAILED_PowerToleranceNotConfirmed = "FAILED_PowerToleranceNotConfirmed"
    FAILED_ScheduleRenegotiation = "FAILED_ScheduleRenegotiation"
    FAILED_ScheduleSelectionInvalid = "FAILED_ScheduleSelectionInvalid"
    FAILED_SequenceError = "FAILED_SequenceError"
    FAILED_ServiceIDInvalid = "FAILED_ServiceIDInvalid"
    FAILED_ServiceSelectionInvalid = "FAILED_ServiceSelectionInvalid"
    FAILED_SignatureError = "FAILED_SignatureError"
    FAILED_UnknownSession = "FAILED_UnknownSession"
    FAILED_WrongChargeParameter = "FAILED_WrongChargeParameter"


class MessageHeaderType(Type):
    SessionID: SessionIDType
    TimeStamp: UnsignedLong
    Signature: Annotated[ds.SignatureType | None, ds.REF] = None


class V2GMessageType(Type):
    ABSTRACT = True
    Header: MessageHeaderType


class V2GRequestType(V2GMessageType):
    ABSTRACT = True


class V2GResponseType(V2GMessageType):
    ABSTRACT = True
    ResponseCode: ResponseCodeType


class ChargeParameterDiscoveryReqType(V2GRequestType):
    ABSTRACT = True


class ChargeParameterDiscoveryResType(V2GResponseType):
    ABSTRACT = True


class ChargeLoopReqType(V2GRequestType):
    ABSTRACT = True
    DisplayParameters: DisplayParametersType | None = None
    MeterInfoRequested: bool


class ChargeLoopResType(V2GResponseType):
    ABSTRACT = True
    EVSEStatus: EVSEStatusType | None = None
    MeterInfo: MeterInfoType | None = None
    Receipt: ReceiptType | None = None


class CLReqControlModeType(Type):
    ABSTRACT = True


class CLResControlModeType(Type):
    ABSTRACT = True


class Scheduled_CLReqControlModeType(CLReqControlModeType):
    ABSTRACT = True
    EVTargetEnergyRequest: RationalNumberType | None = None
    EVMaximumEnergyRequest: RationalNumberType | None = None
    EVMinimumEnergyRequest: RationalNumberType | None = None


class Scheduled_CLResControlModeType(CLResControlModeType):
    ABSTRACT = True


class Dynamic_CLReqControlModeType(CLReqControlModeType):
    ABSTRACT = True
    DepartureTime: UnsignedInt | None = None
    EVTargetEnergyRequest: RationalNumberType
    EVMaximumEnergyRequest: RationalNumberType
    EVMinimumEnergyRequest: RationalNumberType


class Dynamic_CLResControlModeType(CLResControlModeType):
    ABSTRACT = True
    DepartureTime: UnsignedInt | None = None
    MinimumSOC: PercentValueType | None = None
    TargetSOC: PercentValueType | None = None
    AckMaxDelay: UnsignedShort | None = None


class DisplayParametersType(Type):
    PresentSOC: PercentValueType | None = None
    MinimumSOC: PercentValueType | None = None
    TargetSOC: PercentValueType | None = None
    MaximumSOC: PercentValueType | None = None
    RemainingTimeToMinimumSOC: UnsignedInt | None = None
    RemainingTimeToTargetSOC: UnsignedInt | None = None
    RemainingTimeToMaximumSOC: UnsignedInt | None = None
    ChargingComplete: bool | None = None
    BatteryEnergyCapacity: RationalNumberType | None = None
    InletHot: bool | None = None


class EVSEStatusType(Type):
    NotificationMaxDelay: UnsignedShort
    EVSENotification: EvseNotificationType


class RationalNumberType(Type):
    Exponent: Byte
    Value: Short


class MeterInfoType(Type):
    MeterID: MeterIDType
    ChargedEnergyReadingWh: UnsignedLong
    BPT_DischargedEnergyReadingWh: UnsignedLong | None = None
    CapacitiveEnergyReadingVARh: UnsignedLong | None = None
    BPT_InductiveEnergyReadingVARh: UnsignedLong | None = None
    MeterSignature: MeterSignatureType | None = None
    MeterStatus: Short | None = None
    MeterTimestamp: UnsignedLong | None = None


class DetailedCostType(Type):
    Amount: RationalNumberType
    CostPerUnit: RationalNumberType


class DetailedTaxType(Type):
    TaxRuleID: NumericIDType
    Amount: RationalNumberType


class ReceiptType(Type):
    TimeAnchor: UnsignedLong
    EnergyCosts: DetailedCostType | None = None
    OccupancyCosts: DetailedCostType | None = None
    AdditionalServicesCosts: DetailedCostType | None = None
    OverstayCosts: DetailedCostType | None = None
    TaxCosts: Annotated[list[DetailedTaxType], Occurs(0, 10)] = []


class ListOfRootCertificateIDsType(Type):
    RootCertificateID: Annotated[list[ds.X509IssuerSerialType], Occurs(1, 20)]


ELEMENTS: ElementTable = {
    "CLReqControlMode": CLReqControlModeType,
    "CLResControlMode": CLResControlModeType,
}
