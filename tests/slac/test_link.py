"""The link as the modem tells it: waited for, watched, lost."""

from __future__ import annotations

import pytest

from fastsecc.slac import vendor
from fastsecc.slac.addresses import BROADCAST
from fastsecc.slac.api import LinkLoss
from fastsecc.slac.state import State
from fastsecc.slac.timers import TT_EVSE_SLAC_init_s, TT_match_join_s, TT_match_response_s
from tests.slac.bench import EV, MODEM, RUN, STRANGER, Bench

QUESTIONS = {"Qualcomm": vendor.VS_PL_LINK_STATUS_REQ, "Lumissil": vendor.NSCM_GET_D_LINK_STATUS_REQ}


def linked(name: str = "Qualcomm", *, link: int = 0, **settings: object) -> Bench:
    """Give a machine that has sent CM_SLAC_MATCH.CNF and asks its modem for the link."""
    bench = Bench(vendor_of_modem=name, link_status_detection=True, **settings)
    bench.link = link
    bench.sounded()
    bench.rsp()
    bench.match_req()
    return bench


@pytest.mark.parametrize("name", QUESTIONS)
def test_matched_when_there_is_a_link(name: str) -> None:
    bench = linked(name)
    assert bench.where is State.LINK_WAIT
    assert bench.values("state")[-1] == "MATCHING"
    bench.pass_time(0.35)
    assert len(bench.of(QUESTIONS[name])) == 4
    assert bench.values("dlink_ready") == []
    bench.link = 1
    bench.pass_time(0.1)
    assert bench.where is State.MATCHED
    assert bench.values("dlink_ready") == [True]


def test_a_link_that_is_there_already_costs_no_time() -> None:
    bench = linked(link=1)
    assert bench.where is State.MATCHED


def test_an_unknown_modem_is_not_asked() -> None:
    bench = linked("")
    assert bench.where is State.MATCHED
    assert bench.machine.deadline is None
    assert any("not watched" in line for line in bench.warnings)


def test_no_link_within_TT_match_join() -> None:
    bench = linked()
    keys = len(bench.set_keys())
    bench.pass_time(TT_match_join_s - 0.01)
    assert bench.where is State.LINK_WAIT
    bench.pass_time(0.02)
    assert len(bench.set_keys()) == keys + 1
    assert bench.where is State.MATCHING
    assert bench.values("state")[-1] == "UNMATCHED"
    assert bench.values("dlink_ready") == []
    bench.pass_time(TT_EVSE_SLAC_init_s)
    assert bench.values("request_error_routine") == [None]


def test_no_link_may_ask_for_the_error_routine() -> None:
    bench = linked(reset_instead_of_fail=False)
    bench.pass_time(TT_match_join_s)
    assert bench.values("request_error_routine") == [None]
    assert bench.where is State.UNMATCHED


def test_the_answer_is_repeated_while_the_link_is_waited_for() -> None:
    bench = linked()
    bench.pass_time(TT_match_response_s)
    assert len(bench.match_req()) == 1


def test_an_ev_that_begins_again_while_the_link_is_waited_for() -> None:
    bench = linked()
    bench.parm_req()
    assert bench.where is State.MATCHING
    assert len(bench.set_keys()) == 2
    bench.pass_time(TT_EVSE_SLAC_init_s - 0.1)
    assert bench.parm_req()


def test_an_ev_that_began_again_is_waited_for() -> None:
    bench = linked()
    bench.parm_req()
    bench.pass_time(TT_EVSE_SLAC_init_s)
    assert bench.values("request_error_routine") == [None]


def test_a_link_said_by_another_is_not_believed() -> None:
    bench = linked()
    bench.say(vendor.VS_PL_LINK_STATUS_CNF(LinkStatus=1), STRANGER)
    assert bench.where is State.LINK_WAIT
    bench.say(vendor.VS_PL_LINK_STATUS_CNF(LinkStatus=1), MODEM)
    assert bench.where is State.MATCHED
    for _ in range(10):
        bench.say(vendor.VS_PL_LINK_STATUS_CNF(LinkStatus=0), STRANGER)
    assert bench.where is State.MATCHED


def test_a_modem_that_does_not_know_says_nothing() -> None:
    bench = linked()
    bench.say(vendor.VS_PL_LINK_STATUS_CNF(MStatus=1, LinkStatus=1), MODEM)
    assert bench.where is State.LINK_WAIT


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_link_that_is_lost(name: str) -> None:
    bench = linked(name, link=1)
    keys = len(bench.set_keys())
    bench.link = 0
    bench.pass_time(0.41)
    assert bench.where is State.MATCHED
    bench.pass_time(0.2)
    assert bench.where is State.MATCHING
    assert bench.values("dlink_ready") == [True, False]
    assert len(bench.set_keys()) == keys + 1
    assert bench.values("request_error_routine") == []
    assert bench.parm_req()


def test_a_link_that_flickers() -> None:
    bench = linked(link=1)
    for _ in range(20):
        bench.link = 0
        bench.pass_time(0.4)
        bench.link = 1
        bench.pass_time(0.2)
    assert bench.where is State.MATCHED
    assert bench.values("dlink_ready") == [True]


def test_option_A_of_a_lost_link() -> None:
    bench = linked(link=1, link_loss=LinkLoss.ERROR_ROUTINE)
    bench.link = 0
    bench.pass_time(1.0)
    assert bench.values("request_error_routine") == [None]
    assert bench.where is State.UNMATCHED
    assert bench.parm_req() == []


def test_a_paused_ev_has_no_link() -> None:
    bench = linked(link=1)
    bench.do("dlink_pause")
    bench.link = 0
    bench.pass_time(60.0)
    assert bench.where is State.MATCHED
    bench.link = 1
    bench.pass_time(1.0)
    bench.link = 0
    bench.pass_time(1.0)
    assert bench.values("dlink_ready") == [True, False]


def test_a_modem_that_no_longer_answers_is_no_lost_link() -> None:
    bench = linked(link=1)
    bench.modem_answers = False
    bench.pass_time(60.0)
    assert bench.where is State.MATCHED


def test_lumissil_s_reports_about_itself_are_not_taken() -> None:
    bench = Bench(vendor_of_modem="Lumissil")
    bench.plug_in()
    local = bytes.fromhex("0016e8000001")
    report = bytes.fromhex("01a2ac00000016e8000400000000ff").ljust(46, b"\0")
    assert bench.octets(BROADCAST + local + b"\x88\xe1" + report) == []
    assert bench.parm_req(EV, RUN)
