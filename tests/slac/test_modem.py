"""The own modem: its key, its vendor, its restart, its link, and those who pretend to be it."""

from __future__ import annotations

import pytest

from fastsecc.slac import frames, vendor
from fastsecc.slac.addresses import BROADCAST, LOCALCAST
from fastsecc.slac.api import SlacState
from fastsecc.slac.chip_reset import CHIP_BOOT_s
from fastsecc.slac.keys import nid
from fastsecc.slac.mme import Mme
from fastsecc.slac.set_key import SET_KEY_ATTEMPTS, SET_KEY_RETRY_s
from fastsecc.slac.state import State
from tests.slac.bench import EV, EVSE, MODEM, STRANGER, Bench

SET_KEY_TIMEOUT_s = 0.3


def silent(**settings: object) -> Bench:
    """Give a machine whose modem does not answer."""
    bench = Bench(**settings)
    bench.modem_answers = False
    bench.up()
    return bench


def cnf(bench: Bench, result: int = 1, nonce: bytes | None = None) -> frames.CM_SET_KEY_CNF:
    newest = bench.set_keys()[-1][1].MyNonce
    return frames.CM_SET_KEY_CNF(Result=result, MyNonce=b"abcd", YourNonce=newest if nonce is None else nonce)


# the key


def test_the_key_goes_to_the_nearest_modem() -> None:
    bench = silent()
    _, frame = bench.sent[0]
    req = frame.mme
    assert isinstance(req, frames.CM_SET_KEY_REQ)
    assert (frame.destination, frame.source) == (LOCALCAST, EVSE)
    assert (req.KeyType, req.PID, req.PRN, req.PMN, req.CCoCap, req.NewEKS) == (1, 4, 0, 0, 0, 1)
    assert nid(req.NewKey) == bytes(req.NID)
    assert len(req.NewKey) == 16


def test_the_modem_may_have_an_address() -> None:
    bench = silent(modem_mac=MODEM)
    assert bench.sent[0][1].destination == MODEM


@pytest.mark.parametrize("result", [0, 1])
def test_both_results_mean_success(result: int) -> None:
    bench = silent()
    bench.say(cnf(bench, result), MODEM)
    assert bench.where is State.UNMATCHED
    assert bench.machine.deadline is None


@pytest.mark.parametrize("result", [2, 0xFF])
def test_a_modem_that_refuses_is_asked_again(result: int) -> None:
    bench = silent()
    bench.say(cnf(bench, result), MODEM)
    assert bench.where is State.SET_KEY
    bench.pass_time(SET_KEY_TIMEOUT_s)
    assert len(bench.set_keys()) == 2
    bench.say(cnf(bench), MODEM)
    assert bench.where is State.UNMATCHED


def test_attempts_bring_the_same_key() -> None:
    bench = silent()
    bench.pass_time(2.0)
    sent = bench.set_keys()
    assert [at - sent[0][0] for at, _ in sent] == pytest.approx([n * SET_KEY_TIMEOUT_s for n in range(7)])
    assert {req for _, req in sent} == {sent[0][1]}


def test_a_late_answer_to_the_first_attempt_will_do() -> None:
    bench = silent()
    first = cnf(bench)
    bench.pass_time(1.0)
    bench.say(first, MODEM)
    assert bench.where is State.UNMATCHED


def test_a_silent_modem_is_a_fault_that_ends() -> None:
    bench = silent()
    bench.pass_time(SET_KEY_ATTEMPTS * SET_KEY_TIMEOUT_s - 0.01)
    assert bench.faults == []
    bench.pass_time(0.02)
    (message,) = bench.faults
    assert message is not None
    assert "CM_SET_KEY.CNF" in message
    before = len(bench.set_keys())
    bench.pass_time(10 * SET_KEY_RETRY_s)
    assert len(bench.set_keys()) - before == 10
    assert len(bench.faults) == 1
    bench.say(cnf(bench), MODEM)
    assert bench.faults == [message, None]
    assert bench.where is State.UNMATCHED


def test_a_fault_outlives_the_interface() -> None:
    bench = silent()
    bench.pass_time(60.0)
    bench.do("interface_down")
    bench.modem_answers = True
    bench.up()
    assert len(bench.faults) == 2
    assert bench.faults[-1] is None


def test_a_reset_asks_a_silent_modem_at_once() -> None:
    bench = silent()
    bench.pass_time(60.0)
    before = len(bench.set_keys())
    bench.do("reset")
    assert len(bench.set_keys()) == before + 1


def test_without_answer_no_ev_is_matched() -> None:
    bench = silent()
    bench.do("enter_bcd")
    bench.pass_time(30.0)
    assert bench.parm_req() == []
    assert bench.machine.state is SlacState.UNMATCHED


def test_an_interface_without_modem() -> None:
    bench = silent(modem_required=False)
    bench.do("enter_bcd")
    bench.pass_time(SET_KEY_TIMEOUT_s)
    assert bench.where is State.MATCHING
    bench.parm_req()
    bench.start()
    for _ in range(10):
        bench.profile(30, modem=EV)
        bench.pass_time(0.02)
    bench.rsp()
    (cnf,) = bench.match_req()
    assert isinstance(cnf, frames.CM_SLAC_MATCH_CNF)
    assert [req.NewKey for _, req in bench.set_keys()] == [cnf.NMK]
    assert bench.faults == []


# who is the modem


@pytest.mark.parametrize("nonce", [bytes(4), b"\xaa" * 4, b"abcd"])
def test_an_answer_with_another_nonce_is_forged(nonce: bytes) -> None:
    bench = silent()
    bench.say(cnf(bench, nonce=nonce), STRANGER)
    assert bench.where is State.SET_KEY
    bench.say(cnf(bench), MODEM)
    assert bench.where is State.UNMATCHED


def test_an_answer_to_all_is_forged() -> None:
    bench = silent()
    bench.say(cnf(bench), STRANGER, BROADCAST)
    assert bench.where is State.SET_KEY


def test_nonces_differ() -> None:
    bench = Bench()
    bench.up()
    for _ in range(20):
        bench.do("reset")
    assert len({req.MyNonce for _, req in bench.set_keys()}) == 21


def test_an_answer_that_nobody_asked_for() -> None:
    bench = Bench()
    bench.matched()
    bench.say(cnf(bench), STRANGER)
    bench.say(cnf(bench), MODEM)
    assert bench.where is State.MATCHED


def test_profiles_of_others_are_refused() -> None:
    """A neighbour must not be able to make a link look better."""
    bench = Bench()
    bench.plug_in()
    bench.parm_req()
    bench.start()
    for countdown in reversed(range(10)):
        for liar in (STRANGER, EV):
            bench.profile(0, modem=liar)
        bench.sound(countdown, 60)
        bench.pass_time(0.02)
    (_, ind), *_ = bench.of(frames.CM_ATTEN_CHAR_IND)
    assert set(ind.AAG) == {60}
    assert any("not the own modem" in line for line in bench.log)


def test_another_modem_after_the_interface_came_back() -> None:
    bench = Bench()
    bench.plug_in()
    bench.modem_answers = False
    bench.do("interface_down")
    bench.up()
    bench.say(cnf(bench), STRANGER)
    bench.parm_req()
    bench.start()
    for _ in range(10):
        bench.profile(30, modem=STRANGER)
        bench.pass_time(0.02)
    assert len(bench.of(frames.CM_ATTEN_CHAR_IND)) == 1


# its vendor


@pytest.mark.parametrize("name", ["Qualcomm", "Lumissil"])
def test_the_vendor_is_found_out_once(name: str) -> None:
    bench = Bench(vendor_of_modem=name)
    bench.up()
    assert [line for line in bench.log if line.startswith(f"modem: {name}")] != []
    bench.do("reset")
    bench.do("reset")
    assert len(bench.of(vendor.VS_OP_ATTRIBUTES_REQ)) == 1
    assert len(bench.of(vendor.NSCM_GET_VERSION_REQ)) == 1


def test_an_unknown_vendor_does_no_harm() -> None:
    bench = Bench()
    bench.matched()
    assert not any(line.startswith("modem:") for line in bench.log)


def test_a_vendor_with_another_cookie_is_forged() -> None:
    bench = silent()
    bench.say(vendor.VS_OP_ATTRIBUTES_CNF(Cookie=b"\0" * 4, HardwarePlatform=b"X", SoftwarePlatform=b"Y"), STRANGER)
    bench.say(vendor.NSCM_GET_VERSION_CNF(RequestID=0, Major=1, Minor=1, Patch=1, Build=1), STRANGER)
    assert not any(line.startswith("modem:") for line in bench.log)


def test_one_octet_proves_nothing_before_the_modem_is_known() -> None:
    bench = silent()
    (_, req), *_ = bench.of(vendor.NSCM_GET_VERSION_REQ)
    version = vendor.NSCM_GET_VERSION_CNF(RequestID=req.RequestID, Major=1, Minor=1, Patch=1, Build=1)
    bench.say(version, STRANGER)
    bench.say(cnf(bench), MODEM)
    bench.say(version, STRANGER)
    assert not any(line.startswith("modem:") for line in bench.log)
    bench.say(version, MODEM)
    assert bench.log[-1] == "modem: Lumissil, 1.1.1.1"


def test_names_of_a_modem_are_printable() -> None:
    bench = silent()
    (_, req), *_ = bench.of(vendor.VS_OP_ATTRIBUTES_REQ)
    names = {"HardwarePlatform": b"QCA\n\x1b[31m7000\0\0\0\0", "SoftwarePlatform": b"\xff\xfeMAC\0"}
    bench.say(vendor.VS_OP_ATTRIBUTES_CNF(Cookie=req.Cookie, **names), MODEM)
    assert bench.log[-1] == "modem: Qualcomm, QCA[31m7000 MAC"


# its restart


def restarts(bench: Bench) -> list[tuple[float, Mme]]:
    return [*bench.of(vendor.VS_RS_DEV_REQ), *bench.of(vendor.NSCM_RESET_DEVICE_REQ)]


def test_restart_after_a_delay() -> None:
    bench = Bench(vendor_of_modem="Qualcomm", chip_reset=True)
    bench.up()
    begun = bench.now
    assert bench.where is State.CHIP_RESET
    bench.pass_time(0.1)
    assert [at - begun for at, _ in restarts(bench)] == pytest.approx([0.1])
    assert bench.where is State.UNMATCHED


@pytest.mark.parametrize("name", ["Qualcomm", "Lumissil"])
def test_restart_without_answer(name: str) -> None:
    bench = Bench(vendor_of_modem=name, chip_reset=True)
    bench.plug_in()
    bench.modem_answers = False
    bench.pass_time(0.1)
    assert len(restarts(bench)) == 1
    assert bench.where is State.CHIP_RESET
    bench.pass_time(0.5)
    assert bench.where is State.MATCHING


def test_restart_answered_by_another() -> None:
    bench = Bench(vendor_of_modem="Qualcomm", chip_reset=True)
    bench.up()
    bench.modem_answers = False
    bench.pass_time(0.1)
    bench.say(vendor.VS_RS_DEV_CNF(), STRANGER)
    assert bench.where is State.CHIP_RESET
    bench.say(vendor.VS_RS_DEV_CNF(), MODEM)
    assert bench.where is State.UNMATCHED


def test_an_answer_before_the_question() -> None:
    bench = Bench(vendor_of_modem="Qualcomm", chip_reset=True)
    bench.up()
    bench.say(vendor.VS_RS_DEV_CNF(), MODEM)
    assert bench.where is State.CHIP_RESET


def test_no_restart_of_an_unknown_modem() -> None:
    bench = Bench(chip_reset=True)
    bench.up()
    bench.pass_time(0.1)
    assert restarts(bench) == []
    assert bench.where is State.UNMATCHED
    assert any("vendor is not known" in line for line in bench.warnings)


def test_a_restart_that_takes_the_interface_away_is_not_repeated() -> None:
    bench = Bench(vendor_of_modem="Qualcomm", chip_reset=True)
    bench.up()
    bench.pass_time(0.1)
    bench.do("interface_down")
    bench.pass_time(2.0)
    bench.up()
    bench.pass_time(1.0)
    assert len(restarts(bench)) == 1
    assert bench.where is State.UNMATCHED
    bench.pass_time(CHIP_BOOT_s)
    bench.do("reset")
    bench.pass_time(1.0)
    assert len(restarts(bench)) == 2
