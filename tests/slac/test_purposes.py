"""The wrong fields of ISO 15118-5's test purposes for ISO 15118-3, SECC side; each test names its purpose."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.slac import frames
from fastsecc.slac.addresses import BROADCAST
from fastsecc.slac.api import SlacState
from fastsecc.slac.mme import Mme
from fastsecc.slac.state import State
from fastsecc.slac.timers import (
    TT_EVSE_match_MNBC_s,
    TT_EVSE_match_session_s,
    TT_EVSE_SLAC_init_s,
    TT_match_response_s,
    TT_match_sequence_s,
)
from tests.slac.bench import EV, EVSE, OTHER_EV, OTHER_RUN, RUN, Bench

A_MOMENT_s = 0.001
AN_ID = bytes([0xAA]) * 17


def kinds(sent: list[Mme]) -> list[type[Mme]]:
    return [type(mme) for mme in sent]


def rsp(**wrong: Any) -> Mme:
    return frames.CM_ATTEN_CHAR_RSP(**{"SOURCE_ADDRESS": EV, "RunID": RUN, **wrong})


def start(**wrong: Any) -> Mme:
    return frames.CM_START_ATTEN_CHAR_IND(**{"FORWARDING_STA": EV, "RunID": RUN, **wrong})


def match(**wrong: Any) -> Mme:
    return frames.CM_SLAC_MATCH_REQ(**{"PEV_MAC": EV, "EVSE_MAC": EVSE, "RunID": RUN, **wrong})


# CmSlacParm


def test_CMN_CmSlacParm_001() -> None:
    bench = Bench()
    bench.plug_in()
    assert bench.parm_req() == [frames.CM_SLAC_PARM_CNF(FORWARDING_STA=EV, RunID=RUN)]
    octets = bench.machine.frame(frames.CM_SLAC_PARM_REQ(RunID=RUN).encode(EV, BROADCAST), bench.now).frames[0]
    assert octets[19:] == bytes.fromhex(f"ffffffffffff0a0601{EV.hex()}0000{RUN.hex()}").ljust(41, b"\0")


def test_CMN_CmSlacParm_004() -> None:
    bench = Bench()
    bench.plug_in()
    bench.pass_time(TT_EVSE_SLAC_init_s)
    assert bench.values("request_error_routine") == [None]
    assert bench.parm_req() == []


@pytest.mark.parametrize(
    "wrong", [{"APPLICATION_TYPE": 0xFF}, {"SECURITY_TYPE": 0xFF}], ids=["CmSlacParm_005", "CmSlacParm_006"]
)
def test_wrong_parm_req(wrong: dict[str, Any]) -> None:
    bench = Bench()
    bench.plug_in()
    bench.pass_time(1.0)
    assert bench.say(frames.CM_SLAC_PARM_REQ(**wrong, RunID=RUN), EV, BROADCAST) == []
    assert bench.machine.state is SlacState.UNMATCHED
    bench.pass_time(TT_EVSE_SLAC_init_s - 1.0)  # which it did not stop
    assert bench.values("request_error_routine") == [None]
    assert bench.parm_req() == []


def test_CMN_CmSlacParm_007() -> None:
    bench = Bench()
    bench.plug_in()
    bench.do("leave_bcd")
    assert bench.parm_req() == []


def test_CMN_CmSlacParm_008_idle_for_long() -> None:
    bench = Bench()
    bench.up()
    bench.pass_time(1_000_000.0)
    bench.do("enter_bcd")
    assert kinds(bench.parm_req()) == [frames.CM_SLAC_PARM_CNF]


# AttenuationCharacterization


def test_CMN_AttenuationCharacterization_001() -> None:
    bench = Bench()
    bench.sounded()
    assert len(bench.of(frames.CM_ATTEN_CHAR_IND)) == 1


def test_CMN_AttenuationCharacterization_002() -> None:
    bench = Bench()
    bench.sounded()
    (cnf,) = bench.parm_req(run=OTHER_RUN)
    assert isinstance(cnf, frames.CM_SLAC_PARM_CNF)
    assert cnf.RunID == OTHER_RUN


def test_CMN_AttenuationCharacterization_003() -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req()
    bench.start()
    bench.sounds(9)
    ind, *_ = bench.pass_time(TT_EVSE_match_MNBC_s)
    assert (ind.NAME, getattr(ind, "NUM_SOUNDS", None)) == ("CM_ATTEN_CHAR.IND", 9)


def test_CMN_AttenuationCharacterization_004() -> None:
    bench = Bench()
    bench.sounded()
    repeated = bench.pass_time(2 * TT_match_response_s + A_MOMENT_s)
    assert kinds(repeated) == [frames.CM_ATTEN_CHAR_IND] * 2
    assert bench.match_req() == []
    assert bench.pass_time(3.0) == []
    assert bench.match_req() == []


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"APPLICATION_TYPE": 0xFF}, id="005"),
        pytest.param({"SECURITY_TYPE": 0xFF}, id="006"),
        pytest.param({"SOURCE_ADDRESS": bytes(6)}, id="007"),
        pytest.param({"RunID": bytes(8)}, id="008"),
        pytest.param({"SOURCE_ID": AN_ID}, id="009"),
        pytest.param({"RESP_ID": AN_ID}, id="010"),
        pytest.param({"Result": 0xFF}, id="011"),
    ],
)
def test_CMN_AttenuationCharacterization_wrong_rsp(wrong: dict[str, Any]) -> None:
    bench = Bench()
    bench.sounded()
    bench.say(rsp(**wrong))
    assert kinds(bench.pass_time(3.0)) == [frames.CM_ATTEN_CHAR_IND] * 2
    assert bench.match_req() == []
    assert bench.machine.state is SlacState.UNMATCHED


def test_CMN_AttenuationCharacterization_012() -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req()
    bench.pass_time(TT_match_sequence_s + A_MOMENT_s)
    bench.start()
    bench.sounds()
    assert bench.pass_time(3.0) == []
    assert bench.of(frames.CM_ATTEN_CHAR_IND) == []


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"APPLICATION_TYPE": 0xFF}, id="013"),
        pytest.param({"SECURITY_TYPE": 0xFF}, id="014"),
        pytest.param({"NUM_SOUNDS": 0}, id="015"),
        pytest.param({"TIME_OUT": 0}, id="016"),
        pytest.param({"RESP_TYPE": 0}, id="017"),
        pytest.param({"RunID": bytes(8)}, id="018"),
        pytest.param({"FORWARDING_STA": OTHER_EV}, id="FORWARDING_STA"),
    ],
)
def test_CMN_AttenuationCharacterization_wrong_start(wrong: dict[str, Any]) -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req()
    for _ in range(3):
        bench.say(start(**wrong), EV, BROADCAST)
    bench.sounds()
    bench.pass_time(3.0)
    assert bench.of(frames.CM_ATTEN_CHAR_IND) == []


def test_a_right_start_after_a_wrong_one() -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req()
    bench.say(start(TIME_OUT=0), EV, BROADCAST)
    bench.start()
    assert kinds(bench.sounds()) == [frames.CM_ATTEN_CHAR_IND]


def test_CMN_AttenuationCharacterization_019() -> None:
    bench = Bench()
    bench.plug_in()
    bench.parm_req()
    bench.do("leave_bcd")
    bench.start()
    bench.sounds()
    bench.pass_time(3.0)
    assert bench.of(frames.CM_ATTEN_CHAR_IND) == []


def test_CMN_AttenuationCharacterization_020() -> None:
    bench = Bench()
    bench.sounded()
    bench.rsp()
    bench.parm_req(run=OTHER_RUN)
    bench.start(run=OTHER_RUN)
    assert kinds(bench.sounds(run=OTHER_RUN)) == [frames.CM_ATTEN_CHAR_IND]


# CmValidate, of an EVSE without the feature


def test_CMN_CmValidate_010() -> None:
    bench = Bench()
    bench.sounded()
    bench.rsp()
    (cnf,) = bench.say(frames.CM_VALIDATE_REQ())
    assert cnf == frames.CM_VALIDATE_CNF(SignalType=0, ToggleNum=0, Result=3)


def test_CMN_CmValidate_013() -> None:
    bench = Bench()
    bench.sounded()
    bench.rsp()
    bench.do("leave_bcd")
    assert bench.say(frames.CM_VALIDATE_REQ()) == []


# CmSlacMatch


def at_match() -> Bench:
    bench = Bench()
    bench.sounded()
    bench.rsp()
    return bench


def test_CMN_CmSlacMatch_001() -> None:
    bench = at_match()
    (cnf,) = bench.match_req()
    assert isinstance(cnf, frames.CM_SLAC_MATCH_CNF)
    octets = cnf.encode(EVSE, EV)
    assert octets[21:23] == b"\x56\x00"
    assert octets[40:46] == EV
    assert octets[63:69] == EVSE
    assert octets[69:77] == RUN
    assert not any(octets[77:85] + octets[92:93])


def test_CMN_CmSlacMatch_003() -> None:
    bench = at_match()
    first = bench.match_req()
    bench.pass_time(TT_match_response_s)
    assert bench.match_req() == first


def test_CMN_CmSlacMatch_005() -> None:
    bench = at_match()
    bench.pass_time(TT_EVSE_match_session_s + A_MOMENT_s)
    assert bench.match_req() == []


WRONG_MATCH_REQS = [
    pytest.param({"APPLICATION_TYPE": 0xFF}, id="007"),
    pytest.param({"SECURITY_TYPE": 0xFF}, id="009"),
    pytest.param({"MVFLength": 0}, id="011"),
    pytest.param({"PEV_ID": AN_ID}, id="013"),
    pytest.param({"PEV_MAC": bytes(6)}, id="015"),
    pytest.param({"EVSE_ID": AN_ID}, id="017"),
    pytest.param({"EVSE_MAC": bytes(6)}, id="019"),
    pytest.param({"RunID": bytes(8)}, id="021"),
]


@pytest.mark.parametrize("wrong", WRONG_MATCH_REQS)
def test_CMN_CmSlacMatch_wrong_req(wrong: dict[str, Any]) -> None:
    bench = at_match()
    assert bench.say(match(**wrong)) == []
    assert bench.values("dlink_ready") == []
    assert bench.machine.state is SlacState.MATCHING
    assert bench.pass_time(TT_EVSE_match_session_s + A_MOMENT_s) == []
    assert bench.match_req() == []


@pytest.mark.parametrize("wrong", WRONG_MATCH_REQS)
def test_wrong_req_when_matched(wrong: dict[str, Any]) -> None:
    bench = at_match()
    bench.match_req()
    assert bench.say(match(**wrong)) == []


def test_CMN_CmSlacMatch_023() -> None:
    bench = at_match()
    bench.do("leave_bcd")
    assert bench.match_req() == []


@pytest.mark.parametrize("field", ["SOURCE_ID", "RESP_ID", "PEV_ID", "EVSE_ID"])
def test_quirk_station_ids(field: str) -> None:
    bench = Bench(quirks=frozenset({"slac-station-ids"}))
    bench.sounded()
    bench.say(rsp(**({field: AN_ID} if field in {"SOURCE_ID", "RESP_ID"} else {})))
    req = match(**({field: AN_ID} if field in {"PEV_ID", "EVSE_ID"} else {}))
    assert kinds(bench.say(req)) == [frames.CM_SLAC_MATCH_CNF]


# PLCLinkStatus


def test_CMN_PLCLinkStatus_002() -> None:
    bench = Bench()
    bench.matched()
    old = bench.of(frames.CM_SET_KEY_REQ)[-1][1]
    bench.do("leave_bcd")
    at, new = bench.of(frames.CM_SET_KEY_REQ)[-1]
    assert at == bench.now
    assert new.NewKey != old.NewKey
    assert new.NID != old.NID


def test_CMN_PLCLinkStatus_003() -> None:
    bench = Bench()
    bench.matched()
    assert bench.parm_req() == []
    assert bench.parm_req(run=OTHER_RUN) == []
    assert bench.parm_req(OTHER_EV) == []
    assert bench.where is State.MATCHED


def test_CMN_PLCLinkStatus_004_same_keys_after_a_pause() -> None:
    bench = Bench()
    bench.matched()
    before = len(bench.of(frames.CM_SET_KEY_REQ))
    bench.do("dlink_pause")
    bench.pass_time(3600.0)
    bench.do("enter_bcd")
    assert bench.where is State.MATCHED
    assert len(bench.of(frames.CM_SET_KEY_REQ)) == before


# CmAmpMap

AMPLITUDES = bytes([0x11]) * 459


def test_CMN_CmAmpMap_001() -> None:
    bench = Bench()
    bench.matched()
    assert bench.say(frames.CM_AMP_MAP_REQ(AMLEN=917, AMDATA=AMPLITUDES)) == [frames.CM_AMP_MAP_CNF(Result=0)]


def test_the_answer_says_the_version_of_the_request() -> None:
    bench = Bench()
    bench.matched()
    for mmv in (1, 2):
        bench.say(frames.CM_AMP_MAP_REQ(AMLEN=917, AMDATA=AMPLITUDES), mmv=mmv)
        assert bench.sent[-1][1].mmv == mmv


@pytest.mark.parametrize("amplitudes", [AMPLITUDES])
def test_CMN_CmAmpMap_002_and_003(amplitudes: bytes) -> None:
    bench = Bench(amp_map=amplitudes)
    bench.matched()
    matched = bench.now
    bench.pass_time(3.0)
    sent = bench.of(frames.CM_AMP_MAP_REQ)
    assert [at - matched for at, _ in sent] == pytest.approx([0.0, TT_match_response_s, 2 * TT_match_response_s])
    assert {(req.AMLEN, req.AMDATA) for _, req in sent} == {(918, amplitudes)}
    assert bench.machine.deadline is None
    assert bench.where is State.MATCHED


def test_CMN_CmAmpMap_004() -> None:
    bench = Bench(amp_map=AMPLITUDES)
    bench.matched()
    bench.say(frames.CM_AMP_MAP_CNF(Result=0xFF))
    bench.pass_time(3.0)
    assert len(bench.of(frames.CM_AMP_MAP_REQ)) == 3


def test_an_answer_ends_the_repeats() -> None:
    bench = Bench(amp_map=AMPLITUDES)
    bench.matched()
    bench.say(frames.CM_AMP_MAP_CNF(Result=0), OTHER_EV)
    bench.pass_time(TT_match_response_s + A_MOMENT_s)
    bench.say(frames.CM_AMP_MAP_CNF(Result=0))
    bench.pass_time(3.0)
    assert len(bench.of(frames.CM_AMP_MAP_REQ)) == 2
    assert bench.machine.deadline is None


def test_CMN_CmAmpMap_005() -> None:
    bench = Bench()
    bench.matched()
    assert bench.say(frames.CM_AMP_MAP_REQ(AMLEN=0, AMDATA=b"")) == []


def test_CMN_CmAmpMap_006_and_007() -> None:
    bench = Bench()
    bench.matched()
    req = frames.CM_AMP_MAP_REQ(AMLEN=917, AMDATA=AMPLITUDES)
    answers = [mme for _ in range(3) for mme in bench.say(req)]
    assert answers == [frames.CM_AMP_MAP_CNF(Result=0)] * 3


def test_amplitudes_of_a_stranger_or_before_the_match() -> None:
    req = frames.CM_AMP_MAP_REQ(AMLEN=917, AMDATA=AMPLITUDES)
    bench = Bench()
    bench.sounded()
    assert bench.say(req) == []
    bench.rsp()
    bench.match_req()
    assert bench.say(req, OTHER_EV) == []
