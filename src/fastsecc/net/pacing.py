"""Minimum times between a request and its response, for EVs that cannot take an answer that comes at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from fastsecc.messages import app_protocol, din70121, iso2, iso20
from fastsecc.session.api import LoopTemplate

PACKAGES = {
    "DIN70121": (din70121,),
    "ISO15118D2": (iso2,),
    "ISO15118D20": (iso20, iso20.ac, iso20.dc, iso20.acdp, iso20.wpt),
}


class Pacing:
    """What to wait, by response."""

    def __init__(self, min_response_ms: Mapping[str, int] | None = None) -> None:
        """Take milliseconds by protocol, by message, or by both (`DIN70121.CurrentDemand`); the most exact name wins.

        `supportedAppProtocol` belongs to no protocol.
        """
        self._waits: dict[type, int] = {}
        given = min_response_ms or {}
        for protocol, message, response in responses():
            found = [given[name] for name in (f"{protocol}.{message}", message, protocol) if name in given]
            if found:
                self._waits[response] = found[0]

    def response_ms(self, response: Any) -> int:
        """Give how long after its request a response (a whole message) may leave at the earliest."""
        if not self._waits:
            return 0
        body = getattr(response, "Body", None)
        return self._waits.get(type(response if body is None else body.BodyElement), 0)

    def template_ms(self, template: LoopTemplate) -> int:
        """Give the same for the answers of a loop."""
        return self.response_ms(template.fresh) if self._waits else 0


def responses() -> Iterator[tuple[str, str, type]]:
    """Give every response there is: its protocol, its name without `Res`, its class."""
    yield "", "supportedAppProtocol", app_protocol.supportedAppProtocolRes
    for protocol, packages in PACKAGES.items():
        for package in packages:
            for name, kind in vars(package).items():
                if name.endswith("Res") and isinstance(kind, type):
                    yield protocol, name.removesuffix("Res"), kind


def hint(wrong: str) -> str:
    """Name the nearest one to a name that is none, if one is near."""
    nearest = get_close_matches(wrong, sorted(names()), n=1)
    return f"; did you mean {nearest[0]}?" if nearest else ""


@cache
def names() -> frozenset[str]:
    """Give every name that a minimum time can be given for."""
    each = [(protocol, message) for protocol, message, _ in responses()]
    exact = {f"{protocol}.{message}" for protocol, message in each if protocol}
    return frozenset(exact | {message for _, message in each} | set(PACKAGES))
