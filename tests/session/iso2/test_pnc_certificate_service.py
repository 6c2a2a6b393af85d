"""The certificate service: where it is offered, what it says of itself, and requests where it is not."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.messages import iso2
from fastsecc.session.api import SessionSettings
from fastsecc.session.iso2.settings import Iso2Settings
from tests.session.iso2.pnc import INSTALL, UPDATE, ask, contract_way

FOREIGN = b"\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08"
ASKING = "PAYMENT_DETAILS_OR_CERTIFICATE"
KINDS = ("ac", "dc")


def both(*purposes: str) -> list[Any]:
    return [pytest.param(kind, id=f"{purpose}-{kind}") for purpose in purposes for kind in KINDS]


@pytest.mark.parametrize("kind", both("CMN_ServiceDetail_002", "CMN_ServiceDetail_012"))
def test_the_service_and_its_parameters(make: Any, kind: str) -> None:
    way = contract_way(make, kind)
    drive = way.to("SERVICE_DISCOVERY")
    (offered,) = drive.ok(way.ev.service_discovery()).body.ServiceList.Service
    assert (offered.ServiceID, offered.ServiceCategory, offered.FreeService) == (2, "ContractCertificate", True)
    detail = drive.ok(way.ev.service_detail(2)).body
    assert detail.ServiceID == 2
    listed = detail.ServiceParameterList.ParameterSet
    sets = {one.ParameterSetID: [(part.Name, part.stringValue) for part in one.Parameter] for one in listed}
    assert sets == {1: [("Service", "Installation")], 2: [("Service", "Update")]}
    assert drive.ok(way.ev.service_detail(1)).body.ServiceParameterList is None
    assert drive.ok(way.ev.contract_payment(2)).names == ["selected_payment_option"]


@pytest.mark.parametrize("category", iso2.ServiceCategoryType)
def test_the_service_is_one_for_contracts(make: Any, category: iso2.ServiceCategoryType) -> None:
    way = contract_way(make, "dc")
    request = iso2.ServiceDiscoveryReq(ServiceCategory=category)
    listed = way.to("SERVICE_DISCOVERY").ok(request).body.ServiceList
    assert (listed is not None) == (category == "ContractCertificate")


@pytest.mark.parametrize(
    ("values", "tls"),
    [
        ({"supported_certificate_service": False}, "TLSv1.2"),
        ({"payment_options": ("ExternalPayment",)}, "TLSv1.2"),
        ({}, ""),
    ],
    ids=["not supported", "no contracts", "no TLS"],
)
def test_where_the_service_is_not_offered(make: Any, values: dict[str, Any], tls: str) -> None:
    way = contract_way(make, "dc", tls=tls, **values)
    drive = way.to("SERVICE_DISCOVERY")
    assert drive.ok(way.ev.service_discovery()).body.ServiceList is None
    assert drive.send(way.ev.service_detail(2)).code == "FAILED_ServiceIDInvalid"


def test_a_request_where_the_service_is_not_offered(make: Any) -> None:
    """OC-016: the session ends."""
    for what in (INSTALL, UPDATE):
        way = contract_way(make, "dc", supported_certificate_service=False)
        way.to("PAYMENT_DETAILS")
        step = ask(way, what)
        assert (step.code, step.closes, step.names) == ("FAILED_SequenceError", True, [])


def test_a_service_that_is_offered_in_part(make: Any) -> None:
    """OC-042: an update where only installations are offered."""
    settings = SessionSettings(iso2=Iso2Settings(certificate_services=("Installation",)))
    way = contract_way(make, "dc", settings=settings)
    way.to(ASKING)
    step = ask(way, UPDATE)
    assert (step.code, step.closes, step.names) == ("FAILED", True, [])


@pytest.mark.parametrize(
    ("kind", "request_name", "code"),
    [
        pytest.param(kind, name, code, id=f"CMN_ServiceDetail_{number}-{kind}")
        for number, name, code in (("004", "service_discovery", "FAILED_SequenceError"),)
        for kind in KINDS
    ],
)
def test_service_detail_out_of_sequence(make: Any, kind: str, request_name: str, code: str) -> None:
    way = contract_way(make, kind)
    step = way.to("PAYMENT_SERVICE_SELECTION").send(getattr(way.ev, request_name)())
    assert (step.code, step.closes) == (code, True)


@pytest.mark.parametrize("kind", both("CMN_ServiceDetail_006"))
def test_service_detail_of_another_session(make: Any, kind: str) -> None:
    way = contract_way(make, kind)
    step = way.to("PAYMENT_SERVICE_SELECTION").send(way.ev.service_detail(2), session_id=FOREIGN)
    assert (step.code, step.closes) == ("FAILED_UnknownSession", True)


@pytest.mark.parametrize("kind", both("CMN_ServiceDetail_008"))
def test_service_detail_of_a_service_that_is_not_offered(make: Any, kind: str) -> None:
    way = contract_way(make, kind)
    step = way.to("PAYMENT_SERVICE_SELECTION").send(way.ev.service_detail(3))
    assert (step.code, step.closes) == ("FAILED_ServiceIDInvalid", True)


@pytest.mark.parametrize("kind", both("CMN_ServiceDetail_010"))
def test_service_detail_and_a_silent_ev(make: Any, kind: str) -> None:
    way = contract_way(make, kind)
    drive = way.to("PAYMENT_SERVICE_SELECTION")
    drive.ok(way.ev.service_detail(2))
    assert drive.wait(59.9).output.close is None
    assert drive.wait(0.2).closes
