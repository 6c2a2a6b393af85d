"""Keys: vectors of other implementations, and that they stay secret."""

from __future__ import annotations

import pytest

from fastsecc.slac import frames
from fastsecc.slac.keys import Nmk, new_nmk, nid
from tests.slac.bench import EV, EVSE, RUN, Bench

VECTORS = [
    ("3452235445aef2d455feff31a3b303ad", "b1c913b5aa0702"),
    ("50d3e4933f855b7040784df815aa8db7", "b0f2e695666b03"),
    ("b59319d7e8157ba001b018669ccee30d", "026bcba5354e08"),
]


@pytest.mark.parametrize(("nmk", "expected"), VECTORS)
def test_nid_of_a_key(nmk: str, expected: str) -> None:
    assert nid(bytes.fromhex(nmk)).hex() == expected


def test_a_key_is_sixteen_octets_and_never_the_same() -> None:
    keys = {bytes(new_nmk()) for _ in range(100)}
    assert len(keys) == 100
    assert {len(key) for key in keys} == {16}


def test_a_key_is_what_was_drawn() -> None:
    assert new_nmk(lambda octets: bytes(range(octets))) == bytes(range(16))


def test_a_key_does_not_show_itself() -> None:
    nmk = Nmk(b"sixteen secrets!")
    cnf = frames.CM_SLAC_MATCH_CNF(PEV_MAC=EV, EVSE_MAC=EVSE, RunID=RUN, NID=nid(nmk), NMK=bytes(nmk))
    req = frames.CM_SET_KEY_REQ(MyNonce=bytes(4), NID=nid(nmk), NewKey=bytes(nmk))
    frame = frames.parse(cnf.encode(EVSE, EV))
    for shown in (repr(nmk), str(nmk), f"{nmk}", repr(cnf), repr(req), repr(frame)):
        assert "secrets" not in shown
        assert "Nmk(...)" in shown


def test_no_key_is_logged() -> None:
    bench = Bench()
    bench.matched()
    bench.do("dlink_error")
    bench.do("leave_bcd")
    keys = [req.NewKey for _, req in bench.of(frames.CM_SET_KEY_REQ)]
    assert len(set(keys)) == 2
    for line in bench.log + bench.warnings:
        for key in keys:
            assert key.hex() not in line.lower()
            assert str(bytes(key)) not in line
