"""Every message lost, doubled, truncated or garbled once: the match succeeds wherever the standard lets it."""

from __future__ import annotations

import pytest

from fastsecc.slac import frames
from fastsecc.slac.frames import Frame
from fastsecc.slac.mme import Mme
from tests.slac.bench import RUN
from tests.slac.line import Ev, Fault, Line

MESSAGES: list[tuple[type[Mme], int]] = [
    (frames.CM_SET_KEY_REQ, 0),
    (frames.CM_SET_KEY_CNF, 0),
    (frames.CM_SLAC_PARM_REQ, 0),
    (frames.CM_SLAC_PARM_CNF, 0),
    *((frames.CM_START_ATTEN_CHAR_IND, n) for n in range(3)),
    *((frames.CM_MNBC_SOUND_IND, n) for n in range(10)),
    *((frames.CM_ATTEN_PROFILE_IND, n) for n in range(10)),
    (frames.CM_ATTEN_CHAR_IND, 0),
    (frames.CM_ATTEN_CHAR_RSP, 0),
    (frames.CM_SLAC_MATCH_REQ, 0),
    (frames.CM_SLAC_MATCH_CNF, 0),
]
IDS = [f"{kind.NAME}-{n}" for kind, n in MESSAGES]


def only(kind: type[Mme], n: int, then: Fault) -> Fault:
    """Do something to the n-th message of a kind, and let all others through."""

    def fault(frame: Frame, before: int, octets: bytes) -> list[bytes]:
        return then(frame, before, octets) if isinstance(frame.mme, kind) and before == n else [octets]

    return fault


def lose(_frame: Frame, _before: int, _octets: bytes) -> list[bytes]:
    return []


def double(_frame: Frame, _before: int, octets: bytes) -> list[bytes]:
    return [octets, octets]


def truncate(frame: Frame, _before: int, octets: bytes) -> list[bytes]:
    return [octets[: frame.mme.frame_octets() - 1]]


def garble(_frame: Frame, _before: int, octets: bytes) -> list[bytes]:
    return [octets[:19] + bytes(octet ^ 0xFF for octet in octets[19:])]


@pytest.mark.parametrize("answers_repeats", [True, False], ids=["patient", "once"])
@pytest.mark.parametrize("fault", [lose, double, truncate, garble])
@pytest.mark.parametrize(("kind", "n"), MESSAGES, ids=IDS)
def test_a_single_fault_is_survived(kind: type[Mme], n: int, fault: Fault, answers_repeats: bool) -> None:
    ev = Ev(answers_repeats=answers_repeats)
    line = Line(ev, fault=only(kind, n, fault))
    line.run()
    assert ev.result is not None
    assert ev.result.RunID == RUN
    assert line.last["state"] == "MATCHED"
    assert line.last["dlink_ready"] is True
    assert ev.aag == bytes([23]) * 58


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in MESSAGES}, key=lambda kind: kind.NAME))
def test_every_message_of_a_kind_doubled(kind: type[Mme]) -> None:
    def fault(frame: Frame, _before: int, octets: bytes) -> list[bytes]:
        return [octets] * (2 if isinstance(frame.mme, kind) else 1)

    ev = Ev()
    line = Line(ev, fault=fault)
    line.run()
    assert ev.result is not None
    assert ev.num_sounds == 10


def test_every_message_doubled() -> None:
    ev = Ev()
    Line(ev, fault=double).run()
    assert ev.result is not None
    assert ev.num_sounds == 10


@pytest.mark.parametrize(("kind", "n"), MESSAGES, ids=IDS)
def test_two_losses_in_a_row(kind: type[Mme], n: int) -> None:
    """C_EV_match_retry is two: what is repeated survives two losses."""

    def fault(frame: Frame, before: int, octets: bytes) -> list[bytes]:
        return [] if isinstance(frame.mme, kind) and before in (n, n + 1) else [octets]

    ev = Ev()
    Line(ev, fault=fault).run()
    assert ev.result is not None


def test_no_profiles_at_all() -> None:
    """Nothing measured must not look like a good link."""

    def fault(frame: Frame, _before: int, octets: bytes) -> list[bytes]:
        return [] if isinstance(frame.mme, frames.CM_ATTEN_PROFILE_IND) else [octets]

    ev = Ev()
    Line(ev, fault=fault).run()
    assert ev.aag == bytes([255]) * 58
    assert ev.num_sounds == 0


def test_a_thousand_matches() -> None:
    keys = set()
    for n in range(1000):
        ev = Ev(run=n.to_bytes(8, "big"))
        Line(ev, random=None).run(2.0)
        assert ev.result is not None
        keys.add(bytes(ev.result.NMK))
    assert len(keys) == 1000
