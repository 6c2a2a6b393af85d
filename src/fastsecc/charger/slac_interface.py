"""EVerest's `slac` interface of one connector: 6 cmds in, 4 vars out."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import msgspec

from fastsecc.charger.commands import command
from fastsecc.charger.interface import Interface
from fastsecc.charger.shape import MacAddress, Shape
from fastsecc.errors import CommandError, VariableError


class State(StrEnum):
    """How far the matching of EV and EVSE has come."""

    UNMATCHED = "UNMATCHED"
    MATCHING = "MATCHING"
    MATCHED = "MATCHED"


class NoArguments(Shape):
    """Arguments of a cmd that has none."""


class ResetArguments(Shape):
    """Arguments of `reset`; EVerest resets with `enable` false, and true does nothing."""

    enable: bool


COMMANDS: Final[MappingProxyType[str, type[Shape]]] = MappingProxyType(
    {
        "reset": ResetArguments,
        "enter_bcd": NoArguments,
        "leave_bcd": NoArguments,
        "dlink_terminate": NoArguments,
        "dlink_error": NoArguments,
        "dlink_pause": NoArguments,
    }
)
"""Cmd name -> its arguments. No cmd has a result."""

VARIABLES: Final[MappingProxyType[str, Any]] = MappingProxyType(
    {"state": State, "dlink_ready": bool, "request_error_routine": None, "ev_mac_address": MacAddress}
)
"""Var name -> type of its payload; None for a var that carries JSON null."""

SLAC: Final = "slac."
"""What its names begin with where those of the charger's interface are used too."""

OnSlacCommand = Callable[[str, float], None]
"""Called with a cmd's name and the time, to let it take effect."""


class SlacInterface(Interface):
    """The `slac` interface of one connector. Not thread-safe: one event loop owns it."""

    def __init__(self, connector: str) -> None:
        """Make it.

        Args:
            connector: the connector's name in the configuration.
        """
        super().__init__(connector)
        self.on_command: OnSlacCommand | None = None
        """Takes the cmds to where SLAC runs; None: it does not run yet."""

    def command(self, name: str, args: Any, now: float) -> None:
        """Let a cmd take effect.

        Args:
            name: one of COMMANDS.
            args: its arguments, a JSON object of built-ins.
            now: monotonic seconds.

        Raises:
            CommandError: no such cmd, arguments that cannot be used, or SLAC does not run.
        """
        arguments = command.parse(name, command.find(COMMANDS, name), args)
        if isinstance(arguments, ResetArguments) and arguments.enable:
            return
        if self.on_command is None:
            raise CommandError(name, "", "SLAC does not run")
        self.on_command(name, now)

    def _checked(self, name: str, payload: Any) -> Any:
        if name not in VARIABLES:
            raise VariableError(name, "is no var of the interface")
        try:
            return msgspec.to_builtins(msgspec.convert(msgspec.to_builtins(payload), VARIABLES[name]))
        except (msgspec.ValidationError, TypeError, ValueError) as error:
            raise VariableError(name, str(error)) from None
