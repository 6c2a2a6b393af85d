"""Timers and counters of ISO 15118-3 by their names; all durations in seconds."""

from __future__ import annotations

from typing import Final

TT_EVSE_SLAC_init_s: Final = 40.0
"""From the control pilot's B to the first CM_SLAC_PARM.REQ; the standard leaves 20 s to 50 s."""
TT_match_response_s: Final = 0.2
"""How long a response may take before what it answers is repeated."""
TT_match_sequence_s: Final = 0.4
"""How long the next request may take: CM_START_ATTEN_CHAR.IND after CM_SLAC_PARM.CNF."""
TT_EVSE_match_MNBC_s: Final = 0.6
"""From the first CM_START_ATTEN_CHAR.IND until the sounds are evaluated, however many were heard."""
TT_EVSE_match_session_s: Final = 10.0
"""From CM_ATTEN_CHAR.RSP to CM_SLAC_MATCH.REQ."""
TT_match_join_s: Final = 12.0
"""From CM_SLAC_MATCH.CNF to a link."""
TP_match_leave_s: Final = 1.0
"""By when the logical network is left after the end of a match."""
TT_amp_map_exchange_s: Final = 0.2
"""From the link to CM_AMP_MAP.REQ."""
T_step_EF_max_s: Final = 8.0
"""How long state E or F of an error routine takes at most; the least is 4 s."""

C_EV_match_MNBC: Final = 10
"""Sounds that an EV sends."""
C_EV_match_retry: Final = 2
"""How often what was not answered is sent again."""
C_sequ_retry: Final = 2
"""Error routines after one plug-in before nothing more is tried."""
