"""The SLAC part of the captures, replayed against the machine: with its own timing, and with none.

What the recorded chargers sent is compared with what we send, octet by octet. The control pilot was not recorded: an EV
is plugged in when it first asks, and gone when the recorded charger draws a new key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from fastsecc.errors import FrameError
from fastsecc.slac import frames
from fastsecc.slac.api import SlacOutput, SlacSettings, SlacState
from fastsecc.slac.frames import Frame, parse
from fastsecc.slac.keys import NMK_OCTETS
from fastsecc.slac.machine import SlacMachine
from fastsecc.slac.mme import Mme
from tests.slac.recorded import captures, slac_frames

ADJUSTMENT_db = {"audi_q4_dc_din_1": -10, "audi_q4_dc_iso2": -10, "xpeng_p7_performance_din_dc": -10}
"""What recorded chargers added to the attenuation, where they did."""
ANSWERS = (frames.CM_SLAC_PARM_CNF, frames.CM_ATTEN_CHAR_IND, frames.CM_SLAC_MATCH_CNF)


@dataclass
class Replay:
    """One capture and the machine that takes the place of its charger."""

    path: Path
    timed: bool
    machine: SlacMachine = field(init=False)
    now: float = 0.0
    plugged_in: bool = False
    nmk: bytes = bytes(16)
    nonce: bytes = bytes(4)
    sent: list[bytes] = field(default_factory=list)
    recorded: list[Frame] = field(default_factory=list)
    """What the charger sent that was recorded."""
    matches: int = 0

    def run(self) -> None:
        everything = list(self._read())
        host = next(frame.source for _, frame in everything if isinstance(frame.mme, frames.CM_SLAC_PARM_CNF))
        modem = next(frame.source for _, frame in everything if isinstance(frame.mme, frames.CM_ATTEN_PROFILE_IND))
        adjustment_db = ADJUSTMENT_db.get(self.path.stem, 0)
        self.machine = SlacMachine(SlacSettings(random=self._draw, sounding_attenuation_adjustment_db=adjustment_db))
        self.nmk = next(frame.mme.NMK for _, frame in everything if isinstance(frame.mme, frames.CM_SLAC_MATCH_CNF))
        self._take(self.machine.interface_up(host, self.now))
        self._take_key(modem, host)
        for (at_s, frame), (_, following) in pairwise([*everything, everything[-1]]):
            if self.timed:
                self._pass_time(at_s)
            if frame.source == host:
                self._charger(frame)
            else:
                if isinstance(following.mme, frames.CM_SLAC_PARM_CNF):
                    self._plug_in(modem, host)
                self._take(self.machine.frame(frame.mme.encode(frame.source, frame.destination, frame.mmv), self.now))

    def _read(self) -> Iterator[tuple[float, Frame]]:
        for recorded in slac_frames(self.path):
            try:
                yield recorded.at_s, parse(recorded.octets)
            except FrameError:
                continue

    def _charger(self, frame: Frame) -> None:
        mme = frame.mme
        if isinstance(mme, ANSWERS):
            self.recorded.append(frame)
        if isinstance(mme, frames.CM_SET_KEY_REQ):
            self.nmk, self.nonce = mme.NewKey, mme.MyNonce
            before = len(self.sent)
            if self.plugged_in:
                self.plugged_in = False
                self._take(self.machine.leave_bcd(self.now))
            if len(self.sent) == before:
                self._take(self.machine.reset(self.now))
            ours = parse(self.sent[before])
            assert ours.mme == mme
            assert self.sent[before] == mme.encode(frame.source, frame.destination)

    def _plug_in(self, modem: bytes, host: bytes) -> None:
        """Plug in the EV that is answered next; one that was matched before has gone, and its key with it."""
        if self.plugged_in and self.machine.state is SlacState.MATCHED:
            self._take(self.machine.leave_bcd(self.now))
            self._take_key(modem, host)
            self.plugged_in = False
        if not self.plugged_in:
            self.plugged_in = True
            self._take(self.machine.enter_bcd(self.now))

    def _take_key(self, modem: bytes, host: bytes) -> None:
        """Answer for the modem, where it was not recorded."""
        cnf = frames.CM_SET_KEY_CNF(Result=1, MyNonce=bytes(4), YourNonce=self.nonce)
        self._take(self.machine.frame(cnf.encode(modem, host), self.now))

    def _draw(self, octets: int) -> bytes:
        return self.nmk if octets == NMK_OCTETS else self.nonce

    def _pass_time(self, at_s: float) -> None:
        while (due := self.machine.deadline) is not None and due <= at_s:
            self.now = max(self.now, due)
            self._take(self.machine.wake(self.now))
        self.now = max(self.now, at_s)

    def _take(self, out: SlacOutput) -> None:
        self.sent += out.frames
        self.matches += [variable.payload for variable in out.variables if variable.name == "dlink_ready"].count(True)


def same(ours: Mme, theirs: Mme) -> bool:
    """Compare answers; the recorded chargers cut the mean off where we round it.

    Without timing TT_EVSE_match_MNBC never ends, so the mean may be of a sound more.
    """
    if not isinstance(ours, frames.CM_ATTEN_CHAR_IND) or not isinstance(theirs, frames.CM_ATTEN_CHAR_IND):
        return ours == theirs
    more = ours.NUM_SOUNDS - theirs.NUM_SOUNDS
    differences = [mine - other for mine, other in zip(ours.AAG, theirs.AAG, strict=True)]
    same_but_aag = replace(ours, AAG=theirs.AAG, NUM_SOUNDS=theirs.NUM_SOUNDS) == theirs
    return same_but_aag and more in (0, 1) and all(-more <= difference <= 1 for difference in differences)


@pytest.mark.parametrize("timed", [True, False], ids=["own-timing", "no-timing"])
@pytest.mark.parametrize("path", captures(), ids=lambda path: path.stem)
def test_replay(path: Path, timed: bool) -> None:
    replay = Replay(path, timed)
    replay.run()
    ours = [parse(octets) for octets in replay.sent]
    for recorded in replay.recorded:
        assert any(
            (frame.source, frame.destination) == (recorded.source, recorded.destination)
            and same(frame.mme, recorded.mme)
            for frame in ours
        ), recorded
    if timed:
        sounds = [
            [frame.mme.NUM_SOUNDS for frame in all_of_them if isinstance(frame.mme, frames.CM_ATTEN_CHAR_IND)]
            for all_of_them in (ours, replay.recorded)
        ]
        assert sounds[0] == sounds[1]
    matched = [frame for frame in replay.recorded if isinstance(frame.mme, frames.CM_SLAC_MATCH_CNF)]
    assert replay.matches == len(matched) > 0


def test_how_many_captures_have_slac(shared: Path) -> None:
    with_slac = [path for path in captures() if slac_frames(path)]
    assert len(with_slac) == 56
