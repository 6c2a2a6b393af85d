"""The modem gets a new key: the EV that had the old one is no longer in the logical network."""

from __future__ import annotations

from typing import Final

from fastsecc.slac.api import Fault
from fastsecc.slac.checks import SET_KEY_SUCCESS
from fastsecc.slac.context import NetworkKey, SlacContext
from fastsecc.slac.frames import CM_SET_KEY_CNF, CM_SET_KEY_REQ, Frame
from fastsecc.slac.keys import Nmk, new_nmk
from fastsecc.slac.state import Behaviour, State

NONCE_OCTETS: Final = 4
SET_KEY_ATTEMPTS: Final = 10
"""Attempts without an answer that mean a fault."""
SET_KEY_RETRY_s: Final = 10.0
"""From then on one attempt each."""
MODEM_IS_SILENT: Final = "the modem does not take a key: no good CM_SET_KEY.CNF"


class SetKey(Behaviour):
    """Send CM_SET_KEY.REQ until the modem takes the key; only then is the key ours."""

    def __init__(self, context: SlacContext) -> None:
        super().__init__(context)
        self._nmk = Nmk()
        self._nonce = b""
        self._attempts = 0
        self._deadline = 0.0

    @property
    def deadline(self) -> float | None:
        """Give the end of the wait for CM_SET_KEY.CNF."""
        return self._deadline

    def enter(self) -> State | None:
        """Draw a key."""
        context = self.context
        context.match = None
        context.paused = False
        self._nmk = new_nmk(context.settings.random)
        self._nonce = context.random(NONCE_OCTETS)
        self._send()
        return None

    def frame(self, frame: Frame) -> State | None:
        """Take CM_SET_KEY.CNF; that it brings our nonce back proves that the modem sent it."""
        mme, context = frame.mme, self.context
        if not isinstance(mme, CM_SET_KEY_CNF) or frame.destination != context.mac:
            return None
        if mme.YourNonce != self._nonce:
            context.ignore(f"{mme.NAME} with a nonce that is not ours")
            return None
        if mme.Result not in SET_KEY_SUCCESS:
            context.ignore(f"{mme.NAME}: the modem refuses the key")
            return None
        context.modem.mac = frame.source
        return self._commit()

    def wake(self) -> State | None:
        """Try again, with the same key and nonce: an answer that comes late is as good."""
        context = self.context
        if not context.settings.modem_required:
            context.log_often("no modem", "no modem answers: going on without")
            return self._commit()
        if self._attempts >= SET_KEY_ATTEMPTS and not context.modem_is_silent:
            context.modem_is_silent = True
            context.warn(MODEM_IS_SILENT)
            context.out.faults.append(Fault(MODEM_IS_SILENT))
        self._send()
        return None

    def reset(self) -> State | None:
        """Stay: the key is new already."""
        if self.context.modem_is_silent:
            self._send()
        return None

    def _send(self) -> None:
        context = self.context
        key = NetworkKey.of(self._nmk)
        context.tell_modem(CM_SET_KEY_REQ(MyNonce=self._nonce, NID=key.nid, NewKey=key.nmk))
        for question in context.modem.questions():
            context.tell_modem(question)
        self._attempts += 1
        self._deadline = context.now + (
            SET_KEY_RETRY_s if context.modem_is_silent else context.settings.set_key_timeout_s
        )

    def _commit(self) -> State:
        context = self.context
        context.key = NetworkKey.of(self._nmk)
        if context.modem_is_silent:
            context.modem_is_silent = False
            context.log("the modem answers again")
            context.out.faults.append(Fault(None))
        return State.CHIP_RESET if context.settings.chip_reset else State.UNMATCHED
