/* Whole links under threads: EVs ask, Python publishes, replies, reads and closes, all at once. What an EV gets is whole
 * and in order, and no link outlives its end. The codec is a stand-in that copies two fields, which are always equal. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link.h"

#define LINKS 6
#define REQUESTS 3000
#define SESSION_ID "01234567"
#define PATIENCE_ms 20000

enum { LOOP = 'L', PYTHON = 'P' };

static int decode(const uint8_t *exi, size_t n, int protocol, exi_loop_request *out)
{
    (void)protocol;
    if (n != 9 || exi[0] != LOOP)
        return 1;
    out->kind = EXI_iso2_ChargingStatusReq;
    out->session_id_n = 8;
    memcpy(out->session_id, exi + 1, 8);
    return 0;
}

static int encode(const exi_loop_response *message, uint8_t *out, size_t capacity)
{
    const iso2_ChargingStatusRes *response = &message->iso2_ChargingStatusRes;
    if (capacity < 3)
        return -1;
    out[0] = LOOP;
    out[1] = (uint8_t)response->SAScheduleTupleID;
    out[2] = (uint8_t)response->AC_EVSEStatus.NotificationMaxDelay;
    return 3;
}

static const struct link_codec codec = {decode, encode};

static void fail(const char *what, long number)
{
    printf("%s: %ld\n", what, number);
    exit(1);
}

static void read_all(int fd, uint8_t *to, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = read(fd, to + at, n - at);
        if (got <= 0)
            fail("the link has closed", (long)got);
        at += (size_t)got;
    }
}

/* One frame each way; the first octet of the answer says who gave it. */
static void ask(int fd, int kind, uint8_t answer[3])
{
    uint8_t frame[17] = {0x01, 0xFE, 0x80, 0x01, 0, 0, 0, 9, (uint8_t)kind};
    uint8_t header[8];
    memcpy(frame + 9, SESSION_ID, 8);
    if (write(fd, frame, sizeof frame) != (ssize_t)sizeof frame)
        fail("the link takes nothing", kind);
    read_all(fd, header, sizeof header);
    read_all(fd, answer, header[7]);
}

static void *drive_ev(void *socket)
{
    int fd = *(int *)socket;
    uint8_t answer[3];
    for (int i = 0; i < REQUESTS; i++) {
        int kind = i % 16 == 0 ? PYTHON : LOOP;
        ask(fd, kind, answer);
        if (answer[1] != answer[2] || (kind == PYTHON && answer[0] != PYTHON))
            fail("torn or not the answer", i);
    }
    close(fd);
    return NULL;
}

static void publish(struct link *link, unsigned number)
{
    struct loop_template *t = link_template(link);
    memset(t, 0, sizeof *t);
    t->payload_type = V2GTP_EXI;
    t->session_id_n = 8;
    memcpy(t->session_id, SESSION_ID, 8);
    t->fresh.kind = t->stale.kind = EXI_iso2_ChargingStatusRes;
    t->fresh_until_ns = number % 3 ? INT64_MAX : 0;
    t->meter_sequence = number;
    t->fresh.iso2_ChargingStatusRes.SAScheduleTupleID = (uint8_t)number;
    t->fresh.iso2_ChargingStatusRes.AC_EVSEStatus.NotificationMaxDelay = (uint8_t)number;
    t->stale.iso2_ChargingStatusRes = t->fresh.iso2_ChargingStatusRes;
    if (loop_arm(t))
        link_publish(link);
}

/* What Python does when it has time for a link; false once the link has closed. */
static bool serve(struct link *link, unsigned number)
{
    enum link_reason reason;
    const char *detail;
    struct link_counters counters;
    link_clear_notify(link);
    bool closed = link_closed(link, &reason, &detail);
    link_progress(link);
    link_read_counters(link, &counters);
    publish(link, number);
    for (const struct record *frame; (frame = link_frame(link)) != NULL; link_frame_done(link)) {
        const uint8_t reply[3] = {PYTHON, (uint8_t)number, (uint8_t)number};
        if (number % 7 == 0) {
            link_template(link)->armed = false;
            link_publish(link);
        }
        link_reply(link, frame->payload_type, reply, sizeof reply, frame->sequence, LINK_KEEP, number % 64 == 0);
    }
    if (closed && reason != LINK_EV_CLOSED)
        fail(detail, reason);
    return !closed;
}

static struct link *start(int ev[1])
{
    static const struct link_settings settings = {.payload_types = {V2GTP_EXI},
                                                  .payload_types_n = 1,
                                                  .max_payload = 512,
                                                  .queue_frames = 4,
                                                  .max_ignored_frames = 4,
                                                  .report_interval_ms = 1,
                                                  .heartbeat_ms = 2,
                                                  .fin_wait_ms = 1000,
                                                  .send_timeout_ms = PATIENCE_ms,
                                                  .handshake_timeout_ms = PATIENCE_ms,
                                                  .fifo_priority = 1};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        fail("no sockets", 0);
    ev[0] = ends[0];
    struct link *link = link_start(transport_plain(ends[1]), &settings, &codec);
    if (link == NULL)
        fail("no link", 0);
    return link;
}

/* Links that are given up while their EVs are still asking: every other one without waiting for its thread. */
static void give_up_in_the_middle(void)
{
    for (int i = 0; i < 40; i++) {
        int ev[1];
        uint8_t frame[17] = {0x01, 0xFE, 0x80, 0x01, 0, 0, 0, 9, LOOP};
        memcpy(frame + 9, SESSION_ID, 8);
        struct link *link = start(ev);
        publish(link, (unsigned)i);
        if (write(ev[0], frame, sizeof frame) < 0)
            fail("the link takes nothing", i);
        if (i % 2 == 0) {
            link_close(link, LINK_ABORT);
            if (!link_join(link, PATIENCE_ms))
                fail("the thread does not end", i);
        }
        link_release(link);
        close(ev[0]);
    }
}

int main(void)
{
    struct link *links[LINKS];
    pthread_t evs[LINKS];
    int sockets[LINKS][1];
    for (int i = 0; i < LINKS; i++) {
        links[i] = start(sockets[i]);
        if (pthread_create(&evs[i], NULL, drive_ev, sockets[i]) != 0)
            return 2;
    }
    unsigned open = (1u << LINKS) - 1;
    for (unsigned number = 1; open; number++) {
        struct pollfd fds[LINKS];
        for (int i = 0; i < LINKS; i++)
            fds[i] = (struct pollfd){.fd = open >> i & 1 ? link_notify_fd(links[i]) : -1, .events = POLLIN};
        poll(fds, LINKS, 1);
        for (int i = 0; i < LINKS; i++)
            if (open >> i & 1 && !serve(links[i], number))
                open &= ~(1u << i);
    }
    for (int i = 0; i < LINKS; i++) {
        pthread_join(evs[i], NULL);
        if (!link_join(links[i], PATIENCE_ms))
            fail("the thread does not end", i);
        link_release(links[i]);
    }
    give_up_in_the_middle();
    return 0;
}
