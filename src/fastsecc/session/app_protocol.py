"""supportedAppProtocol: which of the EV's protocols the session speaks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from fastsecc.charger.services import EnergyKind
from fastsecc.messages.app_protocol import AppProtocolType, ResponseCodeType, supportedAppProtocolRes
from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.session.iso20.services import energy_services


@dataclass(frozen=True, slots=True)
class AppProtocol:
    """A protocol that sessions speak."""

    name: str
    """In cmd `update_supported_app_protocols`."""
    selected_name: str
    """In var `selected_protocol`."""
    exi_namespace: str
    uri: str
    major: int
    minor: int


def _protocol(name: str, selected_name: str, exi_namespace: str, major: int, minor: int) -> AppProtocol:
    return AppProtocol(name, selected_name, exi_namespace, NAMESPACES[exi_namespace].uri, major, minor)


def _iso20(selected_name: str, part: str) -> AppProtocol:
    """Describe a part of ISO 15118-20; each speaks the common messages besides its own."""
    return AppProtocol("ISO15118D20", selected_name, "iso20", f"urn:iso:std:iso:15118:-20:{part}", 1, 0)


DIN70121 = _protocol("DIN70121", "DIN70121", "din", 2, 0)
ISO15118D2 = _protocol("ISO15118D2", "ISO15118-2-2013", "iso2", 2, 0)
ISO15118D20_AC = _iso20("ISO15118-20:AC and similar", "AC")
ISO15118D20_DC = _iso20("ISO15118-20:DC", "DC")
ISO15118D20: Mapping[EnergyKind, AppProtocol] = {"ac": ISO15118D20_AC, "dc": ISO15118D20_DC}
"""Which part of ISO 15118-20 a charger's services belong to."""


def speakable(names: Collection[str], modes: Collection[str], *, secure: bool) -> list[AppProtocol]:
    """List the protocols that a connection may choose.

    Args:
        names: as cmd `update_supported_app_protocols` has them.
        modes: energy transfer modes, which say what ISO 15118-20 has services for.
        secure: the connection is good enough for ISO 15118-20.
    """
    protocols = [protocol for protocol in (DIN70121, ISO15118D2) if protocol.name in names]
    for energy, protocol in ISO15118D20.items():
        if secure and protocol.name in names and energy_services(modes, energy):
            protocols.append(protocol)
    return protocols


def negotiate(
    offers: Collection[AppProtocolType], protocols: Collection[AppProtocol]
) -> tuple[AppProtocol | None, supportedAppProtocolRes]:
    """Choose a protocol and answer the EV.

    Args:
        offers: what the EV speaks.
        protocols: those that the charger may speak now.
    """
    acceptable = [
        (offer.Priority, protocol, offer)
        for offer in offers
        for protocol in protocols
        if (offer.ProtocolNamespace, offer.VersionNumberMajor) == (protocol.uri, protocol.major)
    ]
    if not acceptable:
        return None, refuse()
    # [V2G2-169], [V2G20-169]: the EV's priority decides, 1 is the highest; of equal ones the later
    _, protocol, offer = min(reversed(acceptable), key=lambda entry: entry[0])
    same = offer.VersionNumberMinor == protocol.minor
    code = (
        ResponseCodeType.OK_SuccessfulNegotiation
        if same
        else ResponseCodeType.OK_SuccessfulNegotiationWithMinorDeviation
    )
    return protocol, supportedAppProtocolRes(ResponseCode=code, SchemaID=offer.SchemaID)


def refuse() -> supportedAppProtocolRes:
    """Answer that there is no common protocol."""
    return supportedAppProtocolRes(ResponseCode=ResponseCodeType.Failed_NoNegotiation)
