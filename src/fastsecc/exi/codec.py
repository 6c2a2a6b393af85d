"""EXI streams to messages and back."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from fastsecc import _exi
from fastsecc.errors import DecodeError, EncodeError
from fastsecc.exi.origin import recall, remember
from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.messages.reflection import namespace_of
from fastsecc.messages.schema import Type

MAX_MESSAGE_OCTETS = 65536
"""Longer streams are refused unread."""

Octets = bytes | bytearray | memoryview

_ROOTS = {name: index for index, name in enumerate(NAMESPACES)}

_FAULTS = (
    "",
    "the stream ends too early",
    "no such event code",
    "content that is not supported",
    "content that the schema does not have",
    "value out of range",
    "string table entry, but tables are not in use",
    "not a character",
    "integer with too many digits",
    "the first octet is not 0x80",
    "out of memory",
    "",
    "length outside the schema's limits",
    "character that XML does not allow",
    "padding bits that are not zero",
    "octets after the end",
    "element that is only the head of its substitution group",
    "value outside the schema's range",
)
"""What the results of the engine mean, in its order: first what makes decoding fail, then what is let pass."""


class Deviation(NamedTuple):
    """Something in a stream that its schema does not allow, but that leaves no doubt about the content."""

    path: str
    bit: int
    what: str


class Decoded(NamedTuple):
    """A message with the name of its element and what was odd about it."""

    message: Any
    element: str
    deviations: tuple[Deviation, ...]


def decode(data: Octets, namespace: str, fragment: bool = False) -> Any:
    """Decode an EXI document, or with `fragment` one element as it is signed, of a namespace ("sap", "din", "iso2", …).

    Returns the element's message object (for an element of simple type its bare value). Raises DecodeError.
    """
    return decode_flagged(data, namespace, fragment).message


def decode_flagged(data: Octets, namespace: str, fragment: bool = False) -> Decoded:
    """Decode as `decode` does, and tell what deviates from the schema."""
    if len(data) > MAX_MESSAGE_OCTETS:
        raise DecodeError("", 0, f"{len(data)} octets are more than {MAX_MESSAGE_OCTETS}")
    octets = data if type(data) is bytes else bytes(data)
    message, element, bit, fault, deviations = _exi.decode(octets, _root(namespace), fragment)
    if fault:
        raise DecodeError(element, bit, _FAULTS[fault])
    if fragment:
        remember(message, namespace, element)
    return Decoded(message, element, tuple(Deviation(path, bit, _FAULTS[what]) for path, bit, what in deviations))


def encode(message: Type, fragment: bool = False, *, namespace: str | None = None, element: str | None = None) -> bytes:
    """Encode a message as an EXI document, or with `fragment` as the EXI fragment that is signed.

    A message that was decoded as a fragment, or read from JSON, is encoded as what it was. For others the namespace is
    the one that their class is from (for xmldsig types that of XML signature, whose stand-alone grammar signatures are
    made with), and `element` is needed only where several elements have the same class. Raises EncodeError, which names
    the element that the schema does not allow.
    """
    cls = type(message)
    if fragment and namespace is None and element is None and (origin := recall(message)) is not None:
        namespace, element = origin
    root = _home(cls) if namespace is None else _root(namespace)
    return _exi.encode(message, root, _event_code(cls, root, fragment, element), fragment)


def _root(namespace: str) -> int:
    try:
        return _ROOTS[namespace]
    except KeyError:
        raise ValueError(f"no such namespace: {namespace}; there are {', '.join(_ROOTS)}") from None


@cache
def _home(cls: type) -> int:
    """Find the namespace that a class is from."""
    try:
        return _ROOTS[namespace_of(cls)]
    except StopIteration:
        raise EncodeError(cls.__name__, "is no message class") from None


@cache
def _elements(root: int, fragment: bool) -> dict[type, dict[str, int]]:
    """Map classes to the elements that have them: name to event code."""
    found: dict[type, dict[str, int]] = {}
    for code, (name, cls) in enumerate(_exi.roots(root, fragment)):
        if cls is not None:
            found.setdefault(cls, {}).setdefault(name, code)
    return found


def _event_code(cls: type, root: int, fragment: bool, name: str | None) -> int:
    elements = _elements(root, fragment).get(cls, {})
    if name is None and len(elements) == 1:
        return next(iter(elements.values()))
    if name is not None and name in elements:
        return elements[name]
    if not elements:
        raise EncodeError(cls.__name__, f"is no {'fragment' if fragment else 'document'} of this namespace")
    raise EncodeError(cls.__name__, f"element must be one of {', '.join(elements)}")
