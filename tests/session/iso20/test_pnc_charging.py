"""What a contract changes after authorization: signed prices, signed meter readings, pauses."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.messages import iso20
from fastsecc.messages.payload_types import METERING_CONFIRMATION
from fastsecc.security.signature import ISO20, Part, algorithm_of, sign, verify
from fastsecc.session.api import SessionSettings
from fastsecc.session.iso20.settings import Iso20Settings, PriceStep, Tariff
from fastsecc.sim.issuing import KeyKind, new_key
from tests.session.conftest import Step
from tests.session.iso20.conftest import SERVICES, VEHICLE, METER_Wh
from tests.session.iso20.pnc import BOTH, KINDS, ContractWay, MakeContractWay, contract, foreign_pki

ENERGIES = ("ac", "dc", "ac-bpt", "dc-bpt", "mcs")
CONTROL_MODES = ("Scheduled", "Dynamic")
TARIFF = Tariff("EUR", (PriceStep(3600, 0.59), PriceStep(7200, 0.29)))
PRICINGS = {"absolute": (1, "AbsolutePriceSchedule"), "levels": (2, "PriceLevelSchedule")}
EXTERNAL = ("ExternalPayment",)
RECEIPTS = {"receipt_required": True}


@pytest.mark.parametrize("kind", ENERGIES)
@pytest.mark.parametrize("control_mode", CONTROL_MODES)
def test_a_whole_session(contract_way: MakeContractWay, kind: str, control_mode: str) -> None:
    way = contract_way(kind, control_mode=control_mode)
    drive = way.to("ENDED")
    assert drive.published.count("require_auth_pnc") == 1
    assert "require_auth_eim" not in drive.published
    assert drive.close().names[-1] == "dlink_terminate"


# prices


def schedule(
    contract_way: MakeContractWay, key: Any, pricing: str = "absolute", control_mode: str = "Scheduled", **values: Any
) -> iso20.ScheduleExchangeRes:
    """Let the EV select prices, and give what it is told."""
    policy = SessionSettings(allow_plain_iso20=True, price_schedule_key=key, iso20=Iso20Settings(tariff=TARIFF))
    way = contract_way(control_mode=control_mode, settings=policy, **values)
    drive = way.to("SERVICE_DETAIL")
    service = SERVICES["dc"][2]
    detail = drive.ok(way.ev.service_detail(service)).body
    wanted = {"ControlMode": 1 if control_mode == "Scheduled" else 2, "Pricing": PRICINGS[pricing][0]}
    for offered in detail.ServiceParameterList.ParameterSet:
        if wanted.items() <= {one.Name: one.intValue for one in offered.Parameter}.items():
            drive.ok(way.ev.service_selection(service, offered.ParameterSetID))
            break
    drive.ok(way.ev.cpd("dc"))
    response = drive.ok(way.ev.schedule_exchange(control_mode)).body
    assert isinstance(response, iso20.ScheduleExchangeRes)
    return response


def prices(response: iso20.ScheduleExchangeRes, pricing: str) -> Any:
    """Find the price schedule."""
    dynamic, scheduled = response.Dynamic_SEResControlMode, response.Scheduled_SEResControlMode
    holder: Any = dynamic if scheduled is None else scheduled.ScheduleTuple[0].ChargingSchedule
    return getattr(holder, PRICINGS[pricing][1])


@pytest.mark.parametrize("control_mode", CONTROL_MODES)
@pytest.mark.parametrize("pricing", PRICINGS)
@pytest.mark.parametrize("key", ["P-521", "Ed448"])
def test_prices_are_signed(contract_way: MakeContractWay, key: KeyKind, pricing: str, control_mode: str) -> None:
    signer = new_key(key)
    response = schedule(contract_way, signer, pricing, control_mode)
    signed = prices(response, pricing)
    assert signed.Id
    verify(response.Header.Signature, [Part(signed)], signer.public_key(), ISO20)


def test_the_prices_of_discharging_are_signed_as_well(contract_way: MakeContractWay) -> None:
    """A level that never changes stands for none (quirk `flat-price-level`)."""
    signer = new_key("P-521")
    policy = SessionSettings(price_schedule_key=signer)
    way = contract_way("dc-bpt", settings=policy)
    response = way.to("SCHEDULE_EXCHANGE").ok(way.ev.schedule_exchange()).body
    offered = response.Scheduled_SEResControlMode.ScheduleTuple[0]
    parts = [Part(holder.PriceLevelSchedule) for holder in (offered.ChargingSchedule, offered.DischargingSchedule)]
    verify(response.Header.Signature, parts, signer.public_key(), [algorithm_of(signer.public_key())])


def test_prices_are_not_signed_without_a_key_or_a_contract(contract_way: MakeContractWay) -> None:
    for key, options in ((None, BOTH), (new_key("P-521"), EXTERNAL)):
        if options is EXTERNAL:
            response = external_schedule(contract_way, key)
        else:
            response = schedule(contract_way, key)
        assert response.Header.Signature is None


def external_schedule(contract_way: MakeContractWay, key: Any) -> iso20.ScheduleExchangeRes:
    """Give the schedule of an EV that pays otherwise."""
    policy = SessionSettings(price_schedule_key=key, iso20=Iso20Settings(tariff=TARIFF))
    way = contract_way(settings=policy, payment_options=EXTERNAL)
    way.authorize = lambda: pay(way)  # type: ignore[method-assign]
    way.steps[3] = ("SERVICE_DISCOVERY", way.authorize)
    response = way.to("SCHEDULE_EXCHANGE").ok(way.ev.schedule_exchange()).body
    assert isinstance(response, iso20.ScheduleExchangeRes)
    return response


def pay(way: ContractWay) -> None:
    """Authorize by external means."""
    way.decide()
    way.drive.ok(way.ev.authorization())


# meter readings


def confirm(way: ContractWay, key: Any = None, **values: Any) -> Step:
    """Sign for the meter reading that `Way.to` makes the charger report."""
    request = way.ev.metering_confirmation(way.drive.session.session_id, way.control_mode)
    for name, value in values.items():
        setattr(request.SignedMeteringData, name, value)
    return way.send_signed(request, key, METERING_CONFIRMATION)


@pytest.mark.parametrize("control_mode", CONTROL_MODES)
@pytest.mark.parametrize("key", KINDS)
def test_a_meter_reading_is_signed_by_the_contract(
    contract_way: MakeContractWay, key: KeyKind, control_mode: str
) -> None:
    way = contract_way(key=key, control_mode=control_mode)
    way.to("DC_CHARGE_LOOP")
    way.loop(meter=True)
    step = confirm(way)
    assert (step.code, way.drive.session.state) == ("OK", "DC_CHARGE_LOOP")


@pytest.mark.parametrize("stream", [0x8002, METERING_CONFIRMATION])
@pytest.mark.parametrize("how", ["none", "another key", "changed"])
def test_a_meter_reading_that_is_not(contract_way: MakeContractWay, how: str, stream: int) -> None:
    way = contract_way()
    drive = way.to("DC_CHARGE_LOOP")
    request = way.ev.metering_confirmation(drive.session.session_id)
    if how == "none":
        step = drive.send(request, payload_type=stream)
    elif how == "another key":
        step = way.send_signed(request, foreign_pki().contract[0].key, stream)
    else:
        signature = sign([Part(request.SignedMeteringData)], way.ev.chain[0].key)
        request.SignedMeteringData.MeterInfo.ChargedEnergyReadingWh -= 1
        step = way.send_with(signature, request, stream)
    assert (step.code, step.closes) == ("FAILED_MeteringSignatureNotValid", True)


def test_a_receipt_that_was_not_given(contract_way: MakeContractWay) -> None:
    way = contract_way()
    way.to("DC_CHARGE_LOOP")
    step = confirm(way, Receipt=iso20.ReceiptType(TimeAnchor=0))
    assert (step.code, step.closes) == ("FAILED_MeteringSignatureNotValid", True)


def asks(way: ContractWay) -> bool:
    """Tell whether the EV is asked for a confirmation, by the state machine and by the link."""
    asked = [way.loop().body.EVSEStatus, way.drive.loop(way.ev.loop(way.kind, way.control_mode))[0].EVSEStatus]
    assert asked[0] == asked[1]
    return asked[0] is not None and asked[0].EVSENotification == "MeteringConfirmation"


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_receipts_are_asked_for(contract_way: MakeContractWay, kind: str) -> None:
    way = contract_way(kind, settings=patient(), **RECEIPTS)
    way.to(f"{kind.upper()}_CHARGE_LOOP")
    assert asks(way)
    assert confirm(way).code == "OK"
    assert not asks(way)
    way.meter(METER_Wh + 100)
    assert not asks(way)  # it was asked a moment ago
    way.drive.now += 60.0
    way.present()
    assert asks(way)


def patient() -> SessionSettings:
    """Make settings that let a test stay in the loop for minutes."""
    iso20_settings = Iso20Settings(loop_sequence_timeout_s=600.0)
    return SessionSettings(present_values_max_age_s=0.0, iso20=iso20_settings)


def test_a_reading_is_signed_once(contract_way: MakeContractWay) -> None:
    way = contract_way(settings=patient(), **RECEIPTS)
    way.to("DC_CHARGE_LOOP")
    confirm(way)
    way.drive.now += 120.0
    assert not asks(way)


def test_receipts_are_not_asked_for_where_nobody_wants_them(contract_way: MakeContractWay) -> None:
    way = contract_way()
    way.to("DC_CHARGE_LOOP")
    assert not asks(way)
    way = contract_way(**RECEIPTS)
    way.to("DC_CHARGE_LOOP").charger.meter = None
    assert not asks(way)
    way = contract_way(payment_options=EXTERNAL, **RECEIPTS)
    way.steps[3] = ("SERVICE_DISCOVERY", lambda: pay(way))
    way.to("DC_CHARGE_LOOP")
    assert not asks(way)


def test_an_end_is_more_urgent_than_a_receipt(contract_way: MakeContractWay) -> None:
    way = contract_way(**RECEIPTS)
    way.to("DC_CHARGE_LOOP").command("stop_charging", stop=True)
    assert way.loop().body.EVSEStatus.EVSENotification == "Terminate"


# pauses


def paused(contract_way: MakeContractWay, **values: Any) -> ContractWay:
    """Take an EV to its pause."""
    way = contract_way(**values)
    drive = way.to("SESSION_STOP")
    drive.ok(way.ev.stop("Pause"))
    return way


def test_a_paused_session_with_contract_is_joined(contract_way: MakeContractWay) -> None:
    """Without another authorization, and the contract goes on signing."""
    way = paused(contract_way, **RECEIPTS)
    old = len(way.drive.published)
    assert way.resume().code == "OK_OldSessionJoined"
    way.to("DC_CHARGE_LOOP")
    assert asks(way)
    assert confirm(way).code == "OK"
    assert not {"require_auth_pnc", "require_auth_eim"} & set(way.drive.published[old:])


def test_the_signature_of_another_does_not_do_after_a_pause(contract_way: MakeContractWay) -> None:
    way = paused(contract_way)
    way.resume()
    way.to("DC_CHARGE_LOOP")
    assert confirm(way, foreign_pki().contract[0].key).code == "FAILED_MeteringSignatureNotValid"


def test_a_contract_that_ended_meanwhile(contract_way: MakeContractWay) -> None:
    way = contract_way()
    way.ev.chain = contract(days=2)
    drive = way.to("SESSION_STOP")
    drive.ok(way.ev.stop("Pause"))
    drive.now += 3 * 86_400
    assert way.resume().code == "OK_NewSessionEstablished"
    assert drive.session.state == "AUTHORIZATION_SETUP"


def test_a_contract_is_not_resumed_over_an_older_tls(contract_way: MakeContractWay) -> None:
    way = paused(contract_way)
    own, pause = way.drive.session.session_id, way.drive.session.paused
    way.drive.close()
    way.drive.connect(pause)
    way.drive.session.secured("TLSv1.2", VEHICLE)
    way.drive.choose(way.protocol)
    assert way.drive.send(way.ev.session_setup(), session_id=own).code == "OK_NewSessionEstablished"


def test_another_vehicle_does_not_go_on_with_the_contract(contract_way: MakeContractWay) -> None:
    way = paused(contract_way)
    own = way.drive.session.session_id
    drive = way.again(b"another vehicle's certificate")
    assert drive.send(way.ev.session_setup(), session_id=own).code == "OK_NewSessionEstablished"
    way.to("SERVICE_DISCOVERY")
    assert drive.published.count("require_auth_pnc") == 2


def test_services_are_chosen_anew_with_the_same_contract(contract_way: MakeContractWay) -> None:
    way = contract_way(**RECEIPTS)
    drive = way.to("SESSION_STOP")
    drive.ok(way.ev.stop("ServiceRenegotiation"))
    assert drive.session.state == "SERVICE_DISCOVERY"
    way.to("DC_CHARGE_LOOP")
    assert asks(way)
    assert drive.published.count("require_auth_pnc") == 1
