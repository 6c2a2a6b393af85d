"""What sessions of several protocols share: set-up, ongoing answers, the EVSE's status."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fastsecc.errors import EvError
from fastsecc.messages.schema import Type
from fastsecc.sim.ev import sae_j2847
from fastsecc.sim.ev.phase import LoopEnd, Phase, StopSession

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev

CHARGE_SERVICE_ID = 1


def session_setup(ev: Ev) -> Phase[None]:
    """Open a session, or join the paused one.

    Raises:
        EvError: the paused session was not joined, or a new one has no id.
    """
    take_session(ev, (yield from ev.ask(ev.messages.SessionSetupReq(EVCCID=ev.settings.evcc_id))))


def take_session(ev: Ev, response: Any) -> None:
    """Keep what SessionSetupRes of any protocol says.

    Raises:
        EvError: the paused session was not joined, or a new one has no id.
    """
    wanted = ev.settings.resume_session_id
    joined = response.ResponseCode == "OK_OldSessionJoined"
    if wanted is not None and not (joined and ev.answered_session_id == wanted):
        raise EvError(f"SessionSetupReq: session {wanted.hex()} was not joined: {response.ResponseCode}")
    if wanted is None and joined:
        raise EvError("SessionSetupReq: OK_OldSessionJoined, but a new session was asked for")
    if not any(ev.answered_session_id):
        raise EvError("SessionSetupReq: the new session's id is zero")
    ev.session_id = ev.answered_session_id
    evse_id = response.EVSEID
    ev.evse_id = evse_id.decode("ascii", "replace") if isinstance(evse_id, bytes) else evse_id


def ask_until_finished(ev: Ev, request: Callable[[], Type], timeout_s: float) -> Phase[Any]:
    """Repeat a request while EVSEProcessing is Ongoing; waiting for the customer stops the timer's clock.

    Raises:
        StopSession: it took too long.
    """
    until = ev.now + timeout_s
    while True:
        response = yield from ev.ask(request())
        if response.EVSEProcessing == "Finished":
            return response
        if response.EVSEProcessing == "Ongoing_WaitingForCustomerInteraction":
            until = ev.now + timeout_s
        elif ev.now > until:
            raise StopSession(f"{ev.phase}: not finished within {timeout_s:g} s")


def obey(ev: Ev, status: Any) -> None:
    """Look at an EVSE status outside the charge loop.

    Raises:
        StopSession: the EVSE wants to stop, or says that it cannot go on.
    """
    if status.EVSENotification == "StopCharging":
        raise StopSession(f"the EVSE asked to stop at {ev.phase}")
    code = getattr(status, "EVSEStatusCode", "EVSE_Ready")
    if code in ("EVSE_Shutdown", "EVSE_UtilityInterruptEvent", "EVSE_EmergencyShutdown", "EVSE_Malfunction"):
        raise StopSession(f"{code} at {ev.phase}")


def loop_end(ev: Ev, status: Any) -> LoopEnd | None:
    """Decide after a charge-loop answer whether the loop goes on.

    Raises:
        StopSession: the EVSE says that it cannot go on.
    """
    wishes = ev.settings
    if status.EVSENotification == "StopCharging":
        ev.reason = "the EVSE asked to stop"
        return LoopEnd.STOP
    obey(ev, status)
    if status.EVSENotification == "ReNegotiation" and wishes.protocol != "din":
        return LoopEnd.RENEGOTIATE
    if has_enough(ev):
        return LoopEnd.STOP
    return LoopEnd.RENEGOTIATE if ev.cycles == wishes.renegotiate_after_cycles else None


def has_enough(ev: Ev) -> bool:
    """Tell whether the EV has got what it came for."""
    wishes = ev.settings
    if wishes.cycles is not None and ev.cycles >= wishes.cycles:
        ev.reason = f"{ev.cycles} charge-loop cycles done"
        return True
    empty = sae_j2847.feeds_home(ev) and int(ev.battery.soc_percent) <= wishes.minimum_soc_percent
    if wishes.cycles is None and (empty or ev.battery.soc_percent >= ev.target_soc_percent):
        ev.reason = f"state of charge {ev.battery.soc_percent:.0f} %"
        return True
    return False


def choose_mode(ev: Ev, offered: Sequence[str], wanted: Sequence[str]) -> str:
    """Take the first energy transfer mode that this EV and the EVSE know.

    Raises:
        StopSession: there is none.
    """
    for mode in wanted:
        if mode in offered:
            return mode
    raise StopSession(f"the EVSE offers {', '.join(offered)}, not {' or '.join(wanted)}")


def require_payment(ev: Ev, offered: Sequence[str]) -> None:
    """See that the session can be paid as the EV wants to.

    Raises:
        StopSession: it cannot.
    """
    wanted = "Contract" if ev.settings.auth == "pnc" else "ExternalPayment"
    if wanted not in offered:
        raise StopSession(f"the EVSE offers {', '.join(offered)}, not {wanted}")
