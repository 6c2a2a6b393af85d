"""The EXI namespaces that fastsecc speaks, and the modules that describe them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType


@dataclass(frozen=True, slots=True)
class Namespace:
    """One EXI grammar: all global elements reachable from a root schema.

    `name` is the short name that the API and the command line use, `uri` the root schema's target namespace.
    """

    name: str
    uri: str
    module_names: tuple[str, ...]

    @property
    def own_module_names(self) -> tuple[str, ...]:
        """The modules that belong here rather than to XML signature, which others only import."""
        return tuple(name for name in self.module_names if name != "xmldsig" or self.name == name)

    def modules(self) -> tuple[ModuleType, ...]:
        """Import the modules whose `ELEMENTS` make up the grammar."""
        return tuple(import_module(f"fastsecc.messages.{name}") for name in self.module_names)


def _message_set(name: str, uri: str, package: str) -> Namespace:
    parts = ("datatypes", "header", "body", "message")
    return Namespace(name, uri, (*(f"{package}.{part}" for part in parts), "xmldsig"))


def _iso20(name: str, schema: str, *modules: str) -> Namespace:
    own = tuple(f"iso20.{module}" for module in modules)
    return Namespace(name, f"urn:iso:std:iso:15118:-20:{schema}", (*own, "iso20.common_types", "xmldsig"))


NAMESPACES: Mapping[str, Namespace] = {
    namespace.name: namespace
    for namespace in (
        Namespace("sap", "urn:iso:15118:2:2010:AppProtocol", ("app_protocol",)),
        _message_set("din", "urn:din:70121:2012:MsgDef", "din70121"),
        _message_set("iso2", "urn:iso:15118:2:2013:MsgDef", "iso2"),
        _iso20("iso20", "CommonMessages", "common_datatypes", "common_messages"),
        _iso20("iso20-ac", "AC", "ac"),
        _iso20("iso20-dc", "DC", "dc"),
        _iso20("iso20-acdp", "ACDP", "acdp"),
        _iso20("iso20-wpt", "WPT", "wpt"),
        Namespace("xmldsig", "http://www.w3.org/2000/09/xmldsig#", ("xmldsig",)),
    )
}
