"""What the states of the machine know and remember; `now` and `out` belong to the input that is being handled."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from fastsecc.slac.addresses import BROADCAST, is_station
from fastsecc.slac.api import SlacOutput, SlacSettings
from fastsecc.slac.frames import CM_SLAC_MATCH_CNF, Frame
from fastsecc.slac.keys import Nmk, nid
from fastsecc.slac.log_limit import LogLimit
from fastsecc.slac.mme import Mme
from fastsecc.slac.modem import Modem
from fastsecc.slac.timers import C_sequ_retry, T_step_EF_max_s


@dataclass(frozen=True, slots=True)
class NetworkKey:
    """A key that the modem has taken."""

    nmk: Nmk
    nid: bytes

    @classmethod
    def of(cls, nmk: Nmk) -> NetworkKey:
        """Derive the NID."""
        return cls(nmk, nid(nmk))


@dataclass(frozen=True, slots=True)
class Match:
    """The EV that was given the key, and how."""

    ev_mac: bytes
    run_id: bytes
    cnf: CM_SLAC_MATCH_CNF


@dataclass(slots=True)
class SlacContext:
    """Memory of one machine."""

    settings: SlacSettings
    modem: Modem
    mac: bytes = b""
    """Our interface's address."""
    bcd: bool = False
    """The control pilot, as a level: an EV is there, and it is not in state E or F."""
    left_at: float | None = None
    """When it was A, E or F last."""
    init_due: float | None = None
    """When TT_EVSE_SLAC_init ends; None: it does not run."""
    failed: bool = False
    """Nothing is answered until the control pilot changes or there is a reset."""
    error_routines: int = 0
    """Asked for since the plug-in, at most C_sequ_retry."""
    key: NetworkKey | None = None
    match: Match | None = None
    paused: bool = False
    """The EV said that it would come back to the session."""
    modem_is_silent: bool = False
    """A fault was raised for it."""
    chip_reset_at: float | None = None
    now: float = 0.0
    out: SlacOutput = field(default_factory=SlacOutput)
    limit: LogLimit = field(default_factory=LogLimit)

    # to the line

    def send(self, mme: Mme, destination: bytes, mmv: int | None = None) -> None:
        """Send a message to a station."""
        self.out.frames.append(mme.encode(self.mac, destination, mmv))

    def tell_modem(self, mme: Mme) -> None:
        """Send a message to the own modem."""
        self.send(mme, self.settings.modem_mac)

    def is_from_modem(self, frame: Frame) -> bool:
        """Tell whether the own modem sent a frame: anybody on the line could send one like it."""
        known = self.modem.mac
        if known is not None and frame.source != known:
            self.ignore(f"{frame.mme.NAME} from a station that is not the own modem")
            return False
        return True

    def is_addressed(self, frame: Frame) -> bool:
        """Tell whether a frame is for us, and from a station other than us."""
        return frame.destination in (self.mac, BROADCAST) and is_station(frame.source) and frame.source != self.mac

    def random(self, octets: int) -> bytes:
        """Draw octets that nobody can guess."""
        return (self.settings.random or os.getrandom)(octets)

    # the control pilot and the error routine

    def start_init_timer(self) -> None:
        """Start TT_EVSE_SLAC_init, if there is one: an EV is expected to begin."""
        timeout_s = self.settings.TT_EVSE_SLAC_init_s
        self.init_due = self.now + timeout_s if timeout_s > 0 else None

    def set_bcd(self, bcd: bool) -> None:
        """Follow the control pilot; what was before a state E or F counts on, what was before a plug-in does not."""
        if bcd and not self.bcd and (self.left_at is None or self.now - self.left_at > T_step_EF_max_s):
            self.error_routines = 0
        if self.bcd and not bcd:
            self.left_at = self.now
        self.bcd = bcd
        self.failed = False
        self.init_due = None
        if bcd and self.match is None:
            self.start_init_timer()

    def fail(self, why: str) -> None:
        """Give up, and ask for the error routine while that may help [V2G3-M06-07]."""
        self.failed = True
        self.init_due = None
        if self.settings.error_routine and self.error_routines < C_sequ_retry:
            self.error_routines += 1
            self.out.publish("request_error_routine")
            self.warn(f"{why}: error routine {self.error_routines} of {C_sequ_retry}")
        else:
            self.warn(f"{why}: no SLAC until the control pilot changes")

    def match_failed(self, why: str) -> None:
        """Wait for the next try of the EV, or give up."""
        if self.settings.reset_instead_of_fail:
            self.log_often("match failed", why)
            self.start_init_timer()
        else:
            self.fail(why)

    # to the log

    def log(self, line: str) -> None:
        """Tell an operator."""
        self.out.log.append(line)

    def warn(self, line: str) -> None:
        """Tell an operator what nobody should miss."""
        self.out.warnings.append(line)

    def log_often(self, kind: str, line: str) -> None:
        """Tell an operator of something that anybody on the line can cause as often as they like.

        Args:
            kind: what such lines are counted by.
            line: the line.
        """
        allowed = self.limit.line(kind, line, self.now)
        if allowed is not None:
            self.log(allowed)

    def ignore(self, what: str) -> None:
        """Tell an operator what is not taken; nothing in it may be of the sender's choice."""
        self.log_often(what, f"ignored {what}")
