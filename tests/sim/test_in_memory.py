"""A session passes in memory: EV, session core and simulated charger on one fake clock; no socket, no thread."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fastsecc.errors import EvError
from fastsecc.sim.battery import Battery
from fastsecc.sim.ev import Ev, EvSettings
from fastsecc.sim.power import AcRatings, DcRatings
from fastsecc.sim.settings import SimulatorSettings
from tests.sim.bench import Bench

DIN_DC = EvSettings(protocol="din", energy="dc", cycles=40)
ISO2_DC = EvSettings(protocol="iso2", energy="dc", cycles=40)
ISO2_AC = EvSettings(protocol="iso2", energy="ac", cycles=40)
EVERY = pytest.mark.parametrize("wishes", [DIN_DC, ISO2_DC, ISO2_AC], ids=["din-dc", "iso2-dc", "iso2-ac"])
DC = pytest.mark.parametrize("wishes", [DIN_DC, ISO2_DC], ids=["din-dc", "iso2-dc"])
ISO2 = pytest.mark.parametrize("wishes", [ISO2_DC, ISO2_AC], ids=["iso2-dc", "iso2-ac"])


def bench_for(wishes, **settings):
    return Bench(SimulatorSettings(energy=wishes.energy, **settings))


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


@DC
def test_vars_of_a_dc_session_come_in_the_interfaces_order(wishes):
    bench = bench_for(wishes)
    bench.charge(Ev(wishes))
    milestones = [
        "evcc_id",
        "require_auth_eim",
        "requested_energy_transfer_mode",
        "start_cable_check",
        "start_pre_charge",
        "v2g_setup_finished",
        "current_demand_started",
        "current_demand_finished",
        "dc_open_contactor",
        "dlink_terminate",
    ]
    assert [name for name in bench.names() if name in milestones] == milestones
    assert "hlc_session_failed" not in bench.names()


def test_vars_of_an_ac_session_come_in_the_interfaces_order():
    bench = bench_for(ISO2_AC)
    bench.charge(Ev(ISO2_AC))
    milestones = [
        "evcc_id",
        "selected_payment_option",
        "require_auth_eim",
        "requested_energy_transfer_mode",
        "departure_time",
        "ac_eamount",
        "ac_ev_max_voltage",
        "ac_ev_max_current",
        "ac_ev_min_current",
        "v2g_setup_finished",
        "ac_close_contactor",
        "ac_open_contactor",
        "dlink_terminate",
    ]
    assert sorted(name for name in bench.names() if name in milestones) == sorted(milestones)
    assert bench.names()[-2:] == ["ac_open_contactor", "dlink_terminate"]


@DC
def test_present_values_follow_the_set_point(wishes):
    """In the last answers of the loop the current is what the EV asked for."""
    bench = bench_for(wishes)
    ev = Ev(replace(wishes, cycles=60), Battery(soc_percent=50))
    bench.charge(ev)
    last = [answer for name, answer in bench.exchanged if name == "CurrentDemandReq"][-1].Body.BodyElement
    asked = ev.battery.target_current_a
    assert last.EVSEPresentCurrent.Value * 10.0**last.EVSEPresentCurrent.Multiplier == pytest.approx(asked, abs=1)


@EVERY
def test_battery_fills_while_time_flies(wishes):
    bench = bench_for(wishes, time_lapse=600)
    wishes = replace(wishes, cycles=None, target_soc_percent=80)
    result = bench.charge(Ev(wishes, Battery(soc_percent=50, time_lapse=600)))
    assert result.ok
    assert result.soc_end_percent >= 80


@EVERY
def test_sessions_follow_one_another(wishes):
    """The charger offers itself again after each session, and the battery goes on filling."""
    bench, battery = bench_for(wishes), Battery()
    for _ in range(3):
        before = battery.soc_percent
        assert bench.charge(Ev(wishes, battery)).ok
        assert battery.soc_percent > before
        assert bench.charger.state.dlink_ready
    assert bench.names().count("dlink_terminate") == 3


@EVERY
def test_evse_stops_and_the_ev_obeys(wishes):
    """Cmd stop_charging(true) in the loop: the EV ends in order, and no failure is reported."""
    bench = bench_for(wishes)
    loop = "CurrentDemandReq" if wishes.energy == "dc" else "ChargingStatusReq"
    bench.at_request[loop, 10] = lambda: bench.command("stop_charging", stop=True)
    result = bench.charge(Ev(replace(wishes, cycles=1000)))
    assert result.ok
    assert result.reason == "the EVSE asked to stop"
    assert result.cycles == 10
    assert bench.names()[-1] == "dlink_terminate"
    assert "hlc_session_failed" not in bench.names()


@EVERY
def test_emergency_in_the_loop_is_answered_with_failed(wishes):
    bench = bench_for(wishes)
    loop = "CurrentDemandReq" if wishes.energy == "dc" else "ChargingStatusReq"
    bench.at_request[loop, 10] = lambda: bench.command("send_error", error="Error_EmergencyShutdown")
    with pytest.raises(EvError, match=f"{loop}: ResponseCode FAILED"):
        bench.charge(Ev(wishes))
    opened = "dc_open_contactor" if wishes.energy == "dc" else "ac_open_contactor"
    assert bench.names()[-3:] == ["current_demand_finished", opened, "dlink_error"]
    assert bench.simulated.outlet.active is False


@ISO2
def test_pause_and_resume(wishes):
    """The paused session is joined again, and does not wait for authorization a second time."""
    bench = bench_for(wishes, authorization="delayed", authorization_delay_s=4.0)
    ev = Ev(replace(wishes, pause=True))
    first = bench.charge(ev)
    assert first.ok
    assert bench.names()[-1] == "dlink_pause"
    polls = sum(name == "AuthorizationReq" for name, _ in bench.exchanged)
    assert polls > 10, "the customer took 4 s"

    bench.exchanged.clear()
    second = bench.charge(Ev(replace(wishes, resume_session_id=first.session_id), ev.battery))
    assert second.ok, second.reason
    assert second.session_id == first.session_id
    assert sum(name == "AuthorizationReq" for name, _ in bench.exchanged) <= 2
    assert bench.names()[-1] == "dlink_terminate"


@ISO2
def test_new_session_after_a_pause(wishes):
    """Another EV, or one that has forgotten, gets a new session."""
    bench = bench_for(wishes)
    first = bench.charge(Ev(replace(wishes, pause=True)))
    second = bench.charge(Ev(wishes))
    assert second.ok
    assert second.session_id != first.session_id


@ISO2
def test_renegotiation(wishes):
    bench = bench_for(wishes)
    result = bench.charge(Ev(replace(wishes, renegotiate_after_cycles=15)))
    assert result.ok, result.reason
    assert result.cycles == 40
    requests = [name for name, _ in bench.exchanged]
    assert requests.count("ChargeParameterDiscoveryReq") == 2
    assert requests.count("PowerDeliveryReq") == 4
    assert bench.names().count("start_cable_check") == (2 if wishes.energy == "dc" else 0)


@EVERY
def test_refused_authorization_ends_the_session(wishes):
    bench = bench_for(wishes, authorization="refused")
    name = "ContractAuthenticationReq" if wishes.protocol == "din" else "AuthorizationReq"
    with pytest.raises(EvError, match=f"{name}: ResponseCode FAILED"):
        bench.charge(Ev(wishes))
    assert bench.names()[-2:] == ["hlc_session_failed", "dlink_error"]
    assert bench.charger.last["hlc_session_failed"] == "AuthorizationFailed"


@EVERY
def test_delayed_authorization_is_waited_for(wishes):
    bench = bench_for(wishes, authorization="delayed", authorization_delay_s=10.0)
    begin = bench.now
    assert bench.charge(Ev(wishes)).ok
    assert bench.now - begin > 10


@pytest.mark.parametrize("verdict", ["Valid", "Warning", "No_IMD"])
@DC
def test_isolation_that_is_good_enough(wishes, verdict):
    bench = bench_for(wishes, dc=DcRatings(isolation_verdict=verdict))
    assert bench.charge(Ev(wishes)).ok


@DC
def test_isolation_fault_ends_the_session(wishes):
    bench = bench_for(wishes, dc=DcRatings(isolation_verdict="Fault"))
    with pytest.raises(EvError, match="CableCheckReq: ResponseCode FAILED"):
        bench.charge(Ev(wishes))
    assert "start_pre_charge" not in bench.names()
    assert bench.simulated.outlet.power.voltage_v == 0 or bench.simulated.outlet.power.settled


def test_contactor_that_does_not_close_ends_the_session():
    """PowerDelivery(Start) waits three seconds for the contactor [V2G2-862]."""
    bench = bench_for(ISO2_AC, ac=AcRatings(contactor_delay_s=60.0))
    with pytest.raises(EvError, match="PowerDeliveryReq: ResponseCode FAILED_ContactorError"):
        bench.charge(Ev(ISO2_AC))


def test_single_phase_ev_at_a_three_phase_charger():
    bench = bench_for(ISO2_AC)
    result = bench.charge(Ev(replace(ISO2_AC, ac_phases=1)))
    assert result.ok
    three = bench_for(ISO2_AC).charge(Ev(ISO2_AC))
    assert result.energy_wh == pytest.approx(three.energy_wh / 3, rel=0.01)


def test_charger_and_ev_of_different_kinds_part_in_order():
    bench = bench_for(ISO2_AC)
    result = bench.charge(Ev(ISO2_DC))
    assert not result.ok
    assert "the EVSE offers AC_three_phase_core" in result.reason


def test_din_ev_finds_no_common_protocol_at_an_ac_charger():
    bench = bench_for(ISO2_AC)
    with pytest.raises(EvError, match="Failed_NoNegotiation"):
        bench.charge(Ev(DIN_DC))
    assert bench.charger.last["hlc_session_failed"] == "ProtocolNegotiationFailed"


@pytest.mark.parametrize("end", ["first", "loop"])
@EVERY
def test_ev_that_vanishes_leaves_a_charger_that_is_off(wishes, end):
    """The connection breaks: power off, dlink_error, and ready for the next EV."""
    bench = bench_for(wishes)
    loop = "CurrentDemandReq" if wishes.energy == "dc" else "ChargingStatusReq"

    def vanish():
        raise ConnectionResetError

    bench.at_request["SessionSetupReq" if end == "first" else loop, 1 if end == "first" else 5] = vanish
    with pytest.raises(ConnectionResetError):
        bench.charge(Ev(wishes))
    assert bench.names()[-1] == "dlink_error"
    assert not bench.simulated.outlet.active
    assert bench.charger.state.dlink_ready
    bench.at_request.clear()
    assert bench.charge(Ev(wishes)).ok


@EVERY
def test_the_hundredth_session_is_as_good_as_the_first(wishes):
    """DC_SessionStop_010, AC_SessionStop_011: sessions one after the other on one connector, nothing adds up."""
    bench = bench_for(wishes)
    wishes = replace(wishes, cycles=2)
    codes, variables = [], []
    for _ in range(100):
        bench.exchanged.clear()
        bench.variables.clear()
        assert bench.charge(Ev(wishes)).ok
        codes.append([name for name, _ in bench.exchanged if name != "CableCheckReq"])
        variables.append(bench.names())
    assert codes[0] == codes[-1]
    assert variables[1] == variables[-1]


# SAE J2847/2: an EV of ISO 15118-2 gives energy back

SAE = replace(ISO2_DC, energy="dc-bpt", cycles=120)


def test_v2g_energy_flows_back_while_the_limits_are_negative():
    bench = bench_for(SAE, sae_j2847_mode="V2G", discharge_after_s=4.0, discharge_s=4.0)
    result = bench.charge(Ev(SAE, Battery(soc_percent=50)))
    meter = bench.simulated.outlet.meter
    assert result.ok, result.reason
    assert "sae_bidi_mode_active" in bench.names()
    assert result.discharged_wh > 0
    assert meter.discharged_wh == pytest.approx(result.discharged_wh, rel=0.15)
    assert meter.energy_wh > 0
    loop = [answer.Body.BodyElement for name, answer in bench.exchanged if name == "CurrentDemandReq"]
    assert {answer.EVSEMaximumCurrentLimit.Value > 0 for answer in loop} == {True, False}
    assert min(answer.EVSEPresentCurrent.Value for answer in loop) < 0
    assert loop[-1].EVSEPresentCurrent.Value > 0, "and then it charges on"


def test_v2h_energy_flows_back_all_the_time_until_the_ev_has_no_more_to_give():
    bench = bench_for(SAE, sae_j2847_mode="V2H", time_lapse=600)
    wishes = replace(SAE, cycles=None, minimum_soc_percent=40.0)
    result = bench.charge(Ev(wishes, Battery(soc_percent=50, time_lapse=600)))
    assert result.ok, result.reason
    assert result.energy_wh < 0
    assert result.soc_end_percent == pytest.approx(40, abs=2)
    assert bench.simulated.outlet.meter.energy_wh == 0
    codes = [name for name, _ in bench.exchanged].count("ChargeParameterDiscoveryReq")
    assert codes == 2, "the second says what the EV gives"


@pytest.mark.parametrize("mode", ["V2G", "V2H"])
def test_limits_of_a_session_that_gave_energy_back_do_not_outlive_it(mode):
    bench = bench_for(SAE, sae_j2847_mode=mode, discharge_after_s=1.0, discharge_s=1000.0)
    bench.charge(Ev(replace(SAE, cycles=30), Battery(soc_percent=50)))
    assert bench.charger.state.dc_maximum_limits.current_a > 0
    assert bench.charge(Ev(ISO2_DC)).energy_wh > 0


def test_ev_that_wants_to_give_leaves_a_charger_that_does_not_take():
    bench = bench_for(SAE)
    result = bench.charge(Ev(SAE))
    assert result.reason == "the EVSE offers no service of SAE J2847/2"
    assert not result.ok
