"""What goes wrong on the medium: by message and by count, the same in every run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from fastsecc.errors import ConfigError

LATE_s: Final = 0.25
"""How late a message is by default: later than TT_match_response."""

Kind = Literal["lost", "doubled", "late"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to some of the messages of one name."""

    message: str
    """The standard's name, `CM_SLAC_MATCH.CNF`."""
    kind: Kind = "lost"
    first: int = 1
    """Which one it happens to first; the first is 1."""
    count: int = 1
    """How many of them in a row."""
    late_s: float = LATE_s

    def strikes(self, number: int) -> bool:
        """Tell whether it happens to the message of that number."""
        return self.first <= number < self.first + self.count


_TEXT: Final = re.compile(
    r"(lost|doubled|late)(?:=(\d+(?:\.\d+)?))?:([A-Z_]+\.(?:REQ|CNF|IND|RSP))(?::(\d+)(?:-(\d+))?)?"
)


def parse_fault(text: str) -> Fault:
    """Read `KIND:MESSAGE[:FIRST[-LAST]]`, as in `lost:CM_MNBC_SOUND.IND:3-4` or `late=0.3:CM_SLAC_PARM.CNF`.

    Raises:
        ConfigError: it has another shape.
    """
    match = _TEXT.fullmatch(text)
    if match is None or (match[2] and match[1] != "late"):
        raise ConfigError("expected lost|doubled|late[=SECONDS]:MESSAGE[:FIRST[-LAST]]", option=text)
    first = int(match[4] or 1)
    last = int(match[5] or first)
    if not 1 <= first <= last:
        raise ConfigError("messages are counted from 1 on, and upwards", option=text)
    kinds: dict[str, Kind] = {"lost": "lost", "doubled": "doubled", "late": "late"}
    return Fault(match[3], kinds[match[1]], first, last - first + 1, float(match[2] or LATE_s))


class Faults:
    """Counts messages and says what becomes of each."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = tuple(faults)
        self._seen: Counter[str] = Counter()

    def passages(self, message: str) -> tuple[float, ...]:
        """Say how much later than usual a message comes through, once for each time that it does."""
        self._seen[message] += 1
        passages: tuple[float, ...] = (0.0,)
        for fault in self._faults:
            if fault.message == message and fault.strikes(self._seen[message]):
                passages = _struck(fault, passages)
        return passages


def _struck(fault: Fault, passages: tuple[float, ...]) -> tuple[float, ...]:
    match fault.kind:
        case "lost":
            return ()
        case "doubled":
            return passages * 2
        case "late":
            return tuple(delay + fault.late_s for delay in passages)
