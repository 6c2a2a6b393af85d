"""The types that ISO 15118-2:2014 messages are made of (V2G_CI_MsgDataTypes)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastsecc.messages import xmldsig as ds
from fastsecc.messages.schema import (
    TEXT,
    Attribute,
    Base64Binary,
    Byte,
    ElementTable,
    HexBinary,
    Int,
    Length,
    Long,
    Occurs,
    Range,
    Ref,
    Short,
    Type,
    UnsignedByte,
    UnsignedInt,
    UnsignedLong,
    UnsignedShort,
    choice,
)

NAMESPACE = "urn:iso:15118:2:2013:MsgDataTypes"
REF = Ref(NAMESPACE)
ATTRIBUTE = Attribute(NAMESPACE)

PercentValueType = Annotated[Byte, Range(0, 100)]
FaultMsgType = Annotated[str, Length(64)]
ServiceNameType = Annotated[str, Length(32)]
ServiceScopeType = Annotated[str, Length(64)]
MaxNumPhasesType = Annotated[Byte, Range(1, 3)]
MeterStatusType = Short
GenChallengeType = Annotated[Base64Binary, Length(16, min=16)]
CertificateType = Annotated[Base64Binary, Length(800)]
DHpublickeyType = Annotated[Base64Binary, Length(65)]
PrivateKeyType = Annotated[Base64Binary, Length(48)]
SigMeterReadingType = Annotated[Base64Binary, Length(64)]
SessionIDType = Annotated[HexBinary, Length(8)]
EvccIDType = Annotated[HexBinary, Length(6)]
EvseIDType = Annotated[str, Length(37, min=7)]
ServiceIDType = UnsignedShort
eMAIDType = Annotated[str, Length(15, min=14)]
MeterIDType = Annotated[str, Length(32)]
SAIDType = Annotated[UnsignedByte, Range(1, 255)]
TariffDescriptionType = Annotated[str, Length(32)]
UnitMultiplierType = Annotated[Byte, Range(-3, 3)]


class EVSEProcessingType(StrEnum):
    Finished = "Finished"
    Ongoing = "Ongoing"
    Ongoing_WaitingForCustomerInteraction = "Ongoing_WaitingForCustomerInteraction"


class EVSENotificationType(StrEnum):
    None_ = "None"
    StopCharging = "StopCharging"
    ReNegotiation = "ReNegotiation"


class ChargeProgressType(StrEnum):
    Start = "Start"
    Stop = "Stop"
    Renegotiate = "Renegotiate"


class ChargingSessionType(StrEnum):
    Terminate = "Terminate"
    Pause = "Pause"


class ServiceCategoryType(StrEnum):
    EVCharging = "EVCharging"
    Internet = "Internet"
    ContractCertificate = "ContractCertificate"
    OtherCustom = "OtherCustom"


class ValueType(StrEnum):
    bool = "bool"
    byte = "byte"
    short = "short"
    int = "int"
    physicalValue = "physicalValue"
    string = "string"


class EnergyTransferModeType(StrEnum):
    AC_single_phase_core = "AC_single_phase_core"
    AC_three_phase_core = "AC_three_phase_core"
    DC_core = "DC_core"
    DC_extended = "DC_extended"
    DC_combo_core = "DC_combo_core"
    DC_unique = "DC_unique"


class CostKindType(StrEnum):
    relativePricePercentage = "relativePricePercentage"
    RenewableGenerationPercentage = "RenewableGenerationPercentage"
    CarbonDioxideEmission = "CarbonDioxideEmission"


class PaymentOptionType(StrEnum):
    Contract = "Contract"
    ExternalPayment = "ExternalPayment"


class FaultCodeType(StrEnum):
    ParsingError = "ParsingError"
    NoTLSRootCertificatAvailable = "NoTLSRootCertificatAvailable"
    UnknownError = "UnknownError"


class ResponseCodeType(StrEnum):
    OK = "OK"
    OK_NewSessionEstablished = "OK_NewSessionEstablished"
    OK_OldSessionJoined = "OK_OldSessionJoined"
    OK_CertificateExpiresSoon = "OK_CertificateExpiresSoon"
    FAILED = "FAILED"
    FAILED_SequenceError = "FAILED_SequenceError"
    FAILED_ServiceIDInvalid = "FAILED_ServiceIDInvalid"
    FAILED_UnknownSession = "FAILED_UnknownSession"
    FAILED_ServiceSelectionInvalid = "FAILED_ServiceSelectionInvalid"
    FAILED_PaymentSelectionInvalid = "FAILED_PaymentSelectionInvalid"
    FAILED_CertificateExpired = "FAILED_CertificateExpired"
    FAILED_SignatureError = "FAILED_SignatureError"
    FAILED_NoCertificateAvailable = "FAILED_NoCertificateAvailable"
    FAILED_CertChainError = "FAILED_CertChainError"
    FAILED_ChallengeInvalid = "FAILED_ChallengeInvalid"
    FAILED_ContractCanceled = "FAILED_ContractCanceled"
    FAILED_WrongChargeParameter = "FAILED_WrongChargeParameter"
    FAILED_PowerDeliveryNotApplied = "FAILED_PowerDeliveryNotApplied"
    FAILED_TariffSelectionInvalid = "FAILED_TariffSelectionInvalid"
    FAILED_ChargingProfileInvalid = "FAILED_ChargingProfileInvalid"
    FAILED_MeteringSignatureNotValid = "FAILED_MeteringSignatureNotValid"
    FAILED_NoChargeServiceSelected = "FAILED_NoChargeServiceSelected"
    FAILED_WrongEnergyTransferMode = "FAILED_WrongEnergyTransferMode"
    FAILED_ContactorError = "FAILED_ContactorError"
    FAILED_CertificateNotAllowedAtThisEVSE = "FAILED_CertificateNotAllowedAtThisEVSE"
    FAILED_CertificateRevoked = "FAILED_CertificateRevoked"


class UnitSymbolType(StrEnum):
    h = "h"
    m = "m"
    s = "s"
    A = "A"
    V = "V"
    W = "W"
    Wh = "Wh"


class DC_EVSEStatusCodeType(StrEnum):
    EVSE_NotReady = "EVSE_NotReady"
    EVSE_Ready = "EVSE_Ready"
    EVSE_Shutdown = "EVSE_Shutdown"
    EVSE_UtilityInterruptEvent = "EVSE_UtilityInterruptEvent"
    EVSE_IsolationMonitoringActive = "EVSE_IsolationMonitoringActive"
    EVSE_EmergencyShutdown = "EVSE_EmergencyShutdown"
    EVSE_Malfunction = "EVSE_Malfunction"
    Reserved_8 = "Reserved_8"
    Reserved_9 = "Reserved_9"
    Reserved_A = "Reserved_A"
    Reserved_B = "Reserved_B"
    Reserved_C = "Reserved_C"


class IsolationLevelType(StrEnum):
    Invalid = "Invalid"
    Valid = "Valid"
    Warning = "Warning"
    Fault = "Fault"
    No_IMD = "No_IMD"


class DC_EVErrorCodeType(StrEnum):
    NO_ERROR = "NO_ERROR"
    FAILED_RESSTemperatureInhibit = "FAILED_RESSTemperatureInhibit"
    FAILED_EVShiftPosition = "FAILED_EVShiftPosition"
    FAILED_ChargerConnectorLockFault = "FAILED_ChargerConnectorLockFault"
    FAILED_EVRESSMalfunction = "FAILED_EVRESSMalfunction"
    FAILED_ChargingCurrentdifferential = "FAILED_ChargingCurrentdifferential"
    FAILED_ChargingVoltageOutOfRange = "FAILED_ChargingVoltageOutOfRange"
    Reserved_A = "Reserved_A"
    Reserved_B = "Reserved_B"
    Reserved_C = "Reserved_C"
    FAILED_ChargingSystemIncompatibility = "FAILED_ChargingSystemIncompatibility"
    NoData = "NoData"


class ServiceType(Type):
    ServiceID: ServiceIDType
    ServiceName: ServiceNameType | None = None
    ServiceCategory: ServiceCategoryType
    ServiceScope: ServiceScopeType | None = None
    FreeService: bool


class ServiceListType(Type):
    Service: Annotated[list[ServiceType], Occurs(1, 8)]


class SelectedServiceListType(Type):
    SelectedService: Annotated[list[SelectedServiceType], Occurs(1, 16)]


class SelectedServiceType(Type):
    ServiceID: ServiceIDType
    ParameterSetID: Short | None = None


class ServiceParameterListType(Type):
    ParameterSet: Annotated[list[ParameterSetType], Occurs(1, 255)]


class ParameterSetType(Type):
    ParameterSetID: Short
    Parameter: Annotated[list[ParameterType], Occurs(1, 16)]


class ParameterType(Type):
    CONTENT = choice("boolValue", "byteValue", "shortValue", "intValue", "physicalValue", "stringValue")
    Name: Annotated[str, ATTRIBUTE]
    boolValue: bool | None = None
    byteValue: Byte | None = None
    shortValue: Short | None = None
    intValue: Int | None = None
    physicalValue: PhysicalValueType | None = None
    stringValue: str | None = None


class ChargeServiceType(ServiceType):
    SupportedEnergyTransferMode: SupportedEnergyTransferModeType


class SupportedEnergyTransferModeType(Type):
    EnergyTransferMode: Annotated[list[EnergyTransferModeType], Occurs(1, 6)]


class ContractSignatureEncryptedPrivateKeyType(Type):
    Id: Annotated[str, ATTRIBUTE]
    value: Annotated[PrivateKeyType, TEXT]


class DiffieHellmanPublickeyType(Type):
    Id: Annotated[str, ATTRIBUTE]
    value: Annotated[DHpublickeyType, TEXT]


class EMAIDType(Type):
    Id: Annotated[str, ATTRIBUTE]
    value: Annotated[eMAIDType, TEXT]


class CertificateChainType(Type):
    Id: Annotated[str | None, ATTRIBUTE] = None
    Certificate: CertificateType
    SubCertificates: SubCertificatesType | None = None


class SubCertificatesType(Type):
    Certificate: Annotated[list[CertificateType], Occurs(1, 4)]


class ListOfRootCertificateIDsType(Type):
    RootCertificateID: Annotated[list[ds.X509IssuerSerialType], Occurs(1, 20)]


class MeterInfoType(Type):
    MeterID: MeterIDType
    MeterReading: UnsignedLong | None = None
    SigMeterReading: SigMeterReadingType | None = None
    MeterStatus: MeterStatusType | None = None
    TMeter: Long | None = None


class PhysicalValueType(Type):
    Multiplier: UnitMultiplierType
    Unit: UnitSymbolType
    Value: Short


class NotificationType(Type):
    FaultCode: FaultCodeType
    FaultMsg: FaultMsgType | None = None


class SASchedulesType(Type):
    ABSTRACT = True


class SAScheduleListType(SASchedulesType):
    SAScheduleTuple: Annotated[list[SAScheduleTupleType], Occurs(1, 3)]


class SAScheduleTupleType(Type):
    SAScheduleTupleID: SAIDType
    PMaxSchedule: PMaxScheduleType
    SalesTariff: SalesTariffType | None = None


class SalesTariffType(Type):
    Id: Annotated[str | None, ATTRIBUTE] = None
    SalesTariffID: SAIDType
    SalesTariffDescription: TariffDescriptionType | None = None
    NumEPriceLevels: UnsignedByte | None = None
    SalesTariffEntry: Annotated[list[SalesTariffEntryType], Occurs(1, 1024), REF]


class PMaxScheduleType(Type):
    PMaxScheduleEntry: Annotated[list[PMaxScheduleEntryType], Occurs(1, 1024), REF]


class EntryType(Type):
    ABSTRACT = True
    TimeInterval: Annotated[IntervalType, REF]


class SalesTariffEntryType(EntryType):
    EPriceLevel: UnsignedByte | None = None
    ConsumptionCost: Annotated[list[ConsumptionCostType], Occurs(0, 3)] = []


class PMaxScheduleEntryType(EntryType):
    PMax: PhysicalValueType


class IntervalType(Type):
    ABSTRACT = True


class RelativeTimeIntervalType(IntervalType):
    start: Annotated[UnsignedInt, Range(0, 16777214)]
    duration: Annotated[UnsignedInt | None, Range(0, 86400)] = None


class ConsumptionCostType(Type):
    startValue: PhysicalValueType
    Cost: Annotated[list[CostType], Occurs(1, 3)]


class CostType(Type):
    costKind: CostKindType
    amount: UnsignedInt
    amountMultiplier: UnitMultiplierType | None = None


class EVSEStatusType(Type):
    ABSTRACT = True
    NotificationMaxDelay: UnsignedShort
    EVSENotification: EVSENotificationType


class AC_EVSEStatusType(EVSEStatusType):
    RCD: bool


class EVStatusType(Type):
    ABSTRACT = True


class DC_EVSEStatusType(EVSEStatusType):
    EVSEIsolationStatus: IsolationLevelType | None = None
    EVSEStatusCode: DC_EVSEStatusCodeType


class DC_EVStatusType(EVStatusType):
    EVReady: bool
    EVErrorCode: DC_EVErrorCodeType
    EVRESSSOC: PercentValueType


class EVChargeParameterType(Type):
    ABSTRACT = True
    DepartureTime: UnsignedInt | None = None


class AC_EVChargeParameterType(EVChargeParameterType):
    EAmount: PhysicalValueType
    EVMaxVoltage: PhysicalValueType
    EVMaxCurrent: PhysicalValueType
    EVMinCurrent: PhysicalValueType


class DC_EVChargeParameterType(EVChargeParameterType):
    DC_EVStatus: DC_EVStatusType
    EVMaximumCurrentLimit: PhysicalValueType
    EVMaximumPowerLimit: PhysicalValueType | None = None
    EVMaximumVoltageLimit: PhysicalValueType
    EVEnergyCapacity: PhysicalValueType | None = None
    EVEnergyRequest: PhysicalValueType | None = None
    FullSOC: PercentValueType | None = None
    BulkSOC: PercentValueType | None = None


class EVSEChargeParameterType(Type):
    ABSTRACT = True


class AC_EVSEChargeParameterType(EVSEChargeParameterType):
    AC_EVSEStatus: AC_EVSEStatusType
    EVSENominalVoltage: PhysicalValueType
    EVSEMaxCurrent: PhysicalValueType


class DC_EVSEChargeParameterType(EVSEChargeParameterType):
    DC_EVSEStatus: DC_EVSEStatusType
    EVSEMaximumCurrentLimit: PhysicalValueType
    EVSEMaximumPowerLimit: PhysicalValueType
    EVSEMaximumVoltageLimit: PhysicalValueType
    EVSEMinimumCurrentLimit: PhysicalValueType
    EVSEMinimumVoltageLimit: PhysicalValueType
    EVSECurrentRegulationTolerance: PhysicalValueType | None = None
    EVSEPeakCurrentRipple: PhysicalValueType
    EVSEEnergyToBeDelivered: PhysicalValueType | None = None


class EVPowerDeliveryParameterType(Type):
    ABSTRACT = True


class DC_EVPowerDeliveryParameterType(EVPowerDeliveryParameterType):
    DC_EVStatus: DC_EVStatusType
    BulkChargingComplete: bool | None = None
    ChargingComplete: bool


class ChargingProfileType(Type):
    ProfileEntry: Annotated[list[ProfileEntryType], Occurs(1, 24)]


class ProfileEntryType(Type):
    ChargingProfileEntryStart: UnsignedInt
    ChargingProfileEntryMaxPower: PhysicalValueType
    ChargingProfileEntryMaxNumberOfPhasesInUse: MaxNumPhasesType | None = None


class PaymentOptionListType(Type):
    PaymentOption: Annotated[list[PaymentOptionType], Occurs(1, 2)]


ELEMENTS: ElementTable = {
    "AC_EVChargeParameter": AC_EVChargeParameterType,
    "AC_EVSEChargeParameter": AC_EVSEChargeParameterType,
    "AC_EVSEStatus": AC_EVSEStatusType,
    "DC_EVChargeParameter": DC_EVChargeParameterType,
    "DC_EVPowerDeliveryParameter": DC_EVPowerDeliveryParameterType,
    "DC_EVSEChargeParameter": DC_EVSEChargeParameterType,
    "DC_EVSEStatus": DC_EVSEStatusType,
    "DC_EVStatus": DC_EVStatusType,
    "EVChargeParameter": EVChargeParameterType,
    "EVPowerDeliveryParameter": EVPowerDeliveryParameterType,
    "EVSEChargeParameter": EVSEChargeParameterType,
    "EVSEStatus": EVSEStatusType,
    "EVStatus": EVStatusType,
    "Entry": EntryType,
    "PMaxScheduleEntry": PMaxScheduleEntryType,
    "RelativeTimeInterval": RelativeTimeIntervalType,
    "SAScheduleList": SAScheduleListType,
    "SASchedules": SASchedulesType,
    "SalesTariffEntry": SalesTariffEntryType,
    "TimeInterval": IntervalType,
}
