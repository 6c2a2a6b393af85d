"""Requests of an ISO 15118-20 EV, and the way to each state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fastsecc.charger.state import AcPower
from fastsecc.messages import iso20
from fastsecc.messages.iso20.common_types import V2GRequestType
from fastsecc.messages.payload_types import METERING_CONFIRMATION, PARKING_STATUS, SCHEDULE_RENEGOTIATION
from fastsecc.session.api import SessionSettings
from fastsecc.session.iso20.numbers import rational
from fastsecc.session.iso20.settings import Iso20Settings, Parking
from fastsecc.session.refusal import refuse
from tests.session.conftest import START_s, UNIX_AT_START_s

MODULES = (iso20.common_messages, iso20.ac, iso20.dc, iso20.acdp, iso20.wpt)
HEADER = iso20.MessageHeaderType(SessionID=bytes(8), TimeStamp=0)
"""Stands in until the request is sent."""
VEHICLE = b"a vehicle's certificate"
FOREIGN = b"\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08"
SERVICES: Mapping[str, tuple[str, tuple[str, ...], int]] = {
    "ac": ("iso20-ac", ("AC_single_phase_core", "AC_three_phase_core"), 1),
    "ac-bpt": ("iso20-ac", ("AC_three_phase_core", "AC_BPT"), 5),
    "dc": ("iso20-dc", ("DC_extended",), 2),
    "dc-bpt": ("iso20-dc", ("DC_extended", "DC_BPT"), 6),
    "mcs": ("iso20-dc", ("MCS", "MCS_BPT"), 8),
    "mcs-bpt": ("iso20-dc", ("MCS", "MCS_BPT"), 9),
}
"""Protocol to choose, the charger's energy transfer modes, and the service to select."""
FINISHED = iso20.ProcessingType.Finished
ONGOING = iso20.ProcessingType.Ongoing


METER_ID = "meter 1"
METER_Wh = 12_345
CPD_DC = {
    "EVMaximumChargePower": 120_000.0,
    "EVMinimumChargePower": 100.0,
    "EVMaximumChargeCurrent": 300.0,
    "EVMinimumChargeCurrent": 1.0,
    "EVMaximumVoltage": 450.0,
    "EVMinimumVoltage": 200.0,
}
CPD_AC = {"EVMaximumChargePower": 11_000.0, "EVMinimumChargePower": 1400.0}
CPD_BPT = {
    "dc": {
        "EVMaximumDischargePower": 20_000.0,
        "EVMinimumDischargePower": 100.0,
        "EVMaximumDischargeCurrent": 50.0,
        "EVMinimumDischargeCurrent": 1.0,
    },
    "ac": {"EVMaximumDischargePower": 10_000.0, "EVMinimumDischargePower": 100.0},
}
ENERGY_REQUESTS = {
    "EVTargetEnergyRequest": 30_000.0,
    "EVMaximumEnergyRequest": 50_000.0,
    "EVMinimumEnergyRequest": -2000.0,
}
LOOP: Mapping[tuple[str, str], Mapping[str, float]] = {
    ("DC", "Scheduled"): {"EVTargetCurrent": 100.0, "EVTargetVoltage": 400.0},
    ("DC", "Dynamic"): {
        "EVMaximumChargePower": 120_000.0,
        "EVMinimumChargePower": 0.0,
        "EVMaximumChargeCurrent": 300.0,
        "EVMaximumVoltage": 450.0,
        "EVMinimumVoltage": 200.0,
    },
    ("AC", "Scheduled"): {"EVPresentActivePower": 10_000.0},
    ("AC", "Dynamic"): {
        "EVMaximumChargePower": 11_000.0,
        "EVMinimumChargePower": 0.0,
        "EVPresentActivePower": 10_000.0,
        "EVPresentReactivePower": 0.0,
    },
}
LOOP_BPT = {
    "DC": {"EVMaximumDischargePower": 20_000.0, "EVMinimumDischargePower": 0.0, "EVMaximumDischargeCurrent": 50.0},
    "AC": {"EVMaximumDischargePower": 10_000.0, "EVMinimumDischargePower": 0.0},
}


def smallest(cls: Any) -> Any:
    """Build the smallest valid instance of a request."""
    return refuse(cls, "", {"Header": HEADER})


def requests() -> dict[str, Any]:
    """Collect the classes of all requests by name."""
    return {
        name: cls
        for module in MODULES
        for name, cls in vars(module).items()
        if isinstance(cls, type) and issubclass(cls, V2GRequestType) and name in module.ELEMENTS
    }


class Requests:
    """Requests with values of an ordinary car."""

    def session_setup(self, evcc_id: str = "00aabbccddee") -> Any:
        return iso20.SessionSetupReq(Header=HEADER, EVCCID=evcc_id)

    def authorization_setup(self) -> Any:
        return iso20.AuthorizationSetupReq(Header=HEADER)

    def authorization(self) -> Any:
        return iso20.AuthorizationReq(
            Header=HEADER,
            SelectedAuthorizationService=iso20.AuthorizationType.EIM,
            EIM_AReqAuthorizationMode=iso20.EIM_AReqAuthorizationModeType(),
        )

    def pnc_authorization(self) -> Any:
        chain = iso20.ContractCertificateChainType(
            Certificate=b"contract", SubCertificates=iso20.SubCertificatesType(Certificate=[b"sub"])
        )
        mode = iso20.PnC_AReqAuthorizationModeType(Id="id1", GenChallenge=bytes(16), ContractCertificateChain=chain)
        return iso20.AuthorizationReq(
            Header=HEADER,
            SelectedAuthorizationService=iso20.AuthorizationType.PnC,
            PnC_AReqAuthorizationMode=mode,
        )

    def service_discovery(self, *supported: int) -> Any:
        ids = iso20.ServiceIDListType(ServiceID=list(supported)) if supported else None
        return iso20.ServiceDiscoveryReq(Header=HEADER, SupportedServiceIDs=ids)

    def service_detail(self, service: int = 2) -> Any:
        return iso20.ServiceDetailReq(Header=HEADER, ServiceID=service)

    def service_selection(self, service: int = 2, parameter_set: int = 0, *vas: tuple[int, int]) -> Any:
        selected = [
            iso20.SelectedServiceType(ServiceID=i, ParameterSetID=p) for i, p in ((service, parameter_set), *vas)
        ]
        return iso20.ServiceSelectionReq(
            Header=HEADER,
            SelectedEnergyTransferService=selected[0],
            SelectedVASList=iso20.SelectedServiceListType(SelectedService=selected[1:]) if vas else None,
        )

    def stop(self, how: str = "Terminate", code: str | None = None, explanation: str | None = None) -> Any:
        return iso20.SessionStopReq(
            Header=HEADER,
            ChargingSession=iso20.ChargingSessionType(how),
            EVTerminationCode=code,
            EVTerminationExplanation=explanation,
        )

    def check_in(self) -> Any:
        return iso20.VehicleCheckInReq(
            Header=HEADER,
            EVCheckInStatus=iso20.EvCheckInStatusType.CheckIn,
            ParkingMethod=iso20.ParkingMethodType.Manual,
        )

    def check_out(self, status: str = "CheckOut") -> Any:
        return iso20.VehicleCheckOutReq(
            Header=HEADER, EVCheckOutStatus=iso20.EvCheckOutStatusType(status), CheckOutTime=1_700_000_100
        )

    # energy

    def cpd(self, kind: str = "dc", **values: float) -> Any:
        """Build AC_ or DC_ChargeParameterDiscoveryReq for a kind of service."""
        energy, bpt = ("ac" if kind.startswith("ac") else "dc"), kind.endswith("bpt")
        numbers = {**(CPD_AC if energy == "ac" else CPD_DC), **(CPD_BPT[energy] if bpt else {}), **values}
        parameters = {name: rational(value) for name, value in numbers.items()}
        if energy == "ac":
            ac_mode = iso20.ac.BPT_AC_CPDReqEnergyTransferModeType if bpt else iso20.ac.AC_CPDReqEnergyTransferModeType
            return iso20.ac.AC_ChargeParameterDiscoveryReq(
                Header=HEADER, AC_CPDReqEnergyTransferMode=ac_mode(**parameters)
            )
        mode = iso20.dc.BPT_DC_CPDReqEnergyTransferModeType if bpt else iso20.dc.DC_CPDReqEnergyTransferModeType
        return iso20.dc.DC_ChargeParameterDiscoveryReq(Header=HEADER, DC_CPDReqEnergyTransferMode=mode(**parameters))

    def schedule_exchange(self, control_mode: str = "Scheduled", **values: Any) -> Any:
        scheduled = iso20.Scheduled_SEReqControlModeType(**values) if control_mode == "Scheduled" else None
        needs = {"DepartureTime": 7200, **{name: rational(value) for name, value in ENERGY_REQUESTS.items()}, **values}
        return iso20.ScheduleExchangeReq(
            Header=HEADER,
            MaximumSupportingPoints=24,
            Scheduled_SEReqControlMode=scheduled,
            Dynamic_SEReqControlMode=None if scheduled else iso20.Dynamic_SEReqControlModeType(**needs),
        )

    def cable_check(self) -> Any:
        return iso20.dc.DC_CableCheckReq(Header=HEADER)

    def pre_charge(self, processing: Any = FINISHED, target: float = 400.0, present: float = 0.0) -> Any:
        return iso20.dc.DC_PreChargeReq(
            Header=HEADER,
            EVProcessing=processing,
            EVPresentVoltage=rational(present),
            EVTargetVoltage=rational(target),
        )

    def power(self, progress: str = "Start", **values: Any) -> Any:
        return iso20.PowerDeliveryReq(
            Header=HEADER,
            **{"EVProcessing": FINISHED, "ChargeProgress": iso20.ChargeProgressType(progress), **values},
        )

    def loop(
        self,
        kind: str = "dc",
        control_mode: str = "Scheduled",
        *,
        meter: bool = False,
        display: Any = None,
        **values: float,
    ) -> Any:
        """Build AC_ or DC_ChargeLoopReq for a kind of service in a control mode."""
        energy, bpt = ("AC" if kind.startswith("ac") else "DC"), kind.endswith("bpt")
        module = iso20.ac if energy == "AC" else iso20.dc
        name = f"{'BPT_' if bpt else ''}{control_mode}_{energy}_CLReqControlModeType"
        numbers = dict(LOOP[energy, control_mode])
        if control_mode == "Dynamic":
            numbers |= ENERGY_REQUESTS
            if bpt:
                numbers |= LOOP_BPT[energy]
        mode = getattr(module, name)(**{name: rational(value) for name, value in {**numbers, **values}.items()})
        own = {"EVPresentVoltage": rational(400.0)} if energy == "DC" else {}
        return getattr(module, f"{energy}_ChargeLoopReq")(
            Header=HEADER, DisplayParameters=display, MeterInfoRequested=meter, CLReqControlMode=mode, **own
        )

    def welding(self, processing: Any = FINISHED) -> Any:
        return iso20.dc.DC_WeldingDetectionReq(Header=HEADER, EVProcessing=processing)

    def metering_confirmation(self, session_id: bytes = bytes(8), control_mode: str = "Scheduled") -> Any:
        """Build MeteringConfirmationReq for the reading that `Way.to` makes the charger report."""
        scheduled = iso20.Scheduled_SMDTControlModeType(SelectedScheduleTupleID=1)
        data = iso20.SignedMeteringDataType(
            Id="id1",
            SessionID=session_id,
            MeterInfo=iso20.MeterInfoType(MeterID=METER_ID, ChargedEnergyReadingWh=METER_Wh),
            Scheduled_SMDTControlMode=scheduled if control_mode == "Scheduled" else None,
            Dynamic_SMDTControlMode=None if control_mode == "Scheduled" else iso20.Dynamic_SMDTControlModeType(),
        )
        return iso20.MeteringConfirmationReq(Header=HEADER, SignedMeteringData=data)


def set_with(detail: Any, **wanted: int) -> int:
    """Find the parameter set of a ServiceDetailRes with the given values."""
    for offered in detail.ServiceParameterList.ParameterSet:
        values = {parameter.Name: parameter.intValue for parameter in offered.Parameter}
        if wanted.items() <= values.items():
            return int(offered.ParameterSetID)
    raise AssertionError(f"no parameter set with {wanted}")


class Way:
    """Takes a drive from the connection to a state, as an ordinary car and charger would."""

    def __init__(
        self, drive: Any, ev: Requests, kind: str, control_mode: str = "Scheduled", mobility_needs: str = "EVCC"
    ) -> None:
        self.drive, self.ev, self.kind = drive, ev, kind
        self.control_mode, self.mobility_needs = control_mode, mobility_needs
        self.protocol, _, self.service = SERVICES[kind]
        self.energy = "ac" if kind.startswith("ac") else "dc"
        ok = drive.ok
        cpd, loop = f"{self.energy.upper()}_CHARGE_PARAMETER_DISCOVERY", f"{self.energy.upper()}_CHARGE_LOOP"
        steps: list[tuple[str, Callable[[], Any]]] = [
            ("SESSION_SETUP", lambda: drive.choose(self.protocol)),
            ("AUTHORIZATION_SETUP", lambda: ok(ev.session_setup())),
            ("AUTHORIZATION", lambda: ok(ev.authorization_setup())),
            ("SERVICE_DISCOVERY", self.authorize),
            ("SERVICE_DETAIL", lambda: ok(ev.service_discovery())),
            ("SERVICE_SELECTION", self.detail),
            (cpd, self.select),
            ("SCHEDULE_EXCHANGE", lambda: ok(ev.cpd(kind))),
        ]
        dc_steps: list[tuple[str, Callable[[], Any]]] = [
            ("DC_CABLE_CHECK", lambda: ok(ev.schedule_exchange(control_mode))),
            ("DC_PRE_CHARGE", self.check_cable),
            ("POWER_DELIVERY", self.pre_charge),
            (loop, lambda: ok(ev.power("Start"))),
            ("DC_WELDING_DETECTION", self.stop),
            ("SESSION_STOP", lambda: ok(ev.welding())),
        ]
        ac_steps: list[tuple[str, Callable[[], Any]]] = [
            ("POWER_DELIVERY", lambda: ok(ev.schedule_exchange(control_mode))),
            (loop, self.start_ac),
            ("SESSION_STOP", self.stop),
        ]
        self.steps = [*steps, *(dc_steps if self.energy == "dc" else ac_steps), ("ENDED", lambda: ok(ev.stop()))]

    @property
    def states(self) -> list[str]:
        """Names of the states on the way."""
        return [name for name, _ in self.steps]

    def to(self, state: str) -> Any:
        """Go on to a state and return the drive."""
        names = self.states
        if state.endswith("CHARGE_LOOP"):
            self.meter()
        current = self.drive.session.state
        begin = names.index(current) + 1 if current in names else 0
        for name, step in self.steps[begin : names.index(state) + 1]:
            step()
            assert self.drive.session.state == name
        return self.drive

    def meter(self, energy_wh: float = METER_Wh) -> None:
        """Let the meter report."""
        reading = {"timestamp": "2026-01-01T00:00:00Z", "meter_id": METER_ID, "energy_Wh_import": {"total": energy_wh}}
        self.drive.command("update_meter_info", powermeter=reading)

    def again(self, vehicle: bytes | None = VEHICLE) -> Any:
        """Connect anew after a pause and go on to SessionSetup."""
        paused = self.drive.session.paused
        self.drive.close()
        self.drive.now += 10
        self.drive.connect(paused)
        if vehicle is not None:
            self.drive.session.secured("TLSv1.3", vehicle)
        self.drive.choose(self.protocol)
        return self.drive

    def authorize(self) -> None:
        self.drive.ok(self.ev.authorization())
        self.drive.command(
            "authorization_response", authorization_status="Accepted", certificate_status="NoCertificateAvailable"
        )
        self.drive.ok(self.ev.authorization())

    def detail(self) -> None:
        self.set_id = set_with(
            self.drive.ok(self.ev.service_detail(self.service)).body,
            ControlMode=1 if self.control_mode == "Scheduled" else 2,
            MobilityNeedsMode=1 if self.mobility_needs == "EVCC" else 2,
        )

    def select(self) -> None:
        self.drive.ok(self.ev.service_selection(self.service, self.set_id))

    def check_cable(self) -> None:
        self.drive.ok(self.ev.cable_check())
        self.drive.command("update_isolation_status", isolation_status="Valid")
        self.drive.command("cable_check_finished", status=True)
        self.drive.ok(self.ev.cable_check())

    def present(self, voltage: float = 400.0, current: float = 0.0) -> None:
        """Let the supply report what it puts out."""
        values = {"evse_present_voltage": voltage, "evse_present_current": current}
        self.drive.command("update_dc_present_values", present_voltage_current=values)

    def pre_charge(self) -> None:
        self.drive.ok(self.ev.pre_charge(ONGOING))
        self.present()
        self.drive.ok(self.ev.pre_charge())

    def start_ac(self) -> None:
        self.drive.send(self.ev.power("Start"))
        step = self.drive.command("ac_contactor_closed", status=True)
        assert step.code == "OK"

    def loop(self, **values: Any) -> Any:
        """Send a request of the charge loop."""
        return self.drive.send(self.ev.loop(self.kind, self.control_mode, **values))

    def stop(self) -> None:
        assert self.loop().code == "OK"
        self.drive.ok(self.ev.power("Stop"))


@pytest.fixture
def ev() -> Requests:
    """Give the EV's requests."""
    return Requests()


@pytest.fixture
def way(make: Any, ev: Requests) -> Callable[..., Way]:
    """Make a way: `way("dc-bpt", "Dynamic", vehicle=VEHICLE, evse_id=...)`; plain unless a vehicle is given."""

    def build(
        kind: str = "dc",
        control_mode: str = "Scheduled",
        mobility_needs: str = "EVCC",
        *,
        settings: SessionSettings | None = None,
        vehicle: bytes | None = None,
        **values: Any,
    ) -> Way:
        modes = SERVICES[kind][1]
        policy = settings or SessionSettings(allow_plain_iso20=True)
        drive = (make.ac if kind.startswith("ac") else make.dc)(policy, **{"energy_transfer_modes": modes, **values})
        if vehicle is not None:
            drive.session.secured("TLSv1.3", vehicle)
        if kind.startswith("ac"):
            limits = {"charge_power": {"total": 22_080.0}, "discharge_power": {"total": 10_000.0}}
            drive.command("update_ac_maximum_limits", maximum_limits=limits)
        drive.charger.capabilities.max_import_power_w = 20_000.0
        drive.charger.capabilities.max_import_current_a = 50.0
        drive.charger.ac_maximum_discharge_power = AcPower(10_000.0)
        return Way(drive, ev, kind, control_mode, mobility_needs)

    return build


@pytest.fixture
def contract_way(way: Any) -> Any:
    """Make a way for an EV with a contract: see `tests.session.iso20.pnc.make_contract_way`."""
    from tests.session.iso20.pnc import make_contract_way

    return make_contract_way(way)


def settings(**iso20_values: Any) -> SessionSettings:
    """Make settings that allow ISO 15118-20 without TLS, with values of its own settings."""
    return SessionSettings(allow_plain_iso20=True, iso20=Iso20Settings(**iso20_values))


def power_profile(drive: Any, *powers: tuple[int, float], tuple_id: int | None = 1, tolerance: Any = None) -> Any:
    """Build EVPowerProfile from (seconds, watts), from now on; without a schedule's id it is of the dynamic mode."""
    entries = [iso20.PowerScheduleEntryType(Duration=seconds, Power=rational(power)) for seconds, power in powers]
    scheduled = None
    if tuple_id is not None:
        scheduled = iso20.Scheduled_EVPPTControlModeType(
            SelectedScheduleTupleID=tuple_id, PowerToleranceAcceptance=tolerance
        )
    return iso20.EVPowerProfileType(
        TimeAnchor=int(UNIX_AT_START_s + drive.now - START_s),
        Scheduled_EVPPTControlMode=scheduled,
        Dynamic_EVPPTControlMode=None if scheduled else iso20.Dynamic_EVPPTControlModeType(),
        EVPowerProfileEntries=iso20.EVPowerProfileEntryListType(EVPowerProfileEntry=entries),
    )


PARKING = (Parking("VehicleCheckIn", "AutoInternal"), Parking("VehicleCheckOut", "AutoInternal"))
STREAMS = {
    "ScheduleExchangeReq": SCHEDULE_RENEGOTIATION,
    "MeteringConfirmationReq": METERING_CONFIRMATION,
    "VehicleCheckInReq": PARKING_STATUS,
    "VehicleCheckOutReq": PARKING_STATUS,
}
"""Streams beside the main one, by the requests that belong there."""
