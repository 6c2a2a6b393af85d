/* The link thread: one turn of `link_run` does one thing, the most urgent one that there is to do. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "link_state.h"

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
#define NEVER INT64_MAX
#define TRANSPORT_WANT_NOTHING (-100) /* to sleep, whatever the socket has */
#define V2G_SECC_Msg_Performance_Time_CurrentDemand_us 25000
#define FIFO_ANSWERS_A_SECOND 2000 /* the fastest cars on record ask 50 times */

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static struct loop_time loop_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (struct loop_time){.monotonic_ns = now_ns(), .unix_s = (uint64_t)t.tv_sec};
}

static void count(atomic_uint *counter)
{
    atomic_fetch_add_explicit(counter, 1u, memory_order_relaxed);
}

__attribute__((format(printf, 3, 4))) static void end(struct link *link, enum link_reason reason, const char *format,
                                                      ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(link->detail, sizeof link->detail, format, arguments);
    va_end(arguments);
    link->reason = reason;
    transport_close(link->transport);
    link->transport = NULL;
    link->phase = PHASE_ENDED;
}

/* Why TLS could not be set up. */
static void end_handshake(struct link *link, ssize_t result)
{
    int error = errno;
    char text[64];
    if (result == TRANSPORT_FIN)
        end(link, LINK_TLS_FAILED, "the EV has closed the connection during the handshake");
    else if (result == TRANSPORT_RESET)
        end(link, LINK_TLS_FAILED, "the EV has reset the connection during the handshake");
    else if (result == TRANSPORT_ERROR)
        end(link, LINK_TLS_FAILED, "during the handshake: %s", strerror_r(error, text, sizeof text));
    else
        end(link, LINK_TLS_FAILED, "%s", link->transport->ops->failure(link->transport));
}

/* End after a call of the transport that returned neither octets nor a wish. */
static void end_broken(struct link *link, ssize_t result, const char *doing)
{
    int error = errno;
    char text[64];
    if (link->phase == PHASE_OPENING && link->transport->ops->handshake != NULL)
        end_handshake(link, result);
    else if (link->phase == PHASE_CLOSING)
        end(link, LINK_CLOSED_BY_US, "%s", result == TRANSPORT_FIN ? "the EV has closed too" : "reset by the EV");
    else if (result == TRANSPORT_FIN)
        end(link, LINK_EV_CLOSED, "while %s", doing);
    else if (result == TRANSPORT_RESET)
        end(link, LINK_RESET, "while %s", doing);
    else if (result == TRANSPORT_TLS)
        end(link, LINK_IO_ERROR, "while %s: TLS: %s", doing, link->transport->ops->failure(link->transport));
    else
        end(link, LINK_IO_ERROR, "while %s: %s", doing, strerror_r(error, text, sizeof text));
}

static void begin_close(struct link *link, enum link_close how)
{
    link->phase = PHASE_CLOSING;
    link->closing = how;
    link->close_deadline_ns = now_ns() + link->settings.fin_wait_ms * NS_PER_MS;
}

/* Wake Python if it is time to tell it of the loop. */
static void report(struct link *link, int64_t now)
{
    if (loop_report_at(&link->loop) > now)
        return;
    loop_reported(&link->loop, now);
    link_signal(link->notify_fd);
}

static struct timespec span(int64_t ns)
{
    if (ns < 0)
        ns = 0;
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

/* Tell whether the EV asks more often than any EV can mean: a flood gets no more of the processor than anybody else. */
static bool is_flooded(struct link *link)
{
    uint64_t answered = link->loop.now.answered;
    int64_t now = now_ns();
    if (now - link->second_ns >= NS_PER_S) {
        link->second_ns = now;
        link->answered_before_it = answered;
    }
    return answered - link->answered_before_it > FIFO_ANSWERS_A_SECOND;
}

/* At SCHED_FIFO while requests of the loop are to be answered here, at normal priority otherwise. */
static void mind_priority(struct link *link)
{
    bool in_loop = link->phase == PHASE_RUNNING && loop_newest(&link->loop)->armed;
    rt_set(&link->rt, in_loop && !is_flooded(link));
    atomic_store_explicit(&link->tally.fifo, link->rt.raised, memory_order_relaxed);
}

/* Sleep until the socket is ready for what the transport wants, Python has something, or it is time. */
static void wait_for(struct link *link, ssize_t want, int64_t deadline_ns)
{
    short events = want == TRANSPORT_WANT_WRITE ? POLLOUT : POLLIN;
    int fd = want == TRANSPORT_WANT_NOTHING ? -1 : link->transport->fd;
    struct pollfd fds[2] = {{.fd = fd, .events = events}, {.fd = link->wake_fd, .events = POLLIN}};
    mind_priority(link);
    int64_t now = now_ns();
    report(link, now);
    int64_t report_at = loop_report_at(&link->loop);
    int64_t until = deadline_ns < report_at ? deadline_ns : report_at;
    struct timespec timeout = until == NEVER ? span(0) : span(until - now);
    if (ppoll(fds, 2, until == NEVER ? NULL : &timeout, NULL) <= 0)
        return;
    if (fd >= 0)
        link->readable = fds[0].revents != 0;
    if (fds[1].revents) {
        eventfd_t woken;
        (void)!eventfd_read(link->wake_fd, &woken);
    }
}

static bool wants(ssize_t result)
{
    return result == TRANSPORT_WANT_READ || result == TRANSPORT_WANT_WRITE;
}

/* Let the frame being sent leave no sooner than so long after its request was read. */
static void hold(struct link *link, int64_t read_ns, uint32_t min_response_ms)
{
    int64_t until = read_ns + min_response_ms * NS_PER_MS;
    if (min_response_ms == 0 || until <= now_ns())
        return;
    link->tx_hold_ns = until;
    link->tx_deadline_ns += min_response_ms * NS_PER_MS;
    count(&link->tally.held);
}

/* Make the frame whose payload is in `tx` already the one being sent. */
static void begin_send(struct link *link, uint16_t type, size_t n, enum link_close close)
{
    v2gtp_header(link->tx, type, (uint32_t)n);
    link->tx_at = 0;
    link->tx_n = V2GTP_HEADER_OCTETS + n;
    link->tx_close = close;
    link->tx_hold_ns = 0;
    link->tx_deadline_ns = now_ns() + link->settings.send_timeout_ms * NS_PER_MS;
}

static void measure_answer(struct link *link, int64_t now)
{
    int64_t since = link->tx_hold_ns > link->read_ns ? link->tx_hold_ns : link->read_ns;
    uint32_t took_us = (uint32_t)((now - since) / NS_PER_US);
    if (took_us > V2G_SECC_Msg_Performance_Time_CurrentDemand_us)
        count(&link->tally.late);
    if (took_us > atomic_load_explicit(&link->tally.slowest_us, memory_order_relaxed))
        atomic_store_explicit(&link->tally.slowest_us, took_us, memory_order_relaxed);
}

static void sent(struct link *link)
{
    if (link->answering) {
        int64_t now = now_ns();
        measure_answer(link, now);
        report(link, now);
        link->answering = false;
    }
    if (link->tx_close != LINK_KEEP)
        begin_close(link, link->tx_close);
}

/* Wait out a minimum interval; true when there is none, or it is over. */
static bool may_leave(struct link *link)
{
    if (link->tx_hold_ns == 0 || now_ns() >= link->tx_hold_ns)
        return true;
    wait_for(link, TRANSPORT_WANT_NOTHING, link->tx_hold_ns);
    return false;
}

static void send_more(struct link *link)
{
    if (!may_leave(link))
        return;
    ssize_t n = link->transport->ops->send(link->transport, link->tx + link->tx_at, link->tx_n - link->tx_at);
    if (n > 0) {
        link->tx_at += (size_t)n;
        if (link->tx_at == link->tx_n)
            sent(link);
    } else if (!wants(n)) {
        end_broken(link, n, "sending");
    } else if (now_ns() >= link->tx_deadline_ns) {
        end(link, LINK_SEND_TIMEOUT, "the EV took no octets for %" PRIu32 " ms", link->settings.send_timeout_ms);
    } else {
        wait_for(link, n, link->tx_deadline_ns);
    }
}

/* Tell Python what the handshake came to. */
static void opened(struct link *link)
{
    const struct transport_ops *ops = link->transport->ops;
    link->phase = PHASE_RUNNING;
    if (ops->handshake == NULL)
        return;
    ops->handshake(link->transport, &link->handshake);
    atomic_store_explicit(&link->shaken, true, memory_order_release);
    link_signal(link->notify_fd);
}

/* Set the transport up. Whoever wants to close while that takes its time need not wait for an EV that never spoke. */
static void open_transport(struct link *link)
{
    int result = link->transport->ops->open(link->transport);
    if (result > 0)
        opened(link);
    else if (!wants(result))
        end_broken(link, result, "opening");
    else if (atomic_load(&link->close_request) != LINK_KEEP)
        end(link, LINK_CLOSED_BY_US, "before it was open");
    else if (now_ns() >= link->open_deadline_ns)
        end(link, LINK_TLS_FAILED, "no handshake within %" PRIu32 " ms", link->settings.handshake_timeout_ms);
    else
        wait_for(link, result, link->open_deadline_ns);
}

static bool next_reply(struct link *link)
{
    const struct record *reply = ring_peek(&link->replies);
    if (reply == NULL)
        return false;
    bool settles = !V2GTP_IS_SIDE_STREAM(reply->payload_type);
    if (settles && (int32_t)(reply->sequence - link->settled) > 0) {
        link->settled = reply->sequence;
        link->loop.awaiting_receipt = false;
    }
    memcpy(link->tx + V2GTP_HEADER_OCTETS, reply->octets, reply->n);
    begin_send(link, reply->payload_type, reply->n, (enum link_close)reply->close);
    hold(link, link->handed_ns, reply->min_response_ms);
    ring_release(&link->replies);
    return true;
}

/* Queue the frame for Python, together with what the loop did before it. */
static void hand_over(struct link *link)
{
    struct record *record = ring_reserve(&link->frames);
    if (record == NULL) {
        end(link, LINK_QUEUE_FULL, "%" PRIu32 " frames wait for an answer", link->settings.queue_frames);
        return;
    }
    record->sequence = ++link->handed;
    if (!V2GTP_IS_SIDE_STREAM(link->framing.type))
        link->owed = link->handed;
    link->handed_ns = link->read_ns;
    record->payload_type = link->framing.type;
    record->n = link->framing.length;
    memcpy(record->octets, link->framing.payload, record->n);
    ring_commit(&link->frames);
    count(&link->tally.handed_over);
    loop_reported(&link->loop, now_ns());
    link_signal(link->notify_fd);
}

/* Answer the frame here if it is one of the charge loop and Python owes no answer to an earlier one. */
static bool answer(struct link *link)
{
    size_t written = 0;
    if ((int32_t)(link->owed - link->settled) > 0)
        return false;
    enum loop_verdict verdict =
        loop_answer(&link->loop, &link->codec, &link->framing, loop_time(), link->tx + V2GTP_HEADER_OCTETS,
                    link->settings.max_payload + EXI_SLACK, &written);
    if (verdict == LOOP_REFUSED)
        count(&link->tally.refused);
    if (verdict == LOOP_REFUSED || verdict == LOOP_UNARMED)
        return false;
    count(&link->tally.answered);
    if (verdict == LOOP_ANSWERED_STALE)
        count(&link->tally.answered_stale);
    link->answering = true;
    begin_send(link, link->framing.type, written, LINK_KEEP);
    hold(link, link->read_ns, link->loop.templates[link->loop.inbox.front].min_response_ms);
    return true;
}

static void ignore(struct link *link)
{
    /* The first of its kind is news to Python. */
    if (atomic_fetch_add(&link->tally.ignored[link->framing.fault], 1u) == 0)
        link_signal(link->notify_fd);
    if (++link->ignored_in_a_row > link->settings.max_ignored_frames)
        end(link, LINK_TOO_MANY_BAD_FRAMES, "%" PRIu32 " in a row", link->ignored_in_a_row);
}

static void next_frame(struct link *link)
{
    enum v2gtp_event event;
    link->rx_at += v2gtp_feed(&link->framing, link->rx + link->rx_at, link->rx_n - link->rx_at, &event);
    if (event == V2GTP_FRAME) {
        count(&link->tally.frames);
        link->ignored_in_a_row = 0;
        if (!answer(link))
            hand_over(link);
    } else if (event == V2GTP_IGNORED) {
        ignore(link);
    } else if (event == V2GTP_TOO_LONG) {
        end(link, LINK_FRAME_TOO_LONG, "payload of %" PRIu32 " octets, at most %" PRIu32, link->framing.length,
            link->settings.max_payload);
    }
}

static void receive(struct link *link)
{
    const struct transport_ops *ops = link->transport->ops;
    if (!link->readable && !ops->pending(link->transport)) {
        wait_for(link, TRANSPORT_WANT_READ, NEVER);
        return;
    }
    ssize_t n = ops->recv(link->transport, link->rx, RX_OCTETS);
    if (n > 0) {
        link->read_ns = now_ns();
        link->rx_at = 0;
        link->rx_n = (size_t)n;
        link->readable = n == RX_OCTETS;
    } else if (wants(n)) {
        wait_for(link, n, NEVER);
    } else {
        end_broken(link, n, "waiting for a request");
    }
}

/* Say that we send no more, if we were told to; false while that is not done. */
static bool say_fin(struct link *link)
{
    if (link->shut || link->closing != LINK_CLOSE_NOW)
        return true;
    int result = link->transport->ops->shutdown(link->transport);
    if (wants(result)) {
        wait_for(link, result, link->close_deadline_ns);
        return false;
    }
    link->shut = true;
    return true;
}

/* Wait for the EV's FIN. What it still sends is read and dropped: octets left unread would turn our FIN into a RST. */
static void finish_closing(struct link *link)
{
    if (atomic_load(&link->close_request) > link->closing)
        link->closing = LINK_CLOSE_NOW;
    if (now_ns() >= link->close_deadline_ns) {
        end(link, LINK_CLOSED_BY_US, "the EV did not close within %" PRIu32 " ms", link->settings.fin_wait_ms);
        return;
    }
    if (!say_fin(link))
        return;
    ssize_t n = link->transport->ops->recv(link->transport, link->rx, RX_OCTETS);
    if (wants(n))
        wait_for(link, n, link->close_deadline_ns);
    else if (n <= 0)
        end_broken(link, n, "closing");
}

static void turn(struct link *link)
{
    unsigned asked = atomic_load(&link->close_request);
    if (asked == LINK_ABORT)
        end(link, LINK_CLOSED_BY_US, "aborted");
    else if (atomic_load(&link->overrun))
        end(link, LINK_QUEUE_FULL, "no room for a reply");
    else if (link->tx_at < link->tx_n)
        send_more(link);
    else if (link->phase == PHASE_OPENING)
        open_transport(link);
    else if (link->phase == PHASE_CLOSING)
        finish_closing(link);
    else if (next_reply(link))
        return;
    else if (asked != LINK_KEEP)
        begin_close(link, (enum link_close)asked);
    else if (link->rx_at < link->rx_n)
        next_frame(link);
    else
        receive(link);
}

static void finish(struct link *link)
{
    atomic_store_explicit(&link->closed, true, memory_order_release);
    link_signal(link->notify_fd);
    pthread_mutex_lock(&link->finish_lock);
    link->finished = true;
    pthread_cond_broadcast(&link->finish);
    pthread_mutex_unlock(&link->finish_lock);
    link_unref(link);
}

void *link_run(void *argument)
{
    struct link *link = argument;
    pthread_setname_np(pthread_self(), "fastsecc-link");
    link->open_deadline_ns = now_ns() + link->settings.handshake_timeout_ms * NS_PER_MS;
    rt_init(&link->rt, (int)link->settings.fifo_priority);
    while (link->phase != PHASE_ENDED)
        turn(link);
    finish(link);
    return NULL;
}
