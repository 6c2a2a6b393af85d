"""What an ISO 15118-20 session remembers beyond what all sessions do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fastsecc.charger.payloads import AppProtocol, AppProtocols
from fastsecc.charger.services import Iso20Service
from fastsecc.messages import iso20
from fastsecc.session.context import Context
from fastsecc.session.contract import Contract
from fastsecc.session.iso20.charge import Charge
from fastsecc.session.iso20.contract_requests import Installation, SignedRequest
from fastsecc.session.iso20.parameter_sets import OfferedSet
from fastsecc.session.iso20.pause import Paused20
from fastsecc.session.iso20.services import SelectedService, energy_services


@dataclass(slots=True, kw_only=True)
class Iso20Context(Context):
    """Context of an ISO 15118-20 session."""

    ev_protocols: AppProtocols
    """What the EV offered, and what of it was chosen."""
    selected_protocol: AppProtocol
    vehicle_certificate: bytes | None = None
    """The leaf that the EV showed in TLS, DER."""
    resumable: Paused20 | None = None
    """What a paused session left; None once another session was set up."""
    tls_1_3: bool = False
    """The connection is safe enough for contracts."""
    authorization_services: tuple[iso20.AuthorizationType, ...] = ()
    """As AuthorizationSetupRes offered them."""
    gen_challenge: bytes = b""
    """What the EV has to sign; empty: no contract was offered."""
    eim_asked_at: float | None = None
    """When the charger was asked for an authorization by external means the last time; None: never."""
    eim_refused: bool = False
    """The EV was told of a refusal of these; its next AuthorizationReq is a new try."""
    signed_request: SignedRequest | None = None
    """The newest AuthorizationReq that a contract signed."""
    installation: Installation | None = None
    """The CertificateInstallationReq that the back end is at work on."""
    contract: Contract | None = None
    """What authorized the EV; None: other means, or not yet."""
    supported_services: tuple[int, ...] = ()
    """Energy services that the EV has said to support in ServiceDiscoveryReq; empty: it has said nothing."""
    offered_energy: tuple[Iso20Service, ...] = ()
    """What ServiceDiscoveryRes named; so did the next."""
    offered_vas: tuple[int, ...] = ()
    details: dict[int, dict[int, OfferedSet]] = field(default_factory=dict)
    """Parameter sets that ServiceDetailRes named, by service id and set id."""
    selected: SelectedService | None = None
    selected_vas: dict[int, OfferedSet] = field(default_factory=dict)
    """Parameter sets of the value-added services that the EV selected, by service id."""
    charge: Charge = field(default_factory=Charge)

    @property
    def header(self) -> iso20.MessageHeaderType:
        """Give the header of a response that is built now."""
        return iso20.MessageHeaderType(SessionID=self.session_id, TimeStamp=self.unix_s)

    @property
    def service(self) -> SelectedService:
        """Give the selected service; only for states that come after the selection."""
        assert self.selected is not None
        return self.selected

    @property
    def energy_services(self) -> tuple[Iso20Service, ...]:
        """Give the energy services of the session's nature that the charger has now, at its beginning otherwise."""
        return energy_services(self.charger.energy_transfer_modes, self.energy_kind) or energy_services(
            self.energy_transfer_modes, self.energy_kind
        )

    def wrap(self, body: Any, signature: Any = None) -> Any:
        """Give a response as it is: its header, and the signature there, is part of it."""
        return body
