"""The EV's contract: what its certificates say, and how the charger is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from fastsecc.charger.enums import AuthorizationType, IdTokenType
from fastsecc.charger.payloads import CertificateHashDataInfo, IdToken, ProvidedIdToken
from fastsecc.errors import CertificateError, Fault
from fastsecc.security import emaid
from fastsecc.security.chain import Certificate, common_name, pem

if TYPE_CHECKING:
    from fastsecc.session.context import Context

MAX_CERTIFICATE_CHARS: Final = 5500
"""Most that the interface carries in `certificate`."""
FORWARDED_FAULTS: Final = frozenset({Fault.revoked, Fault.no_root, Fault.unknown_root})
"""What a back end may see otherwise than we do: it knows more roots, and the newest word on revocations."""


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract whose certificates were found in order."""

    chain: tuple[Certificate, ...]
    """Leaf first, without root."""
    hash_data: tuple[CertificateHashDataInfo, ...] = ()
    """For the OCSP requests of a back end; empty for a chain that was not verified here."""

    @property
    def emaid(self) -> str:
        """Give the eMAID as the certificate says it, without dashes."""
        return common_name(self.chain[0]).replace("-", "")

    @property
    def public_key(self) -> object:
        """Key that the EV's signatures are verified with."""
        return self.chain[0].public_key()

    @property
    def pem(self) -> str:
        """The chain in PEM, the leaf first, as far as the interface has room for it."""
        text = ""
        for certificate in self.chain:
            more = text + pem(certificate)
            if len(more) > MAX_CERTIFICATE_CHARS:
                break
            text = more
        return text

    @property
    def token(self) -> ProvidedIdToken:
        """Say whose contract it is, and what a back end needs to check it."""
        return ProvidedIdToken(
            id_token=IdToken(value=self.emaid, type=IdTokenType.eMAID),
            authorization_type=AuthorizationType.PlugAndCharge,
            certificate=self.pem,
            iso15118CertificateHashData=list(self.hash_data) or None,
        )


def check_emaid(chain: Sequence[Certificate]) -> emaid.Emaid:
    """Read the eMAID of a contract certificate.

    Raises:
        CertificateError: it has none.
    """
    name = common_name(chain[0])
    try:
        return emaid.parse(name)
    except ValueError as error:
        raise CertificateError(name, str(error), Fault.subject) from None


def today(context: Context) -> datetime:
    """Give the time of day that certificates are held against; in 1970 none is valid, if the clock is not known."""
    return datetime.fromtimestamp(context.unix_s, UTC)
