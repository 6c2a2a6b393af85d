"""Neighbours' EVs, floods, and what they may not do: push out the own EV, fill the memory or the log."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsecc.slac import frames, vendor
from fastsecc.slac.addresses import BROADCAST
from fastsecc.slac.api import SlacState
from fastsecc.slac.log_limit import LOG_LINES_MAX, LOG_INTERVAL_s, LogLimit
from fastsecc.slac.machine import TAKEN
from fastsecc.slac.matching import MATCHING_SESSIONS_MAX, Matching
from fastsecc.slac.mme import ETHERTYPE
from fastsecc.slac.state import State
from fastsecc.slac.timers import TT_match_sequence_s
from tests.slac.bench import EV, EVSE, MODEM, OTHER_EV, OTHER_RUN, RUN, Bench
from tests.slac.line import Ev, Line

LOG_LINES_ENOUGH = 200


def neighbour(n: int) -> bytes:
    return b"\x02\0\0" + n.to_bytes(3, "big")


def sessions(bench: Bench) -> int:
    behaviour = bench.machine._behaviour
    return len(behaviour.sessions) if isinstance(behaviour, Matching) else 0


def test_two_evs_at_the_same_time_and_the_first_to_ask_is_matched() -> None:
    bench = Bench()
    bench.plug_in()
    for source, run in ((EV, RUN), (OTHER_EV, OTHER_RUN)):
        bench.parm_req(source, run)
    for source, run in ((EV, RUN), (OTHER_EV, OTHER_RUN)):
        bench.start(source, run)
    for countdown in reversed(range(10)):
        bench.sound(countdown, 20, EV, RUN)
        bench.sound(countdown, 60, OTHER_EV, OTHER_RUN)
        bench.pass_time(0.01)
    inds = {ind.SOURCE_ADDRESS: set(ind.AAG) for _, ind in bench.of(frames.CM_ATTEN_CHAR_IND)}
    assert inds == {EV: {20}, OTHER_EV: {60}}
    bench.rsp(OTHER_EV, OTHER_RUN)
    bench.rsp()
    (cnf,) = bench.match_req()
    assert isinstance(cnf, frames.CM_SLAC_MATCH_CNF)
    assert cnf.PEV_MAC == EV
    assert bench.match_req(OTHER_EV, OTHER_RUN) == []
    assert len(bench.of(frames.CM_SLAC_MATCH_CNF)) == 1


def test_the_same_run_id_of_two_evs() -> None:
    """Tesla's is always the same."""
    bench = Bench()
    bench.plug_in()
    bench.parm_req(EV, OTHER_RUN)
    bench.parm_req(OTHER_EV, OTHER_RUN)
    assert sessions(bench) == 2
    bench.start(EV, OTHER_RUN)
    bench.sounds(source=EV, run=OTHER_RUN)
    bench.rsp(EV, OTHER_RUN)
    assert bench.match_req(OTHER_EV, OTHER_RUN) == []
    assert bench.match_req(EV, OTHER_RUN)


def test_a_neighbour_that_fails_does_not_disturb() -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req(OTHER_EV)
    bench.pass_time(0.2)
    bench.parm_req()
    bench.pass_time(TT_match_sequence_s - 0.1)
    assert sessions(bench) == 1
    assert bench.machine.state is SlacState.MATCHING
    bench.start()
    bench.sounds()
    bench.rsp()
    assert bench.match_req()


@pytest.mark.parametrize("evs", range(1, MATCHING_SESSIONS_MAX + 1))
def test_evs_on_a_line(evs: int) -> None:
    """All of them hear us; one is matched, and each has its own result."""
    all_of_them = [Ev(mac=neighbour(n), run=RUN) for n in range(evs)]
    line = Line(*all_of_them)
    line.run(5.0)
    assert [ev.aag != b"" for ev in all_of_them] == [True] * evs
    assert [ev.result is not None for ev in all_of_them].count(True) == 1


# the cap


def test_no_more_than_the_cap() -> None:
    bench = Bench()
    bench.plug_in()
    for n in range(1000):
        bench.parm_req(neighbour(n))
        assert sessions(bench) <= MATCHING_SESSIONS_MAX


def test_runs_of_one_ev_push_out_their_own() -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req(OTHER_EV)
    for n in range(100):
        bench.parm_req(EV, n.to_bytes(8, "big"))
    bench.start(OTHER_EV, times=1)
    bench.sounds(source=OTHER_EV)
    assert len(bench.of(frames.CM_ATTEN_CHAR_IND)) == 1


def test_the_oldest_that_has_not_begun_goes_first() -> None:
    bench = Bench()
    bench.plug_in()
    for n in range(MATCHING_SESSIONS_MAX):
        bench.parm_req(neighbour(n))
        bench.pass_time(0.01)
    assert bench.parm_req(EV)
    bench.start(neighbour(0), times=1)
    assert bench.sounds(source=neighbour(0)) == []
    bench.start(times=1)
    assert bench.sounds()


def test_who_has_begun_is_not_pushed_out() -> None:
    bench = Bench()
    bench.plug_in()
    for n in range(MATCHING_SESSIONS_MAX):
        bench.parm_req(neighbour(n))
        bench.start(neighbour(n), times=1)
    for n in range(100, 200):
        assert bench.parm_req(neighbour(n)) == []
    bench.sounds(source=neighbour(0))
    bench.rsp(neighbour(0))
    assert bench.match_req(neighbour(0))


def test_a_flood_of_new_evs_while_ours_sounds() -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req()
    bench.start(times=1)
    source = random.Random(1)
    for countdown in reversed(range(10)):
        for n in range(100):
            bench.parm_req(neighbour(1000 * countdown + n), source.randbytes(8))
        bench.sound(countdown)
        bench.pass_time(0.02)
    bench.rsp()
    assert bench.match_req()
    assert len(bench.log) + len(bench.warnings) < LOG_LINES_ENOUGH


# floods of what nobody wants


def flood(n: int) -> list[bytes]:
    """Give frames of all sorts, most of them not for us or not whole."""
    source = random.Random(n)
    kinds: list[bytes] = []
    for _ in range(n):
        mmtype = source.choice([*TAKEN, source.randrange(0x10000)]).to_bytes(2, "little")
        destination = source.choice([EVSE, BROADCAST, OTHER_EV])
        sender = source.choice([EV, OTHER_EV, MODEM, neighbour(source.randrange(1 << 24))])
        payload = source.randbytes(source.choice([0, 20, 43, 120]))
        kinds.append(destination + sender + ETHERTYPE + bytes([source.choice([0, 1, 2])]) + mmtype + payload)
    return kinds


@pytest.mark.parametrize("state", [State.SET_KEY, State.UNMATCHED, State.MATCHING, State.MATCHED])
def test_floods(state: State) -> None:
    bench = Bench()
    bench.modem_answers = state is not State.SET_KEY
    if state is State.MATCHED:
        bench.matched()
    elif state is State.MATCHING:
        bench.plug_in()
    else:
        bench.up()
    before = len(bench.sent)
    for octets in flood(3000):
        bench.octets(octets)
        bench.pass_time(0.001)
    assert bench.where is state
    assert len(bench.log) + len(bench.warnings) < LOG_LINES_ENOUGH
    if state is not State.MATCHING:
        kinds = {frame.mme.NAME for _, frame in bench.sent[before:]}
        assert kinds <= {"CM_SET_KEY.REQ", "VS_OP_ATTRIBUTES.REQ", "NSCM_GET_VERSION.REQ"}
    if state is not State.SET_KEY:
        bench.pass_time(20.0)
        if state is State.UNMATCHED:
            bench.do("enter_bcd")
        if state is not State.MATCHED:
            bench.parm_req()
            bench.start()
            bench.sounds()
            bench.rsp()
            assert bench.match_req()


def test_a_second_report_of_the_same_sound_counts_for_nothing() -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req()
    bench.start()
    for countdown in reversed(range(1, 10)):
        assert bench.sound(countdown) == []
        report = vendor.VS_ATTENUATION_CHARACTERISTICS_IND(PEV_MAC=EV, AAG=bytes(58))
        assert bench.say(report, MODEM, BROADCAST) == []
        bench.pass_time(0.02)
    assert bench.sound(0)


@given(st.lists(st.sampled_from(range(60)), max_size=60), st.randoms())
def test_any_order_of_anything(steps: list[int], chance: random.Random) -> None:
    """Whatever comes in whatever order, the vars fit together and nothing breaks."""
    bench = Bench(vendor_of_modem="Qualcomm", link_status_detection=chance.random() < 0.5)
    inputs = [
        *[lambda name=name: bench.do(name) for name in ("enter_bcd", "leave_bcd", "reset", "dlink_terminate")],
        *[lambda name=name: bench.do(name) for name in ("dlink_error", "dlink_pause", "interface_down", "wake")],
        bench.up,
        bench.plug_in,
        lambda: bench.pass_time(chance.choice([0.01, 0.25, 0.7, 12.0, 41.0])),
        lambda: setattr(bench, "link", 1 - bench.link),
        lambda: setattr(bench, "modem_answers", not bench.modem_answers),
        *[
            lambda step=step, who=who: step(*who)
            for step in (bench.parm_req, bench.start, bench.rsp, bench.match_req)
            for who in ((EV, RUN), (OTHER_EV, RUN), (EV, OTHER_RUN))
        ],
        lambda: bench.sounds(source=EV),
        lambda: bench.sounds(source=OTHER_EV),
        lambda: bench.say(frames.CM_VALIDATE_REQ()),
        lambda: bench.octets(flood(1)[0]),
    ]
    for step in steps:
        inputs[step % len(inputs)]()
        ready = bench.values("dlink_ready")
        assert ready == [n % 2 == 0 for n in range(len(ready))]
        assert bool(ready and ready[-1]) is (bench.machine.state is SlacState.MATCHED) is bench.machine.dlink_ready
        states = bench.values("state")
        assert all(first != second for first, second in pairwise(states))
        if states:
            assert states[-1] == bench.machine.state
    given_out = [cnf.NMK for _, cnf in bench.of(frames.CM_SLAC_MATCH_CNF)]
    set_before = [req.NewKey for _, req in bench.of(frames.CM_SET_KEY_REQ)]
    assert set(given_out) <= set(set_before)


# the log


def test_lines_of_a_kind_are_counted() -> None:
    limit = LogLimit()
    said = [limit.line("kind", f"line {n}", 0.0) for n in range(100)]
    assert said[:LOG_LINES_MAX] == [f"line {n}" for n in range(LOG_LINES_MAX)]
    assert set(said[LOG_LINES_MAX:]) == {None}
    assert limit.line("another kind", "another", 0.0) == "another"
    assert limit.line("kind", "later", LOG_INTERVAL_s) == f"later (and {100 - LOG_LINES_MAX} like it before)"
    assert limit.line("kind", "again", LOG_INTERVAL_s) == "again"
