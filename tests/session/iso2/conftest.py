"""Requests of an ISO 15118-2 EV, and the way to each state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fastsecc.messages import iso2, xmldsig
from fastsecc.session.physical import physical

U = iso2.UnitSymbolType
PAYMENT = iso2.PaymentOptionType
EVCCID = bytes.fromhex("00aabbccddee")


def pv(unit: iso2.UnitSymbolType, value: float, decimals: int = 1) -> iso2.PhysicalValueType:
    """Say a physical value."""
    return physical(iso2.PhysicalValueType, unit, value, decimals)


class Requests:
    """Every request, with values of an ordinary car."""

    def ev_status(self, soc: int = 40, ready: bool = True, error: str = "NO_ERROR") -> iso2.DC_EVStatusType:
        return iso2.DC_EVStatusType(EVReady=ready, EVErrorCode=iso2.DC_EVErrorCodeType(error), EVRESSSOC=soc)

    def session_setup(self) -> Any:
        return iso2.SessionSetupReq(EVCCID=EVCCID)

    def service_discovery(self) -> Any:
        return iso2.ServiceDiscoveryReq()

    def service_detail(self, service: int = 1) -> Any:
        return iso2.ServiceDetailReq(ServiceID=service)

    def payment(self, option: str = "ExternalPayment", services: tuple[int, ...] = (1,)) -> Any:
        selected = [iso2.SelectedServiceType(ServiceID=service) for service in services]
        return iso2.PaymentServiceSelectionReq(
            SelectedPaymentOption=PAYMENT(option),
            SelectedServiceList=iso2.SelectedServiceListType(SelectedService=selected),
        )

    def authorization(self) -> Any:
        return iso2.AuthorizationReq()

    def cpd_dc(self, mode: str = "DC_extended", **values: Any) -> Any:
        entries = values.pop("entries", None)
        parameters = {
            "DC_EVStatus": self.ev_status(),
            "EVMaximumCurrentLimit": pv(U.A, 200),
            "EVMaximumPowerLimit": pv(U.W, 100_000, 0),
            "EVMaximumVoltageLimit": pv(U.V, 420),
            **values,
        }
        return iso2.ChargeParameterDiscoveryReq(
            MaxEntriesSAScheduleTuple=entries,
            RequestedEnergyTransferMode=iso2.EnergyTransferModeType(mode),
            EVChargeParameter=iso2.DC_EVChargeParameterType(**parameters),
        )

    def cpd_ac(self, mode: str = "AC_three_phase_core", **values: Any) -> Any:
        entries = values.pop("entries", None)
        parameters = {
            "EAmount": pv(U.Wh, 22_000, 0),
            "EVMaxVoltage": pv(U.V, 400),
            "EVMaxCurrent": pv(U.A, 32),
            "EVMinCurrent": pv(U.A, 6),
            **values,
        }
        return iso2.ChargeParameterDiscoveryReq(
            MaxEntriesSAScheduleTuple=entries,
            RequestedEnergyTransferMode=iso2.EnergyTransferModeType(mode),
            EVChargeParameter=iso2.AC_EVChargeParameterType(**parameters),
        )

    def cable_check(self, **status: Any) -> Any:
        return iso2.CableCheckReq(DC_EVStatus=self.ev_status(**status))

    def pre_charge(self, voltage: float = 400.0) -> Any:
        return iso2.PreChargeReq(
            DC_EVStatus=self.ev_status(), EVTargetVoltage=pv(U.V, voltage), EVTargetCurrent=pv(U.A, 2)
        )

    def power(
        self,
        progress: str = "Start",
        tuple_id: int = 1,
        profile: tuple[tuple[int, float], ...] = (),
        dc: bool = False,
        error: str = "NO_ERROR",
    ) -> Any:
        entries = [
            iso2.ProfileEntryType(ChargingProfileEntryStart=start, ChargingProfileEntryMaxPower=pv(U.W, power, 0))
            for start, power in profile
        ]
        parameter = iso2.DC_EVPowerDeliveryParameterType(
            DC_EVStatus=self.ev_status(error=error), ChargingComplete=progress == "Stop", BulkChargingComplete=False
        )
        return iso2.PowerDeliveryReq(
            ChargeProgress=iso2.ChargeProgressType(progress),
            SAScheduleTupleID=tuple_id,
            ChargingProfile=iso2.ChargingProfileType(ProfileEntry=entries) if entries else None,
            EVPowerDeliveryParameter=parameter if dc else None,
        )

    def current_demand(self, voltage: float = 400.0, current: float = 100.0, **values: Any) -> Any:
        soc = values.pop("soc", 40)
        return iso2.CurrentDemandReq(
            **{
                "DC_EVStatus": self.ev_status(soc),
                "EVTargetCurrent": pv(U.A, current),
                "ChargingComplete": False,
                "EVTargetVoltage": pv(U.V, voltage),
                **values,
            }
        )

    def charging_status(self) -> Any:
        return iso2.ChargingStatusReq()

    def welding(self) -> Any:
        return iso2.WeldingDetectionReq(DC_EVStatus=self.ev_status())

    def payment_details(self) -> Any:
        chain = iso2.CertificateChainType(Certificate=b"certificate")
        return iso2.PaymentDetailsReq(eMAID="DEABCC123456789"[:15], ContractSignatureCertChain=chain)

    def certificate_installation(self) -> Any:
        return iso2.CertificateInstallationReq(
            Id="id1", OEMProvisioningCert=b"certificate", ListOfRootCertificateIDs=self._roots()
        )

    def certificate_update(self) -> Any:
        return iso2.CertificateUpdateReq(
            Id="id1",
            ContractSignatureCertChain=iso2.CertificateChainType(Certificate=b"certificate"),
            eMAID="DEABCC123456789",
            ListOfRootCertificateIDs=self._roots(),
        )

    def _roots(self) -> Any:
        root = xmldsig.X509IssuerSerialType(X509IssuerName="CN=root", X509SerialNumber=1)
        return iso2.ListOfRootCertificateIDsType(RootCertificateID=[root])

    def metering_receipt(self) -> Any:
        return iso2.MeteringReceiptReq(SessionID=bytes(8), MeterInfo=iso2.MeterInfoType(MeterID="m"))

    def stop(self, how: str = "Terminate") -> Any:
        return iso2.SessionStopReq(ChargingSession=iso2.ChargingSessionType(how))


EVERY_REQUEST = {
    "SessionSetupReq": "session_setup",
    "ServiceDiscoveryReq": "service_discovery",
    "ServiceDetailReq": "service_detail",
    "PaymentServiceSelectionReq": "payment",
    "PaymentDetailsReq": "payment_details",
    "CertificateInstallationReq": "certificate_installation",
    "CertificateUpdateReq": "certificate_update",
    "AuthorizationReq": "authorization",
    "ChargeParameterDiscoveryReq": "cpd_dc",
    "CableCheckReq": "cable_check",
    "PreChargeReq": "pre_charge",
    "PowerDeliveryReq": "power",
    "CurrentDemandReq": "current_demand",
    "ChargingStatusReq": "charging_status",
    "MeteringReceiptReq": "metering_receipt",
    "WeldingDetectionReq": "welding",
    "SessionStopReq": "stop",
}
"""Names of the methods of Requests."""

SETUP_STATES = (
    "SESSION_SETUP",
    "SERVICE_DISCOVERY",
    "PAYMENT_SERVICE_SELECTION",
    "AUTHORIZATION",
    "CHARGE_PARAMETER_DISCOVERY",
)
STATES = {
    "dc": (
        *SETUP_STATES,
        "CABLE_CHECK",
        "PRE_CHARGE",
        "PRE_CHARGE_OR_POWER_DELIVERY",
        "CURRENT_DEMAND",
        "CURRENT_DEMAND_OR_POWER_DELIVERY",
        "WELDING_DETECTION_OR_SESSION_STOP",
        "ENDED",
    ),
    "ac": (
        *SETUP_STATES,
        "POWER_DELIVERY",
        "CHARGING_STATUS",
        "CHARGING_STATUS_OR_POWER_DELIVERY",
        "SESSION_STOP",
        "ENDED",
    ),
}


class Way:
    """Takes a drive from the connection to a state, as an ordinary car and charger would."""

    def __init__(self, drive: Any, ev: Requests) -> None:
        self.drive, self.ev = drive, ev
        self.dc = drive.charger.energy_kind == "dc"
        steps = [
            ("SESSION_SETUP", lambda: drive.choose("iso2")),
            ("SERVICE_DISCOVERY", lambda: drive.ok(ev.session_setup())),
            ("PAYMENT_SERVICE_SELECTION", lambda: drive.ok(ev.service_discovery())),
            ("AUTHORIZATION", lambda: drive.ok(ev.payment())),
            ("CHARGE_PARAMETER_DISCOVERY", self.authorize),
        ]
        dc_steps = [
            ("CABLE_CHECK", lambda: drive.ok(ev.cpd_dc())),
            ("PRE_CHARGE", self.check_cable),
            ("PRE_CHARGE_OR_POWER_DELIVERY", self.pre_charge),
            ("CURRENT_DEMAND", lambda: drive.ok(ev.power("Start", dc=True))),
            ("CURRENT_DEMAND_OR_POWER_DELIVERY", lambda: drive.ok(ev.current_demand())),
            ("WELDING_DETECTION_OR_SESSION_STOP", lambda: drive.ok(ev.power("Stop", dc=True))),
            ("ENDED", lambda: drive.ok(ev.stop())),
        ]
        ac_steps = [
            ("POWER_DELIVERY", lambda: drive.ok(ev.cpd_ac())),
            ("CHARGING_STATUS", self.start_ac),
            ("CHARGING_STATUS_OR_POWER_DELIVERY", lambda: drive.ok(ev.charging_status())),
            ("SESSION_STOP", lambda: drive.ok(ev.power("Stop"))),
            ("ENDED", lambda: drive.ok(ev.stop())),
        ]
        self.steps: list[tuple[str, Callable[[], Any]]] = steps + (dc_steps if self.dc else ac_steps)

    def to(self, state: str) -> Any:
        """Go on to a state and return the drive."""
        names = [name for name, _ in self.steps]
        current = self.drive.session.state
        begin = names.index(current) + 1 if current in names else 0
        for name, step in self.steps[begin : names.index(state) + 1]:
            step()
            assert self.drive.session.state == name
        return self.drive

    def again(self) -> None:
        """Connect anew after a pause and go on to where the paused session is joined."""
        paused = self.drive.session.paused
        self.drive.close()
        self.drive.now += 10
        self.drive.connect(paused)
        self.drive.choose("iso2")

    def authorize(self) -> None:
        self.drive.ok(self.ev.authorization())
        self.drive.command(
            "authorization_response", authorization_status="Accepted", certificate_status="NoCertificateAvailable"
        )
        self.drive.ok(self.ev.authorization())

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
        self.drive.ok(self.ev.pre_charge())
        self.present()

    def start_ac(self) -> None:
        self.drive.send(self.ev.power("Start"))
        step = self.drive.command("ac_contactor_closed", status=True)
        assert step.code == "OK"


@pytest.fixture
def ev() -> Requests:
    """Give the EV's requests."""
    return Requests()


@pytest.fixture
def dc(make: Any, ev: Requests) -> Way:
    """A DC charger and an EV that has just connected."""
    return Way(make.dc(), ev)


@pytest.fixture
def ac(make: Any, ev: Requests) -> Way:
    """An AC charger and an EV that has just connected."""
    return Way(make.ac(), ev)


@pytest.fixture
def way(make: Any, ev: Requests) -> Callable[..., Way]:
    """Make a way: `way("dc", settings, evse_id=...)`."""

    def build(kind: str, settings: Any = None, **values: Any) -> Way:
        return Way(getattr(make, kind)(settings, **values), ev)

    return build
