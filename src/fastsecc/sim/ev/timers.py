"""The EV's timers, under the standards' names; seconds."""

from __future__ import annotations

from typing import Final

V2G_EVCC_Msg_Timeout_s: Final = 2.0
"""How long the EV waits for an answer, where the table below does not say otherwise."""
V2G_EVCC_Msg_Timeouts_s: Final = {
    "ServiceDetailReq": 5.0,
    "PaymentDetailsReq": 5.0,
    "CertificateInstallationReq": 5.0,
    "CertificateUpdateReq": 5.0,
    "CurrentDemandReq": 0.25,
    "AC_ChargeLoopReq": 0.5,
    "DC_ChargeLoopReq": 0.5,
}
V2G_EVCC_PowerDelivery_Timeout_s: Final = {"din": 2.0, "iso2": 5.0, "iso20": 2.0}
V2G_EVCC_Sequence_Performance_Time_loop_s: Final = 0.25
"""How long an EV may think in the charge loop of ISO 15118-20."""
V2G_EVCC_Ongoing_Timeout_s: Final = 60.0
V2G_EVCC_CableCheck_Timeout_s: Final = 40.0
V2G_EVCC_PreCharge_Timeout_s: Final = {"din": 7.0, "iso2": 7.0, "iso20": 10.0}
WELDING_DETECTION_TIMEOUT_s: Final = 5.0
"""How long this EV watches the voltage fall; the standards leave it to the EV."""


def message_timeout_s(protocol: str, request: str) -> float:
    """Say how long the EV waits for the answer to a request."""
    if request == "PowerDeliveryReq":
        return V2G_EVCC_PowerDelivery_Timeout_s[protocol]
    return V2G_EVCC_Msg_Timeouts_s.get(request, V2G_EVCC_Msg_Timeout_s)
