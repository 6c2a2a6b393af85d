"""AuthorizationSetup with contracts: what is offered when, the challenge, the ways that are told."""

from __future__ import annotations

import pytest

from fastsecc.messages import iso20
from fastsecc.session.api import SessionSettings
from fastsecc.session.iso20.settings import Iso20Settings
from tests.session.iso20.pnc import BOTH, MakeContractWay

EIM, PNC = iso20.AuthorizationType.EIM, iso20.AuthorizationType.PnC


def test_ev20_s_036_contracts_only(contract_way: MakeContractWay) -> None:
    way = contract_way(payment_options=("Contract",), supported_certificate_service=False)
    way.to("AUTHORIZATION_SETUP")
    step = way.set_up()
    assert (step.body.AuthorizationServices, step.body.CertificateInstallationService) == ([PNC], False)
    assert step.body.EIM_ASResAuthorizationMode is None
    assert len(step.body.PnC_ASResAuthorizationMode.GenChallenge) == 16
    assert step.body.PnC_ASResAuthorizationMode.SupportedProviders is None
    assert "require_auth_eim" not in step.names
    assert way.drive.session.state == "AUTHORIZATION"


def test_ev20_s_037_both_and_the_installation_of_certificates(contract_way: MakeContractWay) -> None:
    way = contract_way()
    way.to("AUTHORIZATION_SETUP")
    step = way.set_up()
    assert (step.body.AuthorizationServices, step.body.CertificateInstallationService) == ([PNC, EIM], True)
    assert step.body.PnC_ASResAuthorizationMode is not None
    assert "require_auth_eim" not in step.names
    assert way.drive.session.state == "AUTHORIZATION_OR_CERTIFICATE"


def test_the_order_is_the_charger_s(contract_way: MakeContractWay) -> None:
    way = contract_way(payment_options=tuple(reversed(BOTH)))
    way.to("AUTHORIZATION_SETUP")
    assert way.set_up().body.AuthorizationServices == [EIM, PNC]


def test_no_certificates_without_contracts(contract_way: MakeContractWay) -> None:
    """OC-025."""
    way = contract_way(payment_options=("ExternalPayment",))
    way.to("AUTHORIZATION_SETUP")
    step = way.set_up()
    assert (step.body.AuthorizationServices, step.body.CertificateInstallationService) == ([EIM], False)
    assert step.names.count("require_auth_eim") == 1


@pytest.mark.parametrize("tls", ["", "TLSv1.2"])
@pytest.mark.parametrize("options", [BOTH, ("Contract",)])
def test_a_contract_needs_tls_1_3(contract_way: MakeContractWay, tls: str, options: tuple[str, ...]) -> None:
    way = contract_way(tls=tls, payment_options=options)
    way.to("AUTHORIZATION_SETUP")
    body = way.drive.ok(way.ev.authorization_setup()).body
    assert (body.AuthorizationServices, body.CertificateInstallationService) == ([EIM], False)
    assert body.PnC_ASResAuthorizationMode is None
    step = way.prove_with(bytes(16))
    assert (step.code, way.drive.session.state) == ("WARNING_AuthorizationSelectionInvalid", "AUTHORIZATION")


def test_each_session_has_a_challenge_of_its_own(contract_way: MakeContractWay) -> None:
    challenges = set()
    for _ in range(3):
        way = contract_way()
        way.to_authorization()
        challenges.add(way.challenge)
    assert len(challenges) == 3


def test_supported_providers(contract_way: MakeContractWay) -> None:
    policy = SessionSettings(iso20=Iso20Settings(supported_providers=("DE8AA", "DEFSC")))
    way = contract_way(settings=policy)
    way.to("AUTHORIZATION_SETUP")
    mode = way.set_up().body.PnC_ASResAuthorizationMode
    assert mode.SupportedProviders.ProviderID == ["DE8AA", "DEFSC"]


def test_what_is_offered_does_not_change_meanwhile(contract_way: MakeContractWay) -> None:
    """EvseManager takes Contract from the list once a session is authorized."""
    way = contract_way()
    drive = way.to_authorization()
    setup = {"supported_certificate_service": False, "central_contract_validation_allowed": False}
    drive.command("session_setup", payment_options=["ExternalPayment"], **setup)
    assert way.prove().code == "OK"


def test_external_payment_beside_contracts(contract_way: MakeContractWay) -> None:
    """The charger is asked when the EV has chosen."""
    way = contract_way()
    drive = way.to_authorization()
    step = drive.ok(way.ev.authorization())
    assert (step.body.EVSEProcessing, step.names.count("require_auth_eim")) == ("Ongoing", 1)
    assert "require_auth_eim" not in drive.ok(way.ev.authorization()).names
    way.decide()
    assert drive.ok(way.ev.authorization()).body.EVSEProcessing == "Finished"
    assert "require_auth_pnc" not in drive.published
