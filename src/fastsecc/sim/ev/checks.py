"""What a protocol knows, and what of an EV's wishes it does not."""

from __future__ import annotations

from collections.abc import Iterator

from fastsecc.errors import ConfigError
from fastsecc.sim.ev.settings import EvSettings
from fastsecc.sim.ev.timers import V2G_EVCC_Sequence_Performance_Time_loop_s


def check_settings(settings: EvSettings) -> None:
    """Refuse what the protocol does not know.

    Raises:
        ConfigError: names the wish.
    """
    checks = {"din": _din, "iso2": _iso2, "iso20": _iso20}
    for option, reason in checks[settings.protocol](settings):
        raise ConfigError(reason, option=option)


def _din(wishes: EvSettings) -> Iterator[tuple[str, str]]:
    if wishes.auth != "eim":
        yield "auth", "DIN SPEC 70121 knows no contracts"
    if wishes.energy != "dc":
        yield "energy", "DIN SPEC 70121 charges with DC only"
    if wishes.pause:
        yield "pause", "DIN SPEC 70121 knows no pause"
    if wishes.resume_session_id is not None:
        yield "resume", "DIN SPEC 70121 knows no pause"
    if wishes.renegotiate_after_cycles is not None:
        yield "renegotiate-after", "DIN SPEC 70121 knows no renegotiation"
    yield from _older(wishes, "DIN SPEC 70121")


def _iso2(wishes: EvSettings) -> Iterator[tuple[str, str]]:
    if wishes.energy not in ("dc", "ac", "dc-bpt"):
        yield "energy", "ISO 15118-2 knows DC and AC, and of giving back only DC (dc-bpt, by SAE J2847/2)"
    yield from _certificate(wishes)
    yield from _older(wishes, "ISO 15118-2")


def _certificate(wishes: EvSettings) -> Iterator[tuple[str, str]]:
    if wishes.certificate is not None and wishes.auth != "pnc":
        yield "certificate", "is for those who pay by contract (auth pnc)"


def _older(wishes: EvSettings, protocol: str) -> Iterator[tuple[str, str]]:
    if wishes.control != "scheduled":
        yield "control", f"{protocol} knows no dynamic control mode"
    only_iso20 = {
        "mobility-needs": wishes.mobility_needs != "EVCC",
        "pricing": wishes.pricing is not None,
        "vas": wishes.value_added_services,
        "discharge-after": wishes.discharge_after_cycles is not None,
        "renegotiate-service-after": wishes.renegotiate_service_after_cycles is not None,
        "confirm-meter-after": wishes.confirm_meter_after_cycles is not None,
        "standby-after": wishes.standby_after_cycles is not None,
    }
    yield from ((option, f"{protocol} does not know this") for option, wanted in only_iso20.items() if wanted)


def _iso20(wishes: EvSettings) -> Iterator[tuple[str, str]]:
    if wishes.certificate == "update":
        yield "certificate", "ISO 15118-20 knows no update: a contract is installed anew"
    yield from _certificate(wishes)
    limit_s = V2G_EVCC_Sequence_Performance_Time_loop_s
    if wishes.think_s > limit_s:
        yield "think-ms", f"ISO 15118-20 gives an EV {limit_s * 1000:g} ms in the charge loop"
    if wishes.mobility_needs == "EVCC_SECC" and wishes.control != "dynamic":
        yield "mobility-needs", "only the dynamic control mode leaves them to the charger"
    if wishes.discharge_after_cycles is not None:
        yield from _discharge(wishes)


def _discharge(wishes: EvSettings) -> Iterator[tuple[str, str]]:
    if not wishes.bidirectional:
        yield "discharge-after", f"with energy {wishes.energy} nothing is given back, with {wishes.energy}-bpt it is"
    if wishes.control != "scheduled":
        yield "discharge-after", "in the dynamic control mode the charger decides when energy is given back"
