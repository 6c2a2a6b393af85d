"""E-mobility account identifiers: whose contract it is.

An eMAID is a country (2 letters), a provider (3 letters or digits), an instance (9) and, as an option, a check digit;
dashes between these and the letters' case say nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORM = re.compile(r"([A-Z]{2})(-?)([A-Z0-9]{3})\2([A-Z0-9]{9})(?:\2([A-Z0-9]))?\Z", re.ASCII)
_DASHES = re.compile("-")


@dataclass(frozen=True, slots=True)
class Emaid:
    """An eMAID in its parts."""

    country: str
    provider: str
    instance: str
    check_digit: str | None = None

    def __str__(self) -> str:
        """Give the form of the wire and of back ends: capitals without dashes."""
        return "".join((self.country, self.provider, self.instance, self.check_digit or ""))

    @property
    def dashed(self) -> str:
        """Give the form for people: DE-8AA-C12345678-9."""
        return "-".join(part for part in (self.country, self.provider, self.instance, self.check_digit) if part)

    @property
    def issuer(self) -> str:
        """Give the provider's identifier: DE8AA."""
        return self.country + self.provider


def parse(text: str) -> Emaid:
    """Read an eMAID with or without dashes.

    Raises:
        ValueError: it is none.
    """
    match = _FORM.match(text.upper())
    if match is None:
        raise ValueError(f"{text!r} is no eMAID: 2 letters, 3 and 9 letters or digits, and a check digit if any")
    country, _, provider, instance, check_digit = match.groups()
    return Emaid(country, provider, instance, check_digit)


def normal(text: str) -> str:
    """Give what two forms of the same identifier have in common, also for one that is no eMAID."""
    return _DASHES.sub("", text).upper()


def same(one: str, other: str) -> bool:
    """Tell whether two identifiers mean the same contract: dashes and case do not count, all else does."""
    return normal(one) == normal(other)
