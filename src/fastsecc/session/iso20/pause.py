"""What a paused ISO 15118-20 session leaves for the one that resumes it, and who may."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from fastsecc.session.contract import Contract
from fastsecc.session.iso20.parameter_sets import OfferedSet
from fastsecc.session.iso20.services import SelectedService


@dataclass(frozen=True, slots=True)
class Paused20:
    """A paused session; it is bound to the certificate that the EV showed in TLS."""

    id_hash: bytes
    selected: SelectedService
    selected_vas: Mapping[int, OfferedSet]
    """Parameter sets of value-added services, by service id."""
    contract: Contract | None = None
    """What authorized the EV; None: other means."""

    def belongs_to(self, session_id: bytes, vehicle_certificate: bytes | None) -> bool:
        """Tell whether an EV may resume this session.

        Args:
            session_id: that of its SessionSetupReq.
            vehicle_certificate: its leaf in TLS, DER.
        """
        if vehicle_certificate is None or not any(session_id):
            return False
        return hmac.compare_digest(self.id_hash, id_hash(session_id, vehicle_certificate))


def id_hash(session_id: bytes, vehicle_certificate: bytes) -> bytes:
    """Bind a session id to a vehicle: SHA-512(session id || SHA-512(leaf certificate))."""
    return hashlib.sha512(session_id + hashlib.sha512(vehicle_certificate).digest()).digest()
