"""The issuing back end: what it issues, to whom, and what it tells those that it refuses."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from fastsecc import exi
from fastsecc.charger.charger import Charger
from fastsecc.charger.enums import CertificateActionEnum
from fastsecc.charger.extensions import RequestExiStreamSchema
from fastsecc.charger.state import CertificateResponse
from fastsecc.errors import ConfigError, DecodeError
from fastsecc.messages import iso2, iso20, xmldsig
from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.messages.schema import Type
from fastsecc.security import chain, files, installation, layouts
from fastsecc.security.key_wrap import AgreementKey
from fastsecc.security.signature import ISO2, ISO20, Part, sign, verify
from fastsecc.security.signers import PrivateKey
from fastsecc.sim import test_pki
from fastsecc.sim.backend import Authorities, IssuingBackEnd
from fastsecc.sim.test_pki import EMAID, PCID, Identity, KeyKind, Pki, issue, vouch, write

KINDS: tuple[KeyKind, ...] = ("P-256", "P-521", "Ed448")
SESSION = bytes(range(8))
ISO2_URI, ISO20_URI = NAMESPACES["iso2"].uri, NAMESPACES["iso20"].uri
ROOTS = iso2.ListOfRootCertificateIDsType(
    RootCertificateID=[xmldsig.X509IssuerSerialType(X509IssuerName="CN=V2G ROOT CA", X509SerialNumber=1)]
)
ROOTS20 = iso20.ListOfRootCertificateIDsType(RootCertificateID=ROOTS.RootCertificateID)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[KeyKind, Pki]]:
    folder = tmp_path_factory.mktemp("pki")
    return folder, dict(zip(KINDS, test_pki.make(folder, KINDS, staples=False), strict=True))


@pytest.fixture(params=["everest", "test certificates"])
def folder(request: pytest.FixtureRequest, whole: tuple[Path, dict[KeyKind, Pki]], tmp_path: Path) -> Path:
    """Either layout."""
    if request.param == "everest":
        return whole[0]
    for pki in whole[1].values():
        test_pki.write_test_certificates(tmp_path, pki)
    return tmp_path


@pytest.fixture
def made(whole: tuple[Path, dict[KeyKind, Pki]]) -> dict[KeyKind, Pki]:
    return whole[1]


@pytest.fixture
def back_end(whole: tuple[Path, dict[KeyKind, Pki]]) -> IssuingBackEnd:
    return IssuingBackEnd(Authorities.read(whole[0]))


def agreement(pki: Pki) -> AgreementKey:
    return pki.vehicle_agreement or pki.vehicle[0].key  # type: ignore[return-value]


# ISO 15118-2


def request_iso2(body: Type, key: PrivateKey | None) -> bytes:
    header = iso2.MessageHeaderType(SessionID=SESSION, Signature=sign([Part(body)], key) if key else None)
    return exi.encode(iso2.V2G_Message(Header=header, Body=iso2.BodyType(BodyElement=body)))


def installation_req(vehicle: Identity, **changes: Any) -> iso2.CertificateInstallationReq:
    return iso2.CertificateInstallationReq(
        **{"Id": "id1", "OEMProvisioningCert": vehicle.der, "ListOfRootCertificateIDs": ROOTS} | changes
    )


def update_req(contract: list[Identity], emaid: str = EMAID) -> iso2.CertificateUpdateReq:
    subs = iso2.SubCertificatesType(Certificate=[identity.der for identity in contract[1:-1]])
    return iso2.CertificateUpdateReq(
        Id="id1",
        ContractSignatureCertChain=iso2.CertificateChainType(Certificate=contract[0].der, SubCertificates=subs),
        eMAID=emaid,
        ListOfRootCertificateIDs=ROOTS,
    )


def check_contract(octets: tuple[bytes, ...], key: PrivateKey, pki: Pki, name: str = EMAID) -> None:
    """Make sure that an EV has got a contract that it can pay with."""
    shown = chain.load(octets)
    rules = chain.Rules(chain.ISO2_KINDS | chain.ISO20_KINDS)
    root = pki.contract[-1].certificate
    chain.validate(shown, chain.CONTRACT, [root], datetime.now(UTC), rules)
    assert chain.common_name(shown[0]) == name
    assert files.same_key(key.public_key(), shown[0].public_key())


def check_provisioning(octets: list[bytes], pki: Pki) -> x509.Certificate:
    """Follow the chain of who signed, and give its leaf."""
    rules = chain.Rules(chain.ISO2_KINDS | chain.ISO20_KINDS)
    root = pki.provisioning[-1].certificate
    return chain.validate(chain.load(octets), chain.CPS, [root], datetime.now(UTC), rules)[0]


def sent(of: Any) -> list[bytes]:
    return [of.Certificate, *(of.SubCertificates.Certificate if of.SubCertificates else ())]


@pytest.mark.parametrize("cls", [iso2.CertificateInstallationRes, iso2.CertificateUpdateRes])
def test_a_contract_for_an_ev_of_iso15118_2(cls: type[Any], folder: Path, made: dict[KeyKind, Pki]) -> None:
    pki = made["P-256"]
    update = cls is iso2.CertificateUpdateRes
    owner = pki.contract[0] if update else pki.vehicle[0]
    body = update_req(pki.contract) if update else installation_req(owner)
    response = IssuingBackEnd(Authorities.read(folder)).answer(request_iso2(body, owner.key), ISO2_URI)
    message = exi.decode(response, "iso2")
    answer = message.Body.BodyElement
    assert type(answer) is cls
    assert (message.Header.SessionID, answer.ResponseCode) == (SESSION, "OK")
    leaf = check_provisioning(sent(answer.SAProvisioningCertificateChain), pki)
    verify(message.Header.Signature, installation.parts_iso2(answer), leaf.public_key(), ISO2)
    got = installation.installed_iso2(answer, owner.key)  # type: ignore[arg-type]
    check_contract(got.chain, got.key, pki)
    assert answer.eMAID.value == EMAID
    assert got.chain[0] != pki.contract[0].der


def test_a_contract_that_was_installed_can_be_updated(back_end: IssuingBackEnd, made: dict[KeyKind, Pki]) -> None:
    pki = made["P-256"]
    vehicle = pki.vehicle[0]
    first = exi.decode(back_end.answer(request_iso2(installation_req(vehicle), vehicle.key), ISO2_URI), "iso2")
    got = installation.installed_iso2(first.Body.BodyElement, vehicle.key)  # type: ignore[arg-type]
    own = Identity(chain.load(got.chain[:1])[0], got.key)
    body = update_req([own, *pki.contract[1:]])
    second = exi.decode(back_end.answer(request_iso2(body, own.key), ISO2_URI), "iso2")
    assert second.Body.BodyElement.ResponseCode == "OK"
    again = installation.installed_iso2(second.Body.BodyElement, own.key)  # type: ignore[arg-type]
    check_contract(again.chain, again.key, pki)


def code_iso2(back_end: IssuingBackEnd, body: Type, key: PrivateKey | None) -> str:
    """Ask for what is refused; give the code."""
    message = exi.decode(back_end.answer(request_iso2(body, key), ISO2_URI), "iso2")
    answer = message.Body.BodyElement
    assert type(answer).__name__ == type(body).__name__.replace("Req", "Res")
    assert (message.Header.SessionID, message.Header.Signature) == (SESSION, None)
    return str(answer.ResponseCode)


Case = Callable[[Pki], tuple[Type, PrivateKey | None]]


def oem(pki: Pki, **keywords: Any) -> tuple[Type, PrivateKey]:
    """Make a request of a vehicle whose provisioning certificate is made as the keywords say."""
    vehicle = issue(PCID, "P-256", **{"issuer": pki.vehicle[1], "extras": test_pki.Extras("OEM")} | keywords)
    return installation_req(vehicle), vehicle.key


REFUSED_INSTALLATIONS: dict[str, tuple[str, Case]] = {
    "wrong key": ("FAILED_SignatureError", lambda pki: (installation_req(pki.vehicle[0]), pki.contract[0].key)),
    "no signature": ("FAILED_SignatureError", lambda pki: (installation_req(pki.vehicle[0]), None)),
    "expired": ("FAILED_CertificateExpired", lambda pki: oem(pki, days=-1)),
    "other domain component": ("FAILED", lambda pki: oem(pki, extras=test_pki.Extras("CPO"))),
    "foreign": ("FAILED_CertChainError", lambda pki: oem(test_pki.build())),
    "no certificate": (
        "FAILED_CertChainError",
        lambda pki: (installation_req(pki.vehicle[0], OEMProvisioningCert=b"nonsense"), pki.vehicle[0].key),
    ),
    "an authority": ("FAILED_CertChainError", lambda pki: (installation_req(pki.vehicle[1]), pki.vehicle[1].key)),
}


@pytest.mark.parametrize("case", REFUSED_INSTALLATIONS)
def test_installations_that_are_refused(case: str, back_end: IssuingBackEnd, made: dict[KeyKind, Pki]) -> None:
    code, ask = REFUSED_INSTALLATIONS[case]
    assert code_iso2(back_end, *ask(made["P-256"])) == code


def test_a_request_that_was_changed_after_it_was_signed(back_end: IssuingBackEnd, made: dict[KeyKind, Pki]) -> None:
    vehicle = made["P-256"].vehicle[0]
    header = iso2.MessageHeaderType(SessionID=SESSION, Signature=sign([Part(installation_req(vehicle))], vehicle.key))
    other = iso2.ListOfRootCertificateIDsType(
        RootCertificateID=[xmldsig.X509IssuerSerialType(X509IssuerName="CN=V2G ROOT CA", X509SerialNumber=2)]
    )
    body = installation_req(vehicle, ListOfRootCertificateIDs=other)
    message = iso2.V2G_Message(Header=header, Body=iso2.BodyType(BodyElement=body))
    answer = exi.decode(back_end.answer(exi.encode(message), ISO2_URI), "iso2").Body.BodyElement
    assert answer.ResponseCode == "FAILED_SignatureError"


def contract_of(pki: Pki, name: str = EMAID, **keywords: Any) -> list[Identity]:
    return [issue(name, "P-256", pki.contract[1], **keywords), *pki.contract[1:]]


def update(contract: list[Identity], emaid: str = EMAID, key: PrivateKey | None = None) -> tuple[Type, PrivateKey]:
    return update_req(contract, emaid), key or contract[0].key


def mixed(pki: Pki, *places: int) -> list[Identity]:
    """Take some of a contract's certificates from a foreign infrastructure."""
    foreign = test_pki.build().contract
    return [foreign[index] if index in places else own for index, own in enumerate(pki.contract)]


REFUSED_UPDATES: dict[str, tuple[str, Case]] = {
    "wrong key": ("FAILED_SignatureError", lambda pki: update(pki.contract, key=pki.vehicle[0].key)),
    "swapped sub-CAs": (
        "FAILED_CertChainError",
        lambda pki: update([pki.contract[0], pki.contract[2], pki.contract[1], pki.contract[3]]),
    ),
    "foreign leaf": ("FAILED_CertChainError", lambda pki: update(mixed(pki, 0))),
    "foreign Sub2": ("FAILED_CertChainError", lambda pki: update(mixed(pki, 1))),
    "foreign Sub1": ("FAILED_CertChainError", lambda pki: update(mixed(pki, 2))),
    "foreign chain": ("FAILED_CertChainError", lambda pki: update(mixed(pki, 0, 1, 2, 3))),
    "eMAID of another in the body": (
        "FAILED_NoCertificateAvailable",
        lambda pki: update(pki.contract, "DEFSCC00000000X"),
    ),
    "malformed eMAID in the body": (
        "FAILED_NoCertificateAvailable",
        lambda pki: update(pki.contract, "D?FSCC00000000X"),
    ),
    "eMAID of another in the certificate": (
        "FAILED_NoCertificateAvailable",
        lambda pki: update(contract_of(pki, "DEFSCC00000000X")),
    ),
    "malformed eMAID in the certificate": (
        "FAILED_NoCertificateAvailable",
        lambda pki: update(contract_of(pki, "nobody")),
    ),
    "contract of nobody here": (
        "FAILED_NoCertificateAvailable",
        lambda pki: update(contract_of(pki, "DEFSCC00000000X"), "DEFSCC00000000X"),
    ),
    "expired": ("FAILED_CertificateExpired", lambda pki: update(contract_of(pki, days=-1))),
}


@pytest.mark.parametrize("case", REFUSED_UPDATES)
def test_updates_that_are_refused(case: str, back_end: IssuingBackEnd, made: dict[KeyKind, Pki]) -> None:
    code, ask = REFUSED_UPDATES[case]
    assert code_iso2(back_end, *ask(made["P-256"])) == code


def test_a_contract_that_is_revoked_is_not_updated(whole: tuple[Path, dict[KeyKind, Pki]], tmp_path: Path) -> None:
    folder = tmp_path / "pki"
    contract = test_pki.make(folder, staples=False)[0].contract
    write(folder / "ocsp/contract.der", vouch(contract[0], contract[1], revoked=True))
    assert code_iso2(IssuingBackEnd(Authorities.read(folder)), *update(contract)) == "FAILED_CertificateRevoked"


def test_a_back_end_without_contracts(whole: tuple[Path, dict[KeyKind, Pki]]) -> None:
    empty = IssuingBackEnd(Authorities.read(whole[0]), ())
    pki = whole[1]["P-256"]
    assert code_iso2(empty, installation_req(pki.vehicle[0]), pki.vehicle[0].key) == "FAILED_NoCertificateAvailable"
    asked = request_iso20(whole[1]["P-521"].vehicle, whole[1]["P-521"].vehicle[0].key)
    assert ask_iso20(empty, asked).ResponseCode == "WARNING_NoContractMatchingPCIDFound"


# ISO 15118-20


def request_iso20(
    vehicle: list[Identity],
    key: PrivateKey | None,
    maximum: int = 3,
    wanted: list[str] | None = None,
    subs: bool = True,
    session: bytes = SESSION,
) -> bytes:
    shown = iso20.SignedCertificateChainType(
        Id="id1",
        Certificate=vehicle[0].der,
        SubCertificates=iso20.SubCertificatesType(Certificate=[one.der for one in vehicle[1:-1]]) if subs else None,
    )
    signature = sign([Part(shown)], key) if key else None
    return exi.encode(
        iso20.CertificateInstallationReq(
            Header=iso20.MessageHeaderType(SessionID=session, TimeStamp=1, Signature=signature),
            OEMProvisioningCertificateChain=shown,
            ListOfRootCertificateIDs=ROOTS20,
            MaximumContractCertificateChains=maximum,
            PrioritizedEMAIDs=iso20.EMAIDListType(EMAID=wanted) if wanted else None,
        )
    )


def ask_iso20(back_end: IssuingBackEnd, request: bytes, session: bytes = SESSION) -> Any:
    answer = exi.decode(back_end.answer(request, ISO20_URI), "iso20")
    assert type(answer) is iso20.CertificateInstallationRes
    assert answer.Header.SessionID == session
    return answer


@pytest.mark.parametrize("subs", [True, False])
@pytest.mark.parametrize("kind", ["P-521", "Ed448"])
def test_a_contract_for_an_ev_of_iso15118_20(kind: KeyKind, subs: bool, folder: Path, made: dict[KeyKind, Pki]) -> None:
    pki = made[kind]
    back_end = IssuingBackEnd(Authorities.read(folder), clock=time.time)
    answer = ask_iso20(back_end, request_iso20(pki.vehicle, pki.vehicle[0].key, subs=subs))
    assert (answer.ResponseCode, answer.EVSEProcessing) == ("OK", "Finished")
    assert answer.RemainingContractCertificateChains == 0
    leaf = check_provisioning(sent(answer.CPSCertificateChain), pki)
    verify(answer.Header.Signature, [Part(answer.SignedInstallationData)], leaf.public_key(), ISO20)
    vehicle = pki.vehicle[0].certificate
    got = installation.installed_iso20(answer.SignedInstallationData, agreement(pki), vehicle)
    check_contract(got.chain, got.key, pki)
    assert files.kind(got.key.public_key()) == kind


EMAIDS = ("DEFSCC00000001X", "DEFSCC00000002X", "DEFSCC00000003X")


@pytest.mark.parametrize(
    ("maximum", "wanted", "expected"),
    [
        (5, None, [1, 2, 3]),
        (2, None, [1, 2]),
        (1, ["DE-FSC-C00000003-X"], [3]),
        (3, ["DEFSCC00000009X", "defscc00000003x", "DEFSCC00000002X"], [3, 2, 1]),
    ],
)
def test_several_contracts_come_one_after_the_other(
    maximum: int, wanted: list[str] | None, expected: list[int], whole: tuple[Path, dict[KeyKind, Pki]]
) -> None:
    pki = whole[1]["P-521"]
    back_end = IssuingBackEnd(Authorities.read(whole[0]), EMAIDS)
    asked = request_iso20(pki.vehicle, pki.vehicle[0].key, maximum, wanted)
    names, remaining = [], []
    for _ in range(len(expected) + 1):  # who has got all may begin again
        answer = ask_iso20(back_end, asked)
        (leaf,) = chain.load(sent(answer.SignedInstallationData.ContractCertificateChain)[:1])
        names.append(chain.common_name(leaf))
        remaining.append(answer.RemainingContractCertificateChains)
    wanted_names = [f"DEFSCC0000000{number}X" for number in expected]
    assert names == [*wanted_names, wanted_names[0]]
    assert remaining == [*range(len(expected) - 1, -1, -1), len(expected) - 1]


def test_a_new_session_begins_with_the_first_contract(whole: tuple[Path, dict[KeyKind, Pki]]) -> None:
    pki = whole[1]["P-521"]
    back_end = IssuingBackEnd(Authorities.read(whole[0]), EMAIDS)
    remaining = [
        ask_iso20(back_end, request_iso20(pki.vehicle, pki.vehicle[0].key, session=session), session)
        for session in (SESSION, SESSION, bytes(8), bytes(8))
    ]
    assert [answer.RemainingContractCertificateChains for answer in remaining] == [2, 1, 2, 1]


@pytest.mark.parametrize(
    ("code", "ask"),
    [
        ("FAILED_SignatureError", lambda made: request_iso20(made["P-521"].vehicle, made["P-521"].contract[0].key)),
        ("FAILED_SignatureError", lambda made: request_iso20(made["P-521"].vehicle, None)),
        (
            "WARNING_eMSPUnknown",
            lambda made: request_iso20((other := test_pki.build("P-521")).vehicle, other.vehicle[0].key),
        ),
        (
            "WARNING_CertificateExpired",
            lambda made: request_iso20(
                [
                    late := issue(PCID, "P-521", made["P-521"].vehicle[1], days=-1, extras=test_pki.Extras("OEM")),
                    *made["P-521"].vehicle[1:],
                ],
                late.key,
            ),
        ),
        ("FAILED_SignatureError", lambda made: request_iso20(made["P-256"].vehicle, made["P-256"].vehicle[0].key)),
    ],
)
def test_installations_of_iso15118_20_that_are_refused(
    code: str, ask: Callable[[dict[KeyKind, Pki]], bytes], back_end: IssuingBackEnd, made: dict[KeyKind, Pki]
) -> None:
    answer = ask_iso20(back_end, ask(made))
    assert (answer.ResponseCode, answer.EVSEProcessing, answer.Header.Signature) == (code, "Finished", None)


def test_an_infrastructure_without_the_vehicles_kind_of_key(tmp_path: Path, made: dict[KeyKind, Pki]) -> None:
    test_pki.make(tmp_path, ("P-256",), staples=False)
    for name in ("V2G", "MO", "OEM"):
        of = {"V2G": "charger", "MO": "contract", "OEM": "vehicle"}[name]
        place = tmp_path / f"ca/{name.lower()}/other.pem"
        write(place, getattr(made["Ed448"], of)[-1].pem)
    back_end = IssuingBackEnd(Authorities.read(tmp_path))
    answer = ask_iso20(back_end, request_iso20(made["Ed448"].vehicle, made["Ed448"].vehicle[0].key))
    assert answer.ResponseCode == "WARNING_CertificateValidationError"


# the interface


def test_a_charger_hears_the_answer(back_end: IssuingBackEnd, made: dict[KeyKind, Pki]) -> None:
    charger = Charger("left")
    detach = back_end.attach(charger, now=lambda: 7.0)
    vehicle = made["P-256"].vehicle[0]
    octets = request_iso2(installation_req(vehicle), vehicle.key)
    asked = RequestExiStreamSchema(base64.b64encode(octets).decode(), ISO2_URI, CertificateActionEnum.Install)
    charger.publish("iso15118_certificate_request", asked)
    given = charger.state.certificate_response
    assert given is not None
    assert given.status == "Accepted"
    answer = exi.decode(base64.b64decode(given.exi_response), "iso2")
    assert answer.Body.BodyElement.ResponseCode == "OK"
    charger.state.certificate_response = None
    charger.publish("dc_full_soc", 80)
    detach()
    charger.publish("iso15118_certificate_request", asked)
    assert charger.state.certificate_response is None


@pytest.mark.parametrize("octets", ["", "gA==", "no Base64", base64.b64encode(bytes(50)).decode()])
def test_a_request_that_cannot_be_read_is_answered(octets: str, back_end: IssuingBackEnd) -> None:
    charger = Charger("left")
    back_end.attach(charger)
    asked = RequestExiStreamSchema(octets, ISO2_URI, CertificateActionEnum.Update)
    charger.publish("iso15118_certificate_request", asked)
    assert charger.state.certificate_response == CertificateResponse("Failed", "")


def test_what_is_no_certificate_request(back_end: IssuingBackEnd) -> None:
    stop = iso2.SessionStopReq(ChargingSession=iso2.ChargingSessionType.Terminate)
    with pytest.raises(ValueError, match="a SessionStopReq is no certificate request"):
        back_end.answer(request_iso2(stop, None), ISO2_URI)
    with pytest.raises(ValueError, match="no certificate requests in urn:din"):
        back_end.answer(request_iso2(stop, None), "urn:din:70121:2012:MsgDef")
    with pytest.raises(DecodeError):
        back_end.answer(b"\x80", ISO2_URI)


def test_a_folder_that_lacks_what_is_needed(tmp_path: Path) -> None:
    test_pki.make(tmp_path, staples=False)
    for path in (tmp_path / layouts.EVEREST_PROVISIONING).glob("*.key"):
        path.unlink()
    with pytest.raises(ConfigError, match="holds nobody who issues contracts"):
        Authorities.read(tmp_path)


def test_names_of_contracts_are_checked(whole: tuple[Path, dict[KeyKind, Pki]]) -> None:
    with pytest.raises(ValueError, match="is no eMAID"):
        IssuingBackEnd(Authorities.read(whole[0]), ["nobody"])
