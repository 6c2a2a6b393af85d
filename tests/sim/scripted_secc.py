"""A SECC that always answers as an EV hopes, for tests that then change one answer."""

from __future__ import annotations

from dataclasses import replace

from fastsecc.messages import app_protocol as sap
from fastsecc.messages import din70121 as din
from fastsecc.messages import iso2
from fastsecc.sim.ev.values import physical

SESSION_ID = bytes.fromhex("0102030405060708")


class ScriptedSecc:
    """Answers by the request's name; `change[name]` gets (body, nth request of that name) and may mend the body."""

    def __init__(self, protocol="iso2", energy="dc", session_id=SESSION_ID):
        self.m = {"din": din, "iso2": iso2}[protocol]
        self.protocol = protocol
        self.energy = energy
        self.session_id = session_id
        self.change = {}
        self.requests = []
        self.session_setup_code = "OK_NewSessionEstablished"
        self.voltage = 0.0
        self.current = 0.0

    @property
    def names(self):
        return [type(body).__name__ for body in self.requests]

    def answer(self, message):
        if isinstance(message, sap.supportedAppProtocolReq):
            body, envelope = message, None
        else:
            body, envelope = message.Body.BodyElement, self.m.V2G_Message
        self.requests.append(body)
        name = type(body).__name__
        response = getattr(self, name)(body)
        if name in self.change:
            response = self.change[name](response, self.names.count(name)) or response
        if envelope is None:
            return response
        header = self.m.MessageHeaderType(SessionID=self.session_id)
        return envelope(Header=header, Body=self.m.BodyType(BodyElement=response))

    def p(self, unit, value):
        return physical(self.m, unit, value)

    def dc_status(self, code="EVSE_Ready", notification="None"):
        m = self.m
        return m.DC_EVSEStatusType(
            EVSEIsolationStatus=m.IsolationLevelType.Valid,
            EVSEStatusCode=m.DC_EVSEStatusCodeType(code),
            NotificationMaxDelay=0,
            EVSENotification=m.EVSENotificationType(notification),
        )

    def ac_status(self, notification="None"):
        return iso2.AC_EVSEStatusType(
            NotificationMaxDelay=0, EVSENotification=iso2.EVSENotificationType(notification), RCD=False
        )

    def status(self, **values):
        return self.dc_status(**values) if self.energy == "dc" else self.ac_status(**values)

    def ok(self, kind, **fields):
        return kind(ResponseCode=self.m.ResponseCodeType.OK, **fields)

    def supportedAppProtocolReq(self, request):
        return sap.supportedAppProtocolRes(
            ResponseCode=sap.ResponseCodeType.OK_SuccessfulNegotiation, SchemaID=request.AppProtocol[0].SchemaID
        )

    def SessionSetupReq(self, request):
        evse_id = b"DE*FSC*E1" if self.protocol == "din" else "DE*FSC*E1"
        return self.m.SessionSetupRes(ResponseCode=self.m.ResponseCodeType(self.session_setup_code), EVSEID=evse_id)

    def ServiceDiscoveryReq(self, request):
        if self.protocol == "din":
            tag = din.ServiceTagType(ServiceID=1, ServiceCategory=din.ServiceCategoryType.EVCharging)
            kind = din.EVSESupportedEnergyTransferType.DC_extended
            service = din.ServiceChargeType(ServiceTag=tag, FreeService=False, EnergyTransferType=kind)
            options = din.PaymentOptionsType(PaymentOption=[din.PaymentOptionType.ExternalPayment])
            return self.ok(din.ServiceDiscoveryRes, PaymentOptions=options, ChargeService=service)
        mode = "DC_extended" if self.energy == "dc" else "AC_three_phase_core"
        modes = iso2.SupportedEnergyTransferModeType(EnergyTransferMode=[iso2.EnergyTransferModeType(mode)])
        service = iso2.ChargeServiceType(
            ServiceID=1,
            ServiceCategory=iso2.ServiceCategoryType.EVCharging,
            FreeService=False,
            SupportedEnergyTransferMode=modes,
        )
        options = iso2.PaymentOptionListType(PaymentOption=[iso2.PaymentOptionType.ExternalPayment])
        return self.ok(iso2.ServiceDiscoveryRes, PaymentOptionList=options, ChargeService=service)

    def ServicePaymentSelectionReq(self, request):
        return self.ok(din.ServicePaymentSelectionRes)

    def PaymentServiceSelectionReq(self, request):
        return self.ok(iso2.PaymentServiceSelectionRes)

    def ContractAuthenticationReq(self, request):
        return self.ok(din.ContractAuthenticationRes, EVSEProcessing=din.EVSEProcessingType.Finished)

    def AuthorizationReq(self, request):
        return self.ok(iso2.AuthorizationRes, EVSEProcessing=iso2.EVSEProcessingType.Finished)

    def schedules(self):
        m = self.m
        interval = m.RelativeTimeIntervalType(start=0, duration=86400)
        if self.protocol == "din":
            p_max = m.PMaxScheduleType(
                PMaxScheduleID=1, PMaxScheduleEntry=[m.PMaxScheduleEntryType(TimeInterval=interval, PMax=32767)]
            )
        else:
            entry = m.PMaxScheduleEntryType(TimeInterval=interval, PMax=self.p("W", 22_000))
            p_max = m.PMaxScheduleType(PMaxScheduleEntry=[entry])
        return m.SAScheduleListType(SAScheduleTuple=[m.SAScheduleTupleType(SAScheduleTupleID=5, PMaxSchedule=p_max)])

    def ChargeParameterDiscoveryReq(self, request):
        m = self.m
        if self.energy == "dc":
            evse = m.DC_EVSEChargeParameterType(
                DC_EVSEStatus=self.dc_status(),
                EVSEMaximumCurrentLimit=self.p("A", 200),
                EVSEMaximumPowerLimit=self.p("W", 60_000),
                EVSEMaximumVoltageLimit=self.p("V", 500),
                EVSEMinimumCurrentLimit=self.p("A", 0),
                EVSEMinimumVoltageLimit=self.p("V", 150),
                EVSEPeakCurrentRipple=self.p("A", 1),
            )
        else:
            evse = m.AC_EVSEChargeParameterType(
                AC_EVSEStatus=self.ac_status(), EVSENominalVoltage=self.p("V", 230), EVSEMaxCurrent=self.p("A", 32)
            )
        return self.ok(
            m.ChargeParameterDiscoveryRes,
            EVSEProcessing=m.EVSEProcessingType.Finished,
            SASchedules=self.schedules(),
            EVSEChargeParameter=evse,
        )

    def CableCheckReq(self, request):
        m = self.m
        return self.ok(m.CableCheckRes, DC_EVSEStatus=self.dc_status(), EVSEProcessing=m.EVSEProcessingType.Finished)

    def PreChargeReq(self, request):
        self.voltage = request.EVTargetVoltage.Value * 10.0**request.EVTargetVoltage.Multiplier
        return self.ok(
            self.m.PreChargeRes, DC_EVSEStatus=self.dc_status(), EVSEPresentVoltage=self.p("V", self.voltage)
        )

    def PowerDeliveryReq(self, request):
        return self.ok(self.m.PowerDeliveryRes, EVSEStatus=self.status())

    def CurrentDemandReq(self, request):
        self.current = request.EVTargetCurrent.Value * 10.0**request.EVTargetCurrent.Multiplier
        only_iso2 = {} if self.protocol == "din" else {"EVSEID": "DE*FSC*E1", "SAScheduleTupleID": 5}
        return self.ok(
            self.m.CurrentDemandRes,
            DC_EVSEStatus=self.dc_status(),
            EVSEPresentVoltage=self.p("V", self.voltage),
            EVSEPresentCurrent=self.p("A", self.current),
            EVSECurrentLimitAchieved=False,
            EVSEVoltageLimitAchieved=False,
            EVSEPowerLimitAchieved=False,
            **only_iso2,
        )

    def ChargingStatusReq(self, request):
        return self.ok(
            iso2.ChargingStatusRes,
            EVSEID="DE*FSC*E1",
            SAScheduleTupleID=5,
            EVSEMaxCurrent=self.p("A", 16),
            ReceiptRequired=False,
            AC_EVSEStatus=self.ac_status(),
        )

    def MeteringReceiptReq(self, request):
        return self.ok(iso2.MeteringReceiptRes, EVSEStatus=self.status())

    def WeldingDetectionReq(self, request):
        return self.ok(self.m.WeldingDetectionRes, DC_EVSEStatus=self.dc_status(), EVSEPresentVoltage=self.p("V", 3.0))

    def SessionStopReq(self, request):
        return self.ok(self.m.SessionStopRes)


def run(ev, secc, step_s=0.02, answer_s=0.001, limit=2000):
    """Let an EV and a SECC talk on a fake clock until the EV is done; gives the time that it took."""
    now = 100.0
    ev.settings = replace(ev.settings, think_s=step_s)
    request = ev.start(now)
    while request is not None:
        now = request.send_at + answer_s
        request = ev.receive(secc.answer(request.message), now)
        limit -= 1
        assert limit > 0, "the session has no end"
    return now - 100.0
