"""Requests that have to do with contracts, while somebody else decides on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastsecc.messages.iso20 import PnC_AReqAuthorizationModeType, ResponseCodeType
from fastsecc.messages.xmldsig import SignatureType
from fastsecc.session.contract import Contract


@dataclass(slots=True)
class SignedRequest:
    """An AuthorizationReq whose signature was found to be the contract's."""

    mode: PnC_AReqAuthorizationModeType
    signature: SignatureType
    contract: Contract
    asked_at: float
    """When the charger was asked, monotonic seconds."""
    refused: ResponseCodeType | None = None
    """What the EV was told; None: nothing yet."""


@dataclass(frozen=True, slots=True)
class Installation:
    """A CertificateInstallationReq that a back end is at work on."""

    wish: Any
    """What the EV asks for; the same again is the same request."""
    since: float
    """When it came first, monotonic seconds."""
