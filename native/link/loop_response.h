/* What in a charge-loop response depends on the request, or is said only once. */
#ifndef FASTSECC_LINK_LOOP_RESPONSE_H
#define FASTSECC_LINK_LOOP_RESPONSE_H

#include <stdbool.h>

#include "exi_structs.h"

/* Set EVSE{Current,Voltage,Power}LimitAchieved of a CurrentDemandRes: whether the EV asks for what the maximum is, or
 * for more. Leaves a ChargingStatusRes alone. */
void loop_set_limits_achieved(const exi_loop_request *request, exi_loop_response *response);

bool loop_has_meter_info(const exi_loop_response *response);
void loop_drop_meter_info(exi_loop_response *response);

/* Kind of the request that a response answers; EXI_LOOP_NONE if it is not a response. */
int loop_request_kind(const exi_loop_response *response);

/* True if the EV has to answer with a MeteringReceiptReq. */
bool loop_receipt_required(const exi_loop_response *response);

#endif
