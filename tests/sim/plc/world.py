"""Cars and chargers on one simulated power line, in memory; the clock moves on when nothing is left to do."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from fastsecc.sim.plc.cars import SlacEvSettings
from fastsecc.sim.plc.ev import SlacEv, SlacEvOutput, Step
from fastsecc.sim.plc.faults import Fault
from fastsecc.sim.plc.medium import Medium
from fastsecc.sim.plc.modem import Modem, message_name
from fastsecc.slac.api import SlacOutput, SlacSettings
from fastsecc.slac.machine import SlacMachine

PATIENCE_s = 30.0


@dataclass
class Charger:
    """One charger and what it said."""

    machine: SlacMachine
    variables: list[tuple[str, Any]] = field(default_factory=list)

    def said(self, name: str) -> list[Any]:
        return [value for variable, value in self.variables if variable == name]


@dataclass
class Car:
    """One car and the steps it has done."""

    ev: SlacEv
    steps: list[Step] = field(default_factory=list)


class World:
    """All of them."""

    def __init__(self, *faults: Fault, seed: int = 1) -> None:
        self.now = 1000.0
        self.random = random.Random(seed).randbytes
        self.medium = Medium(faults)
        self.chargers: dict[str, Charger] = {}
        self.cars: dict[str, Car] = {}
        self.sent: list[tuple[float, str, str]] = []
        """When a host sent what."""

    def add_charger(self, name: str = "evse", **settings: Any) -> Charger:
        """Plug a charger's modem in; its key is set when time passes."""
        self.medium.add(Modem(name, evse=True, random=self.random))
        charger = self.chargers[name] = Charger(SlacMachine(SlacSettings(random=self.random, **settings)))
        self.do(name, charger.machine.interface_up(self._mac(name), self.now))
        self.do(name, charger.machine.enter_bcd(self.now))
        self.let(0.1)
        return charger

    def plug_in(self, name: str = "ev", settings: SlacEvSettings | None = None) -> Car:
        """Plug a car in."""
        if name not in self.medium.modems:
            self.medium.add(Modem(name, evse=False, random=self.random))
        car = self.cars[name] = Car(SlacEv(self._mac(name), settings, self.random))
        self.do_ev(name, car.ev.start(self.now))
        return car

    def do(self, name: str, output: SlacOutput) -> None:
        """Carry a charger's output out."""
        self._send(name, output.frames)
        self.chargers[name].variables += [(variable.name, variable.payload) for variable in output.variables]

    def do_ev(self, name: str, output: SlacEvOutput) -> None:
        """Carry a car's output out."""
        self._send(name, output.frames)
        self.cars[name].steps += output.steps

    def let(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while (due := self._due()) is not None and due <= end:
            self.now = max(self.now, due)
            self._happen()
        self.now = end

    def match(self) -> None:
        """Let time pass until every car is done."""
        end = self.now + PATIENCE_s
        while any(car.ev.deadline is not None for car in self.cars.values()):
            due = self._due()
            assert due is not None
            assert due < end, "a car is never done"
            self.now = max(self.now, due)
            self._happen()

    def count(self, message: str, host: str | None = None) -> int:
        """Count messages that were sent."""
        return sum(name == message and host in (None, sender) for _, sender, name in self.sent)

    def _due(self) -> float | None:
        deadlines = [self.medium.deadline]
        deadlines += [charger.machine.deadline for charger in self.chargers.values()]
        deadlines += [car.ev.deadline for car in self.cars.values()]
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def _happen(self) -> None:
        for arrival in self.medium.wake(self.now):
            if arrival.host in self.chargers:
                self.do(arrival.host, self.chargers[arrival.host].machine.frame(arrival.frame, self.now))
            elif arrival.host in self.cars:
                self.do_ev(arrival.host, self.cars[arrival.host].ev.frame(arrival.frame, self.now))
        for name, charger in self.chargers.items():
            if charger.machine.deadline is not None and charger.machine.deadline <= self.now:
                self.do(name, charger.machine.wake(self.now))
        for name, car in self.cars.items():
            self.do_ev(name, car.ev.wake(self.now))

    def _send(self, name: str, frames: list[bytes]) -> None:
        for frame in frames:
            self.sent.append((self.now, name, message_name(frame)))
            self.medium.send(name, frame, self.now)

    def _mac(self, name: str) -> bytes:
        return b"\x02" + name.encode()[-5:].ljust(5, b"\0")
