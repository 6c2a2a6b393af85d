"""Requests of a DIN 70121 EV, and the way into every state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastsecc.messages import din70121 as din
from fastsecc.session.din70121.states import State
from tests.session.conftest import Drive

Unit = din.UnitSymbolType
MAC = bytes.fromhex("98ed5cb428d3")


def value(unit: Unit, number: int, multiplier: int = 0) -> din.PhysicalValueType:
    return din.PhysicalValueType(Multiplier=multiplier, Unit=unit, Value=number)


def volts(number: int, multiplier: int = 0) -> din.PhysicalValueType:
    return value(Unit.V, number, multiplier)


def amps(number: int, multiplier: int = 0) -> din.PhysicalValueType:
    return value(Unit.A, number, multiplier)


def watts(number: int, multiplier: int = 0) -> din.PhysicalValueType:
    return value(Unit.W, number, multiplier)


def ev_status(**changes: Any) -> din.DC_EVStatusType:
    values = {"EVReady": True, "EVErrorCode": din.DC_EVErrorCodeType.NO_ERROR, "EVRESSSOC": 40}
    return din.DC_EVStatusType(**(values | changes))


def session_setup(evcc_id: bytes = MAC) -> din.SessionSetupReq:
    return din.SessionSetupReq(EVCCID=evcc_id)


def service_discovery(**changes: Any) -> din.ServiceDiscoveryReq:
    return din.ServiceDiscoveryReq(**changes)


def payment_selection(
    option: din.PaymentOptionType = din.PaymentOptionType.ExternalPayment, services: tuple[int, ...] = (1,)
) -> din.ServicePaymentSelectionReq:
    selected = [din.SelectedServiceType(ServiceID=service) for service in services]
    return din.ServicePaymentSelectionReq(
        SelectedPaymentOption=option, SelectedServiceList=din.SelectedServiceListType(SelectedService=selected)
    )


def contract_authentication() -> din.ContractAuthenticationReq:
    return din.ContractAuthenticationReq()


def dc_parameters(**changes: Any) -> din.DC_EVChargeParameterType:
    values = {
        "DC_EVStatus": ev_status(EVReady=False),
        "EVMaximumCurrentLimit": amps(250),
        "EVMaximumVoltageLimit": volts(4100, -1),
    }
    return din.DC_EVChargeParameterType(**(values | changes))


def ac_parameters() -> din.AC_EVChargeParameterType:
    return din.AC_EVChargeParameterType(
        DepartureTime=3600,
        EAmount=value(Unit.Wh, 10_000),
        EVMaxVoltage=volts(400),
        EVMaxCurrent=amps(32),
        EVMinCurrent=amps(6),
    )


def charge_parameters(
    mode: str = "DC_extended", parameters: din.EVChargeParameterType | None = None, **changes: Any
) -> din.ChargeParameterDiscoveryReq:
    return din.ChargeParameterDiscoveryReq(
        EVRequestedEnergyTransferType=din.EVRequestedEnergyTransferType(mode),
        EVChargeParameter=dc_parameters(**changes) if parameters is None else parameters,
    )


def cable_check(**changes: Any) -> din.CableCheckReq:
    return din.CableCheckReq(DC_EVStatus=ev_status(**changes))


def pre_charge(voltage: int = 400, **changes: Any) -> din.PreChargeReq:
    return din.PreChargeReq(DC_EVStatus=ev_status(**changes), EVTargetVoltage=volts(voltage), EVTargetCurrent=amps(2))


def profile(*powers_w: int, tuple_id: int = 1) -> din.ChargingProfileType:
    entries = [
        din.ProfileEntryType(ChargingProfileEntryStart=start * 600, ChargingProfileEntryMaxPower=power)
        for start, power in enumerate(powers_w)
    ]
    return din.ChargingProfileType(SAScheduleTupleID=tuple_id, ProfileEntry=entries)


def power_delivery(
    ready: bool, charging_profile: din.ChargingProfileType | None = None, **changes: Any
) -> din.PowerDeliveryReq:
    values = {"DC_EVStatus": ev_status(), "ChargingComplete": False}
    return din.PowerDeliveryReq(
        ReadyToChargeState=ready,
        ChargingProfile=charging_profile,
        EVPowerDeliveryParameter=din.DC_EVPowerDeliveryParameterType(**(values | changes)),
    )


def current_demand(voltage: int = 400, current: int = 100, **changes: Any) -> din.CurrentDemandReq:
    values = {
        "DC_EVStatus": ev_status(),
        "EVTargetCurrent": amps(current),
        "EVTargetVoltage": volts(voltage),
        "ChargingComplete": False,
    }
    return din.CurrentDemandReq(**(values | changes))


def welding_detection(**changes: Any) -> din.WeldingDetectionReq:
    return din.WeldingDetectionReq(DC_EVStatus=ev_status(**changes))


def session_stop() -> din.SessionStopReq:
    return din.SessionStopReq()


def _certificates() -> dict[str, Any]:
    roots = din.ListOfRootCertificateIDsType(RootCertificateID=["CN=root"])
    return {"ListOfRootCertificateIDs": roots, "DHParams": b"\x02"}


EVERY_REQUEST: dict[str, Callable[[], Any]] = {
    "SessionSetupReq": session_setup,
    "ServiceDiscoveryReq": service_discovery,
    "ServiceDetailReq": lambda: din.ServiceDetailReq(ServiceID=7),
    "ServicePaymentSelectionReq": payment_selection,
    "PaymentDetailsReq": lambda: din.PaymentDetailsReq(
        ContractID="DE8AA1A2B3C4D59", ContractSignatureCertChain=din.CertificateChainType(Certificate=b"\x30")
    ),
    "ContractAuthenticationReq": contract_authentication,
    "ChargeParameterDiscoveryReq": charge_parameters,
    "CableCheckReq": cable_check,
    "PreChargeReq": pre_charge,
    "PowerDeliveryReq(true)": lambda: power_delivery(True),
    "PowerDeliveryReq(false)": lambda: power_delivery(False),
    "CurrentDemandReq": current_demand,
    "ChargingStatusReq": din.ChargingStatusReq,
    "MeteringReceiptReq": lambda: din.MeteringReceiptReq(SessionID=b"\x01", MeterInfo=din.MeterInfoType(MeterID="m")),
    "WeldingDetectionReq": welding_detection,
    "SessionStopReq": session_stop,
    "CertificateUpdateReq": lambda: din.CertificateUpdateReq(
        ContractID="DE8AA1A2B3C4D59",
        ContractSignatureCertChain=din.CertificateChainType(Certificate=b"\x30"),
        **_certificates(),
    ),
    "CertificateInstallationReq": lambda: din.CertificateInstallationReq(
        OEMProvisioningCert=b"\x30", **_certificates()
    ),
}
"""Every request that DIN 70121 has."""

TAKEN: dict[State, set[str]] = {
    State.SESSION_SETUP: {"SessionSetupReq"},
    State.SERVICE_DISCOVERY: {"ServiceDiscoveryReq", "SessionStopReq"},
    State.PAYMENT_SELECTION: {"ServicePaymentSelectionReq", "SessionStopReq"},
    State.AUTHORIZATION: {"ContractAuthenticationReq", "SessionStopReq"},
    State.CHARGE_PARAMETER_DISCOVERY: {"ChargeParameterDiscoveryReq", "SessionStopReq"},
    State.CABLE_CHECK: {"CableCheckReq", "SessionStopReq"},
    State.PRE_CHARGE: {"PreChargeReq", "SessionStopReq"},
    State.PRE_CHARGE_OR_POWER_DELIVERY: {
        "PreChargeReq",
        "PowerDeliveryReq(true)",
        "PowerDeliveryReq(false)",
        "SessionStopReq",
    },
    State.CURRENT_DEMAND: {"CurrentDemandReq"},
    State.CURRENT_DEMAND_OR_POWER_DELIVERY: {"CurrentDemandReq", "PowerDeliveryReq(false)"},
    State.WELDING_DETECTION_OR_STOP: {"WeldingDetectionReq", "SessionStopReq"},
    State.STOP: {"SessionStopReq"},
    State.TERMINATED: set(),
}
"""Requests that a state answers with OK (section D.2.1 of the interface's semantics)."""


def accept(drive: Drive) -> None:
    drive.command("authorization_response", authorization_status="Accepted", certificate_status="Accepted")


def pass_cable_check(drive: Drive, isolation: str = "Valid") -> None:
    drive.command("update_isolation_status", isolation_status=isolation)
    drive.command("cable_check_finished", status=True)


def present(drive: Drive, voltage: float, current: float | None = None) -> None:
    values = {"evse_present_voltage": voltage, "evse_present_current": current}
    drive.command("update_dc_present_values", present_voltage_current=values)


def _authorize(drive: Drive) -> None:
    drive.ok(payment_selection())
    accept(drive)


def _check_cable(drive: Drive) -> None:
    drive.ok(charge_parameters())
    pass_cable_check(drive)


_WAY: tuple[tuple[State, Callable[[Drive], Any]], ...] = (
    (State.SESSION_SETUP, lambda drive: drive.choose("din")),
    (State.SERVICE_DISCOVERY, lambda drive: drive.ok(session_setup())),
    (State.PAYMENT_SELECTION, lambda drive: drive.ok(service_discovery())),
    (State.AUTHORIZATION, _authorize),
    (State.CHARGE_PARAMETER_DISCOVERY, lambda drive: drive.ok(contract_authentication())),
    (State.CABLE_CHECK, _check_cable),
    (State.PRE_CHARGE, lambda drive: drive.ok(cable_check())),
    (State.PRE_CHARGE_OR_POWER_DELIVERY, lambda drive: drive.ok(pre_charge())),
    (State.CURRENT_DEMAND, lambda drive: drive.ok(power_delivery(True))),
    (State.CURRENT_DEMAND_OR_POWER_DELIVERY, lambda drive: drive.ok(current_demand())),
    (State.WELDING_DETECTION_OR_STOP, lambda drive: drive.ok(power_delivery(False))),
    (State.TERMINATED, lambda drive: drive.ok(session_stop())),
)


def go(drive: Drive, state: State) -> Drive:
    """Lead a session into a state, the straight way."""
    if state is State.STOP:
        go(drive, State.CHARGE_PARAMETER_DISCOVERY)
        drive.command("no_energy_pause_charging", mode="PauseBeforeCableCheck")
        drive.ok(charge_parameters())
        return drive
    for reached, step in _WAY:
        step(drive)
        assert drive.session.state == reached.name
        if reached is state:
            break
    return drive
