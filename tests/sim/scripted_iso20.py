"""An ISO 15118-20 SECC that always answers as an EV hopes, for tests that then change one answer.

Every message passes through the codec, either way: what does not encode fails here.
"""

from __future__ import annotations

from fastsecc import exi
from fastsecc.messages import app_protocol as sap
from fastsecc.messages import iso20
from fastsecc.messages.iso20 import ac, dc
from fastsecc.messages.payload_types import payload_type_of
from fastsecc.messages.reflection import namespace_of
from fastsecc.sim.ev.values import number, rational

SESSION_ID = bytes.fromhex("0102030405060708")
SERVICES = {"ac": 1, "dc": 2, "ac-bpt": 5, "dc-bpt": 6, "mcs": 8, "mcs-bpt": 9}
INTERNET, PARKING = 65, 66
OK = iso20.ResponseCodeType.OK
FINISHED = iso20.ProcessingType.Finished
DISCHARGE_W, DISCHARGE_A = 20_000, 50


class ScriptedIso20Secc:
    """Answers by the request's name; `change[name]` gets (message, nth request of that name) and may mend it."""

    def __init__(self, wishes, session_id=SESSION_ID):
        self.wishes = wishes
        self.session_id = session_id
        self.change = {}
        self.requests = []
        self.streams = []
        """Payload type of each request."""
        self.session_setup_code = "OK_NewSessionEstablished"
        self.voltage = 0.0
        self.current = 0.0
        self.target_w = 9000.0
        """What is asked for in the dynamic control mode."""

    @property
    def names(self):
        return [type(message).__name__ for message in self.requests]

    def answer(self, request):
        """Answer a Request of the EV."""
        message = exi.decode(exi.encode(request.message), request.namespace)
        assert message == request.message
        self.requests.append(message)
        self.streams.append(request.payload_type)
        name = type(message).__name__
        if name == "supportedAppProtocolReq":
            code = sap.ResponseCodeType.OK_SuccessfulNegotiation
            return sap.supportedAppProtocolRes(ResponseCode=code, SchemaID=message.AppProtocol[0].SchemaID)
        kind, fields = getattr(self, name)(message)
        header = iso20.MessageHeaderType(SessionID=self.session_id, TimeStamp=1_700_000_000)
        response = kind(Header=header, **{"ResponseCode": OK, **fields})
        if name in self.change:
            response = self.change[name](response, self.names.count(name)) or response
        assert payload_type_of(response) == payload_type_of(message)
        return exi.decode(exi.encode(response), namespace_of(kind))

    @property
    def dynamic(self):
        return self.wishes.control == "dynamic"

    def SessionSetupReq(self, request):
        return iso20.SessionSetupRes, {"ResponseCode": self.session_setup_code, "EVSEID": "DE*FSC*E1"}

    def AuthorizationSetupReq(self, request):
        return iso20.AuthorizationSetupRes, {
            "AuthorizationServices": [iso20.AuthorizationType.EIM],
            "CertificateInstallationService": False,
            "EIM_ASResAuthorizationMode": iso20.EIM_ASResAuthorizationModeType(),
        }

    def AuthorizationReq(self, request):
        return iso20.AuthorizationRes, {"EVSEProcessing": FINISHED}

    def ServiceDiscoveryReq(self, request):
        def services(*ids):
            return iso20.ServiceListType(Service=[iso20.ServiceType(ServiceID=n, FreeService=False) for n in ids])

        return iso20.ServiceDiscoveryRes, {
            "ServiceRenegotiationSupported": True,
            "EnergyTransferServiceList": services(SERVICES[self.wishes.energy]),
            "VASList": services(INTERNET, PARKING),
        }

    def ServiceDetailReq(self, request):
        if request.ServiceID in (INTERNET, PARKING):
            sets = [{"Protocol": "https", "Port": 443}]
        else:
            sets = [
                {"Connector": connector, "ControlMode": control, "MobilityNeedsMode": mobility, "Pricing": pricing}
                for connector in (1, 3, 2)
                for control, mobility in ((1, 1), (2, 1), (2, 2))
                for pricing in (0, 1)
            ]
        parameter_sets = [
            iso20.ParameterSetType(ParameterSetID=n, Parameter=[_parameter(*item) for item in parameters.items()])
            for n, parameters in enumerate(sets)
        ]
        return iso20.ServiceDetailRes, {
            "ServiceID": request.ServiceID,
            "ServiceParameterList": iso20.ServiceParameterListType(ParameterSet=parameter_sets),
        }

    def ServiceSelectionReq(self, request):
        return iso20.ServiceSelectionRes, {}

    def DC_ChargeParameterDiscoveryReq(self, request):
        limits = {
            "EVSEMaximumChargePower": rational(2_000_000),
            "EVSEMinimumChargePower": rational(0),
            "EVSEMaximumChargeCurrent": rational(2000),
            "EVSEMinimumChargeCurrent": rational(0),
            "EVSEMaximumVoltage": rational(1000),
            "EVSEMinimumVoltage": rational(150),
        }
        discharge = {
            "EVSEMaximumDischargePower": rational(DISCHARGE_W),
            "EVSEMinimumDischargePower": rational(0),
            "EVSEMaximumDischargeCurrent": rational(DISCHARGE_A),
            "EVSEMinimumDischargeCurrent": rational(0),
        }
        if self.wishes.bidirectional:
            mode = dc.BPT_DC_CPDResEnergyTransferModeType(**limits, **discharge)
        else:
            mode = dc.DC_CPDResEnergyTransferModeType(**limits)
        return dc.DC_ChargeParameterDiscoveryRes, {"DC_CPDResEnergyTransferMode": mode}

    def AC_ChargeParameterDiscoveryReq(self, request):
        limits = {
            "EVSEMaximumChargePower": rational(22_000),
            "EVSEMinimumChargePower": rational(0),
            "EVSENominalFrequency": rational(50),
        }
        if self.wishes.bidirectional:
            discharge = {"EVSEMaximumDischargePower": rational(5000), "EVSEMinimumDischargePower": rational(0)}
            mode = ac.BPT_AC_CPDResEnergyTransferModeType(**limits, **discharge)
        else:
            mode = ac.AC_CPDResEnergyTransferModeType(**limits)
        return ac.AC_ChargeParameterDiscoveryRes, {"AC_CPDResEnergyTransferMode": mode}

    def ScheduleExchangeReq(self, request):
        if self.dynamic:
            mode = iso20.Dynamic_SEResControlModeType()
            return iso20.ScheduleExchangeRes, {"EVSEProcessing": FINISHED, "Dynamic_SEResControlMode": mode}
        entries = [
            iso20.PowerScheduleEntryType(Duration=1800, Power=rational(700_000)),
            iso20.PowerScheduleEntryType(Duration=1800, Power=rational(2000)),
        ]
        schedule = iso20.PowerScheduleType(
            TimeAnchor=1_700_000_000,
            PowerScheduleEntries=iso20.PowerScheduleEntryListType(PowerScheduleEntry=entries),
        )
        charging = iso20.ChargingScheduleType(PowerSchedule=schedule)
        mode = iso20.Scheduled_SEResControlModeType(
            ScheduleTuple=[iso20.ScheduleTupleType(ScheduleTupleID=3, ChargingSchedule=charging)]
        )
        return iso20.ScheduleExchangeRes, {"EVSEProcessing": FINISHED, "Scheduled_SEResControlMode": mode}

    def DC_CableCheckReq(self, request):
        return dc.DC_CableCheckRes, {"EVSEProcessing": FINISHED}

    def DC_PreChargeReq(self, request):
        self.voltage = number(request.EVTargetVoltage)
        return dc.DC_PreChargeRes, {"EVSEPresentVoltage": rational(self.voltage)}

    def PowerDeliveryReq(self, request):
        return iso20.PowerDeliveryRes, {}

    def DC_ChargeLoopReq(self, request):
        mode = request.CLReqControlMode
        if self.dynamic:
            self.current = min(100.0, number(mode.EVMaximumChargeCurrent))
            limits = {
                "EVSEMaximumChargePower": rational(2_000_000),
                "EVSEMinimumChargePower": rational(0),
                "EVSEMaximumChargeCurrent": rational(2000),
                "EVSEMaximumVoltage": rational(1000),
            }
            answer = dc.Dynamic_DC_CLResControlModeType(**limits)
            if self.wishes.bidirectional:
                answer = dc.BPT_Dynamic_DC_CLResControlModeType(
                    **limits,
                    EVSEMaximumDischargePower=rational(DISCHARGE_W),
                    EVSEMinimumDischargePower=rational(0),
                    EVSEMaximumDischargeCurrent=rational(DISCHARGE_A),
                    EVSEMinimumVoltage=rational(150),
                )
        else:
            self.current = number(mode.EVTargetCurrent)
            bpt = self.wishes.bidirectional
            answer = (dc.BPT_Scheduled_DC_CLResControlModeType if bpt else dc.Scheduled_DC_CLResControlModeType)()
        return dc.DC_ChargeLoopRes, {
            "MeterInfo": _meter(request),
            "EVSEPresentCurrent": rational(self.current),
            "EVSEPresentVoltage": rational(self.voltage),
            "EVSEPowerLimitAchieved": False,
            "EVSECurrentLimitAchieved": False,
            "EVSEVoltageLimitAchieved": False,
            "CLResControlMode": answer,
        }

    def AC_ChargeLoopReq(self, request):
        prefix = "BPT_" * self.wishes.bidirectional
        if self.dynamic:
            kind = getattr(ac, f"{prefix}Dynamic_AC_CLResControlModeType")
            answer = kind(EVSETargetActivePower=rational(self.target_w))
        else:
            answer = getattr(ac, f"{prefix}Scheduled_AC_CLResControlModeType")()
        return ac.AC_ChargeLoopRes, {"MeterInfo": _meter(request), "CLResControlMode": answer}

    def MeteringConfirmationReq(self, request):
        return iso20.MeteringConfirmationRes, {}

    def DC_WeldingDetectionReq(self, request):
        return dc.DC_WeldingDetectionRes, {"EVSEPresentVoltage": rational(3.0)}

    def SessionStopReq(self, request):
        return iso20.SessionStopRes, {}


def _parameter(name, value):
    kind = "finiteString" if isinstance(value, str) else "intValue"
    return iso20.ParameterType(Name=name, **{kind: value})


def _meter(request):
    return iso20.MeterInfoType(MeterID="M1", ChargedEnergyReadingWh=1234) if request.MeterInfoRequested else None


def run(ev, secc, step_s=0.1, answer_s=0.001, limit=2000):
    """Let an EV and a SECC talk on a fake clock until the EV is done; gives the time that it took."""
    now = 100.0
    request = ev.start(now)
    while request is not None:
        now = max(now, request.send_at) + answer_s
        request = ev.receive(secc.answer(request), now)
        limit -= 1
        assert limit > 0, "the session has no end"
    return now - 100.0
