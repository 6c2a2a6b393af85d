"""ISO 15118-20:2022 messages and types of automatic connection devices with a pantograph (V2G_CI_ACDP)."""

from __future__ import annotations

from enum import StrEnum

from fastsecc.messages.iso20 import common_types as t
from fastsecc.messages.schema import ElementTable, Ref, Short, Type

NAMESPACE = "urn:iso:std:iso:15118:-20:ACDP"
REF = Ref(NAMESPACE)


class CpStatusType(StrEnum):
    StateA = "StateA"
    StateB = "StateB"
    StateC = "StateC"
    StateD = "StateD"
    StateE = "StateE"


class ErrorCodeType(StrEnum):
    OK_NoEVError = "OK_NoEVError"
    FAILED = "FAILED"
    FAILED_EmergencyEvent = "FAILED_EmergencyEvent"
    FAILED_Breaker = "FAILED_Breaker"
    FAILED_RESSTemperatureInhibit = "FAILED_RESSTemperatureInhibit"
    FAILED_RESS = "FAILED_RESS"
    FAILED_ChargingCurrentDifferential = "FAILED_ChargingCurrentDifferential"
    FAILED_ChargingVoltageOutOfRange = "FAILED_ChargingVoltageOutOfRange"
    FAILED_Reserved1 = "FAILED_Reserved1"
    FAILED_Reserved2 = "FAILED_Reserved2"


class IsolationStatusType(StrEnum):
    Invalid = "Invalid"
    Safe = "Safe"
    Warning = "Warning"
    Fault = "Fault"


class ElectricalChargingDeviceStatusType(StrEnum):
    State_A = "State_A"
    State_B = "State_B"
    State_C = "State_C"
    State_D = "State_D"


class MechanicalChargingDeviceStatusType(StrEnum):
    Home = "Home"
    Moving = "Moving"
    EndPosition = "EndPosition"


class ACDP_VehiclePositioningReq(t.V2GRequestType):
    EVMobilityStatus: bool
    EVPositioningSupport: bool


class ACDP_VehiclePositioningRes(t.V2GResponseType):
    EVSEProcessing: t.ProcessingType
    EVSEPositioningSupport: bool
    EVRelativeXDeviation: Short
    EVRelativeYDeviation: Short
    ContactWindowXc: Short
    ContactWindowYc: Short
    EVInChargePosition: bool


class ACDP_ConnectReq(t.V2GRequestType):
    EVElectricalChargingDeviceStatus: ElectricalChargingDeviceStatusType


class ACDP_ConnectRes(t.V2GResponseType):
    EVSEProcessing: t.ProcessingType
    EVSEElectricalChargingDeviceStatus: ElectricalChargingDeviceStatusType
    EVSEMechanicalChargingDeviceStatus: MechanicalChargingDeviceStatusType


class ACDP_DisconnectReq(t.V2GRequestType):
    EVElectricalChargingDeviceStatus: ElectricalChargingDeviceStatusType


class ACDP_DisconnectRes(t.V2GResponseType):
    EVSEProcessing: t.ProcessingType
    EVSEElectricalChargingDeviceStatus: ElectricalChargingDeviceStatusType
    EVSEMechanicalChargingDeviceStatus: MechanicalChargingDeviceStatusType


class ACDP_SystemStatusReq(t.V2GRequestType):
    EVTechnicalStatus: EVTechnicalStatusType


class ACDP_SystemStatusRes(t.V2GResponseType):
    EVSEMechanicalChargingDeviceStatus: MechanicalChargingDeviceStatusType
    EVSEReadyToCharge: bool
    EVSEIsolationStatus: IsolationStatusType
    EVSEDisabled: bool
    EVSEUtilityInterruptEvent: bool
    EVSEEmergencyShutdown: bool
    EVSEMalfunction: bool
    EVInChargePosition: bool
    EVAssociationStatus: bool


class EVTechnicalStatusType(Type):
    EVReadyToCharge: bool
    EVImmobilizationRequest: bool
    EVImmobilized: bool | None = None
    EVWLANStrength: t.RationalNumberType | None = None
    EVCPStatus: CpStatusType | None = None
    EVSOC: t.PercentValueType | None = None
    EVErrorCode: ErrorCodeType | None = None
    EVTimeout: bool | None = None


ELEMENTS: ElementTable = {
    "ACDP_ConnectReq": ACDP_ConnectReq,
    "ACDP_ConnectRes": ACDP_ConnectRes,
    "ACDP_DisconnectReq": ACDP_DisconnectReq,
    "ACDP_DisconnectRes": ACDP_DisconnectRes,
    "ACDP_SystemStatusReq": ACDP_SystemStatusReq,
    "ACDP_SystemStatusRes": ACDP_SystemStatusRes,
    "ACDP_VehiclePositioningReq": ACDP_VehiclePositioningReq,
    "ACDP_VehiclePositioningRes": ACDP_VehiclePositioningRes,
}
