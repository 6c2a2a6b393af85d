"""ServiceDiscovery, ServiceDetail and ServiceSelection, by the ids of the public test purposes."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.session.iso20.settings import CustomVas, PriceStep, Tariff
from tests.session.iso20.conftest import PARKING, SERVICES, settings

CUSTOM = CustomVas(
    4660,
    {7: {"Coffee": True, "Cups": 3, "Price": 2.5, "Roast": "dark"}, 9: {"Coffee": False}},
    free=True,
)
EVERYTHING = settings(internet_ports=(443, 80), parking=PARKING, custom_vas=(CUSTOM,))


def listed(services: Any) -> list[tuple[int, bool]]:
    return [] if services is None else [(service.ServiceID, service.FreeService) for service in services.Service]


def sets_of(detail: Any) -> dict[int, dict[str, Any]]:
    """Read the parameter sets of a ServiceDetailRes."""
    kinds = ("boolValue", "byteValue", "shortValue", "intValue", "rationalNumber", "finiteString")
    return {
        offered.ParameterSetID: {
            parameter.Name: next(value for kind in kinds if (value := getattr(parameter, kind)) is not None)
            for parameter in offered.Parameter
        }
        for offered in detail.ServiceParameterList.ParameterSet
    }


# ServiceDiscovery

OFFERS = {
    "EV20-S-042": ("ac", ("AC_single_phase_core", "AC_three_phase_core", "AC_two_phase"), (), [1]),
    "EV20-S-043": ("dc", ("DC_core", "DC_extended", "WPT"), (), [2]),
    "EV20-S-044": ("mcs", ("MCS", "MCS_BPT"), (), [8, 9]),
    "EV20-S-046": ("dc", ("DC_extended", "DC_BPT"), (2,), [2]),
    "BPT first": ("dc", ("DC_BPT", "DC"), (), [6, 2]),
    "AC with DER": ("ac", ("AC_BPT_DER", "AC_BPT", "AC_DER_IEC", "AC_DER_SAE"), (), [5]),
    "AC and DC": ("ac", ("AC_three_phase_core", "DC_extended"), (), [1]),
    "DC and AC": ("dc", ("AC_three_phase_core", "DC_extended"), (), [2]),
    "the EV supports others, too": ("dc", ("DC_extended", "DC_BPT"), (1, 6, 65), [6]),
}


@pytest.mark.parametrize(("kind", "modes", "supported", "offered"), OFFERS.values(), ids=OFFERS)
def test_offered_energy_services(
    way: Any, ev: Any, kind: str, modes: tuple[str, ...], supported: tuple[int, ...], offered: list[int]
) -> None:
    drive = way(kind, energy_transfer_modes=modes).to("SERVICE_DISCOVERY")
    body = drive.ok(ev.service_discovery(*supported)).body
    assert listed(body.EnergyTransferServiceList) == [(service, False) for service in offered]
    assert (body.VASList, body.ServiceRenegotiationSupported) == (None, True)


def test_ev20_s_045_with_value_added_services(way: Any, ev: Any) -> None:
    drive = way("dc-bpt", settings=settings(parking=PARKING)).to("SERVICE_DISCOVERY")
    body = drive.ok(ev.service_discovery()).body
    assert listed(body.EnergyTransferServiceList) == [(2, False), (6, False)]
    assert listed(body.VASList) == [(66, False)]


def test_value_added_services_are_filtered_as_well(way: Any, ev: Any) -> None:
    everything = way(settings=EVERYTHING).to("SERVICE_DISCOVERY").ok(ev.service_discovery()).body
    assert listed(everything.VASList) == [(65, False), (66, False), (4660, True)]
    some = way(settings=EVERYTHING).to("SERVICE_DISCOVERY").ok(ev.service_discovery(2, 4660, 5000)).body
    assert listed(some.VASList) == [(4660, True)]


def test_an_ev_without_a_common_energy_service_is_refused(way: Any, ev: Any) -> None:
    step = way().to("SERVICE_DISCOVERY").send(ev.service_discovery(1, 3))
    assert (step.code, step.closes) == ("FAILED", True)


def test_modes_that_change_before_the_discovery_count(way: Any, ev: Any) -> None:
    drive = way("dc").to("SERVICE_DISCOVERY")
    drive.command("update_energy_transfer_modes", supported_energy_transfer_modes=["DC_BPT"])
    assert listed(drive.ok(ev.service_discovery()).body.EnergyTransferServiceList) == [(6, False)]
    other = way("dc").to("SERVICE_DISCOVERY")
    other.command("update_energy_transfer_modes", supported_energy_transfer_modes=["AC_BPT"])
    assert listed(other.ok(ev.service_discovery()).body.EnergyTransferServiceList) == [(2, False)]


def test_service_renegotiation_can_be_left_out(way: Any, ev: Any) -> None:
    drive = way(settings=settings(service_renegotiation=False)).to("SERVICE_DISCOVERY")
    assert drive.ok(ev.service_discovery()).body.ServiceRenegotiationSupported is False


# ServiceDetail

DC_SETS = {"Connector": 2, "MobilityNeedsMode": 1, "Pricing": 0}
BPT = {"BPTChannel": 1, "GeneratorMode": 1}
AC_SETS = {**DC_SETS, "Connector": 3, "EVSENominalVoltage": 230}
DETAILS = {
    "EV20-F-048": ("dc", DC_SETS),
    "EV20-F-049": ("dc-bpt", {**DC_SETS, **BPT}),
    "EV20-F-050": ("ac", AC_SETS),
    "EV20-F-051": ("ac-bpt", {**AC_SETS, **BPT, "DetectionMethodGridCodeIslanding": 2}),
    "EV20-F-052": ("mcs", {**DC_SETS, "Connector": 1}),
    "EV20-F-053": ("mcs-bpt", {**DC_SETS, **BPT, "Connector": 1}),
}


@pytest.mark.parametrize(("kind", "common"), DETAILS.values(), ids=DETAILS)
def test_parameter_sets_of_energy_services(way: Any, ev: Any, kind: str, common: dict[str, int]) -> None:
    """Also ECOG-021, OC-021: both control modes, the scheduled one first."""
    drive = way(kind, ac_connectors=("ThreePhase",)).to("SERVICE_DETAIL")
    body = drive.ok(ev.service_detail(SERVICES[kind][2])).body
    assert body.ServiceID == SERVICES[kind][2]
    assert sets_of(body) == {
        0: {**common, "ControlMode": 1},
        1: {**common, "ControlMode": 2},
        2: {**common, "ControlMode": 2, "MobilityNeedsMode": 2},
    }
    assert drive.session.state == "SERVICE_SELECTION"


def test_ev20_f_057_a_set_for_each_connector_and_control_mode(way: Any, ev: Any) -> None:
    policy = settings(mobility_needs=("EVCC",))
    drive = way("ac", settings=policy, ac_connectors=("SinglePhase", "ThreePhase")).to("SERVICE_DETAIL")
    sets = sets_of(drive.ok(ev.service_detail(1)).body)
    assert [(s["Connector"], s["ControlMode"]) for s in sets.values()] == [(1, 1), (1, 2), (3, 1), (3, 2)]


def test_ev20_f_058_a_schedule_keeps_to_the_needs_of_the_ev(way: Any, ev: Any) -> None:
    policy = settings(control_modes=("scheduled",), mobility_needs=("EVCC_SECC",))
    sets = sets_of(way(settings=policy).to("SERVICE_DETAIL").ok(ev.service_detail()).body)
    assert [(s["ControlMode"], s["MobilityNeedsMode"]) for s in sets.values()] == [(1, 1)]


def test_oc_021_the_order_of_the_control_modes_can_be_chosen(way: Any, ev: Any) -> None:
    policy = settings(control_modes=("dynamic", "scheduled"), mobility_needs=("EVCC",))
    sets = sets_of(way(settings=policy).to("SERVICE_DETAIL").ok(ev.service_detail()).body)
    assert [s["ControlMode"] for s in sets.values()] == [2, 1]


def test_prices_need_a_tariff(way: Any, ev: Any) -> None:
    tariff = Tariff("EUR", (PriceStep(3600, 0.4),))
    for chosen, pricing in ((None, [0, 0]), (tariff, [0, 1, 2, 0, 1, 2])):
        policy = settings(tariff=chosen, mobility_needs=("EVCC",))
        sets = sets_of(way(settings=policy).to("SERVICE_DETAIL").ok(ev.service_detail()).body)
        assert [s["Pricing"] for s in sets.values()] == pricing


def test_the_charger_says_how_it_discharges(way: Any, ev: Any) -> None:
    drive = way("ac-bpt")
    setup = {"bpt_channel": "Separated", "generator_mode": "GridForming", "grid_code_detection": "Active"}
    drive.drive.command("bpt_setup", bpt_config=setup)
    grid = {"nominal_frequency": 50.0, "nominal_voltage": 240.4, "connectors": ["ThreePhase"]}
    drive.drive.command("update_ac_parameters", ac_parameters=grid)
    (first, *_) = sets_of(drive.to("SERVICE_DETAIL").ok(ev.service_detail(5)).body).values()
    assert first == {
        "Connector": 3,
        "ControlMode": 1,
        "MobilityNeedsMode": 1,
        "Pricing": 0,
        "EVSENominalVoltage": 240,
        "BPTChannel": 2,
        "GeneratorMode": 2,
        "DetectionMethodGridCodeIslanding": 1,
    }


def test_no_more_parameter_sets_than_the_schema_allows(way: Any, ev: Any) -> None:
    policy = settings(control_modes=("dynamic",) * 20)
    assert len(sets_of(way(settings=policy).to("SERVICE_DETAIL").ok(ev.service_detail()).body)) == 32


VAS = {
    "EV20-F-054": (
        65,
        {4: {"Protocol": "https", "Port": 443}, 3: {"Protocol": "http", "Port": 80}},
    ),
    "EV20-F-055": (
        66,
        {0: {"IntendedService": 1, "ParkingStatusType": 1}, 1: {"IntendedService": 2, "ParkingStatusType": 1}},
    ),
}


@pytest.mark.parametrize(("service", "sets"), VAS.values(), ids=VAS)
def test_parameter_sets_of_value_added_services(
    way: Any, ev: Any, service: int, sets: dict[int, dict[str, Any]]
) -> None:
    drive = way(settings=EVERYTHING).to("SERVICE_DETAIL")
    assert sets_of(drive.ok(ev.service_detail(service)).body) == sets
    assert drive.session.state == "SERVICE_SELECTION"


def test_ev20_f_056_a_service_of_the_site_s_own(way: Any, ev: Any) -> None:
    first, second = sets_of(way(settings=EVERYTHING).to("SERVICE_DETAIL").ok(ev.service_detail(4660)).body).items()
    assert (first[0], second) == (7, (9, {"Coffee": False}))
    price = first[1].pop("Price")
    assert price.Value * 10.0**price.Exponent == 2.5
    assert first[1] == {"Coffee": True, "Cups": 3, "Roast": "dark"}


def test_each_internet_port_has_its_own_set(way: Any, ev: Any) -> None:
    policy = settings(internet_ports=(20, 21, 80, 443))
    sets = sets_of(way(settings=policy).to("SERVICE_DETAIL").ok(ev.service_detail(65)).body)
    assert {number: s["Port"] for number, s in sets.items()} == {1: 20, 2: 21, 3: 80, 4: 443}


@pytest.mark.parametrize("service", [1, 6, 65, 0, 65535])
@pytest.mark.parametrize("state", ["SERVICE_DETAIL", "SERVICE_SELECTION"])
def test_ev20_f_047_a_service_that_is_not_offered(way: Any, ev: Any, state: str, service: int) -> None:
    """Also OC-020, ECOG-021."""
    drive = way().to(state)
    step = drive.send(ev.service_detail(service))
    assert (step.code, step.closes, drive.session.state) == ("FAILED_ServiceIDInvalid", True, state)
    assert step.body.ServiceID == service


# ServiceSelection

SELECTIONS = {
    "EV20-S-063": ("dc", "DC", "Extended", None),
    "EV20-S-064": ("dc-bpt", "DC_BPT", "Extended", "Unified"),
    "EV20-S-065": ("ac", "AC", "ThreePhase", None),
    "EV20-S-066": ("ac-bpt", "AC_BPT", "ThreePhase", "Unified"),
    "EV20-S-067": ("mcs", "MCS", "Mcs", None),
    "EV20-S-068": ("mcs-bpt", "MCS_BPT", "Mcs", "Unified"),
}


@pytest.mark.parametrize("control_mode", ["Scheduled", "Dynamic"])
@pytest.mark.parametrize(("kind", "category", "connector", "channel"), SELECTIONS.values(), ids=SELECTIONS)
def test_a_selection(
    way: Any, ev: Any, kind: str, category: str, connector: str, channel: str | None, control_mode: str
) -> None:
    made = way(kind, control_mode, ac_connectors=("ThreePhase",))
    drive = made.to("SERVICE_SELECTION")
    step = drive.ok(ev.service_selection(made.service, made.set_id))
    expected = {
        "energy_transfer": category,
        "connector": connector,
        "control_mode": f"{control_mode}Control",
        "mobility_needs_mode": "EVCC",
        "pricing": "NoPricing",
    }
    if channel is not None:
        expected |= {"bpt_channel": channel, "generator_mode": "GridFollowing"}
    assert step.value("selected_service_parameters") == expected
    assert drive.session.state == f"{made.energy.upper()}_CHARGE_PARAMETER_DISCOVERY"


@pytest.mark.parametrize(
    "vas",
    [
        pytest.param(((65, 4), (66, 0)), id="EV20-S-069"),
        pytest.param(((4660, 9),), id="EV20-S-070"),
    ],
)
def test_a_selection_with_value_added_services(way: Any, ev: Any, vas: tuple[tuple[int, int], ...]) -> None:
    drive = way(settings=EVERYTHING).to("SERVICE_SELECTION")
    for service, _ in vas:
        drive.ok(ev.service_detail(service))
    step = drive.ok(ev.service_selection(2, 0, *vas))
    assert step.value("selected_service_parameters")["energy_transfer"] == "DC"


INVALID = "FAILED_ServiceSelectionInvalid"
NO_ENERGY = "FAILED_NoEnergyTransferServiceSelected"
REFUSED = {
    "EV20-S-059": ((2, 99), (), (), INVALID),
    "EV20-S-060": ((1, 0), (), (), NO_ENERGY),
    "EV20-S-060 a value-added service": ((65, 4), (65,), (), NO_ENERGY),
    "EV20-S-061": ((2, 0), (), ((5000, 0),), INVALID),
    "EV20-S-062": ((2, 0), (65,), ((65, 1),), INVALID),
    "OC-020 energy service whose detail was never asked": ((6, 0), (), (), INVALID),
    "OC-020 value-added service whose detail was never asked": ((2, 0), (66,), ((65, 4),), INVALID),
}


@pytest.mark.parametrize(("energy", "asked", "vas", "code"), REFUSED.values(), ids=REFUSED)
def test_a_selection_that_is_refused(
    way: Any, ev: Any, energy: tuple[int, int], asked: Any, vas: Any, code: str
) -> None:
    made = way("dc", settings=EVERYTHING, energy_transfer_modes=("DC_extended", "DC_BPT"))
    drive = made.to("SERVICE_SELECTION")
    for service in asked:
        drive.ok(ev.service_detail(service))
    step = drive.send(ev.service_selection(*energy, *vas))
    assert (step.code, step.closes, drive.session.state) == (code, True, "SERVICE_SELECTION")
    assert "selected_service_parameters" not in step.names


def test_a_filtered_service_cannot_be_selected(way: Any, ev: Any) -> None:
    drive = way("dc-bpt").to("SERVICE_DISCOVERY")
    drive.ok(ev.service_discovery(2))
    assert drive.send(ev.service_detail(6)).code == "FAILED_ServiceIDInvalid"


# VehicleCheckIn, VehicleCheckOut


def parked(way: Any, ev: Any, *sets: int) -> Any:
    drive = way(settings=EVERYTHING).to("SERVICE_SELECTION")
    drive.ok(ev.service_detail(66))
    drive.ok(ev.service_selection(2, 0, *((66, number) for number in sets)))
    return drive


def test_check_in_and_check_out_beside_the_other_messages(way: Any, ev: Any) -> None:
    drive = parked(way, ev, 0)
    step = drive.send(ev.check_in(), payload_type=0x8104)
    assert (step.code, drive.session.state) == ("OK", "DC_CHARGE_PARAMETER_DISCOVERY")
    drive.ok(ev.cpd())
    drive = parked(way, ev, 1)
    said = [drive.send(ev.check_out(status), payload_type=0x8104).body for status in ("CheckOut", "Processing")]
    assert [body.EVSECheckOutStatus for body in said] == ["Scheduled", "Scheduled"]
    assert drive.send(ev.check_out("Completed"), payload_type=0x8104).body.EVSECheckOutStatus == "Completed"
    drive.ok(ev.cpd())


def test_they_do_not_keep_a_silent_ev_s_connection_open(way: Any, ev: Any) -> None:
    drive = parked(way, ev, 0)
    drive.wait(59.0)
    drive.send(ev.check_in(), payload_type=0x8104)
    assert drive.wait(1.1).closes


@pytest.mark.parametrize(
    ("sets", "name", "stream"),
    [
        pytest.param((), "check_in", 0x8104, id="nothing selected"),
        pytest.param((), "check_out", 0x8104, id="nothing selected to leave"),
        pytest.param((1,), "check_in", 0x8104, id="only check-out is selected"),
        pytest.param((0,), "check_out", 0x8104, id="only check-in is selected"),
        pytest.param((0,), "check_in", 0x8002, id="on the main stream"),
        pytest.param((0,), "check_in", 0x8101, id="on another stream"),
        pytest.param((0,), "stop", 0x8104, id="another request on its stream"),
    ],
)
def test_what_does_not_belong_there_is_refused(
    way: Any, ev: Any, sets: tuple[int, ...], name: str, stream: int
) -> None:
    drive = parked(way, ev, *sets)
    step = drive.send(getattr(ev, name)(), payload_type=stream)
    assert (step.code, step.closes) == ("FAILED_SequenceError", True)


def test_a_foreign_session_id_on_the_parking_stream(way: Any, ev: Any) -> None:
    step = parked(way, ev, 0).send(ev.check_in(), session_id=bytes(8), payload_type=0x8104)
    assert (step.code, step.closes) == ("FAILED_UnknownSession", True)
