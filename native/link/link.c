#include "link.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "link_state.h"

#define LINK_STACK_OCTETS (256 * 1024)

void link_signal(int fd)
{
    /* Fails only when the counter is at its top, and then the other side is woken already. */
    (void)!eventfd_write(fd, 1);
}

static void destroy(struct link *link)
{
    ring_free(&link->frames);
    ring_free(&link->replies);
    free(link->handshake.client_certificate);
    free(link->payload);
    free(link->tx);
    if (link->wake_fd >= 0)
        close(link->wake_fd);
    if (link->notify_fd >= 0)
        close(link->notify_fd);
    free(link);
}

void link_unref(struct link *link)
{
    if (atomic_fetch_sub_explicit(&link->owners, 1u, memory_order_acq_rel) != 1)
        return;
    pthread_cond_destroy(&link->finish);
    pthread_mutex_destroy(&link->finish_lock);
    destroy(link);
}

/* All memory a connection will ever use; its pages are touched only as they are needed. */
static bool allocate(struct link *link)
{
    const struct link_settings *s = &link->settings;
    link->payload = malloc(s->max_payload);
    link->tx = malloc(V2GTP_HEADER_OCTETS + (size_t)s->max_payload + EXI_SLACK);
    return link->payload != NULL && link->tx != NULL && ring_init(&link->frames, s->queue_frames, s->max_payload) &&
           ring_init(&link->replies, s->queue_frames + 1, s->max_payload);
}

static void init_finish(struct link *link)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&link->finish, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&link->finish_lock, NULL);
}

/* Start the thread with every signal blocked: signals are for Python's threads. */
static int start_thread(struct link *link)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, LINK_STACK_OCTETS);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&link->thread, &attributes, link_run, link);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

static struct link *create(const struct link_settings *settings, const struct link_codec *codec)
{
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return NULL;
    link->settings = *settings;
    link->codec = *codec;
    link->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    link->notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (link->wake_fd < 0 || link->notify_fd < 0 || !allocate(link)) {
        int error = errno;
        destroy(link);
        errno = error;
        return NULL;
    }
    v2gtp_init(&link->framing, link->payload, settings->max_payload, settings->payload_types,
               settings->payload_types_n);
    loop_init(&link->loop, settings->report_interval_ms, settings->heartbeat_ms);
    init_finish(link);
    return link;
}

struct link *link_start(struct transport *transport, const struct link_settings *settings,
                        const struct link_codec *codec)
{
    struct link *link = create(settings, codec);
    if (link == NULL)
        return NULL;
    link->transport = transport;
    atomic_init(&link->owners, 2u);
    int error = start_thread(link);
    if (error == 0)
        return link;
    atomic_store(&link->owners, 1u);
    link_unref(link);
    errno = error;
    return NULL;
}

void link_release(struct link *link)
{
    link_close(link, LINK_ABORT);
    if (!link->joined)
        pthread_detach(link->thread);
    link_unref(link);
}

static struct timespec monotonic_in(int ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec += 1;
        t.tv_nsec -= 1000000000L;
    }
    return t;
}

static bool wait_finished(struct link *link, int timeout_ms)
{
    struct timespec deadline = monotonic_in(timeout_ms < 0 ? 0 : timeout_ms);
    int error = 0;
    pthread_mutex_lock(&link->finish_lock);
    while (!link->finished && error == 0)
        error = timeout_ms < 0 ? pthread_cond_wait(&link->finish, &link->finish_lock)
                               : pthread_cond_timedwait(&link->finish, &link->finish_lock, &deadline);
    bool finished = link->finished;
    pthread_mutex_unlock(&link->finish_lock);
    return finished;
}

bool link_join(struct link *link, int timeout_ms)
{
    if (link->joined)
        return true;
    if (!wait_finished(link, timeout_ms))
        return false;
    pthread_join(link->thread, NULL);
    link->joined = true;
    return true;
}

int link_notify_fd(const struct link *link)
{
    return link->notify_fd;
}

void link_clear_notify(struct link *link)
{
    eventfd_t count;
    (void)!eventfd_read(link->notify_fd, &count);
}

const struct handshake *link_handshake(const struct link *link)
{
    return atomic_load_explicit(&link->shaken, memory_order_acquire) ? &link->handshake : NULL;
}

const struct record *link_frame(struct link *link)
{
    return ring_peek(&link->frames);
}

void link_frame_done(struct link *link)
{
    ring_release(&link->frames);
}

const struct loop_progress *link_progress(struct link *link)
{
    struct loop *loop = &link->loop;
    return triple_refresh(&loop->outbox) ? &loop->progress[loop->outbox.front] : NULL;
}

bool link_closed(const struct link *link, enum link_reason *reason, const char **detail)
{
    if (!atomic_load_explicit(&link->closed, memory_order_acquire))
        return false;
    *reason = link->reason;
    *detail = link->detail;
    return true;
}

void link_reply(struct link *link, uint16_t payload_type, const uint8_t *octets, uint32_t n, uint32_t settles,
                enum link_close close, uint32_t min_response_ms)
{
    struct record *record = ring_reserve(&link->replies);
    if (record == NULL) {
        atomic_store(&link->overrun, true);
    } else {
        record->payload_type = payload_type;
        record->sequence = settles;
        record->close = (uint8_t)close;
        record->min_response_ms = min_response_ms;
        record->n = n;
        memcpy(record->octets, octets, n);
        ring_commit(&link->replies);
    }
    link_signal(link->wake_fd);
}

void link_close(struct link *link, enum link_close how)
{
    /* This side alone writes it, so that no exchange is needed. */
    if (atomic_load(&link->close_request) < (unsigned)how)
        atomic_store(&link->close_request, (unsigned)how);
    link_signal(link->wake_fd);
}

struct loop_template *link_template(struct link *link)
{
    return &link->loop.templates[link->loop.inbox.back];
}

void link_publish(struct link *link)
{
    triple_publish(&link->loop.inbox);
}

static uint32_t read_count(const atomic_uint *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

void link_read_counters(struct link *link, struct link_counters *out)
{
    const struct link_tally *tally = &link->tally;
    out->frames = read_count(&tally->frames);
    for (int i = 0; i < V2GTP_FAULTS; i++)
        out->ignored[i] = read_count(&tally->ignored[i]);
    out->handed_over = read_count(&tally->handed_over);
    out->answered = read_count(&tally->answered);
    out->answered_stale = read_count(&tally->answered_stale);
    out->refused = read_count(&tally->refused);
    out->late = read_count(&tally->late);
    out->slowest_us = read_count(&tally->slowest_us);
    out->held = read_count(&tally->held);
    out->fifo = read_count(&tally->fifo);
}
