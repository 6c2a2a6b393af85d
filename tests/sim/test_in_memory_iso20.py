"""ISO 15118-20 sessions pass in memory: EV, session core and simulated charger on one fake clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fastsecc.errors import EvError
from fastsecc.session.api import SessionSettings
from fastsecc.session.iso20.settings import CustomVas, Iso20Settings, Parking, PriceStep, Tariff
from fastsecc.sim.battery import Battery, battery_for
from fastsecc.sim.ev import Ev, EvSettings
from fastsecc.sim.ev.values import number
from fastsecc.sim.power import AcRatings, DcRatings
from fastsecc.sim.settings import SimulatorSettings
from tests.sim.bench import Bench

ENERGIES = ("dc", "ac", "dc-bpt", "ac-bpt", "mcs", "mcs-bpt")
MODES = (("scheduled", "EVCC"), ("dynamic", "EVCC"), ("dynamic", "EVCC_SECC"))
DC = EvSettings(protocol="iso20", energy="dc", cycles=40)
AC = EvSettings(protocol="iso20", energy="ac", cycles=40)
WISHES = [
    replace(DC, energy=energy, control=control, mobility_needs=needs) for energy in ENERGIES for control, needs in MODES
]
EVERY = pytest.mark.parametrize("wishes", WISHES, ids=lambda w: f"{w.energy}-{w.control}-{w.mobility_needs}")
BOTH = pytest.mark.parametrize("wishes", [DC, AC], ids=["dc", "ac"])
CONTROLS = pytest.mark.parametrize("control", ["scheduled", "dynamic"])
SITE = Iso20Settings(
    tariff=Tariff("EUR", (PriceStep(3600, 0.31), PriceStep(3600, 0.62))),
    departure_time_s=5400,
    target_soc_percent=60,
    minimum_soc_percent=15,
    internet_ports=(80, 443),
    parking=(Parking("VehicleCheckIn", "AutoInternal"),),
    custom_vas=(CustomVas(4711, {1: {"Coffee": True}}),),
    standby_allowed=True,
)


def bench_for(wishes, site=None, **settings):
    bench = Bench(SimulatorSettings(energy=wishes.energy, **settings))
    if site is not None:
        bench.session_settings = SessionSettings(wall_clock_s=bench._unix_s, iso20=site)
    return bench


def loop_of(wishes):
    return "AC_ChargeLoopReq" if wishes.is_ac else "DC_ChargeLoopReq"


def answers(bench, name):
    return [response for asked, response in bench.exchanged if asked == name]


def values(bench, name):
    return [value for published, value in bench.variables if published == name]


@EVERY
def test_a_session_passes(wishes):
    """From supportedAppProtocol to SessionStop; energy flows, and both sides count the same."""
    bench = bench_for(wishes)
    result = bench.charge(Ev(wishes))
    assert result.ok, result.reason
    assert result.cycles == 40
    assert bench.exchanged[-1][0] == "SessionStopReq"
    assert result.energy_wh > 0
    assert result.energy_wh == pytest.approx(bench.simulated.outlet.meter.energy_wh, rel=0.35)
    assert bench.simulated.deadline is None, "the charger rests"
    assert {response.ResponseCode for _, response in bench.exchanged[2:]} == {"OK"}


@EVERY
def test_the_charger_hears_what_was_selected(wishes):
    bench = bench_for(wishes)
    bench.charge(Ev(wishes))
    (selected,) = values(bench, "selected_service_parameters")
    assert selected["energy_transfer"] == wishes.energy.upper().replace("-", "_")
    assert selected["control_mode"] == f"{wishes.control.capitalize()}Control"
    assert selected["mobility_needs_mode"] == wishes.mobility_needs
    connector = "ThreePhase" if wishes.is_ac else "Mcs" if wishes.is_megawatt else "Extended"
    assert selected["connector"] == connector
    assert selected.get("bpt_channel") == ("Unified" if wishes.bidirectional else None)


def milestones(bench, *names):
    return [name for name in bench.names() if name in names]


@pytest.mark.parametrize("energy", ["dc", "dc-bpt", "mcs"])
@CONTROLS
def test_vars_of_a_dc_session_come_in_the_interfaces_order(energy, control):
    wishes = replace(DC, energy=energy, control=control)
    bench = bench_for(wishes)
    bench.charge(Ev(wishes))
    expected = [
        "selected_protocol",
        "evcc_id",
        "require_auth_eim",
        "selected_service_parameters",
        "start_cable_check",
        "start_pre_charge",
        "v2g_setup_finished",
        "current_demand_started",
        "current_demand_finished",
        "dc_open_contactor",
        "ev_termination",
        "dlink_terminate",
    ]
    assert milestones(bench, *expected) == expected
    assert "hlc_session_failed" not in bench.names()


@pytest.mark.parametrize("energy", ["ac", "ac-bpt"])
@CONTROLS
def test_vars_of_an_ac_session_come_in_the_interfaces_order(energy, control):
    wishes = replace(AC, energy=energy, control=control)
    bench = bench_for(wishes)
    bench.charge(Ev(wishes))
    expected = [
        "selected_protocol",
        "evcc_id",
        "require_auth_eim",
        "selected_service_parameters",
        "v2g_setup_finished",
        "ac_close_contactor",
        "current_demand_started",
        "current_demand_finished",
        "ac_open_contactor",
        "ev_termination",
        "dlink_terminate",
    ]
    assert milestones(bench, *expected) == expected


@pytest.mark.parametrize(("energy", "expected_a"), [("dc", 200), ("mcs", 1270)])
@CONTROLS
def test_current_is_what_the_battery_takes(energy, expected_a, control):
    wishes = replace(DC, energy=energy, control=control, cycles=60)
    bench = bench_for(wishes)
    battery = battery_for(energy, 50)
    bench.charge(Ev(wishes, battery))
    last = number(answers(bench, "DC_ChargeLoopReq")[-1].EVSEPresentCurrent)
    assert last == pytest.approx(battery.target_current_a, rel=0.01)
    assert last == pytest.approx(expected_a, rel=0.03)


@EVERY
def test_battery_fills_to_what_is_wanted_while_time_flies(wishes):
    """The EV's own target, or in EVCC_SECC the site's, which is lower."""
    bench = bench_for(wishes, SITE, time_lapse=600)
    wishes = replace(wishes, cycles=None, target_soc_percent=70)
    result = bench.charge(Ev(wishes, battery_for(wishes.energy, 50, 600)))
    assert result.ok
    assert result.reason.startswith(
        "state of charge 6" if wishes.mobility_needs == "EVCC_SECC" else "state of charge 7"
    )


# giving energy back


@pytest.mark.parametrize("energy", ["dc-bpt", "mcs-bpt", "ac-bpt"])
@CONTROLS
def test_energy_flows_back_for_a_while(energy, control):
    """With a schedule it is the EV that decides, in the dynamic control mode the charger."""
    begin = 40 if control == "scheduled" else None
    wishes = replace(DC, energy=energy, control=control, cycles=120, discharge_after_cycles=begin, discharge_cycles=40)
    bench = bench_for(wishes, discharge_after_s=4.0 if control == "dynamic" else None, discharge_s=4.0)
    battery = battery_for(energy, 50)
    result = bench.charge(Ev(wishes, battery))
    meter = bench.simulated.outlet.meter
    assert result.ok, result.reason
    assert result.discharged_wh > 0
    assert meter.discharged_wh == pytest.approx(result.discharged_wh, rel=0.15)
    assert meter.energy_wh > meter.discharged_wh
    last = values(bench, "dc_ev_present_voltage" if energy != "ac-bpt" else "ac_ev_present_powers")
    assert last, "told all the while"
    readings = [args["powermeter"] for name, args in bench.commands if name == "update_meter_info"]
    assert min(reading["power_W"]["total"] for reading in readings) < 0
    assert readings[-1]["energy_Wh_export"]["total"] > 0


@CONTROLS
def test_discharging_current_is_within_what_both_can(control):
    begin = 30 if control == "scheduled" else None
    wishes = replace(
        DC, energy="dc-bpt", control=control, cycles=100, discharge_after_cycles=begin, discharge_cycles=60
    )
    ratings = DcRatings(max_discharge_current_a=30.0)
    bench = bench_for(wishes, dc=ratings, discharge_after_s=3.0 if control == "dynamic" else None)
    bench.charge(Ev(wishes, Battery(soc_percent=50)))
    currents = [number(answer.EVSEPresentCurrent) for answer in answers(bench, "DC_ChargeLoopReq")]
    assert min(currents) == -30.0


@pytest.mark.parametrize("energy", ["dc-bpt", "ac-bpt"])
def test_separate_channels_for_charging_and_discharging(energy):
    wishes = replace(DC, energy=energy, cycles=60, discharge_after_cycles=20, discharge_cycles=20)
    bench = bench_for(wishes)
    bench.command("bpt_setup", bpt_config={"bpt_channel": "Separated", "generator_mode": "GridFollowing"})
    result = bench.charge(Ev(wishes, Battery(soc_percent=50)))
    assert result.ok, result.reason
    assert result.discharged_wh > 0
    channels = [message.BPT_ChannelSelection for name, message in bench.requests if name == "PowerDeliveryReq"]
    assert channels == ["Charge", "Discharge", "Charge", None]


@pytest.mark.parametrize("energy", ["dc-bpt", "ac-bpt"])
def test_discharge_limits_may_be_said_as_negative_numbers(energy):
    """As some EVs expect them: this one understands either."""
    wishes = replace(DC, energy=energy, cycles=60, discharge_after_cycles=20, discharge_cycles=30)
    bench = bench_for(wishes)
    settings = SessionSettings(wall_clock_s=bench._unix_s, quirks=frozenset({"negative-bidirectional-limits"}))
    bench.session_settings = settings
    assert bench.charge(Ev(wishes, Battery(soc_percent=50))).discharged_wh > 0


@pytest.mark.parametrize("energy", ["dc-bpt", "ac-bpt"])
def test_ev_that_must_charge_is_not_discharged(energy):
    """Below the EV's minimum state of charge nothing is taken from it, whatever the operator wants."""
    wishes = replace(DC, energy=energy, control="dynamic", cycles=60, minimum_soc_percent=30)
    bench = bench_for(wishes, discharge_after_s=1.0, discharge_s=100.0)
    result = bench.charge(Ev(wishes, Battery(soc_percent=20)))
    assert result.ok
    assert result.discharged_wh == 0


@pytest.mark.parametrize("energy", ["dc", "ac"])
@CONTROLS
def test_nothing_flows_back_without_a_bidirectional_service(energy, control):
    """Although the outlet could and its operator would like it."""
    wishes = replace(DC, energy=energy, control=control)
    bench = Bench(SimulatorSettings(energy=f"{energy}-bpt", discharge_after_s=0.5, discharge_s=100.0))
    result = bench.charge(Ev(wishes, Battery(soc_percent=50)))
    assert result.ok
    assert bench.simulated.outlet.meter.discharged_wh == 0


# stops, pauses, renegotiations


@EVERY
def test_evse_stops_and_the_ev_obeys(wishes):
    bench = bench_for(wishes)
    bench.at_request[loop_of(wishes), 10] = lambda: bench.command("stop_charging", stop=True)
    result = bench.charge(Ev(replace(wishes, cycles=1000)))
    assert (result.ok, result.reason, result.cycles) == (True, "the EVSE asked to stop", 10)
    assert bench.names()[-1] == "dlink_terminate"
    assert "hlc_session_failed" not in bench.names()


@BOTH
def test_stop_before_the_loop_is_not_lost(wishes):
    bench = bench_for(wishes)
    bench.at_request["ScheduleExchangeReq", 1] = lambda: bench.command("stop_charging", stop=True)
    result = bench.charge(Ev(replace(wishes, cycles=1000)))
    assert result.cycles <= 1
    assert "Terminate" in result.reason or result.reason == "the EVSE asked to stop"


@BOTH
@CONTROLS
def test_evse_pauses_and_the_ev_comes_back(wishes, control):
    """The session is joined again with the same certificate, and opens at ChargeParameterDiscovery."""
    wishes = replace(wishes, control=control)
    bench = bench_for(wishes)
    bench.at_request[loop_of(wishes), 10] = lambda: bench.command("pause_charging", pause=True)
    first = bench.charge(Ev(replace(wishes, cycles=1000)))
    assert first.ok
    assert first.reason.startswith("the EVSE asked to pause, paused as session")
    assert bench.names()[-1] == "dlink_pause"

    bench.exchanged.clear()
    bench.at_request.clear()
    second = bench.charge(Ev(replace(wishes, resume_session_id=first.session_id)))
    assert second.ok, second.reason
    assert second.session_id == first.session_id
    kind = "AC" if wishes.is_ac else "DC"
    assert [name for name, _ in bench.exchanged[1:3]] == ["SessionSetupReq", f"{kind}_ChargeParameterDiscoveryReq"]
    assert len(values(bench, "selected_service_parameters")) == 2
    assert bench.names()[-1] == "dlink_terminate"


@BOTH
@CONTROLS
def test_evse_without_energy_is_left_with_a_pause(wishes, control):
    wishes = replace(wishes, control=control)
    bench = bench_for(wishes)
    bench.at_request["AuthorizationReq", 1] = lambda: bench.command(
        "no_energy_pause_charging", mode="PauseBeforeCableCheck"
    )
    first = bench.charge(Ev(wishes))
    assert first.ok
    assert first.cycles == 0
    assert bench.names()[-1] == "dlink_pause"
    bench.at_request.clear()
    assert bench.charge(Ev(replace(wishes, resume_session_id=first.session_id))).cycles == 40


@pytest.mark.parametrize("certificate", [None, b"another vehicle's leaf"])
@BOTH
def test_paused_session_is_only_for_the_same_vehicle(wishes, certificate):
    bench = bench_for(wishes)
    first = bench.charge(Ev(replace(wishes, pause=True)))
    with pytest.raises(EvError, match="was not joined: OK_NewSessionEstablished"):
        bench.charge(Ev(replace(wishes, resume_session_id=first.session_id)), certificate)


@EVERY
def test_service_renegotiation(wishes):
    bench = bench_for(wishes)
    result = bench.charge(Ev(replace(wishes, renegotiate_service_after_cycles=15)))
    assert result.ok, result.reason
    assert result.cycles == 40
    requests = [name for name, _ in bench.exchanged]
    assert requests.count("ServiceSelectionReq") == 2
    assert requests.count("SessionSetupReq") == 1
    assert bench.names().count("current_demand_started") == 2
    assert bench.names().count("start_cable_check") == (0 if wishes.is_ac else 2)


@EVERY
@pytest.mark.parametrize("beside", [True, False])
def test_schedule_renegotiation(wishes, beside):
    bench = bench_for(wishes)
    result = bench.charge(Ev(replace(wishes, renegotiate_after_cycles=15, renegotiate_beside_loop=beside)))
    assert result.ok, result.reason
    assert result.cycles == 40
    requests = [name for name, _ in bench.exchanged]
    assert requests.count("ScheduleExchangeReq") == 2
    assert requests.count("PowerDeliveryReq") == (3 if beside else 4)
    assert bench.names().count("start_cable_check") == (0 if wishes.is_ac else 1)
    assert result.energy_wh == pytest.approx(bench.simulated.outlet.meter.energy_wh, rel=0.35)


@EVERY
def test_metering_confirmation(wishes):
    bench = bench_for(wishes)
    result = bench.charge(Ev(replace(wishes, confirm_meter_after_cycles=25)))
    assert result.ok, result.reason
    assert [answer.ResponseCode for answer in answers(bench, "MeteringConfirmationReq")] == ["OK"]
    assert values(bench, "meter_info_requested")


@BOTH
@CONTROLS
def test_standby(wishes, control):
    """No energy flows for a while, and then again."""
    wishes = replace(wishes, control=control, standby_after_cycles=15, standby_cycles=15, cycles=60)
    bench = bench_for(wishes, SITE)
    result = bench.charge(Ev(wishes))
    assert result.ok, result.reason
    codes = [answer.ResponseCode for answer in answers(bench, "PowerDeliveryReq")]
    assert codes == ["OK", "OK", "OK", "OK"]
    assert bench.names().count("current_demand_started") == 2
    if not wishes.is_ac:
        currents = [number(answer.EVSEPresentCurrent) for answer in answers(bench, "DC_ChargeLoopReq")]
        assert currents[25] == 0.0
        assert currents[14] > 0
        assert currents[-1] > 0


@BOTH
def test_standby_that_the_site_does_not_allow(wishes):
    bench = bench_for(wishes)
    result = bench.charge(Ev(replace(wishes, standby_after_cycles=15)))
    assert result.ok
    codes = [answer.ResponseCode for answer in answers(bench, "PowerDeliveryReq")]
    assert codes == ["OK", "WARNING_StandbyNotAllowed", "OK"]


# services, prices, needs


def test_value_added_services():
    bench = bench_for(DC, SITE)
    ev = Ev(replace(DC, value_added_services=True))
    assert bench.charge(ev).ok
    assert ev.terms.value_added_services == [65, 66, 4711]
    assert len(answers(bench, "ServiceDetailReq")) == 4


@pytest.mark.parametrize("pricing", ["none", "absolute", "levels"])
@pytest.mark.parametrize(("control", "needs"), MODES)
@pytest.mark.parametrize("energy", ["dc", "ac"])
def test_pricing(energy, control, needs, pricing):
    wishes = replace(DC, energy=energy, control=control, mobility_needs=needs, pricing=pricing)
    bench = bench_for(wishes, SITE)
    assert bench.charge(Ev(wishes)).ok
    (selected,) = values(bench, "selected_service_parameters")
    names = {"none": "NoPricing", "absolute": "AbsolutePricing", "levels": "PriceLevels"}
    assert selected["pricing"] == names[pricing]
    (schedules,) = answers(bench, "ScheduleExchangeReq")
    holder = schedules.Dynamic_SEResControlMode
    if control == "scheduled":
        holder = schedules.Scheduled_SEResControlMode.ScheduleTuple[0].ChargingSchedule
    assert (holder.AbsolutePriceSchedule is not None) is (pricing == "absolute")
    if pricing == "levels":
        assert holder.PriceLevelSchedule.NumberOfPriceLevels == 2
    elif holder.PriceLevelSchedule is not None:
        assert holder.PriceLevelSchedule.NumberOfPriceLevels <= 1, "a flat one, which says nothing"


@pytest.mark.parametrize("energy", ["dc", "ac"])
def test_needs_of_the_site(energy):
    wishes = replace(DC, energy=energy, control="dynamic", mobility_needs="EVCC_SECC")
    bench = bench_for(wishes, SITE)
    ev = Ev(wishes)
    assert bench.charge(ev).ok
    assert ev.target_soc_percent == 60
    assert ev.terms.departure_time_s == pytest.approx(5400, abs=30)


def test_single_phase_ev_at_a_three_phase_charger():
    bench = bench_for(AC)
    result = bench.charge(Ev(replace(AC, ac_phases=1)))
    assert result.ok
    three = bench_for(AC).charge(Ev(AC))
    assert result.energy_wh == pytest.approx(three.energy_wh / 3, rel=0.01)
    assert values(bench, "selected_service_parameters")[0]["connector"] == "SinglePhase"


@CONTROLS
def test_single_phase_charger(control):
    wishes = replace(AC, control=control)
    bench = bench_for(wishes, ac=AcRatings(phases=1))
    result = bench.charge(Ev(wishes))
    assert result.ok, result.reason
    assert result.energy_wh == pytest.approx(bench.simulated.outlet.meter.energy_wh, rel=0.35)


def test_charger_and_ev_of_different_kinds_find_no_protocol():
    bench = bench_for(AC)
    with pytest.raises(EvError, match="Failed_NoNegotiation"):
        bench.charge(Ev(DC))


def test_service_that_the_charger_lacks():
    bench = bench_for(DC)
    result = bench.charge(Ev(replace(DC, energy="dc-bpt")))
    assert result.reason == "the EVSE offers services 2, not 6"
    assert bench.names()[-1] == "dlink_terminate"


# failures


@BOTH
def test_emergency_in_the_loop_is_answered_with_failed(wishes):
    bench = bench_for(wishes)
    bench.at_request[loop_of(wishes), 10] = lambda: bench.command("send_error", error="Error_EmergencyShutdown")
    with pytest.raises(EvError, match=f"{loop_of(wishes)}: ResponseCode FAILED"):
        bench.charge(Ev(wishes))
    opened = "ac_open_contactor" if wishes.is_ac else "dc_open_contactor"
    assert [name for name in bench.names() if name in ("current_demand_finished", opened)] == [
        "current_demand_finished",
        opened,
    ]
    assert bench.simulated.outlet.active is False


def test_refused_customer_leaves():
    bench = bench_for(DC, authorization="refused")
    result = bench.charge(Ev(DC))
    assert result.reason == "Authorization: WARNING_EIMAuthorizationFailure"
    assert bench.exchanged[-1][0] == "SessionStopReq"


@BOTH
def test_delayed_authorization_is_waited_for(wishes):
    bench = bench_for(wishes, authorization="delayed", authorization_delay_s=10.0)
    begin = bench.now
    assert bench.charge(Ev(wishes)).ok
    assert bench.now - begin > 10


@CONTROLS
def test_contactor_that_does_not_close_ends_the_session(control):
    wishes = replace(AC, control=control)
    bench = bench_for(wishes, ac=AcRatings(contactor_delay_s=60.0))
    with pytest.raises(EvError, match="PowerDeliveryReq: ResponseCode FAILED_ContactorError"):
        bench.charge(Ev(wishes))


@EVERY
def test_ev_that_vanishes_leaves_a_charger_that_is_off(wishes):
    bench = bench_for(wishes)

    def vanish():
        raise ConnectionResetError

    bench.at_request[loop_of(wishes), 5] = vanish
    with pytest.raises(ConnectionResetError):
        bench.charge(Ev(wishes))
    assert not bench.simulated.outlet.active
    assert bench.charger.state.dlink_ready
    bench.at_request.clear()
    assert bench.charge(Ev(wishes)).ok


@EVERY
def test_sessions_follow_one_another(wishes):
    bench, battery = bench_for(wishes), battery_for(wishes.energy)
    for _ in range(3):
        before = battery.soc_percent
        assert bench.charge(Ev(wishes, battery)).ok
        assert battery.soc_percent > before
    assert bench.names().count("dlink_terminate") == 3


def test_evs_of_all_protocols_follow_one_another():
    """A bidirectional DC outlet serves DIN 70121 and ISO 15118-2, too, and each EV gets what is its own."""
    bench = Bench(SimulatorSettings(energy="dc-bpt"))
    for protocol in ("iso20", "din", "iso2", "iso20"):
        assert bench.charge(Ev(replace(DC, protocol=protocol))).ok
    assert bench.charge(Ev(replace(DC, energy="dc-bpt"))).ok
