"""The messages of ISO 15118-20:2022 that every kind of energy transfer has in common (V2G_CI_CommonMessages)."""

from __future__ import annotations

from typing import Annotated

from fastsecc.messages.iso20 import common_datatypes as d
from fastsecc.messages.iso20 import common_types as t
from fastsecc.messages.schema import (
    ElementTable,
    Occurs,
    Ref,
    Short,
    UnsignedByte,
    UnsignedLong,
    choice,
    optional,
    sequence,
)

NAMESPACE = "urn:iso:std:iso:15118:-20:CommonMessages"
REF = Ref(NAMESPACE)


class SessionSetupReq(t.V2GRequestType):
    EVCCID: t.IdentifierType


class SessionSetupRes(t.V2GResponseType):
    EVSEID: t.IdentifierType


class AuthorizationSetupReq(t.V2GRequestType):
    pass


class AuthorizationSetupRes(t.V2GResponseType):
    CONTENT = sequence(
        "Header",
        "ResponseCode",
        sequence("AuthorizationServices", max=2),
        "CertificateInstallationService",
        choice("EIM_ASResAuthorizationMode", "PnC_ASResAuthorizationMode"),
    )
    AuthorizationServices: Annotated[list[d.AuthorizationType], Occurs(1, 2)]
    CertificateInstallationService: bool
    EIM_ASResAuthorizationMode: d.EIM_ASResAuthorizationModeType | None = None
    PnC_ASResAuthorizationMode: d.PnC_ASResAuthorizationModeType | None = None


class AuthorizationReq(t.V2GRequestType):
    CONTENT = sequence(
        "Header", "SelectedAuthorizationService", choice("EIM_AReqAuthorizationMode", "PnC_AReqAuthorizationMode")
    )
    SelectedAuthorizationService: d.AuthorizationType
    EIM_AReqAuthorizationMode: d.EIM_AReqAuthorizationModeType | None = None
    PnC_AReqAuthorizationMode: d.PnC_AReqAuthorizationModeType | None = None


class AuthorizationRes(t.V2GResponseType):
    EVSEProcessing: t.ProcessingType


class ServiceDiscoveryReq(t.V2GRequestType):
    SupportedServiceIDs: d.ServiceIDListType | None = None


class ServiceDiscoveryRes(t.V2GResponseType):
    ServiceRenegotiationSupported: bool
    EnergyTransferServiceList: d.ServiceListType
    VASList: d.ServiceListType | None = None


class ServiceDetailReq(t.V2GRequestType):
    ServiceID: d.ServiceIDType


class ServiceDetailRes(t.V2GResponseType):
    ServiceID: d.ServiceIDType
    ServiceParameterList: d.ServiceParameterListType


class ServiceSelectionReq(t.V2GRequestType):
    SelectedEnergyTransferService: d.SelectedServiceType
    SelectedVASList: d.SelectedServiceListType | None = None


class ServiceSelectionRes(t.V2GResponseType):
    pass


class ScheduleExchangeReq(t.V2GRequestType):
    CONTENT = sequence(
        "Header", "MaximumSupportingPoints", choice("Dynamic_SEReqControlMode", "Scheduled_SEReqControlMode")
    )
    MaximumSupportingPoints: d.MaxSupportingPointsScheduleTupleType
    Dynamic_SEReqControlMode: d.Dynamic_SEReqControlModeType | None = None
    Scheduled_SEReqControlMode: d.Scheduled_SEReqControlModeType | None = None


class ScheduleExchangeRes(t.V2GResponseType):
    CONTENT = sequence(
        "Header",
        "ResponseCode",
        "EVSEProcessing",
        optional("GoToPause"),
        choice("Dynamic_SEResControlMode", "Scheduled_SEResControlMode"),
    )
    EVSEProcessing: t.ProcessingType
    GoToPause: bool | None = None
    Dynamic_SEResControlMode: d.Dynamic_SEResControlModeType | None = None
    Scheduled_SEResControlMode: d.Scheduled_SEResControlModeType | None = None


class PowerDeliveryReq(t.V2GRequestType):
    EVProcessing: t.ProcessingType
    ChargeProgress: d.ChargeProgressType
    EVPowerProfile: d.EVPowerProfileType | None = None
    BPT_ChannelSelection: d.ChannelSelectionType | None = None


class PowerDeliveryRes(t.V2GResponseType):
    EVSEStatus: t.EVSEStatusType | None = None


class MeteringConfirmationReq(t.V2GRequestType):
    SignedMeteringData: d.SignedMeteringDataType


class MeteringConfirmationRes(t.V2GResponseType):
    pass


class SessionStopReq(t.V2GRequestType):
    ChargingSession: d.ChargingSessionType
    EVTerminationCode: t.NameType | None = None
    EVTerminationExplanation: t.DescriptionType | None = None


class SessionStopRes(t.V2GResponseType):
    pass


class CertificateInstallationReq(t.V2GRequestType):
    OEMProvisioningCertificateChain: d.SignedCertificateChainType
    ListOfRootCertificateIDs: t.ListOfRootCertificateIDsType
    MaximumContractCertificateChains: UnsignedByte
    PrioritizedEMAIDs: d.EMAIDListType | None = None


class CertificateInstallationRes(t.V2GResponseType):
    EVSEProcessing: t.ProcessingType
    CPSCertificateChain: d.CertificateChainType
    SignedInstallationData: d.SignedInstallationDataType
    RemainingContractCertificateChains: UnsignedByte


class VehicleCheckInReq(t.V2GRequestType):
    EVCheckInStatus: d.EvCheckInStatusType
    ParkingMethod: d.ParkingMethodType
    VehicleFrame: Short | None = None
    DeviceOffset: Short | None = None
    VehicleTravel: Short | None = None


class VehicleCheckInRes(t.V2GResponseType):
    ParkingSpace: Short | None = None
    DeviceLocation: Short | None = None
    TargetDistance: Short | None = None


class VehicleCheckOutReq(t.V2GRequestType):
    EVCheckOutStatus: d.EvCheckOutStatusType
    CheckOutTime: UnsignedLong


class VehicleCheckOutRes(t.V2GResponseType):
    EVSECheckOutStatus: d.EvseCheckOutStatusType


ELEMENTS: ElementTable = {
    "AuthorizationReq": AuthorizationReq,
    "AuthorizationRes": AuthorizationRes,
    "AuthorizationSetupReq": AuthorizationSetupReq,
    "AuthorizationSetupRes": AuthorizationSetupRes,
    "CertificateInstallationReq": CertificateInstallationReq,
    "CertificateInstallationRes": CertificateInstallationRes,
    "MeteringConfirmationReq": MeteringConfirmationReq,
    "MeteringConfirmationRes": MeteringConfirmationRes,
    "PowerDeliveryReq": PowerDeliveryReq,
    "PowerDeliveryRes": PowerDeliveryRes,
    "ScheduleExchangeReq": ScheduleExchangeReq,
    "ScheduleExchangeRes": ScheduleExchangeRes,
    "ServiceDetailReq": ServiceDetailReq,
    "ServiceDetailRes": ServiceDetailRes,
    "ServiceDiscoveryReq": ServiceDiscoveryReq,
    "ServiceDiscoveryRes": ServiceDiscoveryRes,
    "ServiceSelectionReq": ServiceSelectionReq,
    "ServiceSelectionRes": ServiceSelectionRes,
    "SessionSetupReq": SessionSetupReq,
    "SessionSetupRes": SessionSetupRes,
    "SessionStopReq": SessionStopReq,
    "SessionStopRes": SessionStopRes,
    "VehicleCheckInReq": VehicleCheckInReq,
    "VehicleCheckInRes": VehicleCheckInRes,
    "VehicleCheckOutReq": VehicleCheckOutReq,
    "VehicleCheckOutRes": VehicleCheckOutRes,
}
