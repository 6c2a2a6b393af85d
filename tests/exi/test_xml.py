"""The XML view against the XML of the vectors, compared in canonical form."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import canonicalize

import pytest

from fastsecc.errors import EncodeError
from fastsecc.exi import from_json, to_xml
from fastsecc.exi.json_view import from_tree
from fastsecc.messages import app_protocol, iso2, xmldsig
from tests.exi.vectors import NAMESPACES, read

FILES = (*(f"synth_{schema}" for schema in NAMESPACES), "real")


def differing(path: Path) -> tuple[list[str], int]:
    """Compare every record that has XML; return those that differ and how many there were."""
    vectors = [vector for vector in read(path) if "xml" in vector.record and vector.status != "wildcard"]
    wrong = [
        vector.id
        for vector in vectors
        if canonicalize(to_xml(from_tree(vector.json, vector.namespace), element=vector.element))
        != canonicalize(vector.record["xml"])
    ]
    return wrong, len(vectors)


def test_own_vectors(data: Path) -> None:
    wrong, count = differing(data / "vectors" / "synthetic.jsonl")
    assert count > 100
    assert not wrong


@pytest.mark.parametrize("name", FILES)
def test_all_vectors(shared: Path, name: str) -> None:
    wrong, count = differing(shared / "vectors" / f"{name}.jsonl")
    assert count
    assert not wrong


def test_local_elements_of_the_handshake_are_unqualified() -> None:
    message = app_protocol.supportedAppProtocolRes(
        ResponseCode=app_protocol.ResponseCodeType.OK_SuccessfulNegotiation, SchemaID=1
    )
    assert to_xml(message) == (
        '<sap:supportedAppProtocolRes xmlns:sap="urn:iso:15118:2:2010:AppProtocol">'
        "<ResponseCode>OK_SuccessfulNegotiation</ResponseCode><SchemaID>1</SchemaID></sap:supportedAppProtocolRes>"
    )


def test_markup_is_escaped() -> None:
    message = xmldsig.SignatureValueType(Id='a"<&', value=b"\x00\xff")
    namespace = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
    assert to_xml(message) == f'<ds:SignatureValue {namespace} Id="a&quot;&lt;&amp;">AP8=</ds:SignatureValue>'


@pytest.mark.parametrize("character", ["\0", "\x1b", "\ud800", "\uffff"])
def test_what_xml_cannot_hold_is_replaced(character: str) -> None:
    message = iso2.ServiceDiscoveryReq(ServiceScope=f"a{character}b")
    assert "<b:ServiceScope>a\ufffdb</b:ServiceScope>" in to_xml(message)


def test_root_with_several_names_must_be_named() -> None:
    chain = iso2.CertificateChainType(Certificate=b"\1")
    assert to_xml(chain, element="ContractSignatureCertChain").startswith("<b:ContractSignatureCertChain ")
    with pytest.raises(EncodeError, match="ContractSignatureCertChain, SAProvisioningCertificateChain"):
        to_xml(chain)


def test_json_and_xml_agree_on_a_fragment() -> None:
    assert to_xml(from_json('{"eMAID": {"@Id": "id1", "$": "DE8AA1A2B3C4D"}}', "iso2")) == (
        '<b:eMAID xmlns:b="urn:iso:15118:2:2013:MsgBody" xmlns:t="urn:iso:15118:2:2013:MsgDataTypes" t:Id="id1">'
        "DE8AA1A2B3C4D</b:eMAID>"
    )
