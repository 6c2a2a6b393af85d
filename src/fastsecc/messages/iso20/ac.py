"""ISO 15118-20:2022 messages and types of AC charging (V2G_CI_AC)."""

from __future__ import annotations

from typing import Annotated

from fastsecc.messages.iso20 import common_types as t
from fastsecc.messages.schema import ElementTable, Ref, Type

NAMESPACE = "urn:iso:std:iso:15118:-20:AC"
REF = Ref(NAMESPACE)


class AC_ChargeParameterDiscoveryReq(t.ChargeParameterDiscoveryReqType):
    AC_CPDReqEnergyTransferMode: Annotated[AC_CPDReqEnergyTransferModeType, REF]


class AC_ChargeParameterDiscoveryRes(t.ChargeParameterDiscoveryResType):
    AC_CPDResEnergyTransferMode: Annotated[AC_CPDResEnergyTransferModeType, REF]


class AC_ChargeLoopReq(t.ChargeLoopReqType):
    CLReqControlMode: Annotated[t.CLReqControlModeType, t.REF]


class AC_ChargeLoopRes(t.ChargeLoopResType):
    EVSETargetFrequency: t.RationalNumberType | None = None
    CLResControlMode: Annotated[t.CLResControlModeType, t.REF]


class AC_CPDReqEnergyTransferModeType(Type):
    EVMaximumChargePower: t.RationalNumberType
    EVMaximumChargePower_L2: t.RationalNumberType | None = None
    EVMaximumChargePower_L3: t.RationalNumberType | None = None
    EVMinimumChargePower: t.RationalNumberType
    EVMinimumChargePower_L2: t.RationalNumberType | None = None
    EVMinimumChargePower_L3: t.RationalNumberType | None = None


class AC_CPDResEnergyTransferModeType(Type):
    EVSEMaximumChargePower: t.RationalNumberType
    EVSEMaximumChargePower_L2: t.RationalNumberType | None = None
    EVSEMaximumChargePower_L3: t.RationalNumberType | None = None
    EVSEMinimumChargePower: t.RationalNumberType
    EVSEMinimumChargePower_L2: t.RationalNumberType | None = None
    EVSEMinimumChargePower_L3: t.RationalNumberType | None = None
    EVSENominalFrequency: t.RationalNumberType
    MaximumPowerAsymmetry: t.RationalNumberType | None = None
    EVSEPowerRampLimitation: t.RationalNumberType | None = None
    EVSEPresentActivePower: t.RationalNumberType | None = None
    EVSEPresentActivePower_L2: t.RationalNumberType | None = None
    EVSEPresentActivePower_L3: t.RationalNumberType | None = None


class BPT_AC_CPDReqEnergyTransferModeType(AC_CPDReqEnergyTransferModeType):
    EVMaximumDischargePower: t.RationalNumberType
    EVMaximumDischargePower_L2: t.RationalNumberType | None = None
    EVMaximumDischargePower_L3: t.RationalNumberType | None = None
    EVMinimumDischargePower: t.RationalNumberType
    EVMinimumDischargePower_L2: t.RationalNumberType | None = None
    EVMinimumDischargePower_L3: t.RationalNumberType | None = None


class BPT_AC_CPDResEnergyTransferModeType(AC_CPDResEnergyTransferModeType):
    EVSEMaximumDischargePower: t.RationalNumberType
    EVSEMaximumDischargePower_L2: t.RationalNumberType | None = None
    EVSEMaximumDischargePower_L3: t.RationalNumberType | None = None
    EVSEMinimumDischargePower: t.RationalNumberType
    EVSEMinimumDischargePower_L2: t.RationalNumberType | None = None
    EVSEMinimumDischargePower_L3: t.RationalNumberType | None = None


class Scheduled_AC_CLReqControlModeType(t.Scheduled_CLReqControlModeType):
    EVMaximumChargePower: t.RationalNumberType | None = None
    EVMaximumChargePower_L2: t.RationalNumberType | None = None
    EVMaximumChargePower_L3: t.RationalNumberType | None = None
    EVMinimumChargePower: t.RationalNumberType | None = None
    EVMinimumChargePower_L2: t.RationalNumberType | None = None
    EVMinimumChargePower_L3: t.RationalNumberType | None = None
    EVPresentActivePower: t.RationalNumberType
    EVPresentActivePower_L2: t.RationalNumberType | None = None
    EVPresentActivePower_L3: t.RationalNumberType | None = None
    EVPresentReactivePower: t.RationalNumberType | None = None
    EVPresentReactivePower_L2: t.RationalNumberType | None = None
    EVPresentReactivePower_L3: t.RationalNumberType | None = None


class Scheduled_AC_CLResControlModeType(t.Scheduled_CLResControlModeType):
    EVSETargetActivePower: t.RationalNumberType | None = None
    EVSETargetActivePower_L2: t.RationalNumberType | None = None
    EVSETargetActivePower_L3: t.RationalNumberType | None = None
    EVSETargetReactivePower: t.RationalNumberType | None = None
    EVSETargetReactivePower_L2: t.RationalNumberType | None = None
    EVSETargetReactivePower_L3: t.RationalNumberType | None = None
    EVSEPresentActivePower: t.RationalNumberType | None = None
    EVSEPresentActivePower_L2: t.RationalNumberType | None = None
    EVSEPresentActivePower_L3: t.RationalNumberType | None = None


class BPT_Scheduled_AC_CLReqControlModeType(Scheduled_AC_CLReqControlModeType):
    EVMaximumDischargePower: t.RationalNumberType | None = None
    EVMaximumDischargePower_L2: t.RationalNumberType | None = None
    EVMaximumDischargePower_L3: t.RationalNumberType | None = None
    EVMinimumDischargePower: t.RationalNumberType | None = None
    EVMinimumDischargePower_L2: t.RationalNumberType | None = None
    EVMinimumDischargePower_L3: t.RationalNumberType | None = None


class BPT_Scheduled_AC_CLResControlModeType(Scheduled_AC_CLResControlModeType):
    pass


class Dynamic_AC_CLReqControlModeType(t.Dynamic_CLReqControlModeType):
    EVMaximumChargePower: t.RationalNumberType
    EVMaximumChargePower_L2: t.RationalNumberType | None = None
    EVMaximumChargePower_L3: t.RationalNumberType | None = None
    EVMinimumChargePower: t.RationalNumberType
    EVMinimumChargePower_L2: t.RationalNumberType | None = None
    EVMinimumChargePower_L3: t.RationalNumberType | None = None
    EVPresentActivePower: t.RationalNumberType
    EVPresentActivePower_L2: t.RationalNumberType | None = None
    EVPresentActivePower_L3: t.RationalNumberType | None = None
    EVPresentReactivePower: t.RationalNumberType
    EVPresentReactivePower_L2: t.RationalNumberType | None = None
    EVPresentReactivePower_L3: t.RationalNumberType | None = None


class Dynamic_AC_CLResControlModeType(t.Dynamic_CLResControlModeType):
    EVSETargetActivePower: t.RationalNumberType
    EVSETargetActivePower_L2: t.RationalNumberType | None = None
    EVSETargetActivePower_L3: t.RationalNumberType | None = None
    EVSETargetReactivePower: t.RationalNumberType | None = None
    EVSETargetReactivePower_L2: t.RationalNumberType | None = None
    EVSETargetReactivePower_L3: t.RationalNumberType | None = None
    EVSEPresentActivePower: t.RationalNumberType | None = None
    EVSEPresentActivePower_L2: t.RationalNumberType | None = None
    EVSEPresentActivePower_L3: t.RationalNumberType | None = None


class BPT_Dynamic_AC_CLReqControlModeType(Dynamic_AC_CLReqControlModeType):
    EVMaximumDischargePower: t.RationalNumberType
    EVMaximumDischargePower_L2: t.RationalNumberType | None = None
    EVMaximumDischargePower_L3: t.RationalNumberType | None = None
    EVMinimumDischargePower: t.RationalNumberType
    EVMinimumDischargePower_L2: t.RationalNumberType | None = None
    EVMinimumDischargePower_L3: t.RationalNumberType | None = None
    EVMaximumV2XEnergyRequest: t.RationalNumberType | None = None
    EVMinimumV2XEnergyRequest: t.RationalNumberType | None = None


class BPT_Dynamic_AC_CLResControlModeType(Dynamic_AC_CLResControlModeType):
    pass


ELEMENTS: ElementTable = {
    "AC_CPDReqEnergyTransferMode": AC_CPDReqEnergyTransferModeType,
    "AC_CPDResEnergyTransferMode": AC_CPDResEnergyTransferModeType,
    "AC_ChargeLoopReq": AC_ChargeLoopReq,
    "AC_ChargeLoopRes": AC_ChargeLoopRes,
    "AC_ChargeParameterDiscoveryReq": AC_ChargeParameterDiscoveryReq,
    "AC_ChargeParameterDiscoveryRes": AC_ChargeParameterDiscoveryRes,
    "BPT_AC_CPDReqEnergyTransferMode": BPT_AC_CPDReqEnergyTransferModeType,
    "BPT_AC_CPDResEnergyTransferMode": BPT_AC_CPDResEnergyTransferModeType,
    "BPT_Dynamic_AC_CLReqControlMode": BPT_Dynamic_AC_CLReqControlModeType,
    "BPT_Dynamic_AC_CLResControlMode": BPT_Dynamic_AC_CLResControlModeType,
    "BPT_Scheduled_AC_CLReqControlMode": BPT_Scheduled_AC_CLReqControlModeType,
    "BPT_Scheduled_AC_CLResControlMode": BPT_Scheduled_AC_CLResControlModeType,
    "Dynamic_AC_CLReqControlMode": Dynamic_AC_CLReqControlModeType,
    "Dynamic_AC_CLResControlMode": Dynamic_AC_CLResControlModeType,
    "Scheduled_AC_CLReqControlMode": Scheduled_AC_CLReqControlModeType,
    "Scheduled_AC_CLResControlMode": Scheduled_AC_CLResControlModeType,
}
