"""The encoder keeps the limits of ISO 15118-20, and names the element that breaks one."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.errors import EncodeError
from fastsecc.exi import decode, encode
from fastsecc.messages import iso2, iso20
from fastsecc.messages.iso20 import ac, dc, wpt
from fastsecc.messages.schema import Type

HEADER = iso20.MessageHeaderType(SessionID=bytes(range(8)), TimeStamp=1700000000)
OK = iso20.ResponseCodeType.OK
NUMBER = iso20.RationalNumberType(Exponent=0, Value=400)
PARAMETER = iso20.ParameterType(Name="Connector", intValue=1)


def pre_charge(**values: int) -> Type:
    """Make a DC_PreChargeRes whose voltage is changed."""
    voltage = iso20.RationalNumberType(**{"Exponent": 0, "Value": 400} | values)
    return dc.DC_PreChargeRes(Header=HEADER, ResponseCode=OK, EVSEPresentVoltage=voltage)


def loop(mode: Any) -> Type:
    """Make a DC_ChargeLoopReq with a control mode."""
    return dc.DC_ChargeLoopReq(Header=HEADER, MeterInfoRequested=False, EVPresentVoltage=NUMBER, CLReqControlMode=mode)


def scheduled(module: Any, prefix: str, **values: Any) -> Type:
    """Make the scheduled control mode of a request."""
    cls: type[Type] = getattr(module, f"Scheduled_{prefix}_CLReqControlModeType")
    return cls(**values)


def detail(**sizes: int) -> Type:
    """Make a ServiceDetailRes with lists of some size."""
    parameter_set = iso20.ParameterSetType(ParameterSetID=1, Parameter=[PARAMETER] * sizes.get("Parameter", 1))
    return iso20.ServiceDetailRes(
        Header=HEADER,
        ResponseCode=OK,
        ServiceID=2,
        ServiceParameterList=iso20.ServiceParameterListType(
            ParameterSet=[parameter_set] * sizes.get("ParameterSet", 1)
        ),
    )


def authorization_setup(services: int, **modes: Any) -> Type:
    """Make an AuthorizationSetupRes."""
    return iso20.AuthorizationSetupRes(
        Header=HEADER,
        ResponseCode=OK,
        AuthorizationServices=[iso20.AuthorizationType.EIM] * services,
        CertificateInstallationService=False,
        **modes,
    )


def lf_setup(count: int) -> Type:
    """Make a list that has a least number of items above one."""
    return wpt.WPT_TxRxPackageSpecDataType(
        PulseSequenceOrder=[wpt.WPT_TxRxPulseOrderType(IndexNumber=1, TxRxIdentifier=1)] * count,
        PulseSeparationTime=1,
        PulseDuration=1,
        PackageSeparationTime=1,
    )


DC_TARGETS = {"EVTargetCurrent": NUMBER, "EVTargetVoltage": NUMBER}
EIM = {"EIM_ASResAuthorizationMode": iso20.EIM_ASResAuthorizationModeType()}
LOOP_MODE = "DC_ChargeLoopReq/CLReqControlMode"
VOLTAGE = "DC_PreChargeRes/EVSEPresentVoltage"
DETAIL = "ServiceDetailRes/ServiceParameterList/ParameterSet"
BREAKS: dict[str, tuple[Type, str]] = {
    "exponent too large": (pre_charge(Exponent=128), f"{VOLTAGE}/Exponent"),
    "exponent too small": (pre_charge(Exponent=-129), f"{VOLTAGE}/Exponent"),
    "value too large": (pre_charge(Value=32768), f"{VOLTAGE}/Value"),
    "value too small": (pre_charge(Value=-32769), f"{VOLTAGE}/Value"),
    "time before the beginning": (
        iso20.AuthorizationSetupReq(Header=iso20.MessageHeaderType(SessionID=bytes(8), TimeStamp=-1)),
        "AuthorizationSetupReq/Header/TimeStamp",
    ),
    "time after the end": (
        iso20.AuthorizationSetupReq(Header=iso20.MessageHeaderType(SessionID=bytes(8), TimeStamp=2**64)),
        "AuthorizationSetupReq/Header/TimeStamp",
    ),
    "session id too long": (
        iso20.AuthorizationSetupReq(Header=iso20.MessageHeaderType(SessionID=bytes(9), TimeStamp=0)),
        "AuthorizationSetupReq/Header/SessionID",
    ),
    "identifier too long": (iso20.SessionSetupReq(Header=HEADER, EVCCID="x" * 256), "SessionSetupReq/EVCCID"),
    "number of points": (
        iso20.ScheduleExchangeReq(
            Header=HEADER,
            MaximumSupportingPoints=11,
            Scheduled_SEReqControlMode=iso20.Scheduled_SEReqControlModeType(),
        ),
        "ScheduleExchangeReq/MaximumSupportingPoints",
    ),
    "id of nothing": (
        iso20.Scheduled_SMDTControlModeType(SelectedScheduleTupleID=0),
        "Scheduled_SMDTControlMode/SelectedScheduleTupleID",
    ),
    "too many sets": (detail(ParameterSet=33), DETAIL),
    "too many parameters": (detail(Parameter=33), f"{DETAIL}/Parameter"),
    "too few of a list with a least": (lf_setup(1), "TxPackageSpecData/PulseSequenceOrder"),
    "too many of a list with a least": (lf_setup(256), "TxPackageSpecData/PulseSequenceOrder"),
    "no service": (authorization_setup(0, **EIM), "AuthorizationSetupRes/AuthorizationServices"),
    "too many services": (authorization_setup(3, **EIM), "AuthorizationSetupRes/AuthorizationServices"),
    "neither of a choice": (authorization_setup(1), "AuthorizationSetupRes/PnC_ASResAuthorizationMode"),
    "both of a choice": (
        authorization_setup(
            1, **EIM, PnC_ASResAuthorizationMode=iso20.PnC_ASResAuthorizationModeType(GenChallenge=bytes(16))
        ),
        "AuthorizationSetupRes/PnC_ASResAuthorizationMode",
    ),
    "no control mode": (loop(None), "DC_ChargeLoopReq"),
    "control mode of another schema": (
        loop(scheduled(ac, "AC", EVPresentActivePower=NUMBER)),
        LOOP_MODE,
    ),
    "element of a control mode missing": (
        loop(scheduled(dc, "DC", **DC_TARGETS | {"EVTargetVoltage": None})),
        "DC_ChargeLoopReq/Scheduled_DC_CLReqControlMode/EVTargetVoltage",
    ),
    "number of another standard": (
        loop(
            scheduled(
                dc,
                "DC",
                EVTargetCurrent=iso2.PhysicalValueType(Multiplier=0, Unit=iso2.UnitSymbolType.A, Value=1),
                EVTargetVoltage=NUMBER,
            )
        ),
        "DC_ChargeLoopReq/Scheduled_DC_CLReqControlMode/EVTargetCurrent",
    ),
}
FRAGMENTS: dict[type[Type], tuple[str, str]] = {
    wpt.WPT_TxRxPackageSpecDataType: ("iso20-wpt", "TxPackageSpecData"),
    iso20.Scheduled_SMDTControlModeType: ("iso20", "Scheduled_SMDTControlMode"),
}


def written(message: Type) -> bytes:
    """Encode a message, or a type as a fragment."""
    if type(message) in FRAGMENTS:
        namespace, element = FRAGMENTS[type(message)]
        return encode(message, fragment=True, namespace=namespace, element=element)
    return encode(message)


@pytest.mark.parametrize(("message", "path"), BREAKS.values(), ids=BREAKS)
def test_broken_limit_is_refused_by_name(message: Type, path: str) -> None:
    with pytest.raises(EncodeError) as caught:
        written(message)
    assert caught.value.path.startswith(path)
    assert caught.value.reason


KEEPS: dict[str, tuple[Type, str]] = {
    "smallest numbers": (pre_charge(Exponent=-128, Value=-32768), "iso20-dc"),
    "largest numbers": (pre_charge(Exponent=127, Value=32767), "iso20-dc"),
    "latest time": (
        iso20.AuthorizationSetupReq(Header=iso20.MessageHeaderType(SessionID=bytes(8), TimeStamp=2**64 - 1)),
        "iso20",
    ),
    "longest identifier": (iso20.SessionSetupReq(Header=HEADER, EVCCID="x" * 255), "iso20"),
    "longest lists": (detail(ParameterSet=32, Parameter=32), "iso20"),
    "two services": (authorization_setup(2, **EIM), "iso20"),
}


@pytest.mark.parametrize(("message", "namespace"), KEEPS.values(), ids=KEEPS)
def test_values_at_the_limit_are_sent(message: Type, namespace: str) -> None:
    assert decode(encode(message), namespace) == message


@pytest.mark.parametrize("count", [2, 3, 255])
def test_list_with_a_least_number_of_items(count: int) -> None:
    message = lf_setup(count)
    assert decode(written(message), "iso20-wpt", fragment=True) == message
