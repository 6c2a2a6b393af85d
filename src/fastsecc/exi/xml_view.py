"""Messages as XML, for people and for tools that know the schemas.

Each namespace has its fixed prefix, declared at the root where it is used.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from fastsecc.exi.json_view import Simple, root_element
from fastsecc.messages.reflection import Element, Field, element_of, fields
from fastsecc.messages.schema import HEX, Type

IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
IN_QUOTES = IN_TEXT | str.maketrans({'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
PREFIXES = {
    "AppProtocol": "sap",
    "MsgDef": "d",
    "MsgHeader": "h",
    "MsgBody": "b",
    "MsgDataTypes": "t",
    "CommonMessages": "cm",
    "CommonTypes": "ct",
    "AC": "ac",
    "DC": "dc",
    "ACDP": "acdp",
    "WPT": "wpt",
    "xmldsig#": "ds",
}
"""Prefix of a namespace, by the last part of its URI."""

# XML 1.0 has no way to write these characters, but EXI strings may hold them.
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_xml(message: Type | Simple, *, element: str | None = None) -> str:
    """Write a message as XML.

    `element` names the root where the class is the type of more than one, or the message a bare value, which is written
    without a namespace. Characters that XML cannot hold become U+FFFD. Raises EncodeError when the root's name is not
    known.
    """
    root = root_element(message, element)
    prefixes: dict[str, str] = {}
    text = "".join(_element(root, message, prefixes))
    declarations = "".join(f' xmlns:{prefix}="{uri}"' for uri, prefix in sorted(prefixes.items(), key=lambda p: p[1]))
    start = 1 + len(_qualified(root, prefixes))
    return text[:start] + declarations + text[start:]


def _element(element: Element, value: Any, prefixes: dict[str, str], field: Field | None = None) -> Iterator[str]:
    name = _qualified(element, prefixes)
    if isinstance(value, Type):
        attributes = "".join(_attributes(value, prefixes))
        content = "".join(_content(value, prefixes))
    else:
        attributes, content = "", _text(value, field)
    yield f"<{name}{attributes}>{content}</{name}>" if content else f"<{name}{attributes}/>"


def _attributes(message: Type, prefixes: dict[str, str]) -> Iterator[str]:
    for field in fields(type(message)):
        value = getattr(message, field.name)
        if field.attribute and value is not None:
            yield f' {_qualified(field.element, prefixes)}="{_printable(value).translate(IN_QUOTES)}"'


def _content(message: Type, prefixes: dict[str, str]) -> Iterator[str]:
    for field in fields(type(message)):
        value = getattr(message, field.name)
        if field.attribute or value is None:
            continue
        if field.text:
            yield _text(value, field)
        else:
            for item in value if isinstance(value, list) else (value,):
                yield from _element(element_of(field, item), item, prefixes, field)


def _qualified(element: Element, prefixes: dict[str, str]) -> str:
    if not element.namespace:
        return element.name
    prefix = prefixes.setdefault(element.namespace, PREFIXES[re.split("[:/]", element.namespace)[-1]])
    return f"{prefix}:{element.name}"


def _text(value: Any, field: Field | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        hexadecimal = field is not None and field.lexical == HEX
        return value.hex().upper() if hexadecimal else b64encode(value).decode()
    return _printable(str(value)).translate(IN_TEXT)


def _printable(text: str) -> str:
    return NOT_IN_XML.sub("\ufffd", text)
