"""The engine where vectors do not reach: both sinks, bad input, deviations, limits of size."""

from __future__ import annotations

import random
from typing import Any

import pytest

from fastsecc import _exi
from fastsecc.errors import DecodeError, EncodeError
from fastsecc.exi import decode, decode_flagged, encode
from fastsecc.exi.codec import MAX_MESSAGE_OCTETS
from fastsecc.messages import app_protocol, din70121, iso2, xmldsig
from fastsecc.messages.namespaces import NAMESPACES

ISO2 = list(NAMESPACES).index("iso2")
DIN = list(NAMESPACES).index("din")
HEADER = iso2.MessageHeaderType(SessionID=bytes(range(8)))


def volts(value: int) -> iso2.PhysicalValueType:
    return iso2.PhysicalValueType(Multiplier=-1, Unit=iso2.UnitSymbolType.V, Value=value)


def current_demand(**changes: Any) -> iso2.V2G_Message:
    """Make a CurrentDemandReq of ISO 15118-2."""
    status = iso2.DC_EVStatusType(EVReady=True, EVErrorCode=iso2.DC_EVErrorCodeType.NO_ERROR, EVRESSSOC=55)
    values: dict[str, Any] = {
        "DC_EVStatus": status,
        "EVTargetCurrent": volts(1),
        "ChargingComplete": False,
        "EVTargetVoltage": volts(4000),
    }
    return iso2_message(iso2.CurrentDemandReq(**values | changes))


def iso2_message(body: iso2.BodyBaseType | None, header: iso2.MessageHeaderType = HEADER) -> iso2.V2G_Message:
    return iso2.V2G_Message(Header=header, Body=iso2.BodyType(BodyElement=body))


def handshake(namespace: str) -> bytes:
    protocol = app_protocol.AppProtocolType(
        ProtocolNamespace=namespace, VersionNumberMajor=2, VersionNumberMinor=0, SchemaID=1, Priority=1
    )
    return encode(app_protocol.supportedAppProtocolReq(AppProtocol=[protocol]))


@pytest.mark.parametrize(
    "value", [-(2**15), -8193, -8192, -129, -128, -65, -64, -1, 0, 63, 64, 127, 128, 8192, 2**15 - 1]
)
def test_integers_of_every_length(value: int) -> None:
    message = current_demand(EVTargetVoltage=volts(value))
    assert decode(encode(message), "iso2") == message


@pytest.mark.parametrize("value", [0, 127, 2**14, 2**21 - 1, 2**21, 2**49, 2**63 - 1, 2**63, 2**64 - 1])
def test_wide_unsigned_integers(value: int) -> None:
    meter = iso2.MeterInfoType(MeterID="1", MeterReading=value)
    message = iso2_message(iso2.MeteringReceiptReq(SessionID=b"\1", MeterInfo=meter))
    assert decode(encode(message), "iso2") == message


@pytest.mark.parametrize("value", [-(2**63), -(2**49) - 1, -1, 0, 2**63 - 1])
def test_wide_integers(value: int) -> None:
    response = iso2.SessionSetupRes(ResponseCode=iso2.ResponseCodeType.OK, EVSEID="DE*A*E1", EVSETimeStamp=value)
    assert decode(encode(iso2_message(response)), "iso2") == iso2_message(response)


@pytest.mark.parametrize("value", [0, 1, -1, 2**64, -(2**160), 2**160 + 12345, 2**3583])
def test_integers_without_limits(value: int) -> None:
    serial = xmldsig.X509IssuerSerialType(X509IssuerName="CN=V2G", X509SerialNumber=value)
    octets = encode(serial, fragment=True)
    assert decode(octets, "xmldsig", fragment=True) == serial


@pytest.mark.parametrize("value", [2**3584, -(2**3584) - 1])
def test_integers_without_limits_have_one(value: int) -> None:
    serial = xmldsig.X509IssuerSerialType(X509IssuerName="CN=V2G", X509SerialNumber=value)
    with pytest.raises(EncodeError, match="X509SerialNumber"):
        encode(serial, fragment=True)


@pytest.mark.parametrize("text", ["", "a", "\x7f", "é", "€", "\U0001f50c", "ascii, then é", "\ud7ff\ue000\U0010ffff"])
def test_text_of_every_length_of_code_point(text: str) -> None:
    decoded = decode_flagged(handshake(text), "sap")
    assert decoded.message.AppProtocol[0].ProtocolNamespace == text
    assert not decoded.deviations


@pytest.mark.parametrize("text", ["\0", "tab\tis allowed, bell\a is not", "\ufffe", "\uffff"])
def test_characters_that_xml_forbids_are_flagged(text: str) -> None:
    decoded = decode_flagged(handshake(text), "sap")
    assert decoded.message.AppProtocol[0].ProtocolNamespace == text
    ((path, bit, what),) = decoded.deviations
    assert path == "supportedAppProtocolReq/AppProtocol/ProtocolNamespace"
    assert bit > 8
    assert "XML" in what


def test_surrogates_are_refused() -> None:
    with pytest.raises(EncodeError, match="ProtocolNamespace"):
        handshake("\ud800")


def test_too_long_text_is_flagged() -> None:
    octets = bytearray(handshake("x" * 100))
    # Bits: header 8, root 2, AppProtocol 1, ProtocolNamespace 1, characters 1, then the length + 2.
    longer = bits(octets)[:13] + f"{103:08b}" + f"{ord('y'):08b}" + bits(octets)[21:]
    decoded = decode_flagged(octets_of(longer), "sap")
    assert decoded.message.AppProtocol[0].ProtocolNamespace == "y" + "x" * 100
    assert [deviation.what for deviation in decoded.deviations] == ["length outside the schema's limits"]


def bits(octets: bytes | bytearray) -> str:
    return "".join(f"{octet:08b}" for octet in octets)


def octets_of(text: str) -> bytes:
    text += "0" * (-len(text) % 8)
    return bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8))


def test_every_truncation_is_refused_with_a_place() -> None:
    octets = encode(current_demand(EVMaximumVoltageLimit=volts(5000)))
    for n in range(len(octets)):
        with pytest.raises(DecodeError, match="too early") as caught:
            decode(octets[:n], "iso2")
        assert caught.value.bit <= 8 * n
    with pytest.raises(DecodeError) as caught:
        decode(octets[:-2], "iso2")
    assert caught.value.path.startswith("V2G_Message/Body/CurrentDemandReq/EVTargetVoltage")


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "too early"),
        (b"\x00", "0x80"),
        (b"\xa0\x98", "0x80"),
        (b"\x80\xff\xff", "schema does not have|no such event code"),
        (bytes.fromhex("8000000000"), "string table"),
        (bytes(MAX_MESSAGE_OCTETS + 1), "octets are more than"),
    ],
)
def test_what_is_no_message(octets: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        decode(octets, "sap")


def test_length_bomb_is_refused() -> None:
    bomb = bits(handshake("x"))[:13] + "1" * 8 * 4 + "00000001" + "0" * 64
    with pytest.raises(DecodeError, match="too early") as caught:
        decode(octets_of(bomb), "sap")
    assert caught.value.path == "supportedAppProtocolReq/AppProtocol/ProtocolNamespace"


def test_padding_and_trailing_octets_are_flagged() -> None:
    octets = encode(iso2_message(iso2.ChargingStatusReq()))
    message = decode(octets, "iso2")
    padded = octets[:-1] + bytes([octets[-1] | 1])
    for odd, what in ((padded, "padding"), (octets + b"\0", "after the end")):
        decoded = decode_flagged(odd, "iso2")
        assert decoded.message == message
        (deviation,) = decoded.deviations
        assert what in deviation.what


def test_buffers_of_every_kind() -> None:
    octets = encode(current_demand())
    assert decode(bytearray(octets), "iso2") == decode(memoryview(octets), "iso2") == current_demand()


def test_list_at_its_maximum_and_beyond() -> None:
    services = [iso2.SelectedServiceType(ServiceID=n) for n in range(16)]

    def selection(items: list[iso2.SelectedServiceType]) -> iso2.V2G_Message:
        chosen = iso2.SelectedServiceListType(SelectedService=items)
        contract = iso2.PaymentOptionType.Contract
        return iso2_message(iso2.PaymentServiceSelectionReq(SelectedPaymentOption=contract, SelectedServiceList=chosen))

    for n in (1, 2, 15, 16):
        assert decode(encode(selection(services[:n])), "iso2") == selection(services[:n])
    with pytest.raises(EncodeError, match="SelectedService: more items"):
        encode(selection([*services, services[0]]))


def test_root_that_has_to_be_named() -> None:
    with pytest.raises(EncodeError, match="must be one of"):
        encode(volts(1), fragment=True)
    octets = encode(volts(1), fragment=True, element="EVTargetVoltage")
    decoded = decode_flagged(octets, "iso2", fragment=True)
    assert (decoded.element, decoded.message) == ("EVTargetVoltage", volts(1))


@pytest.mark.parametrize("message", [volts(1), "text", None])
def test_what_is_no_document(message: Any) -> None:
    with pytest.raises(EncodeError):
        encode(message)


def test_unknown_namespace() -> None:
    with pytest.raises(ValueError, match="no such namespace"):
        decode(b"\x80", "iso3")


def test_signed_info_has_a_form_of_its_own_in_messages() -> None:
    method = "http://www.w3.org/TR/canonical-exi/"
    info = xmldsig.SignedInfoType(
        CanonicalizationMethod=xmldsig.CanonicalizationMethodType(Algorithm=method),
        SignatureMethod=xmldsig.SignatureMethodType(Algorithm="ecdsa-sha256"),
        Reference=[
            xmldsig.ReferenceType(
                DigestMethod=xmldsig.DigestMethodType(Algorithm="sha256"), DigestValue=bytes(32), URI="#id1"
            )
        ],
    )
    alone, inside = encode(info, fragment=True), encode(info, fragment=True, namespace="iso2")
    assert alone != inside
    assert decode(alone, "xmldsig", fragment=True) == decode(inside, "iso2", fragment=True) == info


def fits(message: Any, root: int = ISO2) -> bool:
    """Tell whether the C struct of the charge loop takes a message."""
    return _exi.repeat_decode(encode(message), root, 1, True) == 0


def test_structs_take_charge_loop_messages() -> None:
    assert fits(current_demand())
    assert fits(iso2_message(iso2.ChargingStatusReq()))
    assert fits(current_demand(RemainingTimeToFullSoC=volts(-5), BulkChargingComplete=True))
    assert fits(current_demand(EVTargetVoltage=volts(-(2**15))))


def test_structs_leave_everything_else() -> None:
    fault = iso2.NotificationType(FaultCode=iso2.FaultCodeType.ParsingError)
    header = iso2.MessageHeaderType(SessionID=b"\1", Notification=fault)
    assert not fits(iso2_message(iso2.ChargingStatusReq(), header))
    assert not fits(iso2_message(iso2.SessionStopReq(ChargingSession=iso2.ChargingSessionType.Pause)))
    assert not fits(iso2_message(None))
    octets = encode(current_demand())
    assert _exi.repeat_decode(octets + b"\0", ISO2, 1, True) != 0
    assert _exi.repeat_decode(octets[:-1], ISO2, 1, True) != 0
    assert _exi.repeat_decode(octets, DIN, 1, True) != 0


def test_structs_leave_other_roots() -> None:
    """A document may start with any global element, also with one that has a place in a struct."""
    status = iso2.DC_EVStatusType(EVReady=True, EVErrorCode=iso2.DC_EVErrorCodeType.NO_ERROR, EVRESSSOC=5)
    assert decode(encode(status), "iso2") == status
    assert not fits(status)
    request = current_demand().Body.BodyElement
    assert request is not None
    assert not fits(request)


def test_both_sources_write_the_same() -> None:
    random_ = random.Random(15118)
    for _ in range(500):
        message = random_response(random_)
        assert _exi.repeat_encode(message, 1) == encode(message)
        assert fits(message, DIN if isinstance(message, din70121.V2G_Message) else ISO2)


def random_response(random_: random.Random) -> Any:
    """Make a CurrentDemandRes with any of its optional elements."""
    module: Any = random_.choice((iso2, din70121))

    def maybe(value: Any) -> Any:
        return random_.choice((value, None))

    def physical() -> Any:
        value = random_.choice((random_.randrange(-(2**15), 2**15), random_.randrange(200)))
        units = list(module.UnitSymbolType)
        return module.PhysicalValueType(Multiplier=random_.randrange(-3, 4), Unit=random_.choice(units), Value=value)

    status = module.DC_EVSEStatusType(
        EVSEIsolationStatus=maybe(module.IsolationLevelType.Valid),
        EVSEStatusCode=random_.choice(list(module.DC_EVSEStatusCodeType)),
        NotificationMaxDelay=random_.randrange(65536),
        EVSENotification=random_.choice(list(module.EVSENotificationType)),
    )
    values: dict[str, Any] = {
        "ResponseCode": random_.choice(list(module.ResponseCodeType)),
        "DC_EVSEStatus": status,
        "EVSEPresentVoltage": physical(),
        "EVSEPresentCurrent": physical(),
        "EVSECurrentLimitAchieved": random_.random() < 0.5,
        "EVSEVoltageLimitAchieved": random_.random() < 0.5,
        "EVSEPowerLimitAchieved": random_.random() < 0.5,
        "EVSEMaximumVoltageLimit": maybe(physical()),
        "EVSEMaximumCurrentLimit": maybe(physical()),
        "EVSEMaximumPowerLimit": maybe(physical()),
    }
    if module is iso2:
        meter = iso2.MeterInfoType(
            MeterID="M" * random_.randrange(33),
            MeterReading=maybe(random_.randrange(2**64)),
            SigMeterReading=maybe(random_.randbytes(random_.randrange(65))),
            MeterStatus=maybe(random_.randrange(-(2**15), 2**15)),
            TMeter=maybe(random_.randrange(-(2**63), 2**63)),
        )
        values |= {
            "EVSEID": "DE*A*E" + "1" * random_.randrange(1, 32),
            "SAScheduleTupleID": random_.randrange(1, 256),
            "MeterInfo": maybe(meter),
            "ReceiptRequired": maybe(True),
        }
    header = module.MessageHeaderType(SessionID=random_.randbytes(random_.randrange(9)))
    return module.V2G_Message(Header=header, Body=module.BodyType(BodyElement=module.CurrentDemandRes(**values)))
