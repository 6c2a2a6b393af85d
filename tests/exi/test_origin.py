"""What was decoded, or read from JSON, is encoded as what it was."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsecc.exi import decode, encode, from_json, to_json
from fastsecc.exi.origin import recall
from fastsecc.messages import iso2, xmldsig
from fastsecc.messages.schema import Type
from tests.strategies import messages

AMBIGUOUS = [
    (iso2.CertificateChainType, "ContractSignatureCertChain"),
    (iso2.CertificateChainType, "SAProvisioningCertificateChain"),
    (xmldsig.SignedInfoType, "SignedInfo"),
]


@pytest.mark.parametrize(("cls", "element"), AMBIGUOUS)
@given(data=st.data())
def test_a_fragment_is_encoded_as_what_it_was(cls: type[Type], element: str, data: st.DataObject) -> None:
    octets = encode(data.draw(messages(cls)), fragment=True, namespace="iso2", element=element)
    message = decode(octets, "iso2", fragment=True)
    assert encode(message, fragment=True) == octets
    text = to_json(message)
    assert text.startswith(f'{{"{element}": ')
    assert encode(from_json(text, "iso2"), fragment=True) == octets


def test_what_was_made_otherwise_is_signed_with_the_grammar_of_signatures() -> None:
    method = {"Algorithm": "urn:x"}
    reference = xmldsig.ReferenceType(DigestMethod=xmldsig.DigestMethodType(**method), DigestValue=b"")
    signed = xmldsig.SignedInfoType(
        CanonicalizationMethod=xmldsig.CanonicalizationMethodType(**method),
        SignatureMethod=xmldsig.SignatureMethodType(**method),
        Reference=[reference],
    )
    assert recall(signed) is None
    assert encode(signed, fragment=True) == encode(signed, fragment=True, namespace="xmldsig")
    assert encode(signed, fragment=True) != encode(signed, fragment=True, namespace="iso2")


def test_nothing_is_remembered_of_what_is_gone() -> None:
    from fastsecc.exi import origin

    gc.collect()
    before = len(origin._origins)
    kept = [from_json('{"SessionStopReq": {"ChargingSession": "Pause"}}', "iso2") for _ in range(10)]
    assert len(origin._origins) == before + len(kept)
    assert recall(kept[0]) == ("iso2", "SessionStopReq")
    kept.clear()
    assert len(origin._origins) == before
