"""Whom the session trusts with contracts, and what a vehicle's provisioning certificate has to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from fastsecc.errors import CertificateError, Fault
from fastsecc.security import chain
from fastsecc.session.contract import today
from fastsecc.session.iso2.context import Iso2Context


def validate(shown: Sequence[chain.Certificate], context: Iso2Context) -> chain.Path:
    """Follow a contract's chain to a root of a mobility operator, or of V2G; give it with that root.

    Raises:
        CertificateError: names the certificate and the rule.
    """
    return _validate(shown, chain.CONTRACT, "MO", context)


def check_vehicle(leaf: chain.Certificate, context: Iso2Context) -> None:
    """Check a provisioning certificate as far as it goes alone: its issuers are the back end's to know.

    Raises:
        CertificateError: names the rule.
    """
    try:
        _validate([leaf], chain.OEM, "OEM", context)
    except CertificateError as error:
        if error.fault not in (Fault.no_root, Fault.unknown_root):
            raise


def _validate(
    shown: Sequence[chain.Certificate], role: chain.Role, roots: Literal["MO", "OEM"], context: Iso2Context
) -> chain.Path:
    trust = context.settings.security
    rules = chain.Rules(country_in_subject="country-in-certificate" in context.quirks)
    return chain.validate(
        shown,
        role,
        () if trust is None else trust.anchors(roots),
        today(context),
        rules,
        None if trust is None else trust.is_revoked,
    )
