"""ISO 15118-20:2022 messages and types of DC charging (V2G_CI_DC)."""

from __future__ import annotations

from typing import Annotated

from fastsecc.messages.iso20 import common_types as t
from fastsecc.messages.schema import ElementTable, Ref, Type

NAMESPACE = "urn:iso:std:iso:15118:-20:DC"
REF = Ref(NAMESPACE)


class DC_ChargeParameterDiscoveryReq(t.ChargeParameterDiscoveryReqType):
    DC_CPDReqEnergyTransferMode: Annotated[DC_CPDReqEnergyTransferModeType, REF]


class DC_ChargeParameterDiscoveryRes(t.ChargeParameterDiscoveryResType):
    DC_CPDResEnergyTransferMode: Annotated[DC_CPDResEnergyTransferModeType, REF]


class DC_CableCheckReq(t.V2GRequestType):
    pass


class DC_CableCheckRes(t.V2GResponseType):
    EVSEProcessing: t.ProcessingType


class DC_PreChargeReq(t.V2GRequestType):
    EVProcessing: t.ProcessingType
    EVPresentVoltage: t.RationalNumberType
    EVTargetVoltage: t.RationalNumberType


class DC_PreChargeRes(t.V2GResponseType):
    EVSEPresentVoltage: t.RationalNumberType


class DC_ChargeLoopReq(t.ChargeLoopReqType):
    EVPresentVoltage: t.RationalNumberType
    CLReqControlMode: Annotated[t.CLReqControlModeType, t.REF]


class DC_ChargeLoopRes(t.ChargeLoopResType):
    EVSEPresentCurrent: t.RationalNumberType
    EVSEPresentVoltage: t.RationalNumberType
    EVSEPowerLimitAchieved: bool
    EVSECurrentLimitAchieved: bool
    EVSEVoltageLimitAchieved: bool
    CLResControlMode: Annotated[t.CLResControlModeType, t.REF]


class DC_WeldingDetectionReq(t.V2GRequestType):
    EVProcessing: t.ProcessingType


class DC_WeldingDetectionRes(t.V2GResponseType):
    EVSEPresentVoltage: t.RationalNumberType


class DC_CPDReqEnergyTransferModeType(Type):
    EVMaximumChargePower: t.RationalNumberType
    EVMinimumChargePower: t.RationalNumberType
    EVMaximumChargeCurrent: t.RationalNumberType
    EVMinimumChargeCurrent: t.RationalNumberType
    EVMaximumVoltage: t.RationalNumberType
    EVMinimumVoltage: t.RationalNumberType
    TargetSOC: t.PercentValueType | None = None


class DC_CPDResEnergyTransferModeType(Type):
    EVSEMaximumChargePower: t.RationalNumberType
    EVSEMinimumChargePower: t.RationalNumberType
    EVSEMaximumChargeCurrent: t.RationalNumberType
    EVSEMinimumChargeCurrent: t.RationalNumberType
    EVSEMaximumVoltage: t.RationalNumberType
    EVSEMinimumVoltage: t.RationalNumberType
    EVSEPowerRampLimitation: t.RationalNumberType | None = None


class BPT_DC_CPDReqEnergyTransferModeType(DC_CPDReqEnergyTransferModeType):
    EVMaximumDischargePower: t.RationalNumberType
    EVMinimumDischargePower: t.RationalNumberType
    EVMaximumDischargeCurrent: t.RationalNumberType
    EVMinimumDischargeCurrent: t.RationalNumberType


class BPT_DC_CPDResEnergyTransferModeType(DC_CPDResEnergyTransferModeType):
    EVSEMaximumDischargePower: t.RationalNumberType
    EVSEMinimumDischargePower: t.RationalNumberType
    EVSEMaximumDischargeCurrent: t.RationalNumberType
    EVSEMinimumDischargeCurrent: t.RationalNumberType


class Scheduled_DC_CLReqControlModeType(t.Scheduled_CLReqControlModeType):
    EVTargetCurrent: t.RationalNumberType
    EVTargetVoltage: t.RationalNumberType
    EVMaximumChargePower: t.RationalNumberType | None = None
    EVMinimumChargePower: t.RationalNumberType | None = None
    EVMaximumChargeCurrent: t.RationalNumberType | None = None
    EVMaximumVoltage: t.RationalNumberType | None = None
    EVMinimumVoltage: t.RationalNumberType | None = None


class Scheduled_DC_CLResControlModeType(t.Scheduled_CLResControlModeType):
    EVSEMaximumChargePower: t.RationalNumberType | None = None
    EVSEMinimumChargePower: t.RationalNumberType | None = None
    EVSEMaximumChargeCurrent: t.RationalNumberType | None = None
    EVSEMaximumVoltage: t.RationalNumberType | None = None


class BPT_Scheduled_DC_CLReqControlModeType(Scheduled_DC_CLReqControlModeType):
    EVMaximumDischargePower: t.RationalNumberType | None = None
    EVMinimumDischargePower: t.RationalNumberType | None = None
    EVMaximumDischargeCurrent: t.RationalNumberType | None = None


class BPT_Scheduled_DC_CLResControlModeType(Scheduled_DC_CLResControlModeType):
    EVSEMaximumDischargePower: t.RationalNumberType | None = None
    EVSEMinimumDischargePower: t.RationalNumberType | None = None
    EVSEMaximumDischargeCurrent: t.RationalNumberType | None = None
    EVSEMinimumVoltage: t.RationalNumberType | None = None


class Dynamic_DC_CLReqControlModeType(t.Dynamic_CLReqControlModeType):
    EVMaximumChargePower: t.RationalNumberType
    EVMinimumChargePower: t.RationalNumberType
    EVMaximumChargeCurrent: t.RationalNumberType
    EVMaximumVoltage: t.RationalNumberType
    EVMinimumVoltage: t.RationalNumberType


class Dynamic_DC_CLResControlModeType(t.Dynamic_CLResControlModeType):
    EVSEMaximumChargePower: t.RationalNumberType
    EVSEMinimumChargePower: t.RationalNumberType
    EVSEMaximumChargeCurrent: t.RationalNumberType
    EVSEMaximumVoltage: t.RationalNumberType


class BPT_Dynamic_DC_CLReqControlModeType(Dynamic_DC_CLReqControlModeType):
    EVMaximumDischargePower: t.RationalNumberType
    EVMinimumDischargePower: t.RationalNumberType
    EVMaximumDischargeCurrent: t.RationalNumberType
    EVMaximumV2XEnergyRequest: t.RationalNumberType | None = None
    EVMinimumV2XEnergyRequest: t.RationalNumberType | None = None


class BPT_Dynamic_DC_CLResControlModeType(Dynamic_DC_CLResControlModeType):
    EVSEMaximumDischargePower: t.RationalNumberType
    EVSEMinimumDischargePower: t.RationalNumberType
    EVSEMaximumDischargeCurrent: t.RationalNumberType
    EVSEMinimumVoltage: t.RationalNumberType


ELEMENTS: ElementTable = {
    "BPT_DC_CPDReqEnergyTransferMode": BPT_DC_CPDReqEnergyTransferModeType,
    "BPT_DC_CPDResEnergyTransferMode": BPT_DC_CPDResEnergyTransferModeType,
    "BPT_Dynamic_DC_CLReqControlMode": BPT_Dynamic_DC_CLReqControlModeType,
    "BPT_Dynamic_DC_CLResControlMode": BPT_Dynamic_DC_CLResControlModeType,
    "BPT_Scheduled_DC_CLReqControlMode": BPT_Scheduled_DC_CLReqControlModeType,
    "BPT_Scheduled_DC_CLResControlMode": BPT_Scheduled_DC_CLResControlModeType,
    "DC_CPDReqEnergyTransferMode": DC_CPDReqEnergyTransferModeType,
    "DC_CPDResEnergyTransferMode": DC_CPDResEnergyTransferModeType,
    "DC_CableCheckReq": DC_CableCheckReq,
    "DC_CableCheckRes": DC_CableCheckRes,
    "DC_ChargeLoopReq": DC_ChargeLoopReq,
    "DC_ChargeLoopRes": DC_ChargeLoopRes,
    "DC_ChargeParameterDiscoveryReq": DC_ChargeParameterDiscoveryReq,
    "DC_ChargeParameterDiscoveryRes": DC_ChargeParameterDiscoveryRes,
    "DC_PreChargeReq": DC_PreChargeReq,
    "DC_PreChargeRes": DC_PreChargeRes,
    "DC_WeldingDetectionReq": DC_WeldingDetectionReq,
    "DC_WeldingDetectionRes": DC_WeldingDetectionRes,
    "Dynamic_DC_CLReqControlMode": Dynamic_DC_CLReqControlModeType,
    "Dynamic_DC_CLResControlMode": Dynamic_DC_CLResControlModeType,
    "Scheduled_DC_CLReqControlMode": Scheduled_DC_CLReqControlModeType,
    "Scheduled_DC_CLResControlMode": Scheduled_DC_CLResControlModeType,
}
