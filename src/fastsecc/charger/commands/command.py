"""What a cmd is: its arguments, its effect on the state, its result; and how arguments are validated."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec

from fastsecc.charger.shape import Shape
from fastsecc.charger.state import ChargerState
from fastsecc.errors import CommandError

MAX_NAME_CHARS = 64
"""How much of an unknown name is looked at and repeated."""
MAX_ARGUMENT_DEPTH = 32
"""How deep objects and lists of arguments may be nested; the interface's own are four deep."""

A = TypeVar("A", bound=Shape)
Found = TypeVar("Found")
Result = bool | None
Apply = Callable[[ChargerState, A, float], Result]


@dataclass(frozen=True, slots=True)
class Command(Generic[A]):
    """One cmd of the interface."""

    name: str
    arguments: type[A]
    apply: Apply[A]
    result: Any
    """Type of the result: bool or None."""

    def parse(self, raw: Any) -> A:
        """Turn a JSON object into the cmd's arguments; see `parse`."""
        return parse(self.name, self.arguments, raw)


def parse(name: str, arguments: type[A], raw: Any) -> A:
    """Turn a JSON object into a cmd's arguments.

    Unknown members are ignored and every finite number is accepted.

    Raises:
        CommandError: with the dotted path of the member that is missing or of the wrong type.
    """
    _check_numbers(name, raw)
    try:
        return msgspec.convert(raw, arguments)
    except msgspec.ValidationError as error:
        field, reason = _explain(str(error))
        raise CommandError(name, field, reason) from None
    except (TypeError, ValueError, OverflowError) as error:
        raise CommandError(name, "", str(error)) from None


def command(arguments: type[A]) -> Callable[[Apply[A]], Command[A]]:
    """Make a cmd of the function below: its name is the cmd's, what it returns is the cmd's result."""

    def make(apply: Apply[A]) -> Command[A]:
        name = getattr(apply, "__name__", "")
        result = get_type_hints(apply)["return"]
        return Command(name, arguments, apply, None if result is type(None) else result)

    return make


def find(commands: Mapping[str, Found], name: str) -> Found:
    """Look a cmd up.

    Raises:
        CommandError: there is none of that name; the nearest is given.
    """
    found = commands.get(name)
    if found is not None:
        return found
    shown = name[:MAX_NAME_CHARS]
    nearest = difflib.get_close_matches(shown, commands, n=1, cutoff=0.0)[0]
    raise CommandError(shown, "", f"is no command; the nearest is {nearest}")


_PATH = re.compile(r" - at `(?:key in )?\$\.?(.*)`$")
_MISSING = re.compile(r"^Object missing required field `(.+)`$")


def _explain(text: str) -> tuple[str, str]:
    """Split msgspec's message into a dotted path and a reason."""
    place = _PATH.search(text)
    reason = text[: place.start()] if place else text
    path = place.group(1) if place else ""
    missing = _MISSING.match(reason)
    if missing is None:
        return path, reason
    return f"{path}.{missing.group(1)}".lstrip("."), "is missing"


def _check_numbers(name: str, raw: Any) -> None:
    """Refuse what no interface value can be: NaN, infinities, numbers beyond a double, endless nesting."""
    pending = [(raw, "")]
    for _ in range(MAX_ARGUMENT_DEPTH):
        if not pending:
            return
        pending = [child for value, path in pending for child in _members(name, value, path)]
    if pending:
        raise CommandError(name, pending[0][1].split(".", 1)[0], f"is nested deeper than {MAX_ARGUMENT_DEPTH}")


def _members(name: str, value: Any, path: str) -> list[tuple[Any, str]]:
    if isinstance(value, dict):
        return [(item, f"{path}.{key}".lstrip(".")) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return [(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, int | float) and not _is_finite(value):
        raise CommandError(name, path, "is not a finite number")
    return []


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
