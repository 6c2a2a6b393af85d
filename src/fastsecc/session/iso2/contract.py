"""The EV's contract on its way to be proven, and the certificates that messages show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fastsecc.messages.iso2 import CertificateChainType
from fastsecc.security.chain import der
from fastsecc.session.contract import Contract


@dataclass(slots=True)
class ShownContract:
    """What PaymentDetailsReq brought, and the challenge that was its answer."""

    contract: Contract
    challenge: bytes
    asked_at: float
    """When the EV was given the challenge."""
    proven: bool = False
    """The EV has signed the challenge."""

    @property
    def leaf(self) -> bytes:
        """The contract certificate, DER."""
        return der(self.contract.chain[0])


def certificates(chain: CertificateChainType) -> Iterable[bytes]:
    """Give the certificates of a chain, DER, leaf first."""
    yield chain.Certificate
    if chain.SubCertificates is not None:
        yield from chain.SubCertificates.Certificate
