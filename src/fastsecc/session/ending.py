"""The last vars of a connection, in the order that the interface promises (section D.7 of its semantics)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fastsecc.charger.enums import HlcSessionFailedReasonEnum as Reason
from fastsecc.charger.state import ChargerState
from fastsecc.session.api import Output
from fastsecc.session.context import Context, LinkAction

TLS_HANDSHAKE = "TLS handshake"
"""Stands for the last request of a connection whose handshake failed."""

_BY_REASON: Mapping[Reason | None, str] = {
    Reason.ProtocolNegotiationFailed: "supportedAppProtocol SessionSetup",
    Reason.ChargingParametersNotAccepted: "ServiceDiscovery ServiceDetail ChargeParameterDiscovery",
    Reason.AuthorizationFailed: "PaymentServiceSelection ServicePaymentSelection PaymentDetails Authorization "
    "ContractAuthentication CertificateInstallation CertificateUpdate",
    Reason.EnergyTransferSetupFailed: "CableCheck PreCharge PowerDelivery",
    Reason.ChargingInterrupted: "CurrentDemand ChargingStatus MeteringReceipt",
    None: "WeldingDetection SessionStop",
}
REASONS: Mapping[str, Reason | None] = MappingProxyType(
    {request: reason for reason, requests in _BY_REASON.items() for request in requests.split()}
    | {TLS_HANDSHAKE: Reason.FailedTLSHandshake}
)
"""What failed, by the name of the last request; None: nothing did."""


def end(
    charger: ChargerState, context: Context | None, action: LinkAction, last_request: str, *, tells_failure: bool = True
) -> Output:
    """Publish the end of a connection and forget its session.

    Args:
        charger: its session values are reset.
        context: of the protocol's session; None when no protocol was chosen.
        action: what is to become of the data link.
        last_request: name of the newest request without `Req`; empty: there was none.
        tells_failure: the protocol knows var `hlc_session_failed`.
    """
    out = Output()
    if context is not None and context.charging:
        context.charging = False
        out.publish("current_demand_finished")
        out.publish("ac_open_contactor" if context.energy_kind == "ac" else "dc_open_contactor")
    reason = _failure(charger, context, last_request)
    charger.reset_session()
    if tells_failure and reason is not None and action is not LinkAction.PAUSE:
        out.publish("hlc_session_failed", reason)
    out.publish(action.value)
    return out


def _failure(charger: ChargerState, context: Context | None, last_request: str) -> Reason | None:
    if context is not None and context.stale_at is not None:
        return Reason.ChargingInterrupted
    if charger.stop_requested_at is not None or charger.stop_notified or charger.emergency:
        return None  # the charger wanted the end
    return REASONS.get(last_request, Reason.UnexpectedSessionEnd)
