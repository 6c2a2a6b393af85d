"""Whole matches on the simulated power line: the EVSE's machine, cars of every habit, neighbours, losses."""

from __future__ import annotations

import pytest

from fastsecc.sim.plc.cars import CARS, SlacEvSettings
from fastsecc.sim.plc.ev import TESLA_RUN_ID
from fastsecc.sim.plc.faults import Fault
from fastsecc.slac.addresses import text
from fastsecc.slac.timers import TT_EVSE_match_MNBC_s
from tests.sim.plc.world import Car, World

MATCHED_VARS = [
    ("state", "UNMATCHED"),
    ("state", "MATCHING"),
    ("ev_mac_address", text(b"\x02ev\0\0\0")),
    ("state", "MATCHED"),
    ("dlink_ready", True),
]


def check(world: World, car: Car, runs: int = 1) -> None:
    """Check that a car has matched the charger `evse`, and both are in one network."""
    assert car.ev.result.linked, car.ev.result
    assert car.ev.result.runs == runs
    assert world.chargers["evse"].machine.state == "MATCHED"
    assert world.medium.partners("ev", world.now) == ["evse"]


@pytest.mark.parametrize("name", CARS)
def test_each_car_matches(name: str) -> None:
    world = World()
    charger = world.add_charger()
    car = world.plug_in(settings=CARS[name])
    world.match()
    check(world, car)
    assert charger.variables == MATCHED_VARS
    assert [step.name for step in car.steps] == [
        *("CM_SLAC_PARM", "CM_MNBC_SOUND", "CM_ATTEN_CHAR", "CM_SLAC_MATCH", "link")
    ]
    assert car.ev.result.attenuation_db == 12.0
    assert world.count("CM_MNBC_SOUND.IND") == 10
    assert world.count("CM_START_ATTEN_CHAR.IND") == 3


def test_the_results_come_with_the_tenth_profile() -> None:
    world = World()
    world.add_charger()
    car = world.plug_in()
    world.match()
    (result,) = (step for step in car.steps if step.name == "CM_ATTEN_CHAR")
    assert result.answer_s is not None
    assert result.answer_s == pytest.approx(0.0055), "two hops and the modem's half millisecond"


SURVIVED = [
    *("CM_SET_KEY.REQ", "CM_SET_KEY.CNF", "CM_SLAC_PARM.REQ", "CM_SLAC_PARM.CNF", "CM_START_ATTEN_CHAR.IND"),
    *("CM_MNBC_SOUND.IND", "CM_ATTEN_PROFILE.IND", "CM_ATTEN_CHAR.IND", "CM_ATTEN_CHAR.RSP"),
    *("CM_SLAC_MATCH.REQ", "CM_SLAC_MATCH.CNF", "VS_PL_LINK_STATUS.REQ", "VS_PL_LINK_STATUS.CNF"),
]


@pytest.mark.parametrize("link_status_detection", [False, True])
@pytest.mark.parametrize("kind", ["lost", "doubled", "late"])
@pytest.mark.parametrize("message", SURVIVED)
def test_one_message_lost_doubled_or_late_is_survived_in_the_same_run(
    message: str, kind: str, link_status_detection: bool
) -> None:
    world = World(Fault(message, kind))  # type: ignore[arg-type]
    world.add_charger(link_status_detection=link_status_detection)
    world.let(1.0)
    car = world.plug_in()
    world.match()
    world.let(1.0)
    check(world, car)


@pytest.mark.parametrize("number", range(1, 11))
@pytest.mark.parametrize("message", ["CM_MNBC_SOUND.IND", "CM_ATTEN_PROFILE.IND"])
def test_any_sound_or_profile_may_be_lost(message: str, number: int) -> None:
    world = World(Fault(message, first=number))
    world.add_charger()
    car = world.plug_in()
    world.match()
    check(world, car)


@pytest.mark.parametrize("message", ["CM_SLAC_PARM.CNF", "CM_SLAC_MATCH.CNF", "CM_ATTEN_CHAR.IND", "CM_SLAC_MATCH.REQ"])
def test_two_losses_of_the_same_message_are_survived(message: str) -> None:
    world = World(Fault(message, count=2))
    world.add_charger()
    car = world.plug_in()
    world.match()
    check(world, car)


@pytest.mark.parametrize("message", ["CM_SLAC_PARM.CNF", "CM_SLAC_MATCH.CNF"])
def test_a_third_loss_takes_another_run(message: str) -> None:
    world = World(Fault(message, count=3))
    world.add_charger(link_status_detection=True)
    car = world.plug_in()
    world.match()
    world.let(0.5)
    check(world, car, runs=2)


def test_an_ev_that_answers_no_repeats_is_matched_all_the_same() -> None:
    """The car of EVerest does so: its one CM_ATTEN_CHAR.RSP is lost."""
    world = World(Fault("CM_ATTEN_CHAR.RSP"))
    world.add_charger()
    car = world.plug_in(settings=CARS["everest"])
    world.match()
    check(world, car)


def test_a_car_that_nobody_answers_tries_for_ten_seconds() -> None:
    world = World()
    begin = world.now
    car = world.plug_in()
    world.match()
    assert not car.ev.result.linked
    assert car.ev.result.reason == "CM_SLAC_PARM.REQ was not answered"
    assert 9.0 < world.now - begin < 10.6
    assert world.count("CM_SLAC_PARM.REQ") == 3 * car.ev.result.runs


def test_a_neighbours_charger_is_not_chosen() -> None:
    world = World()
    world.add_charger("other")
    world.add_charger()
    world.medium.attenuate("ev", "other", 31.3)
    world.medium.attenuate("ev", "evse", 25.8)
    car = world.plug_in()
    world.match()
    check(world, car)
    assert world.count("CM_ATTEN_CHAR.RSP") == 2
    assert world.chargers["other"].said("dlink_ready") == []


def test_a_charger_that_is_too_far_away_is_a_neighbours() -> None:
    world = World()
    world.add_charger()
    world.medium.attenuate("ev", "evse", 41.0)
    car = world.plug_in()
    world.match()
    assert "41.0 dB away" in car.ev.result.reason
    assert world.chargers["evse"].said("dlink_ready") == []


def test_two_cars_at_two_chargers_match_at_the_same_time() -> None:
    world = World()
    for name in ("a", "b"):
        world.add_charger(f"evse-{name}")
    for name, other in (("a", "b"), ("b", "a")):
        world.medium.attenuate(f"ev-{name}", f"evse-{other}", 35.0)
    for name in ("a", "b"):
        world.plug_in(f"ev-{name}")
    world.match()
    for name in ("a", "b"):
        assert world.cars[f"ev-{name}"].ev.result.linked
        assert world.medium.partners(f"ev-{name}", world.now) == [f"evse-{name}"]


def test_leaving_takes_the_car_out_of_the_network_and_the_next_match_has_another_key() -> None:
    world = World()
    charger = world.add_charger()
    for _ in range(2):
        car = world.plug_in()
        world.match()
        world.let(0.3)
        check(world, car)
        world.do("evse", charger.machine.leave_bcd(world.now))
        world.let(0.5)
        assert world.medium.partners("ev", world.now) == []
        world.do("evse", charger.machine.enter_bcd(world.now))
        world.let(0.1)
    assert charger.said("dlink_ready") == [True, False, True, False]


@pytest.mark.parametrize("ends", ["dlink_terminate", "dlink_error", "reset"])
def test_after_the_end_of_a_session_a_car_may_match_again(ends: str) -> None:
    world = World()
    charger = world.add_charger()
    world.plug_in()
    world.match()
    world.do("evse", getattr(charger.machine, ends)(world.now))
    world.let(1.0)
    assert world.medium.partners("ev", world.now) == []
    car = world.plug_in()
    world.match()
    check(world, car)


def test_a_car_is_asked_for_other_amplitudes_and_takes_them() -> None:
    world = World()
    world.add_charger(amp_map=b"\x11" * 10)
    car = world.plug_in()
    world.match()
    world.let(1.0)
    check(world, car)
    assert (world.count("CM_AMP_MAP.REQ"), world.count("CM_AMP_MAP.CNF")) == (1, 1)


def test_an_unplugged_car_gives_up_its_key() -> None:
    world = World()
    world.add_charger()
    car = world.plug_in()
    world.match()
    for frame in car.ev.leave():
        world.medium.send("ev", frame, world.now)
    world.let(1.0)
    assert world.medium.partners("ev", world.now) == []
    assert car.ev.deadline is None


def test_without_modems_the_car_says_itself_how_it_is_heard() -> None:
    """As over a plain wire between both: the modems neither answer nor measure."""
    answers = ("CM_SET_KEY.CNF", "VS_OP_ATTRIBUTES.CNF", "VS_PL_LINK_STATUS.CNF")
    world = World(*(Fault(message, count=1000) for message in answers))
    charger = world.add_charger(modem_required=False)
    world.medium.modems["evse"].evse = False
    world.let(2.0)
    car = world.plug_in(settings=SlacEvSettings(profile_db=9.0))
    world.match()
    assert car.ev.result.linked
    assert car.ev.result.attenuation_db == 9.0
    assert car.steps[-1].text == "no modem"
    assert charger.machine.state == "MATCHED"


@pytest.mark.parametrize(("name", "run_ids"), [("standard", 2), ("tesla", 1), ("ioniq", 1)])
def test_what_identifies_a_run_is_the_cars_affair(name: str, run_ids: int) -> None:
    world = World(Fault("CM_SLAC_PARM.CNF", count=3))
    world.add_charger()
    car = world.plug_in(settings=CARS[name])
    seen = set()
    while car.ev.deadline is not None:
        seen.add(car.ev._run_id)
        world.let(0.05)
    assert len(seen - {b""}) == run_ids
    assert name != "tesla" or seen == {TESLA_RUN_ID}


def test_sounds_that_are_lost_are_waited_for_no_longer_than_the_standard_says() -> None:
    world = World(Fault("CM_MNBC_SOUND.IND", count=10))
    world.add_charger()
    car = world.plug_in()
    world.match()
    begin = next(at for at, _, name in world.sent if name == "CM_START_ATTEN_CHAR.IND")
    result = next(at for at, _, name in world.sent if name == "CM_ATTEN_CHAR.IND")
    assert result - begin == pytest.approx(TT_EVSE_match_MNBC_s + 0.0025)
    check(world, car, runs=2)  # what was not heard is no good link
