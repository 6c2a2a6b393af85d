"""A machine on a bench: a clock that only the test moves, a modem that answers, and an EV that says what it is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastsecc.slac import frames, vendor
from fastsecc.slac.addresses import BROADCAST, LOCALCAST
from fastsecc.slac.api import SlacOutput, SlacSettings
from fastsecc.slac.frames import Frame, parse
from fastsecc.slac.machine import SlacMachine
from fastsecc.slac.mme import Mme
from fastsecc.slac.state import State

EVSE = bytes.fromhex("86f38c2260d3")
MODEM = bytes.fromhex("c4930026183d")
EV = bytes.fromhex("007dfa087c85")
OTHER_EV = bytes.fromhex("184cae13ae36")
STRANGER = bytes.fromhex("02cafe000001")
RUN = bytes.fromhex("37f6d85a6ca34fcf")
OTHER_RUN = b"TESLA EV"
GROUPS = frames.AAG_GROUPS


def draws() -> Iterator[int]:
    """Give octets that differ from draw to draw."""
    value = 0
    while True:
        value = value % 251 + 1
        yield value


class Bench:
    """One machine and what came out of it."""

    def __init__(self, *, vendor_of_modem: str = "", **settings: Any) -> None:
        octets = draws()
        settings.setdefault("random", lambda n: bytes(next(octets) for _ in range(n)))
        self.machine = SlacMachine(SlacSettings(**settings))
        self.vendor_of_modem = vendor_of_modem
        self.now = 100.0
        self.sent: list[tuple[float, Frame]] = []
        self.variables: list[tuple[str, Any]] = []
        self.faults: list[str | None] = []
        self.log: list[str] = []
        self.warnings: list[str] = []
        self.modem_answers = True
        self.set_key_result = 1
        self.link = 1

    # inputs

    def take(self, out: SlacOutput) -> list[Mme]:
        """Keep what came out, let the modem answer it, and give what was sent before that."""
        sent = [parse(octets) for octets in out.frames]
        self.sent += [(self.now, frame) for frame in sent]
        self.variables += [(variable.name, variable.payload) for variable in out.variables]
        self.faults += [fault.message for fault in out.faults]
        self.log += out.log
        self.warnings += out.warnings
        for frame in sent:
            if frame.destination == LOCALCAST and self.modem_answers:
                self.answer(frame.mme)
        return [frame.mme for frame in sent]

    def answer(self, question: Mme) -> None:
        """Answer as the modem."""
        cnf: Mme | None = None
        match question:
            case frames.CM_SET_KEY_REQ():
                cnf = frames.CM_SET_KEY_CNF(Result=self.set_key_result, MyNonce=b"\1\2\3\4", YourNonce=question.MyNonce)
            case vendor.VS_OP_ATTRIBUTES_REQ() if self.vendor_of_modem == "Qualcomm":
                cnf = vendor.VS_OP_ATTRIBUTES_CNF(
                    Cookie=question.Cookie, HardwarePlatform=b"QCA7000", SoftwarePlatform=b"MAC"
                )
            case vendor.NSCM_GET_VERSION_REQ() if self.vendor_of_modem == "Lumissil":
                cnf = vendor.NSCM_GET_VERSION_CNF(RequestID=question.RequestID, Major=1, Minor=2, Patch=3, Build=4)
            case vendor.VS_PL_LINK_STATUS_REQ():
                cnf = vendor.VS_PL_LINK_STATUS_CNF(LinkStatus=self.link)
            case vendor.NSCM_GET_D_LINK_STATUS_REQ():
                cnf = vendor.NSCM_GET_D_LINK_STATUS_CNF(LinkStatus=self.link)
            case vendor.VS_RS_DEV_REQ():
                cnf = vendor.VS_RS_DEV_CNF()
        if cnf is not None:
            self.say(cnf, MODEM)

    def say(self, mme: Mme, source: bytes = EV, destination: bytes = EVSE, mmv: int | None = None) -> list[Mme]:
        """Let a station say something to us; give what was answered at once."""
        return self.octets(mme.encode(source, destination, mmv))

    def octets(self, octets: bytes) -> list[Mme]:
        """Let a frame come."""
        return self.take(self.machine.frame(octets, self.now))

    def do(self, command: str, *arguments: Any) -> list[Mme]:
        """Give a command or another input by name."""
        return self.take(getattr(self.machine, command)(*arguments, self.now))

    def pass_time(self, seconds: float) -> list[Mme]:
        """Let time pass, with each deadline on its way; give what was sent."""
        end, sent = self.now + seconds, list[Mme]()
        while (due := self.machine.deadline) is not None and due <= end:
            self.now = max(due, self.now)
            sent += self.do("wake")
        self.now = end
        return sent

    # a match, step by step

    def up(self) -> None:
        """Let the interface come."""
        self.do("interface_up", EVSE)

    def plug_in(self) -> None:
        """Let the interface come and an EV."""
        self.up()
        self.do("enter_bcd")

    def parm_req(self, source: bytes = EV, run: bytes = RUN) -> list[Mme]:
        return self.say(frames.CM_SLAC_PARM_REQ(RunID=run), source, BROADCAST)

    def start(self, source: bytes = EV, run: bytes = RUN, times: int = 3) -> list[Mme]:
        sent: list[Mme] = []
        for _ in range(times):
            sent += self.say(frames.CM_START_ATTEN_CHAR_IND(FORWARDING_STA=source, RunID=run), source, BROADCAST)
            sent += self.pass_time(0.02)
        return sent

    def sound(self, countdown: int, value: int | bytes = 20, source: bytes = EV, run: bytes = RUN) -> list[Mme]:
        """Sound once; the modem's profile follows, `value` in each group unless it is a whole profile."""
        sent = self.say(frames.CM_MNBC_SOUND_IND(CNT=countdown, RunID=run, Rnd=bytes(16)), source, BROADCAST)
        return sent + self.profile(value, source)

    def profile(self, value: int | bytes = 20, source: bytes = EV, modem: bytes = MODEM) -> list[Mme]:
        aag = value if isinstance(value, bytes) else bytes([value]) * GROUPS
        return self.say(frames.CM_ATTEN_PROFILE_IND(PEV_MAC=source, AAG=aag), modem, BROADCAST)

    def sounds(self, n: int = 10, source: bytes = EV, run: bytes = RUN) -> list[Mme]:
        sent: list[Mme] = []
        for countdown in reversed(range(10 - n, 10)):
            sent += self.sound(countdown, source=source, run=run)
            if countdown > 10 - n:
                sent += self.pass_time(0.02)
        return sent

    def rsp(self, source: bytes = EV, run: bytes = RUN) -> list[Mme]:
        return self.say(frames.CM_ATTEN_CHAR_RSP(SOURCE_ADDRESS=source, RunID=run), source)

    def match_req(self, source: bytes = EV, run: bytes = RUN) -> list[Mme]:
        return self.say(frames.CM_SLAC_MATCH_REQ(PEV_MAC=source, EVSE_MAC=EVSE, RunID=run), source)

    def sounded(self) -> None:
        """Go on to where CM_ATTEN_CHAR.IND has been sent."""
        self.plug_in()
        self.parm_req()
        self.start()
        self.sounds()

    def matched(self) -> None:
        """Go on to the end."""
        self.sounded()
        self.rsp()
        self.match_req()
        assert self.where is State.MATCHED

    # what came out

    @property
    def where(self) -> State:
        return self.machine.where

    def of(self, kind: type[Mme]) -> list[tuple[float, Any]]:
        """Give the messages of a kind that were sent, and when."""
        return [(at, frame.mme) for at, frame in self.sent if isinstance(frame.mme, kind)]

    def set_keys(self) -> list[tuple[float, frames.CM_SET_KEY_REQ]]:
        """Give the keys that the modem was to take, and when."""
        return self.of(frames.CM_SET_KEY_REQ)

    def values(self, name: str) -> list[Any]:
        """Give the values that a var was published with."""
        return [value for published, value in self.variables if published == name]
