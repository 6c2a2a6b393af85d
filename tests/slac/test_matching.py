"""A match step by step: each timer and counter on a clock that only the test moves."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.slac import frames
from fastsecc.slac.addresses import BROADCAST, text
from fastsecc.slac.api import SlacState, Validation
from fastsecc.slac.mme import Mme
from fastsecc.slac.state import State
from fastsecc.slac.timers import (
    C_EV_match_MNBC,
    C_EV_match_retry,
    TT_EVSE_match_MNBC_s,
    TT_EVSE_match_session_s,
    TT_EVSE_SLAC_init_s,
    TT_match_response_s,
    TT_match_sequence_s,
)
from tests.slac.bench import EV, EVSE, GROUPS, OTHER_RUN, RUN, Bench

A_MOMENT_s = 0.001


def kinds(sent: list[Mme]) -> list[type[Mme]]:
    return [type(mme) for mme in sent]


def sounding(**settings: Any) -> Bench:
    """Go on to where the first sound is due."""
    bench = Bench(**settings)
    bench.plug_in()
    bench.parm_req()
    bench.start(times=1)
    return bench


def test_timers_have_the_values_of_the_standard() -> None:
    assert TT_match_response_s == 0.2
    assert TT_match_sequence_s == 0.4
    assert TT_EVSE_match_MNBC_s == 0.6
    assert TT_EVSE_match_session_s == 10.0
    assert 20.0 <= TT_EVSE_SLAC_init_s <= 50.0
    assert C_EV_match_MNBC == 10
    assert C_EV_match_retry == 2


def test_a_match() -> None:
    bench = Bench()
    bench.plug_in()
    assert bench.values("state") == ["UNMATCHED"]
    assert bench.parm_req() == [frames.CM_SLAC_PARM_CNF(FORWARDING_STA=EV, RunID=RUN)]
    assert bench.values("state") == ["UNMATCHED", "MATCHING"]
    assert bench.start() == []
    assert bench.sounds(9) == []
    ind = frames.CM_ATTEN_CHAR_IND(SOURCE_ADDRESS=EV, RunID=RUN, NUM_SOUNDS=10, AAG=bytes([20]) * GROUPS)
    assert bench.sound(0) == [ind]
    assert bench.rsp() == []
    assert bench.values("ev_mac_address") == []
    (key,) = [req for _, req in bench.of(frames.CM_SET_KEY_REQ)]
    assert bench.match_req() == [
        frames.CM_SLAC_MATCH_CNF(PEV_MAC=EV, EVSE_MAC=EVSE, RunID=RUN, NID=key.NID, NMK=key.NewKey)
    ]
    assert bench.variables[2:] == [
        ("ev_mac_address", "00:7D:FA:08:7C:85"),
        ("state", "MATCHED"),
        ("dlink_ready", True),
    ]
    assert bench.machine.deadline is None
    assert bench.warnings == []


def test_answers_go_to_the_ev_and_come_from_us() -> None:
    bench = Bench()
    bench.matched()
    to_ev = [frame for _, frame in bench.sent if frame.destination == EV]
    assert [frame.mme.NAME for frame in to_ev] == ["CM_SLAC_PARM.CNF", "CM_ATTEN_CHAR.IND", "CM_SLAC_MATCH.CNF"]
    assert {frame.source for _, frame in bench.sent} == {EVSE}


def test_the_address_of_the_ev_may_stay_private() -> None:
    bench = Bench(publish_mac_on_match_cnf=False)
    bench.matched()
    assert bench.values("ev_mac_address") == []


def test_an_ev_that_leaves_before_the_match_is_not_named() -> None:
    bench = Bench()
    bench.sounded()
    bench.rsp()
    bench.do("leave_bcd")
    assert bench.values("ev_mac_address") == []
    assert bench.values("dlink_ready") == []


# TT_match_sequence


def test_start_within_TT_match_sequence() -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req()
    bench.pass_time(TT_match_sequence_s - A_MOMENT_s)
    bench.start()
    assert kinds(bench.sounds()) == [frames.CM_ATTEN_CHAR_IND]


def test_start_after_TT_match_sequence() -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req()
    bench.pass_time(TT_match_sequence_s)
    assert bench.values("state")[-1] == "UNMATCHED"
    bench.start()
    assert bench.sounds() == []
    assert bench.pass_time(2.0) == []


def test_a_run_that_was_given_up_can_begin_again() -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req()
    bench.pass_time(TT_match_sequence_s)
    assert kinds(bench.parm_req()) == [frames.CM_SLAC_PARM_CNF]
    bench.start()
    bench.sounds()
    bench.rsp()
    bench.match_req()
    assert bench.machine.state is SlacState.MATCHED


# TT_EVSE_match_MNBC and C_EV_match_MNBC


@pytest.mark.parametrize("heard", range(10))
def test_fewer_sounds_wait_for_TT_EVSE_match_MNBC(heard: int) -> None:
    bench = sounding()
    begun = bench.now - 0.02
    bench.sounds(heard)
    assert bench.of(frames.CM_ATTEN_CHAR_IND) == []
    bench.pass_time(begun + TT_EVSE_match_MNBC_s - A_MOMENT_s - bench.now)
    assert bench.of(frames.CM_ATTEN_CHAR_IND) == []
    (ind,) = bench.pass_time(A_MOMENT_s + A_MOMENT_s)
    assert isinstance(ind, frames.CM_ATTEN_CHAR_IND)
    assert (ind.NUM_SOUNDS, set(ind.AAG)) == (heard, {20 if heard else 255})


def test_TT_EVSE_match_MNBC_runs_from_the_first_start() -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req()
    begun = bench.now
    bench.start(times=3)
    bench.sounds(5)
    bench.pass_time(1.0)
    assert bench.of(frames.CM_ATTEN_CHAR_IND)[0][0] == pytest.approx(begun + TT_EVSE_match_MNBC_s)


def test_the_tenth_profile_is_answered_at_once() -> None:
    bench = sounding()
    bench.sounds(10)
    assert [at for at, _ in bench.of(frames.CM_ATTEN_CHAR_IND)] == [bench.now]


def test_more_than_ten_profiles_change_nothing() -> None:
    bench = sounding()
    bench.sounds(10)
    assert bench.profile(99) == []
    (again,) = bench.pass_time(TT_match_response_s)
    assert again == bench.of(frames.CM_ATTEN_CHAR_IND)[0][1]


def test_a_lost_sound_whose_profile_came_counts() -> None:
    bench = sounding()
    sent = [mme for _ in range(10) for mme in bench.profile() + bench.pass_time(0.02)]
    assert kinds(sent[:1]) == [frames.CM_ATTEN_CHAR_IND]


def test_a_profile_that_comes_twice_counts_once() -> None:
    bench = sounding()
    for countdown in reversed(range(1, 10)):
        assert bench.sound(countdown) + bench.profile() == []
        bench.pass_time(0.02)
    assert kinds(bench.sound(0)) == [frames.CM_ATTEN_CHAR_IND]


def test_equal_profiles_count_when_no_sound_is_heard() -> None:
    """Without sounds nothing tells a profile from its double."""
    bench = sounding()
    assert kinds([mme for _ in range(10) for mme in bench.profile()]) == [frames.CM_ATTEN_CHAR_IND]


def test_an_equal_profile_of_a_lost_sound_counts() -> None:
    bench = sounding()
    bench.sound(9)
    bench.pass_time(0.02)
    bench.profile()
    bench.pass_time(0.02)
    assert bench.sounds(7) == []
    assert kinds(bench.sound(0)) == [frames.CM_ATTEN_CHAR_IND]


def test_profiles_before_the_start_do_not_count() -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req()
    bench.profile(200)
    bench.start()
    (ind,) = bench.sounds()
    assert isinstance(ind, frames.CM_ATTEN_CHAR_IND)
    assert set(ind.AAG) == {20}


# the mean


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        ([20] * 10, 20),
        ([20] * 9 + [21], 20),
        ([20] * 5 + [21] * 5, 21),
        ([20] * 6 + [21] * 4, 20),
        ([0] * 10, 0),
        ([255] * 10, 255),
        ([0, 255] * 5, 128),
    ],
)
def test_the_mean_is_rounded_half_up(values: list[int], mean: int) -> None:
    bench = sounding()
    for countdown, value in zip(reversed(range(10)), values, strict=True):
        bench.sound(countdown, value)
        bench.pass_time(0.02)
    (_, ind), *_ = bench.of(frames.CM_ATTEN_CHAR_IND)
    assert set(ind.AAG) == {mean}


def test_the_mean_is_a_group_s_own() -> None:
    bench = sounding()
    for countdown in reversed(range(10)):
        bench.sound(countdown, bytes(range(countdown, countdown + GROUPS)))
        bench.pass_time(0.02)
    (_, ind), *_ = bench.of(frames.CM_ATTEN_CHAR_IND)
    assert list(ind.AAG) == list(range(5, 5 + GROUPS))  # 4.5, and up


@pytest.mark.parametrize(
    ("value", "adjustment_db", "expected"), [(20, 5, 25), (20, -5, 15), (20, -30, 0), (250, 30, 255)]
)
def test_adjustment(value: int, adjustment_db: int, expected: int) -> None:
    bench = sounding(sounding_attenuation_adjustment_db=adjustment_db)
    for countdown in reversed(range(10)):
        bench.sound(countdown, value)
        bench.pass_time(0.02)
    (_, ind), *_ = bench.of(frames.CM_ATTEN_CHAR_IND)
    assert set(ind.AAG) == {expected}


def test_a_modem_that_measures_nothing() -> None:
    """AR7420 sends profiles without groups: sounds were heard, but the link is not known to be good."""
    bench = sounding()
    for countdown in reversed(range(10)):
        bench.sound(countdown, b"")
        bench.pass_time(0.02)
    (_, ind), *_ = bench.of(frames.CM_ATTEN_CHAR_IND)
    assert ind.NUM_SOUNDS == 10
    assert set(ind.AAG) == {255}
    assert any("no attenuation" in line for line in bench.log)


def test_what_is_said_without_a_measurement_can_be_set() -> None:
    bench = sounding(unknown_attenuation_db=30)
    bench.pass_time(1.0)
    (_, ind), *_ = bench.of(frames.CM_ATTEN_CHAR_IND)
    assert set(ind.AAG) == {30}


def test_empty_profiles_do_not_spoil_the_others() -> None:
    bench = sounding()
    for countdown in reversed(range(10)):
        bench.sound(countdown, 40 if countdown % 2 else b"")
        bench.pass_time(0.02)
    (_, ind), *_ = bench.of(frames.CM_ATTEN_CHAR_IND)
    assert set(ind.AAG) == {40}


# TT_match_response and C_EV_match_retry


def test_the_result_is_repeated_twice() -> None:
    bench = Bench()
    bench.sounded()
    first = bench.now
    bench.pass_time(5.0)
    times = [at - first for at, _ in bench.of(frames.CM_ATTEN_CHAR_IND)]
    assert times == pytest.approx([0.0, TT_match_response_s, 2 * TT_match_response_s])
    assert bench.values("state")[-1] == "UNMATCHED"


@pytest.mark.parametrize("repeats", range(3))
def test_an_answer_to_any_of_them_will_do(repeats: int) -> None:
    bench = Bench()
    bench.sounded()
    bench.pass_time(repeats * TT_match_response_s + A_MOMENT_s)
    bench.rsp()
    bench.pass_time(3.0)
    assert len(bench.of(frames.CM_ATTEN_CHAR_IND)) == 1 + repeats
    assert kinds(bench.match_req()) == [frames.CM_SLAC_MATCH_CNF]


def test_after_the_last_wait_the_match_is_over() -> None:
    bench = Bench()
    bench.sounded()
    bench.pass_time(3 * TT_match_response_s + A_MOMENT_s)
    bench.rsp()
    assert bench.match_req() == []
    assert bench.machine.state is SlacState.UNMATCHED


@pytest.mark.parametrize(("repeats", "taken"), [(0, True), (1, True), (2, False)])
def test_a_match_request_stands_for_a_lost_answer_while_repeats_are_left(repeats: int, taken: bool) -> None:
    bench = Bench()
    bench.sounded()
    bench.pass_time(repeats * TT_match_response_s + A_MOMENT_s)
    assert kinds(bench.match_req()) == ([frames.CM_SLAC_MATCH_CNF] if taken else [])


def test_a_match_request_does_not_stand_for_a_wrong_answer() -> None:
    bench = Bench()
    bench.sounded()
    bench.say(frames.CM_ATTEN_CHAR_RSP(SOURCE_ADDRESS=EV, RunID=RUN, Result=0xFF))
    assert bench.match_req() == []


# TT_EVSE_match_session


def test_a_match_request_within_TT_EVSE_match_session() -> None:
    bench = Bench()
    bench.sounded()
    bench.rsp()
    bench.pass_time(TT_EVSE_match_session_s - A_MOMENT_s)
    assert kinds(bench.match_req()) == [frames.CM_SLAC_MATCH_CNF]


def test_a_match_request_after_TT_EVSE_match_session() -> None:
    bench = Bench()
    bench.sounded()
    bench.rsp()
    bench.pass_time(TT_EVSE_match_session_s)
    assert bench.match_req() == []
    assert bench.values("state")[-1] == "UNMATCHED"


def test_answers_again_do_not_prolong_the_session() -> None:
    bench = Bench()
    bench.sounded()
    bench.rsp()
    bench.pass_time(TT_EVSE_match_session_s - A_MOMENT_s)
    bench.rsp()
    bench.pass_time(A_MOMENT_s)
    assert bench.match_req() == []


# CM_VALIDATE


@pytest.mark.parametrize(("validation", "result"), [(Validation.FAILURE, 3), (Validation.NOT_REQUIRED, 4)])
def test_validation_is_answered_and_does_not_end_the_match(validation: Validation, result: int) -> None:
    bench = Bench(validation=validation)
    bench.sounded()
    bench.rsp()
    for _ in range(2):
        assert bench.say(frames.CM_VALIDATE_REQ()) == [frames.CM_VALIDATE_CNF(Result=result)]
    assert kinds(bench.match_req()) == [frames.CM_SLAC_MATCH_CNF]


def test_validation_with_another_signal_is_ignored() -> None:
    bench = Bench()
    bench.sounded()
    bench.rsp()
    assert bench.say(frames.CM_VALIDATE_REQ(SignalType=0xFF)) == []


def test_validation_before_its_turn_is_ignored() -> None:
    bench = sounding()
    assert bench.say(frames.CM_VALIDATE_REQ()) == []


def test_validation_stands_for_a_lost_answer() -> None:
    bench = Bench()
    bench.sounded()
    assert kinds(bench.say(frames.CM_VALIDATE_REQ())) == [frames.CM_VALIDATE_CNF]
    bench.pass_time(1.0)
    assert len(bench.of(frames.CM_ATTEN_CHAR_IND)) == 1


# messages to the wrong station


@pytest.mark.parametrize("destination", [BROADCAST, bytes.fromhex("02cafe000001")])
def test_what_must_be_for_us_alone(destination: bytes) -> None:
    bench = Bench()
    bench.sounded()
    bench.say(frames.CM_ATTEN_CHAR_RSP(SOURCE_ADDRESS=EV, RunID=RUN), EV, destination)
    bench.pass_time(A_MOMENT_s)
    assert bench.say(frames.CM_VALIDATE_REQ(), EV, destination) == []
    req = frames.CM_SLAC_MATCH_REQ(PEV_MAC=EV, EVSE_MAC=EVSE, RunID=RUN)
    assert bench.say(req, EV, destination) == []
    assert len(bench.pass_time(1.0)) == C_EV_match_retry


@pytest.mark.parametrize("destination", [BROADCAST, bytes.fromhex("02cafe000001")])
def test_what_must_be_for_us_alone_when_matched(destination: bytes) -> None:
    bench = Bench()
    bench.matched()
    req = frames.CM_SLAC_MATCH_REQ(PEV_MAC=EV, EVSE_MAC=EVSE, RunID=RUN)
    assert bench.say(req, EV, destination) == []
    assert bench.say(frames.CM_AMP_MAP_REQ(AMLEN=2, AMDATA=bytes(1)), EV, destination) == []


@pytest.mark.parametrize("source", [EVSE, BROADCAST, bytes(6), bytes.fromhex("0180c2000001")])
def test_a_sender_that_is_no_station(source: bytes) -> None:
    bench = Bench()
    bench.plug_in()
    assert bench.parm_req(source) == []
    assert bench.machine.state is SlacState.UNMATCHED


# repeats of the EV


def test_the_same_run_again_begins_anew() -> None:
    bench = sounding()
    bench.sounds(9)
    assert kinds(bench.parm_req()) == [frames.CM_SLAC_PARM_CNF]
    bench.start()
    assert bench.sounds(9) == []
    assert kinds(bench.sound(0)) == [frames.CM_ATTEN_CHAR_IND]


def test_another_run_of_the_same_ev() -> None:
    bench = Bench()
    bench.sounded()
    assert kinds(bench.parm_req(run=OTHER_RUN)) == [frames.CM_SLAC_PARM_CNF]
    bench.start(run=OTHER_RUN)
    bench.sounds(run=OTHER_RUN)
    bench.rsp(run=OTHER_RUN)
    (cnf,) = bench.match_req(run=OTHER_RUN)
    assert isinstance(cnf, frames.CM_SLAC_MATCH_CNF)
    assert cnf.RunID == OTHER_RUN


def test_a_lost_answer_is_given_again() -> None:
    bench = Bench()
    bench.matched()
    (_, cnf), *_ = bench.of(frames.CM_SLAC_MATCH_CNF)
    for _ in range(3):
        bench.pass_time(TT_match_response_s)
        assert bench.match_req() == [cnf]
    assert bench.values("dlink_ready") == [True]
    assert bench.values("ev_mac_address") == [text(EV)]


def test_state_of_the_machine() -> None:
    bench = Bench()
    assert bench.where is State.DOWN
    assert bench.machine.deadline is None
    bench.plug_in()
    assert bench.where is State.MATCHING
    assert bench.machine.deadline == pytest.approx(bench.now + TT_EVSE_SLAC_init_s)
