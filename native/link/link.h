/* A connection to an EV on a thread of its own: the interface towards Python.
 *
 * The thread owns the socket. It reads V2GTP frames, answers charge-loop requests by itself from the newest template
 * (loop.h), queues every other frame for Python and sends what Python replies. Nothing it does needs the GIL. Functions
 * here are called by one thread at a time (Python's, under the GIL) and never block, `link_join` apart. */
#ifndef FASTSECC_LINK_H
#define FASTSECC_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"
#include "ring.h"
#include "transport.h"
#include "v2gtp.h"

#define LINK_DETAIL_OCTETS 192

/* How a connection ends; a later demand only counts if it is a harder one. */
enum link_close {
    LINK_KEEP,
    LINK_CLOSE_AFTER_EV, /* wait for the EV's FIN, then close */
    LINK_CLOSE_NOW,      /* send our FIN, wait for the EV's, then close */
    LINK_ABORT,          /* close at once */
};

/* Why a connection has ended. */
enum link_reason {
    LINK_EV_CLOSED,
    LINK_RESET,
    LINK_CLOSED_BY_US,
    LINK_FRAME_TOO_LONG,
    LINK_TOO_MANY_BAD_FRAMES,
    LINK_QUEUE_FULL,
    LINK_SEND_TIMEOUT,
    LINK_IO_ERROR,
    LINK_TLS_FAILED, /* before the handshake was done */
};

struct link_settings {
    uint16_t payload_types[V2GTP_MAX_TYPES];
    uint32_t payload_types_n;
    uint32_t max_payload;        /* octets */
    uint32_t queue_frames;       /* frames that may wait for Python */
    uint32_t max_ignored_frames; /* in a row */
    uint32_t report_interval_ms; /* shortest time between two signals for progress */
    uint32_t heartbeat_ms;       /* progress without change is signalled this often */
    uint32_t fin_wait_ms;
    uint32_t send_timeout_ms;
    uint32_t handshake_timeout_ms; /* from the connection's start */
    uint32_t fifo_priority; /* of SCHED_FIFO while the loop is armed; 0: always normal */
};

/* Counters of a connection; they wrap at 2^32. */
struct link_counters {
    uint32_t frames;                /* well-formed ones that were read */
    uint32_t ignored[V2GTP_FAULTS]; /* by kind of fault */
    uint32_t handed_over;           /* to Python */
    uint32_t answered;              /* on the link thread */
    uint32_t answered_stale;        /* of these, from the stale response */
    uint32_t refused;               /* frames left to Python though the loop was armed */
    uint32_t late;                  /* answers that took longer than V2G_SECC_Msg_Performance_Time of CurrentDemand */
    uint32_t slowest_us;            /* longest time from reading a loop request to having sent its answer */
    uint32_t held;                  /* answers and replies that waited for their minimum interval */
    uint32_t fifo;                  /* 1 while the thread runs at SCHED_FIFO */
};

struct link;

/* Start the thread. Takes the transport over if it succeeds; NULL with errno otherwise. */
struct link *link_start(struct transport *transport, const struct link_settings *settings,
                        const struct link_codec *codec);

/* End the connection if it has not ended, and give the link up. The thread ends by itself; nothing is waited for. */
void link_release(struct link *link);

/* Wait until the thread has ended; false after `timeout_ms` (-1: wait for ever). */
bool link_join(struct link *link, int timeout_ms);

/* The eventfd that is readable when there are frames, progress, ignored frames or the end to be taken. */
int link_notify_fd(const struct link *link);

/* Clear that eventfd; to be done before taking. */
void link_clear_notify(struct link *link);

/* What the TLS handshake came to; NULL before it is done, and without TLS. It comes before the first frame. */
const struct handshake *link_handshake(const struct link *link);

/* The oldest frame that waits, NULL when there is none; valid until it is released by `link_frame_done`. */
const struct record *link_frame(struct link *link);
void link_frame_done(struct link *link);

/* The newest progress, NULL when there is none newer than the last; valid until the next call. */
const struct loop_progress *link_progress(struct link *link);

/* True once the socket is closed. To be asked before the last frames are taken: none comes after it. */
bool link_closed(const struct link *link, enum link_reason *reason, const char **detail);

/* Send a frame, settle every frame up to number `settles`, then close as told. One of a side stream settles nothing: the
 * loop goes on beside it. It leaves no sooner than `min_response_ms` after the newest request that Python was given was read. A connection that cannot queue the reply
 * ends with LINK_QUEUE_FULL. `n` is 1 to the setting max_payload. */
void link_reply(struct link *link, uint16_t payload_type, const uint8_t *octets, uint32_t n, uint32_t settles,
                enum link_close close, uint32_t min_response_ms);

/* End the connection after the replies that are queued; LINK_ABORT drops them. */
void link_close(struct link *link, enum link_close how);

/* The template to be filled in; then publish it. */
struct loop_template *link_template(struct link *link);
void link_publish(struct link *link);

void link_read_counters(struct link *link, struct link_counters *out);

#endif
