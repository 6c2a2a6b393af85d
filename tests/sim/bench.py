"""A whole charging station and its EV in memory: session core, charger, simulated power electronics, one fake clock."""

from __future__ import annotations

from collections.abc import Callable

from fastsecc import exi
from fastsecc.charger.charger import Charger
from fastsecc.session.api import Output, SessionSettings
from fastsecc.session.session import Session
from fastsecc.sim.charger import SimulatedCharger
from fastsecc.sim.ev import Ev
from fastsecc.sim.settings import SimulatorSettings

ANSWER_TIME_S = 0.002


class Bench:
    """One connector on a fake clock. Nothing runs by itself: `charge` lets an EV charge, and time pass with it."""

    def __init__(self, settings: SimulatorSettings, session_settings: SessionSettings | None = None) -> None:
        self.now = 5000.0
        self.session_settings = session_settings or SessionSettings(wall_clock_s=self._unix_s)
        self.charger = Charger("bench")
        self.simulated = SimulatedCharger(settings, self._unix_s)
        self.session: Session | None = None
        self.paused = None
        self.variables: list[tuple[str, object]] = []
        self.commands: list[tuple[str, dict]] = []
        self.exchanged: list[tuple[str, object]] = []
        """Request name and response, in order."""
        self.requests: list[tuple[str, object]] = []
        """Request name and request, in order."""
        self.at_request: dict[tuple[str, int], Callable[[], None]] = {}
        """What happens right before the nth request of a name."""
        self._heard: list[tuple[str, object]] = []
        self._answer = None
        self._payload_type = 0
        self.charger.subscribe(lambda name, value: self._heard.append((name, value)))
        self.issue(self.simulated.boot(self.now))

    def _unix_s(self) -> float:
        return 1_700_000_000 + self.now

    def issue(self, commands) -> None:
        for name, args in commands:
            self.commands.append((name, args))
            self.charger.command(name, args, self.now)
        if commands and self.session is not None:
            self._take(self.session.wake(self.now))

    def command(self, name: str, **args) -> None:
        """Let somebody else issue a cmd."""
        self.issue([(name, args)])

    def charge(self, ev: Ev, certificate: bytes | None = b"a vehicle's leaf"):
        """Let an EV connect, charge and leave; gives its result.

        Args:
            ev: the car.
            certificate: what an EV of ISO 15118-20 shows in TLS 1.3.
        """
        self.session = Session(self.charger.state, self.session_settings, self.now, self.paused)
        if ev.settings.protocol == "iso20":
            self.session.secured("TLSv1.3", certificate)
        elif ev.settings.auth == "pnc":
            self.session.secured("TLSv1.2", None)
        try:
            request = ev.start(self.now)
            while request is not None:
                request = ev.receive(self._exchange(request), self.now)
        finally:
            self.disconnect()
        return ev.result

    def disconnect(self) -> None:
        """Let the connection be gone."""
        session, self.session = self.session, None
        self._take(session.closed(self.now))
        self.paused = session.paused
        self._listen()

    def names(self) -> list[str]:
        """Names of the vars published so far, those that repeat in the loop left out."""
        frequent = {"dc_ev_status", "dc_ev_target_voltage_current", "dc_ev_remaining_time", "dc_ev_maximum_limits"}
        frequent |= {"v2g_messages", "display_parameters", "meter_info_requested", "dc_ev_present_voltage"}
        frequent |= {"d20_dc_dynamic_charge_mode", "ac_ev_power_limits", "ac_ev_present_powers"}
        frequent |= {"ac_ev_dynamic_control_mode"}
        return [name for name, _ in self.variables if name not in frequent]

    def _exchange(self, request):
        self._pass_time(request.send_at)
        nth = 1 + sum(name == request.name for name, _ in self.exchanged)
        if (request.name, nth) in self.at_request:
            self.at_request[request.name, nth]()
        self._answer = None
        self.requests.append((request.name, request.message))
        assert self.session.namespace_for(request.payload_type) == request.namespace
        self._payload_type = request.payload_type
        octets = exi.encode(request.message)
        self._take(self.session.receive(request.message, self.now, request.payload_type, octets))
        self._pass_time(self.now + ANSWER_TIME_S)
        until = request.send_at + request.timeout_s
        while self._answer is None:  # held back
            assert self.now < until, f"{request.name}: no answer"
            self._pass_time(self.now + 0.01)
        self.exchanged.append((request.name, self._answer))
        return self._answer

    def _take(self, output: Output) -> None:
        for variable in output.variables:
            self.charger.publish(variable.name, variable.payload)
        if output.response is not None:
            assert self._answer is None, "two answers to one request"
            assert output.payload_type == self._payload_type
            self._answer = output.response
        self._listen()

    def _listen(self) -> None:
        while self._heard:
            name, value = self._heard.pop(0)
            self.variables.append((name, value))
            self.issue(self.simulated.handle_variable(name, value, self.now))

    def _pass_time(self, until: float) -> None:
        while self.now < until:
            deadlines = [at for at in (self.simulated.deadline, self.session.deadline) if at is not None]
            self.now = max(self.now, min([until, *deadlines]))
            self.issue(self.simulated.step(self.now))
            if self.session.deadline is not None and self.session.deadline <= self.now:
                self._take(self.session.wake(self.now))
