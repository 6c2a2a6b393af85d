#include "loop.h"

#include <string.h>

#include "loop_response.h"

#define NS_PER_MS INT64_C(1000000)

void loop_init(struct loop *loop, uint32_t report_interval_ms, uint32_t heartbeat_ms)
{
    memset(loop, 0, sizeof *loop);
    triple_init(&loop->inbox);
    triple_init(&loop->outbox);
    loop->report_interval_ns = report_interval_ms * NS_PER_MS;
    loop->heartbeat_ns = heartbeat_ms * NS_PER_MS;
}

bool loop_arm(struct loop_template *template)
{
    const struct loop_kind *kind = loop_kind_of(&template->fresh);
    template->armed = kind != NULL && kind == loop_kind_of(&template->stale) &&
                      loop_control_mode(&template->fresh) == loop_control_mode(&template->stale);
    if (!template->armed)
        return false;
    template->request_kind = kind->request;
    template->protocol = kind->protocol;
    return true;
}

struct loop_template *loop_newest(struct loop *loop)
{
    triple_refresh(&loop->inbox);
    return &loop->templates[loop->inbox.front];
}

static bool is_for(const struct loop_template *template, const exi_loop_request *request)
{
    return request->kind == template->request_kind && request->session_id_n == template->session_id_n &&
           memcmp(request->session_id, template->session_id, template->session_id_n) == 0 &&
           loop_control_mode(request) == loop_control_mode(&template->fresh);
}

/* Post what is known now; the octets behind the request's end are not looked at. */
static void post_progress(struct loop *loop)
{
    struct loop_progress *slot = &loop->progress[loop->outbox.back];
    memcpy(slot, &loop->now, offsetof(struct loop_progress, request) + loop->now.n);
    triple_publish(&loop->outbox);
}

static bool is_news(const struct loop *loop)
{
    const struct loop_progress *now = &loop->now, *reported = &loop->reported;
    return reported->answered == 0 || now->stale != reported->stale || now->n != reported->n ||
           memcmp(now->request, reported->request, now->n) != 0 ||
           now->at_ns - loop->reported_ns >= loop->heartbeat_ns;
}

static void note_answer(struct loop *loop, const struct v2gtp *frame, int64_t now_ns)
{
    loop->now.answered++;
    loop->now.at_ns = now_ns;
    loop->now.payload_type = frame->type;
    loop->now.n = frame->length;
    memcpy(loop->now.request, frame->payload, frame->length);
    if (is_news(loop))
        loop->report_pending = true;
    post_progress(loop);
}

enum loop_verdict loop_answer(struct loop *loop, const struct link_codec *codec, const struct v2gtp *frame,
                              struct loop_time now, uint8_t *out, size_t capacity, size_t *written)
{
    struct loop_template *template = loop_newest(loop);
    if (!template->armed || loop->awaiting_receipt)
        return LOOP_UNARMED;
    if (frame->type != template->payload_type || frame->length > LOOP_MAX_REQUEST ||
        codec->decode(frame->payload, frame->length, template->protocol, &loop->request) != 0 ||
        !is_for(template, &loop->request))
        return LOOP_REFUSED;

    /* The reader owns its slot, so the response is completed in place. */
    bool stale = now.monotonic_ns > template->fresh_until_ns;
    exi_loop_response *response = stale ? &template->stale : &template->fresh;
    bool unsent = template->meter_sequence > loop->now.meter_sequence_sent;
    bool has_meter = loop_has_meter_info(response);
    bool with_meter = has_meter && loop_wants_meter_info(&loop->request, unsent);
    loop_show_meter_info(response, with_meter);
    loop_set_limits_achieved(&loop->request, response);
    loop_set_time(response, now.unix_s);
    int octets = codec->encode(response, out, capacity);
    loop_show_meter_info(response, has_meter); /* for the next request */
    if (octets <= 0)
        return LOOP_REFUSED;

    *written = (size_t)octets;
    loop->awaiting_receipt = loop_receipt_required(response);
    if (with_meter)
        loop->now.meter_sequence_sent = template->meter_sequence;
    loop->now.stale |= stale;
    loop->now.meter_requests += loop_wants_meter_info(&loop->request, false);
    note_answer(loop, frame, now.monotonic_ns);
    return stale ? LOOP_ANSWERED_STALE : LOOP_ANSWERED;
}

int64_t loop_report_at(const struct loop *loop)
{
    if (!loop->report_pending)
        return INT64_MAX;
    return loop->reported.answered == 0 ? 0 : loop->reported_ns + loop->report_interval_ns;
}

void loop_reported(struct loop *loop, int64_t now_ns)
{
    if (loop->reported.answered == loop->now.answered)
        return;
    memcpy(&loop->reported, &loop->now, offsetof(struct loop_progress, request) + loop->now.n);
    loop->reported_ns = now_ns;
    loop->report_pending = false;
}
