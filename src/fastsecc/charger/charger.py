"""A connector's charger: what was said to it, whom it tells, what it said last."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fastsecc.charger import commands, extensions, variables
from fastsecc.charger.state import ChargerState
from fastsecc.errors import VariableError

log = logging.getLogger(__name__)

COMMUNICATION_FAULT: Final = "generic/CommunicationFault"
ERROR_TYPES: Final = frozenset({COMMUNICATION_FAULT, "generic/VendorError", "generic/VendorWarning"})
"""Errors of the interface. EVerest stops charging while any is active: they are for lasting faults only."""

OnVariable = Callable[[str, Any], None]
"""Called with a var's name and its JSON-able value."""
OnError = Callable[[str, str | None], None]
"""Called with an error's type and its message; None: the error is cleared."""
OnCommand = Callable[[str, float], None]
"""Called with a cmd's name and the time, after it took effect."""


@dataclass(frozen=True, slots=True, eq=False)
class _Subscriber:
    on_variable: OnVariable
    on_error: OnError | None


class Charger:
    """The ISO15118_charger interface of one connector. Not thread-safe: one event loop owns it."""

    def __init__(self, connector: str, state: ChargerState | None = None) -> None:
        """Make a charger.

        Args:
            connector: the connector's name in the configuration.
            state: its state from the configuration; None takes the defaults.
        """
        self.connector = connector
        self.state = ChargerState() if state is None else state
        self.on_command: OnCommand | None = None
        """The connector's hook: wakes the session."""
        self.last: dict[str, Any] = {}
        """Newest value of each var that was published."""
        self.errors: dict[str, str] = {}
        """Active errors and their messages."""
        self._subscribers: list[_Subscriber] = []
        self._events: deque[Callable[[_Subscriber], None]] = deque()
        self._draining = False
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

    def publish(self, name: str, payload: Any = None) -> None:
        """Give a var to every subscriber, in the order they came.

        A number beyond its range is published as the range's end. A payload that cannot be published is logged and
        dropped: a session goes on.
        """
        try:
            value = self._checked(name, payload)
        except VariableError as error:
            log.error("%s: not published: %s", self.connector, error)
            return
        self.last[name] = value
        self._tell(lambda subscriber: subscriber.on_variable(name, value))

    def subscribe(self, on_variable: OnVariable, on_error: OnError | None = None) -> Callable[[], None]:
        """Hear every var (and error) from now on; call what is returned to end that."""
        subscriber = _Subscriber(on_variable, on_error)
        self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

        return unsubscribe

    def announce_app_protocols(self) -> None:
        """Publish `supported_app_protocols_secc`, once when the connector is ready."""
        self.publish("supported_app_protocols_secc", {"app_protocols": sorted(self.state.available_app_protocols)})

    def raise_error(self, error: str, message: str) -> None:
        """Raise an error, unless it is raised with the same message already.

        Raises:
            VariableError: no error type of the interface.
        """
        if error not in ERROR_TYPES:
            raise VariableError(error, "is no error of the interface")
        if self.errors.get(error) == message:
            return
        self.errors[error] = message
        self._tell_error(error, message)

    def clear_error(self, error: str) -> None:
        """Clear an error; nothing happens when it is not raised."""
        if self.errors.pop(error, None) is not None:
            self._tell_error(error, None)

    def _checked(self, name: str, payload: Any) -> Any:
        signed = self.state.discharges
        try:
            return variables.check(name, payload, signed=signed)
        except VariableError as error:
            value = variables.check(name, variables.fit(name, payload, signed=signed), signed=signed)
            if name not in self._fitted:
                self._fitted.add(name)
                log.warning("%s: published at the end of the range: %s", self.connector, error)
            return value

    def _tell_error(self, error: str, message: str | None) -> None:
        def tell(subscriber: _Subscriber) -> None:
            if subscriber.on_error is not None:
                subscriber.on_error(error, message)

        self._tell(tell)

    def _tell(self, event: Callable[[_Subscriber], None]) -> None:
        """Fan out in order, also when a subscriber's answer leads to the next event before all have heard this one."""
        self._events.append(event)
        if self._draining:
            return
        self._draining = True
        try:
            while self._events:
                self._fan_out(self._events.popleft())
        finally:
            self._draining = False

    def _fan_out(self, event: Callable[[_Subscriber], None]) -> None:
        for subscriber in tuple(self._subscribers):
            try:
                event(subscriber)
            except Exception:
                log.exception("%s: a subscriber failed", self.connector)
