"""ISO 15118-20:2022 messages and types of wireless power transfer (V2G_CI_WPT)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastsecc.messages.iso20 import common_types as t
from fastsecc.messages.schema import (
    Base64Binary,
    ElementTable,
    Length,
    Occurs,
    Ref,
    Short,
    Type,
    UnsignedByte,
    UnsignedShort,
    choice,
    sequence,
)

NAMESPACE = "urn:iso:std:iso:15118:-20:WPT"
REF = Ref(NAMESPACE)

BssidType = Annotated[str, Length(12)]
IpaddressType = Annotated[str, Length(39)]
WPT_DataContainerType = Annotated[Base64Binary, Length(256)]


class WPT_FinePositioningMethodType(StrEnum):
    Manual = "Manual"
    LF_TxEV = "LF_TxEV"
    LF_TxPrimaryDevice = "LF_TxPrimaryDevice"
    LPE = "LPE"
    Proprietary = "Proprietary"


class WPT_PairingMethodType(StrEnum):
    External_confirmation_ = "External confirmation"
    LPE = "LPE"
    LF_TxEV = "LF_TxEV"
    LF_TxPrimaryDevice = "LF_TxPrimaryDevice"
    Optical = "Optical"
    Proprietary = "Proprietary"


class WPT_AlignmentCheckMethodType(StrEnum):
    PowerCheck = "PowerCheck"
    LPE = "LPE"
    Proprietary = "Proprietary"


class WPT_EVPCChargeDiagnosticsType(StrEnum):
    EVPCNoIssue = "EVPCNoIssue"
    EVPCTempOverheatDetected = "EVPCTempOverheatDetected"
    EVPCPowerTransferAnomalyDetected = "EVPCPowerTransferAnomalyDetected"
    EVPCAnomalyDetected = "EVPCAnomalyDetected"


class WPT_SPCChargeDiagnosticsType(StrEnum):
    SPCNoIssue = "SPCNoIssue"
    SPCFODDetected = "SPCFODDetected"
    SPCLOPDetected = "SPCLOPDetected"
    SPCTempOverheatDetected = "SPCTempOverheatDetected"
    SPCPowerTransferAnomalyDetected = "SPCPowerTransferAnomalyDetected"
    SPCAnomalyDetected = "SPCAnomalyDetected"


class WPT_PowerClassType(StrEnum):
    MF_WPT1_ = "MF-WPT1"
    MF_WPT2_ = "MF-WPT2"
    MF_WPT3_ = "MF-WPT3"
    MF_WPT4_ = "MF-WPT4"


class WPT_EVResultType(StrEnum):
    EVResultUnknown = "EVResultUnknown"
    EVResultSuccess = "EVResultSuccess"
    EVResultFailed = "EVResultFailed"


class WPT_FinePositioningSetupReq(t.V2GRequestType):
    EVProcessing: t.ProcessingType
    EVDeviceFinePositioningMethodList: WPT_FinePositioningMethodListType
    EVDevicePairingMethodList: WPT_PairingMethodListType
    EVDeviceAlignmentCheckMethodList: WPT_AlignmentCheckMethodListType
    NaturalOffset: UnsignedShort
    VendorSpecificDataContainer: Annotated[list[WPT_DataContainerType], Occurs(0, 16)] = []
    LF_SystemSetupData: WPT_LF_SystemSetupDataType | None = None


class WPT_FinePositioningSetupRes(t.V2GResponseType):
    PrimaryDeviceFinePositioningMethodList: WPT_FinePositioningMethodListType
    PrimaryDevicePairingMethodList: WPT_PairingMethodListType
    PrimaryDeviceAlignmentCheckMethodList: WPT_AlignmentCheckMethodListType
    NaturalOffset: UnsignedShort
    VendorSpecificDataContainer: Annotated[list[WPT_DataContainerType], Occurs(0, 16)] = []
    LF_SystemSetupData: WPT_LF_SystemSetupDataType | None = None


class WPT_FinePositioningReq(t.V2GRequestType):
    EVProcessing: t.ProcessingType
    EVResultCode: WPT_EVResultType
    VendorSpecificDataContainer: Annotated[list[WPT_DataContainerType], Occurs(0, 16)] = []
    WPT_LF_DataPackageList: WPT_LF_DataPackageListType | None = None


class WPT_FinePositioningRes(t.V2GResponseType):
    EVSEProcessing: t.ProcessingType
    VendorSpecificDataContainer: Annotated[list[WPT_DataContainerType], Occurs(0, 16)] = []
    WPT_LF_DataPackageList: WPT_LF_DataPackageListType | None = None


class WPT_PairingReq(t.V2GRequestType):
    EVProcessing: t.ProcessingType
    ObservedIDCode: t.NumericIDType | None = None
    EVResultCode: WPT_EVResultType
    VendorSpecificDataContainer: Annotated[list[WPT_DataContainerType], Occurs(0, 16)] = []


class WPT_PairingRes(t.V2GResponseType):
    EVSEProcessing: t.ProcessingType
    ObservedIDCode: t.NumericIDType | None = None
    AlternativeSECCList: AlternativeSECCListType | None = None
    VendorSpecificDataContainer: Annotated[list[WPT_DataContainerType], Occurs(0, 16)] = []


class WPT_ChargeParameterDiscoveryReq(t.ChargeParameterDiscoveryReqType):
    EVPCMaxReceivablePower: t.RationalNumberType
    SDMaxGroundClearence: UnsignedShort
    SDMinGroundClearence: UnsignedShort
    EVPCNaturalFrequency: t.RationalNumberType
    EVPCDeviceLocalControl: bool
    VendorSpecificDataContainer: Annotated[list[WPT_DataContainerType], Occurs(0, 16)] = []


class WPT_ChargeParameterDiscoveryRes(t.ChargeParameterDiscoveryResType):
    PDInputPowerClass: WPT_PowerClassType
    SDMinOutputPower: t.RationalNumberType
    SDMaxOutputPower: t.RationalNumberType
    SDMaxGroundClearanceSupport: UnsignedShort
    SDMinGroundClearanceSupport: UnsignedShort
    PDMinCoilCurrent: t.RationalNumberType
    PDMaxCoilCurrent: t.RationalNumberType
    SDManufacturerSpecificDataContainer: Annotated[list[WPT_DataContainerType], Occurs(0, 16)] = []


class WPT_AlignmentCheckReq(t.V2GRequestType):
    EVProcessing: t.ProcessingType
    TargetCoilCurrent: t.RationalNumberType | None = None
    EVResultCode: WPT_EVResultType
    VendorSpecificDataContainer: Annotated[list[WPT_DataContainerType], Occurs(0, 16)] = []


class WPT_AlignmentCheckRes(t.V2GResponseType):
    EVSEProcessing: t.ProcessingType
    PowerTransmitted: t.RationalNumberType | None = None
    SupplyDeviceCurrent: t.RationalNumberType | None = None
    VendorSpecificDataContainer: Annotated[list[WPT_DataContainerType], Occurs(0, 16)] = []


class WPT_ChargeLoopReq(t.ChargeLoopReqType):
    EVPCPowerRequest: t.RationalNumberType
    EVPCPowerOutput: t.RationalNumberType
    EVPCChargeDiagnostics: WPT_EVPCChargeDiagnosticsType
    EVPCOperatingFrequency: t.RationalNumberType | None = None
    EVPCPowerControlParameter: WPT_EVPCPowerControlParameterType | None = None
    ManufacturerSpecificDataContainer: Annotated[list[WPT_DataContainerType], Occurs(0, 16)] = []


class WPT_ChargeLoopRes(t.ChargeLoopResType):
    EVPCPowerRequest: t.RationalNumberType
    SDPowerInput: t.RationalNumberType | None = None
    SPCMaxOutputPowerLimit: t.RationalNumberType
    SPCMinOutputPowerLimit: t.RationalNumberType
    SPCChargeDiagnostics: WPT_SPCChargeDiagnosticsType
    SPCOperatingFrequency: t.RationalNumberType | None = None
    SPCPowerControlParameter: WPT_SPCPowerControlParameterType | None = None
    ManufacturerSpecificDataContainer: Annotated[list[WPT_DataContainerType], Occurs(0, 16)] = []


class WPT_FinePositioningMethodListType(Type):
    WPT_FinePositioningMethod: Annotated[list[WPT_FinePositioningMethodType], Occurs(1, 8)]


class WPT_PairingMethodListType(Type):
    WPT_PairingMethod: Annotated[list[WPT_PairingMethodType], Occurs(1, 8)]


class WPT_AlignmentCheckMethodListType(Type):
    WPT_AlignmentCheckMethod: Annotated[list[WPT_AlignmentCheckMethodType], Occurs(1, 8)]


class WPT_EVPCPowerControlParameterType(Type):
    EVPCCoilCurrentRequest: t.RationalNumberType
    EVPCCoilCurrentInformation: t.RationalNumberType
    EVPCCurrentOutputInformation: t.RationalNumberType
    EVPCVoltageOutputInformation: t.RationalNumberType


class WPT_SPCPowerControlParameterType(Type):
    SPCPrimaryDeviceCoilCurrentInformation: t.RationalNumberType


class WPT_LF_SystemSetupDataType(Type):
    CONTENT = sequence(choice("LF_TransmitterSetupData", "LF_ReceiverSetupData"))
    LF_TransmitterSetupData: WPT_LF_TransmitterDataType | None = None
    LF_ReceiverSetupData: WPT_LF_ReceiverDataType | None = None


class WPT_LF_TransmitterDataType(Type):
    NumberOfTransmitters: UnsignedByte
    SignalFrequency: t.RationalNumberType
    TxSpecData: Annotated[list[WPT_TxRxSpecDataType], Occurs(2, 255)]
    TxPackageSpecData: WPT_TxRxPackageSpecDataType | None = None


class WPT_LF_ReceiverDataType(Type):
    NumberOfReceivers: UnsignedByte
    RxSpecData: Annotated[list[WPT_TxRxSpecDataType], Occurs(2, 255)]


class WPT_TxRxSpecDataType(Type):
    TxRxIdentifier: t.NumericIDType
    TxRxPosition: WPT_CoordinateXYZType
    TxRxOrientation: WPT_CoordinateXYZType


class WPT_CoordinateXYZType(Type):
    Coord_X: Short
    Coord_Y: Short
    Coord_Z: Short


class WPT_TxRxPackageSpecDataType(Type):
    PulseSequenceOrder: Annotated[list[WPT_TxRxPulseOrderType], Occurs(2, 255)]
    PulseSeparationTime: UnsignedShort
    PulseDuration: UnsignedShort
    PackageSeparationTime: UnsignedShort


class WPT_TxRxPulseOrderType(Type):
    IndexNumber: UnsignedShort
    TxRxIdentifier: t.NumericIDType


class WPT_LF_TxDataListType(Type):
    WPT_LF_TxDataList: WPT_LF_TxDataType


class WPT_LF_TxDataType(Type):
    TxIdentifier: t.NumericIDType
    EIRP: t.RationalNumberType


class WPT_LF_RxDataListType(Type):
    WPT_LF_RxDataList: WPT_LF_RxDataType


class WPT_LF_RxDataType(Type):
    RxIdentifier: t.NumericIDType
    RSSIData: WPT_LF_RxRSSIListType


class WPT_LF_RxRSSIListType(Type):
    RSSIDataList: WPT_LF_RxRSSIType


class WPT_LF_RxRSSIType(Type):
    TxIdentifier: t.NumericIDType
    RSSI: t.RationalNumberType


class WPT_LF_DataPackageListType(Type):
    NumPackages: UnsignedByte
    WPT_LF_DataPackage: WPT_LF_DataPackageType


class WPT_LF_DataPackageType(Type):
    CONTENT = sequence("PackageIndex", choice("LF_TxData", "LF_RxData"))
    PackageIndex: UnsignedByte
    LF_TxData: WPT_LF_TxDataListType | None = None
    LF_RxData: WPT_LF_RxDataListType | None = None


class AlternativeSECCListType(Type):
    AlternativeSECC: Annotated[list[AlternativeSECCType], Occurs(1, 8)]


class AlternativeSECCType(Type):
    SSID: t.IdentifierType | None = None
    BSSID: BssidType | None = None
    IPAddress: IpaddressType | None = None
    Port: UnsignedShort | None = None


ELEMENTS: ElementTable = {
    "WPT_AlignmentCheckReq": WPT_AlignmentCheckReq,
    "WPT_AlignmentCheckRes": WPT_AlignmentCheckRes,
    "WPT_ChargeLoopReq": WPT_ChargeLoopReq,
    "WPT_ChargeLoopRes": WPT_ChargeLoopRes,
    "WPT_ChargeParameterDiscoveryReq": WPT_ChargeParameterDiscoveryReq,
    "WPT_ChargeParameterDiscoveryRes": WPT_ChargeParameterDiscoveryRes,
    "WPT_FinePositioningReq": WPT_FinePositioningReq,
    "WPT_FinePositioningRes": WPT_FinePositioningRes,
    "WPT_FinePositioningSetupReq": WPT_FinePositioningSetupReq,
    "WPT_FinePositioningSetupRes": WPT_FinePositioningSetupRes,
    "WPT_PairingReq": WPT_PairingReq,
    "WPT_PairingRes": WPT_PairingRes,
}
