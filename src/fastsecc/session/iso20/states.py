"""The states of an ISO 15118-20 session, named by the requests that are due."""

from __future__ import annotations

from enum import Enum, auto


class State(Enum):
    """What the EV may send next; SessionStop is also taken in most of them."""

    SESSION_SETUP = auto()
    AUTHORIZATION_SETUP = auto()
    AUTHORIZATION = auto()
    AUTHORIZATION_OR_CERTIFICATE = auto()
    """CertificateInstallation, too: it was offered."""
    SERVICE_DISCOVERY = auto()
    SERVICE_DETAIL = auto()
    SERVICE_SELECTION = auto()
    """ServiceDetail, too: at least one was answered."""
    AC_CHARGE_PARAMETER_DISCOVERY = auto()
    DC_CHARGE_PARAMETER_DISCOVERY = auto()
    SCHEDULE_EXCHANGE = auto()
    DC_CABLE_CHECK = auto()
    DC_PRE_CHARGE = auto()
    POWER_DELIVERY = auto()
    AC_CHARGE_LOOP = auto()
    DC_CHARGE_LOOP = auto()
    DC_WELDING_DETECTION = auto()
    SESSION_STOP = auto()
    ENDED = auto()


CHARGE_PARAMETER_DISCOVERY = {
    "ac": State.AC_CHARGE_PARAMETER_DISCOVERY,
    "dc": State.DC_CHARGE_PARAMETER_DISCOVERY,
}
CHARGE_LOOP = {"ac": State.AC_CHARGE_LOOP, "dc": State.DC_CHARGE_LOOP}
