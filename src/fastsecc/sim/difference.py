"""What differs between two messages of the same class, element by element."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastsecc.messages.schema import Type
from fastsecc.session.physical import to_float

ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Difference:
    """One element that two messages do not agree on."""

    path: str
    recorded: str
    ours: str

    def __str__(self) -> str:
        return f"{self.path} {self.recorded} / {self.ours}"


def differences(recorded: Any, ours: Any, path: str = "") -> Iterator[Difference]:
    """Compare two messages or parts of them; physical values are compared as numbers.

    Args:
        recorded: of one side.
        ours: of the other.
        path: elements that lead to them, with slashes.
    """
    if recorded == ours or (_is_physical(recorded) and _is_physical(ours) and to_float(recorded) == to_float(ours)):
        return
    if isinstance(recorded, Type) and type(recorded) is type(ours) and not _is_physical(recorded):
        for name in recorded.__struct_fields__:
            yield from differences(getattr(recorded, name), getattr(ours, name), f"{path}/{name}" if path else name)
    elif isinstance(recorded, list) and isinstance(ours, list) and len(recorded) == len(ours):
        for index, (left, right) in enumerate(zip(recorded, ours, strict=True), start=1):
            yield from differences(left, right, f"{path}[{index}]")
    else:
        yield Difference(path, shown(recorded), shown(ours))


def shown(value: Any) -> str:
    """Write an element's value for people."""
    if value is None or value == []:
        return ABSENT
    if _is_physical(value):
        return f"{to_float(value):g} {value.Unit}" if value.Unit else f"{to_float(value):g}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return f"{len(value)} items"
    return type(value).__name__.removesuffix("Type") if isinstance(value, Type) else str(value)


def _is_physical(value: Any) -> bool:
    return isinstance(value, Type) and hasattr(value, "Multiplier") and hasattr(value, "Unit")
