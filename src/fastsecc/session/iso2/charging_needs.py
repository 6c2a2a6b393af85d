"""What a back end plans a charge with: var `charging_needs` of the extensions."""

from __future__ import annotations

from fastsecc.charger.enums import EnergyTransferMode
from fastsecc.charger.extensions import AcChargingParameters, ChargingNeeds, DcChargingParameters
from fastsecc.messages.iso2 import AC_EVChargeParameterType, ChargeParameterDiscoveryReq, DC_EVChargeParameterType
from fastsecc.session import reports
from fastsecc.session.iso2.context import Iso2Context
from fastsecc.session.physical import optional_float, to_float


def publish(request: ChargeParameterDiscoveryReq, context: Iso2Context) -> None:
    """Publish what the EV asks for, each time."""
    parameters = request.EVChargeParameter
    departure_s = parameters.DepartureTime
    needs = ChargingNeeds(
        requested_energy_transfer=EnergyTransferMode(request.RequestedEnergyTransferMode),
        departure_time=None if departure_s is None else reports.time_of_day(context, departure_s),
    )
    if isinstance(parameters, AC_EVChargeParameterType):
        needs.ac_charging_parameters = _ac(parameters)
    elif isinstance(parameters, DC_EVChargeParameterType):
        needs.dc_charging_parameters = _dc(parameters)
    context.publish("charging_needs", needs)


def _ac(parameters: AC_EVChargeParameterType) -> AcChargingParameters:
    return AcChargingParameters(
        energy_amount=to_float(parameters.EAmount),
        ev_min_current=to_float(parameters.EVMinCurrent),
        ev_max_current=to_float(parameters.EVMaxCurrent),
        ev_max_voltage=to_float(parameters.EVMaxVoltage),
    )


def _dc(parameters: DC_EVChargeParameterType) -> DcChargingParameters:
    return DcChargingParameters(
        ev_max_current=to_float(parameters.EVMaximumCurrentLimit),
        ev_max_voltage=to_float(parameters.EVMaximumVoltageLimit),
        ev_max_power=optional_float(parameters.EVMaximumPowerLimit) or 0.0,
        ev_energy_capacity=optional_float(parameters.EVEnergyCapacity),
        energy_amount=optional_float(parameters.EVEnergyRequest),
        state_of_charge=parameters.DC_EVStatus.EVRESSSOC,
        full_soc=parameters.FullSOC,
        bulk_soc=parameters.BulkSOC,
    )
