/* What a link consists of; shared by its two sides, link.c (Python's thread) and thread.c (its own). */
#ifndef FASTSECC_LINK_STATE_H
#define FASTSECC_LINK_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "link.h"
#include "rt.h"

#define RX_OCTETS 4096

enum link_phase {
    PHASE_OPENING, /* the transport sets itself up: the TLS handshake */
    PHASE_RUNNING,
    PHASE_CLOSING, /* nothing more is read or said; the EV's FIN is waited for */
    PHASE_ENDED,   /* the socket is closed */
};

/* The fields of `struct link_counters`, written by the link thread alone. */
struct link_tally {
    atomic_uint frames;
    atomic_uint ignored[V2GTP_FAULTS];
    atomic_uint handed_over;
    atomic_uint answered;
    atomic_uint answered_stale;
    atomic_uint refused;
    atomic_uint late;
    atomic_uint slowest_us;
    atomic_uint held;
    atomic_uint fifo;
};

struct link {
    /* Set before the thread starts, constant then. */
    struct link_settings settings;
    struct link_codec codec;
    int wake_fd;   /* Python -> thread */
    int notify_fd; /* thread -> Python */

    /* Shared. */
    struct ring frames;
    struct ring replies;
    struct loop loop;
    struct link_tally tally;
    atomic_uint close_request; /* enum link_close; only rises */
    atomic_bool overrun;       /* a reply found no room */
    atomic_bool shaken;        /* `handshake` is set */
    struct handshake handshake;
    atomic_bool closed; /* `reason` and `detail` are set */
    enum link_reason reason;
    char detail[LINK_DETAIL_OCTETS];
    atomic_uint owners; /* Python's side and the thread; the last one frees */

    /* The end of the thread, for those who wait for it. */
    pthread_mutex_t finish_lock;
    pthread_cond_t finish;
    bool finished;

    /* Python's side alone. */
    pthread_t thread;
    bool joined;

    /* The thread alone. */
    struct transport *transport;
    struct rt rt;
    int64_t second_ns;           /* when the second began in which answers are counted */
    uint64_t answered_before_it;
    enum link_phase phase;
    int64_t open_deadline_ns;
    struct v2gtp framing;
    uint32_t ignored_in_a_row;
    uint32_t handed;  /* number of the newest frame queued for Python */
    uint32_t owed;    /* number of the newest one of these on the main stream */
    uint32_t settled; /* number of the newest one that Python has dealt with */
    bool readable;    /* the socket may have octets for us */
    int64_t read_ns;  /* when the octets in `rx` came */
    int64_t handed_ns; /* when those of the newest frame queued for Python did */
    bool answering;   /* `tx` holds an answer of the loop */
    bool shut;        /* our FIN is sent */
    enum link_close closing;
    int64_t close_deadline_ns;
    enum link_close tx_close;
    int64_t tx_hold_ns; /* not to be sent before; 0: at once */
    int64_t tx_deadline_ns;
    size_t rx_at, rx_n;
    size_t tx_at, tx_n;
    uint8_t rx[RX_OCTETS];
    uint8_t *payload; /* the frame being read: max_payload octets */
    uint8_t *tx;      /* the frame being sent: a header, max_payload octets, and EXI_SLACK for the codec */
};

/* The thread's body. */
void *link_run(void *link);

/* Add to an eventfd, which wakes whoever polls it. */
void link_signal(int fd);

/* Give up one owner's share; the last one frees. */
void link_unref(struct link *link);

#endif
