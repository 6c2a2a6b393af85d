"""The enumerations of EVerest's ISO15118_charger interface: member values are the exact strings that go over it."""

from __future__ import annotations

from enum import StrEnum


class PaymentOption(StrEnum):
    """How a session is paid for."""

    Contract = "Contract"
    ExternalPayment = "ExternalPayment"


class EnergyTransferMode(StrEnum):
    """Kinds of energy transfer: up to `DC_unique` those of DIN 70121 and ISO 15118-2, then those of ISO 15118-20."""

    AC_single_phase_core = "AC_single_phase_core"
    AC_two_phase = "AC_two_phase"
    AC_three_phase_core = "AC_three_phase_core"
    DC_core = "DC_core"
    DC_extended = "DC_extended"
    DC_combo_core = "DC_combo_core"
    DC_unique = "DC_unique"
    DC = "DC"
    AC_BPT = "AC_BPT"
    AC_BPT_DER = "AC_BPT_DER"
    AC_DER_IEC = "AC_DER_IEC"
    AC_DER_SAE = "AC_DER_SAE"
    DC_BPT = "DC_BPT"
    DC_ACDP = "DC_ACDP"
    DC_ACDP_BPT = "DC_ACDP_BPT"
    WPT = "WPT"
    MCS = "MCS"
    MCS_BPT = "MCS_BPT"


class IsolationStatus(StrEnum):
    """What the isolation monitor says; the order is the wire's, and DIN 70121 has no `No_IMD`."""

    Invalid = "Invalid"
    Valid = "Valid"
    Warning = "Warning"
    Fault = "Fault"
    No_IMD = "No_IMD"


class DcEvErrorCode(StrEnum):
    """The EV's error code in DC sessions; the order is the wire's in DIN 70121 and ISO 15118-2."""

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


class EvseError(StrEnum):
    """What went wrong at the charger (cmd `send_error`)."""

    Error_Contactor = "Error_Contactor"
    Error_RCD = "Error_RCD"
    Error_UtilityInterruptEvent = "Error_UtilityInterruptEvent"
    Error_Malfunction = "Error_Malfunction"
    Error_EmergencyShutdown = "Error_EmergencyShutdown"


class SaeJ2847BidiMode(StrEnum):
    """SAE J2847/2 discharging over ISO 15118-2 DC."""

    None_ = "None"
    V2G = "V2G"
    V2H = "V2H"


class NoEnergyPauseMode(StrEnum):
    """Where a session pauses that gets no energy now."""

    PauseAfterPrecharge = "PauseAfterPrecharge"
    PauseBeforeCableCheck = "PauseBeforeCableCheck"
    AllowEvToIgnorePause = "AllowEvToIgnorePause"


class SupportedAppProtocol(StrEnum):
    """The protocols a charger may offer."""

    DIN70121 = "DIN70121"
    ISO15118D2 = "ISO15118D2"
    ISO15118D20 = "ISO15118D20"


class ServiceCategory(StrEnum):
    """Services of ISO 15118-20."""

    AC = "AC"
    DC = "DC"
    WPT = "WPT"
    DC_ACDP = "DC_ACDP"
    AC_BPT = "AC_BPT"
    DC_BPT = "DC_BPT"
    DC_ACDP_BPT = "DC_ACDP_BPT"
    MCS = "MCS"
    MCS_BPT = "MCS_BPT"
    AC_DER_IEC = "AC_DER_IEC"
    AC_DER_SAE = "AC_DER_SAE"
    Internet = "Internet"
    ParkingStatus = "ParkingStatus"


class Connector(StrEnum):
    """AC and DC connectors."""

    SinglePhase = "SinglePhase"
    ThreePhase = "ThreePhase"
    Core = "Core"
    Extended = "Extended"
    Dual2 = "Dual2"
    Dual4 = "Dual4"
    Mcs = "Mcs"
    Chaoji = "Chaoji"
    UltraChaoji = "UltraChaoji"
    rMcs = "rMcs"
    xMcs = "xMcs"
    Aviation = "Aviation"
    Marine = "Marine"


class ControlMode(StrEnum):
    """Who sets the power in ISO 15118-20."""

    ScheduledControl = "ScheduledControl"
    DynamicControl = "DynamicControl"


class MobilityNeedsMode(StrEnum):
    """Who may set departure time and states of charge in ISO 15118-20."""

    EVCC = "EVCC"
    EVCC_SECC = "EVCC_SECC"


class Pricing(StrEnum):
    """Price structure of the offered schedules."""

    NoPricing = "NoPricing"
    AbsolutePricing = "AbsolutePricing"
    PriceLevels = "PriceLevels"


class BptChannel(StrEnum):
    """Whether charging and discharging share a power channel."""

    Unified = "Unified"
    Separated = "Separated"


class GeneratorMode(StrEnum):
    """How the converter behaves when it feeds the grid."""

    GridFollowing = "GridFollowing"
    GridForming = "GridForming"


class GridCodeIslandingDetectionMethod(StrEnum):
    """How islanding is detected."""

    Active = "Active"
    Passive = "Passive"


class AuthorizationStatus(StrEnum):
    """The answer to a token."""

    Accepted = "Accepted"
    Blocked = "Blocked"
    ConcurrentTx = "ConcurrentTx"
    Expired = "Expired"
    Invalid = "Invalid"
    NoCredit = "NoCredit"
    NotAllowedTypeEVSE = "NotAllowedTypeEVSE"
    NotAtThisLocation = "NotAtThisLocation"
    NotAtThisTime = "NotAtThisTime"
    Unknown = "Unknown"
    PinRequired = "PinRequired"
    Timeout = "Timeout"


class CertificateStatus(StrEnum):
    """The answer to a contract certificate."""

    Accepted = "Accepted"
    SignatureError = "SignatureError"
    CertificateExpired = "CertificateExpired"
    CertificateRevoked = "CertificateRevoked"
    NoCertificateAvailable = "NoCertificateAvailable"
    CertChainError = "CertChainError"
    ContractCancelled = "ContractCancelled"


class IdTokenType(StrEnum):
    """Kinds of identification tokens."""

    Central = "Central"
    eMAID = "eMAID"
    MacAddress = "MacAddress"
    ISO14443 = "ISO14443"
    ISO15693 = "ISO15693"
    KeyCode = "KeyCode"
    Local = "Local"
    NoAuthorization = "NoAuthorization"


class AuthorizationType(StrEnum):
    """Where a token comes from."""

    OCPP = "OCPP"
    RFID = "RFID"
    Autocharge = "Autocharge"
    PlugAndCharge = "PlugAndCharge"
    BankCard = "BankCard"


class HashAlgorithm(StrEnum):
    """Hashes of certificate data for OCSP."""

    SHA256 = "SHA256"
    SHA384 = "SHA384"
    SHA512 = "SHA512"


class CertificateActionEnum(StrEnum):
    """What an EV wants of a back end: a first contract certificate, or the next one."""

    Install = "Install"
    Update = "Update"


class ExiStreamStatus(StrEnum):
    """Whether a back end processed a certificate request; what it decided is in its response."""

    Accepted = "Accepted"
    Failed = "Failed"


class HlcSessionFailedReasonEnum(StrEnum):
    """In which part of a session it failed."""

    ProtocolNegotiationFailed = "ProtocolNegotiationFailed"
    AuthorizationFailed = "AuthorizationFailed"
    ChargingParametersNotAccepted = "ChargingParametersNotAccepted"
    EnergyTransferSetupFailed = "EnergyTransferSetupFailed"
    ChargingInterrupted = "ChargingInterrupted"
    FailedTLSHandshake = "FailedTLSHandshake"
    UnexpectedSessionEnd = "UnexpectedSessionEnd"


class V2gMessageId(StrEnum):
    """Every message of the supported protocols, and `UnknownMessage` for octets that cannot be decoded."""

    SupportedAppProtocolReq = "SupportedAppProtocolReq"
    SupportedAppProtocolRes = "SupportedAppProtocolRes"
    SessionSetupReq = "SessionSetupReq"
    SessionSetupRes = "SessionSetupRes"
    ServiceDiscoveryReq = "ServiceDiscoveryReq"
    ServiceDiscoveryRes = "ServiceDiscoveryRes"
    ServiceDetailReq = "ServiceDetailReq"
    ServiceDetailRes = "ServiceDetailRes"
    PaymentServiceSelectionReq = "PaymentServiceSelectionReq"
    PaymentServiceSelectionRes = "PaymentServiceSelectionRes"
    ServicePaymentSelectionReq = "ServicePaymentSelectionReq"
    ServicePaymentSelectionRes = "ServicePaymentSelectionRes"
    PaymentDetailsReq = "PaymentDetailsReq"
    PaymentDetailsRes = "PaymentDetailsRes"
    AuthorizationReq = "AuthorizationReq"
    AuthorizationRes = "AuthorizationRes"
    ContractAuthenticationReq = "ContractAuthenticationReq"
    ContractAuthenticationRes = "ContractAuthenticationRes"
    ChargeParameterDiscoveryReq = "ChargeParameterDiscoveryReq"
    ChargeParameterDiscoveryRes = "ChargeParameterDiscoveryRes"
    ChargingStatusReq = "ChargingStatusReq"
    ChargingStatusRes = "ChargingStatusRes"
    MeteringReceiptReq = "MeteringReceiptReq"
    MeteringReceiptRes = "MeteringReceiptRes"
    PowerDeliveryReq = "PowerDeliveryReq"
    PowerDeliveryRes = "PowerDeliveryRes"
    CableCheckReq = "CableCheckReq"
    CableCheckRes = "CableCheckRes"
    PreChargeReq = "PreChargeReq"
    PreChargeRes = "PreChargeRes"
    CurrentDemandReq = "CurrentDemandReq"
    CurrentDemandRes = "CurrentDemandRes"
    WeldingDetectionReq = "WeldingDetectionReq"
    WeldingDetectionRes = "WeldingDetectionRes"
    SessionStopReq = "SessionStopReq"
    SessionStopRes = "SessionStopRes"
    CertificateInstallationReq = "CertificateInstallationReq"
    CertificateInstallationRes = "CertificateInstallationRes"
    CertificateUpdateReq = "CertificateUpdateReq"
    CertificateUpdateRes = "CertificateUpdateRes"
    AuthorizationSetupReq = "AuthorizationSetupReq"
    AuthorizationSetupRes = "AuthorizationSetupRes"
    ScheduleExchangeReq = "ScheduleExchangeReq"
    ScheduleExchangeRes = "ScheduleExchangeRes"
    ServiceSelectionReq = "ServiceSelectionReq"
    ServiceSelectionRes = "ServiceSelectionRes"
    AcChargeLoopReq = "AcChargeLoopReq"
    AcChargeLoopRes = "AcChargeLoopRes"
    AcChargeParameterDiscoveryReq = "AcChargeParameterDiscoveryReq"
    AcChargeParameterDiscoveryRes = "AcChargeParameterDiscoveryRes"
    AcDerChargeParameterDiscoveryReq = "AcDerChargeParameterDiscoveryReq"
    AcDerChargeParameterDiscoveryRes = "AcDerChargeParameterDiscoveryRes"
    AcDerChargeLoopReq = "AcDerChargeLoopReq"
    AcDerChargeLoopRes = "AcDerChargeLoopRes"
    AcDerSaeChargeParameterDiscoveryReq = "AcDerSaeChargeParameterDiscoveryReq"
    AcDerSaeChargeParameterDiscoveryRes = "AcDerSaeChargeParameterDiscoveryRes"
    AcDerSaeChargeLoopReq = "AcDerSaeChargeLoopReq"
    AcDerSaeChargeLoopRes = "AcDerSaeChargeLoopRes"
    DcCableCheckReq = "DcCableCheckReq"
    DcCableCheckRes = "DcCableCheckRes"
    DcChargeLoopReq = "DcChargeLoopReq"
    DcChargeLoopRes = "DcChargeLoopRes"
    DcChargeParameterDiscoveryReq = "DcChargeParameterDiscoveryReq"
    DcChargeParameterDiscoveryRes = "DcChargeParameterDiscoveryRes"
    DcPreChargeReq = "DcPreChargeReq"
    DcPreChargeRes = "DcPreChargeRes"
    DcWeldingDetectionReq = "DcWeldingDetectionReq"
    DcWeldingDetectionRes = "DcWeldingDetectionRes"
    UnknownMessage = "UnknownMessage"
