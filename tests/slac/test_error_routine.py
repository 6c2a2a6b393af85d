"""TT_EVSE_SLAC_init, and the error routine that is asked for when no EV begins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fastsecc.slac.api import SlacState
from fastsecc.slac.state import State
from fastsecc.slac.timers import (
    C_sequ_retry,
    T_step_EF_max_s,
    TT_EVSE_SLAC_init_s,
    TT_match_sequence_s,
)
from tests.slac.bench import Bench


def test_error_routine_after_TT_EVSE_SLAC_init() -> None:
    bench = Bench()
    bench.plug_in()
    bench.pass_time(TT_EVSE_SLAC_init_s - 0.001)
    assert bench.values("request_error_routine") == []
    bench.pass_time(0.002)
    assert bench.values("request_error_routine") == [None]
    assert bench.machine.deadline is None
    assert bench.parm_req() == []


def test_TT_EVSE_SLAC_init_can_be_set() -> None:
    bench = Bench(TT_EVSE_SLAC_init_s=20.0)
    bench.plug_in()
    bench.pass_time(20.0)
    assert bench.values("request_error_routine") == [None]


def test_without_TT_EVSE_SLAC_init_an_ev_may_take_for_ever() -> None:
    bench = Bench(TT_EVSE_SLAC_init_s=0.0)
    bench.plug_in()
    assert bench.machine.deadline is None
    bench.pass_time(1_000_000.0)
    assert bench.parm_req()
    bench.pass_time(1_000_000.0)
    assert bench.machine.deadline is None
    assert bench.parm_req()


def error_routine(bench: Bench, seconds: float = 4.0) -> None:
    """Do what the interface's user does: state E or F, a reset, and 5 % again."""
    bench.do("leave_bcd")
    bench.pass_time(seconds)
    bench.do("reset")
    bench.do("enter_bcd")


def test_AC_CmSlacParm_002_the_error_routine_is_tried_C_sequ_retry_times() -> None:
    bench = Bench()
    bench.plug_in()
    for routines in range(1, C_sequ_retry + 1):
        bench.pass_time(TT_EVSE_SLAC_init_s)
        assert len(bench.values("request_error_routine")) == routines
        error_routine(bench)
    bench.pass_time(10 * TT_EVSE_SLAC_init_s)
    assert len(bench.values("request_error_routine")) == C_sequ_retry
    assert bench.parm_req() == []
    assert bench.machine.deadline is None


def test_after_an_error_routine_the_ev_can_match() -> None:
    bench = Bench()
    bench.plug_in()
    bench.pass_time(TT_EVSE_SLAC_init_s)
    error_routine(bench)
    assert bench.parm_req()


def test_AC_CmSlacParm_001_an_error_routine_that_was_not_asked_for() -> None:
    bench = Bench()
    bench.plug_in()
    error_routine(bench)
    assert bench.parm_req()


def plug_in_another(bench: Bench) -> None:
    bench.do("leave_bcd")
    bench.pass_time(T_step_EF_max_s + 1.0)
    bench.do("enter_bcd")


def match_once(bench: Bench) -> None:
    error_routine(bench)
    bench.parm_req()
    bench.start()
    bench.sounds()
    bench.rsp()
    bench.match_req()
    error_routine(bench)


@pytest.mark.parametrize("new", [plug_in_another, match_once])
def test_error_routines_are_counted_anew(new: Callable[[Bench], None]) -> None:
    bench = Bench()
    bench.plug_in()
    for _ in range(C_sequ_retry):
        bench.pass_time(TT_EVSE_SLAC_init_s)
        if len(bench.values("request_error_routine")) < C_sequ_retry:
            error_routine(bench)
    new(bench)
    bench.pass_time(TT_EVSE_SLAC_init_s)
    assert len(bench.values("request_error_routine")) == C_sequ_retry + 1


def test_without_error_routine_nothing_is_asked_for() -> None:
    bench = Bench(error_routine=False)
    bench.plug_in()
    bench.pass_time(TT_EVSE_SLAC_init_s)
    assert bench.values("request_error_routine") == []
    assert bench.parm_req() == []


def test_an_ev_that_begins_stops_TT_EVSE_SLAC_init() -> None:
    bench = Bench()
    bench.plug_in()
    bench.pass_time(TT_EVSE_SLAC_init_s - 0.1)
    bench.parm_req()
    bench.start()
    bench.sounds()
    bench.rsp()
    bench.pass_time(1.0)
    assert bench.match_req()
    bench.pass_time(1000.0)
    assert bench.values("request_error_routine") == []


def test_a_failed_match_waits_for_the_next() -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req()
    bench.pass_time(TT_match_sequence_s)
    assert bench.where is State.MATCHING
    assert bench.machine.state is SlacState.UNMATCHED
    bench.pass_time(TT_EVSE_SLAC_init_s - 0.1)
    assert bench.parm_req()
    bench.pass_time(TT_match_sequence_s + TT_EVSE_SLAC_init_s)
    assert bench.values("request_error_routine") == [None]


def test_a_failed_match_may_ask_for_the_error_routine() -> None:
    bench = Bench(reset_instead_of_fail=False)
    bench.plug_in()
    bench.parm_req()
    bench.pass_time(TT_match_sequence_s)
    assert bench.values("request_error_routine") == [None]
    assert bench.values("state")[-1] == "UNMATCHED"
    assert bench.parm_req() == []
    error_routine(bench)
    assert bench.parm_req()


def test_reset_ends_the_waiting_after_a_failure() -> None:
    bench = Bench()
    bench.plug_in()
    bench.pass_time(TT_EVSE_SLAC_init_s)
    bench.do("reset")
    assert bench.where is State.MATCHING
    assert bench.machine.deadline == pytest.approx(bench.now + TT_EVSE_SLAC_init_s)
    assert bench.parm_req()
