#include "loop_response.h"

#include <math.h>

/* A physical value as a double. Dividing by a power of ten, where multiplying by its inverse would not be exact, makes
 * equal decimals equal doubles: 4000 * 10^-1 == 400 * 10^0. */
static double physical(int multiplier, int value)
{
    static const double powers[] = {1.0, 10.0, 100.0, 1000.0};
    if (multiplier < -3 || multiplier > 3)
        return NAN;
    return multiplier < 0 ? value / powers[-multiplier] : value * powers[multiplier];
}

#define PHYSICAL(element) physical((element).Multiplier, (element).Value)

/* A negative limit is the most that a discharging EV may give: the target has to lie as far below zero. */
static bool reached(double target, double limit)
{
    return limit < 0 ? target <= limit : target >= limit;
}

/* A limit that was never given cannot be reached. */
#define SET_LIMIT_ACHIEVED(response, Quantity, target)                                                                 \
    (response)->EVSE##Quantity##LimitAchieved = (response)->has_EVSEMaximum##Quantity##Limit &&                        \
                                                reached(target, PHYSICAL((response)->EVSEMaximum##Quantity##Limit))

/* The elements are the same in both protocols, their C types are not. */
#define SET_LIMITS_ACHIEVED(request, response)                                                                         \
    do {                                                                                                               \
        double voltage = PHYSICAL((request)->EVTargetVoltage);                                                         \
        double current = PHYSICAL((request)->EVTargetCurrent);                                                         \
        SET_LIMIT_ACHIEVED(response, Voltage, voltage);                                                                \
        SET_LIMIT_ACHIEVED(response, Current, current);                                                                \
        SET_LIMIT_ACHIEVED(response, Power, voltage * current);                                                        \
    } while (0)

void loop_set_limits_achieved(const exi_loop_request *request, exi_loop_response *response)
{
    if (response->kind == EXI_din_CurrentDemandRes)
        SET_LIMITS_ACHIEVED(&request->din_CurrentDemandReq, &response->din_CurrentDemandRes);
    else if (response->kind == EXI_iso2_CurrentDemandRes)
        SET_LIMITS_ACHIEVED(&request->iso2_CurrentDemandReq, &response->iso2_CurrentDemandRes);
}

bool loop_has_meter_info(const exi_loop_response *response)
{
    if (response->kind == EXI_iso2_CurrentDemandRes)
        return response->iso2_CurrentDemandRes.has_MeterInfo;
    return response->kind == EXI_iso2_ChargingStatusRes && response->iso2_ChargingStatusRes.has_MeterInfo;
}

void loop_drop_meter_info(exi_loop_response *response)
{
    if (response->kind == EXI_iso2_CurrentDemandRes)
        response->iso2_CurrentDemandRes.has_MeterInfo = 0;
    else if (response->kind == EXI_iso2_ChargingStatusRes)
        response->iso2_ChargingStatusRes.has_MeterInfo = 0;
}

bool loop_receipt_required(const exi_loop_response *response)
{
    if (response->kind == EXI_iso2_CurrentDemandRes)
        return response->iso2_CurrentDemandRes.has_ReceiptRequired && response->iso2_CurrentDemandRes.ReceiptRequired;
    return response->kind == EXI_iso2_ChargingStatusRes && response->iso2_ChargingStatusRes.has_ReceiptRequired &&
           response->iso2_ChargingStatusRes.ReceiptRequired;
}

int loop_request_kind(const exi_loop_response *response)
{
    if (response->kind == EXI_din_CurrentDemandRes)
        return EXI_din_CurrentDemandReq;
    if (response->kind == EXI_iso2_CurrentDemandRes)
        return EXI_iso2_CurrentDemandReq;
    return response->kind == EXI_iso2_ChargingStatusRes ? EXI_iso2_ChargingStatusReq : EXI_LOOP_NONE;
}
