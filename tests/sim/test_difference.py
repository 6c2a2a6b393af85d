"""What `fastsecc replay` shows of two answers to the same request."""

from __future__ import annotations

from fastsecc.messages import din70121 as din
from fastsecc.sim.difference import differences


def volts(value: int, multiplier: int = 0) -> din.PhysicalValueType:
    return din.PhysicalValueType(Multiplier=multiplier, Unit=din.UnitSymbolType.V, Value=value)


def status(code: str = "EVSE_Ready") -> din.DC_EVSEStatusType:
    return din.DC_EVSEStatusType(
        EVSEIsolationStatus=din.IsolationLevelType.Valid,
        EVSEStatusCode=din.DC_EVSEStatusCodeType(code),
        NotificationMaxDelay=0,
        EVSENotification=din.EVSENotificationType.None_,
    )


def precharge(voltage: din.PhysicalValueType, code: str = "EVSE_Ready") -> din.PreChargeRes:
    return din.PreChargeRes(
        ResponseCode=din.ResponseCodeType.OK, DC_EVSEStatus=status(code), EVSEPresentVoltage=voltage
    )


def test_the_same_number_with_another_multiplier_is_the_same() -> None:
    assert list(differences(precharge(volts(400)), precharge(volts(4000, -1)))) == []


def test_names_the_element_and_both_values() -> None:
    found = list(differences(precharge(volts(400)), precharge(volts(3995, -1), "EVSE_Shutdown")))
    assert [str(one) for one in found] == [
        "DC_EVSEStatus/EVSEStatusCode EVSE_Ready / EVSE_Shutdown",
        "EVSEPresentVoltage 400 V / 399.5 V",
    ]


def test_absent_elements_lists_and_binaries() -> None:
    options = din.PaymentOptionsType(PaymentOption=[din.PaymentOptionType.ExternalPayment])
    both = din.PaymentOptionsType(PaymentOption=[din.PaymentOptionType.Contract, *options.PaymentOption])
    other = din.PaymentOptionsType(PaymentOption=[din.PaymentOptionType.Contract])
    assert [str(one) for one in differences(options, both)] == ["PaymentOption 1 items / 2 items"]
    assert [str(one) for one in differences(options, other)] == ["PaymentOption[1] ExternalPayment / Contract"]

    code = din.ResponseCodeType.OK
    left = din.SessionSetupRes(ResponseCode=code, EVSEID=b"\xde")
    right = din.SessionSetupRes(ResponseCode=code, EVSEID=b"\xad", DateTimeNow=1)
    assert [str(one) for one in differences(left, right)] == ["EVSEID de / ad", "DateTimeNow absent / 1"]


def test_another_class_is_one_difference() -> None:
    answer = din.SessionStopRes(ResponseCode=din.ResponseCodeType.OK)
    assert [str(one) for one in differences(answer, precharge(volts(1)))] == [" SessionStopRes / PreChargeRes"]
