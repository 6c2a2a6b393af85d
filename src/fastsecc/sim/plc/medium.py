"""The power line: several cars' and chargers' modems on one medium, how well they hear each other, what gets lost.

It reads no clock and touches no socket: `send` and `wake` are told the time, and `wake` gives what arrives at hosts.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from fastsecc.sim.plc.faults import Fault, Faults
from fastsecc.sim.plc.modem import Modem, message_name

ATTENUATION_db: Final = 12.0
"""Between a car and its charger; recorded ones were from about 5 to 30 dB."""
HOP_s: Final = 0.0025
"""From one host to another through both modems."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame that a host gets."""

    host: str
    """Name of the modem that it comes from."""
    frame: bytes


@dataclass(frozen=True, slots=True, order=True)
class _Passage:
    """A frame under way; `order` keeps those of the same moment in the order in which they were sent."""

    at: float
    order: int
    modem: Modem = field(compare=False)
    frame: bytes = field(compare=False)
    sender: Modem | None = field(compare=False)
    """The modem that sent it over the power line; None: the frame's receiver has made it for its host."""


class Medium:
    """Carries management messages between modems, each with one host behind it."""

    def __init__(self, faults: Iterable[Fault] = (), hop_s: float = HOP_s) -> None:
        """Make a medium that nobody is on.

        Args:
            faults: what goes wrong.
            hop_s: how long a message takes from host to host.
        """
        self.modems: dict[str, Modem] = {}
        self._faults = Faults(faults)
        self._hop_s = hop_s
        self._attenuation_db: dict[frozenset[str], float | None] = {}
        self._under_way: list[_Passage] = []
        self._order = itertools.count()

    def add(self, modem: Modem) -> None:
        """Put a modem on the medium, where it hears all others."""
        self.modems[modem.name] = modem

    def attenuate(self, one: str, other: str, db: float | None) -> None:
        """Say how weak two modems hear each other; None: not at all."""
        self._attenuation_db[frozenset((one, other))] = db

    def attenuation_db(self, one: Modem, other: Modem) -> float | None:
        """Say how weak two modems hear each other; None: not at all."""
        return self._attenuation_db.get(frozenset((one.name, other.name)), ATTENUATION_db)

    @property
    def deadline(self) -> float | None:
        """When `wake` is due, monotonic seconds; None: nothing is under way."""
        return self._under_way[0].at if self._under_way else None

    def send(self, host: str, frame: bytes, now: float) -> None:
        """Take a management message from a modem's host."""
        modem = self.modems[host]
        modem.learn(frame)
        for late_s in self._faults.passages(message_name(frame)):
            if modem.is_asked(frame):
                self._answer(modem, frame, now + late_s)
            else:
                self._broadcast(modem, frame, now + late_s)

    def wake(self, now: float) -> list[Arrival]:
        """Let time pass, and give what has arrived at hosts."""
        arrivals = []
        while self._under_way and self._under_way[0].at <= now:
            passage = heapq.heappop(self._under_way)
            modem = passage.modem
            if passage.sender is not None:
                if not modem.hears(passage.frame, passage.at):
                    continue
                self._profile(passage.sender, modem, passage.frame, passage.at)
            arrivals.append(Arrival(modem.name, passage.frame))
        return arrivals

    def partners(self, host: str, now: float) -> list[str]:
        """Name the modems that data from a host reaches: those in the same logical network."""
        modem = self.modems[host]
        return [other.name for other in self._in_reach(modem) if modem.shares_network(other, now)]

    def _in_reach(self, modem: Modem) -> list[Modem]:
        others = (other for other in self.modems.values() if other is not modem)
        return [other for other in others if self.attenuation_db(modem, other) is not None]

    def _answer(self, modem: Modem, request: bytes, at: float) -> None:
        """Let a modem answer its own host."""
        has_link = bool(self.partners(modem.name, at))
        for answer, takes_s in modem.answers(request, at, has_link=has_link):
            self._from_modem(modem, answer, at + takes_s)

    def _broadcast(self, modem: Modem, frame: bytes, at: float) -> None:
        for other in self._in_reach(modem):
            self._push(at + self._hop_s, other, frame, modem)

    def _profile(self, sender: Modem, modem: Modem, frame: bytes, at: float) -> None:
        """Let a charger's modem tell its host how strong a sound was."""
        db = self.attenuation_db(sender, modem)
        assert db is not None
        for profile, takes_s in modem.profiles(frame, db):
            self._from_modem(modem, profile, at + takes_s)

    def _from_modem(self, modem: Modem, frame: bytes, at: float) -> None:
        for late_s in self._faults.passages(message_name(frame)):
            self._push(at + late_s, modem, frame, None)

    def _push(self, at: float, modem: Modem, frame: bytes, sender: Modem | None) -> None:
        heapq.heappush(self._under_way, _Passage(at, next(self._order), modem, frame, sender))
