"""The encoder keeps every limit of the schema, and names the field that breaks one."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.errors import EncodeError
from fastsecc.exi import decode, decode_flagged, encode
from fastsecc.messages import din70121, iso2
from fastsecc.messages.schema import Type

VOLTAGE = iso2.PhysicalValueType(Multiplier=0, Unit=iso2.UnitSymbolType.V, Value=400)
SERVICE = iso2.SelectedServiceType(ServiceID=1)
AC_STATUS = iso2.AC_EVSEStatusType(NotificationMaxDelay=0, EVSENotification=iso2.EVSENotificationType.None_, RCD=False)


def iso2_message(body: Type | None, session_id: bytes = b"\1") -> iso2.V2G_Message:
    """Put a body into an ISO 15118-2 message."""
    return iso2.V2G_Message(Header=iso2.MessageHeaderType(SessionID=session_id), Body=iso2.BodyType(BodyElement=body))


def physical(**changes: Any) -> Type:
    """Make a PreChargeRes whose voltage is changed."""
    values = {"Multiplier": 0, "Unit": iso2.UnitSymbolType.V, "Value": 400} | changes
    status = iso2.DC_EVSEStatusType(
        NotificationMaxDelay=0,
        EVSENotification=iso2.EVSENotificationType.None_,
        EVSEStatusCode=iso2.DC_EVSEStatusCodeType.EVSE_Ready,
    )
    return iso2.PreChargeRes(
        ResponseCode=iso2.ResponseCodeType.OK,
        DC_EVSEStatus=status,
        EVSEPresentVoltage=iso2.PhysicalValueType(**values),
    )


def selection(services: Any) -> Type:
    """Make a PaymentServiceSelectionReq with a list of services."""
    return iso2.PaymentServiceSelectionReq(
        SelectedPaymentOption=iso2.PaymentOptionType.ExternalPayment,
        SelectedServiceList=iso2.SelectedServiceListType(SelectedService=services),
    )


def parameters(**values: Any) -> Type:
    """Make a ServiceDetailRes with one parameter."""
    parameter = iso2.ParameterType(Name="Protocol", **values)
    parameter_set = iso2.ParameterSetType(ParameterSetID=1, Parameter=[parameter])
    return iso2.ServiceDetailRes(
        ResponseCode=iso2.ResponseCodeType.OK,
        ServiceID=1,
        ServiceParameterList=iso2.ServiceParameterListType(ParameterSet=[parameter_set]),
    )


def setup(evse_id: Any = "DE*A*E1", **values: Any) -> Type:
    """Make a SessionSetupRes."""
    return iso2.SessionSetupRes(ResponseCode=iso2.ResponseCodeType.OK, EVSEID=evse_id, **values)


VOLTAGE_PATH = "V2G_Message/Body/PreChargeRes/EVSEPresentVoltage"
SERVICES = "V2G_Message/Body/PaymentServiceSelectionReq/SelectedServiceList/SelectedService"
PARAMETER = "V2G_Message/Body/ServiceDetailRes/ServiceParameterList/ParameterSet/Parameter"
SETUP = "V2G_Message/Body/SessionSetupRes"
BREAKS: dict[str, tuple[Type, str]] = {
    "integer of few values, too small": (iso2_message(physical(Multiplier=-4)), f"{VOLTAGE_PATH}/Multiplier"),
    "integer of few values, too large": (iso2_message(physical(Multiplier=4)), f"{VOLTAGE_PATH}/Multiplier"),
    "signed integer, too small": (iso2_message(physical(Value=-32769)), f"{VOLTAGE_PATH}/Value"),
    "signed integer, too large": (iso2_message(physical(Value=32768)), f"{VOLTAGE_PATH}/Value"),
    "unsigned integer, negative": (
        iso2_message(iso2.ServiceDetailReq(ServiceID=-1)),
        "V2G_Message/Body/ServiceDetailReq/ServiceID",
    ),
    "unsigned integer, too large": (
        iso2_message(iso2.ServiceDetailReq(ServiceID=65536)),
        "V2G_Message/Body/ServiceDetailReq/ServiceID",
    ),
    "wide integer, too large": (iso2_message(setup(EVSETimeStamp=2**63)), f"{SETUP}/EVSETimeStamp"),
    "integer of another width": (iso2_message(physical(Value=2**70)), f"{VOLTAGE_PATH}/Value"),
    "no integer": (iso2_message(physical(Value="400")), f"{VOLTAGE_PATH}/Value"),
    "float": (iso2_message(physical(Value=400.0)), f"{VOLTAGE_PATH}/Value"),
    "string too long": (iso2_message(setup("x" * 38)), f"{SETUP}/EVSEID"),
    "no string": (iso2_message(setup(b"DE*A*E1")), f"{SETUP}/EVSEID"),
    "binary too long": (iso2_message(None, b"\1" * 9), "V2G_Message/Header/SessionID"),
    "no binary": (
        iso2_message(None, "01"),
        "V2G_Message/Header/SessionID",
    ),
    "list too long": (iso2_message(selection([SERVICE] * 17)), SERVICES),
    "list too short": (iso2_message(selection([])), SERVICES),
    "no list": (iso2_message(selection(SERVICE)), SERVICES),
    "wrong class in a list": (iso2_message(selection([SERVICE, VOLTAGE])), f"{SERVICES}"),
    "value in a list": (
        iso2_message(selection([SERVICE, iso2.SelectedServiceType(ServiceID=-1)])),
        f"{SERVICES}/ServiceID",
    ),
    "mandatory element missing": (iso2_message(physical(Unit=None)), f"{VOLTAGE_PATH}/Unit"),
    "enumeration of another namespace": (
        iso2_message(physical(Unit=din70121.UnitSymbolType.VA)),
        f"{VOLTAGE_PATH}/Unit",
    ),
    "no boolean": (
        iso2_message(parameters(boolValue="yes")),
        f"{PARAMETER}/boolValue",
    ),
    "choice without a value": (iso2_message(parameters()), PARAMETER),
    "choice with two values": (iso2_message(parameters(boolValue=True, intValue=1)), PARAMETER),
    "class outside the substitution group": (
        iso2_message(
            iso2.PowerDeliveryRes(
                ResponseCode=iso2.ResponseCodeType.OK,
                EVSEStatus=VOLTAGE,
            )
        ),
        "V2G_Message/Body/PowerDeliveryRes/EVSEStatus",
    ),
    "message of another namespace": (
        iso2_message(din70121.SessionSetupReq(EVCCID=b"\1")),
        "V2G_Message/Body/BodyElement",
    ),
}


@pytest.mark.parametrize(("message", "path"), BREAKS.values(), ids=BREAKS)
def test_broken_limit_is_refused_by_name(message: Type, path: str) -> None:
    with pytest.raises(EncodeError) as caught:
        encode(message)
    assert caught.value.path.startswith(path)
    assert caught.value.reason


KEEPS: dict[str, Type] = {
    "smallest integers": iso2_message(physical(Multiplier=-3, Value=-32768)),
    "largest integers": iso2_message(physical(Multiplier=3, Value=32767)),
    "largest unsigned": iso2_message(iso2.ServiceDetailReq(ServiceID=65535)),
    "smallest timestamp": iso2_message(setup(EVSETimeStamp=-(2**63))),
    "largest timestamp": iso2_message(setup(EVSETimeStamp=2**63 - 1)),
    "longest string": iso2_message(setup("x" * 37)),
    "shortest string": iso2_message(setup("x" * 7)),
    "characters, not octets": iso2_message(setup("\U0001f50c" * 37)),
    "longest binary": iso2_message(None, b"\1" * 8),
    "empty binary": iso2_message(None, b""),
    "longest list": iso2_message(selection([SERVICE] * 16)),
    "all kinds of status": iso2_message(
        iso2.PowerDeliveryRes(ResponseCode=iso2.ResponseCodeType.OK, EVSEStatus=AC_STATUS)
    ),
}


@pytest.mark.parametrize("message", KEEPS.values(), ids=KEEPS)
def test_values_at_the_limit_are_sent(message: Type) -> None:
    assert decode(encode(message), "iso2") == message


def test_too_short_a_string_is_sent_but_flagged() -> None:
    """The records that other codecs agree on have such strings; nothing is lost by sending one."""
    message = iso2_message(setup("x" * 6))
    decoded = decode_flagged(encode(message), "iso2")
    assert decoded.message == message
    assert [deviation.path for deviation in decoded.deviations] == [f"{SETUP}/EVSEID"]


def test_only_messages_are_roots() -> None:
    with pytest.raises(EncodeError):
        encode(VOLTAGE)
    with pytest.raises(EncodeError):
        encode("V2G_Message")


def test_unknown_namespace() -> None:
    with pytest.raises(ValueError, match="no such namespace: iso3; there are sap, din, iso2"):
        decode(b"\x80\x00", "iso3")


def test_what_cars_send_beyond_the_schema_is_understood_and_flagged() -> None:
    """An EVCCID of an octet too many, and a profile for four phases; encoding either is refused."""
    long = decode_flagged(bytes.fromhex("8098004011d01c01f7e821f2140000"), "iso2")
    assert len(long.message.Body.BodyElement.EVCCID) == 7
    four = decode_flagged(bytes.fromhex("8098020e8a6bfddbcfdcdfd150000000010a38f78020c41002800000"), "iso2")
    assert four.message.Body.BodyElement.ChargingProfile.ProfileEntry[0].ChargingProfileEntryMaxNumberOfPhasesInUse == 4
    for decoded in (long, four):
        assert len(decoded.deviations) == 1
        with pytest.raises(EncodeError) as caught:
            encode(decoded.message)
        assert caught.value.path == decoded.deviations[0].path
