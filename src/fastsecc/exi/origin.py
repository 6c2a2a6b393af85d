"""Which element of which namespace a message was read as, where its class alone would not tell.

A certificate chain is the type of several elements, and a SignedInfo has one code in the message set's fragments and
another in those of XML signature: what was decoded, or read from JSON, is to be encoded as what it was.
"""

from __future__ import annotations

import weakref
from typing import NamedTuple

from fastsecc.messages.schema import Type


class Origin(NamedTuple):
    """The namespace's short name and the root element's."""

    namespace: str
    element: str


_origins: dict[int, tuple[weakref.ref[Type], Origin]] = {}
"""By identity: messages compare by their content, and so have no hash."""


def remember(message: object, namespace: str, element: str) -> None:
    """Note what a message was read as, for as long as it lives."""
    if isinstance(message, Type):
        key = id(message)
        _origins[key] = (weakref.ref(message, lambda _: _origins.pop(key, None)), Origin(namespace, element))


def recall(message: object) -> Origin | None:
    """Tell what a message was read as; None for one that was made otherwise."""
    found = _origins.get(id(message))
    return found[1] if found is not None and found[0]() is message else None
