"""Metering receipts: when an EV has to sign what it was shown, and which receipts are taken."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.messages import iso2
from fastsecc.security.signature import Part, sign
from fastsecc.session.api import SessionSettings
from tests.session.conftest import Step
from tests.session.iso2.pnc import ContractWay, contract_way, foreign_pki

FOREIGN = b"\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08"
FIRST = {"ac": "CHARGING_STATUS", "dc": "CURRENT_DEMAND"}
LOOP = {"ac": "CHARGING_STATUS_OR_POWER_DELIVERY", "dc": "CURRENT_DEMAND_OR_POWER_DELIVERY"}
WRONG = "FAILED_MeteringSignatureNotValid"


def both(number: str, *others: str) -> list[Any]:
    named = [pytest.param(kind, id=f"{kind.upper()}_MeteringReceipt_{number}") for kind in ("ac", "dc")]
    return named + [pytest.param("ac", id=other) for other in others]


def loop_request(way: ContractWay, kind: str) -> Any:
    return way.ev.charging_status() if kind == "ac" else way.ev.current_demand()


def shown(make: Any, kind: str, settings: SessionSettings | None = None, **values: Any) -> tuple[ContractWay, Step]:
    """Make a charge whose EV has just been shown the meter."""
    way = contract_way(make, kind, settings=settings, **{"receipt_required": True, **values})
    drive = way.to(FIRST[kind])
    way.read_meter()
    return way, drive.ok(loop_request(way, kind))


def receipt(way: ContractWay, step: Step, **changes: Any) -> Any:
    values = {"session_id": way.drive.session.session_id, "meter": step.body.MeterInfo, **changes}
    return way.ev.receipt(**values)


LOOPS = [
    pytest.param(kind, id=f"{kind.upper()}_{message}_{number}")
    for kind, message in (("ac", "ChargingStatus"), ("dc", "CurrentDemand"))
    for number in ("002", "007", "009")
]


@pytest.mark.parametrize("kind", LOOPS)
def test_a_receipt_is_asked_for_with_the_meter_reading(make: Any, kind: str) -> None:
    way, step = shown(make, kind)
    assert step.body.ReceiptRequired is True
    assert step.body.MeterInfo == iso2.MeterInfoType(MeterID="M1", MeterReading=1234)
    assert way.drive.session.state == "METERING_RECEIPT"


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_without_a_new_reading_there_is_nothing_to_sign(make: Any, kind: str) -> None:
    way = contract_way(make, kind, receipt_required=True)
    step = way.to(FIRST[kind]).ok(loop_request(way, kind))
    assert (step.body.ReceiptRequired, step.body.MeterInfo) == ({"ac": False, "dc": None}[kind], None)
    assert way.drive.session.state == LOOP[kind]


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_nothing_is_asked_for_where_no_receipts_are_wanted(make: Any, kind: str) -> None:
    way, step = shown(make, kind, receipt_required=False)
    assert (step.body.ReceiptRequired, step.body.MeterInfo.MeterReading) == ({"ac": False, "dc": None}[kind], 1234)
    assert way.drive.session.state == LOOP[kind]


def test_an_ac_charger_says_its_current_for_external_payment_only(make: Any) -> None:
    _, step = shown(make, "ac")
    assert step.body.EVSEMaxCurrent is None


@pytest.mark.parametrize("kind", both("001", "OC-014"))
def test_a_signed_receipt(make: Any, kind: str) -> None:
    way, step = shown(make, kind)
    answer = way.send_signed(receipt(way, step))
    assert (answer.code, way.drive.session.state) == ("OK", LOOP[kind])
    if kind == "dc":
        assert answer.body.EVSEStatus.EVSEStatusCode == "EVSE_Ready"
    step = way.drive.ok(loop_request(way, kind))  # the same reading is not shown again
    assert step.body.MeterInfo is None
    assert way.drive.session.state == LOOP[kind]


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_the_tuple_may_be_left_out(make: Any, kind: str) -> None:
    way, step = shown(make, kind)
    assert way.send_signed(receipt(way, step, tuple_id=None)).code == "OK"


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_every_new_reading_needs_its_receipt(make: Any, kind: str) -> None:
    way, step = shown(make, kind)
    for energy_wh in (1300.0, 1400.0):
        assert way.send_signed(receipt(way, step)).code == "OK"
        way.read_meter(energy_wh)
        step = way.drive.ok(loop_request(way, kind))
        assert (step.body.ReceiptRequired, step.body.MeterInfo.MeterReading) == (True, energy_wh)
    assert way.send_signed(receipt(way, step)).code == "OK"
    assert way.drive.ok(way.ev.power("Stop", dc=kind == "dc"))


@pytest.mark.parametrize("kind", both("002"))
@pytest.mark.parametrize("request_name", ["service_discovery", "stop", "power", "loop"])
def test_nothing_but_the_receipt_is_due(make: Any, kind: str, request_name: str) -> None:
    way, _ = shown(make, kind)
    body = loop_request(way, kind) if request_name == "loop" else getattr(way.ev, request_name)()
    answer = way.drive.send(body)
    assert (answer.code, answer.closes) == ("FAILED_SequenceError", True)


def test_a_car_that_stops_instead(make: Any) -> None:
    """Quirk `session-stop-in-loop`."""
    settings = SessionSettings(quirks=frozenset({"session-stop-in-loop"}))
    way, _ = shown(make, "dc", settings)
    assert way.drive.ok(way.ev.stop()).output.close.name == "AFTER_EV"


@pytest.mark.parametrize("kind", both("003"))
def test_of_another_session(make: Any, kind: str) -> None:
    way, step = shown(make, kind)
    answer = way.send_signed(receipt(way, step), session_id=FOREIGN)
    assert (answer.code, answer.closes) == ("FAILED_UnknownSession", True)


CHANGES = {
    "reading": {"meter": iso2.MeterInfoType(MeterID="M1", MeterReading=1235)},
    "no reading": {"meter": iso2.MeterInfoType(MeterID="M1")},
    "meter": {"meter": iso2.MeterInfoType(MeterID="M2", MeterReading=1234)},
    "status": {"meter": iso2.MeterInfoType(MeterID="M1", MeterReading=1234, MeterStatus=1)},
    "session": {"session_id": FOREIGN},
    "tuple": {"tuple_id": 2},
}


@pytest.mark.parametrize("kind", both("004", "RISE-018"))
@pytest.mark.parametrize("change", CHANGES)
def test_a_receipt_for_something_else(make: Any, kind: str, change: str) -> None:
    way, step = shown(make, kind)
    answer = way.send_signed(receipt(way, step, **CHANGES[change]))
    assert (answer.code, answer.closes, way.drive.session.state) == (WRONG, True, "METERING_RECEIPT")


@pytest.mark.parametrize("kind", both("005"))
def test_a_silent_ev(make: Any, kind: str) -> None:
    way, _ = shown(make, kind)
    assert way.drive.wait(59.9).output.close is None
    answer = way.drive.wait(0.2)
    assert (answer.output.response, answer.closes) == (None, True)


@pytest.mark.parametrize("kind", both("006", "RISE-018"))
def test_a_signature_of_somebody_else(make: Any, kind: str) -> None:
    way, step = shown(make, kind)
    answer = way.send_signed(receipt(way, step), foreign_pki().contract[0].key)
    assert (answer.code, answer.closes) == (WRONG, True)


@pytest.mark.parametrize("kind", both("007"))
def test_a_receipt_that_was_changed_after_it_was_signed(make: Any, kind: str) -> None:
    way, step = shown(make, kind)
    other = receipt(way, step, meter=iso2.MeterInfoType(MeterID="M1", MeterReading=1))
    answer = way.send_with(sign([Part(other)], way.ev.key), receipt(way, step))
    assert (answer.code, answer.closes) == (WRONG, True)


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_no_signature(make: Any, kind: str) -> None:
    way, step = shown(make, kind)
    assert way.drive.send(receipt(way, step)).code == WRONG


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_a_receipt_can_be_tried_again_if_the_site_leaves_the_end_to_the_ev(make: Any, kind: str) -> None:
    way, step = shown(make, kind, SessionSettings(close_on_failed=False))
    assert way.drive.send(receipt(way, step)).code == WRONG
    assert way.send_signed(receipt(way, step)).code == "OK"


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_the_link_thread_answers_between_receipts(make: Any, kind: str) -> None:
    """A response that asks for a receipt is the state machine's to give, all others are the link thread's."""
    way, step = shown(make, kind)
    drive = way.drive
    assert drive.session.loop_template(drive.now) is None
    way.send_signed(receipt(way, step))
    response, _ = drive.loop(loop_request(way, kind))
    assert (response.MeterInfo, bool(response.ReceiptRequired)) == (None, False)
    way.read_meter(1300.0)
    assert drive.session.loop_template(drive.now) is None
    assert drive.ok(loop_request(way, kind)).body.ReceiptRequired is True


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_a_renegotiation_after_a_receipt(make: Any, kind: str) -> None:
    way, step = shown(make, kind)
    way.send_signed(receipt(way, step))
    way.drive.ok(way.ev.power("Renegotiate", dc=kind == "dc"))
    assert way.drive.session.state == "CHARGE_PARAMETER_DISCOVERY"


def test_receipts_are_wanted_in_the_next_session_too(make: Any) -> None:
    way, step = shown(make, "dc")
    way.send_signed(receipt(way, step))
    way.to("ENDED")
    way.again()
    drive = way.to("CURRENT_DEMAND")
    way.read_meter(2000.0)
    assert drive.ok(way.ev.current_demand()).body.ReceiptRequired is True
