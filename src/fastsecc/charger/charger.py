"""A connector's charger: what was said to it, whom it tells, what it said last."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastsecc.charger import commands, extensions, variables
from fastsecc.charger.interface import COMMUNICATION_FAULT, ERROR_TYPES, Interface, OnError, OnVariable
from fastsecc.charger.state import ChargerState
from fastsecc.errors import VariableError

if TYPE_CHECKING:
    from fastsecc.charger.slac_interface import SlacInterface

log = logging.getLogger(__name__)

__all__ = ["COMMUNICATION_FAULT", "ERROR_TYPES", "Charger", "OnCommand", "OnError", "OnVariable"]

OnCommand = Callable[[str, float], None]
"""Called with a cmd's name and the time, after it took effect."""


class Charger(Interface):
    """The ISO15118_charger interface of one connector. Not thread-safe: one event loop owns it."""

    def __init__(self, connector: str, state: ChargerState | None = None, slac: SlacInterface | None = None) -> None:
        """Make a charger.

        Args:
            connector: the connector's name in the configuration.
            state: its state from the configuration; None takes the defaults.
            slac: the connector's `slac` interface; None: somebody else serves it.
        """
        super().__init__(connector)
        self.state = ChargerState() if state is None else state
        self.slac = slac
        self.on_command: OnCommand | None = None
        """The connector's hook: wakes the session."""
        self._fitted: set[str] = set()

    def command(self, name: str, args: Any, now: float) -> commands.Result:
        """Let a cmd take effect, then tell the connector.

        Args:
            name: one of COMMANDS, of the charger or of its extensions.
            args: its arguments, a JSON object of built-ins.
            now: monotonic seconds.

        Raises:
            CommandError: no such cmd, or arguments that cannot be used; nothing has changed.
        """
        table = extensions.COMMANDS if name in extensions.COMMANDS else commands.COMMANDS
        result = commands.apply(self.state, name, args, now, table)
        if self.on_command is not None:
            try:
                self.on_command(name, now)
            except Exception:
                log.exception("%s: %s took effect, but the session failed on it", self.connector, name)
        return result

    def announce_app_protocols(self) -> None:
        """Publish `supported_app_protocols_secc`, once when the connector is ready."""
        self.publish("supported_app_protocols_secc", {"app_protocols": sorted(self.state.available_app_protocols)})

    def _checked(self, name: str, payload: Any) -> Any:
        """Check a payload; a number beyond its range is published as the range's end."""
        signed = self.state.discharges
        try:
            return variables.check(name, payload, signed=signed)
        except VariableError as error:
            value = variables.check(name, variables.fit(name, payload, signed=signed), signed=signed)
            if name not in self._fitted:
                self._fitted.add(name)
                log.warning("%s: published at the end of the range: %s", self.connector, error)
            return value
