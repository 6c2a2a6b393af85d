/* Limit-achieved flags against exact decimal arithmetic: equal decimals are equal, whatever their multipliers. */
#include <stdio.h>
#include <string.h>

#include "loop_response.h"

static const int values[] = {-32768, -4000, -401, -1, 0, 1, 3, 7, 9, 10, 33, 40, 70, 100, 300, 333, 400, 401, 700, 999,
                             1000, 3000, 3999, 4000, 4001, 7000, 10000, 29999, 30000, 32767};
#define COUNT (sizeof values / sizeof *values)

static long long thousandths(int multiplier, int value)
{
    long long scaled = value;
    for (int i = -3; i < multiplier; i++)
        scaled *= 10;
    return scaled;
}

static int is_reached(long long target, long long limit)
{
    return limit < 0 ? target <= limit : target >= limit;
}

#define TRY(PROTOCOL)                                                                                                  \
    static int try_##PROTOCOL(int m1, int v1, int m2, int v2)                                                          \
    {                                                                                                                  \
        exi_loop_message request, response;                                                                            \
        memset(&request, 0, sizeof request);                                                                           \
        memset(&response, 0, sizeof response);                                                                         \
        request.kind = EXI_##PROTOCOL##_CurrentDemandReq;                                                              \
        response.kind = EXI_##PROTOCOL##_CurrentDemandRes;                                                             \
        request.PROTOCOL##_CurrentDemandReq.EVTargetCurrent.Multiplier = m1;                                           \
        request.PROTOCOL##_CurrentDemandReq.EVTargetCurrent.Value = v1;                                                \
        request.PROTOCOL##_CurrentDemandReq.EVTargetVoltage.Value = 1;                                                 \
        PROTOCOL##_CurrentDemandRes *res = &response.PROTOCOL##_CurrentDemandRes;                                      \
        res->has_EVSEMaximumCurrentLimit = res->has_EVSEMaximumPowerLimit = 1;                                         \
        res->EVSEMaximumCurrentLimit.Multiplier = res->EVSEMaximumPowerLimit.Multiplier = m2;                          \
        res->EVSEMaximumCurrentLimit.Value = res->EVSEMaximumPowerLimit.Value = v2;                                    \
        res->EVSEVoltageLimitAchieved = 1; /* it has no maximum to reach */                                            \
        loop_set_limits_achieved(&request, &response);                                                                 \
        int expected = is_reached(thousandths(m1, v1), thousandths(m2, v2));                                           \
        return res->EVSECurrentLimitAchieved == expected && res->EVSEPowerLimitAchieved == expected &&                 \
               res->EVSEVoltageLimitAchieved == 0;                                                                     \
    }

TRY(din)
TRY(iso2)

#define TRY_MODE(MODE)                                                                                                 \
    static int try_##MODE(int m1, int v1, int m2, int v2)                                                              \
    {                                                                                                                  \
        exi_loop_message request, response;                                                                            \
        memset(&request, 0, sizeof request);                                                                           \
        memset(&response, 0, sizeof response);                                                                         \
        request.kind = EXI_iso20_DC_ChargeLoopReq;                                                                     \
        response.kind = EXI_iso20_DC_ChargeLoopRes;                                                                    \
        iso20_DC_ChargeLoopReq *req = &request.iso20_DC_ChargeLoopReq;                                                 \
        iso20_DC_ChargeLoopRes *res = &response.iso20_DC_ChargeLoopRes;                                                \
        req->CLReqControlMode_kind = iso20_DC_ChargeLoopReq_##MODE##_DC_CLReqControlMode;                              \
        res->CLResControlMode_kind = iso20_DC_ChargeLoopRes_##MODE##_DC_CLResControlMode;                              \
        iso20_##MODE##_DC_CLReqControlModeType *asked = &req->MODE##_DC_CLReqControlMode;                              \
        iso20_##MODE##_DC_CLResControlModeType *stated = &res->MODE##_DC_CLResControlMode;                             \
        asked->EVTargetCurrent.Exponent = m1;                                                                          \
        asked->EVTargetCurrent.Value = v1;                                                                             \
        asked->EVTargetVoltage.Value = 1;                                                                              \
        stated->has_EVSEMaximumChargeCurrent = stated->has_EVSEMaximumChargePower = 1;                                 \
        stated->EVSEMaximumChargeCurrent.Exponent = stated->EVSEMaximumChargePower.Exponent = m2;                      \
        stated->EVSEMaximumChargeCurrent.Value = stated->EVSEMaximumChargePower.Value = v2;                            \
        res->EVSEVoltageLimitAchieved = 1; /* it has no maximum to reach */                                            \
        loop_set_limits_achieved(&request, &response);                                                                 \
        int expected = is_reached(thousandths(m1, v1), thousandths(m2, v2));                                           \
        return res->EVSECurrentLimitAchieved == expected && res->EVSEPowerLimitAchieved == expected &&                 \
               res->EVSEVoltageLimitAchieved == 0;                                                                     \
    }

TRY_MODE(Scheduled)
TRY_MODE(BPT_Scheduled)

static int try_all(int m1, int v1, int m2, int v2)
{
    return try_din(m1, v1, m2, v2) && try_iso2(m1, v1, m2, v2) && try_Scheduled(m1, v1, m2, v2) &&
           try_BPT_Scheduled(m1, v1, m2, v2);
}

int main(void)
{
    for (int m1 = -3; m1 <= 3; m1++)
        for (int m2 = -3; m2 <= 3; m2++)
            for (size_t i = 0; i < COUNT; i++)
                for (size_t k = 0; k < COUNT; k++)
                    if (!try_all(m1, values[i], m2, values[k])) {
                        printf("%d * 10^%d against %d * 10^%d\n", values[i], m1, values[k], m2);
                        return 1;
                    }
    return 0;
}
