"""How cars behave when they match: the standard's timers, and the habits of recorded cars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

RunIdKind = Literal["random", "mac", "tesla"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlacEvSettings:
    """One car's way through SLAC."""

    run_id: RunIdKind = "random"
    """random: a new one each time; mac: the car's MAC address and two zeros; tesla: `TESLA EV`."""
    cnf_to_start_s: float = 0.06
    """From CM_SLAC_PARM.CNF to the first CM_START_ATTEN_CHAR.IND; other chargers' answers are collected meanwhile."""
    batch_interval_s: float = 0.02
    """TP_EV_batch_msg_interval: between CM_START_ATTEN_CHAR.INDs and sounds."""
    waits_for_all_results: bool = False
    """Wait until TT_EV_atten_results is over, even when every charger that is known has sent its results."""
    rsp_to_match_s: float = 0.01
    """From the last CM_ATTEN_CHAR.RSP to CM_SLAC_MATCH.REQ."""
    first_sdp_s: float = 0.0
    """From CM_SLAC_MATCH.CNF to the first SDP request, at least; 0: as soon as there is a link."""
    max_attenuation_db: float = 40.0
    """A charger that is heard worse than this is a neighbour."""
    answers_repeats: bool = True
    """Answer a repeated CM_ATTEN_CHAR.IND again."""
    profile_db: float | None = None
    """Send a CM_ATTEN_PROFILE.IND of this many dB after each sound, for a wire without modems; None: modems do that."""


CARS: Final[Mapping[str, SlacEvSettings]] = MappingProxyType(
    {
        "standard": SlacEvSettings(),
        "audi": SlacEvSettings(cnf_to_start_s=0.239, batch_interval_s=0.04, rsp_to_match_s=0.007, first_sdp_s=1.14),
        "taycan": SlacEvSettings(cnf_to_start_s=0.22, batch_interval_s=0.04, rsp_to_match_s=0.012, first_sdp_s=2.45),
        "vw": SlacEvSettings(cnf_to_start_s=0.24, batch_interval_s=0.04, rsp_to_match_s=0.002, first_sdp_s=2.31),
        "tesla": SlacEvSettings(
            run_id="tesla",
            cnf_to_start_s=0.115,
            batch_interval_s=0.024,
            waits_for_all_results=True,
            first_sdp_s=0.39,
        ),
        "polestar": SlacEvSettings(cnf_to_start_s=0.188, batch_interval_s=0.04, rsp_to_match_s=1.012),
        "ioniq": SlacEvSettings(run_id="mac", cnf_to_start_s=0.1, waits_for_all_results=True, first_sdp_s=3.3),
        "everest": SlacEvSettings(cnf_to_start_s=0.02, answers_repeats=False),
    }
)
"""Cars by name, with times as recorded; `everest` is the simulated car of EVerest, `standard` follows the standard."""
