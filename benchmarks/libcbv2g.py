"""What libcbv2g 0.3.1 needs for the same messages, built with gcc 12.2 -O2 on an AMD EPYC.

Nanoseconds are the best of three runs of the median of 41 samples, instructions those that callgrind counts. The text
size is that of its DIN, ISO 15118-2, ISO 15118-20 and handshake codecs on x86-64, -O2.
"""

from __future__ import annotations

from typing import NamedTuple


class Cost(NamedTuple):
    """Cost of one operation each."""

    decode_ns: float
    encode_ns: float
    decode_instructions: float
    encode_instructions: float


COSTS = {
    "din_CurrentDemandReq": Cost(822, 713, 12941, 11964),
    "din_CurrentDemandRes": Cost(702, 598, 10741, 10011),
    "iso2_CurrentDemandReq": Cost(802, 704, 12905, 12146),
    "iso2_CurrentDemandRes": Cost(1187, 985, 17556, 17243),
    "iso2_ChargingStatusReq": Cost(158, 146, 2631, 2741),
    "iso2_ChargingStatusRes": Cost(1163, 957, 17524, 17639),
    "iso2_CPDRes_3tuple_6entry": Cost(3318, 2940, 50354, 46266),
    "dc_ChargeLoopReq_Dynamic": Cost(768, 672, 12494, 11622),
    "dc_ChargeLoopRes_Dynamic": Cost(698, 601, 11100, 10797),
    "ac_ChargeLoopReq_BPT_Scheduled": Cost(350, 311, 5696, 5686),
    "ac_ChargeLoopRes_BPT_Scheduled": Cost(443, 394, 7217, 7053),
}

TEXT_BYTES = 726_786
