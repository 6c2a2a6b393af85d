"""The charge loop gives the same answers whoever gives them, and the interface hears the same.

Two sessions live through the same commands and requests: one answers every request in the state machine, the other as
the link thread does, from the template that was published, telling the state machine now and then what it answered.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from fastsecc.messages import din70121 as din
from fastsecc.messages import iso2
from fastsecc.messages.schema import Type
from fastsecc.session.api import LoopProgress, SessionSettings
from fastsecc.session.din70121.states import State
from fastsecc.session.physical import physical
from tests.session.conftest import Drive, MakeDrive, MESSAGE_PAUSE_s
from tests.session.din70121 import ev as din_ev
from tests.session.iso2.conftest import Requests, Way

RUNS = 60
TURNS = 30
VOLTAGES_v = (0.0, 399.95, 400.0, 500.0, 920.0)
CURRENTS_a = (-20.0, 0.0, 99.99, 100.0, 125.0, 400.04)
POWERS_w = (0.0, 40_000.0, 50_000.0, 360_000.0)

ALWAYS_SAID = ("dc_ev_status", "dc_ev_target_voltage_current", "dc_charging_complete", "hlc_session_failed")
"""Vars from elements that every CurrentDemandReq has; optional ones may stand in a request that is not the newest."""

Command = tuple[str, dict[str, Any]]


def settings() -> SessionSettings:
    return SessionSettings(new_session_id=lambda: b"\5" * 8, close_on_failed=False, sequence_timeout_s=1e6)


def start_din(make: MakeDrive) -> Drive:
    return din_ev.go(make.dc(settings()), State.CURRENT_DEMAND)


def start_dc(make: MakeDrive) -> Drive:
    drive: Drive = Way(make.dc(settings()), Requests()).to("CURRENT_DEMAND")
    return drive


def start_ac(make: MakeDrive) -> Drive:
    drive: Drive = Way(make.ac(settings()), Requests()).to("CHARGING_STATUS")
    return drive


def current_demand(random: Random, messages: Any) -> Type:
    unit = messages.UnitSymbolType

    def value(unit: Any, number: float) -> Any:
        return physical(messages.PhysicalValueType, unit, number, random.randint(0, 2))

    request: Type = messages.CurrentDemandReq(
        DC_EVStatus=messages.DC_EVStatusType(
            EVReady=True, EVErrorCode=messages.DC_EVErrorCodeType.NO_ERROR, EVRESSSOC=random.randint(40, 42)
        ),
        EVTargetCurrent=value(unit.A, abs(random.choice(CURRENTS_a))),
        EVTargetVoltage=value(unit.V, random.choice(VOLTAGES_v)),
        EVMaximumCurrentLimit=random.choice([None, value(unit.A, 250)]),
        EVMaximumVoltageLimit=random.choice([None, value(unit.V, 420)]),
        RemainingTimeToFullSoC=random.choice([None, value(unit.s, 600)]),
        ChargingComplete=random.random() < 0.1,
    )
    return request


def stop(messages: Any) -> Type:
    if messages is din:
        return din_ev.power_delivery(False)
    request: Type = Requests().power("Stop")
    return request


LOOPS: dict[str, tuple[Callable[[MakeDrive], Drive], Any, Callable[[Random], Type]]] = {
    "din": (start_din, din, lambda random: current_demand(random, din)),
    "iso2 dc": (start_dc, iso2, lambda random: current_demand(random, iso2)),
    "iso2 ac": (start_ac, iso2, lambda random: iso2.ChargingStatusReq()),
}


def a_command(random: Random) -> Command:
    """Choose something that a charger says in a charge loop; what ends it comes seldom."""
    energy = {"energy_Wh_import": {"total": random.uniform(0, 1e6)}}
    limits = {
        "evse_maximum_current_limit": random.choice(CURRENTS_a),
        "evse_maximum_voltage_limit": random.choice(VOLTAGES_v),
        "evse_maximum_power_limit": random.choice(POWERS_w),
    }
    present = {"evse_present_voltage": random.choice(VOLTAGES_v), "evse_present_current": random.choice(CURRENTS_a)}
    often: list[Command] = [
        ("update_dc_present_values", {"present_voltage_current": present}),
        ("update_dc_maximum_limits", {"maximum_limits": limits}),
        ("update_ac_max_current", {"max_current": abs(random.choice(CURRENTS_a))}),
        ("update_meter_info", {"powermeter": {"timestamp": "2024-01-01T00:00:00Z", "meter_id": "m1", **energy}}),
    ]
    seldom: list[Command] = [
        ("update_isolation_status", {"isolation_status": random.choice(["Valid", "Warning", "Fault", "No_IMD"])}),
        ("send_error", {"error": random.choice(["Error_UtilityInterruptEvent", "Error_Malfunction", "Error_RCD"])}),
        ("reset_error", {}),
        ("setup", {"evse_id": {"evse_id": "DE*ABC*E1"}, "sae_j2847_mode": "None", "debug_mode": False}),
    ]
    ends: list[Command] = [
        ("stop_charging", {"stop": True}),
        ("stop_charging", {"stop": False}),
        ("send_error", {"error": "Error_EmergencyShutdown"}),
    ]
    return random.choice(random.choices([often, seldom, ends], weights=[80, 17, 3])[0])


def let_grace_pass(drive: Drive) -> None:
    """Wake the session if the time to follow a stop runs out while a request is on its way: nothing wakes it then.

    Present values may well get too old meanwhile: the template knows when.
    """
    deadline, stopping = drive.session.deadline, drive.session._machine.context.stop_since is not None
    if stopping and deadline is not None and deadline <= drive.now + MESSAGE_PAUSE_s:
        drive.wait(MESSAGE_PAUSE_s)


def tell(drive: Drive, request: Type) -> None:
    """Let the state machine know what the link thread answered; the request is the newest."""
    answered, meter_sent = drive.link_answered, drive.link_meter_sent
    progress = LoopProgress(answered, drive.message(request), drive.now, meter_sent, drive.link_stale)
    drive.took(drive.session.loop_progress(progress, drive.now))


def heard(drive: Drive) -> list[tuple[str, Any]]:
    """Give every var in order."""
    return [(variable.name, variable.payload) for output in drive.outputs for variable in output.variables]


def newest(drive: Drive) -> dict[str, Any]:
    """Give what a coalesced report must not lose: what happened, in order, and the newest of what each request says."""
    happened = [name for name, payload in heard(drive) if payload is None]
    said = {name: payload for name, payload in heard(drive) if name in ALWAYS_SAID}
    return {"happened": happened, **said}


@pytest.mark.parametrize("coalesced", [False, True], ids=["each told", "coalesced"])
@pytest.mark.parametrize("kind", LOOPS)
@pytest.mark.parametrize("seed", range(RUNS))
def test_who_answers_makes_no_difference(make: MakeDrive, kind: str, seed: int, coalesced: bool) -> None:
    start, messages, a_request = LOOPS[kind]
    random = Random(f"{kind}-{seed}")
    machine, link = start(make), start(make)
    untold = a_request(random)
    for _ in range(TURNS):
        pause_s = random.choice([0.0, 0.0, 0.5, 4.0, 11.0])
        for drive in (machine, link):
            drive.wait(pause_s)
            let_grace_pass(drive)
        for name, args in [a_command(random) for _ in range(random.randint(0, 3))]:
            for drive in (machine, link):
                drive.command(name, **args)
        request = a_request(random)
        if link.session.loop_template(link.now) is None:
            break
        response, _ = link.loop(request, tell=False)
        assert response == machine.send(request).body
        if not coalesced or random.random() < 0.3:
            tell(link, request)
            assert machine.session.state == link.session.state
        untold = request
    tell(link, untold)
    for request in (a_request(random), stop(messages)):
        assert link.send(request).body == machine.send(request).body
    for drive in (machine, link):
        drive.close()
    assert newest(link) == newest(machine)
    if not coalesced:
        assert heard(link) == heard(machine)
