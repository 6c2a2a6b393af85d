"""The states of a DIN 70121 session, named by the requests that they wait for."""

from __future__ import annotations

from enum import Enum, auto


class State(Enum):
    """What a session waits for; SessionStop is also taken in most of them."""

    SESSION_SETUP = auto()
    SERVICE_DISCOVERY = auto()
    PAYMENT_SELECTION = auto()
    AUTHORIZATION = auto()
    CHARGE_PARAMETER_DISCOVERY = auto()
    CABLE_CHECK = auto()
    PRE_CHARGE = auto()
    PRE_CHARGE_OR_POWER_DELIVERY = auto()
    CURRENT_DEMAND = auto()
    CURRENT_DEMAND_OR_POWER_DELIVERY = auto()
    WELDING_DETECTION_OR_STOP = auto()
    STOP = auto()
    TERMINATED = auto()
