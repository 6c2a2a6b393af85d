"""What a session says and publishes with a cmd and without it: a simulated station and EV in memory, one fake clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fastsecc.errors import EvError
from fastsecc.session.api import SessionSettings
from fastsecc.sim.ev import Ev, EvSettings
from fastsecc.sim.settings import SimulatorSettings
from tests.sim.bench import Bench

Command = tuple[str, dict[str, Any]]
Moment = tuple[str, int] | None
"""Right before the nth request of a name; None: before the EV connects, while the charger rests."""

BEFORE_CONNECTION: Moment = None
CYCLES = 4
THINK_s = 0.25
AUTHORIZATION_TIMEOUT_s = 3.0


@dataclass(frozen=True)
class Scenario:
    """One kind of session."""

    protocol: str
    ev: EvSettings
    charger: SimulatorSettings

    def __str__(self) -> str:
        if self.protocol != "iso20":
            return f"{self.protocol}-{self.ev.energy}"
        return f"iso20-{self.ev.energy}-{self.ev.control}-{self.ev.mobility_needs}"


def scenario(protocol: Any, energy: Any, charger: dict[str, Any] | None = None, **wishes: Any) -> Scenario:
    """Describe a short session."""
    ev = EvSettings(protocol=protocol, energy=energy, **{"cycles": CYCLES, "think_s": THINK_s, **wishes})
    return Scenario(protocol, ev, SimulatorSettings(energy=energy, step_s=THINK_s, **(charger or {})))


class Station(Bench):
    """A bench that keeps what goes over the wire, and from which cmds of the simulated charger can be withheld."""

    def __init__(self, chosen: Scenario, withheld: frozenset[str], unsaid: frozenset[str]) -> None:
        self.withheld = unsaid
        settings = SessionSettings(
            wall_clock_s=self._unix_s,
            new_session_id=lambda: b"\5" * 8,
            auth_timeout_eim_s=AUTHORIZATION_TIMEOUT_s,
            allow_plain_iso20=True,
        )
        super().__init__(chosen.charger, settings)
        self.withheld = withheld | unsaid
        """From now on, when the charger has said what it is."""

    def issue(self, commands: Any) -> None:
        """Issue what the simulated charger says, but for what is withheld."""
        super().issue([command for command in commands if command[0] not in self.withheld])

    def say(self, commands: list[Command]) -> None:
        """Let a tester issue cmds."""
        super().issue(commands)


@dataclass
class Record:
    """What came of a session."""

    exchanged: list[tuple[str, Any]]
    variables: list[tuple[str, Any]]
    end: str

    @property
    def moments(self) -> list[Moment]:
        """Before the connection, then before the first request of each name, and once more in the charge loop."""
        firsts = list(dict.fromkeys(name for name, _ in self.exchanged))
        requests = [(name, nth) for name in firsts for nth in ((1, CYCLES // 2) if name in LOOP_REQUESTS else (1,))]
        return [BEFORE_CONNECTION, *requests]


LOOP_REQUESTS = ("CurrentDemandReq", "ChargingStatusReq", "DC_ChargeLoopReq", "AC_ChargeLoopReq")


def record(
    chosen: Scenario,
    at: Moment = BEFORE_CONNECTION,
    commands: list[Command] | None = None,
    withheld: frozenset[str] = frozenset(),
    unsaid: frozenset[str] = frozenset(),
    prepare: Callable[[Station], None] = lambda station: None,
) -> Record:
    """Let an EV charge.

    Args:
        chosen: what kind of session.
        at: when a tester issues the cmds.
        commands: these.
        withheld: what the simulated charger does not say after it was switched on.
        unsaid: what it does not even say then.
        prepare: called before the EV connects.
    """
    station = Station(chosen, withheld, unsaid)
    prepare(station)
    if commands and at is None:
        station.say(commands)
    elif commands and at is not None:
        station.at_request[at] = lambda: station.say(commands)
    ev = Ev(chosen.ev, unix_s=station._unix_s)
    try:
        result = station.charge(ev)
        end = result.reason
    except (EvError, AssertionError) as error:
        end = str(error)
    return Record(station.exchanged, station.variables, end)


@dataclass(frozen=True)
class Change:
    """A cmd with arguments that the simulated charger does not use."""

    command: Command
    before: list[Command] = field(default_factory=list)
    """Cmds that are issued right before it, and as well in the session without it."""
    withheld: frozenset[str] = frozenset()
    """What the simulated charger does not say after it was switched on, besides the cmd itself."""
    unsaid: frozenset[str] = frozenset()
    """What it does not even say then."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "withheld", self.withheld | {self.command[0]})


def differences(chosen: Scenario, change: Change) -> Iterator[Moment]:
    """Give the moments at which a cmd makes the session another."""
    for at in moments(chosen, change):
        if _record(chosen, change, at, [*change.before, change.command]) != _record(chosen, change, at, change.before):
            yield at


def moments(chosen: Scenario, change: Change) -> list[Moment]:
    """Give the moments at which a cmd may come, in the session without it."""
    return _record(chosen, change, BEFORE_CONNECTION, []).moments


_kept: dict[Any, Record] = {}


def _record(chosen: Scenario, change: Change, at: Moment, commands: list[Command]) -> Record:
    """Record a session, or give the record of before if no cmd disturbs it."""
    kept = (chosen, change.withheld, change.unsaid)
    if not commands and kept in _kept:
        return _kept[kept]
    made = record(chosen, at, commands, change.withheld, change.unsaid)
    if not commands:
        _kept[kept] = made
    return made
