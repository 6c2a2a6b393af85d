"""SAE J2847/2: discharging an EV over ISO 15118-2 DC (interface-semantics, section D.8)."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from fastsecc.messages import iso2
from fastsecc.session.loop import answer_from_template
from fastsecc.session.physical import achieved
from tests.session.iso2.conftest import Requests, U, Way, pv
from tests.session.test_equivalence import heard, settings

SERVICES = {"V2H": 28472, "V2G": 28473}
CPD = "CHARGE_PARAMETER_DISCOVERY"
SETUP = {"evse_id": {"evse_id": "DE*ABC*E1"}, "debug_mode": False}
GIVES = {"EVMaximumCurrentLimit": pv(U.A, -50), "EVMaximumPowerLimit": pv(U.W, -20_000, 0)}


class DischargingRequests(Requests):
    """An EV that takes what is offered and, in V2H, says in every ChargeParameterDiscoveryReq what it gives."""

    def __init__(self, mode: str, minimum_soc: int = 30) -> None:
        self.mode, self.minimum_soc = mode, minimum_soc

    def payment(self, option: str = "ExternalPayment", services: tuple[int, ...] | None = None) -> Any:
        return super().payment(option, (1, SERVICES[self.mode]) if services is None else services)

    def cpd_dc(self, mode: str = "DC_extended", **values: Any) -> Any:
        gives = {**GIVES, "BulkSOC": self.minimum_soc} if self.mode == "V2H" else {}
        return super().cpd_dc(mode, **{**gives, **values})


def start(make: Any, mode: str, state: str, **values: Any) -> tuple[Any, DischargingRequests]:
    """Go on to a state with an EV that discharges."""
    ev = DischargingRequests(mode)
    way = Way(make.dc(settings(), sae_j2847_mode=mode, **values), ev)
    if mode == "V2H" and state not in ("PAYMENT_SERVICE_SELECTION", CPD):
        assert way.to(CPD).ok(ev.cpd_dc()).body.EVSEProcessing == "Ongoing"
    return way.to(state), ev


# the service


@pytest.mark.parametrize("mode", SERVICES)
def test_the_service_is_offered_and_selected(make: Any, mode: str) -> None:
    way = Way(make.dc(sae_j2847_mode=mode), Requests())
    drive = way.to("SERVICE_DISCOVERY")
    (service,) = drive.ok(iso2.ServiceDiscoveryReq()).body.ServiceList.Service
    assert (service.ServiceID, service.ServiceName) == (SERVICES[mode], f"SAE J2847/2 {mode}")
    assert (service.ServiceCategory, service.FreeService, service.ServiceScope) == ("OtherCustom", True, None)
    detail = drive.ok(iso2.ServiceDetailReq(ServiceID=service.ServiceID)).body
    assert (detail.ServiceID, detail.ServiceParameterList) == (service.ServiceID, None)
    step = drive.ok(Requests().payment(services=(1, service.ServiceID)))
    assert step.names == ["selected_payment_option", "sae_bidi_mode_active"]


def test_an_ev_that_does_not_select_it_charges_as_ever(make: Any) -> None:
    way = Way(make.dc(sae_j2847_mode="V2H"), Requests())
    assert way.to("AUTHORIZATION").published == ["evcc_id", "selected_payment_option"]
    assert way.to(CPD).send(Requests().cpd_dc(**GIVES)).code == "FAILED_WrongChargeParameter"


@pytest.mark.parametrize("service", [28472, 28473, 28474])
def test_a_service_that_is_not_offered_is_refused(make: Any, service: int) -> None:
    drive = Way(make.dc(sae_j2847_mode="V2G" if service == 28472 else "V2H"), Requests()).to(
        "PAYMENT_SERVICE_SELECTION"
    )
    step = drive.send(Requests().payment(services=(1, service)))
    assert (step.code, step.names) == ("FAILED_ServiceSelectionInvalid", [])


def test_a_service_that_is_not_offered_has_no_detail(make: Any) -> None:
    drive = Way(make.dc(sae_j2847_mode="V2G"), Requests()).to("PAYMENT_SERVICE_SELECTION")
    assert drive.send(iso2.ServiceDetailReq(ServiceID=28472)).code == "FAILED_ServiceIDInvalid"


@pytest.mark.parametrize(("category", "listed"), [("EVCharging", False), ("Internet", False), ("OtherCustom", True)])
def test_a_service_category_filters_the_list(make: Any, category: str, listed: bool) -> None:
    drive = Way(make.dc(sae_j2847_mode="V2G"), Requests()).to("SERVICE_DISCOVERY")
    request = iso2.ServiceDiscoveryReq(ServiceCategory=iso2.ServiceCategoryType(category))
    assert (drive.ok(request).body.ServiceList is not None) is listed


def test_ac_has_no_such_service(make: Any) -> None:
    drive = Way(make.ac(sae_j2847_mode="V2G"), Requests()).to("SERVICE_DISCOVERY")
    assert drive.ok(iso2.ServiceDiscoveryReq()).body.ServiceList is None


def test_setup_changes_the_next_session_and_none_takes_the_service_back(make: Any) -> None:
    ev = DischargingRequests("V2G")
    way = Way(make.dc(sae_j2847_mode="V2G"), ev)
    drive = way.to("SERVICE_DISCOVERY")
    drive.command("setup", sae_j2847_mode="None", **SETUP)
    assert drive.ok(ev.service_discovery()).body.ServiceList is not None
    assert "sae_bidi_mode_active" in drive.ok(ev.payment()).names
    way.again()
    drive.ok(ev.session_setup())
    assert drive.ok(ev.service_discovery()).body.ServiceList is None


# V2G


def test_v2g_carries_negative_limits_currents_and_targets(make: Any) -> None:
    drive, ev = start(make, "V2G", "CURRENT_DEMAND")
    limits = {
        "evse_maximum_current_limit": -350.5,
        "evse_maximum_power_limit": -40_000,
        "evse_maximum_voltage_limit": 500,
    }
    drive.command("update_dc_maximum_limits", maximum_limits=limits)
    present = {"evse_present_voltage": 400.0, "evse_present_current": -49.94}
    drive.command("update_dc_present_values", present_voltage_current=present)
    body, step = drive.loop(ev.current_demand(current=-50))
    assert body.EVSEPresentCurrent == pv(U.A, -49.9)
    assert body.EVSEMaximumCurrentLimit == pv(U.A, -350.5)
    assert body.EVSEMaximumPowerLimit == pv(U.W, -40_000, 0)
    assert step.output.variables[1].payload.dc_ev_target_current == -50.0  # beyond its range: not for `value`


def test_v2g_wants_positive_limits_of_the_ev_when_it_sets_up(make: Any) -> None:
    drive, ev = start(make, "V2G", CPD)
    assert drive.send(ev.cpd_dc(**GIVES)).code == "FAILED_WrongChargeParameter"


@pytest.mark.parametrize(
    ("target", "limit", "reached"),
    [
        (-20.0, -20.0, True),
        (-30.0, -20.0, True),
        (-10.0, -20.0, False),
        (0.0, -20.0, False),
        (10.0, -20.0, False),
        (-10.0, 20.0, False),
        (20.0, 20.0, True),
        (0.0, 0.0, True),
    ],
)
def test_a_negative_limit_is_reached_from_above(make: Any, target: float, limit: float, reached: bool) -> None:
    assert achieved(target, pv(U.A, limit)) is reached
    drive, ev = start(make, "V2G", "CURRENT_DEMAND")
    limits = {
        "evse_maximum_current_limit": limit,
        "evse_maximum_power_limit": limit * 400,
        "evse_maximum_voltage_limit": 500,
    }
    drive.command("update_dc_maximum_limits", maximum_limits=limits)
    body, _ = drive.loop(ev.current_demand(voltage=400, current=target))
    assert (body.EVSECurrentLimitAchieved, body.EVSEPowerLimitAchieved) == (reached, reached)
    assert not body.EVSEVoltageLimitAchieved


# V2H


def test_v2h_settles_what_the_ev_gives_in_the_second_parameters(make: Any) -> None:
    ev = DischargingRequests("V2H")
    drive = Way(make.dc(sae_j2847_mode="V2H"), ev).to(CPD)
    first = drive.ok(Requests().cpd_dc())
    assert (first.body.EVSEProcessing, first.body.SASchedules) == ("Ongoing", None)
    second = drive.ok(ev.cpd_dc())
    assert (second.body.EVSEProcessing, drive.session.state) == ("Finished", "CABLE_CHECK")
    limits = second.output.variables[2].payload
    assert (limits.dc_ev_maximum_current_limit, limits.dc_ev_maximum_power_limit) == (-50.0, -20_000.0)
    assert second.value("dc_bulk_soc") == 30.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"BulkSOC": None},
        {"EVMaximumPowerLimit": None},
        {"EVMaximumPowerLimit": pv(U.W, 20_000, 0)},
        {"EVMaximumCurrentLimit": pv(U.A, 50)},
        {"EVMaximumCurrentLimit": pv(U.A, 0)},
    ],
    ids=["no BulkSOC", "no power", "takes power", "takes current", "no current"],
)
def test_v2h_needs_all_of_it(make: Any, wrong: dict[str, Any]) -> None:
    ev = DischargingRequests("V2H")
    drive = Way(make.dc(sae_j2847_mode="V2H"), ev).to(CPD)
    drive.ok(ev.cpd_dc(**wrong))
    step = drive.send(ev.cpd_dc(**wrong))
    assert (step.code, step.names, step.closes) == ("FAILED_WrongEnergyTransferMode", [], True)


def test_v2h_never_takes_a_negative_voltage(make: Any) -> None:
    ev = DischargingRequests("V2H")
    drive = Way(make.dc(sae_j2847_mode="V2H"), ev).to(CPD)
    assert drive.send(ev.cpd_dc(EVMaximumVoltageLimit=pv(U.V, -400))).code == "FAILED_WrongChargeParameter"


def test_the_memory_of_the_first_parameters_is_the_sessions(make: Any) -> None:
    ev = DischargingRequests("V2H")
    way = Way(make.dc(sae_j2847_mode="V2H"), ev)
    for _ in range(2):
        drive = way.to(CPD)
        assert [drive.ok(ev.cpd_dc()).body.EVSEProcessing for _ in range(2)] == ["Ongoing", "Finished"]
        way.again()


def test_renegotiation_needs_the_parameters_but_not_twice(make: Any) -> None:
    drive, ev = start(make, "V2H", "CURRENT_DEMAND_OR_POWER_DELIVERY")
    drive.ok(ev.power("Renegotiate", dc=True))
    assert drive.ok(ev.cpd_dc()).body.EVSEProcessing == "Finished"


def code_of(body: Any) -> str:
    return str(body.DC_EVSEStatus.EVSEStatusCode)


def test_v2h_shuts_down_when_the_ev_has_given_all(make: Any) -> None:
    drive, ev = start(make, "V2H", "CURRENT_DEMAND")
    codes = [code_of(drive.ok(ev.current_demand(soc=soc)).body) for soc in (32, 31, 30, 30, 29, 31, 31)]
    ready, shutdown = "EVSE_Ready", "EVSE_Shutdown"
    assert codes == [ready, ready, ready, shutdown, shutdown, shutdown, ready]
    drive.command("send_error", error="Error_Malfunction")
    drive.ok(ev.current_demand(soc=30))
    assert code_of(drive.ok(ev.current_demand(soc=30)).body) == "EVSE_Malfunction"


def test_v2g_discharges_to_any_state_of_charge(make: Any) -> None:
    drive, ev = start(make, "V2G", "CURRENT_DEMAND")
    assert [code_of(drive.ok(ev.current_demand(soc=soc)).body) for soc in (20, 1, 0)] == ["EVSE_Ready"] * 3


def test_the_first_answer_of_the_loop_is_that_of_the_template(make: Any) -> None:
    """An empty EV is told so with the next answer, whoever gives the first."""
    drive, ev = start(make, "V2H", "CURRENT_DEMAND")
    template = drive.session.loop_template(drive.now)
    request = drive.message(ev.current_demand(soc=10))
    expected = answer_from_template(template, request, drive.now, 0)
    assert drive.receive(request).output.response == expected
    assert code_of(drive.session.loop_template(drive.now).fresh.Body.BodyElement) == "EVSE_Shutdown"


@pytest.mark.parametrize("mode", SERVICES)
@pytest.mark.parametrize("seed", range(20))
def test_who_answers_makes_no_difference_to_an_ev_that_discharges(make: Any, mode: str, seed: int) -> None:
    random = Random(f"{mode}-{seed}")
    (machine, ev), (link, _) = start(make, mode, "CURRENT_DEMAND"), start(make, mode, "CURRENT_DEMAND")
    values = (-100.0, -50.05, -50.0, -0.5, 0.0, 20.0)
    for _ in range(30):
        current, power, present = (random.choice(values) for _ in range(3))
        limits = {
            "evse_maximum_current_limit": current,
            "evse_maximum_power_limit": power * 400,
            "evse_maximum_voltage_limit": 500,
        }
        shown = {"evse_present_voltage": 400.0, "evse_present_current": present}
        request = ev.current_demand(400.0, random.choice(values), soc=random.randint(28, 33))
        for drive in (machine, link):
            drive.command("update_dc_maximum_limits", maximum_limits=limits)
            drive.command("update_dc_present_values", present_voltage_current=shown)
        response, _ = link.loop(request)
        assert response == machine.send(request).body
    assert link.ok(ev.power("Stop", dc=True)).body == machine.ok(ev.power("Stop", dc=True)).body
    assert heard(link) == heard(machine)
