"""The EV's machines against a scripted SECC, on a fake clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fastsecc.errors import ConfigError, EvError
from fastsecc.messages import app_protocol as sap
from fastsecc.messages import iso2
from fastsecc.sim.battery import Battery
from fastsecc.sim.ev import Ev, EvSettings
from tests.sim.scripted_secc import SESSION_ID, ScriptedSecc, run

DIN_DC = EvSettings(protocol="din", cycles=5, think_s=0)
ISO2_DC = EvSettings(protocol="iso2", cycles=5, think_s=0)
ISO2_AC = EvSettings(protocol="iso2", energy="ac", cycles=5, think_s=0)
KINDS = pytest.mark.parametrize("settings", [DIN_DC, ISO2_DC, ISO2_AC], ids=["din-dc", "iso2-dc", "iso2-ac"])

SET_UP = {
    "din": ["SessionSetup", "ServiceDiscovery", "ServicePaymentSelection", "ContractAuthentication"],
    "iso2": ["SessionSetup", "ServiceDiscovery", "PaymentServiceSelection", "Authorization"],
}
DC_PHASES = ["ChargeParameterDiscovery", "CableCheck", "PreCharge", "PowerDelivery", "CurrentDemand"]
AC_PHASES = ["ChargeParameterDiscovery", "PowerDelivery", "ChargingStatus"]


def pair(settings, **battery):
    return Ev(settings, Battery(**battery)), ScriptedSecc(settings.protocol, settings.energy)


def phases(secc):
    """Names of the requests without `Req`, repetitions left out."""
    names = [name.removesuffix("Req") for name in secc.names]
    return [name for n, name in enumerate(names) if n == 0 or names[n - 1] != name]


def expect_failure(ev, secc, match):
    with pytest.raises(EvError, match=match):
        run(ev, secc)
    assert not ev.result.ok
    assert ev.result.reason


@KINDS
def test_whole_session(settings):
    ev, secc = pair(settings)
    run(ev, secc)
    loop = DC_PHASES if settings.energy == "dc" else AC_PHASES
    end = (
        ["PowerDelivery", "WeldingDetection", "SessionStop"]
        if settings.energy == "dc"
        else ["PowerDelivery", "SessionStop"]
    )
    assert phases(secc) == ["supportedAppProtocol", *SET_UP[settings.protocol], *loop, *end]
    assert secc.names.count(f"{loop[-1]}Req") == 5
    assert ev.result.ok
    assert ev.result.cycles == 5
    assert ev.result.reason == "5 charge-loop cycles done"
    assert ev.result.session_id == SESSION_ID
    assert ev.evse_id == "DE*FSC*E1"


@KINDS
def test_battery_fills_to_the_target(settings):
    """Without a number of cycles the EV charges to the state of charge that it wants; the energy adds up."""
    ev, secc = pair(replace(settings, cycles=None, target_soc_percent=60), soc_percent=50, time_lapse=1000)
    run(ev, secc, step_s=0.1)
    assert ev.result.ok
    assert ev.battery.soc_percent >= 60
    assert ev.result.energy_wh == pytest.approx((ev.battery.soc_percent - 50) / 100 * ev.battery.capacity_wh)
    assert ev.result.reason in ("state of charge 60 %", "state of charge 61 %")


def test_energy_is_power_times_time():
    """Between the first and the last of the loop's answers 16 A flow in three phases."""
    ev, secc = pair(replace(ISO2_AC, cycles=11), soc_percent=50)
    run(ev, secc, step_s=0.999)
    assert ev.result.energy_wh == pytest.approx(3 * 230 * 16 * 10 / 3600)


def test_schedule_tuple_and_profile_of_the_answer_are_used():
    ev, secc = pair(ISO2_DC)
    run(ev, secc)
    start = next(body for body in secc.requests if isinstance(body, iso2.PowerDeliveryReq))
    assert start.SAScheduleTupleID == 5
    assert start.ChargingProfile.ProfileEntry[0].ChargingProfileEntryMaxPower.Value == 22_000


def test_target_current_stays_within_what_the_evse_can_give():
    ev, secc = pair(ISO2_DC, soc_percent=50, max_current_a=500, max_power_w=400_000)
    run(ev, secc)
    demand = next(body for body in secc.requests if isinstance(body, iso2.CurrentDemandReq))
    asked_w = demand.EVTargetCurrent.Value * demand.EVTargetVoltage.Value / 100
    assert asked_w == pytest.approx(60_000, rel=0.05)


def test_limits_in_the_loop_are_obeyed():
    ev, secc = pair(ISO2_DC)

    def less(response, nth):
        response.EVSEMaximumCurrentLimit = secc.p("A", 30)
        response.EVSEMaximumVoltageLimit = secc.p("V", 500)
        response.EVSEMaximumPowerLimit = secc.p("W", 100_000)

    secc.change["CurrentDemandReq"] = less
    run(ev, secc)
    assert secc.current == 30


def test_think_time_lies_between_answer_and_request():
    ev, secc = pair(replace(ISO2_AC, think_s=0.25))
    request = ev.start(10.0)
    assert request.send_at == 10.0
    request = ev.receive(secc.answer(request.message), 10.5)
    assert request.send_at == 10.75


@pytest.mark.parametrize(
    ("settings", "name", "timeout_s"),
    [
        (DIN_DC, "SessionSetupReq", 2.0),
        (DIN_DC, "PowerDeliveryReq", 2.0),
        (ISO2_DC, "PowerDeliveryReq", 5.0),
        (ISO2_DC, "CurrentDemandReq", 0.25),
        (ISO2_AC, "ChargingStatusReq", 2.0),
    ],
)
def test_late_answer_ends_the_session(settings, name, timeout_s):
    """V2G_EVCC_Msg_Timeout: an answer just in time is taken, a later one is not."""
    for late in (False, True):
        ev, secc = pair(settings)
        now, request = 0.0, ev.start(0.0)
        while request.name != name:
            now += 0.01
            request = ev.receive(secc.answer(request.message), now)
        answer = secc.answer(request.message)
        if not late:
            assert ev.receive(answer, now + timeout_s - 0.001) is not None
            continue
        with pytest.raises(EvError, match=f"{name}: no answer within"):
            ev.receive(answer, now + timeout_s + 0.001)
        assert not ev.result.ok


@KINDS
@pytest.mark.parametrize("phase", ["ServiceDiscoveryReq", "ChargeParameterDiscoveryReq", "PowerDeliveryReq"])
def test_failed_answer_ends_the_session(settings, phase):
    ev, secc = pair(settings)

    def fail(response, nth):
        response.ResponseCode = secc.m.ResponseCodeType.FAILED_SequenceError

    secc.change[phase] = fail
    expect_failure(ev, secc, f"{phase}: ResponseCode FAILED_SequenceError")


@KINDS
def test_answer_of_another_type_ends_the_session(settings):
    ev, secc = pair(settings)
    secc.change["ServiceDiscoveryReq"] = lambda response, nth: secc.SessionStopReq(None)
    expect_failure(ev, secc, "ServiceDiscoveryReq: answered with SessionStopRes")


def test_empty_body_ends_the_session():
    ev = Ev(ISO2_DC)
    secc = ScriptedSecc()
    secc.answer_sap = secc.answer(ev.start(0.0).message)
    ev.receive(secc.answer_sap, 0.0)
    empty = iso2.V2G_Message(Header=iso2.MessageHeaderType(SessionID=SESSION_ID), Body=iso2.BodyType())
    with pytest.raises(EvError, match="SessionSetupReq: answered with NoneType"):
        ev.receive(empty, 0.0)


@KINDS
def test_answer_of_another_session_ends_the_session(settings):
    ev, secc = pair(settings)

    def confuse(response, nth):
        secc.session_id = bytes(7) + b"\x01"

    secc.change["ServiceDiscoveryReq"] = confuse
    expect_failure(ev, secc, "ServiceDiscoveryReq: answered for session 0000000000000001")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (sap.supportedAppProtocolRes(ResponseCode=sap.ResponseCodeType.Failed_NoNegotiation), "Failed_NoNegotiation"),
        (
            sap.supportedAppProtocolRes(ResponseCode=sap.ResponseCodeType.OK_SuccessfulNegotiation, SchemaID=1),
            "SchemaID 1 was not offered",
        ),
        (sap.supportedAppProtocolReq(AppProtocol=[]), "answered with supportedAppProtocolReq"),
    ],
)
def test_failed_negotiation_ends_the_session(response, reason):
    ev, secc = pair(ISO2_DC)
    secc.change["supportedAppProtocolReq"] = lambda _, nth: response
    expect_failure(ev, secc, reason)


def test_session_id_of_zero_is_refused():
    ev, secc = pair(ISO2_DC)
    secc.session_id = bytes(8)
    expect_failure(ev, secc, "session's id is zero")


@KINDS
def test_authorization_may_take_a_while(settings):
    ev, secc = pair(settings)
    name = "ContractAuthenticationReq" if settings.protocol == "din" else "AuthorizationReq"

    def wait(response, nth):
        response.EVSEProcessing = secc.m.EVSEProcessingType.Ongoing if nth < 5 else response.EVSEProcessing

    secc.change[name] = wait
    run(ev, secc)
    assert ev.result.ok
    assert secc.names.count(name) == 5


def test_ongoing_timeout_ends_the_session_in_order():
    """V2G_EVCC_Ongoing_Timeout: the EV gives up after 60 s, with SessionStop."""
    ev, secc = pair(ISO2_DC)

    def never(response, nth):
        response.EVSEProcessing = iso2.EVSEProcessingType.Ongoing

    secc.change["AuthorizationReq"] = never
    took_s = run(ev, secc, step_s=1.0)
    assert 60 < took_s < 75
    assert secc.names[-1] == "SessionStopReq"
    assert not ev.result.ok
    assert "Authorization: not finished within 60 s" in ev.result.reason


def test_waiting_for_the_customer_has_no_timeout():
    """Ongoing_WaitingForCustomerInteraction stops V2G_EVCC_Ongoing_Timeout."""
    ev, secc = pair(ISO2_DC)

    def later(response, nth):
        if nth < 200:
            response.EVSEProcessing = iso2.EVSEProcessingType.Ongoing_WaitingForCustomerInteraction

    secc.change["AuthorizationReq"] = later
    assert run(ev, secc, step_s=1.0) > 190
    assert ev.result.ok


@pytest.mark.parametrize("settings", [DIN_DC, ISO2_DC], ids=["din", "iso2"])
def test_cable_check_timeout(settings):
    """V2G_EVCC_CableCheck_Timeout: 40 s."""
    ev, secc = pair(settings)

    def never(response, nth):
        response.EVSEProcessing = secc.m.EVSEProcessingType.Ongoing

    secc.change["CableCheckReq"] = never
    assert 40 < run(ev, secc, step_s=1.0) < 55
    assert ev.result.reason == "CableCheck: not finished within 40 s"


@pytest.mark.parametrize("settings", [DIN_DC, ISO2_DC], ids=["din", "iso2"])
@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("EVSEIsolationStatus", "Fault", "CableCheck: isolation Fault"),
        ("EVSEIsolationStatus", "Invalid", "CableCheck: isolation Invalid"),
        ("EVSEStatusCode", "EVSE_IsolationMonitoringActive", "finished with EVSE_IsolationMonitoringActive"),
        ("EVSEStatusCode", "EVSE_Malfunction", "EVSE_Malfunction at CableCheck"),
    ],
)
def test_bad_cable_check_ends_the_session_in_order(settings, field, value, reason):
    ev, secc = pair(settings)
    secc.change["CableCheckReq"] = lambda response, nth: setattr(response.DC_EVSEStatus, field, value)
    run(ev, secc)
    assert phases(secc)[-2:] == ["CableCheck", "SessionStop"]
    assert not ev.result.ok
    assert reason in ev.result.reason


@pytest.mark.parametrize("settings", [DIN_DC, ISO2_DC], ids=["din", "iso2"])
def test_pre_charge_waits_for_the_voltage(settings):
    """No PowerDelivery(Start) before the voltage is within 20 V of the battery's."""
    ev, secc = pair(settings)

    def rise(response, nth):
        off_v = {1: -300, 2: -25, 3: +21}.get(nth, +19)
        response.EVSEPresentVoltage = secc.p("V", secc.voltage + off_v)

    secc.change["PreChargeReq"] = rise
    run(ev, secc)
    assert secc.names.count("PreChargeReq") == 4
    assert ev.result.ok


def test_pre_charge_timeout():
    """V2G_EVCC_PreCharge_Timeout: 7 s."""
    ev, secc = pair(ISO2_DC)

    def stay(response, nth):
        response.EVSEPresentVoltage = secc.p("V", 10)

    secc.change["PreChargeReq"] = stay
    assert 7 < run(ev, secc, step_s=0.5) < 20
    assert "PowerDeliveryReq" not in secc.names
    assert ev.result.reason.startswith("PreCharge: 10 V instead of")


@KINDS
def test_evse_that_asks_to_stop_is_obeyed(settings):
    ev, secc = pair(replace(settings, cycles=1000))
    loop = "CurrentDemandReq" if settings.energy == "dc" else "ChargingStatusReq"
    field = "DC_EVSEStatus" if settings.energy == "dc" else "AC_EVSEStatus"

    def stop(response, nth):
        if nth == 3:
            getattr(response, field).EVSENotification = secc.m.EVSENotificationType.StopCharging

    secc.change[loop] = stop
    run(ev, secc)
    assert secc.names.count(loop) == 3
    assert secc.names[-1] == "SessionStopReq"
    assert ev.result.ok
    assert ev.result.reason == "the EVSE asked to stop"


@pytest.mark.parametrize("code", ["EVSE_Malfunction", "EVSE_UtilityInterruptEvent", "EVSE_EmergencyShutdown"])
def test_evse_that_fails_in_the_loop_is_left_in_order(code):
    ev, secc = pair(replace(DIN_DC, cycles=1000))

    def trouble(response, nth):
        if nth == 2:
            response.DC_EVSEStatus = secc.dc_status(code=code)

    secc.change["CurrentDemandReq"] = trouble
    run(ev, secc)
    assert phases(secc)[-4:] == ["CurrentDemand", "PowerDelivery", "WeldingDetection", "SessionStop"]
    assert not ev.result.ok
    assert ev.result.reason == f"{code} at CurrentDemand"


@KINDS
def test_evse_that_asks_to_stop_before_the_loop_is_obeyed(settings):
    ev, secc = pair(settings)

    def stop(response, nth):
        response.EVSEChargeParameter = secc.ChargeParameterDiscoveryReq(None).EVSEChargeParameter
        status = secc.status(notification="StopCharging")
        setattr(response.EVSEChargeParameter, f"{settings.energy.upper()}_EVSEStatus", status)

    secc.change["ChargeParameterDiscoveryReq"] = stop
    run(ev, secc)
    assert phases(secc)[-2:] == ["ChargeParameterDiscovery", "SessionStop"]
    assert not ev.result.ok


@KINDS
def test_stop_with_the_answer_to_power_delivery_ends_power_first(settings):
    ev, secc = pair(settings)

    def stop(response, nth):
        response.EVSEStatus = secc.status(notification="StopCharging" if nth == 1 else "None")

    secc.change["PowerDeliveryReq"] = stop
    run(ev, secc)
    assert secc.names.count("PowerDeliveryReq") == 2
    assert secc.names[-1] == "SessionStopReq"


def test_tripped_residual_current_device_ends_the_session():
    ev, secc = pair(ISO2_AC)
    secc.change["ChargingStatusReq"] = lambda response, nth: setattr(response.AC_EVSEStatus, "RCD", True)
    run(ev, secc)
    assert not ev.result.ok
    assert "residual current" in ev.result.reason


def test_receipt_is_given_when_required():
    ev, secc = pair(replace(ISO2_AC, cycles=3))
    secc.change["ChargingStatusReq"] = lambda response, nth: setattr(response, "ReceiptRequired", nth == 2)
    run(ev, secc)
    assert secc.names.count("MeteringReceiptReq") == 1
    assert ev.result.ok


@pytest.mark.parametrize("settings", [ISO2_DC, ISO2_AC], ids=["dc", "ac"])
def test_renegotiation_on_the_evs_wish(settings):
    ev, secc = pair(replace(settings, cycles=6, renegotiate_after_cycles=2))
    run(ev, secc)
    loop = DC_PHASES if settings.energy == "dc" else AC_PHASES
    passed = phases(secc)
    first = passed.index("ChargeParameterDiscovery")
    assert passed[first : first + 2 * len(loop) + 1] == [*loop, "PowerDelivery", *loop]
    assert secc.names.count(f"{loop[-1]}Req") == 6
    assert ev.result.ok


@pytest.mark.parametrize("settings", [ISO2_DC, ISO2_AC], ids=["dc", "ac"])
def test_renegotiation_on_the_evses_wish(settings):
    ev, secc = pair(settings)
    loop = "CurrentDemandReq" if settings.energy == "dc" else "ChargingStatusReq"

    def renegotiate(response, nth):
        if nth == 2:
            setattr(response, f"{settings.energy.upper()}_EVSEStatus", secc.status(notification="ReNegotiation"))

    secc.change[loop] = renegotiate
    run(ev, secc)
    progress = [body.ChargeProgress for body in secc.requests if isinstance(body, iso2.PowerDeliveryReq)]
    assert progress == ["Start", "Renegotiate", "Start", "Stop"]
    assert ev.result.ok


@pytest.mark.parametrize("settings", [ISO2_DC, ISO2_AC], ids=["dc", "ac"])
def test_pause_and_resume(settings):
    ev, secc = pair(replace(settings, pause=True))
    run(ev, secc)
    assert secc.requests[-1].ChargingSession == "Pause"
    assert ev.result.ok
    assert SESSION_ID.hex() in ev.result.reason

    again = Ev(replace(settings, resume_session_id=ev.result.session_id), ev.battery)
    secc.session_setup_code = "OK_OldSessionJoined"
    run(again, secc)
    assert again.result.ok
    assert again.result.session_id == SESSION_ID
    assert secc.requests[-1].ChargingSession == "Terminate"


def test_paused_session_that_is_not_joined_is_a_failure():
    ev, secc = pair(replace(ISO2_DC, resume_session_id=bytes(range(8))))
    expect_failure(ev, secc, "session 0001020304050607 was not joined: OK_NewSessionEstablished")


def test_old_session_that_nobody_asked_for_is_a_failure():
    ev, secc = pair(ISO2_DC)
    secc.session_setup_code = "OK_OldSessionJoined"
    expect_failure(ev, secc, "a new session was asked for")


def test_no_pause_when_charging_never_began():
    ev, secc = pair(replace(ISO2_DC, pause=True))
    secc.change["CableCheckReq"] = lambda r, nth: setattr(r.DC_EVSEStatus, "EVSEIsolationStatus", "Fault")
    run(ev, secc)
    assert secc.requests[-1].ChargingSession == "Terminate"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [(ISO2_DC, "the EVSE offers AC_three_phase_core"), (replace(ISO2_AC, ac_phases=1), "not AC_single_phase_core")],
    ids=["dc", "ac"],
)
def test_charger_of_the_wrong_kind_is_left_in_order(settings, reason):
    ev, secc = Ev(settings), ScriptedSecc(energy="ac")
    run(ev, secc)
    assert phases(secc)[-2:] == ["ServiceDiscovery", "SessionStop"]
    assert reason in ev.result.reason


@KINDS
def test_charger_that_wants_a_contract_is_left_in_order(settings):
    ev, secc = pair(settings)
    options = "PaymentOptions" if settings.protocol == "din" else "PaymentOptionList"
    secc.change["ServiceDiscoveryReq"] = lambda r, nth: setattr(getattr(r, options), "PaymentOption", ["Contract"])
    run(ev, secc)
    assert phases(secc)[-2:] == ["ServiceDiscovery", "SessionStop"]
    assert "not ExternalPayment" in ev.result.reason


def test_charger_with_too_little_voltage_or_current_is_left_in_order():
    ev, secc = pair(ISO2_DC, empty_voltage_v=600, full_voltage_v=700, max_voltage_v=720)
    run(ev, secc)
    assert ev.result.reason == "the EVSE gives 150 to 500 V, the battery has 620"
    ev, secc = pair(replace(ISO2_AC, ac_min_current_a=40))
    run(ev, secc)
    assert ev.result.reason == "the EVSE gives 32 A, less than 40 A"


def test_schedule_must_come_with_the_parameters():
    ev, secc = pair(ISO2_DC)
    secc.change["ChargeParameterDiscoveryReq"] = lambda response, nth: setattr(response, "SASchedules", None)
    expect_failure(ev, secc, "without SAScheduleList")


def test_voltage_that_stays_is_a_problem_but_no_reason_not_to_stop():
    ev, secc = pair(ISO2_DC)
    secc.change["WeldingDetectionReq"] = lambda r, nth: setattr(r, "EVSEPresentVoltage", secc.p("V", 390))
    run(ev, secc, step_s=0.5)
    assert secc.names[-1] == "SessionStopReq"
    assert ev.result.reason == "WeldingDetection: still 390 V"
    assert not ev.result.ok


def test_welding_detection_can_be_left_out():
    ev, secc = pair(replace(DIN_DC, welding_detection=False))
    run(ev, secc)
    assert "WeldingDetectionReq" not in secc.names
    assert ev.result.ok


@pytest.mark.parametrize(
    ("wishes", "option"),
    [
        ({"energy": "ac"}, "energy"),
        ({"pause": True}, "pause"),
        ({"resume_session_id": bytes(8)}, "resume"),
        ({"renegotiate_after_cycles": 3}, "renegotiate-after"),
    ],
)
def test_din_has_neither_ac_nor_pause_nor_renegotiation(wishes, option):
    with pytest.raises(ConfigError) as refusal:
        Ev(replace(DIN_DC, **wishes))
    assert refusal.value.option == option


def test_answer_without_a_request_is_refused():
    ev, secc = pair(ISO2_DC)
    run(ev, secc)
    with pytest.raises(EvError, match="without a request"):
        ev.receive(
            secc.answer(
                sap.supportedAppProtocolReq(
                    AppProtocol=[
                        sap.AppProtocolType(
                            ProtocolNamespace="x", VersionNumberMajor=1, VersionNumberMinor=0, SchemaID=1, Priority=1
                        )
                    ]
                )
            ),
            1.0,
        )
