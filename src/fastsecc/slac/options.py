"""SLAC in the configuration: the options of a connector, and the machine's settings that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec

if TYPE_CHECKING:
    from fastsecc.slac.api import SlacSettings

Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Decibels = Annotated[int, msgspec.Meta(ge=0, le=255)]
Adjustment = Annotated[int, msgspec.Meta(ge=-255, le=255)]
Mac = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}\Z")]
Octets = Annotated[str, msgspec.Meta(pattern=r"^([0-9A-Fa-f]{2})+\Z")]

TT_EVSE_SLAC_init_MAX_s: Final = 50.0


class SlacOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a connector matches EVs; for what is not explained here see `fastsecc.slac.api.SlacSettings`."""

    enabled: bool = True
    """False: the data link to the EV is there without SLAC, or somebody else sees to it."""
    modem: Literal["required", "optional"] = "required"
    modem_mac: Mac = "00:B0:52:00:00:01"
    TT_EVSE_SLAC_init_s: Annotated[float, msgspec.Meta(ge=0, le=TT_EVSE_SLAC_init_MAX_s)] = 40.0
    """0: an EV may take for ever to begin."""
    set_key_timeout_s: Positive = 0.3
    sounding_attenuation_adjustment_db: Adjustment = 0
    """Negative ones are in use: three of the recorded chargers take 10 dB off."""
    unknown_attenuation_db: Decibels = 255
    publish_mac_on_match_cnf: bool = True
    error_routine: bool = True
    reset_instead_of_fail: bool = True
    validation: Literal["failure", "not_required"] = "failure"
    chip_reset: bool = False
    chip_reset_delay_s: NotNegative = 0.1
    chip_reset_timeout_s: Positive = 0.5
    link_status_detection: bool = False
    link_status_retry_s: Positive = 0.1
    link_status_timeout_s: Positive = 12.0
    link_status_poll_s: Positive = 0.2
    link_status_debounce: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3
    link_loss: Literal["error_routine", "wait"] = "wait"
    amp_map: Octets | None = None

    def settings(self, quirks: frozenset[str] = frozenset()) -> SlacSettings:
        """Make the machine's settings.

        Args:
            quirks: the leniencies in force.
        """
        from fastsecc.slac.api import LinkLoss, SlacSettings, Validation

        values: dict[str, Any] = msgspec.structs.asdict(self)
        del values["enabled"]
        values["modem_required"] = values.pop("modem") == "required"
        values["modem_mac"] = bytes.fromhex(self.modem_mac.replace(":", ""))
        values["amp_map"] = None if self.amp_map is None else bytes.fromhex(self.amp_map)
        values["validation"] = Validation(self.validation)
        values["link_loss"] = LinkLoss(self.link_loss)
        return SlacSettings(**values, quirks=quirks)
