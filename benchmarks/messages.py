"""The messages that the codec is measured with.

They have the elements, value sizes and lengths in octets of the messages that the figures of libcbv2g were taken with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastsecc.exi.json_view import from_tree
from fastsecc.messages.schema import Type


@dataclass(frozen=True, slots=True)
class Sample:
    """A message to measure, and how many octets it has."""

    name: str
    namespace: str
    octets: int
    body: dict[str, Any]
    in_loop: bool = True
    """Whether the engine has a C struct for it."""

    def message(self) -> Type:
        """Build the message."""
        header = {"SessionID": "1122334455667788"}
        return from_tree({"V2G_Message": {"Header": header, "Body": self.body}}, self.namespace)


def physical(multiplier: int, unit: str, value: int) -> dict[str, Any]:
    """Write a PhysicalValueType."""
    return {"Multiplier": multiplier, "Unit": unit, "Value": value}


DC_EVSE_STATUS = {
    "EVSEIsolationStatus": "Valid",
    "EVSEStatusCode": "EVSE_Ready",
    "NotificationMaxDelay": 0,
    "EVSENotification": "None",
}
DC_EV_STATUS = {"EVReady": True, "EVErrorCode": "NO_ERROR", "EVRESSSOC": 50}
AC_EVSE_STATUS = {"NotificationMaxDelay": 0, "EVSENotification": "None", "RCD": False}

CURRENT_DEMAND_REQ = {
    "EVTargetCurrent": physical(-1, "A", 1500),
    "EVMaximumVoltageLimit": physical(-1, "V", 4100),
    "EVMaximumCurrentLimit": physical(-1, "A", 2000),
    "EVMaximumPowerLimit": physical(1, "W", 9000),
    "BulkChargingComplete": False,
    "ChargingComplete": False,
    "RemainingTimeToFullSoC": physical(0, "s", 1500),
    "RemainingTimeToBulkSoC": physical(0, "s", 900),
    "EVTargetVoltage": physical(-1, "V", 4000),
}
LIMITS_ACHIEVED = {
    "EVSECurrentLimitAchieved": False,
    "EVSEVoltageLimitAchieved": False,
    "EVSEPowerLimitAchieved": False,
}


def schedule(tuple_id: int) -> dict[str, Any]:
    """Write an SAScheduleTuple of six steps of an hour."""
    entries = [
        {"RelativeTimeInterval": {"start": 3600 * hour}, "PMax": physical(1, "W", 11000 - 250 * hour)}
        for hour in range(6)
    ]
    entries[-1]["RelativeTimeInterval"]["duration"] = 3600
    return {"SAScheduleTupleID": tuple_id, "PMaxSchedule": {"PMaxScheduleEntry": entries}}


SAMPLES = (
    Sample(
        "din_CurrentDemandReq",
        "din",
        51,
        {
            "CurrentDemandReq": {
                "DC_EVStatus": DC_EV_STATUS | {"EVCabinConditioning": False, "EVRESSConditioning": False},
                **CURRENT_DEMAND_REQ,
            }
        },
    ),
    Sample(
        "din_CurrentDemandRes",
        "din",
        43,
        {
            "CurrentDemandRes": {
                "ResponseCode": "OK",
                "DC_EVSEStatus": DC_EVSE_STATUS,
                "EVSEPresentVoltage": physical(-2, "V", 23000),
                "EVSEPresentCurrent": physical(-2, "A", 25),
                **LIMITS_ACHIEVED,
                "EVSEMaximumVoltageLimit": physical(2, "V", 5),
                "EVSEMaximumCurrentLimit": physical(-2, "A", 17000),
                "EVSEMaximumPowerLimit": physical(2, "W", 400),
            }
        },
    ),
    Sample(
        "iso2_CurrentDemandReq",
        "iso2",
        52,
        {
            "CurrentDemandReq": {
                "DC_EVStatus": DC_EV_STATUS,
                **CURRENT_DEMAND_REQ,
                "EVTargetCurrent": physical(-2, "A", 20000),
                "EVMaximumCurrentLimit": physical(-2, "A", 20000),
                "EVMaximumPowerLimit": physical(1, "W", 20000),
                "RemainingTimeToFullSoC": physical(1, "s", 17000),
            }
        },
    ),
    Sample(
        "iso2_CurrentDemandRes",
        "iso2",
        78,
        {
            "CurrentDemandRes": {
                "ResponseCode": "OK",
                "DC_EVSEStatus": DC_EVSE_STATUS,
                "EVSEPresentVoltage": physical(-1, "V", 3600),
                "EVSEPresentCurrent": physical(-1, "A", 7200),
                **LIMITS_ACHIEVED,
                "EVSEMaximumVoltageLimit": physical(-1, "V", 5000),
                "EVSEMaximumCurrentLimit": physical(-2, "A", 3000),
                "EVSEMaximumPowerLimit": physical(0, "W", 11000),
                "EVSEID": "DE*FSC*E1234*01",
                "SAScheduleTupleID": 1,
                "MeterInfo": {"MeterID": "METER-123456789", "MeterReading": 0},
            }
        },
    ),
    Sample("iso2_ChargingStatusReq", "iso2", 13, {"ChargingStatusReq": {}}),
    Sample(
        "iso2_ChargingStatusRes",
        "iso2",
        86,
        {
            "ChargingStatusRes": {
                "ResponseCode": "OK",
                "EVSEID": "DE*FSC1",
                "SAScheduleTupleID": 1,
                "EVSEMaxCurrent": physical(-3, "A", 13000),
                "MeterInfo": {
                    "MeterID": "METER-12345678901234567890-ABC",
                    "MeterReading": 12,
                    "SigMeterReading": "0102030405060708090a0b0c0d",
                    "MeterStatus": 4,
                    "TMeter": 123456789,
                },
                "ReceiptRequired": True,
                "AC_EVSEStatus": AC_EVSE_STATUS,
            }
        },
    ),
    Sample(
        "iso2_CPDRes_3tuple_6entry",
        "iso2",
        192,
        {
            "ChargeParameterDiscoveryRes": {
                "ResponseCode": "OK",
                "EVSEProcessing": "Finished",
                "SAScheduleList": {"SAScheduleTuple": [schedule(tuple_id) for tuple_id in (1, 2, 3)]},
                "DC_EVSEChargeParameter": {
                    "DC_EVSEStatus": DC_EVSE_STATUS,
                    "EVSEMaximumCurrentLimit": physical(-1, "A", 2000),
                    "EVSEMaximumPowerLimit": physical(1, "W", 15000),
                    "EVSEMaximumVoltageLimit": physical(-1, "V", 9200),
                    "EVSEMinimumCurrentLimit": physical(-1, "A", 10),
                    "EVSEMinimumVoltageLimit": physical(-1, "V", 2000),
                    "EVSEPeakCurrentRipple": physical(-1, "A", 10),
                },
            }
        },
        in_loop=False,
    ),
)
