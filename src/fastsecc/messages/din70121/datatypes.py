"""The types that DIN SPEC 70121:2014 messages are made of (V2G_CI_MsgDataTypes)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastsecc.messages.schema import (
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
    UnsignedShort,
    choice,
)

NAMESPACE = "urn:din:70121:2012:MsgDataTypes"
REF = Ref(NAMESPACE)
ATTRIBUTE = Attribute()

MeterStatusType = Short
PMaxType = Short
PercentValueType = Annotated[Byte, Range(0, 100)]
FaultMsgType = Annotated[str, Length(64)]
ServiceNameType = Annotated[str, Length(32)]
ServiceScopeType = Annotated[str, Length(32)]
GenChallengeType = str
CertificateType = Annotated[Base64Binary, Length(1200)]
RootCertificateIDType = Annotated[str, Length(40)]
DHParamsType = Annotated[Base64Binary, Length(256)]
PrivateKeyType = Annotated[Base64Binary, Length(128)]
SigMeterReadingType = Annotated[Base64Binary, Length(32)]
SessionIDType = Annotated[HexBinary, Length(8)]
EvccIDType = Annotated[HexBinary, Length(8)]
EvseIDType = Annotated[HexBinary, Length(32)]
ServiceIDType = UnsignedShort
ContractIDType = Annotated[str, Length(24)]
MeterIDType = Annotated[str, Length(32)]
SAIDType = Short
TariffDescriptionType = Annotated[str, Length(32)]
UnitMultiplierType = Annotated[Byte, Range(-3, 3)]


class ValueType(StrEnum):
    bool = "bool"
    byte = "byte"
    short = "short"
    int = "int"
    physicalValue = "physicalValue"
    string = "string"


class EVSEProcessingType(StrEnum):
    Finished = "Finished"
    Ongoing = "Ongoing"


class EVSENotificationType(StrEnum):
    None_ = "None"
    StopCharging = "StopCharging"
    ReNegotiation = "ReNegotiation"


class ServiceCategoryType(StrEnum):
    EVCharging = "EVCharging"
    Internet = "Internet"
    ContractCertificate = "ContractCertificate"
    OtherCustom = "OtherCustom"


class EVSESupportedEnergyTransferType(StrEnum):
    AC_single_phase_core = "AC_single_phase_core"
    AC_three_phase_core = "AC_three_phase_core"
    DC_core = "DC_core"
    DC_extended = "DC_extended"
    DC_combo_core = "DC_combo_core"
    DC_dual = "DC_dual"
    AC_core1p_DC_extended = "AC_core1p_DC_extended"
    AC_single_DC_core = "AC_single_DC_core"
    AC_single_phase_three_phase_core_DC_extended = "AC_single_phase_three_phase_core_DC_extended"
    AC_core3p_DC_extended = "AC_core3p_DC_extended"


class EVRequestedEnergyTransferType(StrEnum):
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
    FAILED_EVSEPresentVoltageToLow = "FAILED_EVSEPresentVoltageToLow"
    FAILED_MeteringSignatureNotValid = "FAILED_MeteringSignatureNotValid"
    FAILED_WrongEnergyTransferType = "FAILED_WrongEnergyTransferType"


class UnitSymbolType(StrEnum):
    h = "h"
    m = "m"
    s = "s"
    A = "A"
    Ah = "Ah"
    V = "V"
    VA = "VA"
    W = "W"
    W_s_ = "W/s"
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
    ServiceTag: ServiceTagType
    FreeService: bool


class ServiceTagListType(Type):
    Service: Annotated[list[ServiceType], Occurs(1, None)]


class ServiceTagType(Type):
    ServiceID: ServiceIDType
    ServiceName: ServiceNameType | None = None
    ServiceCategory: ServiceCategoryType
    ServiceScope: ServiceScopeType | None = None


class SelectedServiceListType(Type):
    SelectedService: Annotated[list[SelectedServiceType], Occurs(1, None)]


class SelectedServiceType(Type):
    ServiceID: ServiceIDType
    ParameterSetID: Short | None = None


class ServiceParameterListType(Type):
    ParameterSet: Annotated[list[ParameterSetType], Occurs(1, None)]


class ParameterSetType(Type):
    ParameterSetID: Short
    Parameter: Annotated[list[ParameterType], Occurs(1, None)]


class ParameterType(Type):
    CONTENT = choice("boolValue", "byteValue", "shortValue", "intValue", "physicalValue", "stringValue")
    Name: Annotated[str, ATTRIBUTE]
    ValueType: Annotated[ValueType, ATTRIBUTE]
    boolValue: bool | None = None
    byteValue: Byte | None = None
    shortValue: Short | None = None
    intValue: Int | None = None
    physicalValue: PhysicalValueType | None = None
    stringValue: str | None = None


class ServiceChargeType(ServiceType):
    EnergyTransferType: EVSESupportedEnergyTransferType


class CertificateChainType(Type):
    Certificate: CertificateType
    SubCertificates: SubCertificatesType | None = None


class SubCertificatesType(Type):
    Certificate: Annotated[list[CertificateType], Occurs(1, None)]


class ListOfRootCertificateIDsType(Type):
    RootCertificateID: Annotated[list[RootCertificateIDType], Occurs(1, None)]


class MeterInfoType(Type):
    MeterID: MeterIDType
    MeterReading: PhysicalValueType | None = None
    SigMeterReading: SigMeterReadingType | None = None
    MeterStatus: MeterStatusType | None = None
    TMeter: Long | None = None


class PhysicalValueType(Type):
    Multiplier: UnitMultiplierType
    Unit: UnitSymbolType | None = None
    Value: Short


class NotificationType(Type):
    FaultCode: FaultCodeType
    FaultMsg: FaultMsgType | None = None


class SASchedulesType(Type):
    ABSTRACT = True


class SAScheduleListType(SASchedulesType):
    SAScheduleTuple: Annotated[list[SAScheduleTupleType], Occurs(1, None)]


class SAScheduleTupleType(Type):
    SAScheduleTupleID: SAIDType
    PMaxSchedule: PMaxScheduleType
    SalesTariff: SalesTariffType | None = None


class SalesTariffType(Type):
    Id: Annotated[str, ATTRIBUTE]
    SalesTariffID: SAIDType
    SalesTariffDescription: TariffDescriptionType | None = None
    NumEPriceLevels: UnsignedByte
    SalesTariffEntry: Annotated[list[SalesTariffEntryType], Occurs(1, None), REF]


class PMaxScheduleType(Type):
    PMaxScheduleID: SAIDType
    PMaxScheduleEntry: Annotated[list[PMaxScheduleEntryType], Occurs(1, None), REF]


class EntryType(Type):
    ABSTRACT = True
    TimeInterval: Annotated[IntervalType, REF]


class SalesTariffEntryType(EntryType):
    EPriceLevel: UnsignedByte
    ConsumptionCost: Annotated[list[ConsumptionCostType], Occurs(0, None)] = []


class PMaxScheduleEntryType(EntryType):
    PMax: PMaxType


class IntervalType(Type):
    ABSTRACT = True


class RelativeTimeIntervalType(IntervalType):
    start: UnsignedInt
    duration: UnsignedInt | None = None


class ConsumptionCostType(Type):
    startValue: UnsignedInt
    Cost: Annotated[list[CostType], Occurs(0, None)] = []


class CostType(Type):
    costKind: CostKindType
    amount: UnsignedInt
    amountMultiplier: UnitMultiplierType | None = None


class EVSEStatusType(Type):
    ABSTRACT = True


class AC_EVSEStatusType(EVSEStatusType):
    PowerSwitchClosed: bool
    RCD: bool
    NotificationMaxDelay: UnsignedInt
    EVSENotification: EVSENotificationType


class EVStatusType(Type):
    ABSTRACT = True


class DC_EVSEStatusType(EVSEStatusType):
    EVSEIsolationStatus: IsolationLevelType | None = None
    EVSEStatusCode: DC_EVSEStatusCodeType
    NotificationMaxDelay: UnsignedInt
    EVSENotification: EVSENotificationType


class DC_EVStatusType(EVStatusType):
    EVReady: bool
    EVCabinConditioning: bool | None = None
    EVRESSConditioning: bool | None = None
    EVErrorCode: DC_EVErrorCodeType
    EVRESSSOC: PercentValueType


class EVChargeParameterType(Type):
    ABSTRACT = True


class AC_EVChargeParameterType(EVChargeParameterType):
    DepartureTime: UnsignedInt
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
    EVSEMaxVoltage: PhysicalValueType
    EVSEMaxCurrent: PhysicalValueType
    EVSEMinCurrent: PhysicalValueType


class DC_EVSEChargeParameterType(EVSEChargeParameterType):
    DC_EVSEStatus: DC_EVSEStatusType
    EVSEMaximumCurrentLimit: PhysicalValueType
    EVSEMaximumPowerLimit: PhysicalValueType | None = None
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
    SAScheduleTupleID: SAIDType
    ProfileEntry: Annotated[list[ProfileEntryType], Occurs(1, None)]


class ProfileEntryType(Type):
    ChargingProfileEntryStart: UnsignedInt
    ChargingProfileEntryMaxPower: PMaxType


class PaymentOptionsType(Type):
    PaymentOption: Annotated[list[PaymentOptionType], Occurs(1, None)]


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
    "ServiceCharge": ServiceChargeType,
    "TimeInterval": IntervalType,
}
