"""Leniencies beyond the standards, by name: what each allows, why, and whether it is on by default.

A connector's configuration switches one on by its name and off by `no-` and its name. Code asks for a quirk where the
strict rule stands; a leniency that is not in this table does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from fastsecc.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Quirk:
    """One named leniency."""

    name: str
    what: str
    evidence: str
    default: bool


_ALL = (
    Quirk(
        "session-stop-in-loop",
        "SessionStopReq is also accepted in the charge loop and while a metering receipt is due (ISO 15118-2) and in "
        "the charge loop of DIN 70121, where the standards answer FAILED_SequenceError",
        "cars that end a session in unexpected states and keep the connector locked for about 15 s when refused "
        "(ecog-io/iso15118#184, AcCCS#68, WHITE-beet FreeV2G#20); a VW ID.3 directly after PowerDelivery in AC "
        "(EVerest/logfiles)",
        default=False,
    ),
    Quirk(
        "stop-before-loop",
        "PowerDeliveryReq that stops is also accepted directly after the one that started, without a charge-loop "
        "message in between, where the standards answer FAILED_SequenceError",
        "VW ID.4 that stops within a second of starting when it gets no current (WHITE-beet FreeV2G#266)",
        default=False,
    ),
    Quirk(
        "country-in-certificate",
        "the subject of a contract certificate, and of a vehicle's, may name a country (ISO 15118-2); test purposes of "
        "ISO 15118-4 refuse such a one",
        "contract certificates of RISE-V2G's and dSPACE's test runs, and the whole test PKI of the PyPI package "
        "iso15118 (ecog-io, 0.27)",
        default=True,
    ),
    Quirk(
        "negative-bidirectional-limits",
        "the charger says its discharge limits of ISO 15118-20 with negative numbers, and takes negative ones from the "
        "EV, which are FAILED_WrongChargeParameter otherwise",
        "EVs that count power to the grid as negative: EVerest's Evse15118D20 has the option "
        "`negative_bidirectional_limits` for them",
        default=False,
    ),
    Quirk(
        "pre-charge-without-finish",
        "PowerDeliveryReq is also accepted after a DC_PreChargeReq with EVProcessing Ongoing (ISO 15118-20), if the "
        "voltage is there that the EV wanted; the standard has the EV say Finished, and FAILED_SequenceError otherwise",
        "the EV of the PyPI package iso15118 (ecog-io, 0.27), which EVerest's simulated EV is made from, says Finished "
        "only if its first PreChargeRes finds it content",
        default=True,
    ),
    Quirk(
        "iso2-keys-in-iso20",
        "P-256 keys are also taken in the contract's and the vehicle's certificates and signatures of ISO 15118-20, "
        "which has P-521 and Ed448 there",
        "the EV of the PyPI package iso15118 (ecog-io, 0.31), which has one PKI for both protocols; published messages "
        "of its authors' (WWCP_ISO15118) are signed likewise",
        default=True,
    ),
    Quirk(
        "flat-price-level",
        "a schedule of the scheduled control mode (ISO 15118-20) without prices has a price level schedule all the "
        "same, of one level that never changes",
        "the EV of the PyPI package iso15118 (ecog-io, 0.27) gives up on ScheduleExchangeRes otherwise; it reads "
        "[V2G20-2176] as asking for prices in every schedule",
        default=True,
    ),
    Quirk(
        "slac-station-ids",
        "SOURCE_ID, RESP_ID, PEV_ID and EVSE_ID of an EV may be anything, where ISO 15118-3 wants zeros and has "
        "messages with anything else ignored",
        "the EV of open-plc-utils with its own pev.ini (PEV_ID is 17 times AA)",
        default=False,
    ),
)

QUIRKS: Mapping[str, Quirk] = {quirk.name: quirk for quirk in _ALL}


def active(switches: Iterable[str]) -> frozenset[str]:
    """Give the names of the quirks in force.

    Args:
        switches: `name` or `no-name`.

    Raises:
        ConfigError: there is no such quirk.
    """
    on = {quirk.name for quirk in _ALL if quirk.default}
    for switch in switches:
        name = switch.removeprefix("no-")
        if name not in QUIRKS:
            nearest = get_close_matches(name, QUIRKS, n=1, cutoff=0.0)[0]
            raise ConfigError(f"there is no quirk {name}; the nearest is {nearest}", option="quirks")
        (on.discard if name != switch else on.add)(name)
    return frozenset(on)
