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
    timestamp: int | None = None
    """Of a message of ISO 15118-20, which has its header in itself rather than an envelope."""

    def message(self) -> Type:
        """Build the message."""
        header: dict[str, Any] = {"SessionID": "1122334455667788"}
        if self.timestamp is None:
            return from_tree({"V2G_Message": {"Header": header, "Body": self.body}}, self.namespace)
        header["TimeStamp"] = self.timestamp
        ((name, content),) = self.body.items()
        return from_tree({name: {"Header": header, **content}}, self.namespace)


def physical(multiplier: int, unit: str, value: int) -> dict[str, Any]:
    """Write a PhysicalValueType."""
    return {"Multiplier": multiplier, "Unit": unit, "Value": value}


def rational(exponent: int, value: int) -> dict[str, int]:
    """Write a RationalNumberType."""
    return {"Exponent": exponent, "Value": value}


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
    Sample(
        "dc_ChargeLoopReq_Dynamic",
        "iso20-dc",
        50,
        {
            "DC_ChargeLoopReq": {
                "DisplayParameters": {"PresentSOC": 10, "ChargingComplete": False},
                "MeterInfoRequested": False,
                "EVPresentVoltage": rational(1, 46),
                "Dynamic_DC_CLReqControlMode": {
                    "EVTargetEnergyRequest": rational(1, 20),
                    "EVMaximumEnergyRequest": rational(1, 20),
                    "EVMinimumEnergyRequest": rational(0, 20),
                    "EVMaximumChargePower": rational(2, 40),
                    "EVMinimumChargePower": rational(1, 40),
                    "EVMaximumChargeCurrent": rational(0, 40),
                    "EVMaximumVoltage": rational(1, 40),
                    "EVMinimumVoltage": rational(0, 40),
                },
            }
        },
        timestamp=1761652395,
    ),
    Sample(
        "dc_ChargeLoopRes_Dynamic",
        "iso20-dc",
        47,
        {
            "DC_ChargeLoopRes": {
                "ResponseCode": "OK",
                "EVSEPresentCurrent": rational(-5, 0),
                "EVSEPresentVoltage": rational(-1, 3516),
                **LIMITS_ACHIEVED,
                "Dynamic_DC_CLResControlMode": {
                    "EVSEMaximumChargePower": rational(1, 15000),
                    "EVSEMinimumChargePower": rational(-5, 0),
                    "EVSEMaximumChargeCurrent": rational(-1, 5000),
                    "EVSEMaximumVoltage": rational(-1, 10000),
                },
            }
        },
        timestamp=1761655994257000,
    ),
    Sample(
        "ac_ChargeLoopReq_BPT_Scheduled",
        "iso20-ac",
        26,
        {
            "AC_ChargeLoopReq": {
                "DisplayParameters": {"PresentSOC": 10, "ChargingComplete": False},
                "MeterInfoRequested": False,
                "BPT_Scheduled_AC_CLReqControlMode": {"EVPresentActivePower": rational(3, 200)},
            }
        },
        timestamp=1761474995,
    ),
    Sample(
        "ac_ChargeLoopRes_BPT_Scheduled",
        "iso20-ac",
        32,
        {
            "AC_ChargeLoopRes": {
                "ResponseCode": "OK",
                "BPT_Scheduled_AC_CLResControlMode": {
                    "EVSEPresentActivePower": rational(-5, 0),
                    "EVSEPresentActivePower_L2": rational(-5, 0),
                    "EVSEPresentActivePower_L3": rational(-5, 0),
                },
            }
        },
        timestamp=1761478594145000,
    ),
)
