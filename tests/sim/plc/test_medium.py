"""The medium and its modems: who hears what, and what goes wrong on demand."""

from __future__ import annotations

from itertools import count

import pytest

from fastsecc.errors import ConfigError
from fastsecc.sim.plc.faults import Fault, Faults, parse_fault
from fastsecc.sim.plc.medium import Arrival, HOP_s, Medium
from fastsecc.sim.plc.modem import KEY_TAKEN, JOIN_s, Modem, RESTART_s, message_name
from fastsecc.slac.addresses import BROADCAST, LOCALCAST
from fastsecc.slac.frames import (
    CM_ATTEN_PROFILE_IND,
    CM_MNBC_SOUND_IND,
    CM_SET_KEY_CNF,
    CM_SET_KEY_REQ,
    CM_SLAC_PARM_REQ,
    CM_START_ATTEN_CHAR_IND,
    parse,
)
from fastsecc.slac.keys import nid
from fastsecc.slac.vendor import (
    VS_ATTENUATION_CHARACTERISTICS_IND,
    VS_OP_ATTRIBUTES_CNF,
    VS_OP_ATTRIBUTES_REQ,
    VS_PL_LINK_STATUS_CNF,
    VS_PL_LINK_STATUS_REQ,
    VS_RS_DEV_CNF,
    VS_RS_DEV_REQ,
)

EV, EVSE, NEIGHBOUR = (bytes.fromhex(f"02000000000{n}") for n in (1, 2, 3))
SOUND = CM_MNBC_SOUND_IND(CNT=9, RunID=bytes(8), Rnd=bytes(16)).encode(EV, BROADCAST)
LONG_s = 10.0


def make(*faults: Fault) -> Medium:
    """One car and two chargers."""
    medium = Medium(faults)
    draws = count()
    for name, evse in (("ev", False), ("evse", True), ("neighbour", True)):
        medium.add(Modem(name, evse=evse, random=lambda size: next(draws).to_bytes(size, "big")))
    for name, mac in (("evse", EVSE), ("neighbour", NEIGHBOUR)):
        medium.modems[name].learn(CM_SLAC_PARM_REQ(RunID=bytes(8)).encode(mac, BROADCAST))
    return medium


def heard(medium: Medium, host: str, frame: bytes, now: float = 0.0) -> dict[str, list[str]]:
    """Send a frame; name what arrives at each host."""
    medium.send(host, frame, now)
    found: dict[str, list[str]] = {}
    for arrival in medium.wake(now + LONG_s):
        found.setdefault(arrival.host, []).append(message_name(arrival.frame))
    return found


def ask(medium: Medium, host: str, request, now: float = 0.0):
    """Let a host ask its modem; give the one answer."""
    medium.send(host, request.encode(EV, LOCALCAST), now)
    (arrival,) = medium.wake(now + 1.0)
    frame = parse(arrival.frame)
    assert (arrival.host, frame.source, frame.destination) == (host, medium.modems[host].mac, EV)
    return frame.mme


def test_a_broadcast_is_heard_by_all_who_are_in_reach() -> None:
    medium = make()
    request = CM_SLAC_PARM_REQ(RunID=bytes(8)).encode(EV, BROADCAST)
    assert heard(medium, "ev", request) == {name: ["CM_SLAC_PARM.REQ"] for name in ("evse", "neighbour")}
    medium.attenuate("ev", "neighbour", None)
    assert heard(medium, "ev", request) == {"evse": ["CM_SLAC_PARM.REQ"]}


def test_a_frame_for_one_host_reaches_only_that() -> None:
    frame = CM_START_ATTEN_CHAR_IND(FORWARDING_STA=EV, RunID=bytes(8)).encode(EV, EVSE)
    assert heard(make(), "ev", frame) == {"evse": ["CM_START_ATTEN_CHAR.IND"]}


def test_a_frame_takes_its_time() -> None:
    medium = make()
    assert medium.deadline is None
    medium.send("ev", CM_SLAC_PARM_REQ(RunID=bytes(8)).encode(EV, EVSE), 1.0)
    assert medium.deadline == 1.0 + HOP_s
    assert medium.wake(1.0) == []
    assert [type(arrival) for arrival in medium.wake(medium.deadline)] == [Arrival]
    assert medium.deadline is None


def test_each_chargers_modem_says_how_weak_a_sound_was() -> None:
    medium = make()
    medium.attenuate("ev", "neighbour", 35.4)
    medium.send("ev", SOUND, 0.0)
    said = {}
    for arrival in medium.wake(LONG_s):
        mme = parse(arrival.frame).mme
        if isinstance(mme, CM_ATTEN_PROFILE_IND | VS_ATTENUATION_CHARACTERISTICS_IND):
            said[arrival.host, type(mme)] = (mme.PEV_MAC, mme.AAG)
    for kind in (CM_ATTEN_PROFILE_IND, VS_ATTENUATION_CHARACTERISTICS_IND):
        assert said.pop(("evse", kind)) == (EV, bytes([12] * 58))
        assert said.pop(("neighbour", kind)) == (EV, bytes([35] * 58))
    assert said == {}


def test_a_cars_modem_measures_nothing() -> None:
    names = heard(make(), "evse", CM_MNBC_SOUND_IND(CNT=9, RunID=bytes(8), Rnd=bytes(16)).encode(EVSE, BROADCAST))
    assert names["ev"] == ["CM_MNBC_SOUND.IND"]


def test_a_modem_answers_as_a_qca7000() -> None:
    medium = make()
    answer = ask(medium, "ev", CM_SET_KEY_REQ(MyNonce=b"ABCD", NID=bytes(7), NewKey=bytes(16)))
    assert isinstance(answer, CM_SET_KEY_CNF)
    assert (answer.Result, answer.YourNonce, answer.PMN) == (KEY_TAKEN, b"ABCD", 0xFF)
    answer = ask(medium, "ev", VS_OP_ATTRIBUTES_REQ(Cookie=b"1234"), 1.0)
    assert isinstance(answer, VS_OP_ATTRIBUTES_CNF)
    assert (answer.Cookie, answer.HardwarePlatform) == (b"1234", b"QCA7000".ljust(16, b"\0"))
    assert ask(medium, "ev", VS_PL_LINK_STATUS_REQ(), 2.0) == VS_PL_LINK_STATUS_CNF(LinkStatus=0)
    assert ask(medium, "ev", VS_RS_DEV_REQ(), 3.0) == VS_RS_DEV_CNF()


def test_a_modem_ignores_what_it_does_not_know() -> None:
    assert heard(make(), "ev", CM_SLAC_PARM_REQ(RunID=bytes(8)).encode(EV, LOCALCAST)) == {}
    assert heard(make(), "ev", LOCALCAST + EV + bytes.fromhex("88e1009999") + bytes(40)) == {}


def test_a_modem_that_starts_anew_is_deaf() -> None:
    medium = make()
    ask(medium, "ev", VS_RS_DEV_REQ())
    assert heard(medium, "ev", VS_PL_LINK_STATUS_REQ().encode(EV, LOCALCAST), RESTART_s / 2) == {}
    to_ev = CM_SLAC_PARM_REQ(RunID=bytes(8)).encode(EVSE, BROADCAST)
    assert "ev" not in heard(medium, "evse", to_ev, RESTART_s / 2)
    assert "ev" in heard(medium, "evse", to_ev, RESTART_s + 20.0)


def test_modems_with_the_same_key_join_and_leave_with_another() -> None:
    medium = make()
    keys = {"ev": bytes(16), "evse": bytes(16), "neighbour": bytes(15) + b"\1"}
    for name, nmk in keys.items():
        ask(medium, name, CM_SET_KEY_REQ(MyNonce=bytes(4), NID=nid(nmk), NewKey=nmk))
    assert medium.partners("ev", JOIN_s / 2) == []
    assert medium.partners("ev", JOIN_s) == ["evse"]
    assert medium.partners("neighbour", LONG_s) == []
    assert ask(medium, "ev", VS_PL_LINK_STATUS_REQ(), LONG_s) == VS_PL_LINK_STATUS_CNF(LinkStatus=1)
    ask(medium, "evse", CM_SET_KEY_REQ(MyNonce=bytes(4), NID=bytes(7), NewKey=bytes(16)), 2 * LONG_s)
    assert medium.partners("ev", 4 * LONG_s) == []


def test_modems_that_cannot_hear_each_other_share_no_network() -> None:
    medium = make()
    for name in ("ev", "evse"):
        ask(medium, name, CM_SET_KEY_REQ(MyNonce=bytes(4), NID=bytes(7), NewKey=bytes(16)))
    medium.attenuate("ev", "evse", None)
    assert medium.partners("ev", LONG_s) == []


@pytest.mark.parametrize(
    ("fault", "arrivals"),
    [
        (Fault("CM_MNBC_SOUND.IND"), [0, 1, 1]),
        (Fault("CM_MNBC_SOUND.IND", first=2, count=2), [1, 0, 0]),
        (Fault("CM_MNBC_SOUND.IND", "doubled", first=3), [1, 1, 2]),
        (Fault("CM_SLAC_PARM.REQ"), [1, 1, 1]),
    ],
)
def test_faults_strike_by_message_and_count(fault: Fault, arrivals: list[int]) -> None:
    medium = make(fault)
    counted = [heard(medium, "ev", SOUND, n).get("evse", []).count("CM_MNBC_SOUND.IND") for n in range(3)]
    assert counted == arrivals


def test_a_late_message_comes_late_and_with_it_what_follows_from_it() -> None:
    medium = make(Fault("CM_MNBC_SOUND.IND", "late", late_s=0.5))
    medium.send("ev", SOUND, 0.0)
    assert medium.wake(0.499) == []
    assert len(medium.wake(LONG_s)) == 6


def test_a_modems_own_message_can_be_lost() -> None:
    names = heard(make(Fault("CM_ATTEN_PROFILE.IND", count=2)), "ev", SOUND)
    assert names["evse"] == ["CM_MNBC_SOUND.IND", "VS_ATTENUATION_CHARACTERISTICS.IND"]


def test_faults_add_up() -> None:
    faults = Faults([Fault("X.REQ", "doubled"), Fault("X.REQ", "late", late_s=0.5)])
    assert faults.passages("X.REQ") == (0.5, 0.5)
    assert faults.passages("X.REQ") == (0.0,)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("lost:CM_SLAC_MATCH.CNF", Fault("CM_SLAC_MATCH.CNF")),
        ("doubled:CM_MNBC_SOUND.IND:3", Fault("CM_MNBC_SOUND.IND", "doubled", 3)),
        ("late=0.3:CM_ATTEN_CHAR.RSP:2-4", Fault("CM_ATTEN_CHAR.RSP", "late", 2, 3, 0.3)),
    ],
)
def test_faults_are_written_in_a_word(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    "text", ["", "lost", "lost:CM", "eaten:CM_SLAC_PARM.REQ", "lost=1:A.REQ", "lost:A.REQ:0", "lost:A.REQ:3-2"]
)
def test_a_fault_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_fault(text)
