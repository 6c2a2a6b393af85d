/* What in a charge-loop response depends on the request, on the time, or is said only once. */
#ifndef FASTSECC_LINK_LOOP_RESPONSE_H
#define FASTSECC_LINK_LOOP_RESPONSE_H

#include <stdbool.h>

#include "exi_structs.h"

/* A charge loop of a protocol. */
struct loop_kind {
    int request;  /* enum exi_loop_kind */
    int response; /* likewise */
    int protocol; /* enum exi_protocol: grammar of both */
};

/* The loop that a response is of; NULL if it is not a response. */
const struct loop_kind *loop_kind_of(const exi_loop_response *response);

/* The control mode of a message of ISO 15118-20, the same number in a request and in its response; 0 for others. */
int loop_control_mode(const exi_loop_message *message);

/* Set EVSE{Current,Voltage,Power}LimitAchieved: whether the EV asks for what the maximum is, or for more. Leaves a
 * response alone in which the EV asks for nothing (AC, the dynamic control mode). */
void loop_set_limits_achieved(const exi_loop_request *request, exi_loop_response *response);

/* Set the header's TimeStamp, which ISO 15118-20 alone has. */
void loop_set_time(exi_loop_response *response, uint64_t unix_s);

/* Whether the answer is to have the meter's reading: when the EV asks for it (ISO 15118-20), or as long as it is
 * `unsent`. */
bool loop_wants_meter_info(const exi_loop_request *request, bool unsent);

/* Whether it has it, and to show it or not. */
bool loop_has_meter_info(exi_loop_response *response);
void loop_show_meter_info(exi_loop_response *response, bool show);

/* True if the EV has to answer with a MeteringReceiptReq. */
bool loop_receipt_required(const exi_loop_response *response);

#endif
