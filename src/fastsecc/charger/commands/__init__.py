"""The 28 cmds of the interface."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fastsecc.charger.commands import command, events, setup, values
from fastsecc.charger.commands.command import Command, Result
from fastsecc.charger.state import ChargerState

COMMANDS: Final[MappingProxyType[str, Command[Any]]] = MappingProxyType(
    {
        member.name: member
        for theme in (setup, events, values)
        for member in vars(theme).values()
        if isinstance(member, Command)
    }
)
"""Cmd name -> Command."""


def apply(
    state: ChargerState, name: str, args: Any, now: float, table: Mapping[str, Command[Any]] = COMMANDS
) -> Result:
    """Validate a cmd and let it change the state.

    Args:
        state: what changes; untouched when the cmd is refused.
        name: one of the table.
        args: the arguments as a JSON object of built-ins.
        now: monotonic seconds.
        table: of cmds.

    Raises:
        CommandError: no such cmd, or arguments of the wrong shape.
    """
    found = command.find(table, name)
    return found.apply(state, found.parse(args), now)


__all__ = ["COMMANDS", "Command", "Result", "apply"]
