"""The simulator adapter: the interface's reference flow, on a fake clock, and the thin wrapper around it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

import pytest

from fastsecc.adapters.simulator import Simulator, SimulatorSettings
from fastsecc.charger.charger import Charger
from fastsecc.charger.commands import COMMANDS
from fastsecc.errors import CommandError
from fastsecc.sim.charger import SimulatedCharger
from fastsecc.sim.power import AcRatings, DcRatings

UNIX_S = 1_700_000_000.0
RATINGS = DcRatings(voltage_ramp_v_per_s=1000, current_ramp_a_per_s=100, isolation_test_s=0.3)
TARGET = {"dc_ev_target_voltage": 400.0, "dc_ev_target_current": 50.0}


class Manager:
    """The simulated charger as its charger sees it: tell it a var, let time pass, look at what it commanded."""

    def __init__(self, **settings):
        self.now = 100.0
        settings.setdefault("dc", RATINGS)
        self.core = SimulatedCharger(SimulatorSettings(**settings), lambda: UNIX_S)
        self.charger = Charger("c1")
        self.issued = []
        self._take(self.core.boot(self.now))

    def _take(self, commands):
        for name, args in commands:
            self.charger.command(name, args, self.now)
            self.issued.append((self.now, name, args))

    def hear(self, *names, payload=None):
        for name in names:
            self._take(self.core.handle_variable(name, payload, self.now))

    def wait(self, seconds):
        """Step as the core asks for, and at the end."""
        end = self.now + seconds
        while self.core.deadline is not None and self.core.deadline < end:
            self.now = max(self.now, self.core.deadline)
            self._take(self.core.step(self.now))
        self.now = end
        self._take(self.core.step(self.now))

    def forget(self):
        self.issued.clear()

    @property
    def names(self):
        return [name for _, name, _ in self.issued]

    def last(self, name):
        return next(args for _, issued, args in reversed(self.issued) if issued == name)


def charging_dc(**settings):
    manager = Manager(**settings)
    manager.hear("dc_ev_maximum_limits", payload={"dc_ev_maximum_voltage_limit": 450.0})
    manager.hear("start_cable_check")
    manager.wait(2.0)
    manager.hear("start_pre_charge")
    manager.hear("dc_ev_target_voltage_current", payload=TARGET)
    manager.wait(1.0)
    manager.hear("v2g_setup_finished", "current_demand_started")
    manager.hear("dc_ev_target_voltage_current", payload=TARGET)
    return manager


@pytest.mark.parametrize(
    ("energy", "own"),
    [
        (
            "dc",
            [
                "set_powersupply_capabilities",
                "set_charging_parameters",
                "update_dc_minimum_limits",
                "update_dc_maximum_limits",
                "update_dc_present_values",
            ],
        ),
        (
            "ac",
            [
                "set_charging_parameters",
                "update_ac_maximum_limits",
                "update_ac_minimum_limits",
                "update_ac_parameters",
                "update_ac_max_current",
            ],
        ),
    ],
)
def test_boot_and_plug_in(energy, own):
    manager = Manager(energy=energy)
    tail = ["receipt_is_required", "setup", "update_energy_transfer_modes", "reset_error"]
    plug_in = ["reset_error", "ac_contactor_closed", "stop_charging", "session_setup", "dlink_ready"]
    assert manager.names == ["session_setup", *own, *tail, *plug_in]
    assert set(manager.names) <= set(COMMANDS)
    state = manager.charger.state
    assert state.dlink_ready
    assert state.evse_id == "DE*FSC*E0001*1"
    assert state.energy_kind == energy
    assert state.payment_options == ("ExternalPayment",)
    assert manager.core.deadline is None


def test_boot_tells_what_the_dc_outlet_can_do():
    state = Manager(dc=DcRatings(max_voltage_v=920, max_current_a=125, max_power_w=50_000)).charger.state
    assert (state.capabilities.max_voltage_v, state.capabilities.max_current_a) == (920, 125)
    assert state.capabilities.max_power_w == state.dc_maximum_limits.power_w == 50_000
    assert state.dc_energy_to_be_delivered_wh == 10_000


@pytest.mark.parametrize(
    ("phases", "power_w", "modes"),
    [(3, 22_080, ("AC_three_phase_core", "AC_single_phase_core")), (1, 7_360, ("AC_single_phase_core",))],
)
def test_boot_tells_what_the_ac_outlet_can_do(phases, power_w, modes):
    state = Manager(energy="ac", ac=AcRatings(phases=phases)).charger.state
    assert state.ac_max_current_a == 32
    assert state.ac_maximum_power.total_w == power_w
    assert state.ac_maximum_power.l1_w == power_w / phases
    assert state.energy_transfer_modes == modes


def test_evse_id_for_din():
    assert Manager(evse_id_din="49A80737A45678").charger.state.evse_id_din == "49A80737A45678"


def test_authorization_at_once():
    manager = Manager()
    manager.hear("require_auth_eim")
    assert manager.charger.state.authorization.accepted


def test_authorization_after_a_while():
    manager = Manager(authorization="delayed", authorization_delay_s=4.0)
    manager.hear("require_auth_eim")
    manager.wait(3.9)
    assert manager.charger.state.authorization is None
    assert manager.core.deadline is not None
    manager.wait(0.2)
    assert manager.charger.state.authorization.accepted
    assert manager.core.deadline is None


def test_authorization_refused():
    manager = Manager(authorization="refused")
    manager.hear("require_auth_eim")
    assert manager.charger.state.authorization.status == "Invalid"


def test_authorization_that_is_awaited_ends_with_the_session():
    manager = Manager(authorization="delayed", authorization_delay_s=4.0)
    manager.hear("require_auth_eim", "dlink_error")
    manager.wait(10.0)
    assert "authorization_response" not in manager.names


def test_paused_session_stays_authorized_and_an_ended_one_does_not():
    manager = Manager(authorization="delayed", authorization_delay_s=4.0)
    manager.hear("require_auth_eim")
    manager.wait(5.0)
    manager.hear("dlink_pause")
    manager.forget()
    manager.hear("require_auth_eim")
    assert manager.names == ["authorization_response"]
    manager.hear("dlink_terminate")
    manager.forget()
    manager.hear("require_auth_eim")
    assert manager.names == []


def test_cable_check_at_the_evs_voltage_then_the_verdict():
    manager = Manager()
    manager.hear("dc_ev_maximum_limits", payload={"dc_ev_maximum_voltage_limit": 450.0})
    manager.hear("start_cable_check")
    manager.forget()
    manager.wait(2.0)
    volts = [
        args["present_voltage_current"]["evse_present_voltage"]
        for _, name, args in manager.issued
        if name == "update_dc_present_values"
    ]
    assert max(volts) == 450.0
    verdict = [name for name in manager.names if name in ("update_isolation_status", "cable_check_finished")]
    assert verdict == ["update_isolation_status", "cable_check_finished"]
    assert manager.charger.state.isolation_status == "Valid"
    assert manager.charger.state.cable_check_finished


def test_cable_check_without_limits_takes_500_v():
    manager = Manager()
    manager.hear("dc_ev_maximum_limits", payload={"dc_ev_maximum_current_limit": 100.0})
    manager.hear("start_cable_check")
    manager.wait(0.7)
    assert manager.last("update_dc_present_values")["present_voltage_current"]["evse_present_voltage"] == 500.0


def test_isolation_fault_is_an_emergency():
    manager = Manager(dc=DcRatings(isolation_verdict="Fault"))
    manager.hear("start_cable_check")
    manager.wait(4.0)
    assert manager.last("cable_check_finished") == {"status": False}
    assert manager.charger.state.isolation_status == "Fault"
    assert manager.charger.state.emergency


def test_pre_charge_reaches_the_target_and_is_reported_promptly():
    manager = Manager()
    manager.hear("start_pre_charge")
    manager.hear("dc_ev_target_voltage_current", payload=TARGET)
    manager.forget()
    manager.wait(1.0)
    assert manager.charger.state.present_voltage_v == 400.0
    assert manager.charger.state.present_current_a == 0.0
    assert manager.names.count("update_dc_present_values") > 15, "more often than 10 Hz while the voltage moves"


def test_charge_follows_the_set_point_at_ten_hertz():
    manager = charging_dc()
    manager.wait(2.0)
    assert manager.charger.state.present_current_a == 50.0
    manager.forget()
    manager.wait(5.0)
    counted = Counter(manager.names)
    assert 40 <= counted["update_dc_present_values"] <= 51
    assert 5 <= counted["update_meter_info"] <= 6


def test_meter_counts_and_tells_the_time():
    manager = charging_dc(meter_id="METER-7", time_lapse=10)
    manager.wait(2.0)
    before = manager.charger.state.meter.energy_wh
    manager.wait(36.0)
    assert manager.charger.state.meter.meter_id == "METER-7"
    assert manager.charger.state.meter.energy_wh - before == pytest.approx(400 * 50 * 36 * 10 / 3600, rel=0.05)
    reading = manager.last("update_meter_info")["powermeter"]
    assert reading["timestamp"] == "2023-11-14T22:13:20Z"
    assert reading["power_W"] == {"total": 20_000.0}


def test_end_of_the_charge_switches_off_and_goes_on_reporting():
    manager = charging_dc()
    manager.wait(2.0)
    manager.hear("current_demand_finished", "dc_open_contactor")
    manager.wait(1.0)
    assert manager.charger.state.present_voltage_v == 0.0
    assert manager.charger.state.present_current_a == 0.0
    assert manager.core.deadline is not None, "until the session is over"


@pytest.mark.parametrize("end", ["dlink_terminate", "dlink_error"])
def test_next_ev_is_welcome_after_each_end(end):
    manager = charging_dc()
    manager.wait(1.0)
    manager.forget()
    manager.hear(end)
    assert manager.names == [
        "dlink_ready",
        "reset_error",
        "ac_contactor_closed",
        "stop_charging",
        "session_setup",
        "dlink_ready",
    ]
    assert manager.charger.state.dlink_ready
    assert manager.core.deadline is None, "the outlet rests"
    manager.forget()
    manager.wait(60.0)
    assert manager.names == []


def test_paused_ev_stays_plugged_in():
    manager = charging_dc()
    manager.forget()
    manager.hear("dlink_pause")
    assert [(name, args) for _, name, args in manager.issued] == [("dlink_ready", {"value": True})]
    assert manager.core.deadline is None


def test_second_session_measures_anew():
    manager = charging_dc()
    manager.hear("dlink_terminate")
    manager.charger.state.reset_session()
    manager.forget()
    manager.wait(3600.0)
    manager.hear("start_cable_check")
    manager.wait(0.1)
    assert "cable_check_finished" not in manager.names
    manager.wait(2.0)
    assert manager.names.count("cable_check_finished") == 1


def test_ac_contactor_closes_with_delay_and_opens_at_once():
    manager = Manager(energy="ac")
    manager.hear("requested_energy_transfer_mode", payload="AC_three_phase_core")
    manager.hear("ac_ev_max_current", payload=16.0)
    manager.hear("ac_close_contactor")
    manager.forget()
    assert not manager.charger.state.ac_contactor_closed
    manager.wait(0.3)
    assert manager.charger.state.ac_contactor_closed
    manager.wait(3.0)
    assert manager.names.count("ac_contactor_closed") == 1
    assert manager.last("update_meter_info")["powermeter"]["power_W"]["total"] == 3 * 230 * 16
    manager.hear("ac_open_contactor")
    assert not manager.charger.state.ac_contactor_closed
    assert manager.last("ac_contactor_closed") == {"status": False}


def test_single_phase_ev_takes_a_third():
    manager = Manager(energy="ac")
    manager.hear("requested_energy_transfer_mode", payload="AC_single_phase_core")
    manager.hear("ac_ev_max_current", payload=16.0)
    manager.hear("ac_close_contactor")
    manager.wait(3.0)
    power = manager.last("update_meter_info")["powermeter"]["power_W"]
    assert power == {"total": 230 * 16, "L1": 230 * 16}


def test_vars_that_concern_nobody_are_heard_in_silence():
    manager = Manager()
    manager.forget()
    manager.hear("evcc_id", payload="02:FA:57:EC:C0:01")
    manager.hear("hlc_session_failed", payload="ChargingInterrupted")
    assert manager.names == []


# the asyncio wrapper


async def until(condition, timeout_s=5.0):
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


def run(settings, scenario, names=("c1",)):
    async def main():
        chargers = {name: Charger(name) for name in names}
        adapter = Simulator(settings)
        await adapter.start(chargers)
        try:
            await scenario(chargers, adapter)
        finally:
            await adapter.stop()

    asyncio.run(main())


def test_adapter_boots_and_answers():
    async def scenario(chargers, adapter):
        charger = chargers["c1"]
        assert charger.state.dlink_ready
        charger.publish("require_auth_eim")
        assert charger.state.authorization is None, "not from within the publication"
        await until(lambda: charger.state.authorization is not None)
        assert charger.state.authorization.accepted

    run(SimulatorSettings(), scenario)


def test_adapter_keeps_time():
    """Without any further var the contactor closes when it is due."""

    async def scenario(chargers, adapter):
        charger = chargers["c1"]
        charger.publish("ac_close_contactor")
        await until(lambda: charger.state.ac_contactor_closed)
        charger.publish("ac_open_contactor")
        await until(lambda: not charger.state.ac_contactor_closed)
        assert charger.state.meter is not None

    run(SimulatorSettings(energy="ac", ac=AcRatings(contactor_delay_s=0.02)), scenario)


def test_adapter_takes_vars_that_its_own_cmds_lead_to():
    async def scenario(chargers, adapter):
        charger = chargers["c1"]
        asked = iter(["require_auth_eim"])

        def on_command(name, now):
            if name == "session_setup" and (var := next(asked, None)):
                charger.publish(var)

        charger.on_command = on_command
        charger.publish("dlink_terminate")
        await until(lambda: charger.state.authorization is not None)
        assert charger.state.dlink_ready

    run(SimulatorSettings(), scenario)


def test_adapter_stops_and_leaves_the_charger_alone():
    async def scenario(chargers, adapter):
        charger = chargers["c1"]
        charger.publish("start_cable_check")
        await until(lambda: charger.state.present_values_at is not None)
        await adapter.stop()
        charger.publish("require_auth_eim")
        at = charger.state.present_values_at
        await asyncio.sleep(0.05)
        assert charger.state.authorization is None
        assert charger.state.present_values_at == at

    run(SimulatorSettings(), scenario)


def test_each_connector_has_its_own_settings():
    async def scenario(chargers, adapter):
        assert chargers["left"].state.energy_kind == "ac"
        assert chargers["right"].state.energy_kind == "dc"

    run({"left": SimulatorSettings(energy="ac")}, scenario, names=("left", "right"))


def test_cmd_that_is_refused_is_logged_and_does_no_harm(caplog, monkeypatch):
    async def scenario(chargers, adapter):
        charger = chargers["c1"]

        def refuse(name, args, now):
            raise CommandError(name, "field", "no")

        monkeypatch.setattr(charger, "command", refuse)
        charger.publish("require_auth_eim")
        await until(lambda: caplog.records)
        monkeypatch.undo()
        charger.publish("require_auth_eim")
        await until(lambda: charger.state.authorization is not None)

    with caplog.at_level(logging.ERROR):
        run(None, scenario)
    assert "authorization_response: field: no" in caplog.text


# ISO 15118-20


@pytest.mark.parametrize(
    ("energy", "modes"),
    [
        ("dc-bpt", ("DC_extended", "DC_BPT")),
        ("mcs", ("MCS",)),
        ("mcs-bpt", ("MCS", "MCS_BPT")),
        ("ac-bpt", ("AC_three_phase_core", "AC_single_phase_core", "AC_BPT")),
    ],
)
def test_modes_of_every_outlet(energy, modes):
    manager = Manager(energy=energy)
    assert manager.charger.state.energy_transfer_modes == modes
    assert ("bpt_setup" in manager.names) is energy.endswith("-bpt")


def test_boot_tells_what_a_bidirectional_dc_outlet_takes_back():
    ratings = DcRatings(max_discharge_current_a=80, max_discharge_power_w=30_000)
    state = Manager(energy="dc-bpt", dc=ratings).charger.state
    assert state.capabilities.bidirectional
    assert (state.capabilities.max_import_current_a, state.capabilities.max_import_power_w) == (80, 30_000)
    limits = state.dc_maximum_limits
    assert (limits.discharge_current_a, limits.discharge_power_w) == (80, 30_000)


def test_boot_tells_what_a_megawatt_outlet_can_do():
    state = Manager(energy="mcs").charger.state
    assert (state.capabilities.max_voltage_v, state.capabilities.max_current_a) == (1250, 3000)
    assert state.dc_maximum_limits.power_w == 3_750_000
    assert state.capabilities.max_import_power_w is None


def test_boot_tells_what_a_bidirectional_ac_outlet_takes_back():
    state = Manager(energy="ac-bpt").charger.state
    assert state.ac_maximum_discharge_power.total_w == state.ac_maximum_power.total_w == 22_080


def dynamic_dc(**settings):
    manager = charging_dc(energy="dc-bpt", **settings)
    manager.hear("dc_ev_present_voltage", payload=400.0)
    return manager


NEEDS = {
    "target_energy_request": 30_000.0,
    "max_energy_request": 40_000.0,
    "min_energy_request": 0.0,
    "max_charge_power": 40_000.0,
    "min_charge_power": 0.0,
    "max_charge_current": 200.0,
    "max_voltage": 450.0,
    "min_voltage": 300.0,
    "max_discharge_power": 20_000.0,
    "max_discharge_current": 30.0,
}


@pytest.mark.parametrize(
    ("changes", "current_a"),
    [({}, 100.0), ({"max_charge_current": 60.0}, 60.0), ({"max_charge_power": 20_000.0}, 50.0)],
)
def test_dynamic_current_is_what_the_ev_lets_flow(changes, current_a):
    manager = dynamic_dc()
    manager.hear("d20_dc_dynamic_charge_mode", payload=NEEDS | changes)
    manager.wait(3.0)
    assert manager.core.outlet.power.current_a == pytest.approx(current_a)
    assert manager.core.outlet.power.voltage_v == 400.0


@pytest.mark.parametrize(
    ("changes", "current_a"),
    [({}, -30.0), ({"max_discharge_power": 4_000.0}, -10.0), ({"min_energy_request": 1.0}, 100.0)],
)
def test_dynamic_discharge_at_the_planned_time(changes, current_a):
    """Unless the EV must charge."""
    manager = dynamic_dc(discharge_after_s=5.0, discharge_s=10.0)
    manager.hear("d20_dc_dynamic_charge_mode", payload=NEEDS | changes)
    manager.wait(4.0)
    assert manager.core.outlet.power.current_a == pytest.approx(100)
    manager.wait(6.0)
    assert manager.core.outlet.power.current_a == pytest.approx(current_a)
    assert manager.charger.state.present_current_a == pytest.approx(current_a)
    manager.wait(8.0)
    assert manager.core.outlet.power.current_a == pytest.approx(100), "and on it goes"


SERVICE = {
    "energy_transfer": "AC_BPT",
    "connector": "ThreePhase",
    "control_mode": "DynamicControl",
    "mobility_needs_mode": "EVCC",
    "pricing": "NoPricing",
}
LIMITS = {"max_charge_power": {"total": 11_000.0}, "max_discharge_power": {"total": 6_000.0}}


def test_ac_targets_of_the_dynamic_control_mode():
    manager = Manager(energy="ac-bpt", discharge_after_s=5.0, discharge_s=5.0)
    manager.forget()
    manager.hear("selected_service_parameters", payload=SERVICE)
    manager.hear("ac_ev_power_limits", payload=LIMITS)
    assert manager.charger.state.ac_target_power.total_w == 11_000
    manager.hear("ac_close_contactor")
    manager.wait(6.0)
    assert manager.charger.state.ac_target_power.total_w == -6_000
    manager.hear("ac_ev_dynamic_control_mode", payload={"min_energy_request": 10.0})
    assert manager.charger.state.ac_target_power.total_w == 11_000
    assert manager.names.count("update_ac_target_values") == 4


def test_ac_present_power_is_that_of_the_ev():
    manager = Manager(energy="ac")
    manager.hear("selected_service_parameters", payload=SERVICE | {"connector": "SinglePhase"})
    manager.hear("ac_close_contactor")
    manager.wait(0.5)
    manager.hear("ac_ev_present_powers", payload={"present_active_power": {"total": 3_000.0}})
    manager.wait(0.5)
    assert manager.charger.state.ac_present_power.total_w == pytest.approx(3_000)
    manager.hear("ac_open_contactor")
    assert manager.charger.state.ac_present_power.total_w == 0


def test_ac_session_that_is_none_of_iso_15118_20_has_no_targets():
    manager = Manager(energy="ac-bpt", discharge_after_s=0.0)
    manager.hear("requested_energy_transfer_mode", payload="AC_three_phase_core")
    manager.hear("ac_ev_max_current", payload=16.0)
    manager.hear("ac_close_contactor")
    manager.wait(3.0)
    assert not {"update_ac_target_values", "update_ac_present_power"} & set(manager.names)


def test_energy_given_back_is_in_the_meter_reading():
    manager = dynamic_dc(discharge_after_s=0.0, discharge_s=60.0)
    manager.hear("d20_dc_dynamic_charge_mode", payload=NEEDS)
    manager.wait(10.0)
    reading = manager.last("update_meter_info")["powermeter"]
    assert reading["energy_Wh_export"]["total"] > 0
    assert reading["power_W"]["total"] < 0


@pytest.mark.parametrize(
    ("auth", "options"),
    [("eim", ["ExternalPayment"]), ("pnc", ["Contract"]), ("both", ["Contract", "ExternalPayment"])],
)
def test_how_it_is_paid(auth, options):
    setup = Manager(auth=auth).last("session_setup")
    assert setup["payment_options"] == options
    assert (setup["supported_certificate_service"], setup["central_contract_validation_allowed"]) == (False, False)


def test_a_back_end_makes_the_certificate_service():
    core = SimulatedCharger(SimulatorSettings(auth="pnc"), lambda: UNIX_S, issues_contracts=True)
    offers = [args for name, args in core.boot(0.0) if name == "session_setup"]
    assert all(offer["supported_certificate_service"] for offer in offers)


def test_a_contract_is_as_good_as_it_was_found():
    manager = Manager(auth="pnc")
    manager.hear("require_auth_pnc")
    assert manager.last("authorization_response") == {
        "authorization_status": "Accepted",
        "certificate_status": "Accepted",
    }
    manager = Manager(auth="pnc", authorization="delayed", authorization_delay_s=2.0)
    manager.hear("require_auth_pnc")
    assert "authorization_response" not in manager.names
    manager.wait(2.1)
    assert manager.last("authorization_response")["certificate_status"] == "Accepted"


def test_only_connectors_with_a_back_end_have_the_certificate_service():
    async def scenario():
        adapter = Simulator(SimulatorSettings(auth="pnc"), ["1"])
        chargers = {"1": Charger("1"), "2": Charger("2")}
        await adapter.start(chargers)
        await adapter.stop()
        return [charger.state.supported_certificate_service for charger in chargers.values()]

    assert asyncio.run(scenario()) == [True, False]
