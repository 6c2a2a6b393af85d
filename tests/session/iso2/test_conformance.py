"""Public test purposes of ISO 15118-4 for an SECC with external payment, by their ids.

An id with `CMN_` runs on an AC and on a DC charger. Those about the control pilot, TLS, contracts and receipts are not
here: the session core does not know of them.
"""

from __future__ import annotations

from typing import Any

import pytest

from fastsecc.session.api import SessionSettings, V2G_SECC_CableCheck_Timeout_s, V2G_SECC_Ongoing_Timeout_s
from tests.session.iso2.conftest import U, pv

FOREIGN = b"\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08"
LOOP = {"ac": "CHARGING_STATUS_OR_POWER_DELIVERY", "dc": "CURRENT_DEMAND_OR_POWER_DELIVERY"}
START = {"ac": "POWER_DELIVERY", "dc": "PRE_CHARGE_OR_POWER_DELIVERY"}
STOPPED = {"ac": "SESSION_STOP", "dc": "WELDING_DETECTION_OR_SESSION_STOP"}


def both(purposes: dict[str, tuple[Any, ...]]) -> list[Any]:
    """Turn a table id -> values into parameters, with the kinds of charger that an id concerns in front."""
    kinds = {"AC": ("ac",), "DC": ("dc",), "CMN": ("ac", "dc")}
    return [
        pytest.param(kind, *values, id=f"{purpose}-{kind}")
        for purpose, values in purposes.items()
        for kind in kinds[purpose.split("_")[0]]
    ]


def at(place: Any, kind: str) -> str:
    """Name the state of a kind of charger."""
    return place[kind] if isinstance(place, dict) else place


SEQUENCE_ERRORS = {
    "CMN_SessionSetup_002": ("SESSION_SETUP", "service_discovery"),
    "CMN_ServiceDiscovery_002": ("SERVICE_DISCOVERY", "authorization"),
    "CMN_ServiceDetail_003": ("PAYMENT_SERVICE_SELECTION", "service_discovery"),
    "CMN_PaymentServiceSelection_004": ("PAYMENT_SERVICE_SELECTION", "service_discovery"),
    "CMN_Authorization_003": ("AUTHORIZATION", "service_discovery"),
    "CMN_ChargeParameterDiscovery_001": ("CHARGE_PARAMETER_DISCOVERY", "service_discovery"),
    "DC_CableCheck_003": ("CABLE_CHECK", "service_discovery"),
    "DC_PreCharge_002": ("PRE_CHARGE", "service_discovery"),
    "AC_PowerDelivery_006": ("POWER_DELIVERY", "service_discovery"),
    "AC_PowerDelivery_007": (LOOP, "service_discovery"),
    "DC_PowerDelivery_003": ("PRE_CHARGE_OR_POWER_DELIVERY", "service_discovery"),
    "DC_PowerDelivery_004": (LOOP, "service_discovery"),
    "DC_CurrentDemand_003": ("CURRENT_DEMAND", "service_discovery"),
    "AC_ChargingStatus_003": ("CHARGING_STATUS", "service_discovery"),
    "DC_WeldingDetection_002": (STOPPED, "service_discovery"),
    "AC_SessionStop_002": (STOPPED, "service_discovery"),
    "DC_SessionStop_003": (STOPPED, "service_discovery"),
}


@pytest.mark.parametrize(("kind", "state", "request_name"), both(SEQUENCE_ERRORS))
def test_a_request_out_of_sequence(way: Any, ev: Any, kind: str, state: Any, request_name: str) -> None:
    """Also ECOG-011: a second ServiceDiscoveryReq."""
    step = way(kind).to(at(state, kind)).send(getattr(ev, request_name)())
    assert (step.code, step.closes) == ("FAILED_SequenceError", True)


UNKNOWN_SESSIONS = {
    "CMN_ServiceDiscovery_003": ("SERVICE_DISCOVERY", "service_discovery"),
    "CMN_ServiceDetail_005": ("PAYMENT_SERVICE_SELECTION", "service_detail"),
    "CMN_PaymentServiceSelection_005": ("PAYMENT_SERVICE_SELECTION", "payment"),
    "CMN_Authorization_005": ("AUTHORIZATION", "authorization"),
    "AC_ChargeParameterDiscovery_003": ("CHARGE_PARAMETER_DISCOVERY", "cpd_ac"),
    "DC_ChargeParameterDiscovery_002": ("CHARGE_PARAMETER_DISCOVERY", "cpd_dc"),
    "DC_CableCheck_004": ("CABLE_CHECK", "cable_check"),
    "DC_PreCharge_003": ("PRE_CHARGE", "pre_charge"),
    "AC_PowerDelivery_008": ("POWER_DELIVERY", "power"),
    "AC_PowerDelivery_009": (LOOP, "power"),
    "DC_PowerDelivery_005": ("PRE_CHARGE_OR_POWER_DELIVERY", "power"),
    "DC_PowerDelivery_006": (LOOP, "power"),
    "DC_CurrentDemand_004": ("CURRENT_DEMAND", "current_demand"),
    "AC_ChargingStatus_004": ("CHARGING_STATUS", "charging_status"),
    "DC_WeldingDetection_003": (STOPPED, "welding"),
    "AC_SessionStop_003": (STOPPED, "stop"),
    "DC_SessionStop_004": (STOPPED, "stop"),
}


@pytest.mark.parametrize(("kind", "state", "request_name"), both(UNKNOWN_SESSIONS))
def test_a_foreign_session_id(way: Any, ev: Any, kind: str, state: Any, request_name: str) -> None:
    drive = way(kind).to(at(state, kind))
    step = drive.send(getattr(ev, request_name)(), session_id=FOREIGN)
    assert (step.code, step.closes) == ("FAILED_UnknownSession", True)


TIMEOUTS = {
    "CMN_ServiceDiscovery_004": ("SERVICE_DISCOVERY",),
    "CMN_ServiceDetail_009": ("PAYMENT_SERVICE_SELECTION",),
    "CMN_PaymentServiceSelection_008": ("PAYMENT_SERVICE_SELECTION",),
    "CMN_Authorization_008": ("AUTHORIZATION",),
    "CMN_ChargeParameterDiscovery_002": ("CHARGE_PARAMETER_DISCOVERY",),
    "DC_CableCheck_005": ("CABLE_CHECK",),
    "DC_PreCharge_004": ("PRE_CHARGE",),
    "AC_PowerDelivery_012": ("POWER_DELIVERY",),
    "AC_PowerDelivery_013": (LOOP,),
    "DC_PowerDelivery_009": ("PRE_CHARGE_OR_POWER_DELIVERY",),
    "DC_PowerDelivery_010": (LOOP,),
    "DC_CurrentDemand_005": ("CURRENT_DEMAND",),
    "AC_ChargingStatus_005": ("CHARGING_STATUS",),
    "DC_WeldingDetection_004": (STOPPED,),
    "AC_SessionStop_004": (STOPPED,),
    "DC_SessionStop_005": (STOPPED,),
}


@pytest.mark.parametrize(("kind", "state"), both(TIMEOUTS))
def test_a_silent_ev(way: Any, kind: str, state: Any) -> None:
    """Also OC-028: within the timeout the connection is kept."""
    settings = SessionSettings(present_values_max_age_s=0)
    drive = way(kind, settings).to(at(state, kind))
    assert drive.wait(59.9).output.close is None
    step = drive.wait(0.2)
    assert (step.output.response, step.closes) == (None, True)


@pytest.mark.parametrize("kind", ["ac", "dc"])
@pytest.mark.parametrize("timeout", ["CMN_SupportedAppProtocol_003", "CMN_SessionSetup_003"])
def test_a_silent_ev_before_the_session(way: Any, kind: str, timeout: str) -> None:
    """CMN_SupportedAppProtocol_003, CMN_SessionSetup_003: the sequence timeout also runs before SessionSetup."""
    drive = way(kind, SessionSettings(communication_setup_timeout_s=1000.0)).drive
    if timeout == "CMN_SessionSetup_003":
        drive.choose("iso2")
    assert drive.wait(59.9).output.close is None
    assert drive.wait(0.2).closes


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_cmn_session_setup_004_communication_setup_timeout(way: Any, kind: str) -> None:
    drive = way(kind).drive
    drive.choose("iso2")
    assert drive.wait(17.8).output.close is None
    assert drive.wait(0.2).closes
    assert drive.close().value("hlc_session_failed") == "ProtocolNegotiationFailed"


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_cmn_session_setup_001_a_new_session(way: Any, ev: Any, kind: str) -> None:
    """EVV2G-022, OC-044: eight random octets, and the EVSEID."""
    drive = way(kind).to("SESSION_SETUP")
    step = drive.send(ev.session_setup(), session_id=bytes(8))
    assert (step.code, step.body.EVSEID) == ("OK_NewSessionEstablished", drive.charger.evse_id)
    assert len(drive.session.session_id) == 8
    assert any(drive.session.session_id)
    other = way(kind).to("SERVICE_DISCOVERY")
    assert other.session.session_id != drive.session.session_id


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_cmn_service_discovery_001(way: Any, ev: Any, kind: str) -> None:
    body = way(kind).to("SERVICE_DISCOVERY").ok(ev.service_discovery()).body
    offered = {"ac": ["AC_single_phase_core", "AC_three_phase_core"], "dc": ["DC_extended"]}[kind]
    assert body.PaymentOptionList.PaymentOption == ["ExternalPayment"]
    assert body.ChargeService.SupportedEnergyTransferMode.EnergyTransferMode == offered
    assert (body.ChargeService.ServiceID, body.ServiceList) == (1, None)


REFUSED_SELECTIONS = {
    "CMN_PaymentServiceSelection_006": (("ExternalPayment", (1, 77)), "FAILED_ServiceSelectionInvalid"),
    "CMN_PaymentServiceSelection_007": (("ExternalPayment", (2,)), "FAILED_NoChargeServiceSelected"),
    "CMN_PaymentServiceSelection_009": (("Contract", (1,)), "FAILED_PaymentSelectionInvalid"),
}


@pytest.mark.parametrize(("kind", "selection", "code"), both(REFUSED_SELECTIONS))
def test_a_selection_that_was_not_offered(way: Any, ev: Any, kind: str, selection: Any, code: str) -> None:
    """EVV2G-024, EVV2G-025, EVV2G-026, RISE-001, RISE-002."""
    step = way(kind).to("PAYMENT_SERVICE_SELECTION").send(ev.payment(*selection))
    assert (step.code, step.closes, step.names) == (code, True, [])


@pytest.mark.parametrize("kind", ["ac", "dc"])
@pytest.mark.parametrize("purpose", ["CMN_PaymentServiceSelection_001", "CMN_PaymentServiceSelection_002"])
def test_a_good_selection(way: Any, ev: Any, kind: str, purpose: str) -> None:
    """CMN_PaymentServiceSelection_001, _002: with or without ServiceDetail before."""
    drive = way(kind).to("PAYMENT_SERVICE_SELECTION")
    if purpose.endswith("_002"):
        drive.ok(ev.service_detail())
    assert drive.send(ev.payment()).code == "OK"


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_cmn_service_detail_007_an_unknown_service(way: Any, ev: Any, kind: str) -> None:
    """CMN_ServiceDetail_007, ECOG-013, EVV2G-023, RISE-010."""
    drive = way(kind).to("PAYMENT_SERVICE_SELECTION")
    assert drive.ok(ev.service_detail(1)).body.ServiceID == 1
    step = drive.send(ev.service_detail(77))
    assert (step.code, step.closes, step.body.ServiceID) == ("FAILED_ServiceIDInvalid", True, 77)


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_cmn_authorization_001(way: Any, ev: Any, kind: str) -> None:
    """CMN_Authorization_001, OC-006, ECOG-003: polls while the customer thinks, then Finished."""
    drive = way(kind).to("AUTHORIZATION")
    for _ in range(3):
        body = drive.ok(ev.authorization()).body
        assert body.EVSEProcessing == "Ongoing_WaitingForCustomerInteraction"
    drive.command("authorization_response", authorization_status="Accepted", certificate_status="Accepted")
    assert drive.ok(ev.authorization()).body.EVSEProcessing == "Finished"
    assert drive.send(ev.authorization()).code == "FAILED_SequenceError"  # OC-005


@pytest.mark.parametrize("kind", ["ac", "dc"])
def test_cmn_authorization_014_ongoing_for_too_long(way: Any, ev: Any, kind: str) -> None:
    """CMN_Authorization_014, OC-029: the limit ends the session."""
    settings = SessionSettings(auth_timeout_eim_s=V2G_SECC_Ongoing_Timeout_s)
    drive = way(kind, settings).to("AUTHORIZATION")
    for _ in range(59):
        drive.wait(0.9)
        assert drive.send(ev.authorization()).code == "OK"
    drive.wait(0.9)
    step = drive.send(ev.authorization())
    assert (step.code, step.closes) == ("FAILED", True)
    assert drive.close().value("hlc_session_failed") == "AuthorizationFailed"


REFUSED_PARAMETERS = {
    "AC_ChargeParameterDiscovery_004": ({"mode": "DC_extended"}, "FAILED_WrongEnergyTransferMode"),
    "AC_ChargeParameterDiscovery_005": ({"EVMaxCurrent": pv(U.A, -100)}, "FAILED_WrongChargeParameter"),
    "DC_ChargeParameterDiscovery_003": ({"mode": "DC_core"}, "FAILED_WrongEnergyTransferMode"),
    "DC_ChargeParameterDiscovery_004": ({"EVMaximumCurrentLimit": pv(U.A, -100)}, "FAILED_WrongChargeParameter"),
}


@pytest.mark.parametrize(("kind", "values", "code"), both(REFUSED_PARAMETERS))
def test_parameters_that_cannot_be(way: Any, ev: Any, kind: str, values: dict[str, Any], code: str) -> None:
    """EVV2G-030, EVV2G-031, RISE-011, RISE-012."""
    step = way(kind).to("CHARGE_PARAMETER_DISCOVERY").send(getattr(ev, f"cpd_{kind}")(**values))
    assert (step.code, step.closes, step.body.SASchedules) == (code, True, None)


FIRST = {
    "AC_ChargeParameterDiscovery_001": {},
    "AC_ChargeParameterDiscovery_006": {"DepartureTime": 7200},
    "AC_ChargeParameterDiscovery_012": {"entries": 1},
    "AC_ChargeParameterDiscovery_016": {"DepartureTime": 7200, "entries": 1},
    "DC_ChargeParameterDiscovery_001": {},
    "DC_ChargeParameterDiscovery_006": {"DepartureTime": 7200},
    "DC_ChargeParameterDiscovery_012": {"entries": 1},
    "DC_ChargeParameterDiscovery_016": {"DepartureTime": 7200, "entries": 1},
}
AGAIN = {
    "AC_ChargeParameterDiscovery_002": {},
    "AC_ChargeParameterDiscovery_023": {"DepartureTime": 7200},
    "AC_ChargeParameterDiscovery_025": {"entries": 1},
    "AC_ChargeParameterDiscovery_028": {"DepartureTime": 7200, "entries": 1},
    "DC_ChargeParameterDiscovery_005": {},
    "DC_ChargeParameterDiscovery_023": {"DepartureTime": 7200},
    "DC_ChargeParameterDiscovery_025": {"entries": 1},
    "DC_ChargeParameterDiscovery_028": {"DepartureTime": 7200, "entries": 1},
}


def check_schedule(body: Any, values: dict[str, Any]) -> None:
    """A schedule that starts now and lasts as long as it should; ECOG-006, ECOG-007, ECOG-008, ECOG-018."""
    assert (body.ResponseCode, body.EVSEProcessing) == ("OK", "Finished")
    (schedule,) = body.SASchedules.SAScheduleTuple
    (entry,) = schedule.PMaxSchedule.PMaxScheduleEntry
    assert (entry.TimeInterval.start, entry.TimeInterval.duration) == (0, values.get("DepartureTime", 86_400))
    assert schedule.SalesTariff is None


@pytest.mark.parametrize(("kind", "values"), list(both({k: (v,) for k, v in FIRST.items()})))
def test_a_first_schedule(way: Any, ev: Any, kind: str, values: dict[str, Any]) -> None:
    step = way(kind).to("CHARGE_PARAMETER_DISCOVERY").send(getattr(ev, f"cpd_{kind}")(**values))
    check_schedule(step.body, values)


@pytest.mark.parametrize(("kind", "values"), list(both({k: (v,) for k, v in AGAIN.items()})))
def test_a_renegotiated_schedule(way: Any, ev: Any, kind: str, values: dict[str, Any]) -> None:
    drive = way(kind).to(LOOP[kind])
    drive.ok(ev.power("Renegotiate"))
    check_schedule(drive.send(getattr(ev, f"cpd_{kind}")(**values)).body, values)


@pytest.mark.parametrize("purpose", ["DC_CableCheck_001", "DC_CableCheck_002"])
def test_cable_check(way: Any, ev: Any, purpose: str) -> None:
    """DC_CableCheck_001, _002: Ongoing while the charger checks, then Finished; CP C or D is not the core's to see."""
    drive = way("dc").to("CABLE_CHECK")
    body = drive.ok(ev.cable_check()).body
    assert (body.EVSEProcessing, body.DC_EVSEStatus.EVSEStatusCode) == ("Ongoing", "EVSE_IsolationMonitoringActive")
    drive.command("update_isolation_status", isolation_status="Valid")
    drive.command("cable_check_finished", status=True)
    body = drive.ok(ev.cable_check()).body
    assert (body.EVSEProcessing, body.DC_EVSEStatus.EVSEStatusCode) == ("Finished", "EVSE_Ready")


@pytest.mark.parametrize("purpose", ["DC_CableCheck_006", "DC_CableCheck_007"])
def test_a_cable_check_that_does_not_end(way: Any, ev: Any, purpose: str) -> None:
    """DC_CableCheck_006, _007: Ongoing for longer than V2G_EVCC_CableCheck_Timeout, but not for ever."""
    drive = way("dc").to("CABLE_CHECK")
    for _ in range(int(V2G_SECC_CableCheck_Timeout_s)):
        assert drive.ok(ev.cable_check()).body.EVSEProcessing == "Ongoing"
        drive.wait(0.9)
    step = drive.send(ev.cable_check())
    assert (step.code, step.closes) == ("FAILED", True)
    assert drive.close().value("hlc_session_failed") == "EnergyTransferSetupFailed"


def test_dc_pre_charge_001(way: Any, ev: Any) -> None:
    drive = way("dc")
    drive.to("PRE_CHARGE")
    for voltage in (100.0, 250.0, 400.0):
        drive.present(voltage)
        body = drive.drive.ok(ev.pre_charge(400.0)).body
        assert body.DC_EVSEStatus.EVSEStatusCode == "EVSE_Ready"
        assert body.EVSEPresentVoltage == pv(U.V, voltage)


@pytest.mark.parametrize("purpose", ["AC_PowerDelivery_001", "AC_PowerDelivery_002"])
def test_ac_power_delivery_start(way: Any, ev: Any, purpose: str) -> None:
    drive = way("ac").to("POWER_DELIVERY")
    assert drive.send(ev.power("Start")).output.response is None
    assert drive.command("ac_contactor_closed", status=True).code == "OK"


def test_ac_power_delivery_003_004_renegotiation(way: Any, ev: Any) -> None:
    """AC_PowerDelivery_003, AC_PowerDelivery_004, OC-013: the contactor stays closed, so Start is answered at once."""
    drive = way("ac").to(LOOP["ac"])
    drive.ok(ev.power("Renegotiate"))
    drive.ok(ev.cpd_ac())
    step = drive.ok(ev.power("Start"))
    assert step.names == ["v2g_setup_finished"]
    drive.ok(ev.charging_status())


def test_dc_power_delivery_011_012_renegotiation(way: Any, ev: Any) -> None:
    """DC_PowerDelivery_011, DC_PowerDelivery_012, OC-012: CableCheck and PreCharge again."""
    drive = way("dc")
    drive.to(LOOP["dc"])
    drive.drive.ok(ev.power("Renegotiate"))
    assert drive.drive.charger.isolation_status == "Invalid"
    drive.drive.ok(ev.cpd_dc())
    first = drive.drive.ok(ev.cable_check())
    assert ("start_cable_check" in first.names, first.body.EVSEProcessing) == (True, "Ongoing")
    drive.drive.command("update_isolation_status", isolation_status="Valid")
    drive.drive.command("cable_check_finished", status=True)
    drive.drive.ok(ev.cable_check())
    assert "start_pre_charge" in drive.drive.ok(ev.pre_charge()).names
    drive.drive.ok(ev.power("Start"))
    assert "current_demand_started" in drive.drive.ok(ev.current_demand()).names


def test_oc_012_cable_check_cannot_be_skipped_in_a_renegotiation(way: Any, ev: Any) -> None:
    drive = way("dc").to(LOOP["dc"])
    drive.ok(ev.power("Renegotiate"))
    drive.ok(ev.cpd_dc())
    assert drive.send(ev.power("Start")).code == "FAILED_SequenceError"


STARTS = {
    "AC_PowerDelivery_010": (START, {"profile": ((0, 30_000.0),)}, "FAILED_ChargingProfileInvalid"),
    "AC_PowerDelivery_011": (START, {"tuple_id": 9}, "FAILED_TariffSelectionInvalid"),
    "AC_PowerDelivery_014": (START, {"progress": "Renegotiate"}, "FAILED"),
    "DC_PowerDelivery_007": (START, {"profile": ((0, 200_000.0),)}, "FAILED_ChargingProfileInvalid"),
    "DC_PowerDelivery_008": (START, {"tuple_id": 9}, "FAILED_TariffSelectionInvalid"),
    "DC_PowerDelivery_013": (START, {"progress": "Renegotiate"}, "FAILED"),
}


@pytest.mark.parametrize(("kind", "state", "values", "code"), both(STARTS))
def test_a_start_that_is_refused(way: Any, ev: Any, kind: str, state: Any, values: dict[str, Any], code: str) -> None:
    """EVV2G-032, EVV2G-033, EVV2G-036, RISE-013, RISE-014, RISE-015."""
    step = way(kind).to(at(state, kind)).send(ev.power(**values))
    assert (step.code, step.closes) == (code, True)
    assert "v2g_setup_finished" not in step.names


STOPS = {
    "AC_PowerDelivery_005": ("NO_ERROR",),
    "DC_PowerDelivery_002": ("NO_ERROR",),
    "DC_PowerDelivery_014": ("FAILED_RESSTemperatureInhibit",),
    "DC_PowerDelivery_015": ("FAILED_EVShiftPosition",),
    "DC_PowerDelivery_016": ("FAILED_ChargerConnectorLockFault",),
    "DC_PowerDelivery_017": ("FAILED_EVRESSMalfunction",),
    "DC_PowerDelivery_018": ("FAILED_ChargingCurrentdifferential",),
    "DC_PowerDelivery_019": ("FAILED_ChargingVoltageOutOfRange",),
    "DC_PowerDelivery_020": ("FAILED_ChargingSystemIncompatibility",),
    "DC_PowerDelivery_021": ("NoData",),
}


@pytest.mark.parametrize(("kind", "error"), both(STOPS))
def test_a_stop_for_any_reason(way: Any, ev: Any, kind: str, error: str) -> None:
    step = way(kind).to(LOOP[kind]).send(ev.power("Stop", dc=kind == "dc", error=error))
    assert step.code == "OK"
    if error != "NO_ERROR":
        assert step.value("dc_ev_status")["dc_ev_error_code"] == error


def test_dc_power_delivery_001(way: Any, ev: Any) -> None:
    step = way("dc").to("PRE_CHARGE_OR_POWER_DELIVERY").send(ev.power("Start", dc=True))
    assert (step.code, step.body.EVSEStatus.EVSEStatusCode) == ("OK", "EVSE_Ready")


METERS = {
    "DC_CurrentDemand_001": (False,),
    "DC_CurrentDemand_006": (True,),
    "DC_CurrentDemand_008": (True,),
    "AC_ChargingStatus_001": (False,),
    "AC_ChargingStatus_006": (True,),
    "AC_ChargingStatus_008": (True,),
}


@pytest.mark.parametrize(("kind", "meter"), both(METERS))
def test_loop_without_receipts(way: Any, ev: Any, kind: str, meter: bool) -> None:
    """Also OC-015: MeterInfo once a reading, absent without meter; receipts are for contracts only."""
    drive = way(kind).to("CURRENT_DEMAND" if kind == "dc" else "CHARGING_STATUS")
    drive.command("receipt_is_required", receipt_required=True)
    if meter:
        reading = {"timestamp": "2024-01-01T00:00:00Z", "energy_Wh_import": {"total": 1234.5}, "meter_id": "M1"}
        drive.command("update_meter_info", powermeter=reading)
    request = ev.current_demand() if kind == "dc" else ev.charging_status()
    body = drive.ok(request).body
    assert body.ReceiptRequired is (None if kind == "dc" else False)
    assert (body.MeterInfo.MeterID, body.MeterInfo.MeterReading) == ("M1", 1234) if meter else body.MeterInfo is None
    assert drive.ok(request).body.MeterInfo is None


def test_dc_welding_detection_001(way: Any, ev: Any) -> None:
    drive = way("dc").to(STOPPED["dc"])
    body = drive.ok(ev.welding()).body
    assert (body.EVSEPresentVoltage, body.DC_EVSEStatus.EVSEStatusCode) == (pv(U.V, 400), "EVSE_Shutdown")
    drive.ok(ev.welding())


@pytest.mark.parametrize("kind", ["ac", "dc"])
@pytest.mark.parametrize("welding", [False, True])
def test_session_stop(way: Any, ev: Any, kind: str, welding: bool) -> None:
    """AC_SessionStop_001, DC_SessionStop_001, DC_SessionStop_002: the data link is left."""
    drive = way(kind).to(STOPPED[kind])
    if welding and kind == "dc":
        drive.ok(ev.welding())
    step = drive.send(ev.stop())
    assert (step.code, step.output.close.name) == ("OK", "AFTER_EV")
    assert drive.close().names == ["dlink_terminate"]


@pytest.mark.parametrize(
    "stimulus",
    [
        pytest.param("sequence", id="DC_SessionStop_007"),
        pytest.param("session", id="DC_SessionStop_008"),
        pytest.param("silence", id="DC_SessionStop_009"),
    ],
)
def test_after_welding_detection(way: Any, ev: Any, stimulus: str) -> None:
    drive = way("dc").to(STOPPED["dc"])
    drive.ok(ev.welding())
    if stimulus == "silence":
        assert drive.wait(60.1).closes
        return
    step = drive.send(ev.service_discovery()) if stimulus == "sequence" else drive.send(ev.stop(), session_id=FOREIGN)
    assert step.code == {"sequence": "FAILED_SequenceError", "session": "FAILED_UnknownSession"}[stimulus]
    assert step.closes


EMERGENCIES = dict.fromkeys(("AC_Abnormal_001", "AC_Abnormal_002", "DC_Abnormal_001", "DC_Abnormal_002"), ())


@pytest.mark.parametrize("kind", both(EMERGENCIES))
@pytest.mark.parametrize("ev_asks", [True, False])
def test_an_electrical_fault_in_the_loop(way: Any, ev: Any, kind: str, ev_asks: bool) -> None:
    """The charger reports the fault as an emergency: FAILED and the end, within five seconds also for a silent EV."""
    drive = way(kind).to(LOOP[kind])
    drive.command("send_error", error="Error_EmergencyShutdown")
    if ev_asks:
        step = drive.send(ev.current_demand() if kind == "dc" else ev.charging_status())
        assert step.code == "FAILED"
    else:
        step = drive.wait(5.0)
        assert step.output.response is None
    assert step.closes
    assert drive.close().names[:2] == ["current_demand_finished", f"{kind}_open_contactor"]


EARLY = ["PAYMENT_SERVICE_SELECTION", "CHARGE_PARAMETER_DISCOVERY", "CABLE_CHECK", "PRE_CHARGE_OR_POWER_DELIVERY"]


@pytest.mark.parametrize("state", EARLY)
def test_oc_007_an_early_session_stop(way: Any, ev: Any, state: str) -> None:
    drive = way("dc").to(state)
    assert drive.send(ev.stop()).code == "OK"
    assert drive.close().names == ["dlink_terminate"]
