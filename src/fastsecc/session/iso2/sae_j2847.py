"""SAE J2847/2 over ISO 15118-2 DC: two value-added services by which the EV lets itself be discharged.

With V2G the charger says negative limits and the EV asks for a negative current. With V2H the EV says in its second
ChargeParameterDiscoveryReq what it gives, in negative limits, and down to which state of charge, in BulkSOC.
"""

from __future__ import annotations

from typing import Final

from fastsecc.errors import ProtocolError
from fastsecc.messages.iso2 import (
    DC_EVChargeParameterType,
    PaymentServiceSelectionReq,
    ServiceCategoryType,
    ServiceType,
)
from fastsecc.session.iso2.context import Iso2Context

V2G, V2H = "V2G", "V2H"
SERVICE_IDS: Final = {V2H: 28472, V2G: 28473}


def service(context: Iso2Context) -> ServiceType | None:
    """Describe the service that the session offers; None: discharging is not offered."""
    if context.sae_mode not in SERVICE_IDS or context.energy_kind != "dc":
        return None
    return ServiceType(
        ServiceID=SERVICE_IDS[context.sae_mode],
        ServiceName=f"SAE J2847/2 {context.sae_mode}",
        ServiceCategory=ServiceCategoryType.OtherCustom,
        FreeService=True,
    )


def select(request: PaymentServiceSelectionReq, context: Iso2Context) -> None:
    """Note that the EV takes the service that was offered; a later selection without it gives it back."""
    offered = service(context)
    context.sae_active = offered is not None and any(
        selected.ServiceID == offered.ServiceID for selected in request.SelectedServiceList.SelectedService
    )
    if context.sae_active:
        context.publish("sae_bidi_mode_active")


def gives_energy_home(context: Iso2Context) -> bool:
    """Tell whether the session runs in V2H mode, whose EV may say negative limits."""
    return context.sae_active and context.sae_mode == V2H


def needs_parameters_again(parameters: DC_EVChargeParameterType, context: Iso2Context) -> bool:
    """Tell whether ChargeParameterDiscovery goes on: the first in V2H mode does, the next settles what the EV gives.

    Raises:
        ProtocolError: FAILED_WrongEnergyTransferMode: the next says neither how deep nor how fast.
    """
    if not gives_energy_home(context):
        return False
    if not context.v2h_discovered:
        context.v2h_discovered = True
        return True
    limits = (parameters.EVMaximumCurrentLimit, parameters.EVMaximumPowerLimit)
    if parameters.BulkSOC is None or any(limit is None or limit.Value >= 0 for limit in limits):
        raise ProtocolError("FAILED_WrongEnergyTransferMode", "V2H needs BulkSOC and negative current and power limits")
    context.v2h_minimum_soc_percent = parameters.BulkSOC
    return False


def is_empty(context: Iso2Context) -> bool:
    """Tell whether the EV of a V2H session has given all that it will."""
    soc = context.soc_percent
    return gives_energy_home(context) and soc is not None and soc <= context.v2h_minimum_soc_percent
