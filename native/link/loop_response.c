#include "loop_response.h"

#include <stddef.h>

/* A decimal as a double. Dividing by a power of ten, where multiplying by its inverse would not be exact, makes equal
 * decimals equal doubles: 4000 * 10^-1 == 400 * 10^0. The exponent is one of an octet. */
static double decimal(int exponent, int value)
{
#define DECADE(n) 1e##n##0, 1e##n##1, 1e##n##2, 1e##n##3, 1e##n##4, 1e##n##5, 1e##n##6, 1e##n##7, 1e##n##8, 1e##n##9
    static const double powers[] = {DECADE(0), DECADE(1), DECADE(2), DECADE(3), DECADE(4),  DECADE(5), DECADE(6),
                                    DECADE(7), DECADE(8), DECADE(9), DECADE(10), DECADE(11), DECADE(12)};
    _Static_assert(sizeof powers / sizeof *powers > 128, "for every exponent");
    return exponent < 0 ? value / powers[-exponent] : value * powers[exponent];
}

#define PHYSICAL(element) decimal((element).Multiplier, (element).Value)
#define RATIONAL(element) decimal((element).Exponent, (element).Value)

/* A negative limit is the most that a discharging EV may give: the target has to lie as far below zero. */
static bool reached(double target, double limit)
{
    return limit < 0 ? target <= limit : target >= limit;
}

/* A limit that was never given cannot be reached. `limits` has the element `limit`, a NUMBER. */
#define SET_ACHIEVED(response, Quantity, target, limits, limit, NUMBER)                                                \
    (response)->EVSE##Quantity##LimitAchieved = (limits)->has_##limit && reached(target, NUMBER((limits)->limit))

/* The elements are the same in DIN SPEC 70121 and ISO 15118-2, their C types are not. */
#define SET_ALL_ACHIEVED(request, response)                                                                            \
    do {                                                                                                               \
        double voltage = PHYSICAL((request)->EVTargetVoltage);                                                         \
        double current = PHYSICAL((request)->EVTargetCurrent);                                                         \
        SET_ACHIEVED(response, Voltage, voltage, response, EVSEMaximumVoltageLimit, PHYSICAL);                         \
        SET_ACHIEVED(response, Current, current, response, EVSEMaximumCurrentLimit, PHYSICAL);                         \
        SET_ACHIEVED(response, Power, voltage *current, response, EVSEMaximumPowerLimit, PHYSICAL);                    \
    } while (0)

/* Likewise for the two scheduled control modes of ISO 15118-20. */
#define SET_ALL_ACHIEVED_IN_MODE(request, response, Mode)                                                              \
    do {                                                                                                               \
        double voltage = RATIONAL((request)->Mode##ReqControlMode.EVTargetVoltage);                                    \
        double current = RATIONAL((request)->Mode##ReqControlMode.EVTargetCurrent);                                    \
        SET_ACHIEVED(response, Voltage, voltage, &(response)->Mode##ResControlMode, EVSEMaximumVoltage, RATIONAL);     \
        SET_ACHIEVED(response, Current, current, &(response)->Mode##ResControlMode, EVSEMaximumChargeCurrent,          \
                     RATIONAL);                                                                                        \
        SET_ACHIEVED(response, Power, voltage *current, &(response)->Mode##ResControlMode, EVSEMaximumChargePower,     \
                     RATIONAL);                                                                                        \
    } while (0)

static void set_limits_achieved_iso20(const iso20_DC_ChargeLoopReq *request, iso20_DC_ChargeLoopRes *response)
{
    if (response->CLResControlMode_kind == iso20_DC_ChargeLoopRes_Scheduled_DC_CLResControlMode)
        SET_ALL_ACHIEVED_IN_MODE(request, response, Scheduled_DC_CL);
    else if (response->CLResControlMode_kind == iso20_DC_ChargeLoopRes_BPT_Scheduled_DC_CLResControlMode)
        SET_ALL_ACHIEVED_IN_MODE(request, response, BPT_Scheduled_DC_CL);
}

void loop_set_limits_achieved(const exi_loop_request *request, exi_loop_response *response)
{
    if (response->kind == EXI_din_CurrentDemandRes)
        SET_ALL_ACHIEVED(&request->din_CurrentDemandReq, &response->din_CurrentDemandRes);
    else if (response->kind == EXI_iso2_CurrentDemandRes)
        SET_ALL_ACHIEVED(&request->iso2_CurrentDemandReq, &response->iso2_CurrentDemandRes);
    else if (response->kind == EXI_iso20_DC_ChargeLoopRes)
        set_limits_achieved_iso20(&request->iso20_DC_ChargeLoopReq, &response->iso20_DC_ChargeLoopRes);
}

const struct loop_kind *loop_kind_of(const exi_loop_response *response)
{
    static const struct loop_kind kinds[] = {
        {EXI_din_CurrentDemandReq, EXI_din_CurrentDemandRes, EXI_DIN},
        {EXI_iso2_CurrentDemandReq, EXI_iso2_CurrentDemandRes, EXI_ISO2},
        {EXI_iso2_ChargingStatusReq, EXI_iso2_ChargingStatusRes, EXI_ISO2},
        {EXI_iso20_DC_ChargeLoopReq, EXI_iso20_DC_ChargeLoopRes, EXI_ISO20_DC},
        {EXI_iso20_AC_ChargeLoopReq, EXI_iso20_AC_ChargeLoopRes, EXI_ISO20_AC},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].response == response->kind)
            return &kinds[i];
    return NULL;
}

#define SAME_NUMBER(Energy, Mode)                                                                                      \
    _Static_assert((int)iso20_##Energy##_ChargeLoopReq_##Mode##_##Energy##_CLReqControlMode ==                         \
                       (int)iso20_##Energy##_ChargeLoopRes_##Mode##_##Energy##_CLResControlMode,                       \
                   "a control mode has one number")
SAME_NUMBER(DC, Scheduled);
SAME_NUMBER(DC, BPT_Scheduled);
SAME_NUMBER(DC, Dynamic);
SAME_NUMBER(DC, BPT_Dynamic);
SAME_NUMBER(AC, Scheduled);
SAME_NUMBER(AC, BPT_Scheduled);
SAME_NUMBER(AC, Dynamic);
SAME_NUMBER(AC, BPT_Dynamic);

int loop_control_mode(const exi_loop_message *message)
{
    switch (message->kind) {
    case EXI_iso20_DC_ChargeLoopReq:
        return message->iso20_DC_ChargeLoopReq.CLReqControlMode_kind;
    case EXI_iso20_DC_ChargeLoopRes:
        return message->iso20_DC_ChargeLoopRes.CLResControlMode_kind;
    case EXI_iso20_AC_ChargeLoopReq:
        return message->iso20_AC_ChargeLoopReq.CLReqControlMode_kind;
    case EXI_iso20_AC_ChargeLoopRes:
        return message->iso20_AC_ChargeLoopRes.CLResControlMode_kind;
    default:
        return 0;
    }
}

void loop_set_time(exi_loop_response *response, uint64_t unix_s)
{
    response->timestamp = unix_s;
}

bool loop_wants_meter_info(const exi_loop_request *request, bool unsent)
{
    if (request->kind == EXI_iso20_DC_ChargeLoopReq)
        return request->iso20_DC_ChargeLoopReq.MeterInfoRequested;
    return request->kind == EXI_iso20_AC_ChargeLoopReq ? request->iso20_AC_ChargeLoopReq.MeterInfoRequested : unsent;
}

/* Where a response says whether it has MeterInfo; NULL where it cannot have any. */
static uint8_t *meter_info(exi_loop_response *response)
{
    switch (response->kind) {
    case EXI_iso2_CurrentDemandRes:
        return &response->iso2_CurrentDemandRes.has_MeterInfo;
    case EXI_iso2_ChargingStatusRes:
        return &response->iso2_ChargingStatusRes.has_MeterInfo;
    case EXI_iso20_DC_ChargeLoopRes:
        return &response->iso20_DC_ChargeLoopRes.has_MeterInfo;
    case EXI_iso20_AC_ChargeLoopRes:
        return &response->iso20_AC_ChargeLoopRes.has_MeterInfo;
    default:
        return NULL;
    }
}

bool loop_has_meter_info(exi_loop_response *response)
{
    const uint8_t *has = meter_info(response);
    return has != NULL && *has;
}

void loop_show_meter_info(exi_loop_response *response, bool show)
{
    uint8_t *has = meter_info(response);
    if (has != NULL)
        *has = show;
}

bool loop_receipt_required(const exi_loop_response *response)
{
    if (response->kind == EXI_iso2_CurrentDemandRes)
        return response->iso2_CurrentDemandRes.has_ReceiptRequired && response->iso2_CurrentDemandRes.ReceiptRequired;
    return response->kind == EXI_iso2_ChargingStatusRes && response->iso2_ChargingStatusRes.has_ReceiptRequired &&
           response->iso2_ChargingStatusRes.ReceiptRequired;
}
