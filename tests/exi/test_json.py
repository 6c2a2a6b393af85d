"""The JSON view: the shape of the vectors, there and back, and errors that say where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsecc.errors import EncodeError
from fastsecc.exi import decode_flagged, from_json, to_json
from fastsecc.exi.json_view import from_tree, to_tree
from fastsecc.messages import app_protocol, din70121, iso2
from fastsecc.messages.schema import Type
from tests.exi.vectors import NAMESPACES, read
from tests.strategies import documents

MESSAGE_SETS = [name for name in NAMESPACES.values() if name != "xmldsig"]
FILES = (*(f"synth_{schema}" for schema in NAMESPACES), "real")


def differing(path: Path) -> tuple[list[str], int]:
    """Take every record's content to a message and back; return those that differ and how many there were."""
    vectors = [vector for vector in read(path) if vector.status != "wildcard"]
    wrong = [
        vector.id
        for vector in vectors
        if to_tree(from_tree(vector.json, vector.namespace), element=vector.element) != vector.json
    ]
    return wrong, len(vectors)


def test_own_vectors(data: Path) -> None:
    wrong, count = differing(data / "vectors" / "synthetic.jsonl")
    assert count > 300
    assert not wrong


@pytest.mark.parametrize("name", FILES)
def test_all_vectors(shared: Path, name: str) -> None:
    wrong, count = differing(shared / "vectors" / f"{name}.jsonl")
    assert count
    assert not wrong


@pytest.mark.parametrize("namespace", MESSAGE_SETS)
@settings(max_examples=40)
@given(st.data())
def test_any_message_there_and_back(namespace: str, data: st.DataObject) -> None:
    message = data.draw(documents(namespace))
    assert from_json(to_json(message), namespace) == message


def test_shape() -> None:
    message = iso2.V2G_Message(
        Header=iso2.MessageHeaderType(SessionID=b"\xab\x01"),
        Body=iso2.BodyType(
            BodyElement=iso2.PowerDeliveryRes(
                ResponseCode=iso2.ResponseCodeType.OK,
                EVSEStatus=iso2.AC_EVSEStatusType(
                    NotificationMaxDelay=0, EVSENotification=iso2.EVSENotificationType.None_, RCD=False
                ),
            )
        ),
    )
    status = {"NotificationMaxDelay": 0, "EVSENotification": "None", "RCD": False}
    assert json.loads(to_json(message)) == {
        "V2G_Message": {
            "Header": {"SessionID": "ab01"},
            "Body": {"PowerDeliveryRes": {"ResponseCode": "OK", "AC_EVSEStatus": status}},
        }
    }


def test_pretty_is_the_same_content() -> None:
    message = app_protocol.supportedAppProtocolRes(
        ResponseCode=app_protocol.ResponseCodeType.Failed_NoNegotiation, SchemaID=None
    )
    assert to_json(message, pretty=True).splitlines()[1].startswith("  ")
    assert json.loads(to_json(message, pretty=True)) == json.loads(to_json(message))


def test_namespace_may_be_left_out_where_only_one_fits() -> None:
    text = '{"supportedAppProtocolRes": {"ResponseCode": "Failed_NoNegotiation"}}'
    assert type(from_json(text)) is app_protocol.supportedAppProtocolRes


def din_message(body: dict[str, object]) -> str:
    """Write a DIN message as JSON."""
    return json.dumps({"V2G_Message": {"Header": {"SessionID": "00"}, "Body": body}})


def test_abstract_head_may_stand_for_itself() -> None:
    """Chargers send an empty SASchedules, whose type is abstract."""
    body = {"EVSEStatus": {}, "ResponseCode": "OK"}
    message = from_json(din_message({"PowerDeliveryRes": body}), "din")
    assert isinstance(message, din70121.V2G_Message)
    assert isinstance(message.Body.BodyElement, din70121.PowerDeliveryRes)
    assert type(message.Body.BodyElement.EVSEStatus) is din70121.EVSEStatusType


BODY = "V2G_Message/Body"
MISTAKES = {
    "no JSON": ("{", "/", "not JSON"),
    "nested too deeply": ("[" * 100_000, "/", "not JSON"),
    "no object": ("[1]", "/", "expected an object with one key"),
    "two roots": ('{"a": {}, "b": {}}', "/", "expected an object with one key"),
    "unknown root": ('{"Foo": {}}', "Foo", "no element of din"),
    "root is no object": ('{"V2G_Message": 3}', "V2G_Message", "expected an object, not 3"),
    "missing": (din_message({"SessionSetupReq": {}}), f"{BODY}/SessionSetupReq/EVCCID", "is missing"),
    "missing list": (
        din_message({"ServicePaymentSelectionReq": {"SelectedPaymentOption": "Contract", "SelectedServiceList": {}}}),
        f"{BODY}/ServicePaymentSelectionReq/SelectedServiceList/SelectedService",
        "is missing",
    ),
    "unknown": (din_message({"CableCheckRequest": {}}), f"{BODY}/CableCheckRequest", "is not a part of BodyType"),
    "wrong type": (
        din_message({"ServiceDetailReq": {"ServiceID": "1"}}),
        f"{BODY}/ServiceDetailReq/ServiceID",
        'expected an integer, not "1"',
    ),
    "bool is no integer": (
        din_message({"ServiceDetailReq": {"ServiceID": True}}),
        f"{BODY}/ServiceDetailReq/ServiceID",
        "expected an integer, not true",
    ),
    "no hex": (
        din_message({"SessionSetupReq": {"EVCCID": "xyz"}}),
        f"{BODY}/SessionSetupReq/EVCCID",
        'expected a string of hex digits, not "xyz"',
    ),
    "no text for a binary": (
        din_message({"SessionSetupReq": {"EVCCID": 7}}),
        f"{BODY}/SessionSetupReq/EVCCID",
        "expected a string of hex digits, not 7",
    ),
    "no enumeration value": (
        din_message({"ServicePaymentSelectionRes": {"ResponseCode": "OKAY"}}),
        f"{BODY}/ServicePaymentSelectionRes/ResponseCode",
        "expected one of OK, OK_NewSessionEstablished",
    ),
    "unhashable for an enumeration": (
        din_message({"ServicePaymentSelectionRes": {"ResponseCode": []}}),
        f"{BODY}/ServicePaymentSelectionRes/ResponseCode",
        "expected one of OK",
    ),
    "single for a list": (
        din_message(
            {
                "ServicePaymentSelectionReq": {
                    "SelectedPaymentOption": "Contract",
                    "SelectedServiceList": {"SelectedService": {"ServiceID": 1}},
                }
            }
        ),
        f"{BODY}/ServicePaymentSelectionReq/SelectedServiceList/SelectedService",
        "expected a list",
    ),
    "in a list": (
        din_message(
            {
                "ServicePaymentSelectionReq": {
                    "SelectedPaymentOption": "Contract",
                    "SelectedServiceList": {"SelectedService": [{"ServiceID": 1}, {"ServiceID": None}]},
                }
            }
        ),
        f"{BODY}/ServicePaymentSelectionReq/SelectedServiceList/SelectedService[1]/ServiceID",
        "expected an integer, not null",
    ),
    "two members of one group": (
        din_message({"SessionSetupReq": {"EVCCID": ""}, "ServiceDiscoveryReq": {}}),
        f"{BODY}/ServiceDiscoveryReq",
        "excludes SessionSetupReq",
    ),
}


@pytest.mark.parametrize(("text", "path", "reason"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(text: str, path: str, reason: str) -> None:
    with pytest.raises(EncodeError) as caught:
        from_json(text, "din")
    assert caught.value.path == path
    assert caught.value.reason.startswith(reason)


def test_namespace_that_is_needed_or_unknown() -> None:
    with pytest.raises(EncodeError, match="is an element of din, iso2: say which namespace"):
        from_json(din_message({}))
    with pytest.raises(EncodeError, match="unknown namespace iso3; there are sap, din, iso2"):
        from_json(din_message({}), "iso3")


def test_root_without_a_name() -> None:
    class Nameless(Type):
        pass

    Nameless.__module__ = iso2.BodyType.__module__
    with pytest.raises(EncodeError, match="Nameless is the type of no element"):
        to_json(Nameless())


def test_bare_value_needs_its_element() -> None:
    """An element of a simple type is decoded to its value alone."""
    decoded = decode_flagged(bytes.fromhex("8034011100"), "din")
    assert (decoded.element, decoded.message) == ("DigestValue", b"\x11")
    assert to_json(decoded.message, element=decoded.element) == '{"DigestValue": "11"}'
    with pytest.raises(EncodeError, match='"11" may be the value of many elements: say which'):
        to_json(decoded.message)
