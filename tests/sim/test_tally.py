"""Counting what a session consisted of."""

from __future__ import annotations

import pytest

from fastsecc.sim.tally import Tally, Times


def test_times_of_a_hundred_answers():
    times = Times.of([n / 1000 for n in range(100, 0, -1)])
    assert (times.count, times.median_s, times.p99_s, times.max_s) == pytest.approx((100, 0.050, 0.099, 0.100))


def test_times_of_one_answer():
    assert Times.of([0.002]).to_json() == {"count": 1, "median_ms": 2.0, "p99_ms": 2.0, "max_ms": 2.0}


def test_tally_tells_the_loop_from_the_rest():
    tally = Tally()
    for phase, time_s in [("SessionSetup", 0.5), ("CurrentDemand", 0.1), ("CurrentDemand", 0.3), ("SessionStop", 0.2)]:
        tally.exchange(phase, time_s)
    tally.variable("evcc_id")
    tally.variable("dc_ev_status")
    tally.variable("dc_ev_status")
    assert tally.messages == {"SessionSetup": 1, "CurrentDemand": 2, "SessionStop": 1}
    assert tally.loop.count == 2
    assert tally.others.max_s == 0.5
    assert tally.to_json()["variables"] == {"evcc_id": 1, "dc_ev_status": 2}


def test_tally_of_nothing():
    assert Tally().to_json() == {"messages": {}, "variables": {}, "loop": None, "others": None}
