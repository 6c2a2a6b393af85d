"""The types of ISO 15118-20:2022 that every kind of energy transfer has in common (V2G_CI_CommonMessages)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastsecc.messages.iso20 import common_types as t
from fastsecc.messages.schema import (
    Attribute,
    Base64Binary,
    Byte,
    ElementTable,
    Int,
    Length,
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
    optional,
    sequence,
)

NAMESPACE = "urn:iso:std:iso:15118:-20:CommonMessages"
REF = Ref(NAMESPACE)
ATTRIBUTE = Attribute(NAMESPACE)

GenChallengeType = Annotated[Base64Binary, Length(16, min=16)]
ServiceIDType = UnsignedShort
MaxSupportingPointsScheduleTupleType = Annotated[UnsignedShort, Range(12, 1024)]
DhPublicKeyType = Annotated[Base64Binary, Length(133, min=133)]
Secp521_EncryptedPrivateKeyType = Annotated[Base64Binary, Length(94, min=94)]
X448_EncryptedPrivateKeyType = Annotated[Base64Binary, Length(84, min=84)]
Tpm_EncryptedPrivateKeyType = Annotated[Base64Binary, Length(206, min=206)]
CurrencyType = Annotated[str, Length(3)]
LanguageType = Annotated[str, Length(3)]
CertificateType = Annotated[Base64Binary, Length(1600)]


class AuthorizationType(StrEnum):
    EIM = "EIM"
    PnC = "PnC"


class ChargeProgressType(StrEnum):
    Start = "Start"
    Stop = "Stop"
    Standby = "Standby"
    ScheduleRenegotiation = "ScheduleRenegotiation"


class ChannelSelectionType(StrEnum):
    Charge = "Charge"
    Discharge = "Discharge"


class EcdhCurveType(StrEnum):
    SECP521 = "SECP521"
    X448 = "X448"


class ChargingSessionType(StrEnum):
    Pause = "Pause"
    Terminate = "Terminate"
    ServiceRenegotiation = "ServiceRenegotiation"


class EvCheckInStatusType(StrEnum):
    CheckIn = "CheckIn"
    Processing = "Processing"
    Completed = "Completed"


class EvCheckOutStatusType(StrEnum):
    CheckOut = "CheckOut"
    Processing = "Processing"
    Completed = "Completed"


class EvseCheckOutStatusType(StrEnum):
    Scheduled = "Scheduled"
    Completed = "Completed"


class ParkingMethodType(StrEnum):
    AutoParking = "AutoParking"
    MVGuideManual = "MVGuideManual"
    Manual = "Manual"


class PowerToleranceAcceptanceType(StrEnum):
    PowerToleranceNotConfirmed = "PowerToleranceNotConfirmed"
    PowerToleranceConfirmed = "PowerToleranceConfirmed"


class PnC_ASResAuthorizationModeType(Type):
    GenChallenge: GenChallengeType
    SupportedProviders: SupportedProvidersListType | None = None


class SupportedProvidersListType(Type):
    ProviderID: Annotated[list[t.NameType], Occurs(1, 128)]


class EIM_ASResAuthorizationModeType(Type):
    pass


class PnC_AReqAuthorizationModeType(Type):
    Id: Annotated[str, ATTRIBUTE]
    GenChallenge: GenChallengeType
    ContractCertificateChain: ContractCertificateChainType


class EIM_AReqAuthorizationModeType(Type):
    pass


class ServiceIDListType(Type):
    ServiceID: Annotated[list[ServiceIDType], Occurs(1, 16)]


class ServiceType(Type):
    ServiceID: ServiceIDType
    FreeService: bool


class ServiceListType(Type):
    Service: Annotated[list[ServiceType], Occurs(1, 8)]


class SelectedServiceType(Type):
    ServiceID: ServiceIDType
    ParameterSetID: ServiceIDType


class SelectedServiceListType(Type):
    SelectedService: Annotated[list[SelectedServiceType], Occurs(1, 16)]


class ParameterType(Type):
    CONTENT = choice("boolValue", "byteValue", "shortValue", "intValue", "rationalNumber", "finiteString")
    Name: Annotated[t.NameType, ATTRIBUTE]
    boolValue: bool | None = None
    byteValue: Byte | None = None
    shortValue: Short | None = None
    intValue: Int | None = None
    rationalNumber: t.RationalNumberType | None = None
    finiteString: t.NameType | None = None


class ParameterSetType(Type):
    ParameterSetID: ServiceIDType
    Parameter: Annotated[list[ParameterType], Occurs(1, 32)]


class ServiceParameterListType(Type):
    ParameterSet: Annotated[list[ParameterSetType], Occurs(1, 32)]


class ScheduleTupleType(Type):
    ScheduleTupleID: t.NumericIDType
    ChargingSchedule: ChargingScheduleType
    DischargingSchedule: ChargingScheduleType | None = None


class ChargingScheduleType(Type):
    CONTENT = sequence("PowerSchedule", choice("AbsolutePriceSchedule", "PriceLevelSchedule", min=0))
    PowerSchedule: PowerScheduleType
    AbsolutePriceSchedule: AbsolutePriceScheduleType | None = None
    PriceLevelSchedule: PriceLevelScheduleType | None = None


class Scheduled_SEReqControlModeType(Type):
    DepartureTime: UnsignedInt | None = None
    EVTargetEnergyRequest: t.RationalNumberType | None = None
    EVMaximumEnergyRequest: t.RationalNumberType | None = None
    EVMinimumEnergyRequest: t.RationalNumberType | None = None
    EVEnergyOffer: EVEnergyOfferType | None = None


class Scheduled_SEResControlModeType(Type):
    ScheduleTuple: Annotated[list[ScheduleTupleType], Occurs(1, 3)]


class Dynamic_SEReqControlModeType(Type):
    DepartureTime: UnsignedInt
    MinimumSOC: t.PercentValueType | None = None
    TargetSOC: t.PercentValueType | None = None
    EVTargetEnergyRequest: t.RationalNumberType
    EVMaximumEnergyRequest: t.RationalNumberType
    EVMinimumEnergyRequest: t.RationalNumberType
    EVMaximumV2XEnergyRequest: t.RationalNumberType | None = None
    EVMinimumV2XEnergyRequest: t.RationalNumberType | None = None


class Dynamic_SEResControlModeType(Type):
    CONTENT = sequence(
        optional("DepartureTime"),
        optional("MinimumSOC"),
        optional("TargetSOC"),
        choice("AbsolutePriceSchedule", "PriceLevelSchedule", min=0),
    )
    DepartureTime: UnsignedInt | None = None
    MinimumSOC: t.PercentValueType | None = None
    TargetSOC: t.PercentValueType | None = None
    AbsolutePriceSchedule: AbsolutePriceScheduleType | None = None
    PriceLevelSchedule: PriceLevelScheduleType | None = None


class SignedInstallationDataType(Type):
    CONTENT = sequence(
        "ContractCertificateChain",
        "ECDHCurve",
        "DHPublicKey",
        choice("SECP521_EncryptedPrivateKey", "X448_EncryptedPrivateKey", "TPM_EncryptedPrivateKey"),
    )
    Id: Annotated[str, ATTRIBUTE]
    ContractCertificateChain: ContractCertificateChainType
    ECDHCurve: EcdhCurveType
    DHPublicKey: DhPublicKeyType
    SECP521_EncryptedPrivateKey: Secp521_EncryptedPrivateKeyType | None = None
    X448_EncryptedPrivateKey: X448_EncryptedPrivateKeyType | None = None
    TPM_EncryptedPrivateKey: Tpm_EncryptedPrivateKeyType | None = None


class SignedMeteringDataType(Type):
    CONTENT = sequence(
        "SessionID", "MeterInfo", optional("Receipt"), choice("Dynamic_SMDTControlMode", "Scheduled_SMDTControlMode")
    )
    Id: Annotated[str, ATTRIBUTE]
    SessionID: t.SessionIDType
    MeterInfo: t.MeterInfoType
    Receipt: t.ReceiptType | None = None
    Dynamic_SMDTControlMode: Dynamic_SMDTControlModeType | None = None
    Scheduled_SMDTControlMode: Scheduled_SMDTControlModeType | None = None


class Scheduled_SMDTControlModeType(Type):
    SelectedScheduleTupleID: t.NumericIDType


class Dynamic_SMDTControlModeType(Type):
    pass


class TargetPositionType(Type):
    TargetOffsetX: UnsignedShort
    TargetOffsetY: UnsignedShort


class PowerScheduleType(Type):
    TimeAnchor: UnsignedLong
    AvailableEnergy: t.RationalNumberType | None = None
    PowerTolerance: t.RationalNumberType | None = None
    PowerScheduleEntries: PowerScheduleEntryListType


class PowerScheduleEntryListType(Type):
    PowerScheduleEntry: Annotated[list[PowerScheduleEntryType], Occurs(1, 1024)]


class PowerScheduleEntryType(Type):
    Duration: UnsignedInt
    Power: t.RationalNumberType
    Power_L2: t.RationalNumberType | None = None
    Power_L3: t.RationalNumberType | None = None


class PriceScheduleType(Type):
    ABSTRACT = True
    TimeAnchor: UnsignedLong
    PriceScheduleID: t.NumericIDType
    PriceScheduleDescription: t.DescriptionType | None = None


class PriceLevelScheduleType(PriceScheduleType):
    Id: Annotated[str | None, ATTRIBUTE] = None
    NumberOfPriceLevels: UnsignedByte
    PriceLevelScheduleEntries: PriceLevelScheduleEntryListType


class PriceLevelScheduleEntryListType(Type):
    PriceLevelScheduleEntry: Annotated[list[PriceLevelScheduleEntryType], Occurs(1, 1024)]


class PriceLevelScheduleEntryType(Type):
    Duration: UnsignedInt
    PriceLevel: UnsignedByte


class AbsolutePriceScheduleType(PriceScheduleType):
    Id: Annotated[str | None, ATTRIBUTE] = None
    Currency: CurrencyType
    Language: LanguageType
    PriceAlgorithm: t.IdentifierType
    MinimumCost: t.RationalNumberType | None = None
    MaximumCost: t.RationalNumberType | None = None
    TaxRules: TaxRuleListType | None = None
    PriceRuleStacks: PriceRuleStackListType
    OverstayRules: OverstayRuleListType | None = None
    AdditionalSelectedServices: AdditionalServiceListType | None = None


class TaxRuleListType(Type):
    TaxRule: Annotated[list[TaxRuleType], Occurs(1, 10)]


class TaxRuleType(Type):
    TaxRuleID: t.NumericIDType
    TaxRuleName: t.NameType | None = None
    TaxRate: t.RationalNumberType
    TaxIncludedInPrice: bool | None = None
    AppliesToEnergyFee: bool
    AppliesToParkingFee: bool
    AppliesToOverstayFee: bool
    AppliesMinimumMaximumCost: bool


class PriceRuleStackListType(Type):
    PriceRuleStack: Annotated[list[PriceRuleStackType], Occurs(1, 1024)]


class PriceRuleStackType(Type):
    Duration: UnsignedInt
    PriceRule: Annotated[list[PriceRuleType], Occurs(1, 8)]


class PriceRuleType(Type):
    EnergyFee: t.RationalNumberType
    ParkingFee: t.RationalNumberType | None = None
    ParkingFeePeriod: UnsignedInt | None = None
    CarbonDioxideEmission: UnsignedShort | None = None
    RenewableGenerationPercentage: UnsignedByte | None = None
    PowerRangeStart: t.RationalNumberType


class OverstayRuleListType(Type):
    OverstayTimeThreshold: UnsignedInt | None = None
    OverstayPowerThreshold: t.RationalNumberType | None = None
    OverstayRule: Annotated[list[OverstayRuleType], Occurs(1, 5)]


class OverstayRuleType(Type):
    OverstayRuleDescription: t.DescriptionType | None = None
    StartTime: UnsignedInt
    OverstayFee: t.RationalNumberType
    OverstayFeePeriod: UnsignedInt


class AdditionalServiceListType(Type):
    AdditionalService: Annotated[list[AdditionalServiceType], Occurs(1, 5)]


class AdditionalServiceType(Type):
    ServiceName: t.NameType
    ServiceFee: t.RationalNumberType


class EVPowerProfileEntryListType(Type):
    EVPowerProfileEntry: Annotated[list[PowerScheduleEntryType], Occurs(1, 2048)]


class EVPowerProfileType(Type):
    CONTENT = sequence(
        "TimeAnchor", choice("Dynamic_EVPPTControlMode", "Scheduled_EVPPTControlMode"), "EVPowerProfileEntries"
    )
    TimeAnchor: UnsignedLong
    Dynamic_EVPPTControlMode: Dynamic_EVPPTControlModeType | None = None
    Scheduled_EVPPTControlMode: Scheduled_EVPPTControlModeType | None = None
    EVPowerProfileEntries: EVPowerProfileEntryListType


class Scheduled_EVPPTControlModeType(Type):
    SelectedScheduleTupleID: t.NumericIDType
    PowerToleranceAcceptance: PowerToleranceAcceptanceType | None = None


class Dynamic_EVPPTControlModeType(Type):
    pass


class EVEnergyOfferType(Type):
    EVPowerSchedule: EVPowerScheduleType
    EVAbsolutePriceSchedule: EVAbsolutePriceScheduleType


class EVPowerScheduleType(Type):
    TimeAnchor: UnsignedLong
    EVPowerScheduleEntries: EVPowerScheduleEntryListType


class EVPowerScheduleEntryListType(Type):
    EVPowerScheduleEntry: Annotated[list[EVPowerScheduleEntryType], Occurs(1, 1024)]


class EVPowerScheduleEntryType(Type):
    Duration: UnsignedInt
    Power: t.RationalNumberType


class EVAbsolutePriceScheduleType(Type):
    TimeAnchor: UnsignedLong
    Currency: CurrencyType
    PriceAlgorithm: t.IdentifierType
    EVPriceRuleStacks: EVPriceRuleStackListType


class EVPriceRuleStackListType(Type):
    EVPriceRuleStack: Annotated[list[EVPriceRuleStackType], Occurs(1, 1024)]


class EVPriceRuleStackType(Type):
    Duration: UnsignedInt
    EVPriceRule: Annotated[list[EVPriceRuleType], Occurs(1, 8)]


class EVPriceRuleType(Type):
    EnergyFee: t.RationalNumberType
    PowerRangeStart: t.RationalNumberType


class EMAIDListType(Type):
    EMAID: Annotated[list[t.IdentifierType], Occurs(1, 8)]


class SubCertificatesType(Type):
    Certificate: Annotated[list[CertificateType], Occurs(1, 3)]


class CertificateChainType(Type):
    Certificate: CertificateType
    SubCertificates: SubCertificatesType | None = None


class SignedCertificateChainType(Type):
    Id: Annotated[str, ATTRIBUTE]
    Certificate: CertificateType
    SubCertificates: SubCertificatesType | None = None


class ContractCertificateChainType(Type):
    Certificate: CertificateType
    SubCertificates: SubCertificatesType


ELEMENTS: ElementTable = {
    "SignedInstallationData": SignedInstallationDataType,
    "SignedMeteringData": SignedMeteringDataType,
}
