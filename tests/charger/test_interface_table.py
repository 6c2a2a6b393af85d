"""The tables of the charger's README say what sessions do: each cmd and each var, in each protocol."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import fastsecc.charger
from fastsecc.charger.charger import Charger
from fastsecc.charger.commands import COMMANDS
from fastsecc.charger.variables import VARIABLES
from fastsecc.errors import EvError
from tests.charger.cases import NAMES
from tests.charger.changes import CHANGES, SETUP
from tests.charger.station import LOOP_REQUESTS, Moment, Scenario, Station, differences, moments, record, scenario
from tests.net.test_connector import Bench as ConnectorBench

README = Path(fastsecc.charger.__file__).with_name("README.md")
PROTOCOLS = ("din", "iso2", "iso20")
PLUG_AND_CHARGE = "with Plug & Charge"
WORDS = {"acts", "published", "-", PLUG_AND_CHARGE}
ONLY_PLUG_AND_CHARGE = {"receipt_is_required", "require_auth_pnc"}
"""No session that is paid at the charger has a use for these."""

SCENARIOS: dict[str, list[Scenario]] = {
    "din": [scenario("din", "dc")],
    "iso2": [scenario("iso2", "dc"), scenario("iso2", "ac")],
    "iso20": [
        *(scenario("iso20", energy, control="scheduled") for energy in ("dc-bpt", "ac")),
        *(scenario("iso20", energy, control="dynamic") for energy in ("dc-bpt", "ac-bpt")),
    ],
}
FURTHER: dict[str, list[Scenario]] = {
    "din": [],
    "iso2": [scenario("iso2", "dc-bpt", {"sae_j2847_mode": mode}) for mode in ("V2G", "V2H")],
    "iso20": [
        *(scenario("iso20", energy, control="scheduled") for energy in ("dc", "ac-bpt", "mcs", "mcs-bpt")),
        *(scenario("iso20", energy, control="dynamic") for energy in ("dc", "ac", "mcs", "mcs-bpt")),
        scenario("iso20", "dc", control="dynamic", mobility_needs="EVCC_SECC"),
    ],
}
"""Sessions that add vars, or only confirm them."""
EVERY_SCENARIO = [chosen for protocol in PROTOCOLS for chosen in SCENARIOS[protocol]]


def table(heading: str) -> dict[str, dict[str, str]]:
    """Read a table of the README: name -> protocol -> word."""
    section = README.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|(.+)\|$", section, re.MULTILINE)
    return {name: dict(zip(("din", "iso2", "iso20"), _cells(rest), strict=False)) for name, rest in rows}


def _cells(rest: str) -> list[str]:
    return [cell.strip() for cell in rest.split("|")]


CMDS, VARS = table("Cmds"), table("Vars")


def test_the_tables_name_every_cmd_and_every_var() -> None:
    assert list(CMDS) == NAMES
    assert list(VARS) == list(VARIABLES)
    assert {word for row in (*CMDS.values(), *VARS.values()) for word in row.values()} == WORDS
    assert set(CHANGES) == set(COMMANDS) - {"dlink_ready"}


def test_each_cmd_and_each_var_has_its_use() -> None:
    used = {name for name, row in (CMDS | VARS).items() if {"acts", "published"} & set(row.values())}
    assert set(CMDS | VARS) - used == ONLY_PLUG_AND_CHARGE


# cmds


@cache
def acting(name: str, chosen: Scenario) -> list[tuple[list[Moment], list[Moment]]]:
    """Give for each change the moments of the session, and those of them at which the cmd acts."""
    return [(moments(chosen, change), list(differences(chosen, change))) for change in CHANGES[name]]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", CHANGES)
def test_a_cmd_acts_where_the_table_says_so(name: str, protocol: str) -> None:
    acts = any(found for chosen in SCENARIOS[protocol] for _, found in acting(name, chosen))
    assert acts is (CMDS[name][protocol] == "acts")


LATE = {
    "stop_charging": "supportedAppProtocolReq",
    "pause_charging": "supportedAppProtocolReq",
    "send_error": "supportedAppProtocolReq",
    "authorization_response": "PaymentServiceSelectionReq",
}
"""Before which request a cmd may be too early: a pause, an emergency and, in ISO 15118-2 AC, a stop belong to the
connection, and in ISO 15118-2 the charger is asked again when the EV has said how it pays."""


@pytest.mark.parametrize("chosen", EVERY_SCENARIO, ids=str)
@pytest.mark.parametrize("name", CHANGES)
def test_a_cmd_is_kept_until_a_session_needs_it(name: str, chosen: Scenario) -> None:
    """What takes effect at some moment of a session does so, too, if it was said at any time before."""
    for may, found in acting(name, chosen):
        begin = may.index(found[0]) if found else 0
        late = (LATE.get(name, ""), 1)
        assert begin <= (may.index(late) if late in may and not _kept_for_the_next(name, chosen) else 0)
        assert found == may[begin : begin + len(found)]


def _kept_for_the_next(name: str, chosen: Scenario) -> bool:
    """Tell whether a cmd that ends a session is kept for the next one if none runs."""
    return name == "stop_charging" and str(chosen) != "iso2-ac"


def test_the_data_link_lets_sessions_begin_and_ends_them() -> None:
    """Whatever the protocol: it is not chosen yet, or does not matter any more."""

    async def steps(bench: ConnectorBench) -> None:
        assert await bench.port() is None
        bench.dlink(True)
        connection = await bench.connect()
        bench.dlink(False)
        await bench.until(lambda: bench.connector.connection is None)
        assert bench.links[0].calls[-1] == ("abort",)
        connection.close()

    bench = ConnectorBench()

    async def run() -> None:
        bench.connector.start()
        try:
            await steps(bench)
        finally:
            await bench.connector.stop(0)

    asyncio.run(asyncio.wait_for(run(), 5))
    bench.ev.close()
    bench.links[0].dispose()
    assert set(CMDS["dlink_ready"].values()) == {"acts"}


# vars


def _debug(station: Station) -> None:
    station.say([("setup", SETUP | {"debug_mode": True})])


def _lose_in_loop(station: Station) -> None:
    def lose() -> None:
        raise EvError("the cable is pulled")

    station.at_request |= {(name, 2): lose for name in LOOP_REQUESTS}


def _say_nothing(station: Station) -> None:
    def wait() -> None:
        station._pass_time(station.now + 30.0)
        raise EvError("the EV says nothing")

    station.at_request["SessionSetupReq", 1] = wait


def _sessions(protocol: str) -> Iterator[list[str]]:
    for chosen in SCENARIOS[protocol] + FURTHER[protocol]:
        for prepare in (_debug, _lose_in_loop, _say_nothing):
            yield [name for name, _ in record(chosen, prepare=prepare).variables]
        if protocol != "din":
            yield [name for name, _ in record(replace(chosen, ev=replace(chosen.ev, pause=True))).variables]


@cache
def published(protocol: str) -> frozenset[str]:
    """Give the vars that sessions of a protocol publish, and the one that a connector publishes before any."""
    charger = Charger("1")
    charger.announce_app_protocols()
    return frozenset(charger.last).union(*_sessions(protocol))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", VARIABLES)
def test_a_var_is_published_where_the_table_says_so(name: str, protocol: str) -> None:
    assert (name in published(protocol)) is (VARS[name][protocol] == "published")
