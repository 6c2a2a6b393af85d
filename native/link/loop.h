/* The charge loop: which request is answered here, from which response, and what of it depends on the request.
 *
 * Python says beforehand what it would answer (a template: one response while its present values are fresh, another one
 * for when they are stale) and hears afterwards what was answered (progress). Both go through wait-free mailboxes. */
#ifndef FASTSECC_LINK_LOOP_H
#define FASTSECC_LINK_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exi_api.h"
#include "triple.h"
#include "v2gtp.h"

#define LOOP_MAX_REQUEST 512 /* octets; real requests have about 50, longer ones go to Python */
#define LOOP_MAX_SESSION_ID 8

/* The codec, given by whoever starts the link. */
struct link_codec {
    exi_decode_loop_function decode;
    exi_encode_loop_function encode;
};

struct loop_time {
    int64_t monotonic_ns;
    uint64_t unix_s;
};

struct loop_template {
    bool armed;
    uint8_t session_id_n;
    uint8_t session_id[LOOP_MAX_SESSION_ID];
    int protocol;           /* grammar to decode with */
    int request_kind;       /* the one that is answered */
    uint16_t payload_type;  /* of request and answer */
    int64_t fresh_until_ns; /* CLOCK_MONOTONIC */
    uint64_t meter_sequence;
    uint32_t min_response_ms; /* from reading the request; 0: at once */
    exi_loop_response fresh;
    exi_loop_response stale;
};

struct loop_progress {
    uint64_t answered;
    uint64_t meter_sequence_sent;
    uint64_t meter_requests; /* how often the EV asked for MeterInfo in so many words (ISO 15118-20) */
    int64_t at_ns; /* of the newest answer, CLOCK_MONOTONIC */
    bool stale;    /* an answer was taken from the stale response, now or earlier */
    uint16_t payload_type;
    uint32_t n;
    uint8_t request[LOOP_MAX_REQUEST]; /* the newest request that was answered, EXI */
};

struct loop {
    struct triple inbox; /* Python -> link thread */
    struct loop_template templates[TRIPLE_SLOTS];
    struct triple outbox; /* link thread -> Python */
    struct loop_progress progress[TRIPLE_SLOTS];

    /* The link thread's own. */
    struct loop_progress now;
    exi_loop_request request;
    bool awaiting_receipt; /* a receipt was asked for: Python answers until it has dealt with it */

    int64_t report_interval_ns;
    int64_t heartbeat_ns;
    struct loop_progress reported; /* what Python was last woken for */
    int64_t reported_ns;           /* and when */
    bool report_pending;
};

enum loop_verdict {
    LOOP_ANSWERED,
    LOOP_ANSWERED_STALE,
    LOOP_UNARMED, /* Python's: there is no template, or a receipt is awaited */
    LOOP_REFUSED, /* Python's: the request is not what the template is for */
};

void loop_init(struct loop *loop, uint32_t report_interval_ms, uint32_t heartbeat_ms);

/* Arm a template whose other fields are set; false if its two responses do not answer the same request, in ISO 15118-20
 * in the same control mode. */
bool loop_arm(struct loop_template *template);

/* Answer a frame if it is a request for the template. `*written` is the length of the response in `out`, whose
 * `capacity` includes the EXI_SLACK octets that the codec wants. */
enum loop_verdict loop_answer(struct loop *loop, const struct link_codec *codec, const struct v2gtp *frame,
                              struct loop_time now, uint8_t *out, size_t capacity, size_t *written);

/* The newest template, the link thread's until the next call. */
struct loop_template *loop_newest(struct loop *loop);

/* When Python is to be woken for progress: INT64_MAX if it need not be. */
int64_t loop_report_at(const struct loop *loop);

/* Note that Python is being woken. */
void loop_reported(struct loop *loop, int64_t now_ns);

#endif
