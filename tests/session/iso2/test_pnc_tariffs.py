"""Sales tariffs: offered to EVs with a contract, cut to the schedule, signed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from fastsecc import exi
from fastsecc.errors import SignatureError
from fastsecc.security.signature import ISO2, Part, verify
from fastsecc.session.api import SessionSettings
from fastsecc.session.iso2.settings import Iso2Settings, SalesTariff, TariffStep
from tests.session.iso2.pnc import ContractWay, contract_way, foreign_pki, pki

KINDS = ("ac", "dc")
LOOP = {"ac": "CHARGING_STATUS_OR_POWER_DELIVERY", "dc": "CURRENT_DEMAND_OR_POWER_DELIVERY"}
STOPPED = {"ac": "SESSION_STOP", "dc": "WELDING_DETECTION_OR_SESSION_STOP"}
STEPS = (TariffStep(1800, 2), TariffStep(3600, 1), TariffStep(600, 3))
DAY_s = 86_400


def settings(*, signed: bool = True, steps: tuple[TariffStep, ...] = STEPS) -> SessionSettings:
    return SessionSettings(
        iso2=Iso2Settings(sales_tariff=SalesTariff(steps, "Night and day")),
        sales_tariff_key=pki().contract[1].key if signed else None,
    )


def ask(way: ContractWay, kind: str, departure_s: int | None = None, entries: int | None = None) -> Any:
    body = way.ev.cpd_ac if kind == "ac" else way.ev.cpd_dc
    return way.drive.ok(body(DepartureTime=departure_s, entries=entries))


def tariff_of(step: Any) -> Any:
    (offered,) = step.body.SASchedules.SAScheduleTuple
    return offered.SalesTariff


def check(step: Any, duration_s: int, most: int | None) -> None:
    """The tariff is signed, and covers the schedule as far as the EV takes entries."""
    (offered,) = step.body.SASchedules.SAScheduleTuple
    tariff = offered.SalesTariff
    entries = tariff.SalesTariffEntry
    spans = [(entry.TimeInterval.start, entry.TimeInterval.duration) for entry in entries]
    assert spans[0][0] == 0
    assert all(start + length == after for (start, length), (after, _) in pairwise(spans))
    assert len(entries) <= (most or 1024)
    assert len(offered.PMaxSchedule.PMaxScheduleEntry) <= (most or 1024)
    if most is None:
        assert sum(length for _, length in spans) == duration_s
        assert [entry.EPriceLevel for entry in entries] == [2, 1, 3]
    assert (tariff.NumEPriceLevels, tariff.SalesTariffID) == (3, offered.SAScheduleTupleID)
    sent = exi.decode(exi.encode(step.output.response), "iso2")  # as the EV sees it
    (received,) = sent.Body.BodyElement.SASchedules.SAScheduleTuple
    parts = [Part(received.SalesTariff, "SalesTariff")]
    verify(sent.Header.Signature, parts, pki().contract[1].key.public_key(), ISO2)
    with pytest.raises(SignatureError):
        verify(sent.Header.Signature, parts, foreign_pki().contract[1].key.public_key(), ISO2)


FIRST = {"008": (None, None), "010": (7200, None), "013": (None, 2), "015": (7200, 2)}
RENEGOTIATED = {"009": (None, None), "024": (7200, None), "026": (None, 2), "027": (7200, 2)}
RESUMED = {
    "011": (None, None),
    "018": (7200, None),
    "020": (None, 3),
    "021": (7200, 3),
    "030": (None, None),
    "032": (7200, None),
    "034": (None, 3),
    "035": (7200, 3),
}


def cases(purposes: dict[str, tuple[int | None, int | None]]) -> list[Any]:
    return [
        pytest.param(kind, *values, id=f"{kind.upper()}_ChargeParameterDiscovery_{number}")
        for kind in KINDS
        for number, values in purposes.items()
    ]


@pytest.mark.parametrize(("kind", "departure_s", "most"), cases(FIRST))
def test_with_the_first_schedule(make: Any, kind: str, departure_s: int | None, most: int | None) -> None:
    way = contract_way(make, kind, settings=settings())
    way.to("CHARGE_PARAMETER_DISCOVERY")
    check(ask(way, kind, departure_s, most), departure_s or DAY_s, most)


@pytest.mark.parametrize(("kind", "departure_s", "most"), cases(RENEGOTIATED))
def test_after_a_renegotiation(make: Any, kind: str, departure_s: int | None, most: int | None) -> None:
    way = contract_way(make, kind, settings=settings())
    way.to(LOOP[kind]).ok(way.ev.power("Renegotiate", dc=kind == "dc"))
    check(ask(way, kind, departure_s, most), departure_s or DAY_s, most)


@pytest.mark.parametrize(("kind", "departure_s", "most"), cases(RESUMED))
def test_in_a_resumed_session_it_is_the_one_of_before(
    make: Any, kind: str, departure_s: int | None, most: int | None
) -> None:
    """The schedule that was selected is offered again, and its tariff signed again."""
    way = contract_way(make, kind, settings=settings())
    way.to("CHARGE_PARAMETER_DISCOVERY")
    before = tariff_of(ask(way, kind, departure_s, most))
    drive = way.to(STOPPED[kind])
    session_id = drive.session.session_id
    drive.ok(way.ev.stop("Pause"))
    way.again()
    drive.send(way.ev.session_setup(), session_id=session_id)
    drive.ok(way.ev.service_discovery())
    drive.ok(way.ev.contract_payment())
    way.show_contract()
    way.prove()
    step = ask(way, kind, departure_s, most)
    assert tariff_of(step) == before
    check(step, departure_s or DAY_s, most)


@pytest.mark.parametrize("kind", KINDS)
def test_without_key_it_is_not_signed(make: Any, kind: str) -> None:
    way = contract_way(make, kind, settings=settings(signed=False))
    way.to("CHARGE_PARAMETER_DISCOVERY")
    step = ask(way, kind)
    assert tariff_of(step) is not None
    assert step.output.response.Header.Signature is None


@pytest.mark.parametrize("kind", KINDS)
def test_without_contract_there_is_none(way: Any, ev: Any, kind: str) -> None:
    made = way(kind, settings())
    made.to("CHARGE_PARAMETER_DISCOVERY")
    step = made.drive.ok(getattr(ev, f"cpd_{kind}")())
    assert (tariff_of(step), step.output.response.Header.Signature) == (None, None)


def test_without_tariff_there_is_nothing_to_sign(make: Any) -> None:
    way = contract_way(make, "dc", settings=SessionSettings(sales_tariff_key=pki().contract[1].key))
    way.to("CHARGE_PARAMETER_DISCOVERY")
    step = ask(way, "dc")
    assert (tariff_of(step), step.output.response.Header.Signature) == (None, None)


def test_a_tariff_that_is_longer_than_the_schedule_is_cut(make: Any) -> None:
    way = contract_way(make, "ac", settings=settings(steps=(TariffStep(3600, 2), TariffStep(7200, 1))))
    way.to("CHARGE_PARAMETER_DISCOVERY")
    (entry,) = tariff_of(ask(way, "ac", 1800)).SalesTariffEntry
    assert (entry.TimeInterval.duration, entry.EPriceLevel) == (1800, 2)


def test_a_step_that_is_longer_than_can_be_said_is_said_in_parts(make: Any) -> None:
    way = contract_way(make, "ac", settings=settings(steps=(TariffStep(1, 4),)))
    way.to("CHARGE_PARAMETER_DISCOVERY")
    entries = tariff_of(ask(way, "ac", DAY_s + 10)).SalesTariffEntry
    assert [(entry.TimeInterval.start, entry.TimeInterval.duration) for entry in entries] == [(0, DAY_s), (DAY_s, 10)]
    assert {entry.EPriceLevel for entry in entries} == {4}
