"""Every error fastsecc raises, as one tree.

FastSeccError
 +-- ConfigError           a file, option or environment that the user can mend
 |    +-- InterfaceError   a network interface that is missing, down or without a usable address
 |         +-- CapabilityError  a right that the process lacks to use it
 +-- CodecError
 |    +-- EncodeError      a message that its schema does not allow
 |    +-- DecodeError      octets that are no EXI message of the namespace
 +-- FrameError            octets that are no SLAC message
 +-- ProtocolError         a request that gets a FAILED answer; carries the response code that goes on the wire
 +-- SecurityError         what cannot be trusted; carries the response codes that say so
 |    +-- SignatureError   a signature that does not vouch for a message
 |    +-- CertificateError a certificate that breaks a rule; names both
 |    +-- KeyWrapError     a wrapped private key that cannot be unwrapped, or is not the certificate's
 +-- CommandError          a cmd of the interface with arguments that cannot be used
 +-- VariableError         a var of the interface that would break its type
 +-- LinkError             a connection to an EV that cannot go on
 +-- EvError               a SECC that the EV simulator cannot charge at
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path


class FastSeccError(Exception):
    """Base of every error of this package."""


class ConfigError(FastSeccError):
    """A setting that cannot be used; names the file, line and option where these are known."""

    def __init__(self, reason: str, *, option: str = "", file: Path | None = None, line: int = 0) -> None:
        place = ":".join(str(part) for part in (file, line or None, option or None) if part)
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason = reason
        self.option = option
        self.file = file
        self.line = line


class InterfaceError(ConfigError):
    """A network interface that is missing, down or without a usable address."""

    def __init__(self, interface: str, reason: str) -> None:
        super().__init__(reason, option=f"interface {interface}")
        self.interface = interface


class CapabilityError(InterfaceError):
    """A right that the process lacks to use a network interface; the reason says what would give it."""


class CodecError(FastSeccError):
    """Base of what the EXI codec raises."""


class EncodeError(CodecError):
    """A message that its schema does not allow; `path` names the element."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class DecodeError(CodecError):
    """Octets that are no message of the namespace; `path` names the element, `bit` the position in the stream."""

    def __init__(self, path: str, bit: int, reason: str) -> None:
        super().__init__(f"{path or '/'}: bit {bit}: {reason}")
        self.path = path
        self.bit = bit
        self.reason = reason


class FrameError(FastSeccError):
    """Octets that are no SLAC message; `message` is its name as far as it is known, `field` the one at fault."""

    def __init__(self, message: str, field: str, reason: str) -> None:
        super().__init__(f"{message}: {field}: {reason}")
        self.message = message
        self.field = field
        self.reason = reason


class ProtocolError(FastSeccError):
    """A request that is answered with a FAILED response code.

    `response_code` is the standard's own name, as it goes on the wire.
    """

    def __init__(self, response_code: str, reason: str) -> None:
        super().__init__(f"{response_code}: {reason}")
        self.response_code = response_code
        self.reason = reason


class SecurityError(FastSeccError):
    """What cannot be trusted.

    `iso2_code` and `iso20_code` are the response codes that say so in ISO 15118-2 and ISO 15118-20.
    """

    iso2_code = "FAILED"
    iso20_code = "WARNING_GeneralPnCAuthorizationError"


class SignatureError(SecurityError):
    """A signature that does not vouch for a message."""

    iso2_code = "FAILED_SignatureError"
    iso20_code = "FAILED_SignatureError"


class CertificateError(SecurityError):
    """A certificate that breaks a rule."""

    def __init__(self, certificate: str, reason: str, fault: Fault) -> None:
        """Name both.

        Args:
            certificate: its subject, for people.
            reason: the rule and how it is broken.
            fault: of which kind that is.
        """
        super().__init__(f"{certificate}: {reason}" if certificate else reason)
        self.certificate = certificate
        self.reason = reason
        self.fault = fault
        self.iso2_code, self.iso20_code = fault.value


class Fault(Enum):
    """What is wrong with a certificate, as the response codes of ISO 15118-2 and ISO 15118-20 tell it apart."""

    chain = "FAILED_CertChainError", "WARNING_CertificateValidationError"
    """It cannot be read, is not signed by the next one, or is not made for its purpose."""
    subject = "FAILED", "WARNING_CertificateValidationError"
    """Its name is not one for its purpose."""
    expired = "FAILED_CertificateExpired", "WARNING_CertificateExpired"
    not_yet_valid = "FAILED_CertificateExpired", "WARNING_CertificateNotYetValid"
    issuer_expired = "FAILED_CertificateNotAllowedAtThisEVSE", "WARNING_CertificateExpired"
    issuer_not_yet_valid = "FAILED_CertificateNotAllowedAtThisEVSE", "WARNING_CertificateNotYetValid"
    revoked = "FAILED_CertificateRevoked", "WARNING_CertificateRevoked"
    no_root = "FAILED_NoCertificateAvailable", "WARNING_eMSPUnknown"
    """There is no root to compare with at all."""
    unknown_root = "FAILED_CertificateNotAllowedAtThisEVSE", "WARNING_eMSPUnknown"
    """It leads to no root that is trusted."""


class KeyWrapError(SecurityError):
    """A wrapped private key that cannot be unwrapped, or is not the certificate's."""


class CommandError(FastSeccError):
    """A cmd whose arguments cannot be used; `field` names the one at fault ("" for the cmd itself)."""

    def __init__(self, command: str, field: str, reason: str) -> None:
        super().__init__(f"{command}: {field}: {reason}" if field else f"{command}: {reason}")
        self.command = command
        self.field = field
        self.reason = reason


class VariableError(FastSeccError):
    """A var whose payload would break its type."""

    def __init__(self, variable: str, reason: str) -> None:
        super().__init__(f"{variable}: {reason}")
        self.variable = variable
        self.reason = reason


class LinkError(FastSeccError):
    """A connection to an EV that cannot go on."""


class EvError(FastSeccError):
    """A SECC that the EV simulator cannot charge at: no answer, a FAILED one, or one that makes no sense."""
