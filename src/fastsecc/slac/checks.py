"""Which field of an EV's message is not as ISO 15118-3 wants it; such a message is ignored."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Final

from fastsecc.slac import frames
from fastsecc.slac.mme import Mme

QUIRK_STATION_IDS: Final = "slac-station-ids"
STATION_IDS: Final = frozenset({"SOURCE_ID", "RESP_ID", "PEV_ID", "EVSE_ID"})

QCA_SUCCESS: Final = 1
SET_KEY_SUCCESS: Final = frozenset({0, QCA_SUCCESS})
"""Results of CM_SET_KEY.CNF: the standard has 0 for success, but all modems of the captures say 1."""

COMMON: Final = {"APPLICATION_TYPE": 0, "SECURITY_TYPE": 0}


def parm_req(mme: frames.CM_SLAC_PARM_REQ) -> str | None:
    """Name the wrong field."""
    return _wrong(mme, COMMON)


def start_atten_char(mme: frames.CM_START_ATTEN_CHAR_IND, ev_mac: bytes) -> str | None:
    """Name the wrong field; numbers of sounds and durations other than the usual ones are an EV's own affair."""
    wrong = _wrong(mme, {**COMMON, "RESP_TYPE": frames.RESP_TYPE, "FORWARDING_STA": ev_mac})
    if wrong is None and mme.NUM_SOUNDS == 0:
        return "NUM_SOUNDS"
    if wrong is None and mme.TIME_OUT == 0:
        return "TIME_OUT"
    return wrong


def atten_char_rsp(mme: frames.CM_ATTEN_CHAR_RSP, ev_mac: bytes, quirks: Container[str]) -> str | None:
    """Name the wrong field."""
    ids = {"SOURCE_ID": frames.NO_ID, "RESP_ID": frames.NO_ID}
    return _wrong(mme, {**COMMON, "SOURCE_ADDRESS": ev_mac, **ids, "Result": 0}, quirks)


def match_req(mme: frames.CM_SLAC_MATCH_REQ, ev_mac: bytes, evse_mac: bytes, quirks: Container[str]) -> str | None:
    """Name the wrong field."""
    ids = {"PEV_ID": frames.NO_ID, "EVSE_ID": frames.NO_ID}
    macs = {"PEV_MAC": ev_mac, "EVSE_MAC": evse_mac}
    return _wrong(mme, {**COMMON, "MVFLength": frames.MATCH_REQ_MVFLength, **ids, **macs}, quirks)


def _wrong(mme: Mme, expected: dict[str, Any], quirks: Container[str] = ()) -> str | None:
    for name, value in expected.items():
        if getattr(mme, name) != value and not (name in STATION_IDS and QUIRK_STATION_IDS in quirks):
            return name
    return None
