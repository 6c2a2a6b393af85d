"""What the interfaces of a connector have in common: whoever subscribes hears every var and error, in order."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fastsecc.errors import VariableError

log = logging.getLogger(__name__)

COMMUNICATION_FAULT: Final = "generic/CommunicationFault"
ERROR_TYPES: Final = frozenset({COMMUNICATION_FAULT, "generic/VendorError", "generic/VendorWarning"})
"""Errors of each interface. EVerest stops charging while any is active: they are for lasting faults only."""

OnVariable = Callable[[str, Any], None]
"""Called with a var's name and its JSON-able value."""
OnError = Callable[[str, str | None], None]
"""Called with an error's type and its message; None: the error is cleared."""


@dataclass(frozen=True, slots=True, eq=False)
class _Subscriber:
    on_variable: OnVariable
    on_error: OnError | None


class Interface(ABC):
    """One interface of one connector. Not thread-safe: one event loop owns it."""

    def __init__(self, connector: str) -> None:
        """Make it.

        Args:
            connector: the connector's name in the configuration.
        """
        self.connector = connector
        self.last: dict[str, Any] = {}
        """Newest value of each var that was published."""
        self.errors: dict[str, str] = {}
        """Active errors and their messages."""
        self._subscribers: list[_Subscriber] = []
        self._events: deque[Callable[[_Subscriber], None]] = deque()
        self._draining = False

    def publish(self, name: str, payload: Any = None) -> None:
        """Give a var to every subscriber, in the order they came.

        A payload that cannot be published is logged and dropped: a session goes on.
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

    @abstractmethod
    def _checked(self, name: str, payload: Any) -> Any:
        """Turn a var's payload into what is published.

        Raises:
            VariableError: there is no such var, or it carries something else.
        """

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
