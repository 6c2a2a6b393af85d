"""The charge loops of ISO 15118-20 give the same answers whoever gives them, and the interface hears the same.

As in `tests/session/test_equivalence.py`, of which this is the continuation: two sessions live through the same.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from fastsecc.messages import iso20
from fastsecc.messages.schema import Type
from fastsecc.session.api import SessionSettings
from fastsecc.session.iso20.numbers import rational
from fastsecc.session.iso20.settings import Iso20Settings
from tests.session.conftest import Drive
from tests.session.iso20.conftest import SERVICES, Requests
from tests.session.test_equivalence import CURRENTS_a, POWERS_w, VOLTAGES_v, let_grace_pass, tell
from tests.session.test_equivalence import a_command as any_command

RUNS = 12
TURNS = 30
MODES = [
    pytest.param(kind, mode, needs, id=f"{kind} {mode} {needs}")
    for kind in SERVICES
    for mode, needs in (("Scheduled", "EVCC"), ("Dynamic", "EVCC"), ("Dynamic", "EVCC_SECC"))
]
PRESENT = {"dc": ("dc_ev_present_voltage", "dc_ev_target_voltage_current"), "ac": ("ac_ev_present_powers",)}
"""Vars from elements that every request has: a coalesced report must not lose the newest."""
NOT_EQUAL = {"v2g_messages", "meter_info_requested"}
"""Of what the link thread answers only the newest is announced."""


def policy() -> SessionSettings:
    needs = Iso20Settings(loop_sequence_timeout_s=1e6, target_soc_percent=80, minimum_soc_percent=20)
    return SessionSettings(
        new_session_id=lambda: b"\5" * 8, sequence_timeout_s=1e6, allow_plain_iso20=True, iso20=needs
    )


def a_request(random: Random, kind: str, control_mode: str) -> Type:
    energy = "ac" if kind.startswith("ac") else "dc"
    display = iso20.DisplayParametersType(PresentSOC=random.randint(40, 42))
    values: dict[str, float] = {"EVMaximumChargePower": random.choice(POWERS_w)}
    if energy == "ac":
        values["EVPresentActivePower"] = random.choice(POWERS_w)
    elif control_mode == "Scheduled":
        values["EVTargetCurrent"] = random.choice(CURRENTS_a if kind.endswith("bpt") else CURRENTS_a[1:])
        values["EVTargetVoltage"] = random.choice(VOLTAGES_v)
    else:
        values["EVMaximumChargeCurrent"] = abs(random.choice(CURRENTS_a))
    request = Requests().loop(
        kind, control_mode, meter=random.random() < 0.5, display=random.choice([None, display]), **values
    )
    if energy == "dc":
        request.EVPresentVoltage = rational(random.choice(VOLTAGES_v))
    asked: Type = request
    return asked


def a_command(random: Random) -> tuple[str, dict[str, Any]]:
    power = {"total": random.choice(POWERS_w)}
    own = [
        ("update_ac_target_values", {"target_values": {"target_active_power": power}}),
        ("update_ac_present_power", {"present_power": power}),
        ("pause_charging", {"pause": random.random() < 0.5}),
    ]
    return random.choice(own) if random.random() < 0.3 else any_command(random)


def heard(drive: Drive) -> list[tuple[str, Any]]:
    told = [(variable.name, variable.payload) for output in drive.outputs for variable in output.variables]
    return [(name, payload) for name, payload in told if name not in NOT_EQUAL]


def newest(drive: Drive, kind: str) -> dict[str, Any]:
    happened = [name for name, payload in heard(drive) if payload is None]
    said = {name: payload for name, payload in heard(drive) if name in PRESENT["ac" if kind[0] == "a" else "dc"]}
    return {"happened": happened, **said}


@pytest.mark.parametrize("coalesced", [False, True], ids=["each told", "coalesced"])
@pytest.mark.parametrize(("kind", "control_mode", "needs"), MODES)
@pytest.mark.parametrize("seed", range(RUNS))
def test_who_answers_makes_no_difference(
    way: Any, ev: Any, kind: str, control_mode: str, needs: str, seed: int, coalesced: bool
) -> None:
    random = Random(f"{kind}-{control_mode}-{seed}")
    ways = [way(kind, control_mode, needs, settings=policy()) for _ in range(2)]
    machine, link = (made.to(f"{made.energy.upper()}_CHARGE_LOOP") for made in ways)
    untold = a_request(random, kind, control_mode)
    for _ in range(TURNS):
        pause_s = random.choice([0.0, 0.0, 0.5, 4.0, 11.0])
        for drive in (machine, link):
            drive.wait(pause_s)
            let_grace_pass(drive)
        for name, args in [a_command(random) for _ in range(random.randint(0, 3))]:
            for drive in (machine, link):
                drive.command(name, **args)
        request = a_request(random, kind, control_mode)
        if link.session.loop_template(link.now) is None:
            break
        response, _ = link.loop(request, tell=False)
        assert response == machine.send(request).body
        if not coalesced or random.random() < 0.3:
            tell(link, request)
            assert machine.session.state == link.session.state
        untold = request
    tell(link, untold)
    for request in (a_request(random, kind, control_mode), ev.power("Stop")):
        assert link.send(request).output.response == machine.send(request).output.response
    for drive in (machine, link):
        drive.close()
    assert newest(link, kind) == newest(machine, kind)
    if not coalesced:
        assert heard(link) == heard(machine)
