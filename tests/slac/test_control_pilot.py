"""The control pilot as a level, commands in every state, and the error routine."""

from __future__ import annotations

import pytest

from fastsecc.slac import frames
from fastsecc.slac.api import SlacState
from fastsecc.slac.state import State
from fastsecc.slac.timers import (
    TP_match_leave_s,
    TT_EVSE_SLAC_init_s,
    TT_match_sequence_s,
)
from tests.slac.bench import EV, EVSE, Bench


def keys(bench: Bench) -> list[bytes]:
    return [req.NewKey for _, req in bench.of(frames.CM_SET_KEY_REQ)]


# a level, not an edge


def test_plugged_in_before_the_interface_is_there() -> None:
    bench = Bench()
    bench.do("enter_bcd")
    bench.up()
    assert bench.where is State.MATCHING
    assert bench.parm_req()


def test_plugged_in_before_the_key_is_set() -> None:
    bench = Bench()
    bench.modem_answers = False
    bench.plug_in()
    assert bench.parm_req() == []
    bench.modem_answers = True
    bench.pass_time(1.0)
    assert bench.where is State.MATCHING
    assert bench.parm_req()


def test_unplugged_before_the_key_is_set() -> None:
    bench = Bench()
    bench.modem_answers = False
    bench.plug_in()
    bench.do("leave_bcd")
    bench.modem_answers = True
    bench.pass_time(1.0)
    assert bench.where is State.UNMATCHED
    assert bench.parm_req() == []


def test_plugged_in_again_before_the_new_key_is_set() -> None:
    bench = Bench()
    bench.matched()
    bench.modem_answers = False
    bench.do("leave_bcd")
    bench.do("enter_bcd")
    assert bench.where is State.SET_KEY
    bench.modem_answers = True
    bench.pass_time(1.0)
    assert bench.where is State.MATCHING
    bench.parm_req()
    bench.start()
    bench.sounds()
    bench.rsp()
    assert bench.match_req()


def test_said_twice_is_said_once() -> None:
    bench = Bench()
    bench.matched()
    before = len(keys(bench))
    bench.do("enter_bcd")
    assert bench.where is State.MATCHED
    bench.do("leave_bcd")
    bench.do("leave_bcd")
    assert len(keys(bench)) == before + 1
    assert bench.where is State.UNMATCHED


@pytest.mark.parametrize("steps", range(4))
def test_leaving_before_the_match_forgets_the_ev_but_not_the_key(steps: int) -> None:
    bench = Bench()
    bench.plug_in()
    for step in [bench.parm_req, bench.start, bench.sounds, bench.rsp][: steps + 1]:
        step()
    bench.do("leave_bcd")
    assert bench.where is State.UNMATCHED
    assert bench.machine.deadline is None
    assert bench.values("state") == ["UNMATCHED", "MATCHING", "UNMATCHED"]
    assert len(keys(bench)) == 1
    bench.do("enter_bcd")
    assert bench.match_req() == []


def test_leaving_after_the_match() -> None:
    bench = Bench()
    bench.matched()
    bench.do("leave_bcd")
    assert bench.variables[-2:] == [("dlink_ready", False), ("state", "UNMATCHED")]
    assert len(set(keys(bench))) == 2
    assert bench.match_req() == []


def test_an_ev_that_could_not_be_answered_is_waited_for_anew() -> None:
    bench = Bench()
    bench.do("enter_bcd")
    bench.pass_time(10 * TT_EVSE_SLAC_init_s)
    bench.up()
    bench.pass_time(TT_EVSE_SLAC_init_s - 0.1)
    assert bench.parm_req()
    assert bench.values("request_error_routine") == []


def test_an_ev_is_waited_for_anew_when_a_silent_modem_answers() -> None:
    bench = Bench()
    bench.modem_answers = False
    bench.plug_in()
    bench.pass_time(2 * TT_EVSE_SLAC_init_s)
    bench.modem_answers = True
    bench.pass_time(TT_EVSE_SLAC_init_s / 2)
    assert bench.where is State.MATCHING
    assert bench.parm_req()
    assert bench.values("request_error_routine") == []


def test_an_interface_that_comes_back_ends_a_failure() -> None:
    bench = Bench()
    bench.plug_in()
    bench.pass_time(TT_EVSE_SLAC_init_s)
    assert bench.parm_req() == []
    bench.do("interface_down")
    bench.up()
    assert bench.machine.deadline == pytest.approx(bench.now + TT_EVSE_SLAC_init_s)
    assert bench.parm_req()


# commands


def in_state(state: State) -> Bench:
    """Give a machine in a state, with an EV plugged in where there can be one."""
    settings = {"link_status_detection": True} if state is State.LINK_WAIT else {}
    if state is State.CHIP_RESET:
        settings["chip_reset"] = True
    bench = Bench(vendor_of_modem="Qualcomm", **settings)
    bench.link = 0
    if state is State.DOWN:
        return bench
    bench.modem_answers = state is not State.SET_KEY
    bench.up()
    if state in (State.SET_KEY, State.UNMATCHED, State.CHIP_RESET):
        return bench
    bench.do("enter_bcd")
    if state is State.MATCHING:
        bench.parm_req()
        return bench
    bench.parm_req()
    bench.start()
    bench.sounds()
    bench.rsp()
    bench.match_req()
    return bench


COMMANDS = [
    "enter_bcd",
    "leave_bcd",
    "reset",
    "dlink_terminate",
    "dlink_error",
    "dlink_pause",
    "interface_down",
    "wake",
]
FOLLOWS = {
    State.DOWN: {},
    State.SET_KEY: {"interface_down": State.DOWN},
    State.CHIP_RESET: {"interface_down": State.DOWN, "reset": State.CHIP_RESET},
    State.UNMATCHED: {"interface_down": State.DOWN, "enter_bcd": State.MATCHING},
    State.MATCHING: {"interface_down": State.DOWN, "leave_bcd": State.UNMATCHED},
    State.LINK_WAIT: {"interface_down": State.DOWN, "leave_bcd": State.UNMATCHED}
    | dict.fromkeys(["reset", "dlink_terminate", "dlink_error"], State.MATCHING),
    State.MATCHED: {"interface_down": State.DOWN, "leave_bcd": State.UNMATCHED}
    | dict.fromkeys(["reset", "dlink_terminate", "dlink_error"], State.MATCHING),
}
"""Where a command leads to with a modem that answers at once; without entry the state stays."""


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", list(State), ids=lambda state: state.name)
def test_every_command_in_every_state(state: State, command: str) -> None:
    bench = in_state(state)
    assert bench.where is state
    bench.do(command)
    assert bench.where is FOLLOWS[state].get(command, state)
    assert (bench.values("dlink_ready") or [False])[-1] is (bench.where is State.MATCHED)


@pytest.mark.parametrize("state", list(State), ids=lambda state: state.name)
def test_reset_draws_a_new_key(state: State) -> None:
    bench = in_state(state)
    before = keys(bench)
    bench.do("reset")
    drawn = keys(bench)[len(before) :]
    assert len(drawn) == (0 if state in (State.DOWN, State.SET_KEY) else 1)
    assert not set(drawn) & set(before)


@pytest.mark.parametrize("command", ["reset", "dlink_terminate", "dlink_error", "leave_bcd"])
def test_the_network_is_left_within_TP_match_leave_even_if_the_modem_misses_it_thrice(command: str) -> None:
    bench = Bench()
    bench.matched()
    bench.modem_answers = False
    said = bench.now
    bench.do(command)
    assert bench.values("dlink_ready") == [True, False]
    bench.pass_time(0.65)
    bench.modem_answers = True
    bench.pass_time(1.0)
    new = [(at, req.NewKey) for at, req in bench.of(frames.CM_SET_KEY_REQ) if at >= said]
    assert len(new) == 4
    assert new[-1][0] - said <= TP_match_leave_s
    assert len({key for _, key in new}) == 1
    assert bench.where is not State.SET_KEY


def test_fast_changes_do_not_draw_key_after_key() -> None:
    bench = Bench()
    bench.matched()
    bench.modem_answers = False
    for command in ("dlink_error", "leave_bcd", "reset", "enter_bcd", "reset", "dlink_terminate", "leave_bcd"):
        bench.do(command)
    assert len(keys(bench)) == 2


@pytest.mark.parametrize("command", ["dlink_terminate", "dlink_error", "reset"])
def test_an_ev_that_stays_may_match_again(command: str) -> None:
    bench = Bench()
    bench.matched()
    bench.do(command)
    bench.parm_req()
    bench.start()
    bench.sounds()
    bench.rsp()
    bench.match_req()
    given = [cnf.NMK for _, cnf in bench.of(frames.CM_SLAC_MATCH_CNF)]
    assert len(set(given)) == 2
    assert bench.values("dlink_ready") == [True, False, True]


def test_after_the_end_of_a_session_nobody_is_waited_for() -> None:
    """TT_EVSE_SLAC_init counts from the plug-in: an EV that is done is no error."""
    bench = Bench()
    bench.matched()
    bench.do("dlink_terminate")
    assert bench.machine.deadline is None
    bench.pass_time(10 * TT_EVSE_SLAC_init_s)
    assert bench.values("request_error_routine") == []


def test_an_ev_that_is_matched_is_not_waited_for() -> None:
    bench = Bench()
    bench.matched()
    bench.do("enter_bcd")
    bench.do("dlink_terminate")
    assert bench.where is State.MATCHING
    assert bench.machine.deadline is None


def test_a_paused_ev_keeps_its_key() -> None:
    bench = Bench()
    bench.matched()
    bench.do("dlink_pause")
    assert bench.where is State.MATCHED
    assert bench.values("dlink_ready") == [True]
    assert len(keys(bench)) == 1


def test_a_paused_ev_that_has_forgotten_its_key_may_match_again() -> None:
    bench = Bench()
    bench.matched()
    bench.do("dlink_pause")
    assert bench.parm_req(bytes.fromhex("020000000001")) == []
    assert bench.where is State.MATCHED
    bench.parm_req()
    assert bench.where is State.MATCHING
    assert bench.values("dlink_ready") == [True, False]
    assert len(keys(bench)) == 2
    bench.pass_time(TT_EVSE_SLAC_init_s)
    assert bench.values("request_error_routine") == [None]


def test_a_paused_ev_matches_again_after_its_next_request() -> None:
    bench = Bench()
    bench.matched()
    bench.do("dlink_pause")
    bench.parm_req()
    assert bench.parm_req()


def test_a_pause_without_a_match_means_nothing() -> None:
    bench = Bench()
    bench.plug_in()
    bench.do("dlink_pause")
    bench.parm_req()
    bench.start()
    bench.sounds()
    bench.rsp()
    bench.match_req()
    assert bench.parm_req() == []
    assert bench.where is State.MATCHED


# the interface


@pytest.mark.parametrize("state", [state for state in State if state is not State.DOWN], ids=lambda state: state.name)
def test_interface_down_and_up(state: State) -> None:
    bench = in_state(state)
    bench.modem_answers = True
    bench.do("interface_down")
    assert bench.machine.deadline is None
    assert bench.machine.state is SlacState.UNMATCHED
    assert bench.parm_req() == []
    before = keys(bench)
    bench.up()
    bench.pass_time(1.0)
    assert len(keys(bench)) == len(before) + 1
    assert keys(bench)[-1] not in before
    expected = State.MATCHING if state in (State.MATCHING, State.LINK_WAIT, State.MATCHED) else State.UNMATCHED
    assert bench.where is expected


def test_another_address() -> None:
    bench = Bench()
    bench.plug_in()
    other = bytes.fromhex("02000000aa01")
    bench.take(bench.machine.interface_up(other, bench.now))
    bench.octets(
        frames.CM_SET_KEY_CNF(
            Result=1, MyNonce=bytes(4), YourNonce=bench.of(frames.CM_SET_KEY_REQ)[-1][1].MyNonce
        ).encode(bytes.fromhex("c4930026183d"), other)
    )
    bench.parm_req()
    assert bench.sent[-1][1].source == other


# time


def test_time_does_not_go_back() -> None:
    bench = Bench()
    bench.plug_in()
    bench.pass_time(10.0)
    bench.do("wake")
    bench.machine.frame(frames.CM_SLAC_PARM_REQ(RunID=bytes(8)).encode(EV, EVSE), bench.now - 5.0)
    assert bench.machine.deadline == pytest.approx(bench.now + TT_match_sequence_s)


def test_a_frame_after_a_deadline_that_nobody_woke_for() -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req()
    bench.now += TT_match_sequence_s + 0.1
    bench.say(frames.CM_START_ATTEN_CHAR_IND(FORWARDING_STA=EV, RunID=bytes(8)))
    assert bench.machine.state is SlacState.UNMATCHED


def test_an_early_wake_does_nothing() -> None:
    bench = Bench()
    bench.plug_in()
    before = bench.machine.deadline
    bench.now += 1.0
    assert bench.do("wake") == []
    assert bench.machine.deadline == before
