"""The EV of ISO 15118-20 against a scripted SECC, on a fake clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fastsecc.errors import ConfigError, EvError
from fastsecc.messages import iso20
from fastsecc.messages.iso20 import ac, dc
from fastsecc.messages.payload_types import (
    EXI,
    ISO20_AC,
    ISO20_COMMON,
    ISO20_DC,
    METERING_CONFIRMATION,
    SCHEDULE_RENEGOTIATION,
)
from fastsecc.sim.battery import Battery
from fastsecc.sim.ev import Ev, EvSettings
from fastsecc.sim.ev.values import number
from tests.sim.scripted_iso20 import DISCHARGE_A, INTERNET, PARKING, SERVICES, SESSION_ID, ScriptedIso20Secc, run

ENERGIES = ("dc", "ac", "dc-bpt", "ac-bpt", "mcs", "mcs-bpt")
KINDS = [
    EvSettings(protocol="iso20", energy=energy, control=control, mobility_needs=mobility, cycles=12)
    for energy in ENERGIES
    for control, mobility in (("scheduled", "EVCC"), ("dynamic", "EVCC"), ("dynamic", "EVCC_SECC"))
]
EVERY = pytest.mark.parametrize("wishes", KINDS, ids=lambda w: f"{w.energy}-{w.control}-{w.mobility_needs}")
DC = EvSettings(protocol="iso20", energy="dc", cycles=12)
AC = EvSettings(protocol="iso20", energy="ac", cycles=12)
BOTH = pytest.mark.parametrize("wishes", [DC, AC], ids=["dc", "ac"])
SET_UP = [
    "SessionSetup",
    "AuthorizationSetup",
    "Authorization",
    "ServiceDiscovery",
    "ServiceDetail",
    "ServiceSelection",
]
DC_CHARGE = [
    "DC_ChargeParameterDiscovery",
    "ScheduleExchange",
    "DC_CableCheck",
    "DC_PreCharge",
    "PowerDelivery",
    "DC_ChargeLoop",
    "PowerDelivery",
    "DC_WeldingDetection",
]
AC_CHARGE = ["AC_ChargeParameterDiscovery", "ScheduleExchange", "PowerDelivery", "AC_ChargeLoop", "PowerDelivery"]


def pair(wishes, **battery):
    return Ev(wishes, Battery(**battery) if battery else None, lambda: 1_700_000_000.9), ScriptedIso20Secc(wishes)


def charge_of(wishes):
    return AC_CHARGE if wishes.is_ac else DC_CHARGE


def phases(secc):
    """Names of the requests without `Req`, repetitions left out."""
    names = [name.removesuffix("Req") for name in secc.names]
    return [name for n, name in enumerate(names) if n == 0 or names[n - 1] != name]


def sent(secc, name):
    return [message for message in secc.requests if type(message).__name__ == name]


def modes(secc):
    """Control modes of the charge loop's requests."""
    return [message.CLReqControlMode for message in secc.requests if hasattr(message, "CLReqControlMode")]


@EVERY
def test_whole_session(wishes):
    ev, secc = pair(wishes)
    run(ev, secc)
    assert ev.result.ok, ev.result.reason
    assert phases(secc) == ["supportedAppProtocol", *SET_UP, *charge_of(wishes), "SessionStop"]
    assert ev.result.cycles == 12
    assert ev.result.energy_wh > 0
    assert ev.result.session_id == SESSION_ID
    assert ev.evse_id == "DE*FSC*E1"


@EVERY
def test_every_message_is_of_the_selected_service_and_control_mode(wishes):
    ev, secc = pair(wishes)
    run(ev, secc)
    selected = sent(secc, "ServiceSelectionReq")[0].SelectedEnergyTransferService
    assert selected.ServiceID == SERVICES[wishes.energy]
    bpt, kind = "BPT_" * wishes.bidirectional, "AC" if wishes.is_ac else "DC"
    parameters = sent(secc, f"{kind}_ChargeParameterDiscoveryReq")[0]
    mode = getattr(parameters, f"{kind}_CPDReqEnergyTransferMode")
    assert type(mode).__name__ == f"{bpt}{kind}_CPDReqEnergyTransferModeType"
    assert {type(mode).__name__ for mode in modes(secc)} == {
        f"{bpt}{wishes.control.capitalize()}_{kind}_CLReqControlModeType"
    }
    exchange = sent(secc, "ScheduleExchangeReq")[0]
    assert (exchange.Dynamic_SEReqControlMode is not None) is (wishes.control == "dynamic")


@EVERY
def test_streams_are_those_of_the_messages(wishes):
    ev, secc = pair(wishes)
    run(ev, secc)
    of_kind = ISO20_AC if wishes.is_ac else ISO20_DC
    for name, stream in zip(secc.names, secc.streams, strict=True):
        expected = EXI if name == "supportedAppProtocolReq" else of_kind if name[2] == "_" else ISO20_COMMON
        assert stream == expected, name


def test_header_has_the_session_and_the_time():
    ev, secc = pair(DC)
    run(ev, secc)
    assert sent(secc, "SessionSetupReq")[0].Header.SessionID == bytes(8)
    assert all(message.Header.SessionID == SESSION_ID for message in secc.requests[2:])
    assert all(message.Header.TimeStamp == 1_700_000_000 for message in secc.requests[1:])
    assert sent(secc, "SessionSetupReq")[0].EVCCID == "02:FA:57:EC:C0:01"


@pytest.mark.parametrize(("energy", "part"), [("dc-bpt", "DC"), ("mcs", "DC"), ("ac", "AC"), ("ac-bpt", "AC")])
def test_namespace_of_supported_app_protocol(energy, part):
    ev, _ = pair(replace(DC, energy=energy))
    (offer,) = ev.start(0.0).message.AppProtocol
    assert (offer.ProtocolNamespace, offer.VersionNumberMajor) == (f"urn:iso:std:iso:15118:-20:{part}", 1)


@pytest.mark.parametrize(("mobility", "pricing", "expected"), [("EVCC", None, 0), ("EVCC_SECC", "absolute", 5)])
def test_parameter_set_that_fits_best(mobility, pricing, expected):
    """The plug's own connector comes first, then what the EV wants of control, needs and prices."""
    control = "dynamic" if mobility == "EVCC_SECC" else "scheduled"
    ev, secc = pair(replace(DC, control=control, mobility_needs=mobility, pricing=pricing))
    run(ev, secc)
    assert sent(secc, "ServiceSelectionReq")[0].SelectedEnergyTransferService.ParameterSetID == 12 + expected


def test_parameter_set_that_nobody_offers_ends_the_session():
    ev, secc = pair(replace(DC, pricing="levels"))
    run(ev, secc)
    assert ev.result.reason == "the EVSE offers no parameter set with ControlMode 1, MobilityNeedsMode 1, Pricing 2"
    assert secc.requests[-1].EVTerminationCode == "Problem"
    assert secc.requests[-1].EVTerminationExplanation == ev.result.reason
    assert not ev.result.ok


def test_service_that_is_not_offered_ends_the_session():
    secc = ScriptedIso20Secc(AC)
    ev = Ev(DC)
    run(ev, secc)
    assert ev.result.reason == "the EVSE offers services 1, not 2"
    assert secc.names[-1] == "SessionStopReq"


def test_value_added_services_are_selected():
    ev, secc = pair(replace(DC, value_added_services=True))
    run(ev, secc)
    (selection,) = sent(secc, "ServiceSelectionReq")
    assert [service.ServiceID for service in selection.SelectedVASList.SelectedService] == [INTERNET, PARKING]
    assert secc.names.count("ServiceDetailReq") == 3
    assert ev.terms.value_added_services == [INTERNET, PARKING]


def test_power_profile_is_within_the_schedule():
    ev, secc = pair(replace(DC, energy="mcs"))
    run(ev, secc)
    profile = sent(secc, "PowerDeliveryReq")[0].EVPowerProfile
    assert profile.Scheduled_EVPPTControlMode.SelectedScheduleTupleID == 3
    steps = [(e.Duration, number(e.Power)) for e in profile.EVPowerProfileEntries.EVPowerProfileEntry]
    assert steps == [(1800, 700_000), (1800, 2000)]
    assert all(number(mode.EVTargetCurrent) * 750 <= 701_000 for mode in modes(secc))


def test_pre_charge_and_welding_detection_end_with_finished():
    ev, secc = pair(DC)
    run(ev, secc)
    for name in ("DC_PreChargeReq", "DC_WeldingDetectionReq"):
        processing = [message.EVProcessing for message in sent(secc, name)]
        assert processing == [*["Ongoing"] * (len(processing) - 1), "Finished"]
        assert len(processing) > 1


def test_welding_detection_tells_of_a_voltage_that_stays():
    def stay(response, nth):
        response.EVSEPresentVoltage.Value = 3000

    ev, secc = pair(DC)
    secc.change["DC_WeldingDetectionReq"] = stay
    run(ev, secc)
    assert ev.result.reason == "WeldingDetection: still 300 V"
    assert secc.names[-1] == "SessionStopReq"


# giving energy back


@pytest.mark.parametrize("energy", ["dc-bpt", "mcs-bpt"])
def test_scheduled_discharge_is_the_evs_own_wish(energy):
    wishes = replace(DC, energy=energy, cycles=30, discharge_after_cycles=10, discharge_cycles=10)
    ev, secc = pair(wishes)
    run(ev, secc)
    currents = [number(mode.EVTargetCurrent) for mode in modes(secc)]
    assert all(current > 0 for current in currents[:10] + currents[20:])
    assert all(-DISCHARGE_A <= current < 0 for current in currents[10:20])
    assert ev.result.discharged_wh > 0


def test_scheduled_ac_discharge():
    wishes = replace(AC, energy="ac-bpt", cycles=30, discharge_after_cycles=10, discharge_cycles=10)
    ev, secc = pair(wishes)
    run(ev, secc)
    powers = [number(mode.EVPresentActivePower) for mode in modes(secc)]
    assert min(powers) == -5000
    assert max(powers) == 3 * 230 * 16
    assert ev.result.discharged_wh > 0


@pytest.mark.parametrize(
    ("energy", "target_w", "power_w"),
    [
        ("ac-bpt", -3000.0, -3000),
        ("ac-bpt", -50_000.0, -5000),
        ("ac-bpt", 50_000.0, 11_040),
        ("ac", -3000.0, 0),
        ("ac", 7000.0, 7000),
    ],
)
def test_dynamic_ac_power_is_what_the_evse_asks_for(energy, target_w, power_w):
    """Within what the EV can, and nothing flows back that nobody has agreed on."""
    ev, secc = pair(replace(AC, energy=energy, control="dynamic"))
    secc.target_w = target_w
    run(ev, secc)
    assert number(modes(secc)[-1].EVPresentActivePower) == power_w


def test_nothing_is_given_below_the_minimum_state_of_charge():
    wishes = replace(DC, energy="dc-bpt", discharge_after_cycles=0, minimum_soc_percent=30.0)
    ev, secc = pair(wishes, soc_percent=29.0)
    run(ev, secc)
    assert all(number(mode.EVTargetCurrent) >= 0 for mode in modes(secc))
    assert all(number(mode.EVMinimumEnergyRequest) > 0 for mode in modes(secc))


@EVERY
def test_full_battery_takes_nothing(wishes):
    ev, secc = pair(wishes, soc_percent=100.0)
    run(ev, secc)
    assert ev.result.energy_wh == 0
    assert ev.result.ok


# what the EVSE asks for


def notify(notification, nth):
    """Put an EVSEStatus into the nth charge-loop answer."""

    def change(response, n):
        if n == nth:
            kind = iso20.EvseNotificationType(notification)
            response.EVSEStatus = iso20.EVSEStatusType(NotificationMaxDelay=0, EVSENotification=kind)

    return change


@BOTH
def test_evse_stops(wishes):
    ev, secc = pair(replace(wishes, cycles=None))
    secc.change[f"{'AC' if wishes.is_ac else 'DC'}_ChargeLoopReq"] = notify("Terminate", 5)
    run(ev, secc)
    assert (ev.result.ok, ev.result.reason, ev.result.cycles) == (True, "the EVSE asked to stop", 5)
    assert secc.requests[-1].ChargingSession == "Terminate"


@BOTH
def test_evse_pauses(wishes):
    ev, secc = pair(replace(wishes, cycles=None))
    secc.change[f"{'AC' if wishes.is_ac else 'DC'}_ChargeLoopReq"] = notify("Pause", 5)
    run(ev, secc)
    assert ev.result.reason == "the EVSE asked to pause, paused as session 0102030405060708"
    assert secc.requests[-1].ChargingSession == "Pause"
    assert secc.requests[-1].EVTerminationCode is None


@BOTH
@pytest.mark.parametrize("whose", ["the EV's", "the EVSE's"])
def test_service_renegotiation(wishes, whose):
    loop = "AC_ChargeLoop" if wishes.is_ac else "DC_ChargeLoop"
    ev, secc = pair(replace(wishes, renegotiate_service_after_cycles=5 if whose == "the EV's" else None))
    if whose == "the EVSE's":
        secc.change[f"{loop}Req"] = notify("ServiceRenegotiation", 5)
    run(ev, secc)
    again = ["SessionStop", "ServiceDiscovery", "ServiceDetail", "ServiceSelection"]
    charge = charge_of(wishes)
    assert phases(secc) == ["supportedAppProtocol", *SET_UP, *charge, *again, *charge, "SessionStop"]
    assert sent(secc, "SessionStopReq")[0].ChargingSession == "ServiceRenegotiation"
    assert secc.names.count(f"{loop}Req") == 12


@BOTH
@pytest.mark.parametrize("whose", ["the EV's", "the EVSE's"])
def test_schedule_renegotiation_beside_the_loop(wishes, whose):
    """On its own stream, with charge-loop requests in between as long as the SECC is not ready."""

    def wait(response, nth):
        response.EVSEProcessing = iso20.ProcessingType("Ongoing" if 1 < nth < 4 else "Finished")

    loop = "AC_ChargeLoopReq" if wishes.is_ac else "DC_ChargeLoopReq"
    ev, secc = pair(replace(wishes, renegotiate_after_cycles=5 if whose == "the EV's" else None))
    secc.change["ScheduleExchangeReq"] = wait
    if whose == "the EVSE's":
        secc.change[loop] = notify("ScheduleRenegotiation", 5)
    run(ev, secc)
    first = secc.streams.index(SCHEDULE_RENEGOTIATION)
    expected = ["ScheduleExchangeReq", loop, "ScheduleExchangeReq", loop, "ScheduleExchangeReq", "PowerDeliveryReq"]
    assert secc.names[first : first + 7] == [*expected, loop]
    assert secc.requests[first + 5].ChargeProgress == "ScheduleRenegotiation"
    assert secc.streams[first + 5] == SCHEDULE_RENEGOTIATION
    assert ev.result.ok
    assert ev.result.cycles == 12


@BOTH
@pytest.mark.parametrize("control", ["scheduled", "dynamic"])
@pytest.mark.parametrize("whose", ["the EV's", "the EVSE's"])
def test_metering_confirmation(wishes, control, whose):
    """What the EV confirms is the newest reading that it was shown."""
    wishes = replace(wishes, control=control, confirm_meter_after_cycles=5 if whose == "the EV's" else None)
    ev, secc = pair(wishes)
    if whose == "the EVSE's":
        secc.change[f"{'AC' if wishes.is_ac else 'DC'}_ChargeLoopReq"] = notify("MeteringConfirmation", 5)
    run(ev, secc)
    (confirmation,) = sent(secc, "MeteringConfirmationReq")
    assert secc.streams[secc.requests.index(confirmation)] == METERING_CONFIRMATION
    data = confirmation.SignedMeteringData
    assert (data.SessionID, data.MeterInfo.ChargedEnergyReadingWh) == (SESSION_ID, 1234)
    assert (data.Dynamic_SMDTControlMode is not None) is (control == "dynamic")
    assert ev.result.ok


def test_meter_info_is_wanted_now_and_then():
    ev, secc = pair(replace(DC, meter_info_every_cycles=4))
    run(ev, secc)
    wanted = [message.MeterInfoRequested for message in sent(secc, "DC_ChargeLoopReq")]
    assert wanted == [True, False, False, False] * 3


@pytest.mark.parametrize("control", ["scheduled", "dynamic"])
@BOTH
def test_standby_takes_nothing_for_a_while(wishes, control):
    ev, secc = pair(replace(wishes, control=control, standby_after_cycles=4, standby_cycles=3))
    run(ev, secc)
    progress = [message.ChargeProgress for message in sent(secc, "PowerDeliveryReq")]
    assert progress == ["Start", "Standby", "Start", "Stop"]
    names = secc.names
    standby = names.index("PowerDeliveryReq", names.index("PowerDeliveryReq") + 1)
    begin = names.index("PowerDeliveryReq", standby + 1)
    idle = secc.requests[standby + 1 : begin]
    assert len(idle) == 3
    for message in idle[1:]:
        mode = message.CLReqControlMode
        if isinstance(mode, dc.Scheduled_DC_CLReqControlModeType):
            assert number(mode.EVTargetCurrent) == 0
        elif isinstance(mode, dc.Dynamic_DC_CLReqControlModeType):
            assert number(mode.EVMaximumChargeCurrent) == 0
        else:
            assert number(mode.EVPresentActivePower) == 0


def test_standby_that_is_not_allowed_changes_nothing():
    def warn(response, nth):
        if nth == 2:
            response.ResponseCode = "WARNING_StandbyNotAllowed"

    ev, secc = pair(replace(DC, standby_after_cycles=4))
    secc.change["PowerDeliveryReq"] = warn
    run(ev, secc)
    assert ev.result.ok
    assert all(number(mode.EVTargetCurrent) > 0 for mode in modes(secc))


def test_evse_ends_the_standby():
    ev, secc = pair(replace(DC, standby_after_cycles=4, standby_cycles=100))
    secc.change["DC_ChargeLoopReq"] = notify("ExitStandby", 7)
    run(ev, secc)
    progress = [message.ChargeProgress for message in sent(secc, "PowerDeliveryReq")]
    assert progress == ["Start", "Standby", "Start", "Stop"]
    assert number(modes(secc)[-1].EVTargetCurrent) > 0


def test_evse_that_has_nothing_to_give_now_is_left_with_a_pause():

    def pause(response, nth):
        response.GoToPause = True

    ev, secc = pair(DC)
    secc.change["ScheduleExchangeReq"] = pause
    run(ev, secc)
    assert ev.result.reason == "the EVSE asked to pause, paused as session 0102030405060708"
    assert secc.requests[-1].ChargingSession == "Pause"
    assert "PowerDeliveryReq" not in secc.names


@pytest.mark.parametrize(("notification", "end"), [("Pause", "Pause"), ("Terminate", "Terminate")])
def test_evse_that_wants_no_charge_at_power_delivery(notification, end):
    def change(response, nth):
        if nth == 1:
            kind = iso20.EvseNotificationType(notification)
            response.EVSEStatus = iso20.EVSEStatusType(NotificationMaxDelay=0, EVSENotification=kind)

    ev, secc = pair(DC)
    secc.change["PowerDeliveryReq"] = change
    run(ev, secc)
    assert ev.result.ok
    assert "DC_ChargeLoopReq" not in secc.names
    assert [message.ChargeProgress for message in sent(secc, "PowerDeliveryReq")] == ["Start", "Stop"]
    assert secc.requests[-1].ChargingSession == end


def test_needs_that_the_secc_knows_better():
    def know(response, nth):
        response.Dynamic_SEResControlMode.TargetSOC = 21
        response.Dynamic_SEResControlMode.DepartureTime = 1200

    wishes = replace(DC, control="dynamic", mobility_needs="EVCC_SECC", cycles=None)
    ev, secc = pair(wishes, time_lapse=100)
    secc.change["ScheduleExchangeReq"] = know
    run(ev, secc)
    assert ev.result.reason == "state of charge 21 %"
    assert ev.terms.departure_time_s == 1200


# pause and failures


@BOTH
def test_pause_and_resume(wishes):
    """A session that is joined again opens at ChargeParameterDiscovery."""
    ev, secc = pair(replace(wishes, pause=True))
    run(ev, secc)
    assert secc.requests[-1].ChargingSession == "Pause"
    ev, secc = pair(replace(wishes, resume_session_id=SESSION_ID))
    secc.session_setup_code = "OK_OldSessionJoined"
    run(ev, secc)
    assert phases(secc) == ["supportedAppProtocol", "SessionSetup", *charge_of(wishes), "SessionStop"]
    assert ev.result.ok


def test_session_that_is_not_joined_is_a_failure():
    ev, secc = pair(replace(DC, resume_session_id=SESSION_ID))
    with pytest.raises(EvError, match="was not joined: OK_NewSessionEstablished"):
        run(ev, secc)


def test_refused_customer_leaves():
    def refuse(response, nth):
        response.ResponseCode = "WARNING_EIMAuthorizationFailure"

    ev, secc = pair(DC)
    secc.change["AuthorizationReq"] = refuse
    run(ev, secc)
    assert ev.result.reason == "Authorization: WARNING_EIMAuthorizationFailure"
    assert secc.names[-1] == "SessionStopReq"
    assert not ev.result.ok


@pytest.mark.parametrize("name", ["AuthorizationSetupReq", "PowerDeliveryReq", "DC_ChargeLoopReq"])
def test_failed_ends_the_connection(name):
    def fail(response, nth):
        response.ResponseCode = "FAILED"

    ev, secc = pair(DC)
    secc.change[name] = fail
    with pytest.raises(EvError, match=f"{name}: ResponseCode FAILED"):
        run(ev, secc)
    assert not ev.result.ok


def test_answer_for_another_session_is_refused():
    def change(response, nth):
        response.Header.SessionID = bytes(range(8))

    ev, secc = pair(DC)
    secc.change["ServiceSelectionReq"] = change
    with pytest.raises(EvError, match="ServiceSelectionReq: answered for session 0001020304050607"):
        run(ev, secc)


def test_answer_of_another_type_is_refused():
    ev, secc = pair(DC)
    secc.DC_CableCheckReq = secc.DC_WeldingDetectionReq
    with pytest.raises(EvError, match="DC_CableCheckReq: answered with DC_WeldingDetectionRes"):
        run(ev, secc)


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"think_s": 0.3}, "think-ms"),
        ({"mobility_needs": "EVCC_SECC"}, "mobility-needs"),
        ({"protocol": "iso2", "control": "dynamic"}, "control"),
        ({"protocol": "din", "control": "dynamic"}, "control"),
        ({"protocol": "din", "energy": "mcs"}, "energy"),
        ({"protocol": "iso2", "energy": "mcs"}, "energy"),
        ({"protocol": "iso2", "mobility_needs": "EVCC_SECC"}, "mobility-needs"),
        ({"protocol": "din", "pricing": "levels"}, "pricing"),
        ({"protocol": "iso2", "value_added_services": True}, "vas"),
        ({"protocol": "iso2", "renegotiate_service_after_cycles": 3}, "renegotiate-service-after"),
        ({"protocol": "din", "confirm_meter_after_cycles": 3}, "confirm-meter-after"),
        ({"protocol": "iso2", "standby_after_cycles": 3}, "standby-after"),
        ({"discharge_after_cycles": 3}, "discharge-after"),
        ({"energy": "dc-bpt", "control": "dynamic", "discharge_after_cycles": 3}, "discharge-after"),
        ({"protocol": "iso2", "energy": "dc-bpt", "discharge_after_cycles": 3}, "discharge-after"),
    ],
)
def test_wishes_that_the_protocol_does_not_know(changes, option):
    with pytest.raises(ConfigError) as refusal:
        Ev(replace(DC, **changes))
    assert refusal.value.option == option


def test_single_phase_ev():
    ev, secc = pair(replace(AC, ac_phases=1))
    run(ev, secc)
    (selection,) = sent(secc, "ServiceSelectionReq")
    assert selection.SelectedEnergyTransferService.ParameterSetID == 0
    assert number(modes(secc)[-1].EVPresentActivePower) == 230 * 16


def test_ac_limits_are_those_of_all_phases():
    ev, secc = pair(AC)
    run(ev, secc)
    mode = sent(secc, "AC_ChargeParameterDiscoveryReq")[0].AC_CPDReqEnergyTransferMode
    assert isinstance(mode, ac.AC_CPDReqEnergyTransferModeType)
    assert number(mode.EVMaximumChargePower) == 3 * 230 * 16
    assert mode.EVMaximumChargePower_L2 is None
