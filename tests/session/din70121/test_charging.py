"""CableCheck to SessionStop: status codes, values, vars, and the way through."""

from __future__ import annotations

import pytest

from fastsecc.messages import din70121 as din
from fastsecc.session.api import SessionSettings
from fastsecc.session.din70121.states import State
from tests.session.conftest import Drive, MakeDrive
from tests.session.din70121 import ev
from tests.session.din70121.ev import go


def checking(make: MakeDrive, settings: SessionSettings | None = None) -> Drive:
    """A session that has just entered the cable check, of which nothing is known yet."""
    drive = go(make.dc(settings), State.CHARGE_PARAMETER_DISCOVERY)
    drive.ok(ev.charge_parameters())
    return drive


def test_cable_check_starts_once_and_waits(make: MakeDrive) -> None:
    drive = checking(make)
    first = drive.ok(ev.cable_check())
    assert first.names == ["start_cable_check", "dc_ev_status"]  # EVReady has become true
    assert first.body.EVSEProcessing == "Ongoing"
    assert first.body.DC_EVSEStatus.EVSEStatusCode == "EVSE_IsolationMonitoringActive"
    assert first.body.DC_EVSEStatus.EVSEIsolationStatus == "Invalid"
    assert drive.ok(ev.cable_check()).names == []
    ev.pass_cable_check(drive)
    last = drive.ok(ev.cable_check())
    assert last.body.EVSEProcessing == "Finished"
    assert last.body.DC_EVSEStatus.EVSEStatusCode == "EVSE_Ready"
    assert last.body.DC_EVSEStatus.EVSEIsolationStatus == "Valid"
    assert drive.session.state == "PRE_CHARGE"


@pytest.mark.parametrize(
    ("isolation", "without_imd", "said", "passes"),
    [
        ("Valid", "Valid", "Valid", True),
        ("Warning", "Valid", "Warning", True),
        ("Invalid", "Valid", "Invalid", False),
        ("Fault", "Valid", "Fault", False),
        ("No_IMD", "Valid", "Valid", True),
        ("No_IMD", "Warning", "Warning", True),
    ],
)
def test_only_good_isolation_ends_the_cable_check(
    make: MakeDrive, isolation: str, without_imd: str, said: str, passes: bool
) -> None:
    drive = checking(make, SessionSettings(din_isolation_without_imd=without_imd))
    ev.pass_cable_check(drive, isolation)
    body = drive.ok(ev.cable_check()).body
    assert body.DC_EVSEStatus.EVSEIsolationStatus == said
    assert body.EVSEProcessing == ("Finished" if passes else "Ongoing")
    assert drive.session.state == ("PRE_CHARGE" if passes else "CABLE_CHECK")


def test_the_cable_check_may_take_as_long_as_the_ev_waits(make: MakeDrive) -> None:
    drive = checking(make)
    for _ in range(12):
        assert drive.ok(ev.cable_check()).body.EVSEProcessing == "Ongoing"
        drive.wait(5.0)
    ev.pass_cable_check(drive)
    assert drive.ok(ev.cable_check()).body.EVSEProcessing == "Finished"


def test_cable_check_of_a_charger_with_an_error_does_not_end(make: MakeDrive) -> None:
    drive = checking(make)
    ev.pass_cable_check(drive)
    drive.command("send_error", error="Error_Malfunction")
    body = drive.ok(ev.cable_check()).body
    assert (body.EVSEProcessing, body.DC_EVSEStatus.EVSEStatusCode) == ("Ongoing", "EVSE_Malfunction")
    drive.command("reset_error")
    assert drive.ok(ev.cable_check()).body.EVSEProcessing == "Finished"


def test_pre_charge_passes_the_target_on(make: MakeDrive) -> None:
    drive = go(make.dc(), State.PRE_CHARGE)
    first = drive.ok(ev.pre_charge(400))
    assert first.names == ["start_pre_charge", "dc_ev_target_voltage_current"]
    assert first.value("dc_ev_target_voltage_current") == {"dc_ev_target_voltage": 400.0, "dc_ev_target_current": 2.0}
    assert first.body.EVSEPresentVoltage == ev.volts(0, -1)
    ev.present(drive, 380.26)
    second = drive.ok(ev.pre_charge(400))
    assert second.names == []
    assert second.body.EVSEPresentVoltage == ev.volts(3802, -1)
    assert drive.ok(ev.pre_charge(410)).names == ["dc_ev_target_voltage_current"]


def test_power_delivery_begins_the_charge(make: MakeDrive) -> None:
    """EVV2G-010."""
    drive = go(make.dc(), State.PRE_CHARGE_OR_POWER_DELIVERY)
    step = drive.ok(ev.power_delivery(True, BulkChargingComplete=False))
    assert step.names == ["dc_charging_complete", "dc_bulk_charging_complete", "v2g_setup_finished"]
    assert step.body.EVSEStatus.EVSEStatusCode == "EVSE_Ready"
    assert drive.session.state == "CURRENT_DEMAND"


def test_power_delivery_without_parameter_or_profile(make: MakeDrive) -> None:
    drive = go(make.dc(), State.PRE_CHARGE_OR_POWER_DELIVERY)
    assert drive.ok(din.PowerDeliveryReq(ReadyToChargeState=True)).names == ["v2g_setup_finished"]


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        pytest.param(ev.profile(1000, tuple_id=2), "FAILED_TariffSelectionInvalid", id="EVV2G-015"),
        pytest.param(ev.profile(99_00, tuple_id=0), "FAILED_TariffSelectionInvalid", id="EVV2G-015-zero"),
        pytest.param(ev.profile(11_000, 0), "OK", id="EVV2G-017-at PMax"),
        pytest.param(ev.profile(5_000, 11_001), "FAILED_ChargingProfileInvalid", id="EVV2G-017"),
    ],
)
def test_the_profile_has_to_fit_the_schedule(make: MakeDrive, profile: din.ChargingProfileType, code: str) -> None:
    """EVV2G-017 expects a log line only; conformance section 7.6 asks for the code of [V2G-DC-399]."""
    drive = make.dc()
    drive.charger.capabilities.max_power_w = 11_000.0
    go(drive, State.PRE_CHARGE_OR_POWER_DELIVERY)
    step = drive.send(ev.power_delivery(True, profile))
    assert step.code == code
    assert ("v2g_setup_finished" in step.names) == (code == "OK")


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ({"name": "send_error", "error": "Error_UtilityInterruptEvent"}, "EVSE_UtilityInterruptEvent"),
        ({"name": "send_error", "error": "Error_Malfunction"}, "EVSE_Malfunction"),
        ({"name": "stop_charging", "stop": True}, "EVSE_Shutdown"),
    ],
)
def test_power_is_not_delivered_while_the_charger_is_not_ready(
    make: MakeDrive, command: dict[str, object], status: str
) -> None:
    """EVV2G-016."""
    drive = go(make.dc(), State.PRE_CHARGE_OR_POWER_DELIVERY)
    drive.command(str(command["name"]), **{key: value for key, value in command.items() if key != "name"})
    step = drive.send(ev.power_delivery(True))
    assert (step.code, step.names) == ("FAILED_PowerDeliveryNotApplied", [])
    assert step.body.EVSEStatus.EVSEStatusCode == status


def test_a_contactor_error_has_no_place_in_din(make: MakeDrive) -> None:
    drive = go(make.dc(), State.PRE_CHARGE_OR_POWER_DELIVERY)
    drive.command("send_error", error="Error_Contactor")
    assert drive.ok(ev.power_delivery(True)).body.EVSEStatus.EVSEStatusCode == "EVSE_Ready"


def test_the_ev_may_leave_after_pre_charge(make: MakeDrive) -> None:
    drive = go(make.dc(), State.PRE_CHARGE_OR_POWER_DELIVERY)
    step = drive.ok(ev.power_delivery(False, ev.profile(99_99, tuple_id=9)))
    assert step.names[-2:] == ["current_demand_finished", "dc_open_contactor"]
    assert step.body.EVSEStatus.EVSEStatusCode == "EVSE_Shutdown"
    assert drive.session.state == "WELDING_DETECTION_OR_STOP"


def test_current_demand_says_what_the_charger_knows(make: MakeDrive) -> None:
    drive = go(make.dc(), State.CURRENT_DEMAND)
    ev.present(drive, 399.95, 99.99)
    body = drive.ok(ev.current_demand()).body
    assert body.EVSEPresentVoltage == ev.volts(3999, -1)
    assert body.EVSEPresentCurrent == ev.amps(999, -1)
    assert (body.EVSEMaximumVoltageLimit, body.EVSEMaximumCurrentLimit, body.EVSEMaximumPowerLimit) == (None,) * 3
    achieved = (body.EVSECurrentLimitAchieved, body.EVSEVoltageLimitAchieved, body.EVSEPowerLimitAchieved)
    assert achieved == (False, False, False)
    assert body.DC_EVSEStatus.EVSEStatusCode == "EVSE_Ready"
    ev.present(drive, 400.0, -12.5)
    assert drive.ok(ev.current_demand()).body.EVSEPresentCurrent == ev.amps(-125, -1)


@pytest.mark.parametrize(
    ("target", "achieved"),
    [
        ((400, 124), (False, False, False)),
        ((400, 125), (True, False, True)),
        ((500, 100), (False, True, True)),
        ((499, 100), (False, False, False)),
        ((600, 200), (True, True, True)),
    ],
)
def test_limits_that_the_target_reaches(
    make: MakeDrive, target: tuple[int, int], achieved: tuple[bool, bool, bool]
) -> None:
    drive = go(make.dc(), State.CURRENT_DEMAND)
    limits = {
        "evse_maximum_current_limit": 125.0,
        "evse_maximum_voltage_limit": 500.0,
        "evse_maximum_power_limit": 50_000.0,
    }
    drive.command("update_dc_maximum_limits", maximum_limits=limits)
    body = drive.ok(ev.current_demand(*target)).body
    assert body.EVSEMaximumCurrentLimit == ev.amps(12_500, -2)
    assert body.EVSEMaximumVoltageLimit == ev.volts(5000, -1)
    assert body.EVSEMaximumPowerLimit == ev.watts(5000, 1)
    assert (body.EVSECurrentLimitAchieved, body.EVSEVoltageLimitAchieved, body.EVSEPowerLimitAchieved) == achieved


def test_a_maximum_current_above_300_amperes_has_one_decimal(make: MakeDrive) -> None:
    drive = go(make.dc(), State.CURRENT_DEMAND)
    limits = {
        "evse_maximum_current_limit": 300.45,
        "evse_maximum_voltage_limit": 920.0,
        "evse_maximum_power_limit": 300_000.0,
    }
    drive.command("update_dc_maximum_limits", maximum_limits=limits)
    assert drive.ok(ev.current_demand()).body.EVSEMaximumCurrentLimit == ev.amps(3004, -1)


def test_the_loop_publishes_its_start_and_then_changes(make: MakeDrive) -> None:
    drive = go(make.dc(), State.CURRENT_DEMAND)
    request = ev.current_demand(
        EVMaximumCurrentLimit=ev.amps(250),
        EVMaximumVoltageLimit=ev.volts(4100, -1),
        RemainingTimeToFullSoC=ev.value(ev.Unit.s, 1380),
        RemainingTimeToBulkSoC=ev.value(ev.Unit.s, 60),
        BulkChargingComplete=False,
    )
    first = drive.ok(request)
    assert first.names[0] == "current_demand_started"
    assert sorted(first.names[1:]) == [
        "dc_bulk_charging_complete",
        "dc_ev_remaining_time",
        "dc_ev_target_voltage_current",
    ]  # limits and status are those of earlier requests
    assert first.value("dc_ev_remaining_time") == {
        "ev_remaining_time_to_full_soc": "2023-11-14T22:36:21Z",
        "ev_remaining_time_to_full_bulk_soc": "2023-11-14T22:14:21Z",
    }
    assert drive.ok(request).names == []
    changed = drive.ok(
        ev.current_demand(
            current=50,
            EVMaximumCurrentLimit=ev.amps(200),
            RemainingTimeToFullSoC=ev.value(ev.Unit.s, 1379),
            RemainingTimeToBulkSoC=ev.value(ev.Unit.s, 60),
            BulkChargingComplete=True,
            ChargingComplete=True,
            DC_EVStatus=ev.ev_status(EVRESSSOC=41),
        )
    )
    assert sorted(changed.names) == [
        "dc_bulk_charging_complete",
        "dc_charging_complete",
        "dc_ev_maximum_limits",
        "dc_ev_remaining_time",
        "dc_ev_status",
        "dc_ev_target_voltage_current",
    ]
    assert changed.value("dc_ev_maximum_limits") == {"dc_ev_maximum_current_limit": 200.0}
    assert list(changed.value("dc_ev_remaining_time")) == ["ev_remaining_time_to_full_soc"]


def test_conditioning_is_told_too(make: MakeDrive) -> None:
    drive = checking(make)
    status = drive.ok(ev.cable_check(EVCabinConditioning=True, EVRESSConditioning=False)).value("dc_ev_status")
    assert (status["dc_ev_cabin_conditioning"], status["dc_ev_ress_conditioning"]) == (True, False)


def test_the_ev_ends_the_charge(make: MakeDrive) -> None:
    """EVV2G-008, EVV2G-009: EVSE_Shutdown from the end of the charge on, also while welding is looked for."""
    drive = go(make.dc(), State.CURRENT_DEMAND_OR_POWER_DELIVERY)
    stop = drive.ok(ev.power_delivery(False))
    assert stop.names == ["dc_charging_complete", "current_demand_finished", "dc_open_contactor"]
    assert stop.body.EVSEStatus.EVSEStatusCode == "EVSE_Shutdown"
    ev.present(drive, 12.34)
    for _ in range(3):
        welding = drive.ok(ev.welding_detection())
        assert welding.body.DC_EVSEStatus.EVSEStatusCode == "EVSE_Shutdown"
        assert welding.body.EVSEPresentVoltage == ev.volts(123, -1)
    end = drive.ok(ev.session_stop())
    assert (end.code, end.names) == ("OK", [])
    assert end.output.close is not None
    assert end.output.close.name == "AFTER_EV"
    assert drive.close().names == ["dlink_terminate"]


@pytest.mark.parametrize("error", ["Error_UtilityInterruptEvent", "Error_Malfunction"])
def test_a_graver_status_survives_the_end_of_the_charge(make: MakeDrive, error: str) -> None:
    """EVV2G-008: kept if a more specific code is set."""
    drive = go(make.dc(), State.CURRENT_DEMAND_OR_POWER_DELIVERY)
    drive.command("send_error", error=error)
    expected = "EVSE_" + error.removeprefix("Error_")
    assert drive.ok(ev.power_delivery(False)).body.EVSEStatus.EVSEStatusCode == expected
    assert drive.ok(ev.welding_detection()).body.DC_EVSEStatus.EVSEStatusCode == expected


def test_a_whole_session_publishes_in_the_order_of_the_interface(make: MakeDrive) -> None:
    """The reference flow of section 0.4."""
    drive = go(make.dc(), State.TERMINATED)
    drive.close()
    assert drive.published == [
        "evcc_id",
        "require_auth_eim",
        "requested_energy_transfer_mode",
        "dc_ev_maximum_limits",
        "dc_ev_status",
        "start_cable_check",
        "dc_ev_status",
        "start_pre_charge",
        "dc_ev_target_voltage_current",
        "dc_charging_complete",
        "v2g_setup_finished",
        "current_demand_started",
        "dc_ev_target_voltage_current",
        "dc_charging_complete",
        "current_demand_finished",
        "dc_open_contactor",
        "dlink_terminate",
    ]


def test_debug_mode_tells_every_message(make: MakeDrive) -> None:
    drive = go(make.dc(debug_mode=True), State.SERVICE_DISCOVERY)
    sap, setup = drive.outputs[-2:]
    assert [variable.name for variable in sap.variables] == [
        "v2g_messages",
        "ev_app_protocol",
        "selected_protocol",
        "v2g_messages",
    ]
    assert sap.variables[2].payload == "DIN70121"
    assert [variable.name for variable in setup.variables] == ["v2g_messages", "evcc_id", "v2g_messages"]
