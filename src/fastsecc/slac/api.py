"""What goes into the SLAC machine and what comes out of it.

The machine is fed with Ethernet frames, the control pilot, commands and the time, and returns what to send and publish.
It never reads a clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from fastsecc.session.api import Variable
from fastsecc.slac import timers
from fastsecc.slac.addresses import LOCALCAST

UNKNOWN_ATTENUATION_db: Final = 255
"""What is said of sounds that nothing was measured of: the EV must not take silence for a good link."""


class SlacState(StrEnum):
    """Values of var `state`."""

    UNMATCHED = "UNMATCHED"
    MATCHING = "MATCHING"
    MATCHED = "MATCHED"


class Validation(StrEnum):
    """What CM_VALIDATE.REQ is answered with: counting toggles of the control pilot is not offered."""

    FAILURE = "failure"
    NOT_REQUIRED = "not_required"


class LinkLoss(StrEnum):
    """What follows the loss of a link: option A of the standard or option B."""

    ERROR_ROUTINE = "error_routine"
    WAIT = "wait"


@dataclass(slots=True, frozen=True)
class Fault:
    """A lasting error of the interface; without message it is over."""

    message: str | None


@dataclass(slots=True)
class SlacOutput:
    """What one input leads to: the frames first, then the vars."""

    frames: list[bytes] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    """`state`, `dlink_ready`, `ev_mac_address`, `request_error_routine`."""
    faults: list[Fault] = field(default_factory=list)
    """generic/CommunicationFault raised or cleared."""
    log: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def publish(self, name: str, payload: Any = None) -> None:
        """Add a variable."""
        self.variables.append(Variable(name, payload))


@dataclass(slots=True)
class SlacSettings:
    """The policy of a connector's SLAC, from its configuration."""

    modem_mac: bytes = LOCALCAST
    """Where messages for the own modem go."""
    modem_required: bool = True
    """Match only when the modem has taken the key; False is for interfaces without a modem."""
    TT_EVSE_SLAC_init_s: float = timers.TT_EVSE_SLAC_init_s
    """0: an EV may take for ever to begin."""
    set_key_timeout_s: float = 0.3
    """How long CM_SET_KEY.CNF may take (modems need half a millisecond); three attempts fit in TP_match_leave."""
    sounding_attenuation_adjustment_db: int = 0
    """Added to each group: what is lost between the modem and the connector."""
    unknown_attenuation_db: int = UNKNOWN_ATTENUATION_db
    """Said of each group when the modem measured none."""
    publish_mac_on_match_cnf: bool = True
    error_routine: bool = True
    """Ask for state E or F when no EV begins in time: right with a duty cycle of 5 %."""
    reset_instead_of_fail: bool = True
    """After a failed match wait for the next CM_SLAC_PARM.REQ; False: the error routine comes first."""
    validation: Validation = Validation.FAILURE
    chip_reset: bool = False
    """Restart the modem after each new key."""
    chip_reset_delay_s: float = 0.1
    chip_reset_timeout_s: float = 0.5
    link_status_detection: bool = False
    """Ask a Qualcomm or Lumissil modem for the link before MATCHED, and while it lasts."""
    link_status_retry_s: float = 0.1
    link_status_timeout_s: float = timers.TT_match_join_s
    link_status_poll_s: float = 0.2
    """Between two questions while matched."""
    link_status_debounce: int = 3
    """Answers in a row without a link that mean its loss."""
    link_loss: LinkLoss = LinkLoss.WAIT
    amp_map: bytes | None = None
    """Amplitudes to ask the EV for once there is a link, four bits a carrier; None: nothing is asked for."""
    quirks: frozenset[str] = frozenset()
    random: Callable[[int], bytes] | None = None
    """Gives that many random octets; None takes the kernel's."""
