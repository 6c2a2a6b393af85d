"""supportedAppProtocol: which of the EV's protocols the session speaks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from fastsecc.messages.app_protocol import AppProtocolType, ResponseCodeType, supportedAppProtocolRes
from fastsecc.messages.namespaces import NAMESPACES


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


DIN70121 = _protocol("DIN70121", "DIN70121", "din", 2, 0)
ISO15118D2 = _protocol("ISO15118D2", "ISO15118-2-2013", "iso2", 2, 0)
APP_PROTOCOLS = (DIN70121, ISO15118D2)


def negotiate(
    offers: Collection[AppProtocolType], supported: Collection[str]
) -> tuple[AppProtocol | None, supportedAppProtocolRes]:
    """Choose a protocol and answer the EV.

    Args:
        offers: what the EV speaks.
        supported: names of the protocols that the charger may speak now.
    """
    acceptable = [
        (offer.Priority, protocol, offer)
        for offer in offers
        for protocol in APP_PROTOCOLS
        if protocol.name in supported
        and (offer.ProtocolNamespace, offer.VersionNumberMajor) == (protocol.uri, protocol.major)
    ]
    if not acceptable:
        return None, refuse()
    # [V2G2-169]: the EV's priority decides, 1 is the highest; of equal ones the later
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
