"""The energy services of ISO 15118-20 and the energy transfer modes that offer them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from fastsecc.charger.enums import EnergyTransferMode as Mode
from fastsecc.charger.enums import ServiceCategory

EnergyKind = Literal["ac", "dc"]


@dataclass(frozen=True, slots=True)
class Iso20Service:
    """An energy service that sessions can carry out."""

    id: int
    """ServiceID."""
    category: ServiceCategory
    """In var `selected_service_parameters`."""
    energy: EnergyKind
    bpt: bool = False
    """The EV can give energy back."""
    mcs: bool = False
    """Over the megawatt connector."""


AC: Final = Iso20Service(1, ServiceCategory.AC, "ac")
DC: Final = Iso20Service(2, ServiceCategory.DC, "dc")
AC_BPT: Final = Iso20Service(5, ServiceCategory.AC_BPT, "ac", bpt=True)
DC_BPT: Final = Iso20Service(6, ServiceCategory.DC_BPT, "dc", bpt=True)
MCS: Final = Iso20Service(8, ServiceCategory.MCS, "dc", mcs=True)
MCS_BPT: Final = Iso20Service(9, ServiceCategory.MCS_BPT, "dc", bpt=True, mcs=True)

ISO20_SERVICES: Final[Mapping[int, Iso20Service]] = MappingProxyType(
    {service.id: service for service in (AC, DC, AC_BPT, DC_BPT, MCS, MCS_BPT)}
)
"""ServiceID -> service. Wireless, pantograph and grid-code services are not carried out, so they are not offered."""

_OFFERS: Final[Mapping[str, Iso20Service]] = {
    Mode.AC_single_phase_core: AC,
    Mode.AC_two_phase: AC,
    Mode.AC_three_phase_core: AC,
    Mode.DC_core: DC,
    Mode.DC_extended: DC,
    Mode.DC_combo_core: DC,
    Mode.DC_unique: DC,
    Mode.DC: DC,
    Mode.AC_BPT: AC_BPT,
    Mode.AC_BPT_DER: AC_BPT,
    Mode.DC_BPT: DC_BPT,
    Mode.MCS: MCS,
    Mode.MCS_BPT: MCS_BPT,
}


def iso20_services(modes: Iterable[str]) -> tuple[Iso20Service, ...]:
    """Give the services that energy transfer modes offer, each once, in the order of the modes."""
    return tuple(dict.fromkeys(_OFFERS[mode] for mode in modes if mode in _OFFERS))
