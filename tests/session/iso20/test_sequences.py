"""Whatever an EV sends and a charger says, in any order: each request is answered, and each session ends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from fastsecc.charger.state import AcPower, ChargerState
from fastsecc.session.api import SessionSettings
from fastsecc.session.iso20.settings import Iso20Settings, PriceStep, Tariff
from tests import strategies as messages
from tests.session.conftest import Drive
from tests.session.iso20.conftest import FOREIGN, PARKING, SERVICES, STREAMS, Requests, Way, requests
from tests.session.iso20.test_matrix import TAKEN, request_for

COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("authorization_response", {"authorization_status": "Accepted", "certificate_status": "Accepted"}),
    ("authorization_response", {"authorization_status": "Blocked", "certificate_status": "Accepted"}),
    ("cable_check_finished", {"status": True}),
    ("cable_check_finished", {"status": False}),
    ("update_isolation_status", {"isolation_status": "Fault"}),
    ("update_isolation_status", {"isolation_status": "Valid"}),
    ("ac_contactor_closed", {"status": True}),
    ("ac_contactor_closed", {"status": False}),
    ("stop_charging", {"stop": True}),
    ("stop_charging", {"stop": False}),
    ("pause_charging", {"pause": True}),
    ("no_energy_pause_charging", {"mode": "PauseBeforeCableCheck"}),
    ("send_error", {"error": "Error_Malfunction"}),
    ("send_error", {"error": "Error_EmergencyShutdown"}),
    ("reset_error", {}),
    ("update_energy_transfer_modes", {"supported_energy_transfer_modes": ["DC_BPT", "AC_BPT"]}),
    ("update_energy_transfer_modes", {"supported_energy_transfer_modes": []}),
    (
        "update_dc_present_values",
        {"present_voltage_current": {"evse_present_voltage": 399.5, "evse_present_current": -12.25}},
    ),
)
GOOD = (0, 2, 5, 6)
"""Commands of a charger that charges."""
ACTIONS: list[tuple[str, Any]] = [
    *[("due", which) for which in range(4)] * 100,
    *[("command", number) for number in GOOD] * 20,
    *[("command", number) for number in range(len(COMMANDS))],
    *[("any", name) for name in requests()],
    *[("foreign", name) for name in requests()],
    *[("aside", name) for name in STREAMS],
    *[("stop", how) for how in ("Terminate", "Pause", "ServiceRenegotiation")] * 3,
    *[("wait", seconds) for seconds in (0.1, 0.4, 2.0, 20.0)],
]
ACTION = st.sampled_from(ACTIONS)
KINDS = st.sampled_from(sorted(SERVICES))
MODES = st.sampled_from([("Scheduled", "EVCC"), ("Dynamic", "EVCC"), ("Dynamic", "EVCC_SECC")])


class Chaos:
    """An EV and a charger that do what they are told."""

    def __init__(self, kind: str, modes: tuple[str, str]) -> None:
        tariff = Tariff("EUR", (PriceStep(60, 0.5), PriceStep(60, 0.1)))
        iso20 = Iso20Settings(parking=PARKING, internet_ports=(80,), tariff=tariff, standby_allowed=True)
        drive = Drive(
            ChargerState(energy_transfer_modes=SERVICES[kind][1], ac_max_current_a=32.0),
            SessionSettings(allow_plain_iso20=True, iso20=iso20),
        )
        drive.charger.capabilities.max_import_power_w = 20_000.0
        drive.charger.capabilities.max_import_current_a = 50.0
        drive.charger.ac_maximum_discharge_power = AcPower(10_000.0)
        self.way = Way(drive, Requests(), kind, *modes)
        self.drive, self.ev, self.kind = drive, self.way.ev, kind
        drive.choose(self.way.protocol)
        self.answers = 0

    @property
    def state(self) -> str:
        return self.drive.session.state

    @property
    def over(self) -> bool:
        """Tell whether the session has said that the connection is to end."""
        return any(output.close is not None for output in self.drive.outputs)

    def act(self, action: tuple[str, Any]) -> None:
        """Do one thing."""
        kind, value = action
        match kind:
            case "due":
                self.send(self.due(value))
            case "any":
                self.send(request_for(self.ev, self.drive, self.kind, self.state, value))
            case "foreign":
                self.send(request_for(self.ev, self.drive, self.kind, self.state, value), session_id=FOREIGN)
            case "aside":
                request = request_for(self.ev, self.drive, self.kind, self.state, value)
                self.send(request, payload_type=STREAMS[value])
            case "stop":
                self.send(self.ev.stop(value))
            case "command":
                name, arguments = COMMANDS[value]
                self.drive.command(name, **arguments)
            case "wait":
                self.drive.wait(value)

    def due(self, which: int) -> Any:
        """Build a request that the state takes, of this kind of service."""
        match self.state:
            case "SERVICE_SELECTION" if which:
                return self.ev.service_selection(self.way.service, which - 1)
            case "AC_CHARGE_PARAMETER_DISCOVERY" | "DC_CHARGE_PARAMETER_DISCOVERY":
                return self.ev.cpd(self.kind)
            case "SCHEDULE_EXCHANGE":
                return self.ev.schedule_exchange(self.way.control_mode)
            case "AC_CHARGE_LOOP" | "DC_CHARGE_LOOP" if which:
                return self.ev.loop(self.kind, self.way.control_mode, meter=which == 2)
        names = sorted(TAKEN[self.state] - {"SessionStopReq"}) or ["SessionStopReq"]
        return request_for(self.ev, self.drive, self.kind, self.state, names[which % len(names)])

    def send(self, request: Any, **how: Any) -> None:
        """Send a request; one that comes while the session lives is answered or held back."""
        alive, state = not self.over, self.state
        step = self.drive.send(request, **how)
        if step.output.response is None:
            assert not alive or state == "POWER_DELIVERY", step.output.log
        else:
            self.answers += 1
            assert type(step.body).__name__ == type(request).__name__.removesuffix("Req") + "Res"
            assert step.closes == step.code.startswith("FAILED")


@hypothesis_settings(max_examples=300, deadline=None)
@given(kind=KINDS, modes=MODES, start=st.integers(0, 13), actions=st.lists(ACTION, max_size=60))
def test_any_sequence_is_answered_and_ends(kind: str, modes: tuple[str, str], start: int, actions: list[Any]) -> None:
    chaos = Chaos(kind, modes)
    chaos.way.to(chaos.way.states[start % (len(chaos.way.states) - 1)])
    for action in actions:
        chaos.act(action)
        if chaos.over:
            break
    chaos.drive.wait(100.0)
    assert chaos.over
    names = chaos.drive.close().names
    assert names[-1] in ("dlink_terminate", "dlink_pause", "dlink_error")
    published = chaos.drive.published
    if "current_demand_started" in published:
        assert "current_demand_finished" in published
    assert chaos.drive.charger.authorization is None


@hypothesis_settings(max_examples=100, deadline=None)
@given(data=st.data(), name=st.sampled_from(sorted(requests())), kind=KINDS, modes=MODES, place=st.integers(0, 20))
def test_any_content_of_a_request_is_answered(
    data: st.DataObject, name: str, kind: str, modes: tuple[str, str], place: int
) -> None:
    """Values at their limits, lists at their longest, choices of every kind: where the request is due, or elsewhere."""
    chaos = Chaos(kind, modes)
    states = [state for state in chaos.way.states if name in TAKEN[state]]
    if states:
        chaos.way.to(states[place % len(states)])
    request = data.draw(messages.messages(requests()[name]))
    chaos.send(request)


@pytest.mark.parametrize("kind", sorted(SERVICES))
def test_the_actions_lead_into_the_charge_loop(kind: str) -> None:
    """What is due is due: without surprises the actions above charge."""
    chaos = Chaos(kind, ("Scheduled", "EVCC"))
    for _ in range(20):
        for good in GOOD:
            chaos.act(("command", good))
        chaos.act(("due", 1))
    assert chaos.state == f"{chaos.way.energy.upper()}_CHARGE_LOOP"
    assert "current_demand_started" in chaos.drive.published
