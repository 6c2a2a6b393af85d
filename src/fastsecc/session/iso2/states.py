"""The states of an ISO 15118-2 session, named after the requests that are due."""

from __future__ import annotations

from enum import Enum, auto


class State(Enum):
    """What the EV may send next."""

    SESSION_SETUP = auto()
    SERVICE_DISCOVERY = auto()
    PAYMENT_SERVICE_SELECTION = auto()
    PAYMENT_DETAILS_OR_CERTIFICATE = auto()
    PAYMENT_DETAILS = auto()
    AUTHORIZATION = auto()
    CHARGE_PARAMETER_DISCOVERY = auto()
    CABLE_CHECK = auto()
    PRE_CHARGE = auto()
    PRE_CHARGE_OR_POWER_DELIVERY = auto()
    POWER_DELIVERY = auto()
    CURRENT_DEMAND = auto()
    CURRENT_DEMAND_OR_POWER_DELIVERY = auto()
    CHARGING_STATUS = auto()
    CHARGING_STATUS_OR_POWER_DELIVERY = auto()
    METERING_RECEIPT = auto()
    WELDING_DETECTION_OR_SESSION_STOP = auto()
    SESSION_STOP = auto()
    ENDED = auto()
