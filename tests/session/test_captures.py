"""What production cars asked of other chargers, asked of our session core.

Each request of each capture gets an OK answer, or the refusal that the recorded charger gave; what is not so stands in
EXCEPTIONS with its reason.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from fastsecc.sim import capture
from fastsecc.sim.replay import Step, Verdict, replay
from tests.conftest import DATA, SHARED

FINE = {Verdict.SAME, Verdict.ACCEPTED, Verdict.UNRECORDED}

EXCEPTIONS: dict[str, tuple[dict[tuple[str, Verdict], int], str]] = {
    "renault_zoe_z50_r135_din_dc_zoe_z50_r135_dc_charging": (
        {("SessionStopReq", Verdict.ENDED): 1},
        "the recorded charger said Finished to a cable check without valid isolation, refused the PreChargeReq that "
        "followed with FAILED_SequenceError, as we do, and waited for SessionStopReq; we end the connection with it",
    ),
    "seres_2_iso2_ac": (
        {("CableCheckReq", Verdict.ENDED): 45},
        "the car sends CableCheckReq to an AC charger after its charge parameters were refused; we end the connection "
        "with the first FAILED_SequenceError, the recorded charger gave it 46 times",
    ),
}

ACCEPTED: dict[str, dict[str, int]] = {
    "mercedes_benz_eqe_2_dc_iso2": {"SessionStopReq": 1},
    "polestar_polestar2_iso2_dc_polestar2_dc": {"SessionStopReq": 1},
}
"""Requests to pause after WeldingDetection, refused by the recorded chargers and accepted by us."""

DEVIATIONS: dict[str, dict[tuple[str, str], int]] = {
    "bmw_ix_fw_11_2022_64_car_stops_soc_too_close_to_target": {
        ("ServiceDiscoveryReq", "character that XML does not allow"): 1
    },
    "bmw_ix_fw_11_2022_64_iso2": {("ServiceDiscoveryReq", "character that XML does not allow"): 1},
    "tesla_model_y_11_1_din_2023_01_18_tesla_y_infypower_teslay_dc_infy_0": {
        ("ContractAuthenticationReq", "octets after the end"): 2
    },
    "seres_2_iso2_dc": {("PowerDeliveryReq", "value outside the schema's range"): 1},
}
"""What cars send that their schema does not allow: an uninitialized ServiceScope, an octet too many, a fourth phase."""

UNREADABLE = {
    "byd_atto3_3_ac_iso2_not_supported": "one message of a session whose beginning was not recorded, and no answer",
}
WITHOUT_V2G = {"fiat_scudo_2_iso2_dc"}
"""Captures that end with SLAC."""


def _captures() -> list[Path]:
    """All captures there are: those beside the repository if they are there, else its own choice of them."""
    folder = SHARED / "captures"
    return sorted((folder if folder.is_dir() else DATA / "captures").glob("*.jsonl"))


@cache
def replayed(path: Path) -> list[Step]:
    return replay(capture.read(path))


def count(steps: list[Step], *verdicts: Verdict) -> Counter[tuple[str, Verdict]]:
    return Counter((step.request, step.verdict) for step in steps if step.verdict in verdicts)


@pytest.mark.parametrize("path", _captures(), ids=lambda path: path.stem)
def test_cars_are_answered_as_they_were(path: Path) -> None:
    name = path.stem
    steps = replayed(path)
    if name in WITHOUT_V2G:
        assert steps == []
        return
    unreadable = [step.request for step in steps if step.request == "?"]
    assert unreadable == (["?"] if name in UNREADABLE else [])
    assert count(steps, *set(Verdict) - FINE) == EXCEPTIONS.get(name, ({}, ""))[0]
    assert count(steps, Verdict.ACCEPTED) == {
        (request, Verdict.ACCEPTED): times for request, times in ACCEPTED.get(name, {}).items()
    }
    flagged = Counter((step.request, one.what) for step in steps for one in step.deviations)
    assert flagged == DEVIATIONS.get(name, {})
    assert not any(step.is_worse for step in steps)


@pytest.mark.parametrize("path", _captures(), ids=lambda path: path.stem)
def test_answers_without_a_record_are_ok(path: Path) -> None:
    steps = replayed(path)
    unrecorded = [step for step in steps if step.verdict is Verdict.UNRECORDED and step.request != "?"]
    assert len(unrecorded) <= 1  # the last request of a capture that was cut
    assert all(step.ours.accepts for step in unrecorded)


def test_the_lists_name_captures_that_are_there(shared: Path) -> None:
    stems = {path.stem for path in (shared / "captures").glob("*.jsonl")}
    assert EXCEPTIONS.keys() | ACCEPTED.keys() | DEVIATIONS.keys() | UNREADABLE.keys() | WITHOUT_V2G <= stems


def test_a_paused_session_is_resumed(shared: Path) -> None:
    """Five connections, of which four go on with the session of the one before."""
    steps = replayed(shared / "captures" / "audi_q4_ac_iso2_1.jsonl")
    setups = [step.ours.code for step in steps if step.request == "SessionSetupReq"]
    assert setups == ["OK_NewSessionEstablished", *["OK_OldSessionJoined"] * 4]
