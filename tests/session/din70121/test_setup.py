"""SessionSetup to ChargeParameterDiscovery: what is offered, what is refused, what becomes known."""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.messages import din70121 as din
from fastsecc.session.api import SessionSettings
from fastsecc.session.din70121.states import State
from tests.session.conftest import Drive, MakeDrive, UNIX_AT_START_s
from tests.session.din70121 import ev
from tests.session.din70121.ev import go


def supply(drive: Drive, **changes: float) -> None:
    values = {
        "max_export_voltage_V": 920.0,
        "min_export_voltage_V": 150.0,
        "max_export_current_A": 400.04,
        "min_export_current_A": 5.0,
        "max_export_power_W": 360_000.0,
    }
    fixed = {"bidirectional": False, "current_regulation_tolerance_A": 1.0, "peak_current_ripple_A": 1.0}
    drive.command("set_powersupply_capabilities", capabilities=fixed | values | changes)


def test_session_setup_gives_an_id_and_the_evse_id(make: MakeDrive) -> None:
    """EVV2G-001: SessionSetupReq with id 0."""
    drive = go(make.dc(evse_id="DE*ABC*E1234"), State.SESSION_SETUP)
    step = drive.send(ev.session_setup(), session_id=bytes(8))
    assert step.code == "OK_NewSessionEstablished"
    assert step.body.EVSEID == b"DE*ABC*E1234"
    assert step.body.DateTimeNow is None
    assert any(drive.session.session_id)
    assert step.output.response is not None
    assert step.output.response.Header.SessionID == drive.session.session_id  # type: ignore[attr-defined]
    assert len(drive.session.session_id) == 8
    assert step.value("evcc_id") == "98:ED:5C:B4:28:D3"


def test_the_id_of_the_ev_does_not_matter(make: MakeDrive) -> None:
    """An EV that would resume gets a new session: DIN 70121 has no pause."""
    old = b"\x09" * 8
    drive = go(make.dc(SessionSettings(new_session_id=lambda: b"\x07" * 8)), State.SESSION_SETUP)
    assert drive.send(ev.session_setup(), session_id=old).code == "OK_NewSessionEstablished"
    assert drive.session.session_id == b"\x07" * 8


def test_session_setup_keeps_an_id_that_is_there(make: MakeDrive) -> None:
    """EVV2G-002: the stored id stays, be it that the request is repeated (refused) or that the id came first."""
    drive = go(make.dc(), State.SERVICE_DISCOVERY)
    stored = drive.session.session_id
    assert drive.send(ev.session_setup()).code == "FAILED_SequenceError"
    assert drive.session.session_id == stored

    drive = go(make.dc(), State.SESSION_SETUP)
    drive.session._machine.context.session_id = stored  # type: ignore[union-attr]
    assert drive.ok(ev.session_setup()).code == "OK_NewSessionEstablished"
    assert drive.session.session_id == stored


def test_date_time_now_where_it_is_enabled(make: MakeDrive) -> None:
    """EVV2G-001: DateTimeNow only if enabled."""
    drive = go(make.dc(SessionSettings(evse_time_s=lambda: int(UNIX_AT_START_s))), State.SESSION_SETUP)
    assert drive.ok(ev.session_setup()).body.DateTimeNow == UNIX_AT_START_s


@pytest.mark.parametrize(
    ("ids", "sent"),
    [
        ({"evse_id": "DE*ABC*E1", "evse_id_din": "49A80737A45678"}, b"49A80737A45678"),
        ({"evse_id": "DE*ABC*E1", "evse_id_din": ""}, b"DE*ABC*E1"),
        ({"evse_id": "D" * 37}, b"D" * 32),
        ({"evse_id": "DE*\u00c4*E1"}, b"DE*?*E1"),
    ],
)
def test_evse_id_on_the_din_wire(make: MakeDrive, ids: dict[str, str], sent: bytes) -> None:
    body = go(make.dc(**ids), State.SESSION_SETUP).ok(ev.session_setup()).body
    assert sent == body.EVSEID


@pytest.mark.parametrize(
    ("evcc_id", "published"),
    [
        ("0030ab29c5be", ["00:30:AB:29:C5:BE"]),
        ("0030ab29c5be0000", ["00:30:AB:29:C5:BE"]),
        ("30ab29c5be", []),
        ("00", []),
    ],
)
def test_evcc_id_of_six_or_eight_octets(make: MakeDrive, evcc_id: str, published: list[str]) -> None:
    step = go(make.dc(), State.SESSION_SETUP).ok(ev.session_setup(bytes.fromhex(evcc_id)))
    assert [variable.payload for variable in step.output.variables] == published


@pytest.mark.parametrize(
    ("modes", "offered"),
    [
        (("DC_extended",), "DC_extended"),
        (("DC_core", "DC_extended"), "DC_core"),
        (("DC_combo_core", "DC_core"), "DC_extended"),
        (("DC", "DC_BPT"), "DC_extended"),
        ((), "DC_extended"),
    ],
)
def test_the_first_energy_transfer_type_is_offered(make: MakeDrive, modes: tuple[str, ...], offered: str) -> None:
    drive = go(make.dc(energy_transfer_modes=modes), State.SERVICE_DISCOVERY)
    body = drive.ok(ev.service_discovery()).body
    assert body.ChargeService.EnergyTransferType == offered
    assert body.ChargeService.ServiceTag == din.ServiceTagType(
        ServiceID=1, ServiceCategory=din.ServiceCategoryType.EVCharging
    )
    assert body.ChargeService.FreeService is False
    assert body.PaymentOptions.PaymentOption == ["ExternalPayment"]
    assert body.ServiceList is None


def test_scope_and_category_do_not_hide_the_charge_service(make: MakeDrive) -> None:
    request = ev.service_discovery(ServiceScope="evse.example", ServiceCategory=din.ServiceCategoryType.Internet)
    assert go(make.dc(), State.SERVICE_DISCOVERY).ok(request).body.ChargeService.ServiceTag.ServiceID == 1


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        pytest.param(
            ev.payment_selection(din.PaymentOptionType.Contract), "FAILED_PaymentSelectionInvalid", id="EVV2G-011"
        ),
        pytest.param(ev.payment_selection(services=(2,)), "FAILED_ServiceSelectionInvalid", id="EVV2G-012"),
        pytest.param(ev.payment_selection(services=(1, 2)), "FAILED_ServiceSelectionInvalid", id="EVV2G-012-more"),
        pytest.param(ev.payment_selection(services=(1, 1)), "FAILED_ServiceSelectionInvalid", id="EVV2G-012-twice"),
        pytest.param(ev.payment_selection(services=()), "FAILED_ServiceSelectionInvalid", id="EVV2G-012-none"),
    ],
)
def test_what_is_not_offered_cannot_be_selected(make: MakeDrive, request_: Any, code: str) -> None:
    drive = go(make.dc(), State.PAYMENT_SELECTION)
    step = drive.send(request_)
    assert (step.code, step.closes, drive.session.state) == (code, True, "PAYMENT_SELECTION")


def test_authorization_is_asked_for_once_and_waited_for(make: MakeDrive) -> None:
    """EVV2G-003: Ongoing stays, Finished moves on."""
    drive = go(make.dc(), State.PAYMENT_SELECTION)
    drive.ok(ev.payment_selection())
    first, second = drive.ok(ev.contract_authentication()), drive.ok(ev.contract_authentication())
    assert (first.body.EVSEProcessing, first.names) == ("Ongoing", ["require_auth_eim"])
    assert (second.body.EVSEProcessing, second.names) == ("Ongoing", [])
    assert drive.session.state == "AUTHORIZATION"
    ev.accept(drive)
    granted = drive.ok(ev.contract_authentication())
    assert (granted.body.EVSEProcessing, granted.names) == ("Finished", [])
    assert drive.session.state == "CHARGE_PARAMETER_DISCOVERY"


def test_an_authorization_that_came_early_counts(make: MakeDrive) -> None:
    drive = make.dc()
    ev.accept(drive)
    go(drive, State.PAYMENT_SELECTION)
    drive.ok(ev.payment_selection())
    step = drive.ok(ev.contract_authentication())
    assert (step.body.EVSEProcessing, step.names) == ("Finished", ["require_auth_eim"])


@pytest.mark.parametrize("close_on_failed", [True, False])
def test_a_rejected_ev_does_not_get_on(make: MakeDrive, close_on_failed: bool) -> None:
    drive = go(make.dc(SessionSettings(close_on_failed=close_on_failed)), State.PAYMENT_SELECTION)
    drive.ok(ev.payment_selection())
    drive.command("authorization_response", authorization_status="Unknown", certificate_status="Accepted")
    step = drive.send(ev.contract_authentication())
    assert (step.code, step.closes, drive.session.state) == ("FAILED", close_on_failed, "AUTHORIZATION")


@pytest.mark.parametrize(("limit_s", "code"), [(30.0, "FAILED"), (0.0, "OK")])
def test_the_wait_for_an_authorization_may_have_an_end(make: MakeDrive, limit_s: float, code: str) -> None:
    drive = go(make.dc(SessionSettings(auth_timeout_eim_s=limit_s)), State.PAYMENT_SELECTION)
    drive.ok(ev.payment_selection())
    drive.ok(ev.contract_authentication())
    drive.wait(29.0)
    assert drive.send(ev.contract_authentication()).code == "OK"
    drive.wait(1.0)
    assert drive.send(ev.contract_authentication()).code == code


def test_charge_parameters_state_limits_and_schedule(make: MakeDrive) -> None:
    drive = go(make.dc(), State.CHARGE_PARAMETER_DISCOVERY)
    supply(drive)
    drive.command(
        "set_charging_parameters",
        physical_values={
            "dc_current_regulation_tolerance": 2.0,
            "dc_peak_current_ripple": 0.5,
            "dc_energy_to_be_delivered": 10_000.0,
        },
    )
    body = drive.ok(ev.charge_parameters()).body
    limits = body.EVSEChargeParameter
    assert body.EVSEProcessing == "Finished"
    assert limits.EVSEMaximumCurrentLimit == ev.amps(4000, -1)
    assert limits.EVSEMaximumPowerLimit == ev.watts(3600, 2)
    assert limits.EVSEMaximumVoltageLimit == ev.volts(9200, -1)
    assert limits.EVSEMinimumCurrentLimit == ev.amps(50, -1)
    assert limits.EVSEMinimumVoltageLimit == ev.volts(1500, -1)
    assert limits.EVSECurrentRegulationTolerance == ev.amps(20, -1)
    assert limits.EVSEPeakCurrentRipple == ev.amps(5, -1)
    assert limits.EVSEEnergyToBeDelivered == ev.value(ev.Unit.Wh, 10_000)
    assert limits.DC_EVSEStatus.EVSEStatusCode == "EVSE_Ready"
    (schedule,) = body.SASchedules.SAScheduleTuple
    (entry,) = schedule.PMaxSchedule.PMaxScheduleEntry
    assert schedule.SAScheduleTupleID == 1
    assert entry.TimeInterval == din.RelativeTimeIntervalType(start=0, duration=86_400)
    assert entry.PMax == 32_767
    assert drive.session.state == "CABLE_CHECK"


def test_optional_limits_are_absent_until_they_are_set(make: MakeDrive) -> None:
    limits = go(make.dc(), State.CHARGE_PARAMETER_DISCOVERY).ok(ev.charge_parameters()).body.EVSEChargeParameter
    assert limits.EVSECurrentRegulationTolerance is None
    assert limits.EVSEEnergyToBeDelivered is None
    assert limits.EVSEPeakCurrentRipple == ev.amps(0, -1)


@pytest.mark.parametrize(("power_w", "p_max"), [(0.0, 0), (11_000.0, 11_000), (32_767.9, 32_767), (50_000.0, 32_767)])
def test_p_max_is_a_plain_short(make: MakeDrive, power_w: float, p_max: int) -> None:
    drive = go(make.dc(), State.CHARGE_PARAMETER_DISCOVERY)
    supply(drive, max_export_power_W=power_w)
    schedules = drive.ok(ev.charge_parameters()).body.SASchedules
    assert schedules.SAScheduleTuple[0].PMaxSchedule.PMaxScheduleEntry[0].PMax == p_max


def test_charge_parameters_become_known_in_order(make: MakeDrive) -> None:
    request = ev.charge_parameters(
        EVEnergyCapacity=ev.value(ev.Unit.Wh, 8100, 1),
        EVEnergyRequest=ev.value(ev.Unit.Wh, 5427, 1),
        FullSOC=100,
        BulkSOC=80,
        EVMaximumPowerLimit=ev.watts(95, 3),
    )
    step = go(make.dc(), State.CHARGE_PARAMETER_DISCOVERY).ok(request)
    assert step.names == [
        "requested_energy_transfer_mode",
        "dc_ev_energy_capacity",
        "dc_ev_energy_request",
        "dc_full_soc",
        "dc_bulk_soc",
        "dc_ev_maximum_limits",
        "dc_ev_status",
    ]
    assert step.value("requested_energy_transfer_mode") == "DC_extended"
    assert step.value("dc_ev_energy_capacity") == 81_000.0
    assert step.value("dc_ev_energy_request") == 54_270.0
    assert step.value("dc_full_soc") == 100.0
    assert step.value("dc_bulk_soc") == 80.0
    assert step.value("dc_ev_maximum_limits") == {
        "dc_ev_maximum_current_limit": 250.0,
        "dc_ev_maximum_power_limit": 95_000.0,
        "dc_ev_maximum_voltage_limit": 410.0,
    }
    assert step.value("dc_ev_status") == {
        "dc_ev_ready": False,
        "dc_ev_error_code": "NO_ERROR",
        "dc_ev_ress_soc": 40.0,
    }


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        pytest.param(ev.charge_parameters("DC_core"), "FAILED_WrongEnergyTransferType", id="EVV2G-013"),
        pytest.param(ev.charge_parameters("DC_unique"), "FAILED_WrongEnergyTransferType", id="EVV2G-013-unique"),
        pytest.param(
            ev.charge_parameters("AC_three_phase_core", ev.ac_parameters()),
            "FAILED_WrongEnergyTransferType",
            id="EVV2G-013-ac",
        ),
        pytest.param(
            ev.charge_parameters(parameters=ev.ac_parameters()), "FAILED_WrongChargeParameter", id="EVV2G-014-ac"
        ),
        *(
            pytest.param(ev.charge_parameters(**limit), "FAILED_WrongChargeParameter", id=f"EVV2G-014-{name}")
            for name, limit in {
                "negative current": {"EVMaximumCurrentLimit": ev.amps(-100)},
                "negative power": {"EVMaximumPowerLimit": ev.watts(-1)},
                "negative voltage": {"EVMaximumVoltageLimit": ev.volts(-4000, -1)},
                "current below the least": {"EVMaximumCurrentLimit": ev.amps(5)},
                "voltage below the least": {"EVMaximumVoltageLimit": ev.volts(150)},
            }.items()
        ),
    ],
)
def test_parameters_that_do_not_fit(make: MakeDrive, request_: Any, code: str) -> None:
    drive = go(make.dc(), State.CHARGE_PARAMETER_DISCOVERY)
    supply(drive)
    step = drive.send(request_)
    assert (step.code, step.closes, drive.session.state) == (code, True, "CHARGE_PARAMETER_DISCOVERY")
    assert step.value("requested_energy_transfer_mode") == request_.EVRequestedEnergyTransferType
    assert isinstance(step.body.EVSEChargeParameter, din.DC_EVSEChargeParameterType)
    assert step.body.EVSEChargeParameter.DC_EVSEStatus.EVSEStatusCode == "EVSE_Shutdown"


def test_more_than_din_knows_is_no_reason_to_refuse(make: MakeDrive) -> None:
    """Cars on the road offer 799 A and 326 kW."""
    request = ev.charge_parameters(EVMaximumCurrentLimit=ev.amps(7990, -1), EVMaximumPowerLimit=ev.watts(3260, 2))
    assert go(make.dc(), State.CHARGE_PARAMETER_DISCOVERY).send(request).code == "OK"


@pytest.mark.parametrize(
    ("mode", "state"),
    [
        ("PauseBeforeCableCheck", "STOP"),
        ("PauseAfterPrecharge", "STOP"),
        ("AllowEvToIgnorePause", "CABLE_CHECK"),
    ],
)
def test_no_energy_pause(make: MakeDrive, mode: str, state: str) -> None:
    drive = go(make.dc(), State.CHARGE_PARAMETER_DISCOVERY)
    drive.command("no_energy_pause_charging", mode=mode)
    body = drive.ok(ev.charge_parameters()).body
    status = body.EVSEChargeParameter.DC_EVSEStatus
    assert (status.EVSENotification, status.NotificationMaxDelay) == ("StopCharging", 0)
    assert status.EVSEStatusCode == "EVSE_Ready"
    assert body.SASchedules.SAScheduleTuple[0].PMaxSchedule.PMaxScheduleEntry[0].TimeInterval.duration == 1800
    assert drive.session.state == state
